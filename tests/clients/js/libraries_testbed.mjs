// Each library against `testbed`: node libraries_testbed.mjs URL

import { deepStrictEqual as equal } from "node:assert";
import { check, finish, Inbox, within } from "./lib/check.mjs";
import { libraries } from "./lib/libraries.mjs";

const url = process.argv[2];

for (const [name, open] of Object.entries(libraries)) {
  let client;
  let close;
  const opened = new Promise((resolve) => {
    close = open(url, "realm1", resolve);
  });
  await check(`${name}: joins`, async () => {
    client = await within(10_000, opened, "joining");
  });
  if (!client) continue;

  await check(`${name}: calls by position and by keyword`, async () => {
    equal(await client.call("testbed.add", [2, 3]), 5);
    equal(await client.call("testbed.greet", { name: "Anna", greeting: "Ahoi" }), "Ahoi, Anna!");
  });
  await check(`${name}: many calls at once are answered, each its own`, async () => {
    const sums = Array.from({ length: 100 }, (_, i) => client.call("testbed.add", [i, i]));
    equal(await Promise.all(sums), Array.from({ length: 100 }, (_, i) => 2 * i));
  });
  await check(`${name}: is told why a call fails, and goes on`, async () => {
    const failing = client.call("testbed.fail", [3]).then(() => "a result", ({ uri }) => uri);
    equal(await failing, "testbed.error.failed");
    equal(await client.call("testbed.echo", [["é", 1.5, { a: [true] }]]), ["é", 1.5, { a: [true] }]);
  });
  await check(`${name}: gets what the server publishes, and publishes`, async () => {
    const inbox = new Inbox();
    const topic = `testbed.open.${name.replaceAll(/\W/g, "_")}`;
    await client.subscribe(topic, (args) => inbox.put(args));
    await client.call("testbed.publish", [topic, ["from the server"]]);
    equal(await inbox.next(), ["from the server"]);
    await client.publish(topic, ["to others"]);
    equal(await client.call("testbed.add", [1, 1]), 2);
  });
  close();
}
finish();
