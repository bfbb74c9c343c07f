// The lines below the map, on the same time axis: rates of the busiest CPU, the mean and pinned
// CPUs; and busiest over mean.

import uPlot from "../uplot/uPlot.esm.js";
import { short } from "./scale.js";
import { ticks } from "./times.js";

const HEIGHTS = { rates: 120, imbalance: 84 };

export class Lines {
  #plots = null;
  #shape = "";

  // `wants` has hover(index or null), select(from, to) and click(time); `axisWidth()` is the map's.
  constructor(ratesElement, imbalanceElement, axisWidth, wants) {
    this.elements = { rates: ratesElement, imbalance: imbalanceElement };
    this.axisWidth = axisWidth;
    this.wants = wants;
    this.marks = [];
  }

  // Draw. `ends` are the columns' ends, `lines` {label, values, colour, dash} of rates.
  draw({ ends, lines, imbalance, view, marks, theme }) {
    this.theme = theme;
    this.marks = marks;
    const width = this.elements.rates.clientWidth;
    const shape = [width, this.axisWidth(), theme.name, ...lines.map((each) => each.label + each.colour)].join();
    if (shape !== this.#shape) this.#build(lines, width);
    this.#shape = shape;
    this.#plots.rates.setData([ends, ...lines.map((each) => each.values)], false);
    this.#plots.imbalance.setData([ends, imbalance], false);
    this.move(view);
  }

  // Show another stretch of the same data.
  move(view) {
    for (const plot of Object.values(this.#plots ?? {})) plot.setScale("x", { min: view.start, max: view.end });
  }

  // Return the canvases, from the top.
  get canvases() {
    return Object.values(this.#plots ?? {}).map((plot) => plot.ctx.canvas);
  }

  #build(lines, width) {
    for (const plot of Object.values(this.#plots ?? {})) plot.destroy();
    const series = lines.map(({ label, colour, dash }) => ({ label, stroke: colour, width: 1.5, dash }));
    const over = { label: "busiest over mean", stroke: this.theme.good, width: 1.5 };
    this.#plots = {
      rates: this.#plot("rates", width, series, 0),
      imbalance: this.#plot("imbalance", width, [over], 1),
    };
  }

  #plot(name, width, series, least) {
    const { soft, line, font } = this.theme;
    const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: `11px ${font}` };
    const ticksOf = (plot) => {
      const most = Math.max(3, Math.floor(plot.width / 90));
      return ticks(plot.scales.x.min, plot.scales.x.max, most);
    };
    const options = {
      width,
      height: HEIGHTS[name],
      legend: { show: false },
      padding: [8, 0, 0, 0],
      cursor: { drag: { x: true, y: false, setScale: false }, sync: { key: "time" }, points: { size: 5 } },
      scales: { x: { time: true }, y: { range: (_, low, high) => [least, Math.max(high ?? 1, least + 1) * 1.08] } },
      axes: [
        {
          ...axis,
          size: 20,
          gap: 2,
          splits: (plot) => ticksOf(plot).map((tick) => tick.time),
          values: (plot) => ticksOf(plot).map((tick) => tick.text),
        },
        { ...axis, size: this.axisWidth(), gap: 4, space: 20, values: (_, rates) => rates.map((each) => short(each)) },
      ],
      series: [{}, ...series.map((each) => ({ ...each, points: { show: false }, spanGaps: false }))],
      hooks: {
        draw: [(plot) => this.#drawMarks(plot)],
        setCursor: [(plot) => this.wants.hover(plot.cursor.idx ?? null)],
        setSelect: [(plot) => this.#selected(plot)],
        ready: [(plot) => plot.over.addEventListener("click", () => this.#clicked(plot))],
      },
    };
    return new uPlot(options, [[], ...series.map(() => [])], this.elements[name]);
  }

  #clicked(plot) {
    this.wants.click(plot.posToVal(plot.cursor.left, "x"));
  }

  #selected(plot) {
    const { left, width } = plot.select;
    if (width < 5) return;
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.wants.select(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
  }

  #drawMarks(plot) {
    const { ctx, bbox } = plot;
    for (const { time, colour } of this.marks) {
      const x = plot.valToPos(time, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.fillStyle = this.theme[colour];
      ctx.fillRect(x - 0.5, bbox.top, 1, bbox.height);
    }
  }
}
