"""The whole program in one process, its streams being buffers."""

import io
import sys
import time
from pathlib import Path

import pytest

import machine
from irq_client import __version__
from irq_client import streams as streams_module
from irq_client.cli import main
from irq_client.streams import Streams
from service import WebService, json_reply, problem, reply
from terminal import stream as terminal_stream
from terminal import streams, written


@pytest.fixture
def good():
    """Return a service that answers well."""
    with WebService(machine.answer_well) as service:
        yield service


def run(service: WebService, *argv: str, typed: str | None = None, terminal: bool = False):
    """Run a command at a service; return exit status, output and messages."""
    given = streams({"IRQ_CLIENT_SERVER": service.url}, typed=typed, terminal=terminal)
    status = main(argv, given)
    return status, written(given.stdout), written(given.stderr)


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["overview"], "Calm: CPU 1 takes 76% of what devices ask (93.4/s)."),
        (["irqs"], "36     virtio1-req.0             5,604    93.4  0-1       1"),
        (["irq", "36"], "  1  5,604    93.4  100.0%"),
        (["cpus"], "1       9,301   155.0    5,604"),
        (["cpu", "1"], "36     virtio1-req.0            5,604    93.4"),
        (["history"], "in steps of 30 s, by cpu"),
        (["affinity", "36"], "effective affinity  1"),
        (["events"], "2026-01-01 00:00:20.500 UTC  cpu_offline              3"),
        (["status"], "sampler         running"),
    ],
)
def test_every_command_shows_its_answer(good: WebService, argv: list[str], line: str):
    status, output, messages = run(good, *argv)

    assert status == 0
    assert line in output.splitlines()
    assert messages == ""


@pytest.mark.parametrize("argv", [["overview"], ["irq", "36"], ["history"], ["status"]])
@pytest.mark.parametrize("form", ["json", "csv"])
def test_every_form_is_written(good: WebService, argv: list[str], form: str):
    status, output, messages = run(good, *argv, "--format", form)

    assert (status, messages) == (0, "")
    assert output.startswith("{" if form == "json" else ("irq,", "start,", "state,"))


def test_the_version_is_printed_before_anything_else(good: WebService):
    assert run(good, "overview", "--version") == (0, f"irq_client {__version__}\n", "")
    assert good.requests == []


def test_help_is_no_failure(capsys: pytest.CaptureFixture[str]):
    assert main(["--help"], streams()) == 0
    assert "irq_client overview" in capsys.readouterr().out


@pytest.mark.parametrize(
    "argv",
    [
        ["overview", "--period", "5x"],
        ["overview", "--start", "-5m", "--end", "-15m"],
        ["overview", "--cpu", "3-1"],
        ["affinity", "36", "all"],
        ["frobnicate"],
        [],
    ],
)
def test_wrong_usage_is_one_line_and_nothing_is_sent(good: WebService, argv: list[str]):
    status, output, messages = run(good, *argv)

    assert (status, output) == (2, "")
    assert messages.startswith("irq_client: ")
    assert messages.count("\n") == 1
    assert good.requests == []


@pytest.mark.parametrize(
    ("answer", "exit_status", "words"),
    [
        (problem(404, "no IRQ 36 was ever seen"), 3, "no IRQ 36 was ever seen"),
        (problem(401, "no token"), 4, "no token"),
        (problem(400, "too many steps"), 1, "too many steps"),
        (reply(b"<html>", status=404, kind="text/html"), 1, "irq_server"),
        (machine.HTML, 1, "text/html"),
        (reply(b"garbage"), 1, "expected JSON"),
        (json_reply(machine.ONE_IRQ | {"rate": -1}), 1, "rate: expected a number"),
        (problem(500, "\x1b]0;owned\x07\nsecond line"), 1, r"\x1b]0;owned\x07\nsecond line"),
    ],
)
def test_a_failure_is_one_line_without_a_url(answer: bytes, exit_status: int, words: str):
    with WebService(lambda _, __: answer) as service:
        status, output, messages = run(service, "irq", "36")

    assert (status, output) == (exit_status, "")
    assert messages.startswith("irq_client: ")
    assert "http" not in messages
    assert "status" not in messages
    assert words in messages
    assert messages.count("\n") == 1
    assert messages.strip().isprintable()


def test_a_server_that_is_away_is_five(good: WebService):
    argv = ["status", "--server", "http://127.0.0.1:1", "--timeout", "100ms"]

    status, output, messages = run(good, *argv)

    assert (status, output) == (5, "")
    assert "connection refused" in messages


