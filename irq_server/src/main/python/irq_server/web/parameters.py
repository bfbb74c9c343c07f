"""The parameters of the routes: one table, for requests and for the document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_PERIOD_SECONDS = 60.0
DEFAULT_STEPS = 60
MAX_TOP = 100_000
SERIES_KEYS = ("total", "cpu", "irq", "irq,cpu")
TRUE, FALSE = ("", "1", "true", "yes"), ("0", "false", "no")
FORMATS = ("json", "csv")

_MOMENT = {
    "type": "string",
    "pattern": r"^(now|-[0-9]{1,12}(\.[0-9]{1,20})?(ms|s|m|h|d|w)?|[0-9]{1,10}(\.[0-9]{1,9})?"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2}))$",
}
_DURATION = {
    "type": "string",
    "pattern": r"^[1-9][0-9]{0,7}(\.[0-9]{1,20})?(ms|s|m|h|d|w)?$|^0\.[0-9]{0,2}[1-9](s|m|h|d|w)?$",
}
CPU_LIST_PATTERN = r"^[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?)*$"
_CPU_LIST = {"type": "string", "pattern": CPU_LIST_PATTERN}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query or, if ``in_path``, of the path.

    ``schema`` is a JSON Schema of its text; ``examples`` are valid texts, by name.
    """

    name: str
    help: str
    schema: Mapping[str, Any]
    examples: Mapping[str, str]
    repeatable: bool = False
    in_path: bool = False


_QUERY = (
    Parameter(
        "start",
        "Where the window begins: RFC 3339 with a zone, Unix seconds, `now`, or relative such as "
        "`-15m`. Of start, end and period any two may be given.",
        _MOMENT,
        {"moment": "2026-01-01T00:00:00Z", "unix": "1767225600", "relative": "-15m"},
    ),
    Parameter(
        "end",
        "Where the window ends, in the forms of start; now where neither it nor both of the "
        "others are given. One in the future is now.",
        _MOMENT,
        {"now": "now", "moment": "2026-01-01T00:01:00Z"},
    ),
    Parameter(
        "period",
        "How long the window is: seconds, or with a unit `20ms`, `90s`, `15m`, `2h`, `7d`, `1w`. "
        f"{DEFAULT_PERIOD_SECONDS:g} seconds by default.",
        _DURATION,
        {"minute": "60", "hours": "2h"},
    ),
    Parameter("period_seconds", "The same as period.", _DURATION, {"minute": "60"}),
    Parameter(
        "irq",
        "These IRQs only; may be given several times.",
        {"type": "string", "minLength": 1, "maxLength": 60},
        {"number": "36", "name": "LOC"},
        repeatable=True,
    ),
    Parameter("cpu", "These CPUs only: a CPU list.", _CPU_LIST, {"one": "0", "several": "0-1"}),
    Parameter(
        "device",
        "IRQs only of which an action name, or all of them joined by `, `, matches this shell "
        "pattern.",
        {"type": "string", "minLength": 1},
        {"network": "eth0-*", "disk": "nvme0q*"},
    ),
    Parameter(
        "nonzero",
        "Leave out the IRQs that did not fire in the window; totals stay.",
        {"type": "string", "enum": [*TRUE, *FALSE]},
        {"yes": "true", "flag": ""},
    ),
    Parameter(
        "top",
        f"Only this many of the busiest IRQs, 1 to {MAX_TOP}; totals stay.",
        {"type": "integer", "minimum": 1, "maximum": MAX_TOP},
        {"ten": "10"},
    ),
    Parameter(
        "step",
        f"How long a step is, a duration; the window is cut into {DEFAULT_STEPS} without it.",
        _DURATION,
        {"minute": "60", "minutes": "15m"},
    ),
    Parameter(
        "by",
        "The keys of a step's counts.",
        {"type": "string", "enum": list(SERIES_KEYS), "default": "total"},
        {"cpu": "cpu", "both": "irq,cpu"},
    ),
    Parameter(
        "format",
        "`json` or `csv`; without it the Accept header chooses.",
        {"type": "string", "enum": list(FORMATS)},
        {"csv": "csv"},
    ),
)

_PATH = (
    Parameter(
        "irq",
        "An IRQ by its name in the store: its number, or the row's label. A slash is `%2F`, a "
        "number sign `%23`.",
        {"type": "string", "minLength": 1, "maxLength": 60},
        {"number": "36", "name": "LOC", "taken over": "45#2"},
        in_path=True,
    ),
    Parameter(
        "cpu",
        "A CPU's number, the kernel's.",
        {"type": "integer", "minimum": 0, "maximum": 65535},
        {"first": "0"},
        in_path=True,
    ),
)

QUERY: Mapping[str, Parameter] = {each.name: each for each in _QUERY}
PATH: Mapping[str, Parameter] = {each.name: each for each in _PATH}

WINDOW = ("start", "end", "period", "period_seconds")
FILTERS = ("irq", "cpu", "device", "nonzero", "top")
REPEATABLE = tuple(each.name for each in _QUERY if each.repeatable)
