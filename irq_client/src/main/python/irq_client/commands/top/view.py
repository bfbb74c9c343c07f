"""The state and the answers of a live view become the lines of one screen. Pure.

Every name that comes from a server passes through `visible` here. The columns are fixed: they do
not depend on which CPU is busy now. A column for each CPU if all fit, else one for the busiest.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from ...figures.imbalance import device_loads, imbalance
from ...figures.rows import device_text, is_own, mostly
from ...server import model
from ...terminal.columns import column_place, ordered
from ...terminal.table import (
    FAINT,
    FAULT,
    GAP,
    HEADING,
    WARNING,
    Cell,
    Heading,
    Line,
    Sheet,
    fit,
    layout,
    wrapped,
)
from ...terminal.text import cell_width, rate_text, shortened, span_text, visible
from ..shared import change_text, window_line, window_warnings
from .fetch import TopData
from .state import KEYS, TopState

MOST_CHANGES = 3
"""Affinity changes that the head shows, the latest first."""

_BAR_CELLS = 20
_RATE_CELLS, _ON_CELLS, _AFFINITY_CELLS, _DEVICE_CELLS = 7, 10, 8, 16
_ARROWS = " ▼▲"
"""Marks of the order, or their place, at the ends of headings."""

_FOOT = (
    "q quit  ",
    "? help  ",
    "c/i CPU/IRQ  ",
    "s sort  ",
    "/ filter  ",
    "p pause  ",
    "<- -> [ ] t time  ",
    "l live",
)


class Frame(NamedTuple):
    """A screen, the rows of its table, and the first row's number if the last one is in sight."""

    lines: list[Line]
    page: int
    last: int


def frame(
    state: TopState, data: TopData | None, trouble: str, server: str, size: tuple[int, int]
) -> Frame:
    """Return a screen of `size` (columns, lines), never with more lines and never wider.

    `trouble` says why the figures are not those of now, empty if they are.
    """
    width, height = size
    lines = _mode_lines(state, data, trouble, server, width)
    page = last = 0
    if state.help:
        lines += [((f"  {keys:23}{what}", ""),) for keys, what in KEYS]
    elif data is not None:
        lines += _head(data, width)
        page = max(height - len(lines) - 2, 0)  # a line of headings, and the foot
        columns, rows = _table(state, data, width)
        last = max(len(rows) - page, 0)
        seen = rows[min(state.scroll, last) :][:page]
        sheet = Sheet((), columns, tuple(row() for row in seen), empty="nothing passes")
        lines += layout(sheet, width)
    lines = lines[: max(height - 1, 0)]
    lines += [()] * (height - 1 - len(lines))
    whole = [fit(line, width) for line in (*lines, _foot(state))][-height:]
    return Frame(whole, max(page, 1), last)


def printed(data: TopData, width: int) -> Iterator[Line]:
    """Return all rows that fired below the head, as for a pipe."""
    state = TopState(period_seconds=data.interrupts.window.seconds)
    irqs = tuple(irq for irq in data.interrupts.irqs if irq.total)
    columns, rows = _irq_table(
        state, replace(data, interrupts=data.interrupts._replace(irqs=irqs)), width
    )
    yield ((window_line(data.interrupts.window), ""),)
    yield from _head(data, width)
    yield from layout(Sheet((), columns, tuple(row() for row in rows)), width)


def irq_sheet(data: TopData) -> Sheet:
    """Return all columns of the IRQs, for `--columns` and `--sort` in a pipe."""
    cpus = (f"CPU{cpu}" for cpu in data.interrupts.cpus)
    every = ("IRQ", "DEVICE", "RATE", *cpus, "ON", "AFFINITY")
    state = TopState(period_seconds=data.interrupts.window.seconds, columns=every)
    columns, rows = _irq_table(state, data, 0)
    return Sheet(
        notes=(window_line(data.interrupts.window),),
        warnings=window_warnings(data.interrupts.window),
        columns=tuple(each._replace(text=each.text.strip(_ARROWS)) for each in columns),
        rows=tuple(row() for row in rows),
        empty="nothing passes",
    )


