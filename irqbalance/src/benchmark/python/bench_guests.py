"""irqbalance beside Debian's irqbalance on real kernels under QEMU, with devices at work.

The guests and their load are those of the integration tests, and irqbalance is that of this source
tree. All IRQs start on CPU 0. A line is a run, and what was counted in ten seconds after it:

- the busiest CPU over the mean, of the numbered IRQs that irqbalance may move;
- the same as times of the least that any placement of those counts was found to reach;
- how many affinities were changed.

On an idle host of two cores irqbalance comes to 1.20 with 4 CPUs. With 8 CPUs it comes to 1.35, as
one IRQ alone has 1.3. On a busy host the load changes between a run and the look after it.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from conditions import conditions

SOURCES = Path(__file__).parents[2]
TESTS = SOURCES / "integrationtest/python"
sys.path.append(str(TESTS))

import judge  # type: ignore[import-not-found] # noqa: E402 - see above
from guest import image, machine  # type: ignore[import-not-found] # noqa: E402

STEPS = ("from_cpu_0", "debians_oneshot", "debians_daemon")
NAMES = {
    "from_cpu_0": "this irqbalance, once",
    "debians_oneshot": "Debian's, --oneshot",
    "debians_daemon": "Debian's, two minutes",
}
GUESTS = (("bookworm", 4, 1), ("trixie", 4, 1), ("trixie", 8, 2))
"""Debian's release, CPUs and nodes."""

OURS = "/usr/local/bin/irqbalance"
INSTALL = f"""\
printf '#!/bin/sh\\nPYTHONPATH=/in/main exec python3 -m irqbalance "$@"\\n' >{OURS}
chmod +x {OURS}
"""

Json = dict[str, Any]


def seen(suite: str, cpus: int, nodes: int) -> tuple[str, Json]:
    """Return a guest's kernel and what its steps saw."""
    made = image.image(suite)
    result = machine.run(
        machine.Machine(made, cpus, nodes),
        f"{INSTALL}python3 /in/inside/balance.py {' '.join(STEPS)}",
        {"main": SOURCES / "main/python", "inside": TESTS / "guest/inside"},
    )
    if result.status:
        raise image.GuestError(result.err)
    found: Json = json.loads(result.out)
    return made.release, found


def line(name: str, step: Json, ours: Json) -> str:
    """Return the line of a run. Our run decides which IRQs move and which CPUs count."""
    cpus = ours["report"]["cpus"]
    movable = {row["irq"] for row in judge.placed_rows(ours["report"])}
    cells = {irq: counts for irq, counts in step["after"]["cells"].items() if irq in movable}
    totals = {irq: float(sum(counts.values())) for irq, counts in cells.items()}
    nothing = dict.fromkeys(cpus, 0.0)
    by_cpu = [sum(float(counts.get(str(cpu), 0)) for counts in cells.values()) for cpu in cpus]
    on_one = judge.View(totals, {}, dict.fromkeys(totals, cpus[0]), nothing, {})
    mean = sum(by_cpu) / len(cpus)
    reached, possible = max(by_cpu) / mean, judge.least(on_one) / mean
    changes = ours["report"]["moves"] if step is ours else step["changes"]
    return (
        f"  {NAMES[name]:22} {reached:5.2f}, {reached / possible:5.2f} times {possible:.2f};"
        f" {changes} changed"
    )


def main() -> None:
    """Print the lines, or why there are none."""
    print(conditions())
    absent = [*image.missing(), *machine.is_missing()]
    if absent:
        print(f"Nothing was measured: a guest needs {', '.join(absent)} (see docs/development.md)")
        return
    print(f"Load of the host before: {', '.join(f'{each:.1f}' for each in os.getloadavg())}")
    for suite, cpus, nodes in GUESTS:
        release, steps = seen(suite, cpus, nodes)
        mood = "steady" if steps["from_cpu_0"]["steady"] else "a load that changed"
        print(f"Linux {release}, {cpus} CPUs on {nodes} nodes, all IRQs on CPU 0; {mood}")
        for name in STEPS:
            print(line(name, steps[name], steps["from_cpu_0"]), flush=True)


if __name__ == "__main__":
    main()
