"""argv becomes an exit status. Results go to standard output, messages to standard error."""

import contextlib
import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TextIO

from . import __version__
from .errors import CommandLineError, DeclinedError, IrqClientError, NoMatchError, ServerError

if TYPE_CHECKING:
    from .command_line.command import Given
    from .command_line.config_files import Host
    from .command_line.settings import General
    from .commands.registry import Change, Question, Session
    from .server.client import Client
    from .terminal.writer import Output, Shown

    Tokens = Mapping[str | None, str | None]
    """Each token by its file; None for no file and no token."""

    Results = Iterator[tuple[Host, Callable[[], Shown]]]
    """Each server, and a function that returns or raises its answer."""

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class Streams(NamedTuple):
    """The streams and the environment of the process; a test gives its own."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environment: Mapping[str, str]


def main(argv: Sequence[str] | None = None, streams: Streams | None = None) -> int:
    """Run one command and return its exit status; `errors` draws which there are."""
    streams = streams or _own_streams()
    try:
        status = _run(sys.argv[1:] if argv is None else argv, streams)
        streams.stdout.flush()
    except IrqClientError as error:
        _say(streams, error)
        return error.exit_status
    except BrokenPipeError:
        # the reader of the results has closed its pipe
        _drop(streams.stdout)
        return 0
    except OSError as error:
        # errors of servers and files are translated where they are raised: this is the output
        _say(streams, f"cannot write the results: {error.strerror}")
        _drop(streams.stdout)
        return IrqClientError.exit_status
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _run(argv: Sequence[str], streams: Streams) -> int:
    """Run one command; return 0, or the highest exit status of the servers that failed."""
    if "--version" in argv:
        # before all that a real command imports: scripts ask for the version often
        streams.stdout.write(f"irq_client {__version__}\n")
        return 0
    from .command_line.parser import parse
    from .commands.registry import COMMANDS, Change, Document, Session
    from .commands.top.run import Top

    try:
        general, command, job, given = parse(argv, streams.environment, COMMANDS)
    except SystemExit:
        return 0  # --help, printed
    if isinstance(job, Document):
        streams.stdout.write(job.document())
        return 0
    with _logging(general.verbose, streams.stderr):
        tokens = _tokens(general, streams)
        if isinstance(job, Session) and not (isinstance(job, Top) and _prints(given, streams)):
            return _stay(job, _only_host(command, general), tokens, general, streams)
        if isinstance(job, Change):
            if given.repeat().every_seconds:
                raise CommandLineError("--every is for what reads; this changes an affinity")
            output = _output(given, general, streams)
            return _report(_change_each(job, tokens, general, streams), output, general, streams)
        return _read(job, given, tokens, general, streams)


def _prints(given: "Given", streams: Streams) -> bool:
    """Return True if a live view is printed instead: into a pipe, or a number of times."""
    on_terminal = streams.stdin.isatty() and streams.stdout.isatty()
    return not on_terminal or given.repeat().last is not None


def _read(
    job: "Question", given: "Given", tokens: "Tokens", general: "General", streams: Streams
) -> int:
    """Ask once, or again and again; return the highest exit status of all failures.

    Stop if no server has answered the first time.
    """
    output = _output(given, general, streams)
    status = 0
    for _ in given.repeat().turns(time.monotonic, time.sleep):
        results = _ask_each(job, tokens, general, streams)
        status = max(status, _report(results, output, general, streams))
        if not output.written:
            break
    return status


def _output(given: "Given", general: "General", streams: Streams) -> "Output":
    from .terminal.columns import Choice
    from .terminal.writer import Output

    sorts = given.names("sort")
    return Output(
        streams.stdout,
        streams.environment,
        several=len(general.hosts) > 1,
        colour=general.colour,
        choice=Choice(given.names("columns"), sorts[0] if sorts else ""),
        times="local" if given.choice("times") == "local" else "unix_text",
    )


def _report(results: "Results", output: "Output", general: "General", streams: Streams) -> int:
    """Write all answers, then the failures; return 0 or the highest exit status of those."""
    failures: list[tuple[str, IrqClientError]] = []
    for host, result in results:
        try:
            shown = result()
        except (ServerError, NoMatchError, DeclinedError) as error:
            failures.append((host.name, error))
            continue
        failures += [(host.name, error) for error in shown.failures]
        output.write(host.name, shown, general.form)
    output.end()
    for _, failure in failures:
        _say(streams, failure)
    if failures and len(general.hosts) > 1:
        names = list(dict.fromkeys(name for name, _ in failures))
        count = len(general.hosts)
        _say(streams, f"{len(names)} of {count} servers failed: {', '.join(names)}")
    return max((failure.exit_status for _, failure in failures), default=0)


def _ask_each(job: "Question", tokens: "Tokens", general: "General", streams: Streams) -> "Results":
    """Ask all servers at the same time; return their answers in the order of the servers."""

    def ask(host: "Host") -> "Shown":
        with _client(host, tokens, general) as client:
            return job.ask(client)

    if len(general.hosts) == 1:
        yield general.hosts[0], lambda: ask(general.hosts[0])
        return
    from .server.fleet import Progress, ask_all, in_order

    shows_progress = streams.stderr.isatty() and not general.quiet
    progress = Progress(streams.stderr if shows_progress else None, len(general.hosts))
    futures = ask_all(general.hosts, ask)
    for host, future in zip(general.hosts, in_order(futures, progress), strict=True):
        yield host, future.result


def _change_each(
    job: "Change", tokens: "Tokens", general: "General", streams: Streams
) -> "Results":
    """Change one server after the other, since each change may need a person's answer."""

    def change(host: "Host") -> "Shown":
        def confirm(question: str) -> None:
            if not job.yes and streams.stdin.isatty() and not _agrees(question, streams):
                raise DeclinedError(f"{host.url}: nothing was changed")

        with _client(host, tokens, general) as client:
            return job.change(client, confirm)

    for host in general.hosts:
        yield host, partial(change, host)


