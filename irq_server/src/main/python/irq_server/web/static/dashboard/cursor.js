// The cell under the pointer or the keys: what it says, and which IRQs fired most in it.

import { make, setText } from "./dom.js";
import { short } from "./scale.js";
import { filtersOf } from "./tiles.js";
import { stretch } from "./times.js";

const REST_MILLISECONDS = 120;
const MOST_KEPT = 500;

export class Cursor {
  #answers = new Map();
  #timer = 0;
  #abort = null;
  cell = null; // {row, cpu, start, end, rate}; rate is null where nothing is known

  // `tip` is shown beside the pointer, `spoken` is for screen readers.
  constructor(tip, spoken, api) {
    this.tip = tip;
    this.spoken = spoken;
    this.api = api;
  }

  // Show a cell at a place of the map; the top three follow when the pointer rests.
  show(cell, place, source, now) {
    const isSame = this.cell && cell.cpu === this.cell.cpu && cell.start === this.cell.start;
    this.cell = cell;
    if (isSame) return this.#place(place);
    this.#stop();
    const head = `CPU ${cell.cpu}, ${stretch(cell.start, cell.end, now)}`;
    const value = cell.rate === null ? "no samples" : `${short(cell.rate)} interrupts a second`;
    this.#fill(head, [value], place);
    setText(this.spoken, `${head}: ${value}`);
    if (cell.rate) this.#timer = setTimeout(() => this.#loadTop(head, value, cell, place, source), REST_MILLISECONDS);
    return undefined;
  }

  // Show a text beside the pointer, such as that of a mark.
  showText(text, place) {
    this.#stop();
    this.cell = null;
    this.#fill(text, [], place);
  }

  hide() {
    this.#stop();
    this.cell = null;
    this.tip.hidden = true;
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
  }

  async #loadTop(head, value, cell, place, source) {
    const filters = { start: cell.start, end: cell.end, top: 3, nonzero: true, ...filtersOf(source) };
    const key = JSON.stringify([cell.cpu, filters]);
    try {
      if (!this.#answers.has(key)) {
        this.#abort = new AbortController();
        const answer = await this.api.get(`/cpus/${cell.cpu}`, filters, this.#abort.signal);
        if (this.#answers.size > MOST_KEPT) this.#answers.clear();
        this.#answers.set(key, answer.irqs);
      }
    } catch {
      return; // the state beside the verdict says why, or the pointer moved on
    }
    const top = this.#answers.get(key).map((irq) => `${short(irq.rate)}/s ${irq.irq} ${irq.device}`.trim());
    if (this.cell !== cell && !(this.cell?.cpu === cell.cpu && this.cell?.start === cell.start)) return;
    this.#fill(head, [value, ...top], place);
    setText(this.spoken, `${head}: ${value}. ${top.join(", ")}`);
  }

  #fill(head, lines, place) {
    this.tip.replaceChildren(make("b", {}, head), ...lines.map((line) => make("p", {}, line)));
    this.tip.hidden = false;
    this.#place(place);
  }

  #place({ x, y }) {
    const { offsetWidth: width, offsetHeight: height, parentNode: map } = this.tip;
    const isLow = y + 18 + height > map.clientHeight;
    this.tip.style.left = `${Math.max(0, Math.min(x + 14, map.clientWidth - width))}px`;
    this.tip.style.top = `${isLow ? Math.max(-30, y - height - 12) : y + 18}px`;
  }
}
