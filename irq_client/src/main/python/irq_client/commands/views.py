"""Answers -> sheets for people. Pure.

Everything that a server named passes through `visible` here.
"""

from ..server import model
from ..server.authors import ON_THE_MACHINE
from ..terminal.table import Cell, Column, Sheet
from ..terminal.text import bytes_text, count_text, numbered, rate_text, span_text, visible

UNKNOWN = "-"
"""What is shown where the server does not know."""

_PENDING = " (pending: the kernel changes it at the next interrupt)"
_IRQ_COLUMNS = (Column("IRQ"), Column("DEVICE", flexible=True))
_TOTAL_COLUMNS = (Column("TOTAL", right=True), Column("RATE/s", right=True, heat=True))


def show_interrupts(answer: model.Interrupts) -> Sheet:
    """IRQ by CPU, in the server's order, with the totals of every row that passed the filters."""
    cpus = zip(answer.cpus, answer.totals, strict=True)
    return Sheet(
        notes=(window_line(answer.window),),
        warnings=window_warnings(answer.window),
        columns=(
            *_IRQ_COLUMNS,
            *(Column(f"CPU{cpu}", right=True, weight=total) for cpu, total in cpus),
            *_TOTAL_COLUMNS,
        ),
        rows=tuple(
            (*_names(irq), *_cells(irq, len(answer.cpus)), irq.total, irq.rate)
            for irq in answer.irqs
        ),
        total=("total", "", *answer.totals, answer.total, _rate(answer.total, answer.window)),
        empty="no IRQ passed the filters",
    )


def show_irqs(answer: model.Irqs) -> Sheet:
    """Totals per IRQ, busiest first."""
    return Sheet(
        notes=(window_line(answer.window),),
        warnings=window_warnings(answer.window),
        columns=(
            *_IRQ_COLUMNS,
            *_TOTAL_COLUMNS,
            Column("AFFINITY", flexible=True),
            Column("EFFECTIVE", flexible=True),
        ),
        rows=tuple(
            (
                *_names(irq),
                irq.total,
                irq.rate,
                visible(irq.affinity or ""),
                visible(irq.effective_affinity or ""),
            )
            for irq in model.busiest_first(answer.irqs)
        ),
        total=("total", "", answer.total, _rate(answer.total, answer.window), "", ""),
        empty="no IRQ passed the filters",
    )


def show_one_irq(answer: model.OneIrq) -> Sheet:
    """One IRQ, its counts by CPU."""
    irq = answer.irq
    counts = zip(answer.cpus, irq.counts or (), strict=False)
    seconds = answer.window.seconds
    return Sheet(
        notes=(
            window_line(answer.window),
            _title("IRQ", *_names(irq)),
            f"{count_text(irq.total)} interrupts, {rate_text(irq.rate)} per second",
            f"affinity {_known(irq.affinity)}, effective {_known(irq.effective_affinity)}",
        ),
        warnings=window_warnings(answer.window),
        columns=(Column("CPU", right=True), *_TOTAL_COLUMNS, Column("SHARE", right=True)),
        rows=tuple(
            (
                str(cpu),
                count,
                count / seconds if seconds else 0.0,
                f"{100 * count / irq.total if irq.total else 0.0:.1f}%",
            )
            for cpu, count in counts
        ),
        empty="counted for the whole machine, not by CPU",
    )


def show_cpus(answer: model.Cpus) -> Sheet:
    """Totals per CPU, in the server's order."""
    return Sheet(
        notes=(window_line(answer.window),),
        warnings=window_warnings(answer.window),
        columns=(Column("CPU"), *_TOTAL_COLUMNS),
        rows=tuple((str(each.cpu), each.total, each.rate) for each in answer.cpus),
        total=("total", answer.total, _rate(answer.total, answer.window)),
        empty="no CPU passed the filters",
    )


def show_one_cpu(answer: model.OneCpu) -> Sheet:
    """One CPU, its counts by IRQ, busiest first."""
    cpu = answer.cpu
    return Sheet(
        notes=(window_line(answer.window), _title("CPU", str(cpu.cpu), "")),
        warnings=window_warnings(answer.window),
        columns=(*_IRQ_COLUMNS, *_TOTAL_COLUMNS),
        rows=tuple((*_names(irq), irq.total, irq.rate) for irq in model.busiest_first(answer.irqs)),
        total=("total", "", cpu.total, cpu.rate),
        empty="no IRQ passed the filters",
    )


def show_series(answer: model.Series) -> Sheet:
    """Counts step by step; keys in the order in which they first appear."""
    keys = _keys(answer)
    weights = {key: sum(point.counts.get(key, 0) for point in answer.points) for key in keys}
    single = answer.by == "total"
    return Sheet(
        notes=(
            window_line(answer.window),
            f"in steps of {span_text(answer.step_seconds)}, by {visible(answer.by)}",
        ),
        warnings=window_warnings(answer.window),
        columns=(
            Column("START"),
            Column("END"),
            *(Column(visible(key), right=True, weight=weights[key]) for key in keys if not single),
            Column("TOTAL", right=True),
        ),
        rows=tuple(
            (
                point.start,
                point.end,
                *(point.counts.get(key) for key in keys if not single),
                point.total,
            )
            for point in answer.points
        ),
        empty="no step in the window",
    )


