// The picture: CPU by time on a canvas. One pixel of a small canvas for each cell of a tile, drawn
// once; a frame only scales these canvases.

import { TILE } from "./cells.js";
import { SCALES } from "./scale.js";
import { ticks } from "./times.js";

const TOP = 16, BOTTOM = 20;
const LEAST_ROW = 3, LARGEST_ROW = 28;
const NARROW = 600;
const LABEL_HEIGHT = 13;
export const MARK_REACH = 7;

export class HeatMap {
  #pictures = new WeakMap();

  // `picture` and `overlay` are canvases of one size: the cells, and what moves with the pointer.
  constructor(picture, overlay) {
    this.picture = picture;
    this.overlay = overlay;
    this.rows = [];
    this.width = 0;
    this.rowHeight = LEAST_ROW;
  }

  get left() {
    return this.width < NARROW ? 34 : 64;
  }

  get height() {
    return TOP + this.rowHeight * this.rows.length + BOTTOM;
  }

  get bottom() {
    return TOP + this.rowHeight * this.rows.length;
  }

  // Take the rows, from the top: {cpu, node, isIsolated, isOnline}, and fit the canvases.
  layout(rows, width) {
    const order = rows.map((row) => row.cpu).join();
    if (order !== this.order) this.#pictures = new WeakMap();
    this.order = order;
    this.rows = rows;
    this.width = width;
    const room = width < NARROW ? 260 : 320;
    this.rowHeight = Math.max(LEAST_ROW, Math.min(LARGEST_ROW, Math.floor(room / Math.max(rows.length, 1))));
    this.ratio = window.devicePixelRatio || 1;
    const size = [Math.round(width * this.ratio), Math.round(this.height * this.ratio)];
    for (const canvas of [this.picture, this.overlay]) {
      if (canvas.width === size[0] && canvas.height === size[1]) continue; // setting clears it
      [canvas.width, canvas.height] = size;
      canvas.style.height = `${this.height}px`;
    }
  }

  // Forget every drawn tile: colours or scale changed.
  repaint() {
    this.#pictures = new WeakMap();
  }

  // Draw cells, axes and marks. `look` is {colours, scale, most, theme}.
  draw({ view, tiles, look, marks, pins }) {
    const g = this.#context(this.picture);
    this.view = view;
    const x = (time) => this.xOf(time);
    g.save();
    g.beginPath();
    g.rect(this.left, TOP, this.width - this.left, this.bottom - TOP);
    g.clip();
    g.fillStyle = look.theme.gap;
    g.fillRect(this.left, TOP, this.width - this.left, this.bottom - TOP);
    g.imageSmoothingEnabled = false;
    for (const tile of tiles) {
      const width = x(tile.end) - x(tile.start);
      g.drawImage(this.#pictureOf(tile, look), x(tile.start), TOP, width, this.bottom - TOP);
    }
    g.restore();
    this.#drawRows(g, look.theme, pins);
    this.#drawTimes(g, look.theme);
    for (const mark of marks) this.#drawMark(g, mark, look.theme);
  }

  #pictureOf(tile, look) {
    const kept = this.#pictures.get(tile);
    if (kept?.version === tile.version && kept.most === look.most) return kept.canvas;
    const part = SCALES[look.scale](look.most);
    const image = new ImageData(TILE, this.rows.length);
    const pixels = new Uint32Array(image.data.buffer);
    this.rows.forEach(({ cpu }, y) => {
      const rates = tile.rates.get(cpu);
      for (let x = 0; x < TILE; x++) {
        if (tile.known[x]) pixels[y * TILE + x] = look.colours[rates ? Math.round(part(rates[x]) * 255) : 0];
      }
    });
    const canvas = document.createElement("canvas"); // Safari before 16.4 has no OffscreenCanvas
    canvas.width = TILE;
    canvas.height = this.rows.length;
    canvas.getContext("2d").putImageData(image, 0, 0);
    this.#pictures.set(tile, { canvas, version: tile.version, most: look.most });
    return canvas;
  }

