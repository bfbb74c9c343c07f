"""The command line, in process: what it starts, what it stops, and its exit statuses."""

import json
import logging
import os
import pwd
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mock
import pytest

import needs
from irq_server import cli
from irq_server.daemon import privileges
from irq_server.errors import StoreError
from irq_server.sampling import sampler
from irq_server.serving import workers
from irq_server.store.store import Store

TEXT = "           CPU0\n 24:         5 PCI-MSI 1-edge      eth0\n"


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/interrupts").write_text(TEXT)
    return [
        "--port",
        "0",
        "--procfs",
        str(tmp_path / "proc"),
        "--data-dir",
        str(tmp_path / "data"),
    ]


@pytest.fixture(autouse=True)
def kept_privileges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the process that runs the tests keep what it may do."""
    monkeypatch.setattr(privileges, "drop", lambda writes: f"keeping all: {writes}")


@pytest.fixture(autouse=True)
def untouched_process() -> Iterator[None]:
    """Put back what the command sets for its whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    actions = {number: signal.getsignal(number) for number in numbers}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for number, action in actions.items():
        signal.signal(number, action)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_and_the_sample_in_hand_whole(
    arguments: list[str], tmp_path: Path, number: int
):
    sampled = sampler.Sampler.sample

    def then_signal(self: sampler.Sampler, tick: int) -> None:
        sampled(self, tick)
        os.kill(os.getpid(), number)

    with mock.patch.object(sampler.Sampler, "sample", then_signal):
        assert cli.main(arguments) == 0

    (segment,) = (tmp_path / "data/raw").glob("*/*.csv")
    assert [line.split(",")[1] for line in segment.read_text().splitlines()[1:]] == ["24", "KEY"]
    events = (tmp_path / "data/events.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in events[1:]] == ["start", "stop"]
    assert not [each for each in threading.enumerate() if each.name == "sampler"]


def test_a_store_in_use_is_one_line_and_status_1(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    other = Store(tmp_path / "data")
    try:
        assert cli.main(arguments) == 1
    finally:
        other.close()

    assert capsys.readouterr().err == (
        f"irq_server: {tmp_path}/data: another irq_server samples into this directory\n"
    )


def test_a_wrong_setting_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["--interval", "never"]) == 2
    assert capsys.readouterr().err.startswith("irq_server: --interval: expected a duration")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])

    assert caught.value.code == 0
    assert capsys.readouterr().out == "irq_server 0.1.0\n"


