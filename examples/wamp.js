// A WAMP client: calls and subscriptions over one WebSocket that comes back when it breaks.

const HELLO = 1, WELCOME = 2, ABORT = 3, GOODBYE = 6, ERROR = 8, SUBSCRIBE = 32, SUBSCRIBED = 33,
  UNSUBSCRIBE = 34, UNSUBSCRIBED = 35, EVENT = 36, CALL = 48, CANCEL = 49, RESULT = 50;

/** The ERROR that answered a request, or `client.error.disconnected` without an answer. */
export class WampError extends Error {
  constructor(uri, args = [], kwargs = {}) {
    super(args[0] ?? uri);
    Object.assign(this, { name: "WampError", uri, args, kwargs });
  }
}

/** What a RESULT carries. */
const values = ([, , , args = [], kwargs = {}]) => ({ args, kwargs });

export class Wamp {
  #socket; #open = false; #lastRequest; #attempt = 0; #reason; #timer;
  #requests = new Map(); // request id → { resolve, reject, onProgress }
  #subscriptions = new Set(); // all that the page wants, subscribed or not
  #turn = Promise.resolve(); // SUBSCRIBE and UNSUBSCRIBE go one after the other

  /** `onState("connecting" | "open" | "closed", reason, secondsUntilNextAttempt)`; once open, `details` is what WELCOME told. */
  constructor(url, realm, onState = () => {}) {
    Object.assign(this, { url, realm, onState });
    this.#connect();
  }

  /**
   * Resolves with `{ args, kwargs }` of the RESULT, rejects with a `WampError`. `onProgress({ args, kwargs })` takes the
   * progressive results before it; aborting `signal` cancels the call, which then rejects with `wamp.error.canceled`.
   */
  async call(procedure, args = [], kwargs = {}, { onProgress, signal } = {}) {
    const options = onProgress ? { receive_progress: true } : {};
    const { request, answer } = this.#start([CALL, options, procedure, args, kwargs], onProgress);
    const cancel = () => this.#socket.send(JSON.stringify([CANCEL, request, {}]));
    signal?.addEventListener("abort", cancel);
    return values(await answer.finally(() => signal?.removeEventListener("abort", cancel)));
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

  /** Leaves, and joins again at once: as somebody else, where the cookies are other ones now. */
  rejoin() {
    this.leave();
    this.#connect();
  }

  /** Leaves for good. */
  leave() {
    clearTimeout(this.#timer);
    const isOpen = this.#open && this.#socket.readyState === WebSocket.OPEN;
    if (isOpen) this.#socket.send(JSON.stringify([GOODBYE, {}, "wamp.close.close_realm"]));
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#forget();
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

  #request(...message) {
    return this.#start(message).answer;
  }

  #start([code, ...rest], onProgress) {
    if (!this.#open) return { answer: Promise.reject(new WampError("client.error.disconnected", ["not connected"])) };
    const request = ++this.#lastRequest;
    this.#socket.send(JSON.stringify([code, request, ...rest]));
    return { request, answer: new Promise((resolve, reject) => this.#requests.set(request, { resolve, reject, onProgress })) };
  }

  #connect() {
    this.onState("connecting");
    const socket = (this.#socket = new WebSocket(this.url, "wamp.2.json"));
    const roles = { caller: { features: { call_canceling: true, progressive_call_results: true } }, subscriber: {} };
    socket.onopen = () => socket.send(JSON.stringify([HELLO, this.realm, { roles }]));
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => this.#closed();
  }

  #receive(message) {
    const [code, first, second] = message;
    switch (code) {
      case WELCOME: return this.#welcome(second);
      case RESULT:
        if (second.progress) return this.#requests.get(first)?.onProgress(values(message));
      // falls through: the last result answers the call
      case SUBSCRIBED: case UNSUBSCRIBED: return this.#take(first)?.resolve(message);
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

  #welcome(details) {
    this.details = details;
    this.#open = true; this.#lastRequest = 0; this.#attempt = 0; this.#reason = undefined;
    this.onState("open");
    for (const subscription of this.#subscriptions) this.#subscribe(subscription);
  }

  /** Nothing of the session is left. */
  #forget() {
    this.#open = false;
    for (const subscription of this.#subscriptions) subscription.id = null;
    const lost = new WampError("client.error.disconnected", ["the connection was lost"]);
    for (const { reject } of this.#requests.values()) reject(lost);
    this.#requests.clear();
  }

  #closed() {
    this.#forget();
    const seconds = Math.min(30, 2 ** this.#attempt++) * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.#connect(), seconds * 1000);
    this.onState("closed", this.#reason, seconds);
  }
}
