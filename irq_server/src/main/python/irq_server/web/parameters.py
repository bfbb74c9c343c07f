"""The parameters of the routes: each is one row, with its parser and its text for the document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..kernel.cpuset import MAX_CPU, parse_list
from ..store import pattern
from ..times import parse_duration, parse_moment

T = TypeVar("T")

DEFAULT_PERIOD_SECONDS = 60.0
DEFAULT_STEPS = 60
MAX_TOP = 100_000
MAX_CHARACTERS = 64
"""The longest text of a parameter whose schema gives no ``maxLength``."""
MAX_CPU_LIST_CHARACTERS = 16 * 1024
"""The longest CPU list of a body: every second of 6,000 CPUs has a shorter one."""
MAX_CPU_LIST_IN_QUERY = 4096
"""It fits into the head of a request, its commas percent-encoded, beside other parameters."""
MAX_REPEATS = 256
"""How often a repeatable parameter may be given."""

SERIES_KEYS = ("total", "cpu", "irq", "irq,cpu")
TRUE, FALSE = ("", "1", "true", "yes"), ("0", "false", "no")
FORMATS = ("json", "csv")

_MOMENT = {
    "type": "string",
    "maxLength": MAX_CHARACTERS,
    "pattern": r"^(now|-[0-9]{1,12}(\.[0-9]{1,20})?(ms|s|m|h|d|w)?|[0-9]{1,10}(\.[0-9]{1,9})?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2}))$",
}
_DURATION = {
    "type": "string",
    "maxLength": MAX_CHARACTERS,
    "pattern": r"^[1-9][0-9]{0,7}(\.[0-9]{1,20})?(ms|s|m|h|d|w)?$|^0\.[0-9]{0,2}[1-9](s|m|h|d|w)?$",
}
CPU_LIST_PATTERN = r"^[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?)*$"
_CPU_LIST = {
    "type": "string",
    "maxLength": MAX_CPU_LIST_IN_QUERY,
    "pattern": CPU_LIST_PATTERN,
}


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """A parameter of the query or, if ``in_path``, of the path.

    ``parse`` makes its text a value, or raises ValueError or TextError with the form it expects.
    ``schema`` is a JSON Schema of the text; ``examples`` are valid texts, by name.
    """

    name: str
    parse: Callable[[str], T]
    help: str
    schema: Mapping[str, Any]
    examples: Mapping[str, str]
    repeatable: bool = False
    in_path: bool = False

    @property
    def max_characters(self) -> int:
        """The longest text that is parsed."""
        return int(self.schema.get("maxLength", MAX_CHARACTERS))


@dataclass(frozen=True, slots=True)
class Moment:
    """A requested moment: Unix seconds or, if ``is_relative``, seconds after now."""

    seconds: float
    is_relative: bool

    def at(self, now: float) -> float:
        """Return the Unix seconds, if it is `now`."""
        return now + self.seconds if self.is_relative else self.seconds


def _moment(text: str) -> Moment:
    return Moment(parse_moment(text, 0.0), text.strip()[:1] in ("n", "-"))


def _some(text: str, expected: str) -> str:
    if not text:
        raise ValueError(f"expected {expected}, found ''")
    return text


def _cpus(text: str) -> frozenset[int]:
    cpus = parse_list(text)
    if not cpus:
        raise ValueError("expected a CPU list such as 0-3,8, found ''")
    return cpus


def _cpu(text: str) -> int | None:
    digits = text.lstrip("0")[:9] or "0"
    return int(digits) if text.isdecimal() and text.isascii() else None


def _flag(text: str) -> bool:
    if text.lower() not in (*TRUE, *FALSE):
        raise ValueError(f"expected true or false, found {text[:60]!r}")
    return text.lower() in TRUE


def _top(text: str) -> int:
    if not (text.isdecimal() and text.isascii()) or not 0 < int(text) <= MAX_TOP:
        raise ValueError(f"expected a number from 1 to {MAX_TOP}, found {text[:60]!r}")
    return int(text)


def _word(text: str, words: tuple[str, ...]) -> str:
    if text not in words:
        expected = f"{', '.join(words[:-1])} or {words[-1]}"
        raise ValueError(f"expected {expected}, found {text[:60]!r}")
    return text


START = Parameter(
    "start",
    _moment,
    "Start of the window: RFC 3339 with a zone, Unix seconds, `now`, or relative such as `-15m`. "
    "A request may have any two of start, end and period.",
    _MOMENT,
    {"moment": "2026-01-01T00:00:00Z", "unix": "1767225600", "relative": "-15m"},
)
END = Parameter(
    "end",
    _moment,
    "End of the window, in the forms of start. It is now, unless start and period say otherwise. "
    "One in the future is now.",
    _MOMENT,
    {"now": "now", "moment": "2026-01-01T00:01:00Z"},
)
PERIOD = Parameter(
    "period",
    parse_duration,
    "Length of the window: seconds, or with a unit `20ms`, `90s`, `15m`, `2h`, `7d`, `1w`. "
    f"{DEFAULT_PERIOD_SECONDS:g} seconds by default.",
    _DURATION,
    {"minute": "60", "hours": "2h"},
)
PERIOD_SECONDS = Parameter(
    "period_seconds", parse_duration, "The same as period.", _DURATION, {"minute": "60"}
)
IRQ = Parameter(
    "irq",
    lambda text: _some(text, "an IRQ such as 24 or NMI"),
    "Only these IRQs; repeat it for several.",
    {"type": "string", "minLength": 1, "maxLength": 60},
    {"number": "36", "name": "LOC"},
    repeatable=True,
)
CPU = Parameter(
    "cpu", _cpus, "Only these CPUs: a CPU list.", _CPU_LIST, {"one": "0", "several": "0-1"}
)
DEVICE = Parameter(
    "device",
    lambda text: pattern.Pattern(_some(text, "a shell pattern such as eth0-*")),
    "Only IRQs whose device matches this shell pattern. An action name may match, or all of "
    "them joined by `, `. The network interface may match, or a bond or VLAN above it.",
    {"type": "string", "minLength": 1, "maxLength": pattern.MAX_CHARACTERS},
    {"network": "eth0-*", "bond": "bond0", "disk": "nvme0q*"},
)
NONZERO = Parameter(
    "nonzero",
    _flag,
    "Leave out the IRQs that did not fire in the window; totals stay.",
    {"type": "string", "enum": [*TRUE, *FALSE]},
    {"yes": "true", "flag": ""},
)
TOP = Parameter(
    "top",
    _top,
    f"Only this many of the busiest IRQs, 1 to {MAX_TOP}; totals stay.",
    {"type": "integer", "minimum": 1, "maximum": MAX_TOP},
    {"ten": "10"},
)
STEP = Parameter(
    "step",
    parse_duration,
    f"Length of a step, a duration. Without it the window has {DEFAULT_STEPS} steps.",
    _DURATION,
    {"minute": "60", "minutes": "15m"},
)
BY = Parameter(
    "by",
    lambda text: _word(text, SERIES_KEYS),
    "The keys of a step's counts.",
    {"type": "string", "enum": list(SERIES_KEYS), "default": "total"},
    {"cpu": "cpu", "both": "irq,cpu"},
)
FORMAT = Parameter(
    "format",
    lambda text: _word(text, FORMATS),
    "`json` or `csv`; without it the Accept header chooses.",
    {"type": "string", "enum": list(FORMATS)},
    {"csv": "csv"},
)
PATH_IRQ = Parameter(
    "irq",
    str,
    "An IRQ by its name in the store: its number, or the row's label. A slash is `%2F`, a "
    "number sign `%23`.",
    {"type": "string", "minLength": 1, "maxLength": 60},
    {"number": "36", "name": "LOC", "taken over": "45#2"},
    in_path=True,
)
PATH_CPU = Parameter(
    "cpu",
    _cpu,
    "A CPU's number, the kernel's.",
    {"type": "integer", "minimum": 0, "maximum": MAX_CPU},
    {"first": "0"},
    in_path=True,
)

_ROWS = [each for each in list(globals().values()) if isinstance(each, Parameter)]

QUERY: Mapping[str, Parameter[Any]] = {each.name: each for each in _ROWS if not each.in_path}
PATH: Mapping[str, Parameter[Any]] = {each.name: each for each in _ROWS if each.in_path}

WINDOW = ("start", "end", "period", "period_seconds")
FILTERS = ("irq", "cpu", "device", "nonzero", "top")
