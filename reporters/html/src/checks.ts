import { note } from "./route";

const checks = (): HTMLDetailsElement[] => [...document.querySelectorAll<HTMLDetailsElement>("details.check")];

// filterChecks shows the bar above the checks and lets it work.
export function filterChecks(): void {
  const bar = document.getElementById("filter");
  if (!bar) return;
  bar.hidden = false;
  bar.addEventListener("submit", (e) => e.preventDefault());
  document.getElementById("filter-text")!.addEventListener("input", apply);
  for (const chip of chips()) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }
  for (const check of checks()) {
    check.querySelector("summary")!.addEventListener("click", () => {
      if (!check.open) note({ check: idOf(check) }); // it is about to open
    });
  }
}

function chips(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("#filter .chip")];
}

function idOf(check: HTMLElement): string {
  return check.id.slice("check=".length);
}

function apply(): void {
  const words = (document.getElementById("filter-text") as HTMLInputElement).value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = chips().filter((c) => c.getAttribute("aria-pressed") === "true").map((c) => c.dataset["verdict"]);
  let shown = 0;
  for (const check of checks()) {
    const fits =
      words.every((w) => check.dataset["search"]!.includes(w)) && (wanted.length === 0 || wanted.includes(check.dataset["verdict"]));
    check.hidden = !fits;
    if (fits) shown++;
  }
  const all = checks().length;
  document.getElementById("filter-sum")!.textContent = shown === all ? "" : `${shown} of ${all} shown`;
}

// openCheck follows a link to a check, even where the filter hides it.
export function openCheck(id: string): void {
  const check = checks().find((c) => idOf(c) === id);
  if (!check) return;
  check.hidden = false;
  check.open = true;
  check.scrollIntoView();
  check.querySelector<HTMLElement>("summary")!.focus({ preventScroll: true });
}

// openNode opens the list in which a node stands.
export function openNode(name: string): void {
  const row = document.getElementById(`node=${name}`);
  const list = row?.closest("details");
  if (list) list.open = true;
  row?.scrollIntoView();
}
