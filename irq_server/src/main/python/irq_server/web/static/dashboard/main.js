// The page: keeps the state, loads what it needs, and lets each part draw.

import { Api } from "./api.js";
import { columnsIn, ratesIn, rowIn, summary } from "./cells.js";
import { Compare } from "./compare.js";
import { Controls } from "./controls.js";
import { Cursor } from "./cursor.js";
import { AffinityDialog } from "./dialog.js";
import { byId, readTheme, setText } from "./dom.js";
import { HeatMap, MARK_REACH } from "./heatmap.js";
import { health } from "./health.js";
import { Lines } from "./lines.js";
import { Marks } from "./marks.js";
import { Panels } from "./panels.js";
import { ceiling, ramp } from "./scale.js";
import { format, parse, viewOf } from "./state.js";
import { IrqTable, titleOf } from "./table.js";
import { Tiles } from "./tiles.js";
import { stepFor, stretch } from "./times.js";

const PIN_COLOURS = {
  light: ["#7b2fb5", "#0a7d74", "#b8004f", "#5c6b00", "#3b4cc0", "#8a4b00", "#00708f"],
  dark: ["#cf9bff", "#5fe0d3", "#ff8ab8", "#cbd96a", "#9fb0ff", "#e0a860", "#6fd3f5"],
};
const REFRESH_MILLISECONDS = 80;
const LOST_MILLISECONDS = 2000;
const VERDICT_SECONDS = 60;
const SPARK_COLUMNS = 40;
const SLOWEST_REFRESH = 60;

