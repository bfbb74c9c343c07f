// Which CPU drowns in which device's interrupts, since when, and whether a move helped. Pure.

import { percent, short } from "./scale.js";

const UNEVEN = 1.5; // busiest over mean
const BUSY_PER_SECOND = 100; // below this no CPU drowns
const SAME_LOAD = 0.05;
const NEWEST_COLUMNS = 3;

// Devices that have one interrupt for each CPU under one number, as the server lists them.
const PER_CPU_DEVICES = new Set([
  "arch_timer", "arm-pmu", "clint-timer", "kvm guest ptimer", "kvm guest vtimer", "riscv-timer", "twd", "vgic",
]);

// Return whether an IRQ is a device's: any other is a CPU's own.
export function isDevice(irq) {
  const isNumbered = /^\d/.test(irq.irq) && irq.counts !== null;
  return isNumbered && !irq.device.split(", ").some((name) => PER_CPU_DEVICES.has(name));
}

// Return an IRQ's name: "eth1-TxRx-6 (IRQ 94)".
export function nameOf(irq) {
  return irq.device ? `${irq.device} (IRQ ${irq.irq})` : `IRQ ${irq.irq}`;
}

// Return the load of some CPUs by an /irqs answer: {cpus, rates, total, mean, busiest, imbalance},
// per second; `busiest` is an index.
export function loads(answer, usable) {
  const columns = answer.cpus.map((cpu, at) => [cpu, at]).filter(([cpu]) => usable.has(cpu));
  const seconds = answer.window.seconds || 1;
  const devices = answer.irqs.filter(isDevice);
  const rates = columns.map(([, at]) => devices.reduce((sum, irq) => sum + irq.counts[at], 0) / seconds);
  const total = rates.reduce((sum, each) => sum + each, 0);
  const mean = rates.length ? total / rates.length : 0;
  const busiest = rates.indexOf(Math.max(...rates));
  return {
    cpus: columns.map(([cpu]) => cpu), rates, total, mean, busiest, imbalance: mean > 0 ? rates[busiest] / mean : 1,
  };
}

// Return the verdict on an /irqs answer: its `kind` is none, calm or busy.
export function judge(answer, usable) {
  const { cpus, rates, total, busiest, imbalance } = loads(answer, usable);
  if (!(total > 0)) return { kind: "none" };
  const cpu = cpus[busiest], rate = rates[busiest];
  const kind = rate >= BUSY_PER_SECOND && imbalance >= UNEVEN ? "busy" : "calm";
  return { kind, cpu, rate, share: rate / total, imbalance, total, cpus: cpus.length, irq: busiestOn(answer, cpu) };
}

// Return the device IRQ that fired most on a CPU, null if none did.
export function busiestOn(answer, cpu) {
  const at = answer.cpus.indexOf(cpu);
  let best = null;
  for (const irq of answer.irqs.filter(isDevice)) {
    if (irq.counts[at] > (best ? best.counts[at] : 0)) best = irq;
  }
  return best;
}

// Return the index of the column in which a CPU became as busy as it is at the end, null if it was
// so in every column. `rates` holds null for gaps.
export function since(rates) {
  const known = rates.map((rate, at) => [rate, at]).filter(([rate]) => rate !== null);
  const newest = known.slice(-NEWEST_COLUMNS);
  const level = newest.reduce((sum, [rate]) => sum + rate, 0) / newest.length / 2;
  for (let i = known.length - 1; i >= 1; i--) {
    if (known[i][0] < level && known[i - 1][0] < level) return known[i + 1]?.[1] ?? null;
  }
  return null;
}

// Return the verdict as parts of a sentence: [text, whether it is strong]. `sinceText` is empty, or
// such as "since 09:19"; `isNow` chooses the tense.
export function sentence(verdict, sinceText, isNow) {
  if (verdict.kind === "none") return [["No device interrupts here.", false]];
  if (verdict.kind === "calm") return calm(verdict);
  const parts = [
    [`CPU ${verdict.cpu}`, true],
    [` ${isNow ? "takes" : "took"} ${percent(verdict.share)} of all device interrupts: `, false],
    [`${short(verdict.rate)}/s`, true],
    [`, ${short(verdict.imbalance)} times the mean`, false],
  ];
  if (verdict.irq) parts.push([", mostly ", false], [nameOf(verdict.irq), true]);
  parts.push([`${sinceText ? `, ${sinceText}` : ""}.`, false]);
  return parts;
}

function calm({ rate, total, cpus, cpu, imbalance }) {
  if (rate < BUSY_PER_SECOND) {
    return [["Calm", true], [`: the busiest, CPU ${cpu}, has ${short(rate)} device interrupts a second.`, false]];
  }
  const shared = `${cpus} CPU${cpus > 1 ? "s share" : " takes"} ${short(total)} device interrupts a second`;
  const most = cpus > 1 ? `; the busiest, CPU ${cpu}, has ${short(imbalance)} times the mean` : "";
  return [["Calm", true], [`: ${shared}${most}.`, false]];
}

// Return a sentence for each isolated CPU on which devices fire, the busiest first.
export function onIsolated(answer, isolated) {
  const seconds = answer.window.seconds || 1;
  const found = [...isolated].map((cpu) => [cpu, busiestOn(answer, cpu)]).filter(([, irq]) => irq);
  return found
    .map(([cpu, irq]) => ({ cpu, irq, rate: irq.counts[answer.cpus.indexOf(cpu)] / seconds }))
    .sort((a, b) => b.rate - a.rate)
    .map(({ cpu, irq, rate }) => `CPU ${cpu} is isolated, yet ${nameOf(irq)} fires on it: ${short(rate)}/s.`);
}

// Return whether a change helped, by the /irqs answers of the stretches before and after it: a
// sentence, and the figures of both: {text, before, after}.
export function compare(before, after, usable) {
  const [first, then] = [before, after].map((answer) => loads(answer, usable));
  const was = first.rates[first.busiest] ?? 0, is = then.rates[then.busiest] ?? 0;
  const change = was > 0 ? (is - was) / was : 0;
  const word = Math.abs(change) < SAME_LOAD ? "changed little" : change < 0 ? "helped" : "did not help";
  const by = Math.abs(change) < SAME_LOAD ? "is about as busy"
    : `has ${percent(Math.abs(change))} ${change < 0 ? "less" : "more"} to do`;
  return {
    text: `The change ${word}: the busiest CPU ${by}.`,
    before: { cpu: first.cpus[first.busiest], rate: was, imbalance: first.imbalance },
    after: { cpu: then.cpus[then.busiest], rate: is, imbalance: then.imbalance },
  };
}
