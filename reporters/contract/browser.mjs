// Opens the samples in a real browser, from file:// and offline, and proves what
// the page promises. Screenshots and a printed page are left to be looked at.
//   node browser.mjs CHROMIUM DIR SCREENSHOTS
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { attempts, zones, zonesByPointer } from "./browser-map.mjs";
import { accessible, dir, executablePath, expect, failures, open, quiet, screen, shots } from "./page.mjs";

const flags = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-dev-shm-usage", "--disable-component-update", "--disable-sync",
];

async function looks(browser, name) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: screen, colorScheme, offline: true });
    const opened = await open(context, `${name}.html`);
    await opened.page.screenshot({ path: join(shots, `${name}-${colorScheme}.png`) });
    if (name !== "big") {
      await opened.page.screenshot({ path: join(shots, `${name}-${colorScheme}-whole.png`), fullPage: true });
      await accessible(`${name} ${colorScheme}`, opened.page);
    }
    if (name !== "big" && name !== "zones") {
      await opened.page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
      await accessible(`${name} ${colorScheme}, all open`, opened.page);
    }
    await quiet(`${name} ${colorScheme}`, opened);
    await context.close();
  }
}

// The first screen at 3 a.m.: verdict, cause, node, reason and command.
async function firstScreen(browser) {
  const context = await browser.newContext({ viewport: screen, offline: true });
  const opened = await open(context, "ip-forward.html");
  for (const [what, selector] of [["verdict", "h1"], ["cause", ".cause h3"], ["node", ".cause .node"], ["reason", ".cause .evidence samp"], ["command", ".cause .remedy[class=remedy] .command"], ["certainty", ".cause .badge"]]) {
    const box = await opened.page.locator(selector).first().boundingBox();
    expect(`first screen shows the ${what}`, box && box.y + box.height <= screen.height, box);
  }
  await quiet("first screen", opened);
  await context.close();
}

async function withoutScript(browser) {
  const context = await browser.newContext({ viewport: screen, offline: true, javaScriptEnabled: false });
  const { page } = await open(context, "ip-forward.html", "#check=kernel%2fip-forward");
  for (const text of ["Not conformant: 5 of 24 checks fail", "sysctl -w net.ipv4.ip_forward=1", "timed out", "pod/demo-worker2"]) {
    expect(`without script "${text}" is seen`, (await page.getByText(text).locator("visible=true").count()) > 0);
  }
  expect("without script there is no dead control", (await page.locator("button:visible, input:visible, select:visible, canvas:visible").count()) === 0);
  expect("without script the tables are there", (await page.locator("table.worst tbody tr").count()) > 5);
  await page.screenshot({ path: join(shots, "without-script.png"), fullPage: true });
  const odd = await open(context, "unexplained.html");
  for (const text of ["fits the pattern only in part", "Speaks against it:", "only a warning", "every pair into demo-worker2 across nodes, UDP only; hosts are fine", "never reached cni0."]) {
    expect(`without script "${text}" is seen`, (await odd.page.getByText(text).locator("visible=true").count()) > 0);
  }
  const manual = odd.page.locator("details.manual").first();
  await manual.locator("summary").click();
  expect("without script a cause's page opens", await manual.getByText("The repair").isVisible());
  await context.close();
}

async function filterAndLinks(browser) {
  const context = await browser.newContext({ viewport: screen, offline: true });
  const opened = await open(context, "three-causes.html");
  const { page } = opened;
  const shown = () => page.locator("details.check:visible").count();
  expect("all checks are shown", (await shown()) === 24);
  await page.fill("#filter-text", "ip_forward");
  expect("the text filter leaves one", (await shown()) === 1, String(await shown()));
  await page.fill("#filter-text", "");
  await page.click("#filter .chip[data-verdict=unknown]");
  expect("a chip leaves the unknown one", (await shown()) === 1, String(await shown()));
  await page.click("#filter .chip[data-verdict=warn]");
  expect("a second chip adds the warning", (await shown()) === 2, String(await shown()));
  expect("the count is said", (await page.textContent("#filter-sum")) === "2 of 24 shown");

  await page.evaluate(() => (location.hash = "#check=kernel/ip-forward"));
  const linked = page.locator("[id='check=kernel/ip-forward']");
  expect("a link to a check opens it, filtered or not", (await linked.isVisible()) && (await linked.evaluate((d) => d.open)));

  await page.locator("table.worst tbody tr", { hasText: "timed out" }).locator("a").first().click();
  await page.waitForFunction(() => document.querySelector("#pair dd")?.textContent !== "");
  const panel = await page.textContent("#pair");
  expect("a link to a pair opens it in the panel", panel.includes("demo-worker2") && panel.includes("timed out"), panel);

  await page.locator("#map-canvas").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  const said = await page.textContent("#announce");
  expect("the arrow keys choose a pair and say it", /\S+\/\S+ → \S+\/\S+: /.test(said), said);
  expect("the chosen pair stands in the address", page.url().includes("#pair="), page.url());

  await page.selectOption("#map-flow", "host>nodePort/tcp/ipv4@main");
  expect("another layer has its own sum", /2 of 9 pairs fail/.test(await page.textContent("#map-sum")), await page.textContent("#map-sum"));
  await page.getByLabel("Round trip").check();
  expect("the legend of round trips has times", /µs/.test(await page.textContent("#map-legend")));
  await page.locator("#map").screenshot({ path: join(shots, "map-round-trip.png") });

  await page.locator("button.copy").first().click();
  const copied = page.locator("#announce").getByText(/^(Copied|Selected) the command$/);
  await copied.waitFor({ state: "attached", timeout: 20_000 }).catch(() => expect("the copy button says what it did", false));
  await quiet("filter and links", opened);
  await context.close();
}

