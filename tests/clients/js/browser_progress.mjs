// The page of `progress` in headless Chromium, and an autobahn-js client that sees what is at work on the server:
// node browser_progress.mjs PAGE SCREENSHOT.png

import { deepStrictEqual as equal, ok } from "node:assert";
import { join, subscribe } from "./lib/autobahn.mjs";
import { launch } from "./lib/browser.mjs";
import { check, finish } from "./lib/check.mjs";

const [page_url, screenshot] = process.argv.slice(2);
const { browser, open, faults } = await launch();
const ENDLESS = "100000000000";

const { session } = await join(new URL("/ws", page_url.replace("http:", "ws:")).href);
const { inbox } = await subscribe(session, "primes.running");
const running = async () => (await inbox.next()).args[0];

/** A page of its own session, connected. */
async function visit() {
  const page = await open();
  await page.goto(page_url);
  await page.locator("#status[data-state=open]").waitFor();
  return page;
}

async function start(page, limit) {
  await page.locator("#limit").selectOption(limit);
  await page.getByRole("button", { name: "Start" }).click();
}

const cancel = (page) => page.getByRole("button", { name: "Cancel" }).click();
const state = (page, state) => page.locator(`#job[data-state=${state}]`).waitFor();
const progressOf = (page) => page.locator("#progress").evaluate((bar) => bar.value);
const moves = async (page) => {
  const before = await progressOf(page);
  await page.waitForFunction((before) => document.getElementById("progress").value > before, before);
};

const page = await visit();
await check("a job starts, and its bar moves", async () => {
  equal(await running(), 0);
  await start(page, ENDLESS);
  await state(page, "running");
  equal(await running(), 1);
  for (let times = 0; times < 3; times += 1) await moves(page);
  await page.getByText("1 job at work").waitFor();
  ok(await page.getByRole("button", { name: "Start" }).isDisabled());
});
const other = await visit();
await check("a job in a second tab runs beside it", async () => {
  await start(other, ENDLESS);
  equal(await running(), 2);
  for (const tab of [page, other]) {
    await tab.getByText("2 jobs at work").waitFor();
    await moves(tab);
  }
});
await check("cancelling stops the job, and the page shows it", async () => {
  await cancel(page);
  await state(page, "cancelled");
  await page.getByText("Cancelled. The server has stopped").waitFor();
  equal(await running(), 1);
  const stopped = await progressOf(page);
  await moves(other);
  equal(await progressOf(page), stopped);
});
await check("the job of a closed tab is dropped", async () => {
  await other.close();
  equal(await running(), 0);
  await page.getByText("No job at work").waitFor();
});
await check("a job started again runs to its end", async () => {
  await start(page, "10000000");
  equal([await running(), await running()], [1, 0]);
  await state(page, "done");
  await page.getByText("There are 664,579 primes below 10,000,000.").waitFor();
  equal(await progressOf(page), 1);
  equal(await page.locator("#percent").textContent(), "100 %");
});
await page.screenshot({ path: screenshot });
await check("a page that is left loses its job", async () => {
  const lost = await visit();
  await start(lost, ENDLESS);
  equal(await running(), 1);
  await moves(lost);
  await lost.goto("about:blank");
  equal(await running(), 0);
});
await check("all this without an error of the page", async () => equal(faults, []));
await browser.close();
finish();
