"""Answers -> rows of CSV, the first being the names of the columns. Pure.

Times are Unix seconds. Everything that a server named passes through `visible` here, since a CSV
file is looked at in a terminal sooner or later.
"""

from collections.abc import Iterable, Iterator, Sequence

from ..server import model
from ..terminal.text import visible

Row = Sequence[str | int | float | None]
"""One row of CSV; None is an empty field."""


def list_interrupts(answer: model.Interrupts) -> Iterator[Row]:
    """One row per IRQ and CPU; one without a CPU for an IRQ that has none."""
    yield ("irq", "device", "cpu", "count")
    for irq in answer.irqs:
        if irq.counts is None:
            yield (*_names(irq), None, irq.total)
            continue
        for cpu, count in zip(answer.cpus, irq.counts, strict=True):
            yield (*_names(irq), cpu, count)


def list_irqs(answer: model.Irqs) -> Iterator[Row]:
    """One row per IRQ, busiest first."""
    return _list_irqs(model.busiest_first(answer.irqs))


def list_one_irq(answer: model.OneIrq) -> Iterator[Row]:
    """One row, in the columns of `list_irqs`."""
    return _list_irqs([answer.irq])


def list_cpus(answer: model.Cpus) -> Iterator[Row]:
    """One row per CPU."""
    yield ("cpu", "total", "rate")
    for each in answer.cpus:
        yield (each.cpu, each.total, each.rate)


def list_one_cpu(answer: model.OneCpu) -> Iterator[Row]:
    """One row per IRQ, busiest first."""
    yield ("irq", "device", "total", "rate")
    for irq in model.busiest_first(answer.irqs):
        yield (*_names(irq), irq.total, irq.rate)


def list_series(answer: model.Series) -> Iterator[Row]:
    """One row per step and key; times in Unix seconds."""
    yield ("start", "end", "key", "count")
    for point in answer.points:
        edges = (point.start.unix_text, point.end.unix_text)
        counts = {"total": point.total} if answer.by == "total" else point.counts
        for key, count in counts.items():
            yield (*edges, visible(key), count)


def list_events(answer: model.Events) -> Iterator[Row]:
    """One row per event; times in Unix seconds."""
    yield ("time", "event", "irq", "cpu", "detail", "by")
    for each in answer.events:
        irq = None if each.irq is None else visible(each.irq)
        texts = (visible(each.detail), visible(each.by))
        yield (each.time.unix_text, visible(each.event), irq, each.cpu, *texts)


def list_affinity(answer: model.Affinity) -> Iterator[Row]:
    """One row."""
    yield ("irq", "device", "affinity", "effective_affinity", "writable", "pending")
    yield (
        visible(answer.irq),
        visible(answer.device),
        visible(answer.affinity or ""),
        visible(answer.effective_affinity or ""),
        _flag(answer.writable),
        _flag(answer.pending),
    )


def list_status(answer: model.Status) -> Iterator[Row]:
    """One row; times in Unix seconds."""
    moments = (answer.last_sample, answer.oldest, answer.newest)
    last_sample, oldest, newest = (None if each is None else each.unix_text for each in moments)
    fields: dict[str, str | int | float | None] = {
        "state": visible(answer.state),
        "interval_seconds": answer.interval_seconds,
        "last_sample": last_sample,
        "samples": answer.samples,
        "late": answer.late,
        "last_error": None if answer.last_error is None else visible(answer.last_error),
        "bytes": answer.bytes,
        "max_bytes": answer.max_bytes,
        "oldest": oldest,
        "newest": newest,
        "holds_seconds": answer.holds_seconds,
        "damaged": answer.damaged,
    }
    yield tuple(fields)
    yield tuple(fields.values())


def _list_irqs(irqs: Iterable[model.Irq]) -> Iterator[Row]:
    yield ("irq", "device", "total", "rate", "affinity")
    for irq in irqs:
        affinity = None if irq.affinity is None else visible(irq.affinity)
        yield (*_names(irq), irq.total, irq.rate, affinity)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _names(irq: model.Irq) -> tuple[str, str]:
    return visible(irq.irq), visible(irq.device)
