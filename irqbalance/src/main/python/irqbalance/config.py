"""The settings: one table makes the options, the keys of the settings file and the README's table.

Nothing below the command reads arguments or files of settings; it is given a Settings. What stands
on the command line wins over the file, and the file over the defaults.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import __version__
from .errors import SettingError
from .settings import Settings
from .values import (
    one_of,
    parse_cpus,
    parse_duration,
    parse_number,
    parse_path,
    parse_pattern,
    parse_percent,
)


class Setting(NamedTuple):
    """One line of the table. ``parse`` takes a person's text, None for a switch."""

    name: str
    options: tuple[str, ...]
    parse: Callable[[str], Any] | None
    default: Any
    shown_default: str
    metavar: str
    help: str
    in_file: bool = True
    repeatable: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "dry_run",
        ("-n", "--dry-run"),
        None,
        False,
        "off",
        "",
        "plan and print; write nothing, nowhere",
        in_file=False,
    ),
    Setting(
        "interval",
        ("--interval",),
        parse_duration,
        None,
        "since the last run, else 10s",
        "DURATION",
        "measure from now, for this long (90, 0.5, 20ms, 90s, 15m, 2h, 7d; seconds "
        "without a unit); without it, since the last run's snapshot if that is of this boot "
        "and 10 s to a day old, else for 10s",
    ),
    Setting(
        "state_dir",
        ("--state-dir",),
        parse_path,
        Path("/var/lib/irqbalance"),
        "/var/lib/irqbalance",
        "DIR",
        "where the snapshot, the undo record and the lock lie",
    ),
    Setting(
        "from_file",
        ("--from",),
        parse_path,
        None,
        "none",
        "FILE",
        "plan offline from a captured /proc/interrupts: its counts are the loads; never "
        "writes, and needs neither root nor /sys",
        in_file=False,
    ),
    Setting(
        "to_file",
        ("--to",),
        parse_path,
        None,
        "none",
        "FILE",
        "with --from: a later capture; the difference is the load",
        in_file=False,
    ),
    Setting(
        "cpus",
        ("--cpus",),
        parse_cpus,
        None,
        "online, not isolated, not nohz_full",
        "LIST",
        "the CPUs to use, such as 0-3,8; isolated ones too, but never an offline one",
    ),
    Setting(
        "ban_cpus",
        ("--ban-cpus",),
        parse_cpus,
        frozenset(),
        "none",
        "LIST",
        "CPUs not to use, beside those that are not used anyway",
    ),
    Setting(
        "only_irq",
        ("--only-irq",),
        parse_pattern,
        (),
        "all",
        "PATTERN",
        "move only these: an IRQ (24), a range (40-47) or a shell pattern on any of the "
        "device names ('eth0-*'); repeatable",
        repeatable=True,
    ),
    Setting(
        "ban_irq",
        ("--ban-irq",),
        parse_pattern,
        (),
        "none",
        "PATTERN",
        "never move these; patterns as for --only-irq; repeatable",
        repeatable=True,
    ),
    Setting(
        "threshold",
        ("--threshold",),
        parse_percent,
        5.0,
        "5",
        "PERCENT",
        "act only where the plan lowers the busiest CPU's load by at least this many percent",
    ),
    Setting(
        "max_moves",
        ("--max-moves",),
        parse_number,
        None,
        "no limit",
        "N",
        "at most so many moves in one run",
    ),
    Setting(
        "check",
        ("--check",),
        None,
        False,
        "off",
        "",
        "plan, write nothing, and exit with status 5 where a run would act",
        in_file=False,
    ),
    Setting(
        "restore",
        ("--restore",),
        None,
        False,
        "off",
        "",
        "put back the affinities from before irqbalance first wrote them",
        in_file=False,
    ),
    Setting(
        "load",
        ("--load",),
        one_of("counts", "time"),
        "counts",
        "counts",
        "counts|time",
        "what weighs: interrupts per second, or these weighed by the CPU time that "
        "/proc/stat shows (milliseconds per second)",
    ),
    Setting(
        "format",
        ("--format",),
        one_of("table", "json", "csv"),
        "table",
        "table",
        "table|json|csv",
        "the form of the report",
    ),
    Setting(
        "force",
        ("--force",),
        None,
        False,
        "off",
        "",
        "run beside another balancer; with --restore, override what others wrote since",
        in_file=False,
    ),
    Setting(
        "procfs",
        ("--procfs",),
        parse_path,
        Path("/proc"),
        "/proc",
        "DIR",
        "read and write here instead of /proc",
    ),
    Setting(
        "sysfs", ("--sysfs",), parse_path, Path("/sys"), "/sys", "DIR", "read here instead of /sys"
    ),
    Setting(
        "verbose",
        ("-v", "--verbose"),
        None,
        False,
        "off",
        "",
        "explain every IRQ, and say what is being done",
    ),
    Setting(
        "quiet",
        ("-q", "--quiet"),
        None,
        False,
        "off",
        "",
        "print nothing, on either stream, unless something failed",
    ),
)

