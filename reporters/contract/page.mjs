// What every proof in a browser needs: an opened page with a diary, and a way to
// say what does not hold.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "axe-core";

export const [executablePath, dir, shots] = process.argv.slice(2);
export const screen = { width: 1280, height: 800 };
export let failures = 0;

export function expect(what, holds, seen = "") {
  if (holds) return;
  failures++;
  console.log(`FAIL  ${what} ${typeof seen === "string" ? seen : JSON.stringify(seen, null, 1)}`);
}

// open gives a page with a diary of everything that must not happen.
export async function open(context, file, hash = "") {
  const page = await context.newPage();
  const diary = [];
  const url = pathToFileURL(join(dir, file)).href;
  page.on("request", (r) => {
    if (r.url().split("#")[0] !== url) diary.push(`request ${r.url()}`);
  });
  page.on("pageerror", (e) => diary.push(`error ${e.message}`));
  page.on("console", (m) => diary.push(`console ${m.type()} ${m.text()}`));
  page.on("dialog", (d) => (diary.push(`dialog ${d.message()}`), d.dismiss()));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (e) => console.error(`policy ${e.violatedDirective} ${e.blockedURI}`));
  });
  await page.goto(url + hash);
  return { page, diary };
}

export async function quiet(what, { page, diary }) {
  expect(`${what}: no request, error, message or violation`, diary.length === 0, diary.slice(0, 5));
  await page.close();
}

export async function accessible(what, page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() =>
    globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const bad = found.violations.map((v) => ({ id: v.id, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " — " + n.failureSummary) }));
  expect(`${what}: axe-core finds nothing`, bad.length === 0, bad);
  expect(`${what}: axe-core looked`, found.passes.length > 15, found.passes.length);
}
