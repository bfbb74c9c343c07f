"""Laws for foreign bytes: what a server answers, and the files that a person writes, changed.

Each check is fuzzed for FUZZ_SECONDS (fuzzing.py), and replays what is saved for it. The command
runs in this process and asks a service on the wire.
"""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import machine
from fuzzing import hunt, saved
from irq_client.cli import main
from irq_client.command_line.config_files import read_config, read_hosts
from irq_client.command_line.token_file import read_token
from irq_client.errors import ConfigError, TokenFileError
from service import Request, WebService, json_reply, problem, reply
from terminal import streams, written

pytestmark = pytest.mark.fuzz

COMMANDS = {
    "/api/v1/interrupts": ("overview",),
    "/api/v1/irqs": ("irqs",),
    "/api/v1/irqs/36": ("irq", "36"),
    "/api/v1/irqs/36/affinity": ("affinity", "36"),
    "/api/v1/cpus": ("cpus",),
    "/api/v1/cpus/1": ("cpu", "1"),
    "/api/v1/series": ("history",),
    "/api/v1/events": ("events",),
    "/api/v1/status": ("status",),
}
FORMS = ("table", "csv", "json")
DONE, FAILED, NO_SUCH, NOT_ALLOWED, UNREACHABLE = 0, 1, 3, 4, 5


class Done(NamedTuple):
    """What a run of the command left."""

    status: int
    out: str
    err: str


class Answering:
    """A service that repeats the answer it was given last, and the command that asks it."""

    def __init__(self) -> None:
        self.answer = b""
        self.url = ""

    def __call__(self, _service: WebService, _request: Request) -> bytes:
        """Return the bytes of the answer."""
        return self.answer

    def run(self, answer: bytes, *argv: str) -> Done:
        """Run a command at the service, which answers all requests like this."""
        self.answer = answer
        given = streams({"IRQ_CLIENT_SERVER": self.url, "IRQ_CLIENT_TIMEOUT": "10s"})
        status = main(argv, given)
        return Done(status, written(given.stdout), written(given.stderr))


@pytest.fixture(scope="module")
def server() -> Iterator[Answering]:
    made = Answering()
    with WebService(made) as service:
        made.url = service.url
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


# ---- what a server answers


def check_body(data: bytes, server: Answering) -> None:
    """Show an answer whole and harmless, or refuse it in one line; its first line is its path."""
    path, _, body = data.partition(b"\n")
    argv = COMMANDS.get(path.decode("utf-8", "replace"))
    if argv is None:
        return
    for form in FORMS:
        done = server.run(reply(body), *argv, "--format", form)
        _check_done(done, DONE, FAILED)
        if done.status == DONE:
            _check_shown(done.out, form, body)


def _check_done(done: Done, *statuses: int) -> None:
    assert done.status in statuses
    if done.status == DONE:
        assert done.err == ""
        return
    assert done.out == ""
    line = done.err.removesuffix("\n")
    assert line.startswith("irq_client: ")
    assert line.isprintable()
    assert len(line) < 1000


def _check_shown(out: str, form: str, body: bytes) -> None:
    if form == "table":
        assert all(line.isprintable() for line in out.split("\n"))
    elif form == "json":
        assert out.encode() == body or out.encode() == body + b"\n"
        json.loads(out)
    else:
        header, *rows = csv.reader(io.StringIO(out, newline=""))
        assert all(len(row) == len(header) for row in rows)


def check_response(data: bytes, server: Answering) -> None:
    """Do the same with a whole response: status line, headers and body."""
    done = server.run(data, "cpus")
    _check_done(done, DONE, FAILED, NO_SUCH, NOT_ALLOWED, UNREACHABLE)
    if done.status == DONE:
        _check_shown(done.out, "table", b"")


BODIES = [f"{path}\n{json.dumps(machine.ANSWERS[path])}".encode() for path in COMMANDS]
RESPONSES = [
    json_reply(machine.CPUS),
    problem(404, "never saw 36"),
    problem(409, "the kernel refused"),
    reply(b"", status=204),
    reply(b"x", status=302, more="Location: /elsewhere\r\n"),
    machine.HTML,
]


# ---- a person's files


def check_configuration(data: bytes, folder: Path) -> None:
    """Read settings and hosts, or raise one error that names the configuration file."""
    path = folder / "config.toml"
    path.write_bytes(data)
    try:
        found = read_config(str(path), required=True)
    except ConfigError as error:
        _check_names(error, path)
        return
    assert all(host.url and host.url.isprintable() for host in found.hosts.values())


def check_hosts(data: bytes, folder: Path) -> None:
    """Read URLs, or raise one error that names the file of hosts."""
    path = folder / "hosts"
    path.write_bytes(data)
    try:
        found = read_hosts(str(path))
    except ConfigError as error:
        _check_names(error, path)
        return
    assert found
    assert all(host.name and host.url.isprintable() for host in found)


def check_token(data: bytes, folder: Path) -> None:
    """Read a token of visible ASCII, or raise one error that names the file."""
    path = folder / "token"
    path.write_bytes(data)
    try:
        token, _ = read_token(str(path))
    except TokenFileError as error:
        _check_names(error, path)
        return
    assert token.isascii()
    assert token.isprintable()
    assert " " not in token


def _check_names(error: Exception, path: Path) -> None:
    assert str(error).startswith(str(path))
    assert len(str(error)) < 1000


CONFIGURATIONS = (
    b'server = "http://127.0.0.1:5000"\ntimeout = 10\nformat = "csv"\ntoken-file = "~/token"\n',
    b'[servers.web1]\nurl = "http://web1:5000"\ntoken-file = "/etc/token"\n'
    b'[servers.db]\nurl = "unix:/run/irq_server.sock"\n',
    b'server = ["http://a", "http://[::1]:5000"]\nhosts = "/etc/hosts.irq"\n',
)
HOSTS = (b"web1\nweb2:5001  # a comment\nname http://10.0.0.1:5000\n[::1]:5000\n\n# none\n",)
TOKENS = (b"5b1f0f0f6f0e4d0c9a7b3e21\n",)


# ---- what is run


def test_any_body_is_shown_or_refused(server: Answering):
    hunt(lambda data: check_body(data, server), BODIES)


@pytest.mark.parametrize("data", saved("body"))
def test_saved_bodies_are_shown_or_refused(data: bytes, server: Answering):
    check_body(data, server)


def test_any_response_is_shown_or_refused(server: Answering):
    hunt(lambda data: check_response(data, server), RESPONSES)


@pytest.mark.parametrize("data", saved("response"))
def test_saved_responses_are_shown_or_refused(data: bytes, server: Answering):
    check_response(data, server)


FILES = {
    "configuration": (check_configuration, CONFIGURATIONS),
    "hosts": (check_hosts, HOSTS),
    "token": (check_token, TOKENS),
}


@pytest.mark.parametrize("kind", FILES)
def test_any_file_of_a_person_is_taken_or_refused(kind: str, folder: Path):
    check, seeds = FILES[kind]
    hunt(lambda data: check(data, folder), seeds)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        pytest.param(kind, *each.values, id=f"{kind}-{each.id}")
        for kind in FILES
        for each in saved(kind)
    ],
)
def test_saved_files_of_a_person_are_taken_or_refused(kind: str, data: bytes, folder: Path):
    FILES[kind][0](data, folder)
