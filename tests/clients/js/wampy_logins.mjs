// wampy.js logs in to the realms of `testbed`: node wampy_logins.mjs URL

import { deepStrictEqual as equal } from "node:assert";
import { Wampy } from "wampy";
import { sign as signWithKey } from "wampy/cryptosign.js";
import { sign as signWithSecret } from "wampy/wampcra.js";
import WebSocket from "ws";
import { check, finish } from "./lib/check.mjs";

const url = process.argv[2];
const JOES_SEED = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, "0")).join("");
const JOES_KEY = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";

async function join(realm, method, authid, onChallenge, authextra = {}) {
  const options = { realm, authid, authmethods: [method], authextra, onChallenge, ws: WebSocket, autoReconnect: false };
  const client = new Wampy(url, options);
  return { client, welcome: await client.connect() };
}

async function joins(realm, method, authid, onChallenge, authextra) {
  const { client, welcome } = await join(realm, method, authid, onChallenge, authextra);
  equal([welcome.authid, welcome.authrole, welcome.authmethod], [authid, "user", method]);
  equal((await client.call("testbed.whoami")).argsDict.authid, authid);
  equal((await client.call("testbed.secret")).argsList, ["42"]);
  await client.disconnect();
}

async function isDenied(...login) {
  const error = await join(...login).then(() => new Error("joined"), (error) => error);
  equal(error.errorUri, "wamp.error.authentication_denied", error.message);
}

await check("a ticket", () => joins("testbed.ticket", "ticket", "joe", () => "secret!!!"));
await check("a wrong ticket, and an unknown user", async () => {
  await isDenied("testbed.ticket", "ticket", "joe", () => "secret!!");
  await isDenied("testbed.ticket", "ticket", "nobody", () => "secret!!!");
});
await check("WAMP-CRA", () => joins("testbed.cra", "wampcra", "joe", signWithSecret("secret2")));
await check("WAMP-CRA with a salt", () => joins("testbed.cra", "wampcra", "salted", signWithSecret("secret3")));
await check("a wrong secret, and an unknown user", async () => {
  await isDenied("testbed.cra", "wampcra", "joe", signWithSecret("secret3"));
  await isDenied("testbed.cra", "wampcra", "nobody", signWithSecret("secret2"));
});
await check("cryptosign", () =>
  joins("testbed.cryptosign", "cryptosign", "joe", signWithKey(JOES_SEED), { pubkey: JOES_KEY }));
await check("a wrong key, and an unknown user", async () => {
  await isDenied("testbed.cryptosign", "cryptosign", "joe", signWithKey("ff".repeat(32)), { pubkey: JOES_KEY });
  await isDenied("testbed.cryptosign", "cryptosign", "nobody", signWithKey(JOES_SEED), { pubkey: JOES_KEY });
});
finish();