EPILOG = """\
exit status:
  0  done                        3  some IRQs refused; the others are done
  1  failed                      4  another run, or another balancer, is at work
  2  wrong usage                 5  --check: a run would act

example, for /etc/cron.d: every ten minutes, without a word unless something fails
  */10 * * * * root /usr/local/bin/irqbalance --quiet
"""


def parser() -> argparse.ArgumentParser:
    """Gives the parser of the command line. Every value that is not given is None."""
    made = argparse.ArgumentParser(
        prog="irqbalance",
        description="Spreads this machine's interrupts over its CPUs, once: measures the load of "
        "each IRQ, plans one CPU for each, writes the affinities that change, and reports.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"irqbalance {__version__}")
    made.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="take settings and rules from this TOML file; the command line wins (default: none)",
    )
    for setting in SETTINGS:
        _add_option(made, setting)
    return made


def _add_option(made: argparse.ArgumentParser, setting: Setting) -> None:
    shown = setting.help.replace("%", "%%")
    if setting.parse is None:
        made.add_argument(
            *setting.options, dest=setting.name, action="store_true", default=None, help=shown
        )
        return
    made.add_argument(
        *setting.options,
        dest=setting.name,
        action="append" if setting.repeatable else "store",
        metavar=setting.metavar,
        help=f"{shown} (default: {setting.shown_default})",
    )


def settings_of(argv: Sequence[str] | None) -> Settings:
    """Gives the settings that a command line and the file that it names add up to.

    Raises SettingError; exits like argparse for what is not a command line at all.
    """
    given = {
        name: value for name, value in vars(parser().parse_args(argv)).items() if value is not None
    }
    values: dict[str, Any] = {setting.name: setting.default for setting in SETTINGS}
    config = given.pop("config", None)
    if config is not None:
        # imported only where it is asked for: cron runs this often
        from .configfile import read_config

        values |= read_config(config)
    for setting in SETTINGS:
        if setting.name in given:
            values[setting.name] = parse_value(setting, given[setting.name], setting.options[-1])
    _refuse_contradictions(given)
    # the command line wins: a word or silence that is asked for there ends the other of the file
    values["quiet"] &= not ("verbose" in given and "quiet" not in given)
    values["verbose"] &= not values["quiet"]
    return Settings(**values)


def parse_value(setting: Setting, value: Any, name: str) -> Any:
    """Gives the value of a setting from a person's text, texts, or switch; raises SettingError."""
    parse = setting.parse
    if parse is None:
        return value
    if setting.repeatable:
        return tuple(_parse_or_refuse(parse, text, name) for text in value)
    return _parse_or_refuse(parse, value, name)


def _parse_or_refuse(parse: Callable[[str], Any], text: str, name: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise SettingError(name, str(error), text) from error


_CONTRADICTIONS = (
    ("--from", "from_file", "interval", "no --interval, as the files hold their own time"),
    ("--from", "from_file", "restore", "no --restore, as it never writes"),
    ("--check", "check", "restore", "no --restore, as it only plans"),
    ("--verbose", "verbose", "quiet", "no --quiet"),
)


def _refuse_contradictions(given: Mapping[str, Any]) -> None:
    if "to_file" in given and "from_file" not in given:
        raise SettingError("--to", "--from before it", "none")
    if "from_file" in given and given.get("load") == "time":
        raise SettingError("--load", "counts with --from, as /proc/stat is not there", "time")
    for option, one, other, expected in _CONTRADICTIONS:
        if one in given and other in given:
            raise SettingError(option, expected, "both")


def readme_table() -> str:
    """Gives the README's table of settings, in Markdown."""
    lines = ["| option | key in the file | default | meaning |", "|---|---|---|---|"]
    for setting in SETTINGS:
        option = ", ".join(f"`{name}`" for name in setting.options)
        if setting.metavar:
            shown = setting.metavar.replace("|", "\\|")
            option = option[:-1] + f" {shown}`"
        key = f"`{setting.name}`" if setting.in_file else ""
        lines.append(f"| {option} | {key} | {setting.shown_default} | {setting.help} |")
    return "\n".join(lines) + "\n"