class Dashboard {
  constructor() {
    this.state = parse(location.hash);
    this.theme = readTheme();
    this.isReachable = true;
    this.interval = 10;
    this.last = this.oldest = this.status = this.answer = this.recent = this.sparks = null;
    this.skew = 0;
    this.most = 1;
    this.shown = [];
    this.columns = [];
    this.hovered = null; // column of the lines
    this.brush = null; // what a drag selects just now
    this.problem = "";
    this.order = { key: "", cpus: [] };
    this.api = new Api((isReached) => this.#reached(isReached), askForToken);
    this.tiles = new Tiles(this.api, (tile, source) => this.#arrived(tile, source), (error) => this.#failed(error));
    this.marks = new Marks(this.api, () => this.#marksChanged());
    this.heat = new HeatMap(byId("cells"), byId("overlay"));
    this.cursor = new Cursor(byId("tip"), byId("spoken"), this.api);
    this.lines = new Lines(byId("rates"), byId("imbalance"), () => this.heat.left, {
      hover: (index) => {
        this.hovered = index;
        if (this.summary) this.panels.drawKey(this.lineList, this.summary, index);
      },
      select: (from, to) => this.change({ from, to }, true),
      click: (time) => this.#compareAt(time),
    });
    this.table = new IrqTable(byId("irqs"), byId("more"), {
      sort: (sort) => this.change({ sort }),
      open: (irq) => this.#openIrq(irq),
      set: (irq) => this.dialog.open(irq),
    });
    this.dialog = new AffinityDialog(byId("affinity"), this.api, (done) => this.#affinitySet(done));
    this.compare = new Compare(this.api, {
      close: () => {
        this.change({ change: null }, true);
        byId("map").focus();
      },
      undo: (mark) => this.dialog.open(this.irqNamed(mark.irq), mark.from),
      canUndo: () => this.canWrite,
    });
    this.panels = new Panels(this);
    this.controls = new Controls(this);
    byId("notice-undo").addEventListener("click", () => this.dialog.open(this.written.irq, this.written.from));
    this.recolour();
    setText(byId("zone"), Intl.DateTimeFormat().resolvedOptions().timeZone);
  }

  get now() {
    return Date.now() / 1000 + this.skew;
  }

  get view() {
    return viewOf(this.state, this.last ?? this.now);
  }

  get selection() {
    return this.brush ?? (this.state.from === null ? null : { from: this.state.from, to: this.state.to });
  }

  // The stretch that the table is about.
  get wanted() {
    const { selection, view } = this;
    return selection ? { start: selection.from, end: selection.to } : view;
  }

  // Whether the table's answer is of that stretch, and not still of an earlier one.
  get isAnswered() {
    return this.tableKey === keyOf(this.wanted);
  }

  get canWrite() {
    return this.status?.writes_allowed !== false;
  }

  get source() {
    const columns = Math.max(60, Math.min(1000, (this.heat.width - this.heat.left) / 2));
    return { step: stepFor(this.state.span, columns, this.interval), irq: this.state.irq, what: this.state.what };
  }

  // ---- state -----------------------------------------------------------------------------------

  // Change the state. A step is one that the browser's "back" undoes.
  change(changes, isStep = false) {
    this.state = { ...this.state, ...changes };
    this.#writeAddress(isStep);
    this.#stateChanged();
  }

  // Show a state that the address holds.
  restore(state) {
    this.state = state;
    this.#stateChanged();
  }

  #stateChanged() {
    this.problem = "";
    this.controls.draw();
    this.drawHealth();
    this.#recolourIfChosen();
    this.#drawTable();
    this.frame();
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(() => this.refresh(), REFRESH_MILLISECONDS);
  }

  #writeAddress(isStep) {
    const fragment = format(this.state);
    clearTimeout(this.writing);
    const write = () => {
      const address = fragment ? `#${fragment}` : location.pathname;
      if (location.hash.slice(1) === fragment) return;
      history[isStep ? "pushState" : "replaceState"](null, "", address);
    };
    if (isStep) write();
    else this.writing = setTimeout(write, 250);
  }

  // ---- loading ---------------------------------------------------------------------------------

  // Ask how the server is, and load what is new. Runs for ever; rests while the page is hidden.
  async poll() {
    clearTimeout(this.polling);
    if (document.hidden) return;
    try {
      this.#take(await this.api.get("/status"));
      if (this.answer === null || (this.state.end === null && this.#isDue())) await this.refresh();
      else await this.#loadRecent();
    } catch (error) {
      this.#failed(error);
    }
    this.drawHealth();
    const pause = this.isReachable ? Math.max(this.interval, 1) * 1000 : LOST_MILLISECONDS;
    clearTimeout(this.polling);
    this.polling = setTimeout(() => this.poll(), pause);
  }

  // Return whether so much is new that the picture shows it.
  #isDue() {
    return this.last - this.refreshed >= Math.min(this.state.span / 1000, SLOWEST_REFRESH);
  }

  #take(status) {
    this.status = status;
    const { sampler, store } = status;
    this.interval = sampler.interval_seconds;
    const last = store.newest ?? sampler.last_sample;
    this.last = last === null ? null : Date.parse(last) / 1000;
    this.oldest = Date.parse(store.oldest ?? last) / 1000;
    const clock = status.now ? Date.parse(status.now) / 1000 : this.api.serverTime ?? this.last;
    this.skew = Math.max(clock, this.last ?? 0) - Date.now() / 1000;
    setText(byId("machine"), status.hostname ?? "");
    this.drawHealth();
  }

  async refresh() {
    if (this.last === null) return;
    clearTimeout(this.refreshing);
    this.refreshed = this.last;
    const turn = (this.turn = (this.turn ?? 0) + 1); // a later refresh makes this one's answers old
    this.#layout();
    const { view, source } = this;
    const tiles = this.tiles.need(source, view, this.oldest, this.last);
    const isOther = (tile) => tile.step !== source.step && this.shownSource === sourceKey(source);
    const older = this.tiles.isComplete ? [] : this.shown.filter(isOther); // until the finer ones come
    this.shownSource = sourceKey(source);
    this.shown = [...older, ...tiles];
    this.#derive();
    try {
      await this.#loadRecent();
      await this.#loadTable(turn);
      await this.marks.need(view.start, this.state.end ?? Math.max(this.now, this.last));
      await this.#loadSparks(view, turn);
    } catch (error) {
      this.#failed(error);
    }
    await this.#showChange();
  }

  // Load the IRQs of the last minute, for the verdict: few samples, so this comes first.
  async #loadRecent() {
    if (this.state.end === null && !this.selection && this.recentEnd !== this.last) {
      const seconds = Math.min(Math.max(VERDICT_SECONDS, 4 * this.interval), this.state.span);
      const end = this.last;
      this.recent = await this.#irqs(end - seconds, end);
      this.recentEnd = end;
    }
    this.panels.drawVerdict();
  }

  // Load the IRQs of the selection, or of all that is shown.
  async #loadTable(turn) {
    const { wanted, selection } = this;
    if (!this.isAnswered) {
      const answer = await this.#irqs(wanted.start, wanted.end);
      if (turn !== this.turn) return;
      Object.assign(this, { answer, tableKey: keyOf(wanted), isOfSelection: selection !== null });
    }
    this.#drawTable();
    this.panels.drawVerdict();
  }

