// Before and after a change: did it help?

import { byId, make, setText } from "./dom.js";
import { short } from "./scale.js";
import { duration, stretch } from "./times.js";
import { compare } from "./verdict.js";

const LONGEST = 900;
const LEAST_SAMPLES = 3;

export class Compare {
  #shown = "";

  constructor(api, wants) {
    this.api = api;
    this.wants = wants;
    byId("compare-close").addEventListener("click", () => wants.close());
    byId("compare-undo").addEventListener("click", () => wants.undo(this.mark));
  }

  // Show the change `mark`, null for none. The stretches compared are equally long, and end at the
  // changes beside this one. `model` is {marks, oldest, last, usable, now}.
  async show(mark, model) {
    this.mark = mark;
    byId("compare").hidden = !mark;
    if (!mark) {
      this.#shown = "";
      return;
    }
    const moves = model.marks.filter((each) => each.kind !== "gap" && each.time !== mark.time).map((each) => each.time);
    const earlier = Math.max(model.oldest, ...moves.filter((time) => time < mark.time));
    const later = Math.min(model.last, ...moves.filter((time) => time > mark.time));
    const before = Math.min(LONGEST, mark.time - earlier), after = Math.min(LONGEST, later - mark.time);
    const key = [mark.key, before, after].join();
    if (key === this.#shown) return;
    this.#shown = key;
    setText(byId("compare-title"), `Before and after: ${mark.text}`);
    byId("compare-undo").hidden = !(mark.kind === "affinity" && mark.from && this.wants.canUndo());
    if (before <= 0 || after <= 0) return this.#say("No samples yet on both sides of this change.");
    const [first, then] = await Promise.all([
      this.#irqs(mark.time - before, mark.time), this.#irqs(mark.time, mark.time + after),
    ]);
    if (key !== this.#shown) return;
    if (Math.min(first.window.samples, then.window.samples) < LEAST_SAMPLES) {
      this.#say(`Too early: ${duration(then.window.seconds)} of samples after the change.`);
      return;
    }
    this.#fill(compare(first, then, model.usable), first, then, mark, model.now);
  }

  #irqs(start, end) {
    return this.api.get("/irqs", { start: start.toFixed(3), end: end.toFixed(3), nonzero: true });
  }

  #say(text) {
    setText(byId("compare-text"), text);
    byId("compare-table").replaceChildren();
  }

  #fill(found, first, then, mark, now) {
    setText(byId("compare-text"), found.text);
    const head = ["", "Busiest CPU", "Its load", "Imbalance", ...(mark.irq ? [`IRQ ${mark.irq}`] : []), "Stretch"];
    const row = (name, { cpu, rate, imbalance }, { window, irqs }) => {
      const irq = irqs.find((each) => each.irq === mark.irq);
      const own = mark.irq ? [irq ? `${short(irq.total / (window.seconds || 1))}/s` : "0"] : [];
      const span = stretch(Date.parse(window.start) / 1000, Date.parse(window.end) / 1000, now);
      const cells = [`CPU ${cpu}`, `${short(rate)}/s`, imbalance.toFixed(2), ...own, span];
      return make("tr", {}, make("th", { scope: "row" }, name), ...cells.map((each) => make("td", {}, each)));
    };
    byId("compare-table").replaceChildren(
      make("thead", {}, make("tr", {}, ...head.map((each) => make("th", { scope: "col" }, each)))),
      make("tbody", {}, row("Before", found.before, first), row("After", found.after, then)),
    );
  }
}