def test_an_event_that_cannot_be_recorded_is_logged_and_no_more(
    arguments: list[str], caplog: pytest.LogCaptureFixture
):
    def fail(*_: object) -> None:
        raise StoreError(Path("/data/events.csv"), "No space left on device")

    def stop(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    with (
        mock.patch.object(Store, "record", fail),
        mock.patch.object(sampler.Sampler, "sample", stop),
    ):
        assert cli.main(arguments) == 0

    assert "the event start is not recorded: /data/events.csv: No space left" in caplog.text


def test_a_sampler_that_hangs_does_not_hold_the_process(
    arguments: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    hangs = threading.Event()
    monkeypatch.setattr(sampler, "STOP_SECONDS", 0.05)

    def hang(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        hangs.wait(10)

    with mock.patch.object(sampler.Sampler, "sample", hang):
        assert cli.main(arguments) == 0
    hangs.set()

    assert "the sampler did not stop" in caplog.text


def test_another_interval_than_before_is_an_event(arguments: list[str], tmp_path: Path):
    def stop(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    with mock.patch.object(sampler.Sampler, "sample", stop):
        for interval in ("10s", "10s", "500ms"):
            assert cli.main([*arguments, "--interval", interval]) == 0

    events = (tmp_path / "data/events.csv").read_text().splitlines()
    starts = [line.split(",", 1)[1] for line in events[1:] if ",stop," not in line]
    assert starts == [
        "start,,,every 10s",
        "start,,,every 10s",
        "interval,,,10s -> 500ms",
        "start,,,every 500ms",
    ]


def events_of(folder: Path) -> list[str]:
    lines = (folder / "events.csv").read_text().splitlines()
    return [line.split(",")[1] for line in lines[1:]]


def at_each_sample(*actions: Callable[[], None]) -> Any:
    """Do one of `actions` at each sample, in order, and then end the server."""
    waiting = list(actions)

    def act(*_: object) -> None:
        if waiting:
            waiting.pop(0)()
        else:
            os.kill(os.getpid(), signal.SIGTERM)

    return mock.patch.object(sampler.Sampler, "sample", act)


def hang_up() -> None:
    os.kill(os.getpid(), signal.SIGHUP)


def test_a_hangup_reads_the_settings_again_and_goes_on(
    arguments: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    file = tmp_path / "irq_server.toml"
    file.write_text('log_level = "info"\n')

    def change() -> None:
        file.write_text('log_level = "debug"\ninsecure = true\n')
        hang_up()

    caplog.set_level(logging.INFO)
    options = [*arguments, "--config", str(file), "--interval", "20ms"]
    with at_each_sample(change, *[lambda: None] * 10):
        assert cli.main(options) == 0

    assert "reloaded: log_level" in caplog.messages
    assert "reload: a restart is needed for insecure" in caplog.messages
    assert events_of(tmp_path / "data") == ["start", "stop"]


def test_a_hangup_with_a_broken_file_changes_nothing(
    arguments: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    file = tmp_path / "irq_server.toml"
    file.write_text("")

    def break_it() -> None:
        file.write_text("port = 'x'\n")
        hang_up()

    with at_each_sample(break_it, *[lambda: None] * 10):
        assert cli.main([*arguments, "--config", str(file), "--interval", "20ms"]) == 0

    assert (
        f"reload: nothing was changed: {file}: port: expected a port from 0 (a free one) "
        "to 65535, found 'x'"
    ) in caplog.messages


def test_a_hangup_without_a_file_opens_the_log_anew(arguments: list[str], tmp_path: Path):
    log = tmp_path / "log"

    def rotate() -> None:
        log.rename(tmp_path / "log.1")
        hang_up()

    options = [*arguments, "--log-file", str(log), "--interval", "20ms"]
    with at_each_sample(rotate, *[lambda: None] * 10):
        assert cli.main(options) == 0

    assert (tmp_path / "log.1").exists()
    lines = [line.rpartition(": ")[2] for line in log.read_text().splitlines()]
    assert lines[-2:] == ["no setting has changed", "stopped"]


def test_an_end_that_is_asked_for_during_the_start_ends_it_in_order(
    arguments: list[str], tmp_path: Path
):
    opened = Store.__init__

    def open_and_end(self: Store, *rest: Any, **more: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        opened(self, *rest, **more)

    with mock.patch.object(Store, "__init__", open_and_end):
        assert cli.main(arguments) == 0

    assert events_of(tmp_path / "data") == ["start", "stop"]


def test_a_second_signal_does_not_change_how_it_ends(arguments: list[str], tmp_path: Path):
    closed = Store.close

    def close(self: Store) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(os.getpid(), number)
        closed(self)

    with at_each_sample(), mock.patch.object(Store, "close", close):
        assert cli.main(arguments) == 0

    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)] == [
        signal.SIG_IGN
    ] * 2
    assert events_of(tmp_path / "data") == ["start", "stop"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "No such file or directory"),
        ("", "line 1: expected a header such as 'CPU0 CPU1', found ''"),
    ],
)
def test_counters_that_cannot_be_read_are_one_line_and_status_1(
    arguments: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
    words: str,
):
    path = tmp_path / "proc/interrupts"
    path.unlink()
    if text is not None:
        path.write_text(text)

    assert cli.main(arguments) == 1

    assert capsys.readouterr().err == f"irq_server: {path}: {words}\n"
    assert not (tmp_path / "data").exists()


def test_a_bug_is_one_line_and_status_1(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with mock.patch("irq_server.daemon.service.create_app", side_effect=TypeError("two\nlines")):
        assert cli.main(arguments) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(" CRITICAL irq_server: a bug ended the server: TypeError: two\\nlines")


def test_a_bug_is_told_to_the_user_and_in_the_log_where_that_is_a_file(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    options = [*arguments, "--log-file", str(tmp_path / "log"), "--log-format", "json"]
    with mock.patch("irq_server.daemon.service.create_app", side_effect=TypeError("x")):
        assert cli.main(options) == 1

    assert capsys.readouterr().err == "irq_server: a bug: TypeError('x')\n"
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert json.loads(line)["traceback"].startswith("Traceback")


def test_a_failure_is_in_the_log_file_too(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "proc/interrupts").unlink()

    assert cli.main([*arguments, "--log-file", str(tmp_path / "log")]) == 1

    assert capsys.readouterr().err.count("\n") == 1
    assert "proc/interrupts: No such file" in (tmp_path / "log").read_text()


def test_root_makes_the_log_as_the_user_who_opens_it_again(arguments: list[str]):
    needs.root()
    nobody = pwd.getpwnam("nobody").pw_uid
    with socket.create_server(("127.0.0.1", 0)) as taken, TemporaryDirectory() as name:
        os.chown(name, nobody, -1)
        log = Path(name) / "log"
        arguments += ["--port", str(taken.getsockname()[1])]  # so the start fails, as root

        assert cli.main([*arguments, "--user", "nobody", "--log-file", str(log)]) == 1

        assert "Address already in use" in log.read_text()
        assert log.stat().st_uid == nobody


def test_a_log_that_cannot_be_opened_is_one_line_and_status_1(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert cli.main([*arguments, "--log-file", str(tmp_path / "none/log")]) == 1

    assert capsys.readouterr().err == (
        f"irq_server: cannot log to {tmp_path}/none/log: No such file or directory\n"
    )


def test_the_pid_file_is_there_while_it_runs(arguments: list[str], tmp_path: Path):
    path, seen = tmp_path / "run.pid", []

    with at_each_sample(lambda: seen.append(path.read_text())):
        assert cli.main([*arguments, "--pid-file", str(path), "--interval", "20ms"]) == 0

    assert seen == [f"{os.getpid()}\n"]
    assert not path.exists()


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """Return a function for the first line of each message that came to the service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)

        def read() -> list[str]:
            messages = []
            with suppress(BlockingIOError):
                while True:
                    messages.append(manager.recv(4096).decode().split("\n")[0])
            return messages

        yield read


def test_systemd_is_told_of_start_reload_and_stop(
    arguments: list[str], heard: Callable[[], list[str]]
):
    with at_each_sample(hang_up, *[lambda: None] * 10):
        assert cli.main([*arguments, "--interval", "20ms"]) == 0

    messages = heard()
    words = [each for each in messages if not each.startswith("STATUS=")]
    assert words[0] == "READY=1"
    assert words[-1] == "STOPPING=1"
    assert "WATCHDOG=1" in words
    reload = words.index("RELOADING=1")
    assert words[reload + 1] == "READY=1"
    assert any(
        each.startswith("STATUS=sampler running, every 0.02 s, listening") for each in messages
    )


def test_systemd_hears_no_sign_of_life_while_no_request_is_answered(
    arguments: list[str], heard: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(workers.Workers, "are_stuck", lambda *_: True)

    with at_each_sample(*[lambda: None] * 20):  # for two of the watchdog's times
        assert cli.main([*arguments, "--interval", "20ms"]) == 0

    messages = heard()
    assert messages[0] == "READY=1"
    assert "STATUS=sampler running, every 0.02 s, no request is answered" in messages
    assert "WATCHDOG=1" not in messages
