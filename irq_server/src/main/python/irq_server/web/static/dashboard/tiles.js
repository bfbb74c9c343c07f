// The tiles that a view needs: fetched once, the newest first, one at a time; the newest one grows.

import { TILE, addPoints, emptyTile, lacks } from "./cells.js";

const MOST_KEPT = 240;

// The device filter that leaves out each CPU's own interrupts: these rows have no device.
export const DEVICES_ONLY = "?*";

export class Tiles {
  #kept = new Map(); // least recently used first
  #wanted = null;
  #isFetching = false;

  // `arrived(tile)` hears of each answer, `failed(error)` of a request that was in vain.
  constructor(api, arrived, failed) {
    this.api = api;
    this.arrived = arrived;
    this.failed = failed;
  }

  // Return the tiles of a view that are there, and fetch the others. `source` is {step, irq, what};
  // `oldest` and `last` are the store's first and newest sample.
  need(source, view, oldest, last) {
    this.#wanted = { source, view, oldest, last };
    this.#fetchAll();
    return this.#numbers().map((k) => this.#use(k)).filter((tile) => tile.version > 0);
  }

  // Return whether all tiles of the last view are there.
  get isComplete() {
    return this.#wanted !== null && this.#next() === undefined;
  }

  #numbers() {
    const { source, view, oldest, last } = this.#wanted;
    const span = source.step * TILE;
    const first = Math.floor(Math.max(view.start, oldest) / span);
    const newest = Math.floor((Math.min(view.end, last) - 1e-6) / span);
    return Array.from({ length: Math.max(newest - first + 1, 0) }, (_, i) => newest - i);
  }

  #use(k) {
    const { step, irq, what } = this.#wanted.source;
    const key = `${step} ${what} ${k} ${irq}`;
    const tile = this.#kept.get(key) ?? emptyTile(step, k);
    this.#kept.delete(key);
    this.#kept.set(key, tile);
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value);
    return tile;
  }

  #next() {
    return this.#numbers().map((k) => this.#use(k)).find((tile) => lacks(tile, this.#wanted.last));
  }

  async #fetchAll() {
    if (this.#isFetching) return;
    this.#isFetching = true;
    try {
      for (let tile; (tile = this.#next()) !== undefined; ) await this.#fetch(tile);
    } catch (error) {
      this.failed(error);
    } finally {
      this.#isFetching = false;
    }
  }

  async #fetch(tile) {
    const { source, last } = this.#wanted;
    const end = Math.min(tile.end, last);
    const parameters = { start: tile.until, end, step: source.step, by: "cpu", ...filtersOf(source) };
    addPoints(tile, (await this.api.get("/series", parameters)).points, end);
    this.arrived(tile, source);
  }
}

// Return the request's filters of what is shown.
export function filtersOf({ irq, what }) {
  if (irq) return { irq };
  return what === "devices" ? { device: DEVICES_ONLY } : {};
}
