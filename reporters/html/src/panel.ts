import { Data, Finding, speaksOf, time } from "./data";
import { Layer } from "./layer";
import { letterOf } from "./letters";
import { hashOf } from "./route";
import { Cell } from "./view";

// make builds an element; text is always text, never markup.
export function make(tag: string, text = "", attributes: Record<string, string> = {}): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// sentence says one cell in words.
export function sentence(layer: Layer, at: Cell): string {
  const says = letterOf(layer.word(at.r, at.c), false).says;
  const step = layer.step(at.r, at.c);
  return `${layer.from(at.r)} → ${layer.to(at.c)}: ${says}${step ? `, ${time(step)}` : ""}`;
}

// fill writes all that is known of a pair into the panel beside the map.
export function fill(panel: HTMLElement, data: Data, layer: Layer, at: Cell): void {
  const [from, to] = [layer.from(at.r), layer.to(at.c)];
  const step = layer.step(at.r, at.c);
  const list = make("dl");
  const row = (name: string, value: string): void => {
    if (value) list.append(make("dt", name), make("dd", value));
  };
  row("From", from);
  row("To", to);
  row("How", layer.matrix.title);
  row("Result", letterOf(layer.word(at.r, at.c), false).says);
  row("Why not", layer.notRun(at.r) ?? "");
  row("Round trip", step ? `${time(step)} (to 7 %)` : "");
  const parts: HTMLElement[] = [make("h3", "Chosen pair"), list];
  const findings = data.findings.filter((f) => f.matrix === layer.index && speaksOf(f, layer.cell(at.r, at.c)));
  for (const f of findings) parts.push(...found(f));
  if (findings.length === 0) parts.push(make("p", "No finding names this pair.", { class: "hint" }));
  const link = make("p");
  link.append(make("a", "Link to this pair", { href: hashOf({ pair: `${from}~${to}`, flow: layer.matrix.flow }) }));
  parts.push(link);
  panel.replaceChildren(...parts);
}

function found(f: Finding): HTMLElement[] {
  const says = make("p");
  says.append(make("span", f.word, { class: `word is-${f.word}` }), " ");
  says.append(make("a", f.check, { href: hashOf({ check: f.check }) }), ` ${f.says}`);
  const evidence = make("ul", "", { class: "evidence" });
  for (const e of f.evidence ?? []) evidence.append(make("li", e));
  return [says, evidence];
}
