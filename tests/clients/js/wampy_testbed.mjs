// wampy.js against `testbed`, the basic part: node wampy_testbed.mjs URL

import { deepStrictEqual as equal, ok } from "node:assert";
import { Inbox, check, finish, until } from "./lib/check.mjs";
import { join, refused } from "./lib/wampy.mjs";

const url = process.argv[2];

const { client, welcome } = await join(url);
const call = (procedure, payload) => client.call(`testbed.${procedure}`, payload);
const first = async (procedure, payload) => (await call(procedure, payload)).argsList?.[0];

await check("joins", async () => {
  equal(welcome.realm, "realm1");
  ok(client.getSessionId() > 0);
});
await check("add by position and by keyword", async () => {
  equal(await first("add", [2, 3]), 5);
  equal(await first("add", { argsDict: { a: 2, b: 3 } }), 5);
});
await check("echo", async () => {
  for (const value of ["", "漢字 👋", 1.5, null, true, [1, [2]], { a: { b: [] } }]) equal(await first("echo", [value]), value);
});
// Binary encoders write these as floats.
await check("integers beyond 32 bits", async () => {
  for (const value of [2 ** 32, -(2 ** 40), 2 ** 52]) equal(Number(await first("add", [value, 1])), value + 1);
});
await check("args", async () => {
  const { argsList, argsDict } = await call("args", { argsList: [1, 2], argsDict: { three: 3 } });
  equal([argsList, argsDict], [[1, 2], { three: 3 }]);
});
await check("nothing and pair", async () => {
  equal((await call("nothing")).argsList ?? [], []);
  equal((await call("pair")).argsList, [1, 2]);
});
await check("fail", async () => {
  const error = await refused(call("fail", [7]), "testbed.error.failed");
  equal([error.argsList, error.argsDict], [["failed with code 7"], { code: 7 }]);
});
await check("errors of the server, and the session lives", async () => {
  await refused(call("panic"), "wamp.error.runtime_error");
  await refused(call("unknown"), "wamp.error.no_such_procedure");
  await refused(call("add", [1]), "wamp.error.invalid_argument");
  await refused(call("secret"), "wamp.error.not_authorized");
  await refused(client.register("my.procedure", () => {}), "wamp.error.not_authorized");
  equal(await first("add", [1, 1]), 2);
});
await check("whoami", async () => equal((await call("whoami")).argsDict.session, client.getSessionId()));
await check("chat between two clients", async () => {
  const { client: other } = await join(url);
  const inbox = new Inbox();
  await other.subscribe("testbed.chat", (event) => inbox.put(event));
  await client.publish("testbed.chat", { argsList: ["hi"], argsDict: { n: 1 } });
  const { argsList, argsDict } = await inbox.next();
  equal([argsList, argsDict], [["hi"], { n: 1 }]);
  await other.disconnect();
});
await check("a publisher does not get its own event", async () => {
  const inbox = new Inbox();
  const onEvent = (event) => inbox.put(event.argsList[0]);
  await client.subscribe("testbed.open.self", onEvent);
  await client.publish("testbed.open.self", ["mine"]);
  await call("publish", ["testbed.open.self", ["the server's"]]);
  equal(await inbox.next(), "the server's");
  await client.unsubscribe("testbed.open.self", onEvent);
});
await check("the ticker ticks until it is unsubscribed", async () => {
  const inbox = new Inbox();
  const onEvent = (event) => inbox.put(event.argsList[0]);
  const { subscriptionKey } = await client.subscribe("testbed.ticker", onEvent);
  equal(await inbox.take(3), [1, 2, 3]);
  equal(await first("ticker_count"), 1);
  await client.unsubscribe(subscriptionKey, onEvent);
  equal(await first("ticker_count"), 0);
});
await check("refused subscriptions", async () => {
  await refused(client.subscribe("testbed.forbidden", () => {}), "wamp.error.not_authorized");
  await refused(client.subscribe("testbed.undeclared", () => {}), "wamp.error.not_authorized");
});
await check("a client that vanishes leaves nothing behind", async () => {
  const { client: other } = await join(url);
  const inbox = new Inbox();
  await other.subscribe("testbed.ticker", (event) => inbox.put(event));
  await inbox.next();
  other.abort();
  await until("ticker_count", () => first("ticker_count"), (count) => count === 0);
});
await check("an unknown realm is refused", async () => {
  const error = await join(url, { realm: "unknown" }).then(() => null, (error) => error);
  ok(error, "joined");
});
await check("says GOODBYE", () => client.disconnect());
finish();
