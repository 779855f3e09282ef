// Each library through cuts of the network and restarts of the server: node libraries_restart.mjs TESTBED
//
// All of them are connected at once. After each blow everyone must be back with a subscription that works.

import { join } from "./lib/autobahn.mjs";
import { check, finish, Inbox } from "./lib/check.mjs";
import { libraries } from "./lib/libraries.mjs";
import { proxy, Server } from "./lib/server.mjs";

const TOPIC = "testbed.open.restart";
const BLOWS = {
  "a cut of the network": () => network.cut(),
  "SIGKILL and a new start": () => server.restart("SIGKILL"),
  "SIGTERM and a new start": () => server.restart("SIGTERM"),
};

const server = await new Server(process.argv[2]).start();
const network = await proxy(() => server.port);

const subscribers = Object.entries(libraries).map(([name, open]) => {
  const subscriber = { name, inbox: new Inbox(), isNew: true };
  open(network.url, "realm1", (client) => {
    if (subscriber.isNew || !client.resubscribes) client.subscribe(TOPIC, ([mark]) => subscriber.inbox.put(mark));
    subscriber.isNew = false;
  });
  return subscriber;
});

await hear("the first event");
for (const [blow, strike] of Object.entries(BLOWS)) {
  await strike();
  await hear(blow);
}
await server.stop("SIGTERM");
finish();

/** Publishes a mark again and again, until every subscriber has it. */
async function hear(mark) {
  const { session, connection } = await join(server.url);
  const again = setInterval(() => session.publish(TOPIC, [mark]), 100);
  const hears = async ({ inbox }) => {
    while ((await inbox.next()) !== mark);
  };
  await Promise.all(subscribers.map((subscriber) => check(`${subscriber.name}: hears of ${mark}`, () => hears(subscriber))));
  clearInterval(again);
  connection.close();
}
