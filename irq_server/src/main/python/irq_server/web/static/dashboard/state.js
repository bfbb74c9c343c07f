// What the page shows, as one value. Pure: the page's address holds this value as its #fragment.

export const SHORTEST_SPAN = 60;
export const LONGEST_SPAN = 2 * 366 * 86400;
const MOST_PINS = 14;

export const CHOICES = {
  scale: ["sqrt", "linear", "log"],
  colour: ["inferno", "cividis"],
  what: ["all", "devices"],
  order: ["number", "load", "node"],
  sort: ["rate", "irq", "device", "affinity", "effective_affinity"],
};

// span: seconds shown. end: null is live, else Unix seconds. from, to: the selected stretch.
// pins: CPU numbers. irq: show this IRQ alone. change: the time of the compared change.
export const DEFAULT = Object.freeze({
  span: 3600,
  end: null,
  from: null,
  to: null,
  pins: Object.freeze([]),
  irq: "",
  change: null,
  filter: "",
  what: "all",
  scale: "sqrt",
  colour: "inferno",
  order: "number",
  sort: "rate",
});

// Return the state in a fragment. What it does not hold, or holds wrongly, is the default.
export function parse(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const state = { ...DEFAULT };
  state.span = clamp(number(given.get("span")) ?? DEFAULT.span, SHORTEST_SPAN, LONGEST_SPAN);
  state.end = number(given.get("end"));
  state.change = number(given.get("change"));
  const [from, to] = (given.get("sel") ?? "").split("-").map(number);
  if (from != null && to != null && from < to) Object.assign(state, { from, to });
  state.pins = pinsIn(given.get("cpu") ?? "");
  state.irq = (given.get("irq") ?? "").slice(0, 100);
  state.filter = (given.get("filter") ?? "").slice(0, 100);
  for (const [name, values] of Object.entries(CHOICES)) {
    if (values.includes(given.get(name))) state[name] = given.get(name);
  }
  return state;
}

// Return the fragment of a state, without "#"; parse() of it gives the state, to the millisecond.
export function format(state) {
  const out = new URLSearchParams();
  if (state.span !== DEFAULT.span) out.set("span", short(state.span));
  if (state.end !== null) out.set("end", short(state.end));
  if (state.from !== null) out.set("sel", `${short(state.from)}-${short(state.to)}`);
  if (state.pins.length) out.set("cpu", state.pins.join(","));
  if (state.change !== null) out.set("change", short(state.change));
  for (const name of ["irq", "filter", ...Object.keys(CHOICES)]) {
    if (state[name] !== DEFAULT[name]) out.set(name, state[name]);
  }
  return out.toString();
}

// Return the stretch shown. `last` is the time of the newest sample: a live view ends there.
export function viewOf(state, last) {
  const end = state.end ?? last;
  return { start: end - state.span, end };
}

// Return the state with its span times `factor`; the moment `at` keeps its place on the screen.
// A live view stays live, and keeps its end.
export function zoom(state, last, factor, at) {
  const span = clamp(state.span * factor, SHORTEST_SPAN, LONGEST_SPAN);
  if (state.end === null) return { ...state, span };
  const end = at + (state.end - at) * (span / state.span);
  return { ...state, span, end: Math.min(end, last) };
}

// Return the state `seconds` later (earlier if negative). It is live from the newest sample on.
export function pan(state, last, seconds) {
  const end = (state.end ?? last) + seconds;
  return { ...state, end: end >= last ? null : end };
}

// Return the state with the selected stretch as its view.
export function zoomToSelection(state, last) {
  if (state.from === null) return state;
  const span = clamp(state.to - state.from, SHORTEST_SPAN, LONGEST_SPAN);
  const middle = (state.from + state.to) / 2;
  return { ...state, span, end: Math.min(middle + span / 2, last) };
}

// Return the state with a CPU pinned, or no longer pinned. The oldest pin makes room.
export function togglePin(state, cpu) {
  const others = state.pins.filter((each) => each !== cpu);
  if (others.length < state.pins.length) return { ...state, pins: others };
  return { ...state, pins: [...others, cpu].slice(-MOST_PINS) };
}

function pinsIn(text) {
  const found = text.split(",").filter((each) => /^\d{1,6}$/.test(each)).map(Number);
  return [...new Set(found)].slice(0, MOST_PINS);
}

function number(text) {
  return /^\d{1,12}(\.\d{1,3})?$/.test(text ?? "") ? Number(text) : null;
}

function short(value) {
  return String(Math.round(value * 1000) / 1000);
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}