def show_events(answer: model.Events) -> Sheet:
    """Events in the server's order."""
    return Sheet(
        notes=(window_line(answer.window),),
        warnings=window_warnings(answer.window),
        columns=(
            Column("TIME"),
            Column("EVENT"),
            Column("IRQ"),
            Column("CPU", right=True),
            Column("DETAIL", flexible=True),
            Column("BY", flexible=True),
        ),
        rows=tuple(
            (
                each.time,
                visible(each.event),
                visible(each.irq or ""),
                None if each.cpu is None else str(each.cpu),
                visible(each.detail),
                visible(each.by),
            )
            for each in answer.events
        ),
        empty="no event in the window; --period 7d looks further back",
    )


def show_affinity(answer: model.Affinity) -> Sheet:
    """The CPUs of one IRQ."""
    fields = {
        "affinity": _known(answer.affinity),
        "effective affinity": _known(answer.effective_affinity) + _PENDING * answer.pending,
        "writable": "yes" if answer.writable else "no",
    }
    return _fields((_title("IRQ", visible(answer.irq), visible(answer.device)),), fields)


def show_change(before: model.Affinity, after: model.Affinity) -> Sheet:
    """What setting an affinity changed: ``affinity 0-3 -> 2``, ``effective affinity 3 -> 2``."""
    fields = {
        "affinity": f"{_known(before.affinity)} -> {_known(after.affinity)}",
        "effective affinity": f"{_known(before.effective_affinity)} -> "
        + _known(after.effective_affinity)
        + _PENDING * after.pending,
    }
    return _fields((_title("IRQ", visible(after.irq), visible(after.device)),), fields)


def change_question(before: model.Affinity, cpus: str, server: str) -> str:
    """Gives what is asked before an affinity is set."""
    irq = _title("IRQ", visible(before.irq), visible(before.device))
    change = f"change the affinity of {irq} from {_known(before.affinity)} to {cpus}"
    return f"{server}: {change}{refusal_warning(before)}?"


def refusal_warning(before: model.Affinity) -> str:
    """Gives a warning where the kernel will refuse a change, empty where it may not."""
    return "" if before.writable else " (managed: the kernel will refuse)"


def show_status(answer: model.Status) -> Sheet:
    """Sampler and store."""
    cap = "" if answer.max_bytes is None else f" of at most {bytes_text(answer.max_bytes)}"
    fields = {
        "sampler": visible(answer.state),
        "interval": span_text(answer.interval_seconds),
        "last sample": answer.last_sample or UNKNOWN,
        "samples": f"{count_text(answer.samples)}, {count_text(answer.late)} late",
        "store": bytes_text(answer.bytes) + cap,
        "oldest": answer.oldest or UNKNOWN,
        "newest": answer.newest or UNKNOWN,
        "size cap holds": UNKNOWN
        if answer.holds_seconds is None
        else span_text(answer.holds_seconds),
        "damaged": count_text(answer.damaged),
    }
    warnings = () if answer.last_error is None else (f"last error: {visible(answer.last_error)}",)
    return _fields((), fields, warnings)


def change_text(change: model.Event, device: str = "") -> str:
    """Gives what changed and, where it is known, by whom: ``IRQ 36 (eth0): 0-1 -> 1, by ::1``."""
    author = change.by if change.by in ("", ON_THE_MACHINE) else f"by {change.by}"
    told = ", ".join(filter(None, (change.detail, author)))
    return f"{_title('IRQ', visible(change.irq or ''), visible(device))}: {visible(told)}"


def window_line(window: model.Window) -> str:
    """Tells which samples an answer was made of."""
    samples = numbered(window.samples, "sample")
    return f"{window.start} .. {window.end}  {span_text(window.seconds)}, {samples}"


def window_warnings(window: model.Window) -> tuple[str, ...]:
    """Tells what is wrong with a window, one sentence each; none where it is whole."""
    found = []
    if not window.complete:
        found.append("incomplete: the store does not hold the whole window that was asked for")
    if window.gaps:
        found.append(f"{numbered(window.gaps, 'gap')} between samples")
    if window.resets:
        found.append(f"{numbered(window.resets, 'IRQ')} started again from zero")
    return tuple(found)


def _known(cpus: str | None) -> str:
    return visible(cpus) if cpus else UNKNOWN


def _names(irq: model.Irq) -> tuple[str, str]:
    return visible(irq.irq), visible(irq.device)


def _cells(irq: model.Irq, cpu_count: int) -> tuple[Cell, ...]:
    return (None,) * cpu_count if irq.counts is None else irq.counts


def _keys(answer: model.Series) -> list[str]:
    return list(dict.fromkeys(key for point in answer.points for key in point.counts))


def _rate(total: int, window: model.Window) -> float:
    return total / window.seconds if window.seconds else 0.0


def _title(kind: str, name: str, device: str) -> str:
    return f"{kind} {name} ({device})" if device else f"{kind} {name}"


def _fields(
    notes: tuple[str, ...], fields: dict[str, str], warnings: tuple[str, ...] = ()
) -> Sheet:
    """Gives a sheet of names and values, without headings."""
    columns = (Column(""), Column("", flexible=True))
    return Sheet(notes=notes, warnings=warnings, columns=columns, rows=tuple(fields.items()))
