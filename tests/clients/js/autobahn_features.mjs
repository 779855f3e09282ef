// autobahn-js against `testbed`, the advanced features: node autobahn_features.mjs URL

import { deepStrictEqual as equal, ok } from "node:assert";
import { check, finish, until } from "./lib/check.mjs";
import { autobahn, join, refused, subscribe } from "./lib/autobahn.mjs";

const url = process.argv[2];
const ENDLESS = 3_600_000;
const { session } = await join(url);
const call = (procedure, args, kwargs, options) => session.call(`testbed.${procedure}`, args, kwargs, options);
const logged = async () => (await call("sleep_log")).length;
const logs = async (before, outcome) => {
  equal((await until("sleep_log", () => call("sleep_log"), (log) => log.length > before)).slice(before), [outcome]);
};

// --- progressive results, cancelling, timeouts

await check("progressive results come in order, and the final one after them", async () => {
  const left = [];
  equal(await call("countdown", [5], {}, { receive_progress: true }).then(null, null, (n) => left.push(n)), "liftoff");
  equal(left, [5, 4, 3, 2, 1]);
});
await check("a caller that did not ask gets the final result only", async () => {
  const left = [];
  equal(await call("countdown", [5]).then(null, null, (n) => left.push(n)), "liftoff");
  equal(left, []);
});
await check("cancelling a call drops its handler at once", async () => {
  const before = await logged();
  const sleep = call("sleep", [ENDLESS]);
  await call("add", [1, 1]);
  sleep.cancel({ mode: "kill" }); // its other modes forget the call before it is answered
  await refused(sleep, "wamp.error.canceled");
  await logs(before, "dropped");
});
await check("a call that is over cannot be cancelled", async () => {
  const add = call("add", [1, 1]);
  equal(await add, 2);
  add.cancel({ mode: "kill" });
  equal(await call("add", [1, 1]), 2);
});
await check("a call ends with its timeout, and its handler is dropped", async () => {
  const before = await logged();
  await refused(call("sleep", [ENDLESS], {}, { timeout: 50 }), "wamp.error.timeout");
  await logs(before, "dropped");
  equal(await call("sleep", [1], {}, { timeout: 60_000 }), "slept");
});
await check("sum takes a plain call for the last chunk", async () => equal(await call("sum", [7]), 7));

// --- pattern subscriptions

await check("a prefix subscription tells the topic of each event", async () => {
  const other = await join(url);
  const { inbox, subscription } = await subscribe(session, "testbed.open.fruit", { match: "prefix" });
  for (const topic of ["fruit", "vegetable", "fruit.apple", "fruits"]) {
    await other.session.publish(`testbed.open.${topic}`, [topic], {}, { acknowledge: true });
  }
  const events = (await inbox.take(3)).map(({ args, details }) => [args[0], details.topic]);
  equal(events, ["fruit", "fruit.apple", "fruits"].map((topic) => [topic, `testbed.open.${topic}`]));
  await subscription.unsubscribe();
  other.connection.close();
});
await check("a wildcard subscription tells the topic of each event", async () => {
  const { inbox, subscription } = await subscribe(session, "testbed.open..news", { match: "wildcard" });
  for (const topic of ["paris.news", "paris.weather", "rome.news", "rome.news.late"]) {
    await call("publish", [`testbed.open.${topic}`, [topic]]);
  }
  const events = (await inbox.take(2)).map(({ args, details }) => [args[0], details.topic]);
  equal(events, ["paris.news", "rome.news"].map((topic) => [topic, `testbed.open.${topic}`]));
  await subscription.unsubscribe();
});
await check("a pattern that covers more than one declared topic is refused", async () => {
  for (const [topic, match] of [["testbed.", "prefix"], ["testbed.open", "prefix"], ["testbed.", "wildcard"]]) {
    await refused(session.subscribe(topic, () => {}, { match }), "wamp.error.not_authorized");
  }
});
await check("a publisher is disclosed if it wants to be", async () => {
  const other = await join(url);
  const { inbox, subscription } = await subscribe(session, "testbed.open.disclosed");
  const publish = (options) => other.session.publish("testbed.open.disclosed", [], {}, { acknowledge: true, ...options });
  await publish({ disclose_me: true });
  await publish({});
  equal((await inbox.take(2)).map((it) => it.details.publisher ?? null), [other.session.id, null]);
  await subscription.unsubscribe();
  other.connection.close();
});

// --- clients that call each other, in realm `router`

const [callee, second, caller] = await Promise.all([1, 2, 3].map(async () => (await join(url, "router")).session));
const ids = (sessions) => sessions.map((it) => it.id);

