// Cells: the interrupts per second of each CPU in each step. Pure.
//
// A tile holds TILE neighbouring steps. What lies between two samples is known, unless they lie too
// far apart: that is a gap.

export const TILE = 120;
const GAP_INTERVALS = 2.5;

// Return an empty tile: number `k` of those with this step, counted from 1970.
export function emptyTile(step, k) {
  return {
    step,
    start: k * step * TILE,
    end: (k + 1) * step * TILE,
    until: k * step * TILE, // whole steps are there up to here
    seen: k * step * TILE, // and samples up to here
    known: new Uint8Array(TILE),
    rates: new Map(), // CPU -> Float32Array(TILE)
    version: 0,
  };
}

// Take the points of a /series answer into a tile; `to` is the end of the window requested.
export function addPoints(tile, points, to) {
  const spans = points.map((each) => [Date.parse(each.start) / 1000, Date.parse(each.end) / 1000]);
  const usual = median(spans.map(([start, end]) => end - start));
  points.forEach((point, i) => {
    const [start, end] = spans[i];
    if (end - start > GAP_INTERVALS * Math.max(tile.step, usual) + 1e-6) return;
    const first = Math.max(Math.ceil((start - tile.start) / tile.step - 1e-6), 0);
    const last = Math.min(Math.ceil((end - tile.start) / tile.step - 1e-6), TILE);
    tile.known.fill(1, first, last);
    for (const [key, count] of Object.entries(point.counts)) {
      rowOf(tile, Number(key)).fill(count / (end - start), first, last);
    }
  });
  tile.seen = to;
  tile.until = tile.start + Math.floor((to - tile.start) / tile.step + 1e-6) * tile.step;
  tile.version += 1;
}

function rowOf(tile, cpu) {
  if (!tile.rates.has(cpu)) tile.rates.set(cpu, new Float32Array(TILE));
  return tile.rates.get(cpu);
}

// Return whether a tile lacks samples up to `to`.
export function lacks(tile, to) {
  return tile.seen < Math.min(tile.end, to) - 1e-6;
}

// Return the columns of tiles of one step inside a view, rising: {tile, x, end}.
export function columnsIn(tiles, view) {
  const found = [];
  for (const tile of [...tiles].sort((a, b) => a.start - b.start)) {
    for (let x = 0; x < TILE; x++) {
      const end = tile.start + (x + 1) * tile.step;
      if (end > view.start && end - tile.step < Math.min(view.end, tile.seen)) found.push({ tile, x, end });
    }
  }
  return found;
}

// Return the rates of a CPU in columns, null where it is not known.
export function rowIn(columns, cpu) {
  return columns.map(({ tile, x }) => (tile.known[x] ? tile.rates.get(cpu)?.[x] ?? 0 : null));
}

// Return what the lines and the scale need of columns: for each the rate of the busiest of the
// usable CPUs, which one that is, their mean, and busiest over mean; for each CPU its mean, its
// peak and its last rate.
export function summary(columns, cpus, usable) {
  const busiest = [], who = [], mean = [], imbalance = [];
  const perCpu = new Map(cpus.map((cpu) => [cpu, { sum: 0, peak: 0, peakEnd: null, last: null }]));
  let known = 0;
  for (const { tile, x, end } of columns) {
    if (!tile.known[x]) {
      for (const each of [busiest, who, mean, imbalance]) each.push(null);
      continue;
    }
    known += 1;
    let most = 0, first = null, sum = 0;
    for (const [cpu, about] of perCpu) {
      const rate = tile.rates.get(cpu)?.[x] ?? 0;
      about.sum += rate;
      about.last = rate;
      if (rate > about.peak) Object.assign(about, { peak: rate, peakEnd: end });
      if (!usable.has(cpu)) continue;
      sum += rate;
      if (first === null || rate > most) [most, first] = [rate, cpu];
    }
    const average = usable.size ? sum / usable.size : 0;
    busiest.push(most);
    who.push(first);
    mean.push(average);
    imbalance.push(average > 0 ? most / average : 1);
  }
  for (const about of perCpu.values()) about.mean = known ? about.sum / known : null;
  return { busiest, who, mean, imbalance, perCpu };
}

// Return every known rate in columns.
export function ratesIn(columns) {
  const found = [];
  for (const { tile, x } of columns) {
    if (tile.known[x]) for (const row of tile.rates.values()) found.push(row[x]);
  }
  return found;
}

export function median(values) {
  if (!values.length) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
