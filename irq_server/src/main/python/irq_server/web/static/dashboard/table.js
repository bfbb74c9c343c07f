// The table of IRQs. Rows are kept from one answer to the next, so that focus stays where it is.

import { SCALES, percent, short } from "./scale.js";

const FIRST_ROWS = 60;
const FAINTEST = 70; // of 256 colours: a CPU with few interrupts is still seen
const SPARK_HEIGHT = 16;

const FIGURES = { ERR: "errors", MIS: "missed" }; // rows for which the kernel has no words

const COLUMNS = [
  ["irq", "IRQ", ""], ["device", "Device", ""], ["rate", "Rate/s", "number"], ["", "Share", "number wide"],
  ["", "By CPU", "strip"], ["", "Over time", "spark wide"], ["affinity", "Affinity", ""],
  ["effective_affinity", "Arrives on", "wide"],
];

// Return what a row is called beside its IRQ.
export function titleOf(irq) {
  return irq.device || irq.description || FIGURES[irq.irq] || "";
}

export class IrqTable {
  #rows = new Map();
  #limit = FIRST_ROWS;

  // `wants` has sort(name), open(irq) and set(irq).
  constructor(table, moreButton, wants) {
    this.table = table;
    this.more = moreButton;
    this.wants = wants;
    this.more.addEventListener("click", () => {
      this.#limit = Infinity;
      this.draw(this.model);
    });
    this.#makeHead();
  }