  #irqs(start, end) {
    return this.api.get("/irqs", { start: start.toFixed(3), end: end.toFixed(3), nonzero: true });
  }

  async #loadSparks(view, turn) {
    const step = stepFor(this.state.span, SPARK_COLUMNS, this.interval);
    const end = Math.floor(view.end / step) * step, start = Math.max(end - SPARK_COLUMNS * step, this.oldest);
    const key = `${step} ${start} ${end}`;
    if (key === this.sparkKey || end - start < step) return;
    const { points } = await this.api.get("/series", { start, end, step, by: "irq", top: 60 });
    if (turn !== this.turn) return;
    this.sparkKey = key;
    this.sparks = sparksIn(points);
    this.#drawTable();
  }

  #arrived(tile, source) {
    if (sourceKey(source) !== sourceKey(this.source) || source.step !== this.source.step) return;
    if (!this.shown.includes(tile)) this.shown.push(tile);
    this.problem = "";
    if (this.tiles.isComplete) this.shown = this.shown.filter((each) => each.step === source.step);
    this.#layout();
    this.#derive();
  }

  #reached(isReached) {
    if (this.isReachable === isReached) return;
    this.isReachable = isReached;
    document.body.classList.toggle("unreachable", !isReached);
    this.drawHealth();
  }

  #failed(error) {
    if (error.status !== undefined) this.problem = `The server refused: ${error.message}.`;
    else if (this.isReachable) console.error(error);
    this.panels.drawVerdict();
  }

  // ---- what follows from the data --------------------------------------------------------------

  // Return the CPUs: as the server lists them, else those that the data names.
  get cpus() {
    if (this.status?.cpus) return this.status.cpus;
    const found = new Set(this.answer?.cpus ?? []);
    for (const tile of this.shown) for (const cpu of tile.rates.keys()) found.add(cpu);
    return [...found].sort((a, b) => a - b).map((cpu) => ({ cpu, online: true, node: 0, isolated: false }));
  }

  get usable() {
    return new Set(this.cpus.filter((each) => each.online && !each.isolated).map((each) => each.cpu));
  }

  #layout() {
    const { order, span, end } = this.state;
    const states = this.cpus.map((each) => `${each.cpu}${each.online}${each.isolated}`);
    const key = [order, span, end, this.tiles.isComplete, ...states].join();
    if (key !== this.order.key) this.order = { key, cpus: this.#ordered() };
    this.heat.layout(this.order.cpus, byId("map").clientWidth);
  }

  #ordered() {
    const rows = this.cpus.map(({ cpu, node, isolated, online }) => ({
      cpu, node: node ?? 0, isIsolated: isolated, isOnline: online,
    }));
    if (this.state.order === "load" && this.summary) {
      const mean = (row) => this.summary.perCpu.get(row.cpu)?.mean ?? -1;
      rows.sort((a, b) => mean(b) - mean(a));
    }
    if (this.state.order === "node") {
      rows.sort((a, b) => a.node - b.node || a.cpu - b.cpu);
      rows.forEach((row, i) => (row.startsNode = i === 0 || rows[i - 1].node !== row.node));
    }
    return rows;
  }

  #derive() {
    const { step } = this.source;
    this.columns = columnsIn(this.shown.filter((tile) => tile.step === step), this.view);
    this.summary = summary(this.columns, this.cpus.map((each) => each.cpu), this.usable);
    const most = ceiling(ratesIn(this.columns));
    if (most > this.most || most < this.most / 2) this.most = most;
    this.panels.drawLegend();
    this.#drawLines();
    this.panels.drawVerdict();
    this.panels.drawFolds();
    this.frame();
  }

  #marksChanged() {
    this.panels.drawFolds();
    this.#drawLines();
    this.panels.drawVerdict();
    this.frame();
  }

  async #showChange() {
    const { state, oldest, last, usable, now } = this;
    const isIt = (mark) => state.change !== null && Math.abs(mark.time - state.change) < 0.01;
    const mark = this.marks.all.find(isIt) ?? null;
    try {
      await this.compare.show(mark, { marks: this.marks.all, oldest, last, usable, now });
    } catch (error) {
      this.#failed(error);
    }
    if (this.leads && mark) byId("compare-title").focus();
    this.leads = false;
  }

  irqNamed(name) {
    return this.answer?.irqs.find((each) => each.irq === name) ?? { irq: name, device: "" };
  }

  // Return the cell of a row at a moment.
  cellAt(row, time) {
    const { step } = this.source;
    const start = Math.floor(time / step) * step;
    const { cpu } = this.heat.rows[row];
    const column = this.columns.find((each) => Math.abs(each.end - start - step) < step / 2);
    return { row, cpu, start, end: start + step, rate: column ? rowIn([column], cpu)[0] : null };
  }

  // Show an IRQ's own history, or that of all again.
  #openIrq({ irq }) {
    this.change({ irq: this.state.irq === irq ? "" : irq }, true);
    byId("map-title").scrollIntoView({ block: "nearest" });
  }

  #compareAt(time) {
    const reach = (this.state.span / (this.heat.width - this.heat.left)) * MARK_REACH;
    const near = this.marks.in(this.view).find((mark) => Math.abs(mark.time - time) <= reach);
    if (near) this.openChange(near.time);
  }

  // Compare before and after a change, and take the reader there.
  openChange(time) {
    this.leads = true;
    this.change({ change: time }, true);
  }

  // An affinity was written here: mark it at once, and offer to undo it.
  async #affinitySet(written) {
    this.written = written;
    const { irq, from, to } = written;
    setText(byId("notice-text"), `IRQ ${irq.irq} ${titleOf(irq)}: CPU ${from} → ${to}.`);
    byId("notice").hidden = false;
    this.tableKey = "";
    await this.refresh();
  }

  // ---- drawing ---------------------------------------------------------------------------------

  // Take the colours of the page and of the state.
  recolour() {
    this.theme = readTheme();
    this.colours = ramp(this.state.colour);
    this.look = `${this.state.colour} ${this.state.scale}`;
    this.heat.repaint();
    this.controls.draw();
    if (this.summary) this.#derive();
  }

  #recolourIfChosen() {
    if (this.look !== `${this.state.colour} ${this.state.scale}`) this.recolour();
  }

  // Draw the map with the next frame.
  frame() {
    this.framing ??= requestAnimationFrame(() => {
      this.framing = undefined;
      this.paint();
    });
  }

  paint() {
    if (this.last === null || !this.heat.rows.length) return;
    const { view, theme, most } = this;
    const look = { colours: this.colours, scale: this.state.scale, most, theme };
    this.heat.draw({ view, tiles: this.shown, look, marks: this.marks.in(view), pins: this.state.pins });
    this.#overlay();
    this.lines.move(view);
    if (this.shown.length) document.body.dataset.drawn ??= performance.now(); // for tests: ms
  }

  #overlay() {
    const { theme, selection, state } = this;
    this.heat.drawOverlay({ theme, selection, cell: this.cursor.cell, change: state.change });
  }

  drawHealth() {
    const { now, last, interval, isReachable } = this;
    const isPaused = this.state.end !== null;
    const found = health({ now, last, interval, isReachable, isPaused, sampler: this.status?.sampler });
    byId("state").className = found.kind;
    setText(byId("state-spoken"), found.kind); // the seconds that pass are not spoken
    setText(byId("state-text"), found.text);
  }

  #drawLines() {
    if (!this.summary) return;
    const { busiest, mean, imbalance } = this.summary;
    const palette = PIN_COLOURS[this.theme.name];
    this.lineList = [
      { label: "busiest", values: busiest, colour: this.theme.busiest },
      { label: "mean", values: mean, colour: this.theme.accent, dash: [5, 4] },
      ...this.state.pins.map((cpu, i) => ({
        label: `CPU ${cpu}`,
        values: rowIn(this.columns, cpu),
        colour: palette[i % palette.length],
        dash: i < palette.length ? undefined : [2, 2],
      })),
    ];
    const ends = this.columns.map((column) => column.end);
    const { view, theme } = this;
    this.lines.draw({ ends, lines: this.lineList, imbalance, view, marks: this.marks.in(view), theme });
    this.panels.drawKey(this.lineList, this.summary, this.hovered);
  }

  #drawTable() {
    if (!this.answer) return;
    const { answer, state, sparks, colours, theme, canWrite, now } = this;
    this.table.draw({ answer, state, sparks, colours, theme, canWrite });
    const { start, end } = answer.window;
    const where = state.pins.length ? `on CPU ${state.pins.join(", ")}, ` : "";
    const what = this.isOfSelection ? "selection " : "";
    setText(byId("irqs-window"), `${where}${what}${stretch(Date.parse(start) / 1000, Date.parse(end) / 1000, now)}`);
  }
}

