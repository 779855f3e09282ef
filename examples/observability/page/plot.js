// A plot of lines over the last two minutes, with its legend.

const SVG = "http://www.w3.org/2000/svg";
const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [170, 52, 8, 10, 22];

export class Plot {
  #figure; #svg; #legend; #drawn = { times: [], series: [] }; #pointed = null;

  /** Fills a `<figure>`. `format` writes a value; `span` is how many milliseconds are shown. */
  constructor(figure, format, span) {
    Object.assign(this, { format, span });
    this.#figure = figure;
    this.#svg = make("svg", { role: "img", height: HEIGHT, "aria-label": figure.querySelector("figcaption").textContent });
    this.#legend = document.createElement("ul");
    figure.append(this.#svg, this.#legend);
    new ResizeObserver(() => this.#paint()).observe(figure);
    this.#svg.addEventListener("pointermove", (event) => this.#point(event.offsetX));
    this.#svg.addEventListener("pointerleave", () => this.#point(null));
  }

  /** `series`: `[{ name, colour, values }]`, a value for each time, or null for a gap. */
  draw(times, series) {
    this.#drawn = { times, series };
    this.#paint();
  }

  get #width() {
    return Math.max(200, this.#figure.clientWidth - 2 * parseFloat(getComputedStyle(this.#figure).paddingLeft));
  }

  #x(time) {
    const now = this.#drawn.times.at(-1);
    return this.#width - RIGHT - ((now - time) / this.span) * (this.#width - LEFT - RIGHT);
  }

  #point(x) {
    const { times } = this.#drawn;
    const distance = (index) => Math.abs(this.#x(times[index]) - x);
    this.#pointed = x === null || !times.length ? null
      : times.reduce((best, _, index) => (distance(index) < distance(best) ? index : best), 0);
    this.#paint();
  }

  #paint() {
    const { times, series } = this.#drawn;
    const top = ceiling(Math.max(0, ...series.flatMap(({ values }) => values)));
    const y = (value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
    const width = this.#width;
    this.#svg.setAttribute("width", width);
    this.#svg.replaceChildren(...[0, top / 2, top].flatMap((value) => [
      make("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), class: "grid" }),
      text(this.format(value), { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }),
    ]));
    this.#svg.append(
      text(`${Math.round(this.span / 60_000)} min ago`, { x: LEFT, y: HEIGHT - 5 }),
      text("now", { x: width - RIGHT, y: HEIGHT - 5, "text-anchor": "end" }),
    );
    for (const { colour, values } of series) {
      const points = values.map((value, index) => value !== null && [this.#x(times[index]), y(value)]);
      this.#svg.append(make("path", { d: line(points), stroke: colour, class: "line" }));
    }
    const at = this.#pointed ?? times.length - 1;
    if (this.#pointed !== null) {
      const x = this.#x(times[at]);
      this.#svg.append(make("line", { x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM, class: "pointed" }));
    }
    this.#legend.replaceChildren(...series.map(({ name, colour, values }) => entry(name, colour, this.#written(values[at]))));
  }

  #written(value) {
    return value === null || value === undefined ? "–" : this.format(value);
  }
}

function line(points) {
  let path = "";
  points.forEach((point, index) => {
    if (!point) return;
    const [x, y] = point.map((number) => number.toFixed(1));
    path += points[index - 1] ? `L${x} ${y}` : `M${x} ${y}h.01`;
  });
  return path;
}

/** The lowest of 1, 2, 5, 10, 20, … that is not lower. */
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((factor) => factor * power >= value) * power;
}

function entry(name, colour, value) {
  const item = document.createElement("li");
  const [swatch, label, number] = ["i", "span", "output"].map((tag) => document.createElement(tag));
  swatch.style.background = colour;
  [label.textContent, number.textContent] = [name, value];
  item.append(swatch, label, number);
  return item;
}

function make(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function text(content, attributes) {
  const element = make("text", attributes);
  element.textContent = content;
  return element;
}
