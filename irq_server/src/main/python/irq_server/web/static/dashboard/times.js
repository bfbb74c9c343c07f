// Moments, spans and steps. Pure; moments are Unix seconds, texts are in the reader's zone.

const MINUTE = 60, HOUR = 3600, DAY = 86400;

const LADDER = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, MINUTE, 2 * MINUTE, 3 * MINUTE, 5 * MINUTE, 10 * MINUTE,
  15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, DAY, 2 * DAY, 7 * DAY,
];

const TICKS = [
  1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR,
  2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY,
];

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// Return the shortest step that needs at most `columns` for `span`, a multiple of the interval.
export function stepFor(span, columns, interval) {
  const rung = LADDER.find((each) => each >= interval - 1e-9 && span / each <= columns) ?? LADDER.at(-1);
  return Math.round(interval * Math.ceil(rung / interval - 1e-6) * 1000) / 1000;
}

// Return the ticks of a time axis, at most `most`: {time, text} at round local times. Ticks of a
// year stand at the first of months.
export function ticks(start, end, most) {
  const step = TICKS.find((each) => (end - start) / each <= most);
  if (step === undefined) return monthTicks(start, end, most);
  const found = [];
  const zone = new Date(end * 1000).getTimezoneOffset() * MINUTE;
  for (let time = Math.ceil((start - zone) / step) * step + zone; time < end; time += step) {
    found.push({ time, text: tickText(new Date(time * 1000), step) });
  }
  return found;
}

function monthTicks(start, end, most) {
  const months = Math.max(1, Math.ceil((end - start) / (30.5 * DAY) / most));
  const found = [];
  const first = new Date(start * 1000);
  for (let month = Math.ceil((first.getMonth() + 1) / months) * months; ; month += months) {
    const date = new Date(first.getFullYear(), month, 1);
    if (date / 1000 >= end) return found;
    const text = date.getMonth() === 0 ? String(date.getFullYear()) : MONTHS[date.getMonth()];
    found.push({ time: date / 1000, text });
  }
}

function tickText(date, step) {
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
  if (step >= DAY || isMidnight) return day(date);
  return step < MINUTE ? `${hourAndMinute(date)}:${two(date.getSeconds())}` : hourAndMinute(date);
}

// Return a moment: the time alone if it lies within 12 hours of `now`, else the day, too.
export function moment(time, now, withSeconds = false) {
  const date = new Date(time * 1000);
  const clock = withSeconds ? `${hourAndMinute(date)}:${two(date.getSeconds())}` : hourAndMinute(date);
  if (Math.abs(now - time) < 12 * HOUR) return clock;
  const year = Math.abs(now - time) > 300 * DAY ? ` ${date.getFullYear()}` : "";
  return `${day(date)}${year} ${clock}`;
}

// Return a stretch of time, both edges with seconds; the day stands once.
export function stretch(start, end, now) {
  const sameDay = new Date(start * 1000).toDateString() === new Date(end * 1000).toDateString();
  return `${moment(start, now, true)} to ${moment(end, sameDay ? end : end - DAY, true)}`;
}

// Return a duration in its largest fitting unit: "20 s", "8 h", "3.5 d".
export function duration(seconds) {
  const [unit, name] = seconds < 2 * MINUTE ? [1, "s"] : seconds < 2 * HOUR ? [MINUTE, "min"]
    : seconds < 2 * DAY ? [HOUR, "h"] : [DAY, "d"];
  const value = seconds / unit;
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} ${name}`;
}

function day(date) {
  return `${MONTHS[date.getMonth()]} ${date.getDate()}`;
}

function hourAndMinute(date) {
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

function two(value) {
  return String(value).padStart(2, "0");
}
