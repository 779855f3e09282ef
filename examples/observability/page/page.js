// The page: asks for the metrics once a second, and shows how they move.

import { Plot } from "./plot.js";
import { Sample, quantile, rate } from "./samples.js";
import { Traffic } from "./traffic.js";

const [SPAN, PERIOD, WINDOW] = [120_000, 1000, 10]; // quantiles are of the calls of the last WINDOW samples
const COLOURS = [1, 2, 3, 4, 5, 6].map((number) => `var(--series-${number})`);
const CUT_OFF = ["killed", "overflow", "ping", "stall", "violation"]; // reasons of the server's own
const DURATION = "wamp_call_duration_seconds";

const at = (id) => document.getElementById(id);
const count = (value) => (value >= 10 || Number.isInteger(value) ? Math.round(value).toLocaleString("en") : value.toFixed(1));
const time = (seconds) => (seconds === null ? "–" : seconds >= 1 ? `${seconds.toFixed(1)} s` : `${+(seconds * 1000).toPrecision(2)} ms`);
const mebibytes = (value) => (value === null ? "–" : `${+value.toPrecision(3)} MiB`);

const plots = {
  sessions: new Plot(at("plot-sessions"), count, SPAN),
  calls: new Plot(at("plot-calls"), count, SPAN),
  latency: new Plot(at("plot-latency"), time, SPAN),
  cutoffs: new Plot(at("plot-cutoffs"), count, SPAN),
  memory: new Plot(at("plot-memory"), mebibytes, SPAN),
};
const kept = []; // of the last SPAN: { sample, memory }
let traffic = null;
let first = null;

async function ask() {
  const [metrics, about] = await Promise.all(["metrics", "about"].map(async (path) => {
    const answer = await fetch(path, { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return path === "metrics" ? answer.text() : answer.json();
  }));
  const memory = about.resident_bytes === null ? null : about.resident_bytes / 1_048_576;
  return { sample: new Sample(metrics, performance.now()), memory, url: about.url };
}

async function poll() {
  try {
    const { sample, memory, url } = await ask();
    first ??= sample;
    traffic ??= new Traffic(url);
    kept.push({ sample, memory });
    while (sample.at - kept[0].sample.at > SPAN) kept.shift();
    show();
    state("open", "Live");
  } catch (error) {
    state("closed", `No answer (${error.message})`);
  }
  showButtons();
  setTimeout(poll, PERIOD);
}

/** A value for each kept sample but the first, made of it and the one before. */
const steps = (make) => kept.slice(1).map(({ sample }, index) => make(kept[index].sample, sample));
const quantiles = (share) =>
  kept.slice(1).map(({ sample }, index) => quantile(share, kept[Math.max(0, index + 1 - WINDOW)].sample, sample, DURATION));

function show() {
  const { sample, memory } = kept.at(-1);
  const procedures = sample.values("wamp_calls_total", "procedure");
  const series = (names, values) => names.map((name, index) => ({ name, colour: COLOURS[index % COLOURS.length], values: values(name) }));
  const times = kept.slice(1).map((one) => one.sample.at);
  const cutOffs = (reason) => ({ sample }) => sum(sample, reason) - sum(first, reason);

  const calls = series(procedures, (name) => steps((before, after) => rate(before, after, "wamp_calls_total", of(name))));
  const latency = [["p50", 0.5], ["p99", 0.99]].map(([name, share], index) => ({ name, colour: COLOURS[index], values: quantiles(share) }));
  plots.sessions.draw(times, series(["open"], () => kept.slice(1).map((one) => one.sample.sum("wamp_sessions"))));
  plots.calls.draw(times, calls);
  plots.latency.draw(times, latency);
  plots.cutoffs.draw(times, series(CUT_OFF, (reason) => kept.slice(1).map(cutOffs(reason))));
  plots.memory.draw(times, series(["resident"], () => kept.slice(1).map((one) => one.memory)));

  at("sessions").textContent = count(sample.sum("wamp_sessions"));
  at("calls").textContent = count(calls.reduce((sum, { values }) => sum + (values.at(-1) ?? 0), 0));
  at("p99").textContent = time(latency[1].values.at(-1) ?? null);
  at("cutoffs").textContent = count(CUT_OFF.reduce((sum, reason) => sum + cutOffs(reason)({ sample }), 0));
  at("memory").textContent = mebibytes(memory);
  at("procedures").replaceChildren(...procedures.map((name) => row(name, sample)));
}

const of = (procedure) => (labels) => labels.procedure === procedure;
const sum = (sample, reason) => sample.sum("wamp_sessions_closed_total", (labels) => labels.reason === reason);

/** A row of the table: what a procedure did in the last WINDOW samples. */
function row(procedure, sample) {
  const before = kept.at(Math.max(0, kept.length - 1 - WINDOW)).sample;
  const isLater = before !== sample;
  const failed = (labels) => labels.procedure === procedure && labels.outcome !== "ok";
  const rates = [of(procedure), failed].map((which) => (isLater ? count(rate(before, sample, "wamp_calls_total", which)) : "–"));
  const times = [0.5, 0.99].map((share) => time(quantile(share, before, sample, DURATION, of(procedure))));
  const row = document.createElement("tr");
  for (const [index, content] of [procedure, ...rates, ...times].entries()) {
    const cell = document.createElement(index ? "td" : "th");
    cell.textContent = content;
    row.append(cell);
  }
  return row;
}

function state(state, text) {
  at("status").dataset.state = state;
  at("status").textContent = text;
}

function showButtons() {
  for (const id of ["add", "violate"]) at(id).disabled = !traffic;
  at("clear").disabled = !traffic?.size;
  at("clients").textContent = traffic?.size ? `${traffic.size} clients in this page` : "No client in this page";
}

const press = (id, act) => at(id).addEventListener("click", () => {
  act();
  showButtons();
});
press("add", () => traffic.add(5));
press("clear", () => traffic.clear());
press("violate", () => traffic.violate());
poll();
