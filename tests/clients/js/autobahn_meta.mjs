// autobahn-js against `testbed`: the meta API, retained events, history and testaments: node autobahn_meta.mjs URL

import { deepStrictEqual as equal, ok } from "node:assert";
import { Inbox, check, finish } from "./lib/check.mjs";
import { join, refused, subscribe } from "./lib/autobahn.mjs";

const url = process.argv[2];
const { session, details: welcome } = await join(url);
const router = (await join(url, "router")).session;
const meta = (procedure, args, kwargs) => session.call(`wamp.${procedure}`, args, kwargs);
const kill = (procedure, args, kwargs) => router.call(`wamp.session.${procedure}`, args, kwargs);
/** Somebody else. (autobahn forgets the id when the session has ended.) */
const visitor = async (realm = "router") => {
  const joined = await join(url, realm);
  return { ...joined, id: joined.session.id };
};

// --- sessions

await check("WELCOME announces what there is", async () => {
  const { broker, dealer } = welcome.roles;
  for (const name of ["session_meta_api", "subscription_meta_api", "event_retention", "subscription_revocation"]) ok(broker.features[name], name);
  for (const name of ["session_meta_api", "registration_meta_api", "testament_meta_api"]) ok(dealer.features[name], name);
});
await check("sessions are counted, listed and described", async () => {
  const ids = await meta("session.list");
  equal(await meta("session.count"), ids.length);
  ok(ids.includes(session.id));
  equal(await meta("session.count", [["nobody"]]), 0);
  const details = await meta("session.get", [session.id]);
  equal([details.session, details.authrole, details.authmethod], [session.id, "anonymous", "anonymous"]);
  await refused(meta("session.get", [1]), "wamp.error.no_such_session");
  await refused(meta("session.get", ["x"]), "wamp.error.invalid_argument");
});
await check("joining and leaving are published", async () => {
  const joined = await subscribe(session, "wamp.session.on_join");
  const left = await subscribe(session, "wamp.session.on_leave");
  const other = await visitor("realm1");
  const [details] = (await joined.inbox.next()).args;
  equal(details.session, other.id);
  other.connection.close();
  equal((await left.inbox.next()).args, [other.id, details.authid, "anonymous"]);
  await session.unsubscribe(joined.subscription);
  await session.unsubscribe(left.subscription);
});
await check("who may not kill is refused", async () => {
  await refused(meta("session.kill", [session.id]), "wamp.error.not_authorized");
  await refused(meta("session.kill_all"), "wamp.error.not_authorized");
  await refused(meta("subscription.remove_subscriber", [1, 1]), "wamp.error.not_authorized");
});
await check("a killed session gets GOODBYE", async () => {
  const other = await visitor();
  equal((await kill("kill", [other.id], { reason: "com.example.bye", message: "bye" })) ?? null, null);
  equal((await other.closed).details.reason, "com.example.bye");
  await refused(kill("kill", [router.id]), "wamp.error.no_such_session");
  await refused(kill("kill", [other.id]), "wamp.error.no_such_session");
});
await check("sessions are killed by role, but not the caller", async () => {
  const other = await visitor();
  equal(await kill("kill_by_authrole", ["anonymous"]), 1);
  equal((await other.closed).details.reason, "wamp.close.killed");
  equal(await router.call("wamp.session.count"), 1);
});

// --- subscriptions and registrations