def test_several_servers_are_one_table_and_the_failing_ones_are_named(good: WebService):
    argv = ["--server", "http://127.0.0.1:1", "--server", good.url, "--timeout", "100ms", "cpus"]

    status, output, messages = run(good, *argv)

    assert status == 5
    assert [line.split()[0] for line in output.splitlines()[2:]] == [
        "HOST",
        *[good.url.removeprefix("http://")] * 3,
        "all",
    ]
    assert messages.startswith("irq_client: 127.0.0.1:1: connection refused; ")
    assert messages.endswith("irq_client: 1 of 2 servers failed: 127.0.0.1:1\n")


def test_a_token_goes_with_the_question(good: WebService, tmp_path: Path):
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    token.chmod(0o600)

    assert run(good, "status", "--token-file", str(token))[::2] == (0, "")
    assert good.requests[0].headers["authorization"] == "Bearer s3cret"


def test_a_token_that_every_user_may_read_is_told_unless_quiet(good: WebService, tmp_path: Path):
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    token.chmod(0o644)

    status, _, messages = run(good, "status", "--token-file", str(token))
    assert status == 0
    assert "every user may read it" in messages
    assert "s3cret" not in messages
    assert run(good, "status", "--token-file", str(token), "-q")[2] == ""


def test_a_token_file_that_is_not_there_is_one_line(good: WebService):
    status, _, messages = run(good, "status", "--token-file", "/nonexistent")

    assert status == 1
    assert messages == (
        "irq_client: /nonexistent: cannot read the token: No such file or directory\n"
    )


def test_verbose_shows_the_url_and_the_status_of_an_error():
    with WebService(lambda _, __: problem(400, "too many steps")) as service:
        messages = run(service, "cpus", "-v")[2]

    assert f"{service.url}/api/v1/cpus: too many steps (status 400)\n" in messages


