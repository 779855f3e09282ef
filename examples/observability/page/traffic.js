// Clients in this page, so that there is something to plot.

import { Wamp } from "./wamp.js";

const ITEMS = ["apple", "bread", "cheese", "tea"];
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A customer: asks for prices, orders, hears of all orders, and wants a report now and then. */
class Customer {
  #wamp; #gone = false;

  constructor(url) {
    this.#wamp = new Wamp(url, "shop");
    this.#wamp.subscribe("shop.orders", { event: () => {} });
    this.#live();
  }

  leave() {
    this.#gone = true;
    this.#wamp.leave();
  }

  async #live() {
    while (!this.#gone) {
      const dice = Math.random();
      const call = dice < 0.7 ? ["shop.price", [pick(ITEMS)]] : dice < 0.95 ? ["shop.order", [pick(ITEMS)]] : ["shop.report"];
      // An ERROR is what the plots are about, and a lost connection comes back.
      await this.#wamp.call(...call).catch(() => {});
      await pause(100 + 200 * Math.random());
    }
  }
}

export class Traffic {
  #url; #customers = [];

  constructor(url) {
    this.#url = url;
  }

  get size() {
    return this.#customers.length;
  }

  add(count) {
    for (let added = 0; added < count; added += 1) this.#customers.push(new Customer(this.#url));
  }

  clear() {
    for (const customer of this.#customers.splice(0)) customer.leave();
  }

  /** Joins, and sends what is no WAMP: the server ends the session. */
  violate() {
    const socket = new WebSocket(this.#url, "wamp.2.json");
    socket.onopen = () => socket.send(JSON.stringify([1, "shop", { roles: { caller: {} } }]));
    socket.onmessage = () => {
      socket.onmessage = null;
      socket.send("[1000]");
    };
  }
}
