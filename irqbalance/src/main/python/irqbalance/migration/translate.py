"""The variables of the C irqbalance become the text of a settings file. Pure.

The text has a comment for everything that has no counterpart, and says what to do instead.
"""

import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ..errors import SettingError
from ..kernel.cpuset import format_list, parse_list
from ..settings.old_options import OLD, Old, options_in
from ..settings.table import SETTINGS
from .assignments import Assignment

ARGUMENTS = "IRQBALANCE_ARGS"
PREFIX = "IRQBALANCE_"

_SETTING_OF = {setting.name: setting for setting in SETTINGS}


_AFTERWARDS = (
    "# The C irqbalance stays in memory. This one runs once, from its timer or from cron:",
    "#   systemctl disable --now irqbalance",
    "#   irqbalance install --timer",
)
_ISOLATED_TOO = (
    "# With a ban the C irqbalance uses isolated and nohz_full CPUs that the ban does not name.",
    "# This one never does, unless `cpus` names them.",
)


class _Given(NamedTuple):
    """An option or variable for the C irqbalance: its words, its row of the table, its argument."""

    words: str
    old: Old | None
    argument: str


class _Key(NamedTuple):
    """The values for a key of the settings file, and the words that they come from."""

    values: list[str | bool]
    words: list[str]


def _no_devices(_: str) -> tuple[str, ...]:
    return ()


def translate(
    variables: Sequence[Assignment],
    problems: Iterable[str],
    source: str,
    devices_of: Callable[[str], Sequence[str]] = _no_devices,
) -> str:
    """Return the settings file for the variables of `source`; a later one of a name wins.

    `problems` are sentences on lines that were not understood; they become comments. `devices_of`
    returns the addresses of the PCI devices of a module.
    """
    comments = [f"From {source}:", *problems]
    keys: dict[str, _Key] = {}
    for words, old, argument in _given(variables):
        try:
            key, values = _translated(old, argument, devices_of)
        except ValueError as error:
            comments.append(f"{words}: {error}")
            continue
        found = keys.setdefault(key, _Key([], []))
        found.values.extend(values)
        found.words.append(words)
    lines = [*(f"# {comment}" for comment in comments), *_AFTERWARDS]
    if "ban_cpus" in keys:
        lines += _ISOLATED_TOO
    for name, each in keys.items():
        lines += ["", f"# {' '.join(each.words)}"]
        if each.values:
            lines.append(f"{name} = {_toml(name, each.values)}")
    return "".join(f"{_in_one_line(line)}\n" for line in lines)


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


def _translated(
    old: Old | None, argument: str, devices_of: Callable[[str], Sequence[str]]
) -> tuple[str, list[str | bool]]:
    """Return a key of the settings file and values for it; no value for no CPU at all.

    Raise ValueError with the reason if nothing does the same, or a run would not accept it.
    """
    if old is None:
        raise ValueError("no option of the C irqbalance is known by this name")
    if not old.key:
        raise ValueError(old.instead)
    if old.of_module:
        devices = devices_of(argument)
        if not devices:
            raise ValueError(f"no PCI device has this module now: {old.instead}")
        return old.key, list(devices)
    try:
        value = old.value(argument)
        if isinstance(value, str) and value:
            setting = _SETTING_OF[old.key]
            setting.value_of([value] if setting.repeatable else value, old.key)
    except (ValueError, SettingError) as error:
        raise ValueError(f"left out: {error}") from error
    return old.key, [value] if value else []


def _toml(key: str, values: Sequence[str | bool]) -> str:
    if _SETTING_OF[key].repeatable:
        return json.dumps(values)
    if key == "ban_cpus":
        return json.dumps(format_list(frozenset().union(*(parse_list(str(v)) for v in values))))
    return json.dumps(values[-1])


def _in_one_line(text: str) -> str:
    """Return a text without characters that TOML forbids in a comment, or that end it."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
