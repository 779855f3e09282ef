// The client libraries for JavaScript that are in use, each behind the same few functions and as its documentation has it.
//
// A library's `open(url, realm, joined)` connects. It calls `joined(client)` when a session is open, and again after each
// reconnection: what a page does there is done there. It returns a function that closes. A client has
//   call(procedure, payload)   -> the first positional result; the payload is a list of arguments or a dict of keywords
//   publish(topic, args)       -> resolves when the event is published, acknowledged where the library can ask for that
//   subscribe(topic, event)    -> resolves when subscribed; calls event(args) for each event
//   resubscribes               -> whether the library renews its subscriptions itself after a reconnection
// A call that fails is rejected with an object in which `uri` says why.

import { createRequire } from "node:module";
import WebSocket from "ws";

// autobahn-js listens to no error event, which browsers do not demand; ws would end the process.
globalThis.WebSocket = class extends WebSocket {
  constructor(...parameters) {
    super(...parameters);
    this.on("error", () => {});
  }
};
// They tell of each connection that ends, and the checks tell what matters.
console.warn = () => {};
console.error = () => {};

const current = createRequire(import.meta.url);
const older = createRequire(new URL("../older/", import.meta.url));
const isList = Array.isArray;

/** Each library has a place of its own for the URI of an error. */
const refuse = (error) => Promise.reject({ uri: error.errorUri ?? error.error ?? String(error) });

function autobahn(load) {
  return function open(url, realm, joined) {
    const { Connection } = load();
    const connection = new Connection({ url, realm, max_retries: -1, initial_retry_delay: 0.1, max_retry_delay: 0.5 });
    connection.onopen = (session) => {
      const call = async (procedure, payload) => {
        const called = isList(payload) ? session.call(procedure, payload) : session.call(procedure, [], payload);
        const result = await called.catch(refuse);
        return result?.args ? result.args[0] : result;
      };
      joined({
        call,
        publish: (topic, args) => session.publish(topic, args, {}, { acknowledge: true }),
        subscribe: (topic, event) => session.subscribe(topic, (args) => event(args)),
        resubscribes: false,
      });
    };
    connection.onclose = () => false;
    connection.open();
    return () => connection.close();
  };
}

const WAMPY = { ws: globalThis.WebSocket, autoReconnect: true, reconnectInterval: 300, maxRetries: 100 };

/** With callbacks, which version 5 gives the list of arguments, and version 6 an object that has it. */
function earlyWampy(load) {
  const list = (result) => (isList(result) ? result : result?.argsList);
  const promised = (start) =>
    new Promise((onSuccess, onError) => start({ onSuccess, onError })).catch(refuse);
  return function open(url, realm, joined) {
    const client = {
      call: async (procedure, payload) => list(await promised((callbacks) => wampy.call(procedure, payload, callbacks)))?.[0],
      publish: (topic, args) => promised((callbacks) => wampy.publish(topic, args, callbacks)),
      subscribe: (topic, event) =>
        promised((callbacks) => wampy.subscribe(topic, { ...callbacks, onEvent: (received) => event(list(received)) })),
      resubscribes: true,
    };
    const onConnect = () => joined(client);
    const Wampy = load();
    const wampy = new Wampy(url, { ...WAMPY, realm, onConnect, onReconnectSuccess: onConnect });
    return () => wampy.disconnect();
  };
}

function wampy(load) {
  return function open(url, realm, joined) {
    const { Wampy } = load();
    const client = {
      call: async (procedure, payload) => {
        const { argsList } = await wampy.call(procedure, payload).catch(refuse);
        return argsList?.[0];
      },
      publish: (topic, args) => wampy.publish(topic, args),
      subscribe: (topic, event) => wampy.subscribe(topic, ({ argsList }) => event(argsList)),
      resubscribes: true,
    };
    const wampy = new Wampy(url, { ...WAMPY, realm, onReconnectSuccess: () => joined(client) });
    wampy.connect().then(() => joined(client));
    return () => wampy.disconnect();
  };
}

function thruway(load) {
  return function open(url, realm, joined) {
    const { Client } = load();
    const wamp = new Client(url, realm, { retryOptions: { initialRetryDelay: 100, maxRetryDelay: 500 } });
    const first = (observable) => new Promise((resolve, reject) => observable.take(1).subscribe(resolve, reject)).catch(refuse);
    const client = {
      call: async (procedure, payload) => {
        const { args } = await first(isList(payload) ? wamp.call(procedure, payload) : wamp.call(procedure, [], payload));
        return args?.[0];
      },
      publish: async (topic, args) => void wamp.publish(topic, args[0], { acknowledge: true }),
      subscribe: async (topic, event) => void wamp.topic(topic).subscribe(({ args }) => event(args)),
      resubscribes: true,
    };
    wamp.onOpen.subscribe(() => joined(client));
    return () => wamp.close();
  };
}

/** It does not reconnect by itself: an application opens another connection. */
function kraftfahrstrasse(load) {
  return function open(url, realm, joined) {
    const { AnonymousAuthProvider, Connection, JSONSerializer, NodeWebSocketTransport } = load();
    let connection;
    let isClosed = false;
    const client = {
      call: async (procedure, payload) => {
        const [result] = isList(payload) ? connection.Call(procedure, payload) : connection.Call(procedure, [], payload);
        const { args } = await result.catch(refuse);
        return args?.[0];
      },
      publish: async (topic, args) => (await connection.Publish(topic, args, {}, { acknowledge: true })).OnPublished(),
      subscribe: (topic, event) => connection.Subscribe(topic, (args) => event(args)),
      resubscribes: false,
    };
    async function connect() {
      if (isClosed) return;
      connection = new Connection({
        endpoint: url,
        realm,
        serializer: new JSONSerializer(),
        transport: NodeWebSocketTransport,
        authProvider: new AnonymousAuthProvider(),
        logFunction: () => {},
      });
      const again = () => setTimeout(connect, 200);
      try {
        await connection.Open();
      } catch {
        return again();
      }
      connection.OnClose().then(again, again);
      joined(client);
    }
    connect();
    return () => {
      isClosed = true;
      connection.Close();
    };
  };
}

export const libraries = {
  "autobahn-js 0.12": autobahn(() => older("autobahn-0.12")),
  "autobahn-js 17": autobahn(() => older("autobahn-17")),
  "autobahn-js 20": autobahn(() => older("autobahn-20")),
  "autobahn-js 22": autobahn(() => older("autobahn-22")),
  "autobahn-js 26": autobahn(() => current("autobahn")),
  "wampy 5": earlyWampy(() => older("wampy-5").Wampy ?? older("wampy-5")),
  "wampy 6": earlyWampy(() => older("wampy-6").Wampy ?? older("wampy-6")),
  "wampy 8": wampy(() => current("wampy")),
  "thruway.js": thruway(() => older("thruway.js")),
  kraftfahrstrasse: kraftfahrstrasse(() => older("@verkehrsministerium/kraftfahrstrasse")),
};
