// Event streams in headless Chromium: node browser_events.mjs PAGE, for a page of the server.

import { deepStrictEqual as equal, match } from "node:assert";
import { launch } from "./lib/browser.mjs";
import { check, finish, until } from "./lib/check.mjs";

const [site] = process.argv.slice(2);
const { browser, open } = await launch();

/** Calls a procedure from a page. */
const call = (page, procedure, args) => page.evaluate(async ([url, args]) => {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(args) });
  return [response.status, response.status === 204 ? null : await response.json()];
}, [`${site}call/${procedure}`, args]);

/** Opens a stream in a page, whose events are gathered in `window.heard`. */
const listen = (page, topic) => page.evaluate((url) => {
  window.heard = [];
  window.source = new EventSource(url);
  window.source.addEventListener("event", ({ data, lastEventId }) => window.heard.push([JSON.parse(data), lastEventId]));
  window.source.addEventListener("error", () => window.heard.push("error"));
}, `${site}call/events/${topic}`);
const heard = (page) => page.evaluate(() => window.heard);
const state = (page) => page.evaluate(() => window.source.readyState);

const page = await open();
// The server has no page: this one is of its origin all the same.
await page.route(site, (route) => route.fulfill({ contentType: "text/html", body: "<p>a page</p>" }));
await page.goto(site);
await check("a page of the server calls", async () => equal(await call(page, "testbed.add", [2, 3]), [200, 5]));
await check("an EventSource opens", async () => {
  await listen(page, "testbed.chat");
  await until("the state", () => state(page), (state) => state === 1);
});
await check("it gets events with their ids", async () => {
  await call(page, "testbed.publish", ["testbed.chat", ["grüße\nzwei"]]);
  const [[event, id]] = await until("an event", () => heard(page), (heard) => heard.length === 1);
  equal(event, { topic: "testbed.chat", args: ["grüße\nzwei"], kwargs: {} });
  match(id, /^\d+$/);
});
await check("a topic that is not for the client closes the EventSource", async () => {
  await listen(page, "testbed.forbidden");
  await until("the state", () => state(page), (state) => state === 2);
});
await check("a page of another origin gets nothing", async () => {
  const foreign = await open();
  await foreign.goto("data:text/html,foreign");
  await listen(foreign, "testbed.chat");
  await until("the state", () => state(foreign), (state) => state === 2);
  equal(await heard(foreign), ["error"]);
});
await browser.close();
finish();