def _mode_lines(
    state: TopState, data: TopData | None, trouble: str, server: str, width: int
) -> list[Line]:
    """Return the line about what is shown, and why it is not what was asked for."""
    mode = "paused" if state.paused else "live" if state.end is None else "history"
    style = HEADING
    if trouble and mode == "live":
        mode, style = "not live", FAULT
    shown = server if data is None else _window_text(data, server, width - len(mode) - len(GAP))
    lines: list[Line] = [((f"{mode}{GAP}", style), (shown, ""))]
    if trouble:
        lines += [((text, FAULT),) for text in wrapped(trouble, width)]
    if state.message:
        lines += [((text, WARNING),) for text in wrapped(visible(state.message), width)]
    return lines


def _window_text(data: TopData, server: str, width: int) -> str:
    """Return what is shown in the longest words that fit, at least the end of the window."""
    window = data.interrupts.window
    end = f"{window.end.local}  {span_text(window.seconds)}"
    words = (f"{server}  {window_line(window)}", window_line(window), f"{server}  {end}")
    return next((each for each in words if cell_width(each) <= width), end)


def _head(data: TopData, width: int) -> list[Line]:
    lines = [_balance_line(data), *_change_lines(data, width)]
    lines += [((text, WARNING),) for text in window_warnings(data.interrupts.window)]
    return lines


def _balance_line(data: TopData) -> Line:
    """Return the rates; load and imbalance are those of devices."""
    answer = data.interrupts
    seconds = answer.window.seconds
    if not answer.cpus or not seconds:
        return (("no two samples in the window", WARNING),)
    loads = device_loads(answer, data.usable) or device_loads(answer)
    busiest = max(loads, key=lambda cpu: loads[cpu])
    figure = [("  imbalance ", ""), (f"{imbalance(loads.values()):.2f}", HEADING)]
    return (
        (f"{rate_text(answer.total / seconds)}/s", ""),
        (f"  devices {rate_text(sum(loads.values()) / seconds)}/s", ""),
        *(figure if data.is_whole else ()),  # that of a part would be another figure
        (f"  busiest CPU{busiest} {rate_text(loads[busiest] / seconds)}/s", ""),
        (f"  mean {rate_text(sum(loads.values()) / len(loads) / seconds)}/s", ""),
    )


def _change_lines(data: TopData, width: int) -> list[Line]:
    """Return a line for each of the latest changes, without the device if it is too long."""
    end = data.interrupts.window.end.seconds
    names = {irq.irq: irq.device for irq in data.interrupts.irqs}
    lines: list[Line] = []
    for each in data.changes[::-1][:MOST_CHANGES]:
        ago = max(end - each.time.seconds, 0.0)
        when = f"moved {span_text(round(ago))} before: "
        long = when + change_text(each, names.get(each.irq or "", ""))
        short = when + change_text(each)
        lines.append(((long if cell_width(long) <= width else short, WARNING),))
    return lines


def _foot(state: TopState) -> Line:
    if state.prompt:
        return ((f"{state.prompt}: {visible(state.typed)}_", HEADING),)
    kept = f"filter: {visible(state.filter)} (Esc drops it)  " if state.filter else ""
    return ((kept, HEADING), *((hint, FAINT) for hint in _FOOT))


_Table = tuple[tuple[Heading, ...], list[Callable[[], tuple[Cell, ...]]]]
"""Columns, and the rows in order. Only those on the screen are made."""


def _table(state: TopState, data: TopData, width: int) -> _Table:
    return (_irq_table if state.by == "irq" else _cpu_table)(state, data, width)


