// The page of `documents` in headless Chromium, and an autobahn-js client beside it:
// node browser_documents.mjs PAGE SCREENSHOT.png

import { deepStrictEqual as equal } from "node:assert";
import { join, refused, subscribe } from "./lib/autobahn.mjs";
import { launch } from "./lib/browser.mjs";
import { check, finish } from "./lib/check.mjs";

const [page_url, screenshot] = process.argv.slice(2);
const ws_url = new URL("/ws", page_url.replace("http:", "ws:")).href;

const { browser, open, faults } = await launch();
const page = await open();

const { session } = await join(ws_url);
const call = (procedure, args, kwargs) => session.call(`myapp:${procedure}`, args, kwargs);
const listed = (text) => page.locator("#documents li", { hasText: text });
const shows = (selector, value) =>
  page.waitForFunction(([selector, value]) => document.querySelector(selector).value === value, [selector, value]);

await check("the page connects and lists the documents", async () => {
  await page.goto(page_url);
  await page.locator("#status[data-state=open]").waitFor();
  for (const { title } of await call("listDocs")) await listed(title).waitFor();
  // Lost by a reload.
  await page.evaluate(() => { window.loadedOnce = true; });
});
await check("it shows a document", async () => {
  await listed("Shopping list").locator("a").click();
  await shows("#title", "Shopping list");
  equal(await page.locator("#text").inputValue(), (await call("getDoc", ["d2"])).kwargs.document.text);
});
await check("a change made elsewhere appears in it", async () => {
  await call("editDoc", ["d2"], { text: "Bread\nOlives\n漢字 👋 <b>&amp;</b>\n" });
  await shows("#text", "Bread\nOlives\n漢字 👋 <b>&amp;</b>\n");
  await call("editDoc", ["d2"], { title: "Groceries" });
  await shows("#title", "Groceries");
  await listed("Groceries").waitFor();
});
await check("a document made elsewhere appears in the list", async () => {
  await call("newDoc", ["From autobahn"], { text: "hello" });
  await listed("From autobahn").waitFor();
});
await check("an edit in the page reaches the others", async () => {
  const { inbox } = await subscribe(session, "docs.d2.changed");
  await inbox.next();
  await page.locator("#text").fill("Two lemons");
  await page.getByRole("button", { name: "Save" }).click();
  const { text, title } = (await inbox.next()).args[0];
  equal([title, text], ["Groceries", "Two lemons"]);
  await page.locator("#message", { hasText: "Saved" }).waitFor();
});
await page.screenshot({ path: screenshot });
await check("what was edited in both places is not lost", async () => {
  await page.locator("#text").fill("mine");
  await call("editDoc", ["d2"], { text: "theirs" });
  await page.getByRole("button", { name: "Keep mine" }).click();
  equal(await page.locator("#text").inputValue(), "mine");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("#message", { hasText: "Saved" }).waitFor();
  equal((await call("getDoc", ["d2"])).kwargs.document.text, "mine");
});
await check("what is deleted elsewhere disappears", async () => {
  await call("delDoc", ["d2"]);
  await listed("Groceries").waitFor({ state: "detached" });
  await page.getByText("was deleted").waitFor();
});
await check("what is deleted in the page disappears for the others", async () => {
  await listed("Haiku").locator("a").click();
  await shows("#title", "Haiku");
  const { inbox } = await subscribe(session, "docs.d3.changed");
  await inbox.next();
  await page.getByRole("button", { name: "Delete" }).click();
  equal((await inbox.next()).args[0], null);
  await listed("Haiku").waitFor({ state: "detached" });
  await refused(call("getDoc", ["d3"]), "myapp.error.not_found");
});
await check("all this without a reload, and without an error of the page", async () => {
  equal(await page.evaluate(() => window.loadedOnce), true);
  equal(faults, []);
});
await browser.close();
finish();
