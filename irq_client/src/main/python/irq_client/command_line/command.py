"""A command as the command line sees it, and the values that it takes from there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from ..errors import CommandLineError
from ..server.request import Request
from . import values
from .options import EVERYWHERE, Setting
from .repeat import Repeat

J = TypeVar("J", covariant=True)
T = TypeVar("T")

Reader = Callable[[str, str], T]
"""Returns the value of a text; takes the name of the option or argument first."""


class Given:
    """The texts of a command's options and arguments. Every method raises UsageError."""

    def __init__(
        self,
        texts: Mapping[str, object],
        settings: Sequence[Setting],
        form: str,
        *,
        several: bool = False,
    ) -> None:
        self._texts = texts
        self._settings = {each.name: each for each in settings}
        self.form = form
        """``table``, ``json`` or ``csv``."""
        self.several = several
        """True if several servers are asked."""

    def argument(self, name: str, read: Reader[T]) -> T:
        """Return an argument of the command that argparse requires; several words are one text."""
        text = self._texts[name]
        return read(name, (" ".join(text) if isinstance(text, list) else str(text)).strip(" "))

    def optional_argument(self, name: str, read: Reader[T]) -> T | None:
        """Return an argument of the command, None without one."""
        return None if self._texts.get(name) in (None, []) else self.argument(name, read)

    def option(self, name: str, read: Reader[T]) -> T | None:
        """Return the value of an option; None without one, or if the command has no such option."""
        text = self._texts.get(name)
        return None if text is None else read(f"--{name}", str(text))

    def options(self, name: str, read: Reader[T]) -> tuple[T, ...]:
        """Return the values of an option that may be repeated."""
        texts = self._texts.get(name)
        if not isinstance(texts, list):
            return ()
        return tuple(read(f"--{name}", str(text)) for text in texts)

    def flag(self, name: str) -> bool:
        """Return True if a switch is given."""
        return bool(self._texts.get(name))

    def choice(self, name: str) -> str:
        """Return one of a setting's choices, by default its default; empty without the setting."""
        setting = self._settings.get(name)
        return str(self._texts.get(name) or setting.default) if setting else ""

    def seconds(self, name: str) -> float | None:
        """Return the seconds of a duration, None without one."""
        duration = self.option(name, values.read_duration)
        return duration and duration.seconds

    def repeat(self) -> Repeat:
        """Return how often to read. Raise also CommandLineError."""
        every = self.seconds("every")
        if refresh := self._settings.get("refresh"):
            every = self.seconds("refresh") or values.read_duration("", refresh.default).seconds
        count = self.option("count", values.read_number)
        if count and not every:
            raise CommandLineError("--count needs --every, the time between two readings")
        return Repeat(every, count)

    def names(self, name: str) -> tuple[str, ...]:
        """Return the names in a list with commas, none without one."""
        text = str(self._texts.get(name) or "")
        return tuple(filter(None, (each.strip() for each in text.split(","))))

    def request(self) -> Request:
        """Return window, filters, step and key. Raise also CommandLineError."""
        period = self.option("period", values.read_duration)
        start, end = self.option("start", values.read_time), self.option("end", values.read_time)
        if not (period or start or end):
            period = self.option("every", values.read_duration)
        values.check_window(period, start, end)
        return Request(
            start=start,
            end=end,
            period=period,
            irqs=self.options("irq", values.read_irq),
            cpus=self.option("cpu", values.read_cpu_list),
            device=self.option("device", values.read_pattern) or "",
            top=self.option("top", values.read_number),
            step=self.option("step", values.read_duration),
            nonzero=self.flag("nonzero"),
            by=self.choice("by"),
        )


ARGUMENT_HELP = {
    "IRQ": "36, 36,38-41, NMI, a device, a network interface or a shell pattern",
    "CPU": "a CPU's number",
    "CPU-LIST": "the CPUs that it may go to from now on, such as 2 or 0-3,8",
    "TIME": "such as 10:00 or -15m, or boot; default: the latest affinity change",
    "CONDITION": "FIGURE above NUMBER [for DURATION], or FIGURE alone, which prints it; FIGURE is "
    "imbalance, rate, cpu CPUS rate, or irq IRQ rate; in quotes above may also be >, >=, <, <=, "
    "== or !=; below is <; NUMBER may end in k, M or G",
    "SHELL": "bash, zsh or fish",
}
"""The help of each positional argument."""


class Command(NamedTuple, Generic[J]):
    """One command: its arguments, the settings that it takes beside EVERYWHERE, and examples."""

    name: str
    help: str
    examples: tuple[str, ...]
    read: Callable[[Given], J]
    """Return what the command is to do. Raise UsageError."""
    arguments: tuple[str, ...] = ()
    """Names of the positional arguments: ``[X]`` may be left out, ``X...`` is several words."""
    settings: tuple[Setting, ...] = ()
    asks_server: bool = True


def all_settings(commands: Sequence[Command[object]]) -> tuple[Setting, ...]:
    """Return every setting once: EVERYWHERE first, then in the order of the commands."""
    found = {each.name: each for each in EVERYWHERE}
    for command in commands:
        for each in command.settings:
            found.setdefault(each.name, each)
    return tuple(found.values())
