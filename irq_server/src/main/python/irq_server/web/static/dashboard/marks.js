// Events: which the map marks, and what they say. Fetched once for each stretch.

import { duration } from "./times.js";

const COLOURS = {
  affinity: "accent", cpu_online: "good", cpu_offline: "bad", boot: "bad", gap: "warn", clock: "warn", reset: "warn",
};

const WORDS = {
  cpu_online: "CPU came online", cpu_offline: "CPU went offline", boot: "machine booted", gap: "no samples",
  clock: "clock was set", reset: "counters started again",
};

const LATE_SECONDS = 30;

export class Marks {
  #from = Infinity;
  #to = -Infinity;

  // `changed()` hears of new marks.
  constructor(api, changed) {
    this.api = api;
    this.changed = changed;
    this.all = []; // rising: {time, colour, text, irq, from, to}
  }

  // Fetch what the stretch has and was not fetched yet. The last moments are fetched again, as the
  // server may notice an event after a sample of a later time.
  async need(start, end) {
    if (this.isFetching) return;
    this.isFetching = true;
    try {
      if (start > this.#to || end < this.#from) [this.#from, this.#to, this.all] = [start, start, []];
      if (start < this.#from) {
        await this.#fetch(start, this.#from);
        this.#from = start;
      }
      if (end > this.#to) {
        await this.#fetch(Math.max(this.#to - LATE_SECONDS, start), end);
        this.#to = end;
      }
    } finally {
      this.isFetching = false;
    }
  }

  async #fetch(start, end) {
    this.#take((await this.api.get("/events", { start, end })).events);
  }

  #take(events) {
    const known = new Set(this.all.map((each) => each.key));
    const fresh = events.filter((each) => each.event in COLOURS).map(markOf).filter((each) => !known.has(each.key));
    if (!fresh.length) return;
    this.all = [...this.all, ...fresh].sort((a, b) => a.time - b.time);
    this.changed();
  }

  in(view) {
    return this.all.filter(({ time }) => time > view.start && time <= view.end);
  }
}

function markOf(event) {
  const time = Date.parse(event.time) / 1000;
  const key = [time, event.event, event.irq, event.cpu, event.detail].join();
  const mark = { time, key, kind: event.event, irq: event.irq, colour: COLOURS[event.event], by: event.by ?? "" };
  if (event.event === "affinity") {
    const [from, to] = event.detail.split(" -> ");
    const author = mark.by ? `, by ${mark.by}` : "";
    return { ...mark, from, to, text: `IRQ ${event.irq} moved from CPU ${from} to ${to}${author}` };
  }
  if (event.event === "gap") {
    const [, began] = /^since (\S+?Z)/.exec(event.detail) ?? [];
    return { ...mark, text: began ? `no samples for ${duration(time - Date.parse(began) / 1000)}` : WORDS.gap };
  }
  const cpu = event.cpu === null ? "" : ` ${event.cpu}`;
  const text = WORDS[event.event].replace("CPU", `CPU${cpu}`);
  return { ...mark, text: `${text}${event.detail ? ` (${event.detail})` : ""}` };
}
