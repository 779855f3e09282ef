// A WAMP client: calls and subscriptions over one WebSocket that comes back when it breaks.

const HELLO = 1, WELCOME = 2, ABORT = 3, GOODBYE = 6, ERROR = 8, SUBSCRIBE = 32, SUBSCRIBED = 33,
  UNSUBSCRIBE = 34, UNSUBSCRIBED = 35, EVENT = 36, CALL = 48, RESULT = 50;

/** The ERROR that answered a request, or `client.error.disconnected` without an answer. */
export class WampError extends Error {
  constructor(uri, args = [], kwargs = {}) {
    super(args[0] ?? uri);
    Object.assign(this, { name: "WampError", uri, args, kwargs });
  }
}

export class Wamp {
  #socket; #open = false; #lastRequest; #attempt = 0; #reason;
  #requests = new Map(); // request id → { resolve, reject }
  #subscriptions = new Set(); // all that the page wants, subscribed or not
  #turn = Promise.resolve(); // SUBSCRIBE and UNSUBSCRIBE go one after the other

  /** `onState("connecting" | "open" | "closed", reason, secondsUntilNextAttempt)` */
  constructor(url, realm, onState = () => {}) {
    Object.assign(this, { url, realm, onState });
    this.#connect();
  }

  /** Resolves with `{ args, kwargs }` of the RESULT, rejects with a `WampError`. */
  async call(procedure, args = [], kwargs = {}) {
    const [, , , resultArgs = [], resultKwargs = {}] = await this.#request(CALL, {}, procedure, args, kwargs);
    return { args: resultArgs, kwargs: resultKwargs };
  }

  /**
   * Subscribes now and after each reconnection; one subscription for a topic. Returns what ends it.
   * `on`: `event({ args, kwargs, details })`, and, each time that it is decided, `subscribed()` or `refused(error)`.
   */
  subscribe(topic, on) {
    const subscription = { topic, on, id: null };
    this.#subscriptions.add(subscription);
    this.#subscribe(subscription);
    return () => {
      this.#subscriptions.delete(subscription);
      this.#inTurn(() => subscription.id && this.#request(UNSUBSCRIBE, subscription.id));
    };
  }

  #subscribe(subscription) {
    this.#inTurn(async () => {
      if (!this.#open || subscription.id || !this.#subscriptions.has(subscription)) return;
      try {
        [, , subscription.id] = await this.#request(SUBSCRIBE, {}, subscription.topic);
        subscription.on.subscribed?.();
      } catch (error) {
        if (this.#open && this.#subscriptions.has(subscription)) subscription.on.refused?.(error);
      }
    });
  }

  #inTurn(step) {
    this.#turn = this.#turn.then(step).catch(() => {});
  }

  #request(code, ...rest) {
    if (!this.#open) return Promise.reject(new WampError("client.error.disconnected", ["not connected"]));
    const request = ++this.#lastRequest;
    this.#socket.send(JSON.stringify([code, request, ...rest]));
    return new Promise((resolve, reject) => this.#requests.set(request, { resolve, reject }));
  }

  #connect() {
    this.onState("connecting");
    const socket = (this.#socket = new WebSocket(this.url, "wamp.2.json"));
    const roles = { caller: {}, subscriber: {} };
    socket.onopen = () => socket.send(JSON.stringify([HELLO, this.realm, { roles }]));
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => this.#closed();
  }

  #receive(message) {
    const [code, first, second] = message;
    switch (code) {
      case WELCOME: return this.#welcome();
      case SUBSCRIBED: case UNSUBSCRIBED: case RESULT: return this.#take(first)?.resolve(message);
      case ERROR: {
        const [, , request, , uri, args, kwargs] = message;
        return this.#take(request)?.reject(new WampError(uri, args, kwargs));
      }
      case EVENT: {
        const [, id, , details, args = [], kwargs = {}] = message;
        return [...this.#subscriptions].find((it) => it.id === id)?.on.event({ args, kwargs, details });
      }
      case GOODBYE: this.#socket.send(JSON.stringify([GOODBYE, {}, "wamp.close.goodbye_and_out"]));
      // falls through: the connection ends as after ABORT
      case ABORT:
        this.#reason = second;
        return this.#socket.close();
    }
  }

  #take(request) {
    const waiting = this.#requests.get(request);
    this.#requests.delete(request);
    return waiting;
  }

  #welcome() {
    this.#open = true; this.#lastRequest = 0; this.#attempt = 0; this.#reason = undefined;
    this.onState("open");
    for (const subscription of this.#subscriptions) this.#subscribe(subscription);
  }

  #closed() {
    this.#open = false;
    for (const subscription of this.#subscriptions) subscription.id = null;
    const lost = new WampError("client.error.disconnected", ["the connection was lost"]);
    for (const { reject } of this.#requests.values()) reject(lost);
    this.#requests.clear();
    const seconds = Math.min(30, 2 ** this.#attempt++) * (0.5 + Math.random() / 2);
    setTimeout(() => this.#connect(), seconds * 1000);
    this.onState("closed", this.#reason, seconds);
  }
}
