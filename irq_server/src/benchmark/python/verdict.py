"""What is wrong with a tool's answer about a capture whose truth is known, in a few words. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its label, and counts by CPU, or one figure for the whole machine, or neither."""

    label: str
    counts: Mapping[int, int] = field(default_factory=dict)
    figure: int | None = None
    is_subtotal: bool = False


@dataclass(frozen=True, slots=True)
class Capture:
    """A /proc/interrupts, the CPU lists of its machine, and what it says."""

    name: str
    about: str
    text: str
    online: str
    possible: str
    rows: tuple[Row, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool says: its rows in its order, or the error that it ended with.

    With `only_totals` each row is a figure, the sum over the CPUs; with `only_fired` rows of zeros
    are left out. `total` is of the machine, where the tool tells one.
    """

    rows: tuple[Row, ...] = ()
    error: str = ""
    only_totals: bool = False
    only_fired: bool = False
    total: int | None = None


def capture_of(table: Mapping[str, Any]) -> Capture:
    """Return a capture as captures.toml holds it."""
    rows = tuple(
        Row(
            each["irq"],
            {int(cpu): count for cpu, count in each.get("counts", {}).items()},
            each.get("figure"),
            each.get("subtotal", False),
        )
        for each in table["rows"]
    )
    return Capture(
        name=table["name"],
        about=table["about"],
        text=table["text"],
        online=table["online"],
        possible=table["possible"],
        rows=rows,
        total=table["total"],
    )


def verdict(capture: Capture, answers: Sequence[Answer]) -> str:
    """Return what is wrong with a tool's answers to one and the same question, or RIGHT."""
    verdicts = [_of_one(capture, each) for each in answers]
    if len(set(verdicts)) == 1:
        return verdicts[0]
    lost = [len(_lost(capture, each)) for each in answers]
    if min(lost) == max(lost):
        return f"another answer each time: {min(lost)} of {len(capture.rows)} rows lost"
    return f"loses {min(lost)} to {max(lost)} of {len(capture.rows)} rows, others each time"


def _of_one(capture: Capture, answer: Answer) -> str:
    if answer.error:
        return f"fails: {answer.error}"
    problems = [
        *_of_repeated(capture, answer),
        *_of_cpus(capture, answer),
        *_of_figures(capture, answer),
    ]
    subtotals = {row.label for row in capture.rows if row.is_subtotal}
    if not subtotals & _labels(answer.rows):  # left out on purpose
        lost = [label for label in _lost(capture, answer) if label not in subtotals]
    else:
        lost = _lost(capture, answer)
    if lost:
        problems.append(f"{', '.join(lost)} lost")
    invented = _labels(answer.rows) - _labels(capture.rows)
    if invented:
        problems.append(f"{', '.join(f'`{each}`' for each in sorted(invented))} invented")
    if answer.total is not None and answer.total != capture.total:
        problems.append(f"a total of {answer.total} for {capture.total}")
    if problems:
        return "; ".join(problems)
    return (
        f"{'sums over CPUs ' if answer.only_totals else ''}{RIGHT}{_of_subtotals(capture, answer)}"
    )


def _of_subtotals(capture: Capture, answer: Answer) -> str:
    """Says where subtotals stand among the rest with no total that leaves them out."""
    subtotals = [row.label for row in capture.rows if row.is_subtotal]
    if not subtotals or answer.total is not None:
        return ""
    if not _labels(answer.rows) & set(subtotals):
        return ", without the subtotals"
    listed = sum(_sum(row) for row in answer.rows)
    return f", but its rows add up to {listed / capture.total:.2f} times what fired"


def _labels(rows: Iterable[Row]) -> set[str]:
    return {row.label for row in rows}


def _sum(row: Row) -> int:
    return (row.figure or 0) + sum(row.counts.values())


def _numbered(rows: Iterable[Row]) -> dict[tuple[str, int], Row]:
    """Return rows by label, and by how often that stood before."""
    seen: Counter[str] = Counter()
    found = {}
    for row in rows:
        found[row.label, seen[row.label]] = row
        seen[row.label] += 1
    return found


def _lost(capture: Capture, answer: Answer) -> list[str]:
    """Return the labels that are not there, of rows that the tool would show."""
    wanted = [row for row in capture.rows if row.counts or row.figure is not None]
    if answer.only_fired:
        wanted = [row for row in wanted if _sum(row)]
    return sorted(_labels(wanted) - _labels(answer.rows))


def _of_repeated(capture: Capture, answer: Answer) -> list[str]:
    """Says what became of a label that stands twice, where it is there only once."""
    problems = []
    for label, times in Counter(row.label for row in capture.rows).items():
        got = [row for row in answer.rows if row.label == label]
        wanted = [row for row in capture.rows if row.label == label]
        if times == 1 or len(got) != 1:
            continue
        sums = [_sum(row) for row in wanted]
        if _sum(got[0]) == sum(sums):
            problems.append(f"{times} {label} rows made one, added up")
        elif _sum(got[0]) in sums:
            kept = sums.index(_sum(got[0])) + 1
            which = "the last" if kept == times else f"number {kept}"
            problems.append(f"of {times} {label} rows only {which} is there")
        else:
            problems.append(f"{times} {label} rows made one, with other counts")
    return problems


def _pairs(capture: Capture, answer: Answer) -> list[tuple[Row, Row]]:
    """Return the rows of the truth with those of the answer; of repeated ones, where all are."""
    wanted, got = _numbered(capture.rows), _numbered(answer.rows)
    times = Counter(row.label for row in answer.rows)
    repeated = Counter(row.label for row in capture.rows)
    return [
        (row, got[key])
        for key, row in wanted.items()
        if key in got and times[row.label] == repeated[row.label]
    ]


def _of_cpus(capture: Capture, answer: Answer) -> list[str]:
    """Says which CPUs' counts stand where they do not belong."""
    moved: Counter[tuple[int, int]] = Counter()
    gone: Counter[int] = Counter()
    wrong: list[str] = []
    for row, got in _pairs(capture, answer):
        if answer.only_totals:
            wrong += [row.label] if _sum(row) != _sum(got) else []
            continue
        for cpu, count in row.counts.items():
            places = [place for place, each in got.counts.items() if each == count]
            if got.counts.get(cpu) == count or count == 0:
                continue
            if places:
                moved[cpu, places[0]] += 1
            else:
                gone[cpu] += 1
        if row.counts and not set(got.counts.values()) <= {0, *row.counts.values()}:
            wrong.append(row.label)
    shifts = ", ".join(f"of CPU {cpu} as CPU {place}'s" for cpu, place in sorted(moved))
    said = [f"counts {shifts}"] if shifts else []
    said += [f"those of CPU {cpu} lost" for cpu in sorted(gone)]
    return said + ([f"{', '.join(wrong)} with other counts"] if wrong else [])


def _of_figures(capture: Capture, answer: Answer) -> list[str]:
    """Says where a figure of the whole machine is taken for a CPU's."""
    if answer.only_totals:
        return []
    taken = [
        row.label for row, got in _pairs(capture, answer) if row.figure is not None and got.counts
    ]
    return [f"{', '.join(taken)} taken for CPU 0's"] if taken else []