def _irq_table(state: TopState, data: TopData, width: int) -> _Table:
    """Return a row per IRQ: its rate, then its rate on each CPU or where it fires most."""
    answer = data.interrupts
    seconds = answer.window.seconds or 1.0
    names = {irq.irq: _title_of(irq) for irq in answer.irqs}
    irq_cells = max((cell_width(visible(irq)) for irq in names), default=0)
    device_cells = max(map(cell_width, names.values()), default=0)
    fixed = irq_cells + min(device_cells, _DEVICE_CELLS) + _RATE_CELLS + _AFFINITY_CELLS + 8
    has_room = fixed + len(answer.cpus) * (6 + len(GAP)) <= width
    affinity = "AFFINITY" if data.end is None else "AFFINITY NOW"

    def rate_on(place: int, irq: model.Irq) -> float | None:
        return irq.counts[place] / seconds if irq.counts else None

    columns: list[tuple[Heading, Callable[[model.Irq], Cell]]] = [
        (
            Heading(_marked(state, "IRQ", irq_cells), name="irq", is_cold=lambda x: is_own(x, "")),
            lambda irq: visible(irq.irq),
        ),
        (
            Heading(_marked(state, "DEVICE", device_cells), flexible=True, name="device"),
            lambda irq: names[irq.irq],
        ),
        (
            Heading(
                f"{_marked(state, 'RATE/s'):>{_RATE_CELLS}}", right=True, heat=True, name="rate"
            ),
            lambda irq: irq.total / seconds,
        ),
        *(
            (Heading(f"{f'CPU{cpu}':>6}", right=True, weight=total), partial(rate_on, place))
            for place, (cpu, total) in enumerate(zip(answer.cpus, answer.totals, strict=True))
        ),
        (Heading(f"{'ON':{_ON_CELLS}}"), lambda irq: mostly(irq.counts, answer.cpus)),
        (
            Heading(f"{affinity:{_AFFINITY_CELLS}}", flexible=True, name="affinity"),
            lambda irq: visible(data.affinities.get(irq.irq, "")),
        ),
    ]
    titles = [(heading.text.strip(_ARROWS), heading.name) for heading, _ in columns]
    rows = ordered(
        (irq for irq in answer.irqs if _passes(state, f"{irq.irq} {names[irq.irq]}")),
        columns[column_place("--sort", state.sort, titles)][1],
        reverse=state.reverse,
    )
    if state.columns:
        shown = [columns[column_place("--columns", each, titles)] for each in state.columns]
    elif has_room:
        shown = [*columns[:-2], columns[-1]]
    else:
        shown = [*columns[:3], *columns[-2:]]

    def row(irq: model.Irq) -> tuple[Cell, ...]:
        return tuple(value(irq) for _, value in shown)

    return tuple(heading for heading, _ in shown), [partial(row, irq) for irq in rows]


def _cpu_table(state: TopState, data: TopData, _: int) -> _Table:
    """Return a row per CPU: rate, share, a bar, and the busiest IRQ there."""
    answer = data.interrupts
    seconds = answer.window.seconds or 1.0
    largest = max(answer.totals, default=0)
    places = [place for place, cpu in enumerate(answer.cpus) if _passes(state, f"CPU{cpu}")]
    if state.sort == "rate":
        places.sort(key=lambda place: -answer.totals[place], reverse=state.reverse)
    elif state.reverse:
        places.reverse()
    columns = (
        Heading(_marked(state, "CPU"), right=True),
        Heading(f"{_marked(state, 'RATE/s'):>{_RATE_CELLS}}", right=True, heat=True),
        Heading(" SHARE", right=True),
        Heading(f"{'LOAD':{_BAR_CELLS}}"),
        Heading("BUSIEST IRQ", flexible=True),
    )

    def row(place: int) -> tuple[Cell, ...]:
        total = answer.totals[place]
        return (
            str(answer.cpus[place]),
            total / seconds,
            f"{100 * total / (answer.total or 1):.1f}%",
            _bar(total, largest),
            _busiest_irq(answer.irqs, place, seconds),
        )

    return columns, [partial(row, place) for place in places]


def _passes(state: TopState, name: str) -> bool:
    return state.live_filter.casefold() in name.casefold()


def _marked(state: TopState, title: str, cells: int = 0) -> str:
    """Return a heading of at least `cells` cells, with an arrow if rows are sorted by it.

    The place of the arrow is kept free, so that no column moves.
    """
    arrow = " "
    if title.lower().startswith(state.sort):
        arrow = "▼" if (state.sort == "rate") != state.reverse else "▲"
    return f"{title}{arrow}".ljust(cells)


def _bar(total: int, largest: int) -> str:
    whole, part = divmod(round(8 * _BAR_CELLS * total / largest) if largest else 0, 8)
    return "█" * whole + (" ▏▎▍▌▋▊▉"[part] if part else "")


def _busiest_irq(irqs: Sequence[model.Irq], place: int, seconds: float) -> str:
    counts = [(irq.counts[place], irq) for irq in irqs if irq.counts]
    count, irq = max(counts, key=lambda pair: pair[0], default=(0, None))
    if irq is None or not count:
        return ""
    name = shortened(_title_of(irq), 30)
    return f"{visible(irq.irq)} {name}".strip() + f" {rate_text(count / seconds)}/s"


def _title_of(irq: model.Irq) -> str:
    return visible(device_text(irq.irq, irq.device, irq.description))