await check("subscriptions are listed, looked up and described", async () => {
  const { subscription } = await subscribe(session, "testbed.chat");
  const { id } = subscription;
  ok((await meta("subscription.list")).exact.includes(id));
  equal(await meta("subscription.lookup", ["testbed.chat"]), id);
  equal(await meta("subscription.match", ["testbed.chat"]), [id]);
  equal((await meta("subscription.lookup", ["testbed.nowhere"])) ?? null, null);
  const details = await meta("subscription.get", [id]);
  equal([details.id, details.uri, details.match], [id, "testbed.chat", "exact"]);
  ok(!Number.isNaN(Date.parse(details.created)));
  equal(await meta("subscription.list_subscribers", [id]), [session.id]);
  equal(await meta("subscription.count_subscribers", [id]), 1);
  await session.unsubscribe(subscription);
  await refused(meta("subscription.get", [id]), "wamp.error.no_such_subscription");
});
await check("the life of a subscription is published", async () => {
  const events = ["on_create", "on_subscribe", "on_unsubscribe", "on_delete"];
  const inbox = new Inbox();
  const held = [];
  const other = await visitor("realm1");
  for (const event of events) {
    const put = (args) => args[0] === other.id && inbox.put(event);
    held.push(await session.subscribe(`wamp.subscription.${event}`, put));
  }
  const { subscription } = await subscribe(other.session, "testbed.open.life");
  await other.session.unsubscribe(subscription);
  equal(await inbox.take(4), events);
  other.connection.close();
  for (const subscription of held) await session.unsubscribe(subscription);
});
await check("procedures of the server and of clients are registrations", async () => {
  const { exact, prefix, wildcard } = await meta("registration.list");
  ok(exact.length > 10 && prefix.length === 1 && wildcard.length === 1);
  const id = await meta("registration.match", ["testbed.add"]);
  const details = await meta("registration.get", [id]);
  equal([details.uri, details.match, details.invoke], ["testbed.add", "exact", "single"]);
  equal(await meta("registration.count_callees", [id]), 0);
  const registration = await router.register("com.example.mine", () => 1);
  equal(await router.call("wamp.registration.lookup", ["com.example.mine"]), registration.id);
  equal(await router.call("wamp.registration.list_callees", [registration.id]), [router.id]);
  await router.unregister(registration);
});

// --- retained events

await check("a retained event is shown to who asks for it", async () => {
  const topic = "testbed.open.retained";
  const sent = await session.publish(topic, [7], {}, { acknowledge: true, retain: true });
  const other = await visitor("realm1");
  const { inbox } = await subscribe(other.session, topic, { get_retained: true });
  const { args, details } = await inbox.next();
  equal([args, details.publication, details.retained], [[7], sent.id, true]);
  other.connection.close();
});
await check("the server retains, and filters count", async () => {
  const topic = "testbed.open.server";
  await session.call("testbed.publish", [topic], { args: [1], options: { retain: true } });
  await session.call("testbed.publish", [topic], { args: [2], options: { retain: true, eligible_authrole: ["nobody"] } });
  const { inbox, subscription } = await subscribe(session, topic, { get_retained: true });
  equal((await inbox.next()).args, [1]);
  await session.unsubscribe(subscription);
});

// --- history

await check("the history of a topic is told", async () => {
  const topic = "history.demo";
  for (const number of [1, 2, 3]) await router.publish(topic, [number], { number }, { acknowledge: true });
  const { subscription } = await subscribe(router, topic);
  const events = async (kwargs) => {
    const result = await router.call("wamp.subscription.get_events", [subscription.id], kwargs);
    return result?.args ?? [result];
  };
  const all = await events({});
  equal(all.map(({ args }) => args[0]), [1, 2, 3]);
  equal([all[0].kwargs, all[0].subscription], [{ number: 1 }, subscription.id]);
  equal((await events({ reverse: true, limit: 2 })).map(({ args }) => args[0]), [3, 2]);
  equal((await events({ after_publication: all[0].publication })).map(({ args }) => args[0]), [2, 3]);
  await router.unsubscribe(subscription);
});

// --- testaments and removal

await check("a testament is published when its session ends", async () => {
  const { inbox, subscription } = await subscribe(session, "testbed.open.testament");
  const other = await visitor("realm1");
  await other.session.call("wamp.session.add_testament", ["testbed.open.testament", ["last words"], {}]);
  other.connection.close();
  equal((await inbox.next()).args, ["last words"]);
  await session.unsubscribe(subscription);
});
await check("a subscriber is removed", async () => {
  const other = await visitor();
  const { subscription } = await subscribe(other.session, "com.example.topic");
  const removed = () => router.call("wamp.subscription.remove_subscriber", [subscription.id, other.id, "enough"]);
  equal((await removed()) ?? null, null);
  await refused(removed(), "wamp.error.no_such_subscription");
  equal(await subscription.on_unsubscribe, "enough");
  equal(subscription.active, false);
  other.connection.close();
});

finish();
