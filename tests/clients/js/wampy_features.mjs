// wampy.js against `testbed`, the advanced features: node wampy_features.mjs URL

import { deepStrictEqual as equal, ok } from "node:assert";
import { check, Inbox, finish, until } from "./lib/check.mjs";
import { join, refused } from "./lib/wampy.mjs";

const url = process.argv[2];
const { client, welcome } = await join(url);
const { client: other } = await join(url);
const first = async (procedure, payload) => (await client.call(`testbed.${procedure}`, payload)).argsList[0];
const log = () => first("sleep_log");
const logs = async (before, outcome) => {
  equal((await until("sleep_log", log, (entries) => entries.length > before)).slice(before), [outcome]);
};

await check("the dealer announces what wampy asks for", async () => {
  const { dealer } = welcome.roles;
  for (const feature of ["call_canceling", "call_timeout", "progressive_call_invocations", "progressive_call_results"]) {
    equal(dealer.features[feature], true, feature);
  }
});
await check("progressive results come in order, and the final one after them", async () => {
  const left = [];
  const progress_callback = ({ argsList }) => left.push(argsList[0]);
  equal((await client.call("testbed.countdown", [4], { progress_callback })).argsList, ["liftoff"]);
  equal(left, [4, 3, 2, 1]);
});
await check("sum of a progressive call invocation", async () => {
  const { result, sendData } = client.progressiveCall("testbed.sum", [1]);
  sendData([2]);
  sendData([39]);
  await first("add", [1, 1]);
  sendData([-2], { progress: false });
  equal((await result).argsList, [40]);
});
await check("the answer does not come before the final chunk", async () => {
  const { result, sendData } = client.progressiveCall("testbed.sum", [1]);
  let isAnswered = false;
  result.then(() => { isAnswered = true; });
  for (let chunk = 0; chunk < 100; chunk += 1) sendData([chunk]);
  await first("add", [1, 1]);
  equal(isAnswered, false);
  sendData(null, { progress: false });
  equal((await result).argsList, [4951]);
});
await check("sum of one integer in a plain call", async () => equal(await first("sum", [7]), 7));
await check("two progressive call invocations at once have a sum each", async () => {
  const [a, b] = [client.progressiveCall("testbed.sum", [1]), client.progressiveCall("testbed.sum", [10])];
  a.sendData([2]);
  b.sendData([20]);
  b.sendData([30], { progress: false });
  a.sendData([3], { progress: false });
  equal([(await a.result).argsList, (await b.result).argsList], [[6], [60]]);
});
await check("a chunk that is no integer ends the call, and what comes after it does no harm", async () => {
  const { result, sendData } = client.progressiveCall("testbed.sum", [1]);
  sendData(["two"]);
  const error = await refused(result, "wamp.error.invalid_argument");
  ok(error.argsList[0].includes("chunk"), error.argsList[0]);
  sendData([3]);
  sendData([4], { progress: false });
  equal(await first("add", [1, 1]), 2);
});
await check("a handler without chunks refuses a progressive call invocation", async () => {
  const { result, sendData } = client.progressiveCall("testbed.echo", [1]);
  await refused(result, "wamp.error.feature_not_supported");
  sendData([2], { progress: false });
  equal(await first("add", [1, 1]), 2);
});
await check("a progressive call invocation can be cancelled", async () => {
  const { result, sendData } = client.progressiveCall("testbed.sum", [1]);
  client.cancel(client.getOpStatus().reqId);
  await refused(result, "wamp.error.canceled");
  sendData([2], { progress: false });
  equal(await first("add", [1, 1]), 2);
});
for (const mode of ["kill", "killnowait", undefined]) {
  await check(`cancelling ${mode ?? "without a mode"} drops the handler at once`, async () => {
    const before = (await log()).length;
    const sleep = client.call("testbed.sleep", [3_600_000]);
    client.cancel(client.getOpStatus().reqId, mode && { mode });
    await refused(sleep, "wamp.error.canceled");
    await logs(before, "dropped");
  });
}
await check("cancelling by skip releases the caller, and the handler runs on", async () => {
  const before = (await log()).length;
  const sleep = client.call("testbed.sleep", [400]);
  client.cancel(client.getOpStatus().reqId, { mode: "skip" });
  await refused(sleep, "wamp.error.canceled");
  equal((await log()).length, before);
  await logs(before, "completed");
});
await check("a call ends with its timeout", async () => {
  const before = (await log()).length;
  await refused(client.call("testbed.sleep", [3_600_000], { timeout: 50 }), "wamp.error.timeout");
  await logs(before, "dropped");
});
await check("prefix and wildcard subscriptions tell the topic", async () => {
  for (const [topic, match, published] of [["testbed.open.w", "prefix", "testbed.open.wx"], ["testbed.open..w", "wildcard", "testbed.open.x.w"]]) {
    const inbox = new Inbox();
    // wampy forgets a pattern's match when it unsubscribes, and fails: the subscription ends with the session.
    await client.subscribe(topic, (event) => inbox.put(event), { match });
    await other.publish(published, ["hi"]);
    const { argsList, details } = await inbox.next();
    equal([argsList, details.topic], [["hi"], published]);
  }
});

// --- clients that call each other, in realm `router`

const [{ client: callee }, { client: second }, { client: caller }] =
  await Promise.all([1, 2, 3].map(() => join(url, { realm: "router" })));
const answer = async (procedure, payload, options) => (await caller.call(procedure, payload, options)).argsList[0];

await check("register, call, unregister", async () => {
  await callee.register("app.add", ({ argsList: [a, b] }) => a + b);
  equal(await answer("app.add", [2, 3]), 5);
  await refused(second.register("app.add", () => 1), "wamp.error.procedure_already_exists");
  await callee.unregister("app.add");
  await refused(caller.call("app.add", [2, 3]), "wamp.error.no_such_procedure");
});
await check("a shared registration takes turns", async () => {
  await callee.register("app.turn", () => "one", { invoke: "roundrobin" });
  await second.register("app.turn", () => "two", { invoke: "roundrobin" });
  const turns = [];
  for (let turn = 0; turn < 4; turn += 1) turns.push(await answer("app.turn"));
  equal(turns, ["one", "two", "one", "two"]);
});
await check("a pattern registration is told the procedure", async () => {
  await callee.register("app.pet", ({ details }) => details.procedure, { match: "prefix" });
  equal(await answer("app.pet.cat"), "app.pet.cat");
});
await check("a caller is disclosed if it wants to be", async () => {
  await callee.register("app.who", ({ details }) => details.caller ?? "somebody");
  equal(await answer("app.who"), "somebody");
  equal(await answer("app.who", [1], { disclose_me: true }), caller.getSessionId());
});
await check("a callee that cannot be interrupted gets no progressive call invocation", async () => {
  const { result } = caller.progressiveCall("app.who", [1]);
  await refused(result, "wamp.error.feature_not_supported");
});
finish();
