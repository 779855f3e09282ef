// wampy.js in node, as its documentation has it.

import { deepStrictEqual } from "node:assert";
import { Wampy } from "wampy";
import WebSocket from "ws";

export async function join(url, options = {}) {
  const client = new Wampy(url, { realm: "realm1", ws: WebSocket, autoReconnect: false, ...options });
  const welcome = await client.connect();
  return { client, welcome };
}

/** The promise must be refused with this URI; gives the error. */
export async function refused(promise, uri) {
  const error = await promise.then((result) => new Error(JSON.stringify(result)), (error) => error);
  deepStrictEqual(error.errorUri, uri, error.message);
  return error;
}
