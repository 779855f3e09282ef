// The page of `observability` in headless Chromium: node browser_observability.mjs PAGE SCREENSHOT.png

import { deepStrictEqual as equal, match, ok } from "node:assert";
import { launch } from "./lib/browser.mjs";
import { check, finish, until } from "./lib/check.mjs";

const [page_url, screenshot] = process.argv.slice(2);
const { browser, open, faults } = await launch();

const page = await open();
await page.setViewportSize({ width: 1200, height: 1000 });
await page.goto(page_url);
await page.locator("#status[data-state=open]").waitFor();

const press = (name) => page.getByRole("button", { name }).click();
const shown = (id) => page.locator(`#${id}`).textContent();
const legend = (plot) => page.locator(`#plot-${plot} li`).allTextContents();
const lines = (plot) => page.locator(`#plot-${plot} path`).evaluateAll((paths) => paths.map((path) => path.getAttribute("d")));
const is = (id, expected) => until(`#${id}`, () => shown(id), (text) => text === expected);

await check("without clients there are no sessions", async () => {
  await is("sessions", "0");
  ok(await page.getByRole("button", { name: "Let them leave" }).isDisabled());
});
await check("clients are counted, and their calls are plotted by procedure", async () => {
  await press("Add 5 clients");
  await page.getByText("5 clients in this page").waitFor();
  await is("sessions", "5");
  const names = async () => (await legend("calls")).map((entry) => entry.replace(/[\d.,–]+$/, ""));
  await until("the legend", names, (names) => names.includes("shop.price") && names.includes("shop.order"));
  await until("a line", () => lines("calls"), (lines) => lines.some((line) => line.includes("L")));
  ok((await until("a rate", () => shown("calls"), (text) => Number(text) > 0)));
});
await check("durations are shown as quantiles, in the plot and for each procedure", async () => {
  await until("p99", () => shown("p99"), (text) => / (ms|s)$/.test(text));
  await until("the legend", () => legend("latency"), (entries) => entries.every((entry) => /^p(50|99)[\d.]+ m?s$/.test(entry)));
  const cells = () => page.locator("#procedures tr", { hasText: "shop.order" }).locator("td").allTextContents();
  await until("the table", cells, ([, , , p99]) => / m?s$/.test(p99 ?? ""));
});
await check("a session that breaks the protocol is a cut-off, with its reason", async () => {
  await is("cutoffs", "0");
  await press("Break the protocol");
  await is("cutoffs", "1");
  ok((await legend("cutoffs")).includes("violation1"));
});
await check("the memory of the process is plotted", async () => {
  match(await shown("memory"), /^[\d.]+ MiB$/);
  await until("a line", () => lines("memory"), ([line]) => line.includes("L"));
});
await check("the legend shows the values under the pointer", async () => {
  const box = await page.locator("#plot-memory svg").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.locator("#plot-memory .pointed").waitFor({ state: "attached" });
  await page.mouse.move(0, 0);
});
await page.screenshot({ path: screenshot, fullPage: true });
await check("it fits a telephone, and its text can be read in the dark", async () => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 844 });
  await until("the width", () => page.evaluate(() => document.documentElement.scrollWidth), (width) => width === 390);
  const [ink, ground] = await page.evaluate(() => ["color", "backgroundColor"].map((of) => getComputedStyle(document.body)[of]));
  const lightness = (colour) => Math.max(...colour.match(/\d+/g).map(Number));
  ok(lightness(ink) > 200 && lightness(ground) < 60, `${ink} on ${ground}`);
});
await check("clients that leave are counted no more", async () => {
  await press("Let them leave");
  await is("sessions", "0");
  await page.getByText("No client in this page").waitFor();
});
await check("all this without an error of the page", async () => equal(faults, []));
await browser.close();
finish();
