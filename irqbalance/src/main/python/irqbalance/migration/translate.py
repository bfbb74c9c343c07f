"""The variables of the C irqbalance become the text of a settings file. Pure.

The text has a comment for everything that has no counterpart, and says what to do instead.
"""

import json
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..errors import SettingError
from ..kernel.cpuset import format_list, parse_list
from ..settings.old_options import OLD, Old, options_in
from ..settings.table import SETTINGS
from .assignments import Assignment

ARGUMENTS = "IRQBALANCE_ARGS"
PREFIX = "IRQBALANCE_"

_SETTING_OF = {setting.name: setting for setting in SETTINGS}


class _Given(NamedTuple):
    """What a person wrote for the C irqbalance: the words, the row of the table, the argument."""

    words: str
    old: Old | None
    argument: str


def translate(variables: Sequence[Assignment], problems: Iterable[str], source: str) -> str:
    """Return the settings file for the variables of `source`; a later one of a name wins.

    `problems` are sentences on lines that were not understood; they become comments.
    """
    texts: dict[str, list[str]] = {}
    switches: dict[str, bool] = {}
    reasons: dict[str, list[str]] = {}
    comments = [f"# From {source}:", *(f"# {problem}" for problem in problems)]
    for words, old, argument in _given(variables):
        if old is None:
            comments.append(f"# {words}: no option of the C irqbalance is known by this name")
        elif not old.key:
            comments.append(f"# {words}: {old.instead}")
        else:
            try:
                value = _checked(old, argument)
            except (ValueError, SettingError) as error:
                comments.append(f"# {words}: left out: {error}")
                continue
            reasons.setdefault(old.key, []).append(words)
            if isinstance(value, bool):
                switches[old.key] = value
            elif value:
                texts.setdefault(old.key, []).append(value)
    lines = [*comments, *_AFTERWARDS]
    if "ban_cpus" in reasons:
        lines += _ISOLATED_TOO
    for key, why in reasons.items():
        lines += ["", f"# {' '.join(why)}"]
        if key in switches or key in texts:
            shown = json.dumps(switches[key]) if key in switches else _toml(key, texts[key])
            lines.append(f"{key} = {shown}")
    return "".join(f"{_in_one_line(line)}\n" for line in lines)


_AFTERWARDS = (
    "# The C irqbalance stays in memory. This one runs once, from its timer or from cron:",
    "#   systemctl disable --now irqbalance",
    "#   systemctl enable --now irqbalance-once.timer",
)
_ISOLATED_TOO = (
    "# With a ban the C irqbalance uses isolated and nohz_full CPUs that the ban does not name.",
    "# This one never does, unless `cpus` names them.",
)


def _given(variables: Sequence[Assignment]) -> Iterator[_Given]:
    last = {each.name: each.value for each in variables if each.name.startswith(PREFIX)}
    for name, value in last.items():
        if name == ARGUMENTS:
            yield from (_Given(*each) for each in options_in(_words(value)))
            continue
        old = next((old for old in OLD if name in old.names), None)
        if old and not old.argument:
            yield _Given(name, old, "")  # it is on even if its text is empty
        elif value.strip():
            yield _Given(f"{name}={value}", old, value)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote without an end
        return text.split()


def _checked(old: Old, argument: str) -> str | bool:
    """Return the value for the old option's key; raise ValueError, or SettingError as a run does.

    No CPU at all is the empty text.
    """
    value = old.value(argument)
    if isinstance(value, str) and value:
        setting = _SETTING_OF[old.key]
        setting.value_of([value] if setting.repeatable else value, old.key)
    return value


def _toml(key: str, values: Sequence[str]) -> str:
    if _SETTING_OF[key].repeatable:
        return json.dumps(values)
    if key == "ban_cpus":
        return json.dumps(format_list(frozenset().union(*map(parse_list, values))))
    return json.dumps(values[-1])


def _in_one_line(text: str) -> str:
    """Return a text without characters that TOML forbids in a comment, or that end it."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