def test_times_are_in_utc_if_that_is_wanted(good: WebService, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()

    local = run(good, "cpus", "--end", "2026-01-01 10:00")[1]
    utc = run(good, "cpus", "--end", "2026-01-01 10:00", "--utc")[1]

    assert local.startswith("2026-01-01 01:00:00 .. 01:01:00 CET")
    assert utc.startswith("2026-01-01 00:00:00 .. 00:01:00 UTC")
    assert [request.target for request in good.requests] == [
        "/api/v1/cpus?end=2026-01-01T09%3A00%3A00Z",
        "/api/v1/cpus?end=2026-01-01T10%3A00%3A00Z",
    ]
    assert time.localtime(0).tm_zone == "CET"


def test_verbose_tells_what_is_asked(good: WebService):
    messages = run(good, "cpus", "-v")[2]

    assert messages.startswith(f"irq_client: GET {good.url}/api/v1/cpus: ")
    assert run(good, "cpus")[2] == ""


@pytest.mark.parametrize("typed", ["y\n", "YES\n"])
def test_a_change_is_asked_for_on_a_terminal(good: WebService, typed: str):
    status, output, messages = run(good, "affinity", "36", "1", typed=typed)

    assert status == 0
    assert messages == (
        f"{good.url[7:]}: change the affinity of IRQ 36 (virtio1-req.0) from 0-1 to 1? [y/N] "
    )
    assert output.splitlines() == [
        "IRQ 36 (virtio1-req.0)",
        "affinity            0-1 -> 1",
        "effective affinity  1 -> 1 (pending: the kernel changes it at the next interrupt)",
    ]


@pytest.mark.parametrize("typed", ["", "\n", "n\n", "perhaps\n"])
def test_anything_but_yes_changes_nothing(good: WebService, typed: str):
    status, output, messages = run(good, "affinity", "36", "1", typed=typed)

    assert (status, output) == (1, "")
    assert messages.endswith("irq_client: nothing was changed\n")
    assert [request.method for request in good.requests] == ["GET"]


def test_what_follows_an_answer_without_an_end_stands_on_its_own_line(good: WebService):
    messages = run(good, "affinity", "36", "1", typed="")[2]

    assert messages.splitlines()[1:] == ["irq_client: nothing was changed"]


@pytest.mark.parametrize(("more", "typed"), [(["--yes"], "n\n"), ([], None)])
def test_a_script_is_not_asked(good: WebService, more: list[str], typed: str | None):
    status, _, messages = run(good, "affinity", "36", "1", *more, typed=typed)

    assert (status, messages) == (0, "")
    assert [request.method for request in good.requests] == ["GET", "PUT"]


@pytest.mark.parametrize(("form", "start"), [("json", '{"irq"'), ("csv", "irq,device,affinity")])
def test_a_change_is_written_in_every_form(good: WebService, form: str, start: str):
    status, output, _ = run(good, "affinity", "36", "1", "--format", form)

    assert status == 0
    assert output.startswith(start)


def test_names_of_the_network_are_harmless_on_a_terminal():
    row = machine.ROWS[1] | {"device": "\x1b[2J[bold]x[/bold]"}
    answer = json_reply(machine.INTERRUPTS | {"irqs": [row]})

    with WebService(lambda _, __: answer) as service:
        status, output, _ = run(service, "overview", terminal=True)

    assert status == 0
    assert "\x1b[2J" not in output
    assert r"\x1b[2J[bold]" in output


class Broken(io.TextIOWrapper):
    """A stream whose reader has gone, or whose disk is full."""

    def __init__(self, error: OSError) -> None:
        super().__init__(io.BytesIO())
        self.error = error

    def write(self, _: str) -> int:
        """Fail."""
        raise self.error


def test_a_reader_that_has_seen_enough_is_no_error(good: WebService):
    given = streams({"IRQ_CLIENT_SERVER": good.url})._replace(stdout=Broken(BrokenPipeError()))

    assert main(["overview"], given) == 0
    assert written(given.stderr) == ""


def test_a_full_disk_is_a_failure(good: WebService):
    full = Broken(OSError(28, "No space left on device"))
    given = streams({"IRQ_CLIENT_SERVER": good.url})._replace(stdout=full)

    assert main(["overview"], given) == 1
    assert written(given.stderr) == (
        "irq_client: cannot write the results: No space left on device\n"
    )


def test_control_c_is_quiet(good: WebService):
    class Impatient(io.TextIOWrapper):
        def readline(self, _: int = -1) -> str:
            raise KeyboardInterrupt

        def isatty(self) -> bool:
            return True

    given = streams({"IRQ_CLIENT_SERVER": good.url})._replace(stdin=Impatient(io.BytesIO()))

    assert main(["affinity", "36", "1"], given) == 130
    assert written(given.stdout) == ""
    assert written(given.stderr).endswith("[y/N] \n")


def test_the_process_gives_its_own_streams(
    monkeypatch: pytest.MonkeyPatch, good: WebService, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "argv", ["irq_client", "cpus", "--server", good.url])

    assert main() == 0
    assert "9,301" in capsys.readouterr().out


def test_streams_that_were_closed_lead_nowhere(monkeypatch: pytest.MonkeyPatch, good: WebService):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)

    own: list[Streams] = []
    make = streams_module.own_streams
    monkeypatch.setattr(streams_module, "own_streams", lambda: own.append(make()) or own[0])

    assert main(["cpus", "--server", good.url]) == 0
    for each in own[0][:3]:
        each.close()


def test_a_message_that_nobody_can_read_is_no_failure_of_its_own():
    given = streams()._replace(stderr=Broken(OSError(28, "No space left on device")))

    assert main(["frobnicate"], given) == 2


def test_the_request_is_the_one_that_was_meant(good: WebService):
    run(good, "overview", "--start", "-15m", "--irq", "36", "--nonzero", "--top", "3")

    assert [request.target for request in good.requests] == [
        "/api/v1/interrupts?start=-15m&irq=36&top=3&nonzero=true"
    ]


class Late(io.TextIOWrapper):
    """A stream that fails only when it is flushed, until it is mended."""

    def __init__(self, error: OSError) -> None:
        super().__init__(io.BytesIO())
        self.error: OSError | None = error

    def flush(self) -> None:
        """Fail."""
        if self.error:
            raise self.error


@pytest.mark.parametrize(
    ("error", "exit_status", "message"),
    [
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_output_that_is_only_refused_at_the_end(error: OSError, exit_status: int, message: str):
    given = streams()._replace(stdout=Late(error))

    assert main(["--version"], given) == exit_status
    assert message in written(given.stderr)
    given.stdout.error = None


def test_a_version_that_cannot_be_written_is_a_failure(monkeypatch: pytest.MonkeyPatch):
    full = Late(OSError(28, "No space left on device"))
    message = terminal_stream()
    monkeypatch.setattr(sys, "stdout", full)
    monkeypatch.setattr(sys, "stderr", message)

    assert main(["--version"]) == 1
    assert written(message) == "irq_client: cannot write the results: No space left on device\n"
    full.error = None
