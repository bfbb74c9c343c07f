"""One run of a command: ask the servers, write their answers, report their failures."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from . import __version__
from .command_line.command import Given
from .command_line.parser import parse
from .commands.registry import COMMANDS, Change, Document, Question, Session
from .commands.shared import Surroundings
from .commands.top.run import Top
from .errors import (
    CommandLineError,
    DeclinedError,
    IrqClientError,
    NoMatchError,
    ProblemError,
    ServerError,
)
from .streams import Streams, drop

if TYPE_CHECKING:
    from .command_line.config_files import Host
    from .command_line.settings import General
    from .prometheus.host_client import HostClient
    from .server.client import Client
    from .terminal.writer import Output, Shown

    Results = Iterator[tuple[Host, Callable[[], Shown]]]
    """Each server, and a function that returns or raises its answer."""

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def run(argv: Sequence[str], streams: Streams) -> int:
    """Run one command; return 0, or the highest exit status of what failed."""
    try:
        status = _run(argv, streams)
        streams.stdout.flush()
    except IrqClientError as error:
        streams.say(error)
        return error.exit_status
    except BrokenPipeError:
        # the reader of the results has closed its pipe
        drop(streams.stdout)
        return 0
    except OSError as error:
        # errors of servers and files are translated where they are raised: this is the output
        streams.say(f"cannot write the results: {error.strerror}")
        drop(streams.stdout)
        return IrqClientError.exit_status
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _run(argv: Sequence[str], streams: Streams) -> int:
    if "--version" in argv:
        streams.stdout.write(f"irq_client {__version__}\n")
        return 0
    if "_ARGCOMPLETE" in streams.environment:
        from .command_line.completion import complete

        return complete(COMMANDS, streams.environment)
    try:
        arguments = parse(argv, streams.environment, COMMANDS)
    except SystemExit:
        return 0  # --help, printed
    general, command, given = arguments
    with _zone(given.flag("utc")):
        job = command.read(given)
        if isinstance(job, Document):
            streams.stdout.write(job.document())
            return 0
        with _logging(general.verbose, streams):
            return _Run(streams, general, given).do(command.name, job)


class _Run:
    """A run of one command at the servers of its settings."""

    def __init__(self, streams: Streams, general: "General", given: Given) -> None:
        self._streams = streams
        self._general = general
        self._given = given
        self._tokens = self._read_tokens()

    def do(self, name: str, job: "Question | Change | Session") -> int:
        """Do the job of a command; return the exit status."""
        if self._general.prometheus:
            if name == "affinity":
                self._streams.say("only the hosts' irq_servers know affinities; --server asks one")
                return IrqClientError.exit_status
            try:
                self._find_hosts(self._general.prometheus)
            except ServerError as error:
                self._streams.say(self._words(self._general.prometheus, error))
                return error.exit_status
        if isinstance(job, Session) and not (isinstance(job, Top) and self._prints()):
            if len(self._general.hosts) > 1:
                option = "--host" if self._general.prometheus else "--server"
                raise CommandLineError(f"{name} takes one {option[2:]}; give one {option}")
            return self._stay(job, self._general.hosts[0])
        if isinstance(job, Change):
            if self._given.repeat().every_seconds:
                raise CommandLineError("--every is for what reads; this changes an affinity")
            return self._report(self._change_each(job), self._output())
        return self._read(job)

    def _find_hosts(self, server: "Host") -> None:
        """Ask the Prometheus server for the hosts. Raise ServerError, and NoMatchError for none."""
        with self._host_client(server, self._tokens[server.token_file]) as client:
            found = client.hosts(self._general.pattern, self._given.request())
        if not found:
            pattern = self._general.pattern
            what = f"matches {pattern!r} and has" if pattern else "has"
            raise NoMatchError(f"no host there {what} samples in the window")
        hosts = tuple(server._replace(name=name, instance=name, is_exact=x) for name, x in found)
        self._general = self._general._replace(hosts=hosts)

    def _prints(self) -> bool:
        """Return True if a live view is printed instead: into a pipe, or a number of times."""
        on_terminal = self._streams.stdin.isatty() and self._streams.stdout.isatty()
        return not on_terminal or self._given.repeat().last is not None

    def _read(self, job: Question) -> int:
        """Ask once, or again and again; return the highest exit status of all failures.

        Stop if no server has answered the first time.
        """
        output = self._output()
        status = 0
        for _ in self._given.repeat().turns(time.monotonic, time.sleep):
            status = max(status, self._report(self._ask_each(job), output))
            if not output.written:
                break
        return status

    def _output(self) -> "Output":
        from .terminal.columns import Choice
        from .terminal.writer import Output

        sorts = self._given.names("sort")
        return Output(
            self._streams.stdout,
            self._streams.environment,
            several=self._general.several,
            colour=self._general.colour,
            choice=Choice(self._given.names("columns"), sorts[0] if sorts else ""),
            times="local" if self._given.choice("times") == "local" else "unix_text",
        )

    def _report(self, results: "Results", output: "Output") -> int:
        """Write all answers, then the failures; return 0 or the highest exit status of those."""
        failures: list[tuple[Host, IrqClientError]] = []
        for host, result in results:
            try:
                shown = result()
            except (ServerError, NoMatchError, DeclinedError) as error:
                failures.append((host, error))
                continue
            failures += [(host, error) for error in shown.failures]
            output.write(host.name, shown, self._general.form)
        output.end()
        for host, failure in failures:
            self._streams.say(self._words(host, failure))
        if failures and len(self._general.hosts) > 1:
            names = list(dict.fromkeys(host.name for host, _ in failures))
            count = len(self._general.hosts)
            self._streams.say(f"{len(names)} of {count} servers failed: {', '.join(names)}")
        return max((failure.exit_status for _, failure in failures), default=0)

    def _words(self, host: "Host", error: object) -> str:
        """Return a message for people: with the URL only if --verbose is given."""
        if not isinstance(error, IrqClientError) or self._general.verbose:
            return str(error)
        # a problem with a request is the same at any server
        is_request = not isinstance(error, ServerError) or (
            isinstance(error, ProblemError) and error.status < 500
        )
        return (
            error.words
            if is_request and len(self._general.hosts) == 1
            else f"{host.name}: {error.words}"
        )

    def _ask_each(self, job: Question) -> "Results":
        """Ask all servers at the same time; return their answers in the order of the servers."""
        hosts = self._general.hosts

        def ask(host: "Host") -> "Shown":
            with self._client(host) as client:
                return job.ask(client)

        if len(hosts) == 1:
            yield hosts[0], lambda: ask(hosts[0])
            return
        from .server.fleet import Progress, ask_all, in_order

        stderr = self._streams.stderr
        shows_progress = stderr.isatty() and not self._general.quiet
        progress = Progress(stderr if shows_progress else None, len(hosts))
        futures = ask_all(hosts, ask)
        for host, future in zip(hosts, in_order(futures, progress), strict=True):
            yield host, future.result

    def _change_each(self, job: Change) -> "Results":
        """Change one server after the other, since each change may need a person's answer."""
        streams = self._streams

        def confirm(question: str) -> None:
            if not job.yes and streams.stdin.isatty() and not streams.agrees(question):
                raise DeclinedError("nothing was changed")

        def change(host: "Host") -> "Shown":
            with self._client(host) as client:
                return job.change(client, confirm)

        for host in self._general.hosts:
            yield host, partial(change, host)

    def _stay(self, job: Session, host: "Host") -> int:
        """Run a job that takes one server; return its exit status."""
        streams, general = self._streams, self._general

        def warn(message: object) -> None:
            if not general.quiet:
                streams.say(self._words(host, message))

        surroundings = Surroundings(
            streams.stdin, streams.stdout, streams.environment, warn, general.colour
        )
        with self._client(host) as client:
            try:
                return job.run(client, surroundings)
            except ServerError as error:
                streams.say(self._words(host, error))
                return error.exit_status

    def _client(self, host: "Host") -> "Client":
        token = self._tokens[host.token_file]
        if self._general.prometheus:
            return self._host_client(host, token)
        from .server.client import Client

        return Client(
            host.url,
            token=token,
            timeout_seconds=self._general.timeout_seconds,
            name=host.name,
        )

    def _host_client(self, host: "Host", token: str | None) -> "HostClient":
        from .prometheus.host_client import HostClient
        from .prometheus.node_exporter import NodeClient

        kind = HostClient if host.is_exact else NodeClient
        timeout_seconds = self._general.timeout_seconds
        return kind(host.url, host.instance, token=token, timeout_seconds=timeout_seconds)

    def _read_tokens(self) -> Mapping[str | None, str | None]:
        """Return the token in each file that a server has, None for none; read each file once."""
        hosts = (self._general.prometheus,) if self._general.prometheus else self._general.hosts
        files = dict.fromkeys(host.token_file for host in hosts)
        return {path: path and self._read_token(path) for path in files}

    def _read_token(self, path: str) -> str:
        """Return the token in a file; warn if every user may read it."""
        from .command_line.token_file import read_token

        token, everybody_reads = read_token(path)
        if everybody_reads and not self._general.quiet:
            self._streams.say(f"{path}: every user may read it; chmod 600 keeps it yours")
        return token


@contextlib.contextmanager
def _zone(is_utc: bool) -> Iterator[None]:
    """Read and show times in UTC while the block runs, if --utc is given."""
    if not is_utc:
        yield
        return
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC0"
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


@contextlib.contextmanager
def _logging(verbose: bool, streams: Streams) -> Iterator[None]:
    """Log requests on standard error while the block runs, if --verbose is given."""
    if not verbose:
        yield
        return
    import logging

    class Say(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            streams.say(record.getMessage())

    handler = Say()
    logger = logging.getLogger(__package__)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