  #drawRows(g, theme, pins) {
    g.font = `11px ${theme.font}`;
    g.textBaseline = "middle";
    g.textAlign = "right";
    const every = [1, 2, 4, 8, 16, 32, 64].find((each) => each * this.rowHeight >= LABEL_HEIGHT) ?? 64;
    const isNarrow = this.width < NARROW;
    const pinned = pins.map((pin) => this.rows.findIndex(({ cpu }) => cpu === pin));
    const isBesidePin = (i) => pinned.some((row) => Math.abs(row - i) * this.rowHeight < LABEL_HEIGHT);
    this.rows.forEach(({ cpu, isIsolated, isOnline, startsNode }, i) => {
      const y = TOP + this.rowHeight * (i + 0.5);
      const isPinned = pins.includes(cpu);
      if (startsNode && i > 0) {
        g.fillStyle = theme.ink;
        g.fillRect(0, TOP + this.rowHeight * i - 0.5, this.left - 4, 1);
      }
      if (isPinned) {
        g.fillStyle = theme.accent;
        g.fillRect(this.left - 4, y - this.rowHeight / 2, 3, this.rowHeight);
      }
      if (isIsolated || !isOnline) this.#drawState(g, theme, y, isOnline);
      if (!isPinned && (i % every !== 0 || isBesidePin(i))) return;
      g.fillStyle = isPinned ? theme.accent : theme.soft;
      g.fillText(isNarrow ? cpu : `CPU ${cpu}`, this.left - 11, y);
    });
  }

  // A hollow diamond is an isolated CPU, a cross an offline one.
  #drawState(g, theme, y, isOnline) {
    const x = this.left - 7, reach = Math.min(3, this.rowHeight / 2);
    g.strokeStyle = isOnline ? theme.warn : theme.bad;
    g.lineWidth = 1.2;
    g.beginPath();
    if (isOnline) {
      for (const [dx, dy] of [[0, -1], [1, 0], [0, 1], [-1, 0], [0, -1]]) g.lineTo(x + dx * reach, y + dy * reach);
    } else {
      for (const d of [1, -1]) {
        g.moveTo(x - reach, y - d * reach);
        g.lineTo(x + reach, y + d * reach);
      }
    }
    g.stroke();
  }

  #drawTimes(g, theme) {
    g.fillStyle = theme.soft;
    g.textAlign = "center";
    g.textBaseline = "top";
    const most = Math.max(3, Math.floor((this.width - this.left) / 80));
    for (const { time, text } of ticks(this.view.start, this.view.end, most)) {
      const x = this.xOf(time);
      g.fillRect(x, this.bottom, 1, 4);
      if (x > this.left + 16 && x < this.width - 18) g.fillText(text, x, this.bottom + 6);
    }
  }

  #drawMark(g, { time, colour }, theme) {
    const x = this.xOf(time);
    if (x < this.left || x > this.width) return;
    g.fillStyle = theme[colour];
    g.beginPath();
    g.moveTo(x - 5, 3);
    g.lineTo(x + 5, 3);
    g.lineTo(x, 12);
    g.fill();
    g.fillRect(x - 0.5, 12, 1, this.bottom - 12);
  }

  // Draw the selection, the cell under the cursor and the compared change.
  drawOverlay({ theme, selection, cell, change }) {
    const g = this.#context(this.overlay);
    if (!this.view) return;
    if (selection) {
      const from = Math.max(this.xOf(selection.from), this.left);
      const to = Math.min(this.xOf(selection.to), this.width);
      g.fillStyle = theme.shade;
      g.fillRect(this.left, TOP, Math.max(from - this.left, 0), this.bottom - TOP);
      g.fillRect(to, TOP, Math.max(this.width - to, 0), this.bottom - TOP);
      g.strokeStyle = theme.select;
      g.lineWidth = 2;
      if (to > from) g.strokeRect(from, TOP, to - from, this.bottom - TOP);
    }
    if (change !== null) {
      g.strokeStyle = theme.ink;
      g.lineWidth = 2;
      g.strokeRect(this.xOf(change) - 7, 1, 14, 13);
    }
    if (cell) {
      const x = Math.max(this.xOf(cell.start), this.left), y = TOP + cell.row * this.rowHeight;
      const width = Math.max(Math.min(this.xOf(cell.end), this.width) - x, 3);
      for (const [colour, out] of [["#000", 2], ["#fff", 1]]) {
        g.strokeStyle = colour;
        g.lineWidth = 1;
        g.strokeRect(x - out + 0.5, y - out + 0.5, width + 2 * out - 1, this.rowHeight + 2 * out - 1);
      }
    }
  }

  #context(canvas) {
    const g = canvas.getContext("2d");
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.clearRect(0, 0, this.width, this.height);
    return g;
  }

  xOf(time) {
    return this.left + ((time - this.view.start) / (this.view.end - this.view.start)) * (this.width - this.left);
  }

  timeOf(x) {
    return this.view.start + ((x - this.left) / (this.width - this.left)) * (this.view.end - this.view.start);
  }

  // Return the index of the row at `y`, null beside the rows.
  rowAt(y) {
    const row = Math.floor((y - TOP) / this.rowHeight);
    return row >= 0 && row < this.rows.length ? row : null;
  }

  yOf(row) {
    return TOP + (row + 0.5) * this.rowHeight;
  }

  isInMarks(y) {
    return y < TOP;
  }

  isInTimes(y) {
    return y > this.bottom;
  }
}
