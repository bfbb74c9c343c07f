// How far the picture can be trusted. Pure.

import { duration, moment } from "./times.js";

const STALE_INTERVALS = 3;

// Return {kind, text}: live, paused, stale, failing, unreachable or waiting.
export function health({ now, last, interval, isReachable, sampler, isPaused }) {
  if (!isReachable) {
    const age = last === null ? "" : ` · picture is ${duration(Math.max(now - last, 0))} old`;
    return { kind: "unreachable", text: `server unreachable${age} · trying again` };
  }
  if (sampler?.state === "failing" || sampler?.state === "stopped") {
    return { kind: "failing", text: `sampler ${sampler.state}: ${sampler.last_error ?? "no reason given"}` };
  }
  if (last === null) return { kind: "waiting", text: "waiting for the first sample" };
  const age = Math.max(now - last, 0);
  if (age > STALE_INTERVALS * interval + 2) return { kind: "stale", text: `no new sample for ${duration(age)}` };
  const ago = `last sample ${duration(Math.round(age))} ago`;
  return isPaused ? { kind: "paused", text: `paused · ${ago}` } : { kind: "live", text: `live · ${ago}` };
}

// Return what a window lacks: "history starts 09:15:47: 28 s of 60 s"; empty if it is complete.
export function missing(window, now) {
  if (window.complete) return "";
  const start = Date.parse(window.start) / 1000, end = Date.parse(window.end) / 1000;
  const wanted = Date.parse(window.requested.start) / 1000;
  const asked = Date.parse(window.requested.end) / 1000 - wanted;
  if (start - wanted > 1) {
    return `history starts ${moment(start, now, true)}: ${duration(end - start)} of ${duration(asked)}`;
  }
  return window.gaps ? `incomplete: ${window.gaps} gap${window.gaps > 1 ? "s" : ""}` : "incomplete";
}
