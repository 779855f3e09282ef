// Request ids that were drawn for a value that cannot be serialised: node gaps_testbed.mjs URL

import { deepStrictEqual as equal } from "node:assert";
import { check, finish } from "./lib/check.mjs";
import { join } from "./lib/autobahn.mjs";

// autobahn throws where nobody can catch it, and a page goes on.
process.on("uncaughtException", () => {});
const { session } = await join(process.argv[2]);
const circular = {};
circular.itself = circular;

await check("the next call after one that could not be sent is served", async () => {
  for (let sum = 0; sum < 5; sum += 1) {
    session.call("testbed.echo", [circular]);
    equal(await session.call("testbed.add", [sum, 1]), sum + 1);
  }
});
finish();
