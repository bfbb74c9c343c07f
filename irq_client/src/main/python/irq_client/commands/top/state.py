"""The state of a live view, and the effect of each key on it. Pure."""

from dataclasses import dataclass, replace

IRQ_SORTS = ("rate", "irq", "device")
CPU_SORTS = ("rate", "cpu")
LONGEST_FILTER = 60
MIN_PERIOD_SECONDS, MAX_PERIOD_SECONDS = 0.02, 30 * 86_400.0

KEYS = (
    ("q", "quit"),
    ("c, i, Tab", "per CPU, per IRQ, the other of the two"),
    ("s, r", "sort by the next column, reverse"),
    ("/", "show only names that hold a text; Enter keeps it, Esc drops it"),
    ("Space, p", "pause, and go on"),
    ("Left, Right", "step back and forth in time by a window"),
    ("l", "live again"),
    ("+, -", "double the window, halve it"),
    ("Up, Down, PgUp, PgDn, Home", "scroll"),
    ("?, h", "this help"),
)
"""The effect of each key, for people."""


@dataclass(frozen=True, slots=True)
class TopState:
    """The view. `end` is a Unix time, None while live; `period_seconds` is the window's length.

    `typing` is the filter while it is typed, None else; `scroll` counts rows from the first.
    """

    period_seconds: float
    by: str = "irq"
    sort: str = "rate"
    reverse: bool = False
    filter: str = ""
    typing: str | None = None
    paused: bool = False
    end: float | None = None
    scroll: int = 0
    help: bool = False
    quit: bool = False

    @property
    def question(self) -> tuple[float, float | None]:
        """The window to ask for: another one needs another answer."""
        return self.period_seconds, self.end


def press(
    state: TopState, key: str, *, page: int, shown_end: float | None, newest: float | None = None
) -> TopState:
    """Return the state after a key.

    `page` is the number of rows on the screen. `shown_end` is the end of the window on the screen
    (Unix seconds), None if there is none yet. `newest` is the end of the newest window seen; a step
    forth that reaches it is live again.
    """
    if state.typing is not None:
        return _type(state, key)
    if state.help:
        return replace(state, help=False, quit=key == "q")
    if key in ("left", "right"):
        return _step(state, key, shown_end, newest)
    if (moved := _scrolled(state, key, page)) is not None:
        return replace(state, scroll=max(moved, 0))
    return _switch(state, key)


def _type(state: TopState, key: str) -> TopState:
    typing = state.typing or ""
    if key == "enter":
        return replace(state, filter=typing, typing=None, scroll=0)
    if key == "escape":
        return replace(state, typing=None)
    if key == "backspace":
        typing = typing[:-1]
    elif len(key) == 1:
        typing = (typing + key)[:LONGEST_FILTER]
    return replace(state, typing=typing)


def _step(state: TopState, key: str, shown_end: float | None, newest: float | None) -> TopState:
    """Go one window back, or forth."""
    if shown_end is None or (key == "right" and state.end is None):
        return state
    by = state.period_seconds if key == "right" else -state.period_seconds
    start = shown_end if state.end is None else state.end
    end = max(round(start + by, 3), 1.0)
    return replace(state, end=None if newest is not None and end >= newest else end)


def _scrolled(state: TopState, key: str, page: int) -> int | None:
    moves = {"up": -1, "down": 1, "page up": -page, "page down": page, "home": -state.scroll}
    return state.scroll + moves[key] if key in moves else None


def _switch(state: TopState, key: str) -> TopState:
    """Carry out the keys that are letters."""
    if key in ("c", "i", "tab"):
        by = {"c": "cpu", "i": "irq"}.get(key, "cpu" if state.by == "irq" else "irq")
        return replace(state, by=by, sort="rate", reverse=False, scroll=0)
    if key == "s":
        sorts = IRQ_SORTS if state.by == "irq" else CPU_SORTS
        following = sorts[(sorts.index(state.sort) + 1) % len(sorts)]
        return replace(state, sort=following, reverse=False, scroll=0)
    if key in ("+", "-"):
        period = state.period_seconds * (2 if key == "+" else 0.5)
        return replace(
            state, period_seconds=min(max(period, MIN_PERIOD_SECONDS), MAX_PERIOD_SECONDS)
        )
    changes: dict[str, TopState] = {
        "q": replace(state, quit=True),
        "r": replace(state, reverse=not state.reverse, scroll=0),
        "/": replace(state, typing=state.filter),
        "escape": replace(state, filter="", scroll=0),
        " ": replace(state, paused=not state.paused),
        "p": replace(state, paused=not state.paused),
        "l": replace(state, end=None, paused=False),
        "end": replace(state, end=None, paused=False),
        "?": replace(state, help=True),
        "h": replace(state, help=True),
    }
    return changes.get(key, state)
