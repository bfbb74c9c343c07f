"""The state of a live view, and the effect of each key on it. Pure."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from ...command_line.values import read_time
from ...errors import UsageError

IRQ_SORTS = ("rate", "irq", "device")
CPU_SORTS = ("rate", "cpu")
LONGEST_TYPED = 60
MIN_PERIOD_SECONDS, MAX_PERIOD_SECONDS = 0.02, 30 * 86_400.0

KEYS = (
    ("q", "quit; here: close this help"),
    ("c, i, Tab", "per CPU, per IRQ, the other of the two"),
    ("s, r", "sort by the next column, reverse"),
    ("/", "show names with a text; Enter keeps it, Esc drops it"),
    ("Space, p", "pause, and go on"),
    ("Left, Right", "step back and forth in time by a window"),
    ("t", "jump to a time, such as -2h or 10:00"),
    ("[, ]", "jump to the affinity change before, to the next one"),
    ("l", "live again"),
    ("+, -", "double the window, halve it"),
    ("Up, Down, PgUp, PgDn", "scroll"),
    ("Home, End", "go to the first row, to the last row"),
    ("?, h", "this help"),
)
"""The effect of each key, for people."""

_PROMPTS = {"/": "filter", "t": "time"}
_SEEKS = {"[": -1, "]": 1}


class Asked(NamedTuple):
    """A window to ask for: its length, and its end in Unix seconds, None for now."""

    period_seconds: float
    end: float | None = None
    seek: int = 0
    """End it at the affinity change before `end` (-1) or behind it (1) instead."""


@dataclass(frozen=True, slots=True)
class TopState:
    """The view. `end` is a Unix time, None while live; `period_seconds` is the window's length.

    `prompt` is ``filter`` or ``time`` while that is typed. `scroll` counts rows from the first.
    """

    period_seconds: float
    by: str = "irq"
    sort: str = "rate"
    """The name of a column, as in `--sort`."""
    reverse: bool = False
    columns: tuple[str, ...] = ()
    """The columns of IRQs that a person wants to see; those with room if it is empty."""
    filter: str = ""
    prompt: str = ""
    typed: str = ""
    message: str = ""
    """The reason why a key did nothing, until the next key."""
    paused: bool = False
    end: float | None = None
    seek: int = 0
    scroll: int = 0
    help: bool = False
    quit: bool = False

    @property
    def asked(self) -> Asked:
        """The window to ask for: another one needs another answer."""
        return Asked(self.period_seconds, self.end, self.seek)

    @property
    def live_filter(self) -> str:
        """The filter, as far as it is typed."""
        return self.typed if self.prompt == "filter" else self.filter


class Seen(NamedTuple):
    """The extent of the table on the screen when a key is pressed."""

    page: int = 1
    """Rows of the table."""
    last: int = 0
    """The number of the first row if the last one is in sight."""
    end: float | None = None
    """The end of the window in Unix seconds, None if there is none yet."""
    newest: float | None = None
    """The end of the newest window seen. A step forth that reaches it is live again."""


def press(state: TopState, key: str, seen: Seen) -> TopState:
    """Return the state after a key."""
    state = replace(state, message="", scroll=min(state.scroll, seen.last))
    if state.prompt:
        return _type(state, key, seen)
    if state.help:
        return replace(state, help=False)
    if key in ("left", "right"):
        return _step(state, key, seen)
    moves = {"up": -1, "down": 1, "page up": -seen.page, "page down": seen.page}
    moves |= {"home": -seen.last, "end": seen.last}
    if key in moves:
        return replace(state, scroll=min(max(state.scroll + moves[key], 0), seen.last))
    return _switch(state, key)


def _type(state: TopState, key: str, seen: Seen) -> TopState:
    if key == "enter":
        typed = replace(state, prompt="", scroll=0)
        if state.prompt == "time":
            return _jump(typed, seen)
        return replace(typed, filter=state.typed)
    if key == "escape":
        return replace(state, prompt="")
    text = state.typed
    if key == "backspace":
        text = text[:-1]
    elif len(key) == 1:
        text = (text + key)[:LONGEST_TYPED]
    return replace(state, typed=text, scroll=0)


def _jump(state: TopState, seen: Seen) -> TopState:
    """Go to the time that was typed."""
    try:
        time = read_time("time", state.typed.strip())
    except UsageError as error:
        return replace(state, message=str(error))
    end = (seen.newest or 0.0) - time.seconds if time.is_ago else time.seconds
    return _ending(state, max(end, 1.0), seen)


def _step(state: TopState, key: str, seen: Seen) -> TopState:
    """Go one window back, or forth."""
    if seen.end is None or (key == "right" and state.end is None):
        return state
    by = state.period_seconds if key == "right" else -state.period_seconds
    start = seen.end if state.end is None else state.end
    return _ending(state, max(round(start + by, 3), 1.0), seen)


def _ending(state: TopState, end: float, seen: Seen) -> TopState:
    is_past = seen.newest is None or end < seen.newest
    return replace(state, end=end if is_past else None)


def _switch(state: TopState, key: str) -> TopState:
    """Carry out the keys that are letters."""
    if key in ("c", "i", "tab"):
        by = {"c": "cpu", "i": "irq"}.get(key, "cpu" if state.by == "irq" else "irq")
        return replace(state, by=by, sort="rate", reverse=False, scroll=0)
    if key == "s":
        sorts = IRQ_SORTS if state.by == "irq" else CPU_SORTS
        following = dict(zip(sorts, (*sorts[1:], sorts[0]), strict=True)).get(state.sort, sorts[0])
        return replace(state, sort=following, reverse=False, scroll=0)
    if key in ("+", "-"):
        period = state.period_seconds * (2 if key == "+" else 0.5)
        period = min(max(period, MIN_PERIOD_SECONDS), MAX_PERIOD_SECONDS)
        return replace(state, period_seconds=period)
    if key in _PROMPTS:
        prompt = _PROMPTS[key]
        return replace(state, prompt=prompt, typed=state.filter if key == "/" else "")
    if key in _SEEKS:
        return replace(state, seek=_SEEKS[key])
    changes: dict[str, TopState] = {
        "q": replace(state, quit=True),
        "r": replace(state, reverse=not state.reverse, scroll=0),
        "escape": replace(state, filter="", scroll=0),
        " ": replace(state, paused=not state.paused),
        "p": replace(state, paused=not state.paused),
        "l": replace(state, end=None, paused=False),
        "?": replace(state, help=True),
        "h": replace(state, help=True),
    }
    return changes.get(key, state)
