"""The state and the answers of a live view become the lines of one screen. Pure.

Every name that comes from a server passes through `visible` here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ...figures.imbalance import imbalance
from ...server import model
from ...terminal.table import FAINT, GAP, HEADING, WARNING, Cell, Heading, Line, Sheet, layout
from ...terminal.text import cell_width, rate_text, shortened, span_text, visible
from ..shared import change_text, window_line, window_warnings
from .state import KEYS, TopState

MOST_CHANGES = 3
"""Affinity changes that the head shows, the latest first."""

_BAR_CELLS = 20
_FOOT = (
    "q quit  ? help  c/i per CPU/IRQ  s sort  r reverse  / filter  Space pause  <- -> time  l live"
)


@dataclass(frozen=True, slots=True)
class TopData:
    """A server's answers: the counts of a window, and the changes before its end."""

    interrupts: model.Interrupts
    changes: tuple[model.Event, ...]
    """Affinity changes, oldest first."""


def frame(
    state: TopState, data: TopData | None, trouble: str, server: str, size: tuple[int, int]
) -> list[Line]:
    """Return the lines of a screen of `size` (columns, lines), never more and never wider.

    `trouble` is the error of the last question, empty if there was none.
    """
    width, height = size
    head = _head(state, data, trouble, server, width)
    body: list[Line] = []
    if state.help:
        body = [((f"  {keys:28}{what}", ""),) for keys, what in KEYS]
    elif data is not None:
        room = max(height - len(head) - 1, 0)
        body = list(layout(_sheet(state, data, room - 1), width))
    lines = [*head, *body][: max(height - 1, 0)]
    lines += [()] * (height - 1 - len(lines))
    return [fit(line, width) for line in (*lines, _foot(state))][-height:]


def page_rows(size: tuple[int, int]) -> int:
    """Return how many rows of the table a screen shows at least."""
    return max(size[1] - 8, 1)


def fit(line: Line, width: int) -> Line:
    """Return a line cut off at `width` cells."""
    if sum(cell_width(text) for text, _ in line) <= width:
        return line
    kept: list[tuple[str, str]] = []
    room = width
    for text, style in line:
        while cell_width(text) > room:
            text = text[:-1]
        kept.append((text, style))
        room -= cell_width(text)
    return tuple(kept)


def whole(line: Line, width: int) -> Line:
    """Return the segments of a line that fit, each whole, from the first on."""
    room = width
    kept: list[tuple[str, str]] = []
    for text, style in line:
        room -= cell_width(text)
        if room < 0:
            break
        kept.append((text, style))
    return tuple(kept)


def _head(
    state: TopState, data: TopData | None, trouble: str, server: str, width: int
) -> list[Line]:
    mode = "paused" if state.paused else "live" if state.end is None else "history"
    lines: list[Line] = []
    if data is None:
        lines.append(((f"{mode}  {server}", HEADING),))
    else:
        answer = data.interrupts
        shown = _window_text(answer.window, server, width - len(mode) - len(GAP))
        lines.append(((f"{mode}{GAP}", HEADING), (shown, "")))
        lines.append(_balance_line(answer, width))
        lines += _change_lines(data, width)
        lines += [((text, WARNING),) for text in window_warnings(answer.window)]
    if trouble:
        lines.append(((trouble, "red"),))
    return lines


def _window_text(window: model.Window, server: str, width: int) -> str:
    """Return what is shown in the longest words that fit, at least the end of the window."""
    end = f"{window.end.local}  {span_text(window.seconds)}"
    words = (f"{server}  {window_line(window)}", window_line(window), f"{server}  {end}")
    return next((each for each in words if cell_width(each) <= width), end)


