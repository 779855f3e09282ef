// autobahn-js against `testbed`: node autobahn_testbed.mjs URL

import { deepStrictEqual as equal, ok } from "node:assert";
import { check, finish, until } from "./lib/check.mjs";
import { autobahn, invalidArgument, join, refused, subscribe } from "./lib/autobahn.mjs";

const url = process.argv[2];
const NOT_AUTHORIZED = "wamp.error.not_authorized";
const { session, connection, closed, details: welcome } = await join(url);
const call = (procedure, args, kwargs, options) => session.call(`testbed.${procedure}`, args, kwargs, options);
const tickers = () => call("ticker_count");

// --- calls

await check("WELCOME tells who I am", async () => {
  equal([welcome.realm, welcome.authrole, welcome.authmethod], ["realm1", "anonymous", "anonymous"]);
  ok(welcome.authid && welcome.roles.broker.features && welcome.roles.dealer.features);
});
await check("add by position", async () => equal(await call("add", [2, 3]), 5));
await check("add by keyword", async () => equal(await call("add", [], { a: 2, b: 3 }), 5));
await check("add by position and keyword", async () => equal(await call("add", [2], { b: 3 }), 5));
await check("add refuses what is no integer", async () => {
  for (const wrong of [2.5, true, null, "2", [2], { a: 2 }, 2 ** 64]) await invalidArgument(call("add", [wrong, 3]), "argument 1 `a`");
});
await check("a missing argument is named", () => invalidArgument(call("add", [2]), "argument 2 `b`", "missing"));
await check("surplus arguments are refused", async () => {
  await invalidArgument(call("add", [1, 2, 3]), "too many positional arguments");
  await invalidArgument(call("add", [1, 2], { c: 3 }), "`c`");
});
await check("an argument given twice is refused", () => invalidArgument(call("add", [1, 2], { a: 1 }), "argument 1 `a`", "by keyword"));

