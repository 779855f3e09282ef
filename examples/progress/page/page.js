// The page: one job of its own, and how many are at work on the server.

import { Wamp } from "./wamp.js";

const [form, limit, start, cancel, job, bar, percent, primes, numbers, timeLabel, time, message, running, status] =
  ["form", "limit", "start", "cancel", "job", "progress", "percent", "primes", "numbers", "time-label", "time", "message",
    "running", "status"].map((id) => document.getElementById(id));

let isOpen = false;
let cancelling = null; // the AbortController of the job at work

const url = new URL("ws", location.href);
url.protocol = url.protocol.replace("http", "ws");
const wamp = new Wamp(url, "primes", (state, reason, seconds) => {
  isOpen = state === "open";
  status.dataset.state = state;
  status.textContent = {
    connecting: "Connecting…",
    open: "Connected",
    closed: `Not connected${reason ? ` (${reason})` : ""}, next attempt in ${Math.ceil(seconds)} s`,
  }[state];
  if (!isOpen) running.textContent = "";
  showButtons();
});

// Of all pages, also of those that were closed: their jobs are gone.
wamp.subscribe("primes.running", {
  event: ({ args: [count] }) => {
    running.textContent = count === 0 ? "No job at work on the server" : count === 1 ? "1 job at work on the server" : `${count} jobs at work on the server`;
  },
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const watch = new Watch(Number(limit.value));
  cancelling = new AbortController();
  show("running", "Counting…");
  showButtons();
  try {
    const { args: [counted] } = await wamp.call("primes.count", [watch.limit], {}, {
      onProgress: ({ args: [counted] }) => watch.show(counted),
      signal: cancelling.signal,
    });
    watch.show(counted);
    watch.stop();
    show("done", `There are ${format(counted.primes)} primes below ${format(watch.limit)}.`);
  } catch (error) {
    watch.stop();
    if (error.uri === "wamp.error.canceled") show("cancelled", "Cancelled. The server has stopped counting.");
    else show("failed", error.uri === "client.error.disconnected" ? "The connection was lost, and the job with it." : error.message);
  }
  cancelling = null;
  showButtons();
});

cancel.addEventListener("click", () => {
  cancelling.abort();
  showButtons();
});

/** The progress of one job, and its time. */
class Watch {
  #begun = performance.now();

  constructor(limit) {
    this.limit = limit;
    timeLabel.textContent = "Time left";
    this.show({ numbers: 0, primes: 0 });
  }

  show(counted) {
    const done = counted.numbers / this.limit;
    bar.value = done;
    percent.textContent = `${Math.floor(done * 100)} %`;
    primes.textContent = format(counted.primes);
    numbers.textContent = format(counted.numbers);
    time.textContent = done ? seconds((this.#elapsed() * (1 - done)) / done) : "–";
  }

  stop() {
    timeLabel.textContent = "Time taken";
    time.textContent = seconds(this.#elapsed());
  }

  #elapsed() {
    return (performance.now() - this.#begun) / 1000;
  }
}

const format = (number) => number.toLocaleString("en");
const seconds = (number) =>
  number < 60 ? `${number.toFixed(1)} s` : `${Math.floor(number / 60)} min ${Math.floor(number % 60)} s`;

function show(state, what) {
  job.dataset.state = state;
  message.textContent = what;
}

function showButtons() {
  start.disabled = !isOpen || Boolean(cancelling);
  limit.disabled = Boolean(cancelling);
  cancel.disabled = !cancelling || cancelling.signal.aborted;
}
