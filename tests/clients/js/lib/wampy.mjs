// wampy.js in node, as its documentation has it.

import { deepStrictEqual } from "node:assert";
import { Wampy } from "wampy";
import { CborSerializer } from "wampy/CborSerializer.js";
import { JsonSerializer } from "wampy/JsonSerializer.js";
import { MsgpackSerializer } from "wampy/MsgpackSerializer.js";
import WebSocket from "ws";

/** The serializer of this run, which the environment names. */
const Serializer = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer }[process.env.WAMP_SERIALIZER ?? "json"];

export async function join(url, options = {}) {
  const common = { realm: "realm1", ws: WebSocket, autoReconnect: false, serializer: new Serializer() };
  const client = new Wampy(url, { ...common, ...options });
  const welcome = await client.connect();
  return { client, welcome };
}

/** The promise must be refused with this URI; gives the error. */
export async function refused(promise, uri) {
  const error = await promise.then((result) => new Error(JSON.stringify(result)), (error) => error);
  deepStrictEqual(error.errorUri, uri, error.message);
  return error;
}
