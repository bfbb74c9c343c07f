// Numbers -> colours and short texts. Pure.

const STOPS = {
  inferno: ["000004", "1b0c41", "4a0c6b", "781c6d", "a52c60", "cf4446", "ed6925", "fb9b06", "f7d13d", "fcffa4"],
  cividis: ["00224e", "123570", "3b496c", "575d6d", "707173", "8a8678", "a59c74", "c3b369", "e1cc55", "fee838"],
};

// Return 256 colours, from nothing to the most, as pixels of a canvas (little-endian RGBA).
export function ramp(name) {
  const stops = STOPS[name].map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (stops.length - 1);
    const k = Math.min(Math.floor(place), stops.length - 2);
    const [r, g, b] = [0, 1, 2].map((c) => Math.round(stops[k][c] + (stops[k + 1][c] - stops[k][c]) * (place - k)));
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}

// name -> the function of `most` that takes a rate to its part of the scale, 0 to 1
export const SCALES = {
  linear: (most) => (rate) => Math.min(rate / most, 1),
  sqrt: (most) => (rate) => Math.min(Math.sqrt(rate / most), 1),
  log: (most) => (rate) => Math.min(Math.log1p(rate) / Math.log1p(most), 1),
};

// name -> the function of `most` that takes a part of the scale back to its rate
export const INVERSES = {
  linear: (most) => (part) => part * most,
  sqrt: (most) => (part) => part * part * most,
  log: (most) => (part) => Math.expm1(part * Math.log1p(most)),
};

const MOST_SORTED = 20000;

// Return the rate at the upper end of the scale: a round number that few outliers exceed, so that
// one peak does not make all the rest black.
export function ceiling(rates) {
  if (!rates.length) return 1;
  const every = Math.ceil(rates.length / MOST_SORTED);
  const sorted = Float64Array.from({ length: Math.ceil(rates.length / every) }, (_, i) => rates[i * every]).sort();
  const most = rates.reduce((a, b) => Math.max(a, b), 0);
  const usual = sorted[sorted.length - 1 - Math.floor(sorted.length * 0.001)];
  return round(most > 4 * usual && usual > 0 ? usual * 2 : most);
}

// Return the next of 1, 1.5, 2, 2.5 ... times a power of ten, at least 1.
export function round(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return Math.max(Math.ceil((value / power) * 2 - 1e-9) / 2, 1) * power;
}

// Return a rate or a count as a short text.
export function short(value) {
  if (value >= 1e9) return `${trim(value / 1e9)}G`;
  if (value >= 1e6) return `${trim(value / 1e6)}M`;
  if (value >= 1e4) return `${trim(value / 1e3)}k`;
  if (value >= 10) return Math.round(value).toLocaleString("en");
  return value >= 0.05 ? value.toFixed(1).replace(/\.0$/, "") : value > 0 ? "<0.1" : "0";
}

function trim(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
}

// Return a share, 0 to 1, in percent.
export function percent(share) {
  const digits = share > 0 && share < 0.1 ? 1 : 0;
  return `${(share * 100).toFixed(digits)}%`;
}