def _balance_line(answer: model.Interrupts, width: int) -> Line:
    seconds = answer.window.seconds
    if not answer.cpus or not seconds:
        return (("no two samples in the window", WARNING),)
    busiest = max(range(len(answer.cpus)), key=lambda place: answer.totals[place])
    figure = imbalance(answer.totals)
    return whole(
        (
            (f"{rate_text(answer.total / seconds)}/s", ""),
            ("  imbalance ", ""),
            (f"{figure:.2f}", "bold red" if figure >= 2 else "bold"),
            (f"  busiest CPU{answer.cpus[busiest]}", ""),
            (f" {rate_text(answer.totals[busiest] / seconds)}/s", ""),
            (f"  mean {rate_text(sum(answer.totals) / len(answer.cpus) / seconds)}/s", ""),
        ),
        width,
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
    if state.typing is not None:
        return ((f"filter: {visible(state.typing)}_", HEADING),)
    kept = f"filter: {visible(state.filter)} (Esc drops it)  " if state.filter else ""
    return ((kept, HEADING), (_FOOT, FAINT))


def _sheet(state: TopState, data: TopData, rows: int) -> Sheet:
    make = _irq_sheet if state.by == "irq" else _cpu_sheet
    return make(state, data.interrupts, max(rows, 0))


def _irq_sheet(state: TopState, answer: model.Interrupts, rows: int) -> Sheet:
    """One row per IRQ, its rate on each CPU."""
    seconds = answer.window.seconds or 1.0
    wanted = [irq for irq in answer.irqs if _passes(state.filter, f"{irq.irq} {irq.device}")]
    orders = {
        "rate": lambda irq: (-irq.total,),
        "irq": lambda irq: (not irq.irq.isdecimal(), len(irq.irq), irq.irq),
        "device": lambda irq: (not irq.device, irq.device),
    }
    wanted.sort(key=orders[state.sort], reverse=state.reverse)
    marked = {
        name: f"{name}{_arrow(state)}" if name.lower().startswith(state.sort) else name
        for name in ("IRQ", "DEVICE", "RATE/s")
    }
    return Sheet(
        notes=(),
        columns=(
            Heading(marked["IRQ"]),
            Heading(marked["DEVICE"], flexible=True),
            *(
                Heading(f"{f'CPU{cpu}':>6}", right=True, weight=total)
                for cpu, total in zip(answer.cpus, answer.totals, strict=True)
            ),
            Heading(f"{marked['RATE/s']:>7}", right=True, heat=True),
        ),
        rows=tuple(
            (
                visible(irq.irq),
                visible(irq.device),
                *_rates(irq, len(answer.cpus), seconds),
                irq.total / seconds,
            )
            for irq in wanted[_first(state, len(wanted), rows) :][:rows]
        ),
        empty="no IRQ passes the filter",
    )


def _cpu_sheet(state: TopState, answer: model.Interrupts, rows: int) -> Sheet:
    """One row per CPU: rate, share, a bar, and the busiest IRQ there."""
    seconds = answer.window.seconds or 1.0
    largest = max(answer.totals, default=0)
    places = [place for place, cpu in enumerate(answer.cpus) if _passes(state.filter, f"CPU{cpu}")]
    if state.sort == "rate":
        places.sort(key=lambda place: -answer.totals[place], reverse=state.reverse)
    elif state.reverse:
        places.reverse()
    arrow = _arrow(state)
    columns = (
        Heading("CPU" + arrow * (state.sort == "cpu"), right=True),
        Heading(f"{'RATE/s' + arrow * (state.sort == 'rate'):>8}", right=True, heat=True),
        Heading(" SHARE", right=True),
        Heading(f"{'LOAD':{_BAR_CELLS}}"),
        Heading("BUSIEST IRQ", flexible=True),
    )
    return Sheet(
        notes=(),
        columns=columns,
        rows=tuple(
            (
                str(answer.cpus[place]),
                answer.totals[place] / seconds,
                f"{100 * answer.totals[place] / (answer.total or 1):.1f}%",
                _bar(answer.totals[place], largest),
                _busiest_irq(answer.irqs, place, seconds),
            )
            for place in places[_first(state, len(places), rows) :][:rows]
        ),
        empty="no CPU passes the filter",
    )


def _first(state: TopState, count: int, rows: int) -> int:
    """Return the first row that is shown: never so far down that rows stay empty."""
    return max(min(state.scroll, count - rows), 0)


def _passes(text: str, name: str) -> bool:
    return text.casefold() in name.casefold()


def _arrow(state: TopState) -> str:
    falls = (state.sort == "rate") != state.reverse
    return "▼" if falls else "▲"


def _rates(irq: model.Irq, cpu_count: int, seconds: float) -> tuple[Cell, ...]:
    if irq.counts is None:
        return (None,) * cpu_count
    return tuple(count / seconds for count in irq.counts)


def _bar(total: int, largest: int) -> str:
    whole, part = divmod(round(8 * _BAR_CELLS * total / largest) if largest else 0, 8)
    return "█" * whole + (" ▏▎▍▌▋▊▉"[part] if part else "")


def _busiest_irq(irqs: Sequence[model.Irq], place: int, seconds: float) -> str:
    counts = [(irq.counts[place], irq) for irq in irqs if irq.counts]
    count, irq = max(counts, key=lambda pair: pair[0], default=(0, None))
    if irq is None or not count:
        return ""
    return (
        visible(f"{irq.irq} {shortened(irq.device, 30)}".strip())
        + f" {rate_text(count / seconds)}/s"
    )