const VALUES = [
  null, true, false, 0, -1, 1.5, 1e-7, 2 ** 53 - 1, -(2 ** 53 - 1), "", "text", [], {}, [[[[]]]], [null, [1, "2", { three: [4] }]],
  { "": "", a: { b: { c: [1, 2, 3] } }, "a key": null },
];
await check("echo by position", async () => {
  for (const value of VALUES) equal(await call("echo", [value]), value);
});
await check("echo by keyword", async () => {
  for (const value of VALUES) equal(await call("echo", [], { value }), value);
});
await check("echo of all of Unicode", async () => {
  const value = "\u0000\b\t\n\f\r\u001b \"quoted\" \\ / é ß 漢字 עברית 👩‍👩‍👧 \u2028\u2029 \ufeff \uffff \u{10ffff}";
  equal(await call("echo", [value]), value);
  equal(await call("echo", [{ [value]: value }]), { [value]: value });
});
await check("echo of 900 kB", async () => {
  const text = "0123456789abcdé\n".repeat(53_000);
  equal(await call("echo", [text]), text);
  const list = Array.from({ length: 60_000 }, (_, i) => i * 1000);
  equal(await call("echo", [list]), list);
});
await check("args are returned as they came", async () => {
  const { args, kwargs } = await call("args", [1, "two", [3]], { four: 4, five: null });
  equal([args, kwargs], [[1, "two", [3]], { four: 4, five: null }]);
});
await check("greet with its default and without", async () => {
  equal(await call("greet", ["Anna"]), "Hello, Anna!");
  equal(await call("greet", ["Anna", "Servus"]), "Servus, Anna!");
  equal(await call("greet", ["Anna"], { greeting: "Ahoi" }), "Ahoi, Anna!");
  equal(await call("greet", [], { name: "Anna", greeting: null }), "Hello, Anna!");
});
await check("full_name by snake case and camel case", async () => {
  equal(await call("full_name", ["Ada", "Lovelace"]), "Ada Lovelace");
  equal(await call("full_name", [], { first_name: "Ada", last_name: "Lovelace" }), "Ada Lovelace");
  equal(await call("full_name", [], { firstName: "Ada", lastName: "Lovelace" }), "Ada Lovelace");
  await invalidArgument(call("full_name", [], { first_name: "Ada", firstName: "Ada", lastName: "Lovelace" }), "first_name", "twice");
});
await check("nothing returns nothing", async () => equal((await call("nothing")) ?? null, null));
await check("pair returns two", async () => equal((await call("pair")).args, [1, 2]));
await check("fail has URI, args and kwargs", async () => {
  const error = await refused(call("fail", [7]), "testbed.error.failed");
  equal([error.args, error.kwargs], [["failed with code 7"], { code: 7 }]);
  await refused(call("fail", [], { code: -1 }), "testbed.error.failed");
});
await check("a panic is a runtime error and the session lives", async () => {
  const error = await refused(call("panic"), "wamp.error.runtime_error");
  ok(!JSON.stringify(error).includes("as asked for"), "the text of the panic is nobody's business");
  equal(await call("add", [1, 1]), 2);
});
await check("whoami", async () => {
  const { kwargs: me } = await call("whoami");
  equal([me.session, me.authid, me.authrole, me.authmethod, me.realm, me.procedure],
    [session.id, welcome.authid, "anonymous", "anonymous", "realm1", "testbed.whoami"]);
  equal((await call("whoami")).kwargs.request, me.request + 1);
});
await check("files: the prefix", async () => {
  for (const uri of ["testbed.files.a", "testbed.files.a.b.c"]) equal(await session.call(uri), uri);
  await refused(session.call("testbed.files"), "wamp.error.no_such_procedure");
});
await check("users: the wildcard", async () => {
  equal(await call("users.anna.name"), "anna");
  await refused(call("users.anna.age"), "wamp.error.no_such_procedure");
  await refused(call("users.anna.b.name"), "wamp.error.no_such_procedure");
});
await check("an unknown procedure, an invalid URI", async () => {
  await refused(call("unknown"), "wamp.error.no_such_procedure");
  await refused(call("with space"), "wamp.error.invalid_uri");
  await refused(session.call(""), "wamp.error.invalid_uri");
});
await check("secret is not for me", () => refused(call("secret"), NOT_AUTHORIZED));
await check("sleeps run side by side", async () => {
  const woken = [];
  const sleep = async (ms) => woken.push([ms, await call("sleep", [ms])]);
  const started = Date.now();
  await Promise.all([sleep(900), sleep(600), call("add", [1, 1]).then(() => woken.push("add")), sleep(300)]);
  equal(woken, ["add", [300, "slept"], [600, "slept"], [900, "slept"]]);
  ok(Date.now() - started < 1700, "they ran one after the other");
});
await check("sleep refuses negative numbers", () => invalidArgument(call("sleep", [-1]), "argument 1 `ms`"));
await check("the log of sleeps: completed", async () => {
  const before = (await call("sleep_log")).length;
  await call("sleep", [1]);
  equal((await call("sleep_log")).slice(before), ["completed"]);
});
await check("the log of sleeps: dropped when its session leaves", async () => {
  const before = (await call("sleep_log")).length;
  const other = await join(url);
  other.session.call("testbed.sleep", [3_600_000]).catch(() => {});
  await other.session.call("testbed.add", [1, 1]);
  other.connection.close();
  const log = await until("sleep_log", () => call("sleep_log"), (log) => log.length > before);
  equal(log.slice(before), ["dropped"]);
});
await check("500 calls at once have 500 answers", async () => {
  const sums = await Promise.all(Array.from({ length: 500 }, (_, i) => call("add", [i, i])));
  equal(sums, Array.from({ length: 500 }, (_, i) => 2 * i));
});
await check("the 257th call in flight is refused at once", async () => {
  const other = await join(url);
  const outcomes = Array.from({ length: 260 }, () => other.session.call("testbed.sleep", [1500]).catch((error) => error.error));
  const refusals = (await Promise.all(outcomes)).filter((outcome) => outcome !== "slept");
  equal(refusals, Array(4).fill("wamp.error.unavailable"));
  equal(await other.session.call("testbed.add", [1, 1]), 2);
  other.connection.close();
});
await check("clients cannot register", async () => {
  await refused(session.register("my.procedure", () => 1), NOT_AUTHORIZED);
  await refused(session.register("wamp.procedure", () => 1), "wamp.error.invalid_uri");
});

// --- topics

