"""Compares answers with the truth, to the interrupt. Every check raises Wrong, which says what is.

An answer itself tells which two sequences it lies between; the times in it then name them for good:
a sample that one answer found at a sequence, no other may find at another one.
"""

import bisect
import csv
import io
import math
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .machine import CPUS, IRQS, LINEAR, TRIANGLE, Machine

Json = Any
Between = tuple[int, int]
_SERIES = re.compile(
    r'^(irq_interrupts_total|irq_cpu_interrupts_total)\{cpu="(.+?)",.*\} (\d+) \d+$'
)


class Wrong(AssertionError):  # noqa: N818 - it is no fault of the test
    """An answer is not true."""


def right(condition: bool, *what: object) -> None:
    """Raise Wrong with `what` unless `condition` holds."""
    if not condition:
        raise Wrong(" ".join(map(str, what))[:2000])


def moment(text: str) -> float:
    """Return the Unix seconds of a time in an answer."""
    return round(datetime.fromisoformat(text).timestamp(), 3)


def solve(linear: int, square: int) -> Between | None:
    """Return the two sequences that lie `linear` apart, their triangles `square`; None for none."""
    if not linear:
        right(not square, "nothing fired on CPU", LINEAR, "but on", TRIANGLE, square)
        return None
    both, rest = divmod(2 * square, linear)
    right(not rest, "CPUs", LINEAR, TRIANGLE, "do not agree:", linear, square)
    first, odd = divmod(both - 1 - linear, 2)
    right(not odd and first >= 0, "CPUs", LINEAR, TRIANGLE, "do not agree:", linear, square)
    return first, first + linear


