// Buttons, keys and gestures -> changes of the dashboard's state.

import { byId, darkScheme, make, setText } from "./dom.js";
import { MARK_REACH } from "./heatmap.js";
import { listen } from "./pointer.js";
import { compose, copy, save } from "./share.js";
import { CHOICES, pan, parse, togglePin, zoom, zoomToSelection } from "./state.js";
import { duration, moment, stretch } from "./times.js";

const RANGES = [
  ["5 min", 300], ["15 min", 900], ["1 h", 3600], ["6 h", 21600], ["1 d", 86400], ["7 d", 604800], ["30 d", 2592000],
  ["1 y", 31536000],
];

const LABELS = {
  what: ["Count", { all: "all interrupts", devices: "devices only" }],
  scale: ["Scale", { sqrt: "square root", linear: "linear", log: "logarithmic" }],
  colour: ["Colours", { inferno: "inferno", cividis: "cividis" }],
  order: ["Order", { number: "by number", load: "by load", node: "by NUMA node" }],
};

const PAGE_ROWS = 10;

export class Controls {
  constructor(dashboard) {
    this.dashboard = dashboard;
    this.anchor = null; // where a selection by keys began
    this.#makeRanges();
    this.#makeChoices();
    this.#listen();
    listen(byId("map"), this.#wants());
  }

  // Show the state in the controls.
  draw() {
    const { state, selection, view, now } = this.dashboard;
    for (const button of byId("ranges").children) {
      button.ariaPressed = String(Math.abs(state.span - Number(button.value)) < 0.5);
    }
    const isListed = RANGES.some(([, span]) => Math.abs(span - state.span) < 0.5);
    byId("range").value = isListed ? String(Math.round(state.span)) : "";
    byId("range").options[0].textContent = duration(state.span);
    byId("live").ariaPressed = String(state.end === null);
    for (const name of Object.keys(LABELS)) byId(`choice-${name}`).value = state[name];
    if (document.activeElement !== byId("filter")) byId("filter").value = state.filter;
    byId("selection").hidden = !selection;
    if (!selection) return;
    const length = duration(selection.to - selection.from);
    setText(byId("selection-text"), `Selected: ${stretch(selection.from, selection.to, now)} (${length}).`);
    byId("selection-zoom").hidden = selection.from <= view.start && selection.to >= view.end;
  }

  #makeRanges() {
    const choose = (span) => this.dashboard.change({ span, end: null }, true);
    const button = ([text, span]) => make("button", { type: "button", value: span, onclick: () => choose(span) }, text);
    byId("ranges").append(...RANGES.map(button));
    const options = RANGES.map(([text, span]) => make("option", { value: span }, text));
    byId("range").append(make("option", { value: "", disabled: "" }, ""), ...options);
    byId("range").addEventListener("change", () => choose(Number(byId("range").value)));
  }

