// autobahn-js in node, as its documentation has it.

import { deepStrictEqual, ok } from "node:assert";
import { createRequire } from "node:module";
import WebSocket from "ws";
import { Inbox } from "./check.mjs";

globalThis.WebSocket = WebSocket;
// It warns of each connection that ends; the checks tell what matters.
console.warn = () => {};
export const autobahn = createRequire(import.meta.url)("autobahn");

/** Joins, with `login` as autobahn's options for that; `closed` resolves with `{ reason, details }` when the connection has ended. */
export function join(url, realm = "realm1", login = {}) {
  const connection = new autobahn.Connection({ url, realm, max_retries: 0, ...login });
  return new Promise((resolve, reject) => {
    const closed = new Promise((ended) => {
      connection.onclose = (reason, details) => {
        ended({ reason, details });
        reject(Object.assign(new Error(`closed before it was open: ${reason} ${details.reason}`), { details }));
        return true;
      };
    });
    connection.onopen = (session, details) => resolve({ session, connection, closed, details });
    connection.open();
  });
}

/** Subscribes, and puts `{ args, kwargs, details }` into an inbox. */
export async function subscribe(session, topic, options) {
  const inbox = new Inbox();
  const put = (args, kwargs, details) => inbox.put({ args, kwargs, details });
  const subscription = await session.subscribe(topic, put, options);
  return { inbox, subscription };
}

/** The promise must be refused with this URI; gives the error. */
export async function refused(promise, uri) {
  let result;
  try {
    result = await promise;
  } catch (error) {
    deepStrictEqual(error.error ?? error, uri, error.args?.[0]);
    return error;
  }
  throw new Error(`expected ${uri}, got ${JSON.stringify(result)}`);
}

/** `wamp.error.invalid_argument` whose text contains all of `parts`. */
export async function invalidArgument(promise, ...parts) {
  const { args } = await refused(promise, "wamp.error.invalid_argument");
  for (const part of parts) ok(args[0].includes(part), `${JSON.stringify(args)} does not tell ${part}`);
}
