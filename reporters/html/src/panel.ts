import { Data, Detail, Finding, speaksOf, time } from "./data";
import { Layer } from "./layer";
import { letterOf, order } from "./letters";
import { hashOf } from "./route";
import { Cell } from "./view";
import { ZoneLayer } from "./zones";

// make builds an element; text is always text, never markup.
export function make(tag: string, text = "", attributes: Record<string, string> = {}): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
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
  const detail = layer.detail(at.r, at.c);
  row("Met", detail?.met ?? "");
  row("Path MTU", detail?.pathMTU ? `${detail.pathMTU} bytes` : "");
  const parts: HTMLElement[] = [make("h3", "Chosen pair"), list];
  if (detail && detail.attempts.length > 0) parts.push(attempts(detail));
  else if (data.left && !".?".includes(layer.word(at.r, at.c))) {
    parts.push(make("p", "What was tried for this pair stands in facts.json only; a report holds the records of 2,000 pairs.", { class: "hint" }));
  }
  const findings = data.findings.filter((f) => f.matrix === layer.index && speaksOf(f, layer.cell(at.r, at.c)));
  for (const f of findings) parts.push(...found(f));
  if (findings.length === 0) parts.push(make("p", "No finding names this pair.", { class: "hint" }));
  const link = make("p");
  link.append(make("a", "Link to this pair", { href: hashOf({ pair: `${from}~${to}`, flow: layer.matrix.flow }) }));
  parts.push(link);
  panel.replaceChildren(...parts);
}

// fillBlock writes what is known of a zone pair, with a way into it.
export function fillBlock(panel: HTMLElement, layer: ZoneLayer, at: Cell, enter: () => void): void {
  const block = layer.block(at.r, at.c);
  const list = make("dl");
  const row = (name: string, value: string): void => void list.append(make("dt", name), make("dd", value));
  row("From zone", layer.from(at.r));
  row("To zone", layer.to(at.c));
  row("How", layer.matrix.title);
  row("Pairs", block.pairs.toLocaleString("en"));
  for (const word of order) {
    const n = block.counts.get(word);
    if (n) row(n.toLocaleString("en"), letterOf(word, false).says);
  }
  if (block.slowest) row("Slowest", `${time(block.slowest)} (to 7 %)`);
  const button = make("button", "Open these pairs", { type: "button" });
  button.addEventListener("click", enter);
  const way = make("p");
  way.append(button);
  panel.replaceChildren(make("h3", "Chosen zones"), list, way);
}

function found(f: Finding): HTMLElement[] {
  const says = make("p");
  says.append(make("span", f.word, { class: `word is-${f.word}` }), " ");
  says.append(make("a", f.check, { href: hashOf({ check: f.check }) }), ` ${f.says}`);
  const evidence = make("ul", "", { class: "evidence" });
  for (const e of f.evidence ?? []) evidence.append(make("li", e));
  return [says, evidence];
}

// attempts is a small table of what was tried, in order.
function attempts(detail: Detail): HTMLElement {
  const table = make("table", "", { class: "attempts" });
  const head = make("tr");
  for (const name of ["Try", "Result", "What was told"]) head.append(make("th", name, { scope: "col" }));
  const body = make("tbody");
  detail.attempts.forEach(([result, told], i) => {
    if (detail.left && i === detail.after) {
      const gap = make("tr");
      gap.append(make("td", `… ${detail.left} more; facts.json has them`, { colspan: "3" }));
      body.append(gap);
    }
    const number = detail.left && i >= (detail.after ?? 0) ? i + detail.left : i;
    const line = make("tr");
    line.append(make("th", String(number + 1), { scope: "row" }), make("td", result), make("td", told));
    body.append(line);
  });
  const top = make("thead");
  top.append(head);
  table.append(make("caption", "What was tried"), top, body);
  const box = make("div", "", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What was tried" });
  box.append(table);
  return box;
}