class Truth:
    """What is true of one machine, and which sequence each sample holds. Any thread may ask."""

    def __init__(self, machine: Machine) -> None:
        """Take the machine."""
        self._machine = machine
        self._lock = threading.Lock()
        self._known: dict[float, int] = {}
        self._times: list[float] = []

    # ---- which sequence a sample holds ----------------------------------------------------------

    def learn(self, time: float, sequence: int) -> None:
        """Take that the sample of `time` holds a sequence."""
        with self._lock:
            known = self._known.setdefault(time, sequence)
            right(known == sequence, f"sample {time:.3f}: sequence {known}, now {sequence}")
            place = bisect.bisect_left(self._times, time)
            if self._times[place : place + 1] == [time]:
                return
            self._times.insert(place, time)
            for other in self._times[max(place - 1, 0) : place + 2]:
                risen = (other <= time) == (self._known[other] <= sequence)
                right(
                    risen or self._known[other] == sequence,
                    f"samples {other:.3f} and {time:.3f}: {self._known[other]} and {sequence}",
                )

    def times(self) -> list[float]:
        """Return the times of all samples that are known, the oldest first."""
        with self._lock:
            return list(self._times)

    def _between(self, start: float, end: float) -> Between | None:
        with self._lock:
            if start in self._known and end in self._known:
                return self._known[start], self._known[end]
        return None

    def _learn_window(self, body: Json, solved: Between | None) -> Between | None:
        start, end = moment(body["start"]), moment(body["end"])
        right(start <= end, "the window ends before it starts:", body)
        if solved is not None:
            self.learn(start, solved[0])
            self.learn(end, solved[1])
            return solved
        known = self._between(start, end)
        right(known is None or known[0] == known[1], "nothing counted in", body, known)
        return known

    # ---- answers --------------------------------------------------------------------------------

    def interrupts(self, body: Json) -> Between | None:
        """Check /interrupts and /irqs of the whole machine; return the sequences it is between."""
        right(body["window"]["resets"] == 0, "a reset:", body["window"])
        cells = {each["irq"]: each["counts"] for each in body["irqs"]}
        right(set(cells) == {*IRQS, "ERR"}, "rows:", sorted(cells))
        found = self.table({irq: row for irq, row in cells.items() if row is not None})
        known = self._learn_window(body["window"], found)
        for each in body["irqs"]:
            if each["counts"] is not None:
                right(each["total"] == sum(each["counts"]), "the total of", each)
            elif known is not None:
                errors = self._machine.errors(known[1]) - self._machine.errors(known[0])
                right(each["total"] == errors, "ERR:", each, known)
        totals = [sum(column) for column in zip(*filter(None, cells.values()), strict=True)]
        right(body.get("totals", totals) == totals, "totals:", body.get("totals"), totals)
        right(body["total"] == sum(totals), "the total:", body["total"], sum(totals))
        return known

    def table(self, cells: Mapping[str, Sequence[int]]) -> Between | None:
        """Check the counts of every row by CPU; return the sequences they lie between."""
        linear = sum(row[LINEAR] for row in cells.values())
        found = solve(linear, sum(row[TRIANGLE] for row in cells.values()))
        if found is None:
            right(not any(map(any, cells.values())), "counts without a sequence")
            return None
        before, after = self._machine.table(found[0]), self._machine.table(found[1])
        for irq, row in cells.items():
            true = [b - a for a, b in zip(before[irq], after[irq], strict=True)]
            right(list(row) == true, f"IRQ {irq} between {found}: {row}, in truth {true}")
        return found

    def table_csv(self, text: str) -> None:
        """Check the CSV of /interrupts."""
        cells = {irq: [0] * CPUS for irq in IRQS}
        for row in csv.DictReader(io.StringIO(text)):
            if row["cpu"]:
                cells[row["irq"]][int(row["cpu"])] = int(row["count"])
        self.table(cells)

    def irq(self, body: Json) -> bool:
        """Check /irqs/{irq}; return whether its samples are known, so that it could."""
        known = self._between(moment(body["window"]["start"]), moment(body["window"]["end"]))
        if known is None:
            return False
        number = IRQS.index(body["irq"])
        before, after = (self._machine.row(number, sequence) for sequence in known)
        true = [b - a for a, b in zip(before, after, strict=True)]
        right(body["counts"] == true, f"IRQ {body['irq']} between {known}:", body, true)
        return True

    def _totals(self, known: Between) -> list[int]:
        before, after = (self._machine.table(sequence).values() for sequence in known)
        columns = zip(zip(*before, strict=True), zip(*after, strict=True), strict=True)
        return [sum(b) - sum(a) for a, b in columns]

    def cpus(self, body: Json) -> None:
        """Check /cpus."""
        found = [each["total"] for each in body["cpus"]]
        solved = solve(found[LINEAR], found[TRIANGLE])
        known = self._learn_window(body["window"], solved)
        true = self._totals(known) if known is not None else [0] * CPUS
        right(found == true, f"CPUs between {known}: {found}, in truth {true}")
        right(body["total"] == sum(true), "the total of the CPUs:", body["total"], sum(true))

    def cpu(self, body: Json) -> bool:
        """Check /cpus/{cpu}; return whether its samples are known, so that it could."""
        known = self._between(moment(body["window"]["start"]), moment(body["window"]["end"]))
        if known is None:
            return False
        before, after = (self._machine.table(sequence) for sequence in known)
        for each in body["irqs"]:
            if each["irq"] in before:
                true = after[each["irq"]][body["cpu"]] - before[each["irq"]][body["cpu"]]
                right(each["total"] == true, f"CPU {body['cpu']} between {known}:", each, true)
        right(body["total"] == self._totals(known)[body["cpu"]], "the total of CPU", body["cpu"])
        return True

    def series(self, body: Json) -> int:
        """Check each step of /series whose samples are known, or say so; return how many."""
        checked, end = 0, None
        for point in body["points"]:
            right(end in (None, point["start"]), "steps that do not touch:", end, point["start"])
            end = point["end"]
            checked += self._point(body["by"], point)
        return checked

    def _point(self, by: str, point: Json) -> bool:
        counts = point["counts"]
        if by in ("cpu", "irq,cpu"):
            sums = [
                sum(n for key, n in counts.items() if key.rpartition(",")[2] == str(cpu))
                for cpu in (LINEAR, TRIANGLE)
            ]
            known = self._learn_window(point, solve(*sums))
        else:
            known = self._between(moment(point["start"]), moment(point["end"]))
        if known is None:
            return False
        right(counts == self._keyed(by, known), f"the step by {by} between {known}:", point)
        right(point["total"] == sum(self._totals(known)), "the total of the step", point)
        return True

    def _keyed(self, by: str, known: Between) -> dict[str, int]:
        totals = self._totals(known)
        if by == "total":
            return {"total": sum(totals)}
        if by == "cpu":
            return {str(cpu): n for cpu, n in enumerate(totals)}
        before, after = (self._machine.table(sequence) for sequence in known)
        cells = {
            f"{irq},{cpu}": b - a
            for irq in IRQS
            for cpu, (a, b) in enumerate(zip(before[irq], after[irq], strict=True))
        }
        if by == "irq,cpu":
            return {key: n for key, n in cells.items() if n}
        errors = self._machine.errors(known[1]) - self._machine.errors(known[0])
        rows = {irq: sum(after[irq]) - sum(before[irq]) for irq in IRQS} | {"ERR": errors}
        return {irq: n for irq, n in rows.items() if n}

    # ---- running totals -------------------------------------------------------------------------

    def state(self, cells: Mapping[tuple[str, str], int]) -> int:
        """Check the running totals of all cells that are not zero; return their sequence."""
        sequence = sum(n for (_, cpu), n in cells.items() if cpu == str(LINEAR))
        true = {
            (irq, str(cpu)): n
            for irq, row in self._machine.table(sequence).items()
            for cpu, n in enumerate(row)
            if n
        }
        other = {key: (cells.get(key), true.get(key)) for key in cells.keys() ^ true.keys()}
        other |= {key: (n, true[key]) for key, n in cells.items() if true.get(key, n) != n}
        right(not other, f"totals at sequence {sequence}:", list(other.items())[:20])
        return sequence

    def metrics(self, text: str) -> int:
        """Check the counters of /metrics, summed by CPU; return the sequence they show."""
        sums: dict[str, Counter[int]] = defaultdict(Counter)
        for found in filter(None, map(_SERIES.match, text.splitlines())):
            sums[found[1]][int(found[2])] += int(found[3])
        by_kind = sums["irq_cpu_interrupts_total"]
        sequence = by_kind[LINEAR]
        table = self._machine.table(sequence).values()
        true = {cpu: sum(row[cpu] for row in table) for cpu in by_kind}
        right(by_kind == true, f"/metrics at sequence {sequence}:", by_kind, true)
        by_irq = sums["irq_interrupts_total"]
        right(by_irq == true, f"/metrics by IRQ at sequence {sequence}:", by_irq, true)
        return sequence

    def export(self, lines: Iterable[str]) -> int:
        """Check the totals of each sample in an exported table; return how many samples."""
        samples, time = 0, math.nan
        cells: dict[tuple[str, str], int] = {}
        for row in csv.DictReader(lines):
            if float(row["time"]) != time and samples:
                self.learn(time, self.state(cells))
            samples += float(row["time"]) != time
            time = float(row["time"])
            if row["cpu"]:
                cells[row["irq"], row["cpu"]] = int(row["count"])
        if samples:
            self.learn(time, self.state(cells))
        return samples
