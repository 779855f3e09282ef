// The page of `login` in headless Chromium, and an autobahn-js client that sees what it does:
// node browser_login.mjs PAGE SCREENSHOT.png

import { deepStrictEqual as equal, ok } from "node:assert";
import { createServer } from "node:http";
import { join, refused, subscribe } from "./lib/autobahn.mjs";
import { launch } from "./lib/browser.mjs";
import { check, finish } from "./lib/check.mjs";

const [page_url, screenshot] = process.argv.slice(2);
const ws_url = new URL("/ws", page_url.replace("http:", "ws:")).href;
const { browser, faults } = await launch();
// One for all tabs: they share their cookies.
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
const expected = [];

async function open(url) {
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(url);
  return page;
}

const PROCEDURES = ["board.read", "board.post", "board.clear", "users.alice.profile", "users.grace.profile"];
/** Waits until the page's session has this role. */
const is = (page, role) => page.locator(`body:has(#status[data-state=open]) table[data-role=${role}]`).waitFor();

/** Calls everything; gives what was allowed. What is not is `wamp.error.not_authorized`. */
async function callAll(page) {
  const allowed = [];
  for (const procedure of PROCEDURES) {
    const row = page.locator("tbody tr", { hasText: procedure });
    await row.getByRole("button").click();
    const answer = row.locator(".answer:not([data-kind=''])");
    if ((await answer.getAttribute("data-kind")) === "allowed") allowed.push(procedure);
    else equal(await answer.textContent(), "wamp.error.not_authorized");
  }
  return allowed;
}

async function logIn(page, name, password) {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

const logOut = (page) => page.getByRole("button", { name: "Log out" }).click();

const { session } = await join(ws_url, "site");
const { inbox } = await subscribe(session, "board.notices");
await inbox.next();

const page = await open(page_url);
await check("a stranger sees what it may call, and is refused the rest", async () => {
  await is(page, "anonymous");
  await page.getByText("A stranger").waitFor();
  equal(await callAll(page), ["board.read"]);
  equal((await context.cookies()).length, 0);
});
await check("a wrong password and an unknown name show the same error", async () => {
  for (const [name, password] of [["alice", "hopper"], ["nobody", "wonderland"]]) {
    expected.push("401");
    await logIn(page, name, password);
    await page.locator("#error", { hasText: "The name or the password is wrong." }).waitFor();
  }
  await is(page, "anonymous");
});
await check("a user may post, and see what is one's own", async () => {
  await logIn(page, "alice", "wonderland");
  await is(page, "user");
  await page.locator("#name", { hasText: "alice" }).waitFor();
  equal(await callAll(page), ["board.read", "board.post", "users.alice.profile"]);
  equal((await inbox.next()).args[0], [{ author: "alice", text: "Hello from this page" }]);
  await page.locator("#notices li", { hasText: "alice: Hello from this page" }).waitFor();
});
await page.screenshot({ path: screenshot });
await check("scripts do not see the cookie", async () => {
  equal(await page.evaluate(() => document.cookie), "");
  const [{ httpOnly, sameSite }] = await context.cookies();
  equal([httpOnly, sameSite], [true, "Strict"]);
});
const tab = await open(page_url);
await check("a second tab is the same user", () => is(tab, "user"));
await check("a page on another port gets the cookie sent, and is stopped by its Origin", async () => {
  const elsewhere = createServer((request, response) => response.end("<!doctype html>")).listen(0, "127.0.0.1");
  await new Promise((listening) => elsewhere.once("listening", listening));
  const evil = await context.newPage();
  await evil.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
  const failed = new Promise((failed) => evil.on("websocket", (it) => it.on("socketerror", failed)));
  const opened = await evil.evaluate((url) => new Promise((resolve) => {
    const socket = new WebSocket(url, "wamp.2.json");
    socket.onopen = () => resolve(true);
    socket.onerror = () => resolve(false);
  }), ws_url);
  equal(opened, false);
  ok(/\b403\b/.test(await failed), await failed);
  await evil.close();
  elsewhere.close();
  // What is not in front is drawn slowly.
  await page.bringToFront();
});
await check("logging out makes strangers of all tabs", async () => {
  await logOut(page);
  await Promise.all([is(page, "anonymous"), is(tab, "anonymous")]);
  equal(await callAll(page), ["board.read"]);
  equal((await context.cookies()).length, 0);
});
await check("an admin may do everything", async () => {
  await logIn(page, "grace", "hopper");
  await is(page, "admin");
  equal(await callAll(page), PROCEDURES);
  equal((await inbox.next()).args[0].length, 2);
  equal((await inbox.next()).args[0], []);
  await page.getByText("name: grace, role: admin").waitFor();
});
await check("whoever comes without the cookie is nobody", async () => {
  await refused(session.call("board.clear"), "wamp.error.not_authorized");
  await logOut(page);
  await is(page, "anonymous");
});
await check("all this without an error of the page, but for the refused passwords", async () => {
  equal(faults.filter((fault) => !expected.some((status) => fault.includes(status))), []);
  equal(faults.length, expected.length);
});
await browser.close();
finish();
