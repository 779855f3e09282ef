// The text of `/metrics`, and what changed between two of them.

/** The series of a text in Prometheus' format: `[{ name, labels, value }]`. */
export function parse(text) {
  const series = [];
  for (const line of text.split("\n")) {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!found) continue; // a comment, or the empty line at the end
    const [, name, inner = "", value] = found;
    const labels = {};
    for (const [, key, quoted] of inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) labels[key] = JSON.parse(`"${quoted}"`);
    series.push({ name, labels, value: Number(value.replace("Inf", "Infinity")) });
  }
  return series;
}

/** One answer of the server, by the names of its metrics. */
export class Sample {
  #byName = new Map();

  constructor(text, at) {
    this.at = at; // milliseconds
    for (const one of parse(text)) {
      if (!this.#byName.has(one.name)) this.#byName.set(one.name, []);
      this.#byName.get(one.name).push(one);
    }
  }

  /** The sum of all series of this name whose labels satisfy. */
  sum(name, satisfied = () => true) {
    return this.#of(name).reduce((sum, { labels, value }) => (satisfied(labels) ? sum + value : sum), 0);
  }

  /** The values of a label, sorted. */
  values(name, label) {
    return [...new Set(this.#of(name).map(({ labels }) => labels[label]))].sort();
  }

  /** The counts up to each bound of a histogram: `Map { bound → count }`, in ascending order. */
  buckets(name, satisfied = () => true) {
    const counts = new Map();
    for (const { labels, value } of this.#of(`${name}_bucket`)) {
      const bound = Number(labels.le.replace("+Inf", "Infinity"));
      if (satisfied(labels)) counts.set(bound, (counts.get(bound) ?? 0) + value);
    }
    return new Map([...counts].sort(([a], [b]) => a - b));
  }

  #of(name) {
    return this.#byName.get(name) ?? [];
  }
}

/** How much a sum grew each second between two samples. */
export function rate(before, after, name, satisfied) {
  const seconds = (after.at - before.at) / 1000;
  return Math.max(0, after.sum(name, satisfied) - before.sum(name, satisfied)) / seconds;
}

/** The time within which this share of what came between two samples was done, or null if nothing came. */
export function quantile(share, before, after, name, satisfied) {
  const earlier = before.buckets(name, satisfied);
  const counts = [...after.buckets(name, satisfied)].map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)]);
  const all = counts.at(-1)?.[1] ?? 0;
  if (all <= 0) return null;
  const wanted = share * all;
  let [low, below] = [0, 0];
  for (const [bound, count] of counts) {
    if (count >= wanted) {
      if (bound === Infinity) return low; // slower than the last bound
      return low + ((bound - low) * (wanted - below)) / (count - below);
    }
    [low, below] = [bound, count];
  }
  return low;
}