await check("chat: an event reaches the other, the publication is acknowledged", async () => {
  const other = await join(url);
  const { inbox, subscription } = await subscribe(other.session, "testbed.chat");
  const publication = await session.publish("testbed.chat", ["hi", 1], { from: "me" }, { acknowledge: true });
  const { args, kwargs, details } = await inbox.next();
  equal([args, { ...kwargs }, details.publication], [["hi", 1], { from: "me" }, publication.id]);
  ok(subscription.id > 0);
  other.connection.close();
});
await check("chat: a publisher gets its own event only if it says so", async () => {
  const { inbox, subscription } = await subscribe(session, "testbed.chat");
  await session.publish("testbed.chat", [1], {}, { acknowledge: true });
  await session.publish("testbed.chat", [2], {}, { acknowledge: true, exclude_me: true });
  await session.publish("testbed.chat", [3], {}, { acknowledge: true, exclude_me: false });
  equal((await inbox.next()).args, [3]);
  await subscription.unsubscribe();
});
await check("open topics: exclude and eligible", async () => {
  const [a, b] = [await join(url), await join(url)];
  const [fromA, fromB] = [await subscribe(a.session, "testbed.open.lists"), await subscribe(b.session, "testbed.open.lists")];
  const publish = (text, options) => session.publish("testbed.open.lists", [text], {}, { acknowledge: true, ...options });
  await publish("not a", { exclude: [a.session.id] });
  await publish("only a", { eligible: [a.session.id] });
  await publish("nobody", { eligible: [] });
  await publish("not anonymous", { exclude_authrole: ["anonymous"] });
  await publish("all", { eligible_authrole: ["anonymous"] });
  equal((await fromA.inbox.take(2)).map((it) => it.args[0]), ["only a", "all"]);
  equal((await fromB.inbox.take(2)).map((it) => it.args[0]), ["not a", "all"]);
  a.connection.close();
  b.connection.close();
});
await check("open topics: each is its own", async () => {
  const { inbox, subscription } = await subscribe(session, "testbed.open.one");
  await session.publish("testbed.open.two", ["two"], {}, { acknowledge: true, exclude_me: false });
  await session.publish("testbed.open.one", ["one"], {}, { acknowledge: true, exclude_me: false });
  equal((await inbox.next()).args, ["one"]);
  await subscription.unsubscribe();
});
await check("500 events come in their order", async () => {
  const other = await join(url);
  const { inbox } = await subscribe(other.session, "testbed.open.order");
  for (let i = 0; i < 500; i += 1) session.publish("testbed.open.order", [i]);
  equal((await inbox.take(500)).map((it) => it.args[0]), Array.from({ length: 500 }, (_, i) => i));
  other.connection.close();
});
await check("two handlers of one topic share a subscription", async () => {
  const [a, b] = [await subscribe(session, "testbed.chat"), await subscribe(session, "testbed.chat")];
  equal(a.subscription.id, b.subscription.id);
  await session.publish("testbed.chat", ["both"], {}, { acknowledge: true, exclude_me: false });
  equal([(await a.inbox.next()).args, (await b.inbox.next()).args], [["both"], ["both"]]);
  await a.subscription.unsubscribe();
  await session.publish("testbed.chat", ["b"], {}, { acknowledge: true, exclude_me: false });
  equal((await b.inbox.next()).args, ["b"]);
  await b.subscription.unsubscribe();
});
await check("the ticker ticks until it is unsubscribed", async () => {
  const { inbox, subscription } = await subscribe(session, "testbed.ticker");
  equal((await inbox.take(4)).map((it) => it.args), [[1], [2], [3], [4]]);
  equal(await tickers(), 1);
  await subscription.unsubscribe();
  equal(await tickers(), 0);
});
await check("each subscriber has its own ticks, and they end with it", async () => {
  const [a, b] = [await join(url), await join(url)];
  const ticks = await subscribe(a.session, "testbed.ticker");
  await ticks.inbox.take(3);
  equal((await (await subscribe(b.session, "testbed.ticker")).inbox.next()).args, [1]);
  equal(await tickers(), 2);
  a.connection.close();
  await until("ticker_count", tickers, (count) => count === 1);
  b.connection._transport.close(); // without GOODBYE
  await until("ticker_count", tickers, (count) => count === 0);
});
await check("readonly: clients cannot publish, the server can", async () => {
  const { inbox, subscription } = await subscribe(session, "testbed.readonly");
  session.publish("testbed.readonly", ["unacknowledged"], {}, { exclude_me: false });
  await refused(session.publish("testbed.readonly", ["no"], {}, { acknowledge: true, exclude_me: false }), NOT_AUTHORIZED);
  await call("publish", ["testbed.readonly", ["yes"]]);
  equal((await inbox.next()).args, ["yes"]);
  await subscription.unsubscribe();
});
await check("forbidden and undeclared topics are refused", async () => {
  await refused(session.subscribe("testbed.forbidden", () => {}), NOT_AUTHORIZED);
  await refused(session.subscribe("testbed.undeclared", () => {}), NOT_AUTHORIZED);
  await refused(session.publish("testbed.undeclared", [], {}, { acknowledge: true }), NOT_AUTHORIZED);
  await refused(session.publish("testbed.ticker", [], {}, { acknowledge: true }), NOT_AUTHORIZED);
  await refused(session.subscribe("testbed with space", () => {}), "wamp.error.invalid_uri");
});
await check("the server publishes for a caller", async () => {
  const { inbox, subscription } = await subscribe(session, "testbed.chat");
  const publication = await call("publish", [], { topic: "testbed.chat", args: ["a", { b: [1] }], kwargs: { c: null } });
  const { args, kwargs, details } = await inbox.next();
  equal([args, { ...kwargs }, details.publication], [["a", { b: [1] }], { c: null }, publication]);
  await call("publish", ["testbed.chat", ["not me"], {}, { exclude: [session.id] }]);
  await call("publish", ["testbed.chat", ["me"], {}, { eligible: [session.id] }]);
  equal((await inbox.next()).args, ["me"]);
  await subscription.unsubscribe();
});

// --- the end of sessions

await check("kill_me says GOODBYE", async () => {
  const other = await join(url);
  other.session.call("testbed.kill_me").catch(() => {});
  equal((await other.closed).details.reason, "wamp.close.killed");
});
await check("an unknown realm is refused", async () => {
  const error = await join(url, "unknown").then(() => null, (error) => error);
  ok(String(error).includes("wamp.error.no_such_realm"), String(error));
});
await check("an orderly GOODBYE is answered", async () => {
  equal(await call("add", [1, 1]), 2);
  connection.close();
  const { reason, details } = await closed;
  equal([reason, details.reason], ["closed", "wamp.close.goodbye_and_out"]);
});
ok(autobahn.version);
finish();
