// autobahn-js and wampy in headless Chromium through a restart of the server, without a reload: node browser_restart.mjs TESTBED

import { createRequire } from "node:module";
import { join } from "./lib/autobahn.mjs";
import { launch } from "./lib/browser.mjs";
import { check, finish } from "./lib/check.mjs";
import { Server, site } from "./lib/server.mjs";

const TOPIC = "testbed.open.page";
const resolve = createRequire(import.meta.url).resolve;

/** What a page does with each library; it puts the events into `heard`. */
const pages = {
  "autobahn-js": {
    script: resolve("autobahn-browser/autobahn.js"),
    run: ([url, topic]) => {
      globalThis.heard = [];
      const connection = new autobahn.Connection({ url, realm: "realm1", max_retries: -1, initial_retry_delay: 0.2, max_retry_delay: 0.5 });
      connection.onopen = (session) => session.subscribe(topic, ([mark]) => heard.push(mark));
      connection.open();
    },
  },
  wampy: {
    script: resolve("wampy").replace(/dist.*/, "dist/browser/wampy.js"),
    run: async ([url, topic]) => {
      globalThis.heard = [];
      const wampy = new Wampy(url, { realm: "realm1", autoReconnect: true, reconnectInterval: 300, maxRetries: 100 });
      await wampy.connect();
      await wampy.subscribe(topic, ({ argsList }) => heard.push(argsList[0]));
    },
  },
};

const server = await new Server(process.argv[2]).start();
const website = await site(() => server.port);
const { browser, open } = await launch();
const opened = [];
for (const [name, { script, run }] of Object.entries(pages)) {
  const page = await open();
  await page.goto(website.page);
  await page.addScriptTag({ path: script });
  await page.evaluate(run, [website.url, TOPIC]);
  opened.push([name, page]);
}

await hear("the first event");
for (const signal of ["SIGTERM", "SIGKILL"]) {
  await server.restart(signal);
  await hear(`${signal} and a new start`);
}
await browser.close();
await server.stop("SIGTERM");
finish();

/** Publishes a mark again and again, until every page has it. */
async function hear(mark) {
  const { session, connection } = await join(server.url);
  const again = setInterval(() => session.publish(TOPIC, [mark]), 100);
  const has = (page) => page.waitForFunction((mark) => heard.includes(mark), mark);
  await Promise.all(opened.map(([name, page]) => check(`${name} in a page hears of ${mark}`, () => has(page))));
  clearInterval(again);
  connection.close();
}
