"""Read the settings file: TOML with the table's keys, and rules.

::

    threshold = 10
    ban_irq = ["i8042", "40-47"]

    [[rules]]
    pattern = "eth0-*"      # as for --only-irq; the first rule that matches an IRQ counts
    cpus = "0-3"            # only these, as far as they are usable

    [[rules]]
    pattern = "mlx5_*"
    one_node = true         # all of these on one NUMA node: their device's, else the busiest one

    [[rules]]
    pattern = "ens1f0np0"   # all IRQs of this network interface
    near = "8-11"           # beside these CPUs: on others that share their last-level cache

    [[rules]]
    pattern = "nvme*"
    ban = true              # never move these
"""

import tomllib
from pathlib import Path
from typing import Any

from ..errors import SettingError
from ..kernel.trust import read_trusted
from .model import Rule
from .table import SETTINGS, Setting
from .values import parse_cpus, parse_pattern

_RULE_KEYS = frozenset({"pattern", "cpus", "ban", "one_node", "near"})
_IN_FILE = {setting.name: setting for setting in SETTINGS if setting.in_file}


def read_config(path: Path) -> dict[str, Any]:
    """Return the settings in a file, its rules under ``rules``.

    Raise FileError if it cannot be read or trusted, SettingError for a wrong key or value.
    """
    try:
        content = tomllib.loads(read_trusted(path))
    except (ValueError, RecursionError) as error:  # also for numbers and lists that are too long
        raise SettingError(str(path), "TOML", str(error)) from error
    rules = content.pop("rules", [])
    values = {key: _value(path, key, value) for key, value in content.items()}
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise SettingError(f"{path}: rules", "tables headed [[rules]]", rules)
    return values | {"rules": tuple(_rule(f"{path}: rule {n}", r) for n, r in enumerate(rules, 1))}


def _value(path: Path, key: str, value: Any) -> Any:
    setting = _IN_FILE.get(key)
    if setting is None:
        raise SettingError(str(path), f"the keys {', '.join(_IN_FILE)} and rules", key)
    name = f"{path}: {key}"
    if setting.parse is None:
        if not isinstance(value, bool):
            raise SettingError(name, "true or false", value)
        return value
    return setting.value_of(_texts(setting, name, value), name)


def _texts(setting: Setting, name: str, value: Any) -> Any:
    """Return what a person would write for `value` on the command line."""
    if setting.repeatable:
        value = value if isinstance(value, list) else [value]
        return [_text(name, each) for each in value]
    return _text(name, value)


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise SettingError(name, "a text or a number", value)
    return str(value)


def _rule(name: str, rule: dict[str, Any]) -> Rule:
    unknown = set(rule) - _RULE_KEYS
    ban, one_node = rule.get("ban", False), rule.get("one_node", False)
    if unknown:
        expected = f"the keys {', '.join(sorted(_RULE_KEYS))}"
        raise SettingError(name, expected, ", ".join(sorted(unknown)))
    if not isinstance(ban, bool) or not isinstance(one_node, bool):
        raise SettingError(name, "true or false for ban and one_node", rule)
    if [ban, "near" in rule, "cpus" in rule or one_node].count(True) != 1:
        expected = "ban = true, or near, or cpus and one_node = true; one of these alone"
        raise SettingError(name, expected, rule)
    try:
        pattern = parse_pattern(_text(f"{name}: pattern", rule.get("pattern")))
        cpus, near = (
            parse_cpus(_text(f"{name}: {key}", rule[key])) if key in rule else None
            for key in ("cpus", "near")
        )
    except ValueError as error:
        raise SettingError(name, str(error), rule) from error
    return Rule(pattern, cpus, ban, one_node, near or frozenset())
