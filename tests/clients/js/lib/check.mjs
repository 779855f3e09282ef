// Named checks: one line for each, and the exit code tells whether all were passed.

const DEADLINE_MS = 20_000;
let failures = 0;

export async function check(name, body) {
  try {
    await within(DEADLINE_MS, body());
    console.log(`ok ${name}`);
  } catch (error) {
    failures += 1;
    console.log(`FAIL ${name}: ${describe(error)}`);
  }
}

/** Ends the process: open connections do not hold it up. */
export function finish() {
  process.exit(failures ? 1 : 0);
}

export function within(ms, promise, what = "the check") {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks again until the answer satisfies; each question is a round trip to the server. */
export async function until(what, ask, satisfied) {
  const deadline = Date.now() + DEADLINE_MS / 2;
  for (;;) {
    const answer = await ask();
    if (satisfied(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: still ${JSON.stringify(answer)}`);
  }
}

/** What arrived and was not looked at yet. */
export class Inbox {
  #items = [];
  #waiting = [];

  put(item) {
    const take = this.#waiting.shift();
    if (take) take(item);
    else this.#items.push(item);
  }

  next() {
    const next = this.#items.length
      ? Promise.resolve(this.#items.shift())
      : new Promise((resolve) => this.#waiting.push(resolve));
    return within(DEADLINE_MS / 2, next, "an event");
  }

  async take(count) {
    const items = [];
    while (items.length < count) items.push(await this.next());
    return items;
  }
}

function describe(error) {
  const text = error instanceof Error ? error.message : JSON.stringify(error);
  return String(text).replaceAll("\n", " ").slice(0, 600);
}
