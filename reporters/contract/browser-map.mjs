// The proofs of the map's finer points: what was tried for a pair, and the zones.
import { join } from "node:path";
import { accessible, expect, open, quiet, screen, shots } from "./page.mjs";

export async function attempts(browser) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: screen, colorScheme, offline: true });
    const opened = await open(context, "three-causes.html", "#pair=pod/demo-control-plane~pod/demo-worker&flow=pod>pod/tcp/ipv4@main");
    const rows = await opened.page.locator("#pair table.attempts tbody tr").allTextContents();
    expect("a pair shows each attempt", rows.length === 3, rows);
    expect("with who said no, and when", rows[0]?.includes("unreachable after 79 µs") && rows[0].includes("ICMP host prohibited (3/10) from 10.89.0.13"), rows);
    expect("and with the time of a timeout", rows[1]?.includes("timed out after 2.5 s"), rows);
    expect("the panel says which finding speaks of the pair", (await opened.page.textContent("#pair")).includes("rule 1 of FORWARD"));
    await opened.page.locator("#map").screenshot({ path: join(shots, `attempts-${colorScheme}.png`) });
    await accessible(`attempts ${colorScheme}`, opened.page);
    await quiet("attempts", opened);
    await context.close();
  }
  const context = await browser.newContext({ viewport: screen, offline: true });
  const opened = await open(context, "hostile.html");
  const panel = opened.page.locator("#pair table.attempts");
  expect("a hostile note is text", (await panel.textContent()).includes("<img src=x") && (await panel.locator("img, script, b").count()) === 0);
  const worst = await opened.page.locator("table.worst tbody tr").first().textContent();
  expect("the table of the worst pairs has the words of the last attempt", worst.includes("garbled answer: <img src=x"), worst);
  await quiet("hostile attempts", opened);
  await context.close();
}

// By keyboard alone: the zones, into a block, a pair, and back.
export async function zones(browser) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: screen, colorScheme, offline: true });
    const opened = await open(context, "zones.html");
    const { page } = opened;
    const said = () => page.textContent("#announce");
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await page.locator("#map-canvas").focus();
    await press("Home");
    expect("the map begins with the zones", /^zone eu-north-1a → zone eu-north-1a: all 10,000 pairs are right$/.test(await said()), await said());
    expect("their panel counts by outcome", /Pairs10,000.*10,000right/.test(await page.textContent("#pair")), await page.textContent("#pair"));
    await page.locator("#map").screenshot({ path: join(shots, `zones-first-${colorScheme}.png`) });
    await press("ArrowRight");
    expect("a block says how many of its pairs fail", /: 100 of 10,000 pairs fail, the worst: timed out$/.test(await said()), await said());
    await press("Enter");
    expect("Enter opens it", /^Opened zone eu-north-1a → zone eu-north-1b: 100 of 10,000 pairs fail\. Escape/.test(await said()), await said());
    expect("the bar says where one is", (await page.textContent("#zones-at")) === "zone eu-north-1a → zone eu-north-1b");
    expect("the focus stays", await page.evaluate(() => document.activeElement?.id === "map-canvas"));
    await page.locator("#map").screenshot({ path: join(shots, `zones-opened-${colorScheme}.png`) });
    await press("ArrowDown");
    expect("inside are pairs", /^pod\/node-\d+\S+ → pod\/node-166\S+: timed out/.test(await said()), await said());
    expect("and a pair has an address", page.url().includes("#pair=pod/node-"), page.url());
    await press("Escape");
    expect("Escape leads back to the same block", /^The zones\. zone eu-north-1a → zone eu-north-1b: /.test(await said()), await said());
    expect("the way back is also a button", (await page.getAttribute("#zones-all", "aria-pressed")) === "true");
    await accessible(`zones ${colorScheme}`, page);
    await quiet(`zones ${colorScheme}`, opened);
    await context.close();
  }
}

export async function zonesByPointer(browser) {
  const context = await browser.newContext({ viewport: screen, offline: true });
  const opened = await open(context, "zones.html");
  const { page } = opened;
  const said = () => page.textContent("#announce");
  const canvas = page.locator("#map-canvas");
  const box = await canvas.boundingBox();
  await canvas.click({ position: { x: box.width * 0.35, y: box.height * 0.4 } });
  expect("a click opens a block", /^Opened zone /.test(await said()), await said());
  const inside = await page.textContent("#zones-at");
  await page.selectOption("#map-flow", "pod>pod/udp/ipv4@main");
  expect("another layer shows the same zones", inside !== "" && (await page.textContent("#zones-at")) === inside, inside);
  await page.click("#zones-all");
  expect("the button leads back", /^The zones\. /.test(await said()), await said());
  await page.getByRole("button", { name: "Open these pairs" }).click();
  expect("the panel opens the block, too", /^Opened zone /.test(await said()), await said());
  await page.click("#zones-none");
  expect("every pair is one more button", /^Every pair: [\d,]+ of 250,000 pairs fail$/.test(await said()), await said());
  await page.locator("#map").screenshot({ path: join(shots, "zones-every-pair.png") });
  await page.selectOption("#map-flow", "runner>nodePort/tcp/ipv4@main");
  await quiet("zones by pointer", opened);

  const linked = await open(context, "zones.html", "#pair=pod/node-166.rack08.example~pod/node-499.rack24.example");
  expect("a link to a pair opens its zones", (await linked.page.textContent("#zones-at")) === "zone eu-north-1b → zone no zone", await linked.page.textContent("#zones-at"));
  expect("and the pair", (await linked.page.textContent("#pair")).includes("node-499"));
  await quiet("zones by link", linked);
  await context.close();
}
