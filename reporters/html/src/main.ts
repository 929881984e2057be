// The script of the report. The page says everything without it; it adds the
// map, the filter, the copy buttons and the links to a single check or pair.
import { filterChecks, openCheck, openNode } from "./checks";
import { load } from "./data";
import { MapPart } from "./map";
import { make } from "./panel";
import { announce, parse } from "./route";

function copyButtons(): void {
  for (const block of document.querySelectorAll<HTMLElement>("pre.command")) {
    const code = block.querySelector("code")!;
    const button = make("button", "Copy", { type: "button", class: "copy" });
    button.addEventListener("click", () => void copy(code, button));
    block.classList.add("has-copy");
    block.append(button);
  }
}

async function copy(code: HTMLElement, button: HTMLElement): Promise<void> {
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
  } catch {
    getSelection()?.selectAllChildren(code); // no clipboard here: the reader's own keys will do
    said = "Selected";
  }
  button.textContent = said;
  announce(`${said} the command`);
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

function printWhole(map: MapPart | undefined): void {
  let opened: HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    // What passed has nothing to add on paper, the layers have their table of sums, and the
    // pages that explain a cause are not about this cluster.
    opened = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open], .tables, .manual, [data-verdict=pass])")];
    for (const d of opened) d.open = true;
    map?.forPrint(true);
  });
  addEventListener("afterprint", () => {
    for (const d of opened) d.open = false;
    map?.forPrint(false);
  });
}

const data = load();
const root = document.getElementById("map");
const map = root && data.matrices.length > 0 ? new MapPart(data, root) : undefined;

function follow(): void {
  const route = parse(location.hash);
  if (route["check"]) openCheck(route["check"]);
  if (route["pair"]) map?.open(route);
  if (route["view"]) document.getElementById(`view=${route["view"]}`)?.scrollIntoView(); // the map has moved it
  if (route["node"]) openNode(route["node"]);
}

filterChecks();
copyButtons();
printWhole(map);
follow();
addEventListener("hashchange", follow);
