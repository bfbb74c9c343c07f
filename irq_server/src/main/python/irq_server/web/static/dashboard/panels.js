// The texts around the pictures: verdict, remarks, legend, key of the lines, folded tables.

import { byId, make, setText } from "./dom.js";
import { missing } from "./health.js";
import { rowIn } from "./cells.js";
import { INVERSES, short } from "./scale.js";
import { titleOf } from "./table.js";
import { duration, moment } from "./times.js";
import { judge, onIsolated, sentence, since } from "./verdict.js";

const MOST_ISOLATED = 3; // sentences
const MOST_CHANGES = 200;
const UNKNOWN = { mean: 0, peak: 0, peakEnd: null, last: 0 };

export class Panels {
  #verdictKey = "";
  #remarksKey = "";
  #changesKey = "";

  constructor(dashboard) {
    this.dashboard = dashboard;
  }

  // ---- the verdict -----------------------------------------------------------------------------

  // Say which CPU drowns in what: now, or in the stretch that is selected or shown.
  drawVerdict() {
    const { state, selection, recent, answer, usable, isAnswered } = this.dashboard;
    this.#drawRemarks();
    const isNow = state.end === null && !selection;
    const subject = isNow ? recent : isAnswered && answer;
    if (!subject) return;
    const verdict = judge(subject, usable);
    const parts = sentence(verdict, verdict.kind === "busy" && isNow ? this.#sinceText(verdict.cpu) : "", isNow);
    const text = parts.map(([part]) => part).join("");
    if (text !== byId("verdict").textContent) {
      byId("verdict").replaceChildren(...parts.map(([part, isStrong]) => (isStrong ? make("b", {}, part) : part)));
    }
    const key = [verdict.kind, verdict.cpu, verdict.irq?.irq].join();
    if (key !== this.#verdictKey) setText(byId("verdict-spoken"), text); // not each new rate
    this.#verdictKey = key;
    document.title = verdict.kind === "busy" ? `CPU ${verdict.cpu} busy – interrupts` : "Interrupts";
  }

  #sinceText(cpu) {
    const { columns, state, source, now } = this.dashboard;
    if (!columns.length) return "";
    const at = since(rowIn(columns, cpu));
    if (at === null) return `for all of the ${duration(state.span)} shown`;
    return `since ${source.step > 60 ? "about " : ""}${moment(columns[at].end - source.step, now)}`;
  }

  #drawRemarks() {
    const { dashboard } = this;
    const { problem, recent, answer, cpus, now, marks, view, state } = dashboard;
    const isolated = cpus.filter((each) => each.isolated).map((each) => each.cpu);
    const known = recent ?? answer;
    const warnings = known ? onIsolated(known, isolated).slice(0, MOST_ISOLATED) : [];
    const remarks = [problem, ...warnings].filter(Boolean).map((text) => make("li", { class: "warn" }, text));
    const lacking = answer ? missing(answer.window, now) : "";
    if (lacking) remarks.push(make("li", {}, `${lacking[0].toUpperCase()}${lacking.slice(1)}.`));
    const move = marks.in(view).findLast((mark) => mark.kind === "affinity");
    if (move && state.change !== move.time) {
      const ask = this.#changeButton(move, "Did it help?");
      remarks.push(make("li", {}, `${moment(move.time, now)}: ${move.text}. `, ask));
    }
    const key = remarks.map((each) => each.textContent).join("\n");
    if (key === this.#remarksKey) return;
    this.#remarksKey = key;
    const hadFocus = byId("remarks").contains(document.activeElement);
    byId("remarks").replaceChildren(...remarks);
    if (hadFocus) byId("remarks").querySelector("button")?.focus();
  }

  #changeButton(mark, text) {
    return make("button", { type: "button", onclick: () => this.dashboard.openChange(mark.time) }, text);
  }

  // ---- the keys of the pictures ----------------------------------------------------------------

  // Show what the map's colours and signs mean.
  drawLegend() {
    const { colours, source, interval, state, most, cpus } = this.dashboard;
    const image = new ImageData(colours.length, 1);
    new Uint32Array(image.data.buffer).set(colours);
    byId("legend-colours").getContext("2d").putImageData(image, 0, 0);
    setText(byId("legend-mean"), source.step > interval * 1.01 ? `mean over ${duration(source.step)}` : "");
    setText(byId("legend-most"), `${short(most)}/s, middle ${short(INVERSES[state.scale](most)(0.5))}`);
    const irq = state.irq && this.dashboard.irqNamed(state.irq);
    setText(byId("map-what"), irq ? `IRQ ${irq.irq} ${titleOf(irq)}` : state.what === "devices" ? "devices only" : "");
    byId("all-irqs").hidden = !irq;
    const signs = [["◇ isolated", (cpu) => cpu.isolated], ["✕ offline", (cpu) => !cpu.online]];
    const key = signs.filter(([, is]) => cpus.some(is)).map(([text]) => text).join(", ");
    byId("key").hidden = !key;
    setText(byId("key"), key);
  }

  // Show which line is which, and its value in the column `index`; null is none.
  drawKey(lines, summary, index) {
    const valueIn = (values) => (index === null ? null : values[index] ?? null);
    const items = lines.flatMap(({ label, values, colour, dash }) => {
      const line = make("i", { class: dash ? "dashed" : "" });
      line.style.borderColor = colour;
      const value = valueIn(values), who = label === "busiest" ? valueIn(summary.who) : null;
      return [line, `${label}${who === null ? "" : `: CPU ${who}`}${value === null ? "" : ` ${short(value)}/s`}`];
    });
    const imbalance = valueIn(summary.imbalance);
    byId("lines-key").replaceChildren(...items, imbalance ? ` · busiest over mean ${imbalance.toFixed(2)}` : "");
  }

  // ---- what is folded away by default ----------------------------------------------------------

  drawFolds() {
    this.#drawNumbers();
    this.#drawChanges();
  }

  #drawNumbers() {
    const { summary, heat, now } = this.dashboard;
    if (!byId("numbers").open || !summary) return;
    const cell = (text) => make("td", { class: "number" }, text);
    const rows = heat.rows.map(({ cpu, isIsolated, isOnline }) => {
      const { mean, peak, peakEnd, last } = summary.perCpu.get(cpu) ?? UNKNOWN;
      const peakAt = peakEnd === null ? "—" : moment(peakEnd, now, true);
      const figures = [short(mean ?? 0), short(peak), peakAt, short(last ?? 0)].map(cell);
      const state = !isOnline ? "offline" : isIsolated ? "isolated" : "";
      return make("tr", {}, make("th", { scope: "row" }, `CPU ${cpu}`), ...figures, make("td", {}, state));
    });
    const heads = ["CPU", "Mean/s", "Peak/s", "Peak at", "Last/s", "State"];
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
    byId("cpus").replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
  }

  #drawChanges() {
    const { marks, view, now } = this.dashboard;
    const shown = marks.in(view);
    setText(byId("changes-count"), `(${shown.length})`);
    const key = shown.map((mark) => mark.key).join();
    if (!byId("changes").open || key === this.#changesKey) return;
    this.#changesKey = key;
    const item = (mark) => make("li", {}, this.#changeButton(mark, `${moment(mark.time, now, true)} ${mark.text}`));
    byId("changes-list").replaceChildren(...shown.slice(-MOST_CHANGES).reverse().map(item));
  }
}
