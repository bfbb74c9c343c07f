"""argv -> exit status. Owns the streams: results go to standard output, messages to the other."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TextIO

from . import __version__
from .errors import CommandLineError, DeclinedError, IrqClientError, NoMatchError, ServerError

if TYPE_CHECKING:
    from .arguments import Arguments
    from .output import Output

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class Streams(NamedTuple):
    """What surrounds the process; a test gives its own."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environment: Mapping[str, str]


def main(argv: Sequence[str] | None = None, streams: Streams | None = None) -> int:
    """Runs one command and gives its exit status; `errors` draws which there are."""
    streams = streams or _own_streams()
    try:
        status = _run(sys.argv[1:] if argv is None else argv, streams)
        streams.stdout.flush()
    except IrqClientError as error:
        _tell(streams, error)
        return error.exit_status
    except BrokenPipeError:
        # whoever reads the results has seen enough
        _drop(streams.stdout)
        return 0
    except OSError as error:
        # what servers and files may raise is translated where it is raised: this is the output
        _tell(streams, f"cannot write the results: {error.strerror}")
        _drop(streams.stdout)
        return IrqClientError.exit_status
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _run(argv: Sequence[str], streams: Streams) -> int:
    """Asks every server in turn; gives 0, or the highest exit status of those that failed."""
    if "--version" in argv:
        # before all that a real command imports: scripts ask for the version often
        streams.stdout.write(f"irq_client {__version__}\n")
        return 0
    from .arguments import parse

    try:
        arguments = parse(argv, streams.environment)
    except SystemExit:
        return 0  # --help, printed
    from .output import Output

    token = _token(arguments, streams)
    if arguments.command == "top":
        return _live(arguments, token, streams)
    if arguments.command == "watch":
        return _watch(arguments, token, streams)
    several = len(arguments.servers) > 1
    output = Output(streams.stdout, streams.environment, several=several)
    status = 0
    with _logging(arguments, streams.stderr):
        for server in arguments.servers:
            try:
                for failure in _ask(server, token, arguments, streams, output):
                    _tell(streams, failure)
                    status = max(status, failure.exit_status)
            except (ServerError, NoMatchError) as error:
                _tell(streams, error)
                status = max(status, error.exit_status)
    return status


def _ask(
    server: str, token: str | None, arguments: "Arguments", streams: Streams, output: "Output"
) -> tuple[ServerError, ...]:
    """Carries out the command at one server and writes what it answered; gives what failed."""
    from .api import Client
    from .commands import carry_out

    def confirm(question: str) -> None:
        if not arguments.yes and streams.stdin.isatty():
            _confirm(question, streams)

    with Client(server, token=token, timeout_seconds=arguments.timeout_seconds) as client:
        shown = carry_out(client, arguments, confirm)
    output.write(server, shown, arguments.format)
    return shown.failures


def _live(arguments: "Arguments", token: str | None, streams: Streams) -> int:
    """Shows the live view of one server on the terminal; gives the exit status."""
    from .api import Client
    from .paint import painter
    from .parameters import duration_seconds
    from .screen import Screen
    from .top import default_period_seconds, run_top

    if not (streams.stdin.isatty() and streams.stdout.isatty()):
        raise CommandLineError("top needs a terminal; irq_client irqs writes into a pipe")
    filters = [(name, value) for name, value in arguments.query if name != "period"]
    periods = [value for name, value in arguments.query if name == "period"]
    server = _only_server(arguments)
    with Client(server, token=token, timeout_seconds=arguments.timeout_seconds) as client:
        return run_top(
            client,
            filters,
            duration_seconds("--period", periods[0]) if periods else default_period_seconds(client),
            arguments.refresh_seconds,
            streams.stdin.fileno(),
            Screen(streams.stdout, painter(True, streams.environment)),
        )


def _watch(arguments: "Arguments", token: str | None, streams: Streams) -> int:
    """Waits for a condition at one server and prints it when it holds."""
    import time

    from .api import Client
    from .condition import parse_condition
    from .output import finding_text
    from .top import default_period_seconds
    from .watch import Watch

    condition = parse_condition("CONDITION", arguments.condition)
    server = _only_server(arguments)
    with (
        _logging(arguments, streams.stderr),
        Client(server, token=token, timeout_seconds=arguments.timeout_seconds) as client,
    ):
        query = arguments.query or [("period", f"{default_period_seconds(client):.3f}")]
        watch = Watch(
            condition=condition,
            ask=lambda: client.interrupts(query).value,
            every_seconds=arguments.refresh_seconds,
            within_seconds=arguments.within_seconds,
            clock=time.monotonic,
            sleep=time.sleep,
            tell=lambda message: _tell(streams, message),
        )
        for finding in watch.changes():
            streams.stdout.write(finding_text(condition, finding, arguments.format))
            streams.stdout.flush()
            if not arguments.follow:
                break
    return 0


def _only_server(arguments: "Arguments") -> str:
    """Gives the one server. Raises CommandLineError where there are more."""
    if len(arguments.servers) > 1:
        raise CommandLineError(f"{arguments.command} takes one server; give one --server")
    return arguments.servers[0]


def _confirm(question: str, streams: Streams) -> None:
    """Asks; raises DeclinedError unless the answer is yes."""
    streams.stderr.write(f"{question} [y/N] ")
    streams.stderr.flush()
    if streams.stdin.readline().strip().lower() not in ("y", "yes"):
        raise DeclinedError("nothing was changed")


def _token(arguments: "Arguments", streams: Streams) -> str | None:
    """Gives the server's token, None where there is no token file; warns where all may read it."""
    if arguments.token_file is None:
        return None
    from .tokenfile import read_token

    token, everybody_reads = read_token(arguments.token_file)
    if everybody_reads and not arguments.quiet:
        _tell(streams, f"{arguments.token_file}: every user may read it; chmod 600 keeps it yours")
    return token


@contextlib.contextmanager
def _logging(arguments: "Arguments", stream: TextIO) -> Iterator[None]:
    """Shows what `api` logs on a stream while the block runs, where --verbose is given."""
    if not arguments.verbose:
        yield
        return
    import logging

    from .text import visible

    class Visible(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return f"irq_client: {visible(record.getMessage())}"

    handler = logging.StreamHandler(stream)
    handler.setFormatter(Visible())
    logger = logging.getLogger(__package__)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _tell(streams: Streams, message: object) -> None:
    """Writes one line on standard error; what a server named is made harmless first."""
    from .text import visible

    with contextlib.suppress(OSError):  # nobody can be told that nobody can be told
        streams.stderr.write(f"irq_client: {visible(str(message))}\n")
        streams.stderr.flush()


def _drop(stream: TextIO) -> None:
    """Lets what could not be written go, so that Python does not try again at its end."""
    try:
        stream.flush()
    except OSError:
        with contextlib.suppress(OSError), _nowhere() as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def _own_streams() -> Streams:
    """Gives the process's streams; one that was closed is replaced by one that leads nowhere."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return Streams(
        stdin=sys.stdin or _nowhere(),
        stdout=sys.stdout or _nowhere(),
        stderr=sys.stderr or _nowhere(),
        environment=os.environ,
    )


def _nowhere() -> TextIO:
    from pathlib import Path

    return Path(os.devnull).open("r+", encoding="utf-8")