  #makeHead() {
    const row = this.table.createTHead().insertRow();
    this.heads = COLUMNS.map(([name, text, kind]) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.className = kind;
      if (name) {
        const button = element("button", text);
        button.type = "button";
        button.addEventListener("click", () => this.wants.sort(name));
        cell.append(button);
      } else cell.textContent = text;
      row.append(cell);
      return [name, cell];
    });
    this.body = this.table.createTBody();
  }

  // Draw `model`: {answer, state, sparks, colours, canWrite}.
  draw(model) {
    this.model = model;
    const found = this.#chosen();
    const shown = found.slice(0, this.#limit);
    const most = Math.max(1, ...shown.flatMap((each) => each.perCpu));
    const rows = shown.map((each) => this.#fill(each, most));
    const current = [...this.body.rows];
    if (rows.length !== current.length || rows.some((row, i) => row !== current[i])) {
      const focused = document.activeElement;
      this.body.replaceChildren(...rows);
      if (this.body.contains(focused)) focused.focus({ preventScroll: true });
    }
    this.more.hidden = found.length <= this.#limit;
    this.more.textContent = `Show all ${found.length}`;
    for (const [name, cell] of this.heads) {
      if (!name) continue;
      const isSorted = name === model.state.sort;
      cell.ariaSort = isSorted ? (name === "rate" ? "descending" : "ascending") : null;
    }
  }

  // Return the IRQs that pass the filter, sorted, each with its rate on the CPUs concerned.
  #chosen() {
    const { answer, state } = this.model;
    const seconds = answer.window.seconds || 1;
    const pinned = state.pins.map((cpu) => answer.cpus.indexOf(cpu)).filter((at) => at >= 0);
    const wanted = state.filter.trim().toLowerCase();
    const items = answer.irqs.filter((irq) => irq.counts !== null).map((irq) => {
      const perCpu = irq.counts.map((count) => count / seconds);
      const rate = pinned.length ? pinned.reduce((sum, at) => sum + perCpu[at], 0) : irq.total / seconds;
      return { irq, perCpu, rate };
    });
    const total = items.reduce((sum, each) => sum + each.rate, 0) || 1;
    for (const each of items) each.share = each.rate / total;
    const isConcerned = ({ irq, rate }) => matches(irq, wanted) && (rate > 0 || !pinned.length);
    const { sort } = state;
    const text = ({ irq }) => String(irq[sort] ?? "");
    const byName = (a, b) => text(a).localeCompare(text(b), "en", { numeric: true });
    return items.filter(isConcerned).sort(sort === "rate" ? (a, b) => b.rate - a.rate : byName);
  }

  #fill({ irq, perCpu, rate, share }, most) {
    const row = this.#rows.get(irq.irq) ?? this.#make(irq);
    const { parts } = row;
    row.irq = irq;
    parts.device.textContent = titleOf(irq) || `IRQ ${irq.irq}`;
    parts.device.title = [titleOf(irq), irq.interface].filter(Boolean).join(", interface ");
    parts.device.setAttribute("aria-pressed", String(this.model.state.irq === irq.irq));
    parts.rate.textContent = short(rate);
    parts.share.textContent = percent(share);
    this.#drawStrip(parts.strip, perCpu, most);
    this.#drawSpark(parts.spark, this.model.sparks?.get(irq.irq));
    this.#fillAffinity(parts, irq);
    const arrives = irq.effective_affinity ?? "—";
    parts.arrives.textContent = irq.pending ? `${arrives} (pending)` : arrives;
    return row;
  }

  #make(irq) {
    const row = document.createElement("tr");
    const add = (kind, content) => {
      const cell = row.insertCell();
      cell.className = kind;
      if (content) cell.append(content);
      return content ?? cell;
    };
    const device = element("button", "");
    device.type = "button";
    device.addEventListener("click", () => this.wants.open(row.irq));
    const name = document.createElement("th");
    name.scope = "row";
    name.textContent = irq.irq;
    row.append(name);
    const parts = {
      device: add("device", device), rate: add("number"), share: add("number wide"), strip: add("strip", picture()),
      spark: add("spark wide", picture()), affinity: add("affinity"), arrives: add("wide"),
    };
    Object.assign(row, { parts });
    this.#rows.set(irq.irq, row);
    return row;
  }

  #drawStrip(canvas, perCpu, most) {
    const { colours, answer, state } = this.model;
    const part = SCALES[state.scale](most);
    canvas.width = perCpu.length;
    canvas.height = 1;
    const image = new ImageData(perCpu.length, 1);
    const pixels = new Uint32Array(image.data.buffer);
    perCpu.forEach((rate, i) => {
      pixels[i] = colours[rate > 0 ? Math.max(FAINTEST, Math.round(part(rate) * 255)) : 0];
    });
    canvas.getContext("2d").putImageData(image, 0, 0);
    const total = perCpu.reduce((sum, each) => sum + each, 0);
    const top = perCpu.map((rate, i) => [rate, answer.cpus[i]]).filter(([rate]) => rate > 0)
      .sort((a, b) => b[0] - a[0]).slice(0, 3).map(([rate, cpu]) => `CPU ${cpu} ${percent(rate / total)}`);
    describe(canvas, top.join(", ") || "no CPU");
  }

  #drawSpark(canvas, values) {
    const g = canvas.getContext("2d");
    canvas.width = Math.max(values?.length ?? 1, 1) * 2;
    canvas.height = SPARK_HEIGHT;
    if (!values) return describe(canvas, "no history here");
    const most = Math.max(...values, 1e-9);
    g.fillStyle = this.model.theme.accent;
    values.forEach((value, i) => {
      const height = Math.max((value / most) * SPARK_HEIGHT, value > 0 ? 1 : 0);
      g.fillRect(i * 2, SPARK_HEIGHT - height, 2, height);
    });
    return describe(canvas, `at most ${short(most)} a second, at last ${short(values.at(-1) ?? 0)}`);
  }

  #fillAffinity({ affinity: cell }, irq) {
    const text = irq.affinity ?? "—";
    const kind = irq.affinity === null || !this.model.canWrite ? "text" : irq.writable === false ? "managed" : "button";
    const stamp = `${kind} ${text}`;
    if (cell.dataset.stamp === stamp) return;
    cell.dataset.stamp = stamp;
    if (kind === "text") return cell.replaceChildren(text);
    const button = element("button", text);
    button.type = "button";
    button.disabled = kind === "managed";
    button.ariaLabel = `Affinity of IRQ ${irq.irq}: ${text}. Change`;
    button.addEventListener("click", () => this.wants.set(cell.parentNode.irq));
    const reason = kind === "managed" ? [element("small", " managed by the kernel")] : [];
    return cell.replaceChildren(button, ...reason);
  }

  // Return the table as CSV, as it is shown, with every row that passes the filter.
  csv() {
    const { answer } = this.model;
    const cpus = answer.cpus.map((cpu) => `cpu${cpu}`);
    const head = ["irq", "device", "rate", "share", "affinity", "effective_affinity", ...cpus];
    const lines = this.#chosen().map(({ irq, rate, share, perCpu }) => [
      irq.irq, irq.device, rate.toFixed(3), share.toFixed(4), irq.affinity ?? "", irq.effective_affinity ?? "",
      ...perCpu.map((each) => each.toFixed(3)),
    ]);
    return [head, ...lines].map((line) => line.map(quoted).join(",")).join("\n") + "\n";
  }
}

function matches(irq, wanted) {
  if (!wanted) return true;
  if (irq.irq.toLowerCase() === wanted) return true;
  return [titleOf(irq), irq.interface ?? ""].some((text) => text.toLowerCase().includes(wanted));
}

function element(name, text) {
  return Object.assign(document.createElement(name), { textContent: text });
}

function picture() {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  return canvas;
}

function describe(canvas, text) {
  canvas.setAttribute("aria-label", text);
  canvas.title = text;
}

function quoted(text) {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
