"""argv -> exit status. Owns the streams: results go to standard output, messages to the other."""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TextIO

from . import __version__
from .errors import CommandLineError, DeclinedError, IrqClientError, NoMatchError, ServerError

if TYPE_CHECKING:
    from .command_line.parser import Arguments
    from .commands.carry_out import Shown
    from .terminal.table import Sheet

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
    from .command_line.parser import parse

    try:
        arguments = parse(argv, streams.environment)
    except SystemExit:
        return 0  # --help, printed

    if arguments.command in ("completion", "man"):
        streams.stdout.write(_document(arguments))
        return 0
    with _logging(arguments, streams.stderr):
        if arguments.command in ("top", "watch"):
            token = _tokens(arguments, streams)[_only_server(arguments)]
            return (_live if arguments.command == "top" else _watch)(arguments, token, streams)
        return _ask_all(arguments, _tokens(arguments, streams), streams)


def _document(arguments: "Arguments") -> str:
    """Gives what no server is asked for."""
    if arguments.command == "man":
        from .command_line.manual import manual_page

        return manual_page()
    from .command_line.completion import completion_script

    return completion_script(arguments.shell)


def _ask_all(arguments: "Arguments", tokens: "Mapping[str, str | None]", streams: Streams) -> int:
    """Asks every server; gives 0, or the highest exit status of those that failed."""
    from .terminal.writer import Output

    output = Output(streams.stdout, streams.environment, several=len(arguments.servers) > 1)
    failures: list[tuple[str, IrqClientError]] = []
    sheets: list[tuple[str, Sheet]] = []
    for server, result in _results(arguments, tokens, streams):
        try:
            shown = result()
        except (ServerError, NoMatchError, DeclinedError) as error:
            failures.append((server, error))
            continue
        failures += [(server, error) for error in shown.failures]
        if len(arguments.servers) > 1 and arguments.format == "table" and not shown.draw:
            sheets.append((arguments.names[server], shown.sheet()))
        else:
            output.write(server, shown, arguments.format)
    if sheets:
        from .terminal.hosts_table import together

        output.write_sheet(together(sheets))
    for _, failure in failures:
        _tell(streams, failure)
    if failures and len(arguments.servers) > 1:
        names = list(dict.fromkeys(arguments.names[server] for server, _ in failures))
        count = len(arguments.servers)
        _tell(streams, f"{len(names)} of {count} servers failed: {', '.join(names)}")
    return max((failure.exit_status for _, failure in failures), default=0)


def _results(
    arguments: "Arguments", tokens: "Mapping[str, str | None]", streams: Streams
) -> "Iterator[tuple[str, Callable[[], Shown]]]":
    """Gives each server with what gives or raises its answer, in order.

    Readers are asked at the same time; what writes, one after the other, since it asks a person.
    """

    def ask(server: str) -> "Shown":
        return _ask(server, tokens[server], arguments, streams)

    if len(arguments.servers) == 1 or arguments.cpu_list:
        for server in arguments.servers:
            yield server, partial(ask, server)
        return
    from .server.fleet import Progress, ask_all, in_order

    shows_progress = streams.stderr.isatty() and not arguments.quiet
    progress = Progress(streams.stderr if shows_progress else None, len(arguments.servers))
    futures = ask_all(arguments.servers, ask)
    for server, future in zip(arguments.servers, in_order(futures, progress), strict=True):
        yield server, future.result


def _ask(server: str, token: str | None, arguments: "Arguments", streams: Streams) -> "Shown":
    """Carries out the command at one server and gives what it answered."""
    from .commands.carry_out import carry_out
    from .server.client import Client

    def confirm(question: str) -> None:
        if not arguments.yes and streams.stdin.isatty() and not _agrees(question, streams):
            raise DeclinedError(f"{server}: nothing was changed")

    with Client(server, token=token, timeout_seconds=arguments.timeout_seconds) as client:
        return carry_out(client, arguments, confirm)


