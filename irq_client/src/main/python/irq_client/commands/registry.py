"""Every command, in the order in which help, docs/reference.md and the manual page list them.

`completion` stands here: it asks no server.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, runtime_checkable

from ..command_line.command import Command, Given
from ..command_line.options import READING
from ..command_line.values import read_choice
from ..terminal.writer import Shown
from . import affinity, cpus, effect, events, heatmap, history, irqs, overview, status, watch
from .shared import Surroundings
from .top import run as top

if TYPE_CHECKING:
    from ..server.client import Client


class Question(Protocol):
    """A job that reads, at one server or at many at once."""

    def ask(self, client: "Client") -> Shown:
        """Ask one server. Raise ServerError and NoMatchError."""


@runtime_checkable
class Change(Protocol):
    """A job that writes, at one server after the other."""

    @property
    def yes(self) -> bool:
        """True if no person is to confirm it."""

    def change(self, client: "Client", confirm: Callable[[str], None]) -> Shown:
        """Change a server. Raise ServerError, NoMatchError, and what `confirm` raises."""


@runtime_checkable
class Session(Protocol):
    """A job that stays with one server."""

    def run(self, client: "Client", surroundings: Surroundings) -> int:
        """Run until it ends; return the exit status. Raise any IrqClientError."""


@runtime_checkable
class Document(Protocol):
    """A job that needs no server."""

    def document(self) -> str:
        """Return the text to print."""


J = TypeVar("J")

Job = Question | Change | Session | Document
"""The work of one run of a command."""


class CompletionScript(NamedTuple):
    """The completion script of a shell."""

    shell: str

    def document(self) -> str:
        """Return the script."""
        from ..command_line.completion import completion_script

        return completion_script(self.shell)


def _read_completion(given: Given) -> CompletionScript:
    return CompletionScript(
        given.argument("SHELL", lambda name, text: read_choice(name, text, ("bash", "zsh", "fish")))
    )


def _reading(command: Command[J]) -> Command[J]:
    """Return a command that also takes what every command that reads takes."""
    return command._replace(settings=(*command.settings, *READING))


COMMANDS: tuple[Command[Job], ...] = (
    _reading(overview.COMMAND),
    _reading(irqs.IRQS),
    _reading(irqs.IRQ),
    _reading(cpus.CPUS),
    _reading(cpus.CPU),
    _reading(history.COMMAND),
    _reading(heatmap.COMMAND),
    top.COMMAND,
    _reading(affinity.COMMAND),
    _reading(effect.COMMAND),
    watch.COMMAND,
    _reading(events.COMMAND),
    _reading(status.COMMAND),
    Command(
        "completion",
        "a script that makes a shell complete command lines: bash, zsh or fish",
        ('eval "$(irq_client completion bash)"', "irq_client completion fish | source"),
        _read_completion,
        ("SHELL",),
        asks_server=False,
    ),
)
