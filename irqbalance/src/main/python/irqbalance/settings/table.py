"""The one table of settings: options, keys of the settings file, reference, man page, completion.

Beside it the table of commands, which are words in the place of the first option.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import SettingError
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
    """One row of the table. ``parse`` takes a person's text; it is None for a switch."""

    name: str
    options: tuple[str, ...]
    parse: Callable[[str], Any] | None
    default: Any
    shown_default: str
    metavar: str
    help: str
    in_file: bool = True
    repeatable: bool = False

    def value_of(self, given: Any, name: str) -> Any:
        """Return the value of a person's text, texts, or switch; raise SettingError, for `name`."""
        parse = self.parse
        if parse is None:
            return given
        if self.repeatable:
            return tuple(_parse_or_refuse(parse, text, name) for text in given)
        return _parse_or_refuse(parse, given, name)


def _parse_or_refuse(parse: Callable[[str], Any], text: str, name: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise SettingError(name, str(error), text) from error


def _switch(name: str, words: str, *short: str, in_file: bool = False) -> Setting:
    options = (*short, "--" + name.replace("_", "-"))
    return Setting(name, options, None, False, "off", "", words, in_file)


def _value(
    option: str, parse: Callable[[str], Any], default: Any, shown: str, metavar: str, words: str
) -> Setting:
    name = option[2:].replace("-", "_")
    return Setting(name, (option,), parse, default, shown, metavar, words)


# fmt: off
SETTINGS: tuple[Setting, ...] = (
    _switch("dry_run", "plan and print; write nothing, nowhere", "-n"),
    _value("--interval", parse_duration, None, "since the last run, else 10s", "DURATION",
           "measure from now, for this long (90, 0.5, 20ms, 90s, 15m, 2h, 7d, 1w; seconds "
           "without a unit); without it, since the last run's snapshot if that is of this boot "
           "and 10 s to a day old, else for 10s"),
    _value("--state-dir", parse_path, Path("/var/lib/irqbalance"), "/var/lib/irqbalance", "DIR",
           "the folder of the snapshot, the undo record and the lock"),
    _value("--from", parse_path, None, "none", "FILE",
           "plan offline from a captured /proc/interrupts: its counts are the loads; never "
           "writes, and needs neither root nor /sys")._replace(name="from_file", in_file=False),
    _value("--to", parse_path, None, "none", "FILE",
           "with --from: a later capture; the difference is the load",
           )._replace(name="to_file", in_file=False),
    _value("--cpus", parse_cpus, None, "online, in default_smp_affinity, not isolated or nohz_full",
           "LIST", "the CPUs to use, such as 0-3,8; isolated ones too, but never an offline one"),
    _value("--ban-cpus", parse_cpus, frozenset(), "none", "LIST",
           "CPUs not to use, besides those that are not used anyway and those of the variables "
           "IRQBALANCE_BANNED_CPULIST (a list) and IRQBALANCE_BANNED_CPUS (a mask)"),
    _value("--isolate", parse_cpus, frozenset(), "none", "LIST",
           "empty these CPUs of every IRQ that can move, idle ones too, whatever the threshold, "
           "and report what still fires there, and why"),
    _value("--only-irq", parse_pattern, (), "all", "PATTERN",
           "move only these: an IRQ (24), a range (40-47) or a shell pattern on a device name "
           "('eth0-*'), a network interface (eth0: all IRQs of its device) or a PCI address "
           "(0000:3b:00.0); repeatable")._replace(repeatable=True),
    _value("--ban-irq", parse_pattern, (), "none", "PATTERN",
           "never move these; patterns as for --only-irq; repeatable")._replace(repeatable=True),
    _value("--threshold", parse_percent, 5.0, "5", "PERCENT",
           "act only if the plan lowers the busiest CPU's load by at least this many percent"),
    _value("--max-moves", parse_number, None, "no limit", "N", "make at most N moves in one run"),
    _switch("check", "plan, write nothing, and exit with status 5 if a run would act"),
    _switch("restore", "put back the affinities from before irqbalance first wrote them"),
    _value("--load", one_of("counts", "time"), "counts", "counts", "counts|time",
           "the measure of load: interrupts per second, or these weighed by the CPU time in "
           "/proc/stat (milliseconds per second)"),
    _value("--format", one_of("table", "json", "csv"), "table", "table", "table|json|csv",
           "the form of the report"),
    _value("--log", one_of("none", "syslog"), "none", "none", "none|syslog",
           "with syslog, write every change, refusal and failure to the system's log or journal "
           "too"),
    _switch("force",
            "run beside another balancer; with --restore, override what others wrote since"),
    _value("--procfs", parse_path, Path("/proc"), "/proc", "DIR",
           "read and write here instead of /proc"),
    _value("--sysfs", parse_path, Path("/sys"), "/sys", "DIR", "read here instead of /sys"),
    _switch("verbose", "explain every IRQ, state the objective, and report each write", "-v",
            in_file=True),
    _switch("quiet", "print nothing, on either stream, unless something failed", "-q",
            in_file=True),
)


class Command(NamedTuple):
    """A word that may stand first on the command line, the words behind it, and its use.

    The module of the same name in the wing `commands` has its ``main``. It is imported only if the
    command is given.
    """

    name: str
    arguments: str
    help: str


COMMANDS: tuple[Command, ...] = (
    Command("install", "--timer|--cron",
            "write units of systemd, or a file of cron, that run this program every ten minutes"),
    Command("uninstall", "", "remove what install wrote"),
    Command("migrate", "[FILE]",
            "print the settings file that does what the C irqbalance's file of variables does"),
)  # fmt: skip