async function straightLinks(browser) {
  const context = await browser.newContext({ viewport: screen, offline: true });
  for (const [hash, selector] of [
    ["#check=dns%2freplica", "[id='check=dns/replica'] .body"],
    ["#view=nodes", "[id='view=nodes']"],
    ["#node=demo-worker2", "[id='node=demo-worker2']"],
  ]) {
    const opened = await open(context, "three-causes.html", hash);
    const box = await opened.page.locator(selector).boundingBox();
    expect(`${hash} scrolls to it`, box && box.y >= -1 && box.y < screen.height, box);
    await quiet(hash, opened);
  }
  const opened = await open(context, "three-causes.html", "#pair=pod/demo-worker2~pod/demo-worker");
  const panel = await opened.page.textContent("#pair");
  expect("#pair without a layer finds one in which it fails", panel.includes("timed out"), panel);
  await quiet("#pair", opened);
  await context.close();
}

async function hostile(browser) {
  const context = await browser.newContext({ viewport: screen, offline: true });
  const opened = await open(context, "hostile.html");
  expect("nothing hostile ran", (await opened.page.title()).startsWith("NOT CONFORMANT: demo"), await opened.page.title());
  expect("nothing hostile became an element", (await opened.page.locator("img, svg:not(.path), b:text('bold'), [onerror]").count()) === 0);
  await opened.page.locator("table.worst, details.check").first().click();
  await opened.page.goto(pathToFileURL(join(dir, "hostile.html")).href + "#pair=%3Cimg%20src=x%20onerror=alert(1)%3E~x");
  await quiet("hostile", opened);
  await context.close();
}

async function print(browser) {
  const context = await browser.newContext({ viewport: screen, offline: true });
  const opened = await open(context, "ip-forward.html");
  const pdf = await opened.page.pdf({ format: "A4", margin: { top: "15mm", bottom: "15mm", left: "15mm", right: "15mm" } });
  writeFileSync(join(shots, "ip-forward.pdf"), pdf);
  const pages = (pdf.toString("latin1").match(/\/Type\s*\/Page\b/g) ?? []).length;
  expect("printing gives pages", pages >= 2 && pages < 20, String(pages));
  await opened.page.emulateMedia({ media: "print" });
  await opened.page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const closed = () => opened.page.locator("details.check:not([open])").evaluateAll((all) => all.map((d) => d.dataset.verdict));
  expect("printing opens every check that did not pass", (await closed()).every((v) => v === "pass"), await closed());
  await opened.page.screenshot({ path: join(shots, "ip-forward-print.png"), fullPage: true });
  await opened.page.evaluate(() => dispatchEvent(new Event("afterprint")));
  expect("and closes them again", (await opened.page.locator("details.check[open]").count()) === 0);
  await quiet("print", opened);
  await context.close();
}

async function big(browser) {
  const context = await browser.newContext({ viewport: screen, offline: true });
  const begin = Date.now();
  const opened = await open(context, "big.html");
  const { page } = opened;
  console.log(`500 nodes: page open after ${Date.now() - begin} ms`);
  const canvas = page.locator("#map-canvas");
  await canvas.scrollIntoViewIfNeeded();
  await page.locator("#map").screenshot({ path: join(shots, "big-map.png") });
  await canvas.focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowDown");
  const draws = () => page.evaluate(() => performance.getEntriesByType("measure").map((m) => m.duration));
  const times = (await draws()).map((d) => d.toFixed(1));
  console.log(`500 nodes: ${times.length} drawings of 500 × 500, ms: ${times.join(" ")}`);
  expect("the map was drawn", times.length > 0);
  for (let i = 0; i < 7; i++) await page.keyboard.press("+");
  await page.locator("#map").screenshot({ path: join(shots, "big-map-zoomed.png") });
  await quiet("big", opened);
  await context.close();
}

async function narrow(browser) {
  const context = await browser.newContext({ viewport: { width: 320, height: 640 }, offline: true });
  const opened = await open(context, "three-causes.html");
  const wide = await opened.page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > 320) {
    const culprits = await opened.page.evaluate(() =>
      [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > 321 && !e.closest(".scroll")).map((e) => e.outerHTML.slice(0, 90)));
    console.log(culprits.slice(0, 8));
  }
  expect("at 320 pixels nothing scrolls sideways (WCAG 1.4.10)", wide <= 320, String(wide));
  await opened.page.screenshot({ path: join(shots, "narrow.png"), fullPage: true });
  await quiet("narrow", opened);
  await context.close();
}

const profile = mkdtempSync(join(tmpdir(), "plumbline-chromium-"));
const browser = await chromium.launch({ executablePath, args: flags, env: { ...process.env, HOME: profile } });
try {
  for (const name of readdirSync(dir).filter((n) => n.endsWith(".html")).map((n) => n.replace(/\.html$/, ""))) await looks(browser, name);
  for (const proof of [firstScreen, withoutScript, filterAndLinks, straightLinks, hostile, print, big, narrow, attempts, zones, zonesByPointer]) await proof(browser);
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
console.log(failures ? `${failures} failures` : `all proofs hold; screenshots in ${shots}`);
process.exit(failures ? 1 : 0);