  #makeChoices() {
    for (const [name, [label, texts]] of Object.entries(LABELS)) {
      const options = CHOICES[name].map((value) => make("option", { value }, texts[value]));
      const select = make("select", { id: `choice-${name}` }, ...options);
      select.addEventListener("change", () => this.dashboard.change({ [name]: select.value }, true));
      byId("choices").append(make("label", {}, `${label} `, select));
    }
  }

  #listen() {
    const { dashboard } = this;
    const press = (id, action) => byId(id).addEventListener("click", action);
    press("earlier", () => this.#pan(-dashboard.state.span / 2));
    press("later", () => this.#pan(dashboard.state.span / 2));
    press("zoom-in", () => this.#zoom(0.5, this.#middle()));
    press("zoom-out", () => this.#zoom(2, this.#middle()));
    press("live", () => dashboard.change({ end: null }, true));
    press("all-irqs", () => dashboard.change({ irq: "" }, true));
    press("selection-clear", () => this.#select(null));
    press("selection-zoom", () => dashboard.change(zoomToSelection(dashboard.state, dashboard.last), true));
    press("save", () => this.#save());
    press("copy", () => this.#copy());
    byId("filter").addEventListener("input", () => dashboard.change({ filter: byId("filter").value }));
    for (const id of ["numbers", "changes"]) byId(id).addEventListener("toggle", () => dashboard.panels.drawFolds());
    window.addEventListener("popstate", () => dashboard.restore(parse(location.hash)));
    window.addEventListener("resize", () => dashboard.change({}));
    document.addEventListener("visibilitychange", () => document.hidden || dashboard.poll());
    darkScheme.addEventListener("change", () => dashboard.recolour());
  }

  // ---- the map ---------------------------------------------------------------------------------

  #wants() {
    const { dashboard } = this;
    const { heat } = dashboard;
    return {
      isOnAxis: (y) => heat.isInTimes(y),
      hover: (x, y) => this.#hover(x, y),
      leave: () => this.#leave(),
      click: (x, y) => this.#click(x, y),
      select: (from, to, isDone) => this.#drag(from, to, isDone),
      pan: (pixels) => this.#pan((pixels / (heat.width - heat.left)) * dashboard.state.span),
      zoom: (factor, x) => this.#zoom(factor, heat.timeOf(Math.max(x, heat.left))),
      key: (name, isShifted) => this.#key(name, isShifted),
    };
  }

  #hover(x, y) {
    const { dashboard } = this;
    const { heat, cursor } = dashboard;
    if (dashboard.last === null || !heat.view) return;
    const mark = heat.isInMarks(y) ? this.#markAt(x) : null;
    const row = x >= heat.left ? heat.rowAt(y) : null;
    if (mark) cursor.showText(`${moment(mark.time, dashboard.now, true)} ${mark.text}`, { x, y });
    else if (row === null) cursor.hide();
    else cursor.show(dashboard.cellAt(row, heat.timeOf(x)), { x, y }, dashboard.source, dashboard.now);
    dashboard.frame();
  }

  #leave() {
    this.dashboard.cursor.hide();
    this.dashboard.frame();
  }

  #click(x, y) {
    const { heat } = this.dashboard;
    const mark = heat.isInMarks(y) ? this.#markAt(x) : null;
    const row = heat.rowAt(y);
    if (mark) this.dashboard.openChange(mark.time);
    else if (row !== null) this.#pin(heat.rows[row].cpu);
  }

  #markAt(x) {
    const { heat, marks, view } = this.dashboard;
    const near = marks.in(view).filter((mark) => Math.abs(heat.xOf(mark.time) - x) <= MARK_REACH);
    return near.find((mark) => mark.kind === "affinity") ?? near[0] ?? null;
  }

  #drag(fromX, toX, isDone) {
    const { dashboard } = this;
    const { heat, view } = dashboard;
    const edges = [fromX, toX].map((x) => Math.min(Math.max(heat.timeOf(x), view.start), view.end));
    const stretchOf = { from: Math.min(...edges), to: Math.max(...edges) };
    dashboard.cursor.hide();
    dashboard.brush = isDone ? null : stretchOf;
    if (isDone) this.#select(stretchOf);
    else dashboard.frame();
  }

  #select(selection) {
    this.anchor = null;
    this.dashboard.change(selection ?? { from: null, to: null }, true);
  }

  #pin(cpu) {
    this.dashboard.change(togglePin(this.dashboard.state, cpu), true);
  }

  #pan(seconds) {
    const { dashboard } = this;
    dashboard.change(pan(dashboard.state, dashboard.last, seconds));
  }

  #zoom(factor, at) {
    const { dashboard } = this;
    dashboard.change(zoom(dashboard.state, dashboard.last, factor, at));
  }

  #middle() {
    const { start, end } = this.dashboard.view;
    return (start + end) / 2;
  }

  // ---- keys ------------------------------------------------------------------------------------

  #key(name, isShifted) {
    const { dashboard } = this;
    if (dashboard.last === null) return false;
    const { span } = dashboard.state;
    const { step } = dashboard.source;
    const cell = dashboard.cursor.cell ?? this.#firstCell();
    const actions = {
      ArrowLeft: () => (isShifted ? this.#pan(-span / 4) : this.#move(cell, 0, -step)),
      ArrowRight: () => (isShifted ? this.#pan(span / 4) : this.#move(cell, 0, step)),
      ArrowUp: () => this.#move(cell, -1, 0),
      ArrowDown: () => this.#move(cell, 1, 0),
      PageUp: () => this.#move(cell, -PAGE_ROWS, 0),
      PageDown: () => this.#move(cell, PAGE_ROWS, 0),
      Home: () => this.#move(cell, 0, -Infinity),
      End: () => this.#move(cell, 0, Infinity),
      Enter: () => this.#pin(cell.cpu),
      " ": () => this.#pin(cell.cpu),
      "+": () => this.#zoom(0.5, cell.start),
      "=": () => this.#zoom(0.5, cell.start),
      "-": () => this.#zoom(2, cell.start),
      s: () => this.#mark(cell),
      c: () => this.#compareNear(cell),
      l: () => dashboard.change({ end: null }, true),
      Escape: () => this.#clear(),
    };
    const action = actions[name.length === 1 ? name.toLowerCase() : name];
    if (action) action();
    return action !== undefined;
  }

  // The cursor begins at the busiest CPU's newest cell.
  #firstCell() {
    const { dashboard } = this;
    const busiest = dashboard.summary?.who.findLast((cpu) => cpu !== null);
    const row = dashboard.heat.rows.findIndex((each) => each.cpu === busiest);
    return dashboard.cellAt(Math.max(row, 0), dashboard.view.end - dashboard.source.step * 1.5);
  }

  #move(cell, rows, seconds) {
    const { dashboard } = this;
    const { heat, view, source } = dashboard;
    const row = Math.min(Math.max(cell.row + rows, 0), heat.rows.length - 1);
    const time = Math.min(Math.max(cell.start + source.step / 2 + seconds, view.start), view.end - source.step / 2);
    const next = dashboard.cellAt(row, time);
    dashboard.cursor.show(next, { x: heat.xOf(next.start), y: heat.yOf(row) }, source, dashboard.now);
    if (this.anchor !== null) {
      const [from, to] = [this.anchor, next.start].sort((a, b) => a - b);
      dashboard.brush = { from, to: to + source.step };
    }
    dashboard.frame();
  }

  #mark(cell) {
    const { dashboard } = this;
    if (this.anchor === null) {
      this.anchor = cell.start;
      setText(byId("spoken"), "Selection starts here; arrow keys extend it, S ends it.");
      dashboard.brush = { from: cell.start, to: cell.end };
      dashboard.frame();
      return;
    }
    const selection = dashboard.brush;
    dashboard.brush = null;
    this.#select(selection);
  }

  #compareNear(cell) {
    const { dashboard } = this;
    const distance = (mark) => Math.abs(mark.time - cell.start);
    const changes = dashboard.marks.in(dashboard.view).filter((mark) => mark.kind !== "gap");
    const [nearest] = changes.sort((a, b) => distance(a) - distance(b));
    if (nearest) dashboard.openChange(nearest.time);
    else setText(byId("spoken"), "No change in this stretch.");
  }

  #clear() {
    const { dashboard } = this;
    dashboard.brush = this.anchor = null;
    dashboard.cursor.hide();
    dashboard.change({ from: null, to: null, pins: [] }, true);
  }

  // ---- for a ticket ----------------------------------------------------------------------------

  async #save() {
    const { dashboard } = this;
    const { start, end } = dashboard.view;
    const about = [byId("machine"), byId("map-what"), byId("legend-mean")].map((each) => each.textContent);
    const scale = `brightest ${byId("legend-most").textContent}`;
    const texts = [byId("verdict").textContent, [...about, stretch(start, end, 0), scale].filter(Boolean).join(", ")];
    const canvases = [byId("cells"), ...dashboard.lines.canvases];
    const sheet = compose(texts, canvases, dashboard.theme, window.devicePixelRatio || 1);
    await save(sheet, `interrupts-${new Date(end * 1000).toISOString().slice(0, 19).replaceAll(":", "")}.png`);
  }

  async #copy() {
    const button = byId("copy");
    try {
      await copy(this.dashboard.table.csv());
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser refused";
    }
    setTimeout(() => (button.textContent = "Copy as CSV"), 2000);
  }
}