function keyOf({ start, end }) {
  return `${start} ${end}`;
}

function sourceKey({ irq, what }) {
  return `${what} ${irq}`;
}

// Return the rates of each IRQ by the points of a series, rising in time.
function sparksIn(points) {
  const found = new Map();
  points.forEach(({ start, end, counts }, i) => {
    const seconds = (Date.parse(end) - Date.parse(start)) / 1000;
    for (const [irq, count] of Object.entries(counts)) {
      if (!found.has(irq)) found.set(irq, new Array(points.length).fill(0));
      found.get(irq)[i] = count / seconds;
    }
  });
  return found;
}

// Show the prompt for a token until the reader gives one.
function askForToken(wasWrong) {
  const dialog = byId("token");
  setText(byId("token-text"), wasWrong ? "The server does not know this token." : "");
  return new Promise((resolve) => {
    dialog.oncancel = (event) => event.preventDefault();
    dialog.onclose = () => {
      const token = byId("token-value").value.trim();
      if (token) resolve(token);
      else dialog.showModal();
    };
    dialog.showModal();
    byId("token-value").select();
  });
}

const dashboard = new Dashboard();
window.dashboard = dashboard; // for tests, and for the curious
dashboard.poll();
setInterval(() => document.hidden || dashboard.drawHealth(), 1000);