await check("register, call, unregister", async () => {
  const registration = await callee.register("app.add", ([a, b], { scale = 1 }) => (a + b) * scale);
  equal(await caller.call("app.add", [2, 3]), 5);
  equal(await caller.call("app.add", [2, 3], { scale: 10 }), 50);
  equal(await callee.call("app.add", [1, 1]), 2);
  await refused(second.register("app.add", () => 0), "wamp.error.procedure_already_exists");
  await callee.unregister(registration);
  await refused(caller.call("app.add", [2, 3]), "wamp.error.no_such_procedure");
});
await check("results and errors of a callee arrive as it made them", async () => {
  const mixed = await callee.register("app.mixed", () => new autobahn.Result([1, "two"], { three: 3 }));
  const { args, kwargs } = await caller.call("app.mixed");
  equal([args, kwargs], [[1, "two"], { three: 3 }]);
  const failing = await callee.register("app.fail", () => {
    throw new autobahn.Error("app.error.failed", ["as asked"], { code: 7 });
  });
  const error = await refused(caller.call("app.fail"), "app.error.failed");
  equal([error.args, error.kwargs], [["as asked"], { code: 7 }]);
  await callee.unregister(mixed);
  await callee.unregister(failing);
});
await check("a caller is disclosed if it wants to be", async () => {
  const registration = await callee.register("app.who", (_args, _kwargs, details) => details.caller ?? null);
  equal(await caller.call("app.who"), null);
  equal(await caller.call("app.who", [], {}, { disclose_me: true }), caller.id);
  await callee.unregister(registration);
});
await check("a shared registration takes turns", async () => {
  const register = (session) => session.register("app.turn", () => session.id, { invoke: "roundrobin" });
  const registrations = [await register(callee), await register(second)];
  equal(registrations[0].id, registrations[1].id);
  await refused(caller.register("app.turn", () => 0), "wamp.error.procedure_already_exists");
  const turns = [];
  for (let turn = 0; turn < 4; turn += 1) turns.push(await caller.call("app.turn"));
  equal(turns, ids([callee, second, callee, second]));
  await callee.unregister(registrations[0]);
  equal(await caller.call("app.turn"), second.id);
  await second.unregister(registrations[1]);
});
await check("first and last are what they say", async () => {
  for (const [invoke, answers] of [["first", callee], ["last", second]]) {
    const registrations = [];
    for (const session of [callee, second]) {
      registrations.push([session, await session.register(`app.${invoke}`, () => session.id, { invoke })]);
    }
    equal([await caller.call(`app.${invoke}`), await caller.call(`app.${invoke}`)], ids([answers, answers]));
    for (const [session, registration] of registrations) await session.unregister(registration);
  }
});
await check("pattern registrations: the better match answers, and is told the procedure", async () => {
  const tell = (who) => (_args, _kwargs, { procedure }) => [who, procedure];
  const registrations = [
    await callee.register("app.pet", tell("short prefix"), { match: "prefix" }),
    await callee.register("app.pet.cat", tell("long prefix"), { match: "prefix" }),
    await callee.register("app..dog.name", tell("wildcard"), { match: "wildcard" }),
    await callee.register("app.pet.cat.name", tell("exact")),
  ];
  for (const [procedure, who] of [["app.pet.bird", "short prefix"], ["app.pet.cat.age", "long prefix"], ["app.wild.dog.name", "wildcard"],
    ["app.pet.cat.name", "exact"], ["app.pet.dog.name", "short prefix"]]) {
    equal(await caller.call(procedure), [who, procedure]);
  }
  for (const registration of registrations) await callee.unregister(registration);
});
await check("a client that comes back takes its procedure over", async () => {
  const { session: old, connection } = await join(url, "router");
  const { session: back } = await join(url, "router");
  const before = await old.register("app.door", () => "old");
  await refused(back.register("app.door", () => "back"), "wamp.error.procedure_already_exists");
  const after = await back.register("app.door", () => "back", { force_reregister: true });
  equal(await caller.call("app.door"), "back");
  await until("the old registration's end", async () => (await caller.call("app.door")) && before.active, (active) => !active);
  connection.close();
  equal(await caller.call("app.door"), "back");
  await back.unregister(after);
});
await check("a callee that leaves fails its calls, and its procedures are gone", async () => {
  const { session: leaving, connection } = await join(url, "router");
  let invoked;
  const invocation = new Promise((resolve) => { invoked = resolve; });
  await leaving.register("app.never", () => new Promise(() => invoked()));
  const call = refused(caller.call("app.never"), "wamp.error.canceled");
  await invocation;
  connection.close();
  await call;
  await refused(caller.call("app.never"), "wamp.error.no_such_procedure");
});
await check("a call of a client has its timeout too", async () => {
  const registration = await callee.register("app.slow", () => new Promise(() => {}));
  await refused(caller.call("app.slow", [], {}, { timeout: 50 }), "wamp.error.timeout");
  await callee.unregister(registration);
});
await check("any topic, and any pattern of topics", async () => {
  const { inbox, subscription } = await subscribe(second, "app.news", { match: "prefix" });
  await caller.publish("app.news.local", ["hi"], {}, { acknowledge: true });
  const { args, details } = await inbox.next();
  equal([args, details.topic], [["hi"], "app.news.local"]);
  await subscription.unsubscribe();
});
await check("what begins with wamp. is the router's", async () => {
  await refused(callee.register("wamp.mine", () => 0), "wamp.error.invalid_uri");
});
ok(autobahn.version);
finish();
