"""The one table of the C irqbalance's options and variables, and what does the same here. Pure.

The command line answers by it, `irqbalance migrate` translates by it, and the documents show it.
Source: irqbalance(1) and the list of options of irqbalance 1.9.2; 1.0.6 for hintpolicy.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..errors import CpuSetError
from ..kernel.cpuset import format_list
from .values import BANNED_LIST, BANNED_MASK, banned_cpus


class Old(NamedTuple):
    """An option of the C irqbalance with its short form and its variable, and what to do instead.

    ``argument`` is what follows the option, ``""`` for a switch. ``key`` is the key of the settings
    file that does the same, ``""`` if none does, and ``value`` makes its value of the argument: a
    text, or True. It raises ValueError for an argument that it does not understand. ``of_module``
    marks the option whose argument is a module: each of its PCI devices is a value.
    """

    names: tuple[str, ...]
    argument: str
    instead: str
    key: str = ""
    value: Callable[[str], str | bool] = str
    of_module: bool = False


def _list_of(variable: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        try:
            return format_list(banned_cpus(variable, text))
        except CpuSetError as error:
            raise ValueError(str(error)) from error

    return convert


def _number(text: str) -> str:
    if not (text.isdecimal() and text.isascii() and len(text) < 10):
        raise ValueError("expected a whole number")
    return str(int(text))


def _gain_of(ratio: str) -> str:
    """Return the percentage that a ratio of 2 (50%), 4 (25%) and so on stands for."""
    number = int(_number(ratio))
    return f"{100 / number:.4f}".rstrip("0").rstrip(".") if number else "0"


def _on(_: str) -> bool:
    return True


OLD: tuple[Old, ...] = (
    Old((BANNED_LIST,), "LIST", "--ban-cpus LIST; the variable works here, too", "ban_cpus",
        _list_of(BANNED_LIST)),
    Old((BANNED_MASK,), "MASK", "--ban-cpus LIST; the variable works here, too", "ban_cpus",
        _list_of(BANNED_MASK)),
    Old(("--banirq", "-i"), "IRQ", "--ban-irq IRQ", "ban_irq", _number),
    Old(("--banmod", "-m"), "MODULE", "--ban-irq ADDRESS for each PCI device of the module, or its "
        "name in /proc/interrupts; migrate looks the devices up", "ban_irq", of_module=True),
    Old(("--debug", "-d", "IRQBALANCE_DEBUG"), "", "--verbose", "verbose", _on),
    Old(("--deepestcache", "-c"), "N", "leave it out: the plan itself keeps the queues of a device "
        "apart and near to it"),
    Old(("--foreground", "-f"), "", "leave it out: a run never goes to the background"),
    Old(("--hintpolicy", "-h"), "POLICY", "leave it out: hints are not read; a rule of the "
        "settings file gives a device its own CPUs"),
    Old(("--interval", "-t"), "SECONDS", "--interval DURATION; without it, a run measures since "
        "the last one", "interval", _number),
    Old(("--journal", "-j"), "", "--log syslog", "log", lambda _: "syslog"),
    Old(("--migrateval", "-e"), "N", "--threshold PERCENT, which is 100 / N", "threshold",
        _gain_of),
    Old(("--oneshot", "-o", "IRQBALANCE_ONESHOT"), "", "leave it out: each run is one shot, "
        "and --interval 10s measures as long as it did"),
    Old(("--pid", "-s"), "FILE", "leave it out: no process stays, and the lock in --state-dir "
        "keeps two runs apart"),
    Old(("--policyscript", "-l"), "SCRIPT", "a rule of the settings file for each pattern: ban, "
        "cpus or one_node"),
    Old(("--powerthresh", "-p"), "N", "--cpus LIST: no IRQ wakes the other CPUs"),
    Old(("--version", "-V"), "", "--version"),
)  # fmt: skip


def find_old(word: str) -> Old | None:
    """Return the option that a word of a command line is: ``--banirq=24``, ``-i24`` or ``-of``."""
    name = word.partition("=")[0] if word.startswith("--") else word[:2]
    return next((old for old in OLD if name in old.names), None)


def options_in(words: Sequence[str]) -> Iterator[tuple[str, Old | None, str]]:
    """Yield each option of a command line: its words, its row, None if unknown, its argument.

    An option may be shortened while it is the only one to begin so. Source: getopt_long(3).
    """
    waiting = list(reversed(words))
    while waiting:
        word = waiting.pop()
        name, equals, argument = word.partition("=")
        if word.startswith("--"):
            old = _long(name)
        else:
            name, argument, equals = word[:2], word[2:], word[2:]
            old = next((each for each in OLD if name in each.names and name[:1] == "-"), None)
            if old and not old.argument and argument:
                waiting.append(f"-{argument}")  # several switches behind one hyphen
                word, argument = name, ""
        if old and old.argument and not equals and waiting:
            argument = waiting.pop()
            word = f"{word} {argument}"
        yield word, old, argument


def _long(name: str) -> Old | None:
    longs = {each: old for old in OLD for each in old.names if each.startswith("--")}
    if name in longs:
        return longs[name]
    found = [old for long, old in longs.items() if long.startswith(name) and len(name) > 2]
    return found[0] if len(found) == 1 else None
