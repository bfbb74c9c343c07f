"""Parsing /proc/interrupts, beside jc's parser of the same text in the same run.

CPU time, the least of RUNS. irq_server's parser is the same file as irqbalance's; it goes on from
one sample to the next, and so remembers the rows that did not change: nine in ten here.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jc
from bench_startup import counters
from conditions import conditions

from irqbalance.kernel.interrupts import Parser, parse

RUNS = 9
SIZES = ((2, 40), (16, 120), (128, 1000))


def later(text: str) -> str:
    """Return a text in which a tenth of the rows changed."""
    lines = text.split("\n")
    for number in range(1, len(lines) - 1, 10):
        before, digit, after = lines[number].partition("0 ")
        lines[number] = f"{before}{'1 ' if digit else ''}{after}"
    return "\n".join(lines)


def next_sample(text: str) -> Callable[[], object]:
    """Return a function that parses the next sample with a parser that has seen others."""
    parser, texts = Parser(), [text, later(text)]

    def parse_next() -> object:
        texts.reverse()
        return parser.parse(texts[0])

    parse_next()
    return parse_next


def milliseconds(call: Callable[[], object]) -> float:
    """Return the least CPU time of a few calls."""
    taken = []
    for _ in range(RUNS):
        began = time.process_time()
        call()
        taken.append(time.process_time() - began)
    return min(taken) * 1000


def main() -> None:
    """Print a table, in Markdown, whose answers were compared."""
    print(conditions(f"jc {jc.__version__}"))
    print("| CPUs x IRQs | irqbalance | irq_server, next sample | jc | of jc's time |")
    print("|---|---|---|---|---|")
    for cpus, irqs in SIZES:
        text = counters(cpus, irqs)
        ours = {row.irq: list(row.counts or ()) for row in parse(text).rows}
        rows: Any = jc.parse("proc_interrupts", text)
        theirs = {row["irq"]: row["interrupts"] for row in rows}
        if ours != theirs:
            raise SystemExit("the two parsers do not agree")
        jcs = milliseconds(partial(jc.parse, "proc_interrupts", text))
        mine = milliseconds(partial(parse, text))
        going_on = milliseconds(next_sample(text))
        times = f"{mine:.3g} ms | {going_on:.3g} ms | {jcs:.3g} ms"
        print(f"| {cpus} x {irqs} | {times} | {mine / jcs:.2f}, {going_on / jcs:.2f} |")


if __name__ == "__main__":
    main()