def _stay(
    job: "Session", host: "Host", tokens: "Tokens", general: "General", streams: Streams
) -> int:
    """Run a job that takes one server; return its exit status."""
    from .commands.shared import Surroundings

    def warn(message: object) -> None:
        if not general.quiet:
            _say(streams, message)

    with _client(host, tokens, general) as client:
        return job.run(
            client,
            Surroundings(streams.stdin, streams.stdout, streams.environment, warn, general.colour),
        )


def _only_host(command: str, general: "General") -> "Host":
    if len(general.hosts) > 1:
        raise CommandLineError(f"{command} takes one server; give one --server")
    return general.hosts[0]


def _client(host: "Host", tokens: "Tokens", general: "General") -> "Client":
    from .server.client import Client

    token = tokens[host.token_file]
    return Client(host.url, token=token, timeout_seconds=general.timeout_seconds)


def _agrees(question: str, streams: Streams) -> bool:
    """Ask, end the line, and return True if the answer is yes."""
    streams.stderr.write(f"{question} [y/N] ")
    streams.stderr.flush()
    answer = ""
    try:
        answer = streams.stdin.readline()
    finally:
        if not answer.endswith("\n"):  # Ctrl-D, or Ctrl-C
            streams.stderr.write("\n")
    return answer.strip().lower() in ("y", "yes")


def _tokens(general: "General", streams: Streams) -> "Tokens":
    """Return the token in each file that a server has; every file is read once."""
    return {
        path: _token(path, general.quiet, streams)
        for path in dict.fromkeys(host.token_file for host in general.hosts)
    }


def _token(path: str | None, quiet: bool, streams: Streams) -> str | None:
    """Return the token in a file, None for no file; warn if every user may read it."""
    if path is None:
        return None
    from .command_line.token_file import read_token

    token, everybody_reads = read_token(path)
    if everybody_reads and not quiet:
        _say(streams, f"{path}: every user may read it; chmod 600 keeps it yours")
    return token


@contextlib.contextmanager
def _logging(verbose: bool, stream: TextIO) -> Iterator[None]:
    """Log requests on a stream while the block runs, if --verbose is given."""
    if not verbose:
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


def _say(streams: Streams, message: object) -> None:
    """Write one line on standard error, with names from servers made harmless."""
    from .terminal.text import visible

    with contextlib.suppress(OSError):  # standard error is gone too
        streams.stderr.write(f"irq_client: {visible(str(message))}\n")
        streams.stderr.flush()


def _drop(stream: TextIO) -> None:
    """Drop the text that could not be written, so that Python does not try again at its end."""
    try:
        stream.flush()
    except OSError:
        with contextlib.suppress(OSError), _nowhere() as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def _own_streams() -> Streams:
    """Return the process's streams; os.devnull takes the place of one that is closed."""
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
