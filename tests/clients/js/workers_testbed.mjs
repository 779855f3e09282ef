// 20 clients on several workers of `testbed`: node workers_testbed.mjs URL

import { deepStrictEqual as equal } from "node:assert";
import { check, finish } from "./lib/check.mjs";
import { join, subscribe } from "./lib/autobahn.mjs";

const url = process.argv[2];
const EVENTS = 500;
const numbers = Array.from({ length: EVENTS }, (_, i) => i);
const clients = await Promise.all(Array.from({ length: 20 }, () => join(url)));
const sessions = clients.map((client) => client.session);

async function inboxes(topic) {
  return Promise.all(sessions.map(async (session) => (await subscribe(session, topic)).inbox));
}

await check("20 clients have 20 session ids", async () => equal(new Set(sessions.map((it) => it.id)).size, 20));
await check("all get the stream of one publisher, complete and in order", async () => {
  const subscribed = await inboxes("testbed.open.stream");
  const { session: publisher, connection } = await join(url);
  for (const number of numbers) publisher.publish("testbed.open.stream", [number]);
  for (const inbox of subscribed) equal((await inbox.take(EVENTS)).map((it) => it.args[0]), numbers);
  connection.close();
});
await check("all see the events of two publishers in one order", async () => {
  const subscribed = await inboxes("testbed.open.streams");
  const publishers = [(await join(url)).session, (await join(url)).session];
  const sent = numbers.slice(0, EVENTS / 2);
  for (const number of sent) publishers.forEach((it, from) => it.publish("testbed.open.streams", [from, number]));
  const seen = [];
  for (const inbox of subscribed) seen.push((await inbox.take(EVENTS)).map((it) => it.args));
  for (const from of [0, 1]) equal(seen[0].filter((it) => it[0] === from).map((it) => it[1]), sent);
  for (const other of seen) equal(other, seen[0]);
});
await check("a call from every client is answered while all tick", async () => {
  const ticking = await inboxes("testbed.ticker");
  equal(await sessions[0].call("testbed.ticker_count"), 20);
  for (const inbox of ticking) equal((await inbox.take(3)).map((it) => it.args[0]), [1, 2, 3]);
  equal(await Promise.all(sessions.map((it, i) => it.call("testbed.add", [i, 1]))), numbers.slice(1, 21));
});
finish();