def _live(arguments: "Arguments", token: str | None, streams: Streams) -> int:
    """Shows the live view of one server on the terminal; gives the exit status."""
    from .commands.top.run import default_period_seconds, run_top
    from .server.client import Client
    from .terminal.colour import painter
    from .terminal.screen import Screen

    if not (streams.stdin.isatty() and streams.stdout.isatty()):
        raise CommandLineError("top needs a terminal; irq_client irqs writes into a pipe")
    period = arguments.request.period
    server = _only_server(arguments)
    with Client(server, token=token, timeout_seconds=arguments.timeout_seconds) as client:
        return run_top(
            client,
            arguments.request._replace(period=None),
            period.seconds if period else default_period_seconds(client),
            arguments.refresh_seconds,
            streams.stdin.fileno(),
            Screen(streams.stdout, painter(True, streams.environment)),
        )


def _watch(arguments: "Arguments", token: str | None, streams: Streams) -> int:
    """Waits for a condition at one server and prints it when it holds."""
    import time

    from .commands.top.run import default_period_seconds
    from .commands.watch import Watch
    from .server.client import Client
    from .server.times import Duration
    from .terminal.writer import finding_text

    condition = arguments.condition
    assert condition is not None
    server = _only_server(arguments)
    with Client(server, token=token, timeout_seconds=arguments.timeout_seconds) as client:
        period = arguments.request.period or Duration.exactly(default_period_seconds(client))
        request = arguments.request._replace(period=period)
        watch = Watch(
            condition=condition,
            ask=lambda: client.interrupts(request).value,
            every_seconds=arguments.refresh_seconds,
            within_seconds=arguments.within_seconds,
            clock=time.monotonic,
            sleep=time.sleep,
            tell=lambda message: None if arguments.quiet else _tell(streams, message),
        )
        for number, finding in enumerate(watch.changes()):
            text = finding_text(condition, finding, arguments.format, first=number == 0)
            streams.stdout.write(text)
            streams.stdout.flush()
            if not arguments.follow:
                break
    return 0


def _only_server(arguments: "Arguments") -> str:
    """Gives the one server. Raises CommandLineError where there are more."""
    if len(arguments.servers) > 1:
        raise CommandLineError(f"{arguments.command} takes one server; give one --server")
    return arguments.servers[0]


def _agrees(question: str, streams: Streams) -> bool:
    """Asks, and tells whether the answer is yes; what follows stands on a line of its own."""
    streams.stderr.write(f"{question} [y/N] ")
    streams.stderr.flush()
    answer = ""
    try:
        answer = streams.stdin.readline()
    finally:
        if not answer.endswith("\n"):  # Ctrl-D, or Ctrl-C
            streams.stderr.write("\n")
    return answer.strip().lower() in ("y", "yes")


def _tokens(arguments: "Arguments", streams: Streams) -> dict[str, str | None]:
    """Gives each server's token, None where it has none; every file is read once."""
    files = {url: arguments.token_files.get(url, arguments.token_file) for url in arguments.servers}
    tokens = {file: _token(file, arguments, streams) for file in dict.fromkeys(files.values())}
    return {url: tokens[file] for url, file in files.items()}


def _token(path: str | None, arguments: "Arguments", streams: Streams) -> str | None:
    """Gives the token in a file, None where there is no file; warns where all may read it."""
    if path is None:
        return None
    from .command_line.token_file import read_token

    token, everybody_reads = read_token(path)
    if everybody_reads and not arguments.quiet:
        _tell(streams, f"{path}: every user may read it; chmod 600 keeps it yours")
    return token


@contextlib.contextmanager
def _logging(arguments: "Arguments", stream: TextIO) -> Iterator[None]:
    """Shows what `api` logs on a stream while the block runs, where --verbose is given."""
    if not arguments.verbose:
        yield
        return
    import logging

    from .terminal.text import visible

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
    from .terminal.text import visible

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
