// autobahn-js logs in to the realms of `testbed`: node autobahn_logins.mjs URL

import { deepStrictEqual as equal } from "node:assert";
import { createRequire } from "node:module";
import { autobahn, join, refused } from "./lib/autobahn.mjs";
import { check, finish } from "./lib/check.mjs";

const url = process.argv[2];
const { sign } = createRequire(createRequire(import.meta.url).resolve("autobahn"))("tweetnacl");
const { auth_cra: cra, auth_cryptosign: cryptosign } = autobahn;
const DENIED = "wamp.error.authentication_denied";

/** The options of a login by a method, which must be the one of the CHALLENGE. */
const by = (method, authid, answer, authextra) => ({
  authid,
  authmethods: [method],
  authextra,
  onchallenge: (session, challenged, extra) => {
    equal(challenged, method);
    return answer(extra);
  },
});
const byTicket = (authid, ticket) => by("ticket", authid, () => ticket);
const byCra = (authid, secret) =>
  by("wampcra", authid, ({ challenge, salt, iterations, keylen }) =>
    cra.sign(salt ? cra.derive_key(secret, salt, iterations, keylen) : secret, challenge));
const byKey = (authid, seed) => {
  const key = sign.keyPair.fromSeed(seed);
  const authextra = { pubkey: cryptosign.public_key(key), channel_binding: null };
  return by("cryptosign", authid, (extra) => cryptosign.sign_challenge(key, extra), authextra);
};
const JOES_SEED = Uint8Array.from({ length: 32 }, (_, i) => i);

/** The session must be this user's, for the client and for the handlers. */
async function joinsAs(authid, authmethod, realm, login) {
  const { session, connection, details } = await join(url, realm, login);
  const who = ({ authid, authrole, authmethod }) => [authid, authrole, authmethod];
  equal(who(details), [authid, "user", authmethod]);
  equal(details.authprovider, "static");
  const { kwargs } = await session.call("testbed.whoami");
  equal([...who(kwargs), kwargs.realm, kwargs.session], [authid, "user", authmethod, realm, session.id]);
  equal(await session.call("testbed.secret"), "42");
  connection.close();
}

/** ABORT with this reason; gives the details. */
async function aborted(reason, realm, login) {
  const { details } = await join(url, realm, login).then(() => ({ details: { reason: "joined" } }), (error) => error);
  equal(details.reason, reason);
  return details;
}

/** Somebody unknown is told word by word what a wrong secret is told. */
async function areDeniedAlike(realm, wrong, unknown) {
  equal(await aborted(DENIED, realm, wrong), await aborted(DENIED, realm, unknown));
}

await check("a ticket", () => joinsAs("joe", "ticket", "testbed.ticket", byTicket("joe", "secret!!!")));
await check("a wrong ticket, and an unknown user", () =>
  areDeniedAlike("testbed.ticket", byTicket("joe", "secret!!"), byTicket("nobody", "secret!!!")));
await check("WAMP-CRA", () => joinsAs("joe", "wampcra", "testbed.cra", byCra("joe", "secret2")));
await check("WAMP-CRA with a salt", () => joinsAs("salted", "wampcra", "testbed.cra", byCra("salted", "secret3")));
await check("a wrong secret, and an unknown user", async () => {
  await areDeniedAlike("testbed.cra", byCra("joe", "secret3"), byCra("nobody", "secret2"));
  await areDeniedAlike("testbed.cra", byCra("salted", "secret2"), byCra("nobody", "secret3"));
});
await check("cryptosign", () =>
  joinsAs("joe", "cryptosign", "testbed.cryptosign", byKey("joe", JOES_SEED)));
await check("cryptosign without an authid: the key tells it", () =>
  joinsAs("joe", "cryptosign", "testbed.cryptosign", byKey(undefined, JOES_SEED)));
await check("a wrong key, and an unknown user", () =>
  areDeniedAlike("testbed.cryptosign", byKey("joe", JOES_SEED.toReversed()), byKey("nobody", JOES_SEED)));
await check("the first method that the realm has is taken", () =>
  joinsAs("joe", "wampcra", "testbed.cra", { ...byCra("joe", "secret2"), authmethods: ["ticket", "wampcra"] }));
await check("without credentials, or with those of another method", async () => {
  for (const realm of ["testbed.ticket", "testbed.cra", "testbed.cryptosign", "testbed.scram"]) {
    await aborted("wamp.error.authentication_required", realm);
    await aborted("wamp.error.no_matching_auth_method", realm, { ...byTicket("joe", "x"), authmethods: ["none"] });
  }
});
await check("a client that cannot answer its challenge is let go", async () => {
  const lost = { ...byTicket("joe"), onchallenge: () => { throw new Error("no ticket at hand"); }, on_user_error: () => {} };
  await join(url, "testbed.ticket", lost).then(() => { throw new Error("joined"); }, () => {});
});
await check("strangers may not call what is for users", async () => {
  const { session, connection } = await join(url);
  await refused(session.call("testbed.secret"), "wamp.error.not_authorized");
  connection.close();
});
finish();
