// The kernel's CPU lists, such as "0-3,8". Pure.

const LARGEST = 65535;

// Return the CPUs of a list, rising; null if the text is no CPU list.
export function parse(text) {
  const found = new Set();
  for (const part of text.replace(/\s+/g, "").split(",")) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (!match) return null;
    const first = Number(match[1]), last = Number(match[2] ?? match[1]);
    if (last < first || last > LARGEST) return null;
    for (let cpu = first; cpu <= last; cpu++) found.add(cpu);
  }
  return [...found].sort((a, b) => a - b);
}

// Return the list of some CPUs.
export function format(cpus) {
  const runs = [];
  for (const cpu of [...cpus].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && cpu === run[1] + 1) run[1] = cpu;
    else runs.push([cpu, cpu]);
  }
  return runs.map(([a, b]) => (a === b ? String(a) : `${a}-${b}`)).join(",");
}
