"""Where the log goes, while it runs and while what it goes to comes and goes."""

import json
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mock
import pytest

from irq_server.daemon.log import SYSLOG_SOCKET, Log, place_of
from irq_server.errors import LogError
from irq_server.settings.load import load
from irq_server.settings.table import Settings

log = logging.getLogger("irq_server.test")


@pytest.fixture(autouse=True)
def untouched_root() -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)


@pytest.fixture
def settings() -> Settings:
    return load({}, {}, None)


@pytest.fixture
def syslog(tmp_path: Path) -> Iterator[socket.socket]:
    """The syslog daemon's end of a socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(str(tmp_path / "log"))
        daemon.settimeout(5)
        yield daemon


def test_without_settings_it_goes_to_standard_error(capsys: pytest.CaptureFixture[str]):
    with Log():
        log.warning("careful")

    line = capsys.readouterr().err
    assert line.endswith(" WARNING irq_server.test: careful\n")
    assert line.count("\n") == 1


def test_only_what_is_of_the_level_is_logged(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    with Log() as one:
        one.use(replace(settings, log_level="warning"))
        log.info("quiet")
        log.warning("loud")
        one.use(replace(settings, log_level="info"))
        log.info("back")

    messages = [line.rpartition(": ")[2] for line in capsys.readouterr().err.splitlines()]
    assert messages == ["loud", "back"]


def test_a_file_takes_every_line_and_standard_error_none(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "irq_server.log"
    with Log() as one:
        one.use(replace(settings, log_file=path))
        log.info("IRQ 24 é \udcff")

    assert path.read_text().endswith(" INFO irq_server.test: IRQ 24 é \\udcff\n")
    assert capsys.readouterr().err == ""


def test_a_file_that_was_moved_away_is_opened_anew(settings: Settings, tmp_path: Path):
    path = tmp_path / "irq_server.log"
    with Log() as one:
        one.use(replace(settings, log_file=path))
        log.info("before")
        path.rename(tmp_path / "irq_server.log.1")
        log.info("after")

    assert "before" in (tmp_path / "irq_server.log.1").read_text()
    assert path.read_text().count("\n") == 1
    assert "after" in path.read_text()


def test_a_file_that_is_no_longer_written_is_closed(settings: Settings, tmp_path: Path):
    def is_open(name: str) -> bool:
        links = [each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
        return tmp_path / name in links

    with Log() as one:
        one.use(replace(settings, log_file=tmp_path / "first"))
        assert is_open("first")
        one.use(replace(settings, log_file=tmp_path / "second"))
        assert (is_open("first"), is_open("second")) == (False, True)
    assert not is_open("second")


def test_a_file_that_cannot_be_written_harms_no_caller_and_comes_back(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "logs"
    folder.mkdir()
    with Log() as one:
        one.use(replace(settings, log_file=folder / "log"))
        (folder / "log").rename(tmp_path / "moved")
        folder.rmdir()
        log.info("lost")
        folder.mkdir()
        log.info("found")

    assert "found" in (folder / "log").read_text()
    assert capsys.readouterr().err == ""


def test_a_disk_that_is_full_harms_no_caller(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    with Log() as one:
        one.use(replace(settings, log_file=Path("/dev/full")))
        log.info("lost")

    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_link_or_a_pipe_in_its_place_is_refused(settings: Settings, tmp_path: Path, kind: str):
    path = tmp_path / "log"
    if kind == "link":
        path.symlink_to(tmp_path / "made")
    else:
        os.mkfifo(path)

    expected = "it is a symbolic link" if kind == "link" else "it is not a regular file"
    with Log() as one, pytest.raises(LogError, match=f"^cannot log to {path}: {expected}$"):
        one.use(replace(settings, log_file=path))

    assert not (tmp_path / "made").exists()


def test_a_link_that_comes_with_a_rotation_is_not_followed(settings: Settings, tmp_path: Path):
    path = tmp_path / "log"
    with Log() as one:
        one.use(replace(settings, log_file=path))
        log.info("before")
        path.rename(tmp_path / "old")
        path.symlink_to(tmp_path / "made")
        log.info("lost")

    assert not (tmp_path / "made").exists()
    assert "before" in (tmp_path / "old").read_text()


def test_a_file_that_cannot_be_opened_is_named(settings: Settings, tmp_path: Path):
    with (
        Log() as one,
        pytest.raises(LogError, match=f"^cannot log to {tmp_path}/none/log: No such"),
    ):
        one.use(replace(settings, log_file=tmp_path / "none/log"))


def test_what_was_prepared_counts_only_when_it_is_wanted(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with Log() as one:
        one.use(settings)
        commit = one.prepare(replace(settings, log_file=tmp_path / "log", log_level="error"))
        log.info("before")
        commit()
        log.info("quiet")
        log.error("after")

    assert capsys.readouterr().err.endswith("before\n")
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == ["after"]


def test_json_is_one_object_a_line(settings: Settings, capsys: pytest.CaptureFixture[str]):
    with Log() as one:
        one.use(replace(settings, log_format="json"))
        log.info("two\nlines")
        log.error("three")

    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["two\nlines", "three"]


def test_syslog_has_priority_name_and_process(settings: Settings, syslog: socket.socket):
    with Log() as one:
        one.use(replace(settings, log=f"syslog:{syslog.getsockname()}"))
        log.info("ready")
        log.error("two\nlines")

    me = f"irq_server[{os.getpid()}]: irq_server.test: "
    assert syslog.recv(4096).decode() == f"<30>{me}ready"  # 3 (daemon) * 8 + 6 (info)
    assert syslog.recv(4096).decode() == f"<27>{me}two\\nlines"


def test_syslog_that_restarts_is_found_again(settings: Settings, tmp_path: Path):
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as first:
        first.bind(str(path))
        one = Log().__enter__()
        one.use(replace(settings, log=f"syslog:{path}"))
    path.unlink()
    log.info("lost")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as second:
        second.bind(str(path))
        second.settimeout(5)
        log.info("found")
        assert second.recv(4096).endswith(b"found")
    one.__exit__()


def test_a_syslog_that_is_not_there_is_named(settings: Settings, tmp_path: Path):
    with Log() as one, pytest.raises(LogError, match=f"^cannot log to {tmp_path}/log: no syslog"):
        one.use(replace(settings, log=f"syslog:{tmp_path}/log"))


def test_a_journal_is_told_levels_and_no_time(settings: Settings):
    with mock.patch("os.fstat") as fstat:
        fstat.return_value = os.stat_result((0o140777, 22, 11, *[0] * 7))
        with Log({"JOURNAL_STREAM": "11:22"}) as one, mock.patch("sys.stderr.write") as write:
            one.use(settings)
            log.warning("careful")

    assert write.call_args_list[0].args == ("<4>irq_server.test: careful\n",)


def test_a_stream_that_is_not_the_journal_is_told_the_time(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    with Log({"JOURNAL_STREAM": "1:1"}) as one:
        one.use(settings)
        log.info("ready")

    assert capsys.readouterr().err.endswith(" INFO irq_server.test: ready\n")


@pytest.mark.parametrize(
    ("changes", "has_syslog", "place"),
    [
        ({}, False, "stderr"),
        ({"daemon": True}, True, "syslog"),
        ({"daemon": True}, False, "nowhere"),
        ({"log": "syslog"}, False, "syslog"),
        ({"log": "syslog:/run/log"}, False, "syslog"),
        ({"log_file": Path("/log")}, True, "file"),
        ({"log_file": Path("/log"), "daemon": True}, True, "file"),
    ],
)
def test_where_it_goes(
    settings: Settings, changes: dict[str, object], has_syslog: bool, place: str
):
    with mock.patch.object(Path, "is_socket", return_value=has_syslog):
        assert place_of(replace(settings, **changes)) == place  # type: ignore[arg-type]


def test_nowhere_is_silent(settings: Settings, capsys: pytest.CaptureFixture[str]):
    with Log() as one, mock.patch.object(Path, "is_socket", return_value=False):
        one.use(replace(settings, daemon=True))
        log.error("lost")

    assert capsys.readouterr() == ("", "")


def bug() -> None:
    raise RuntimeError("not\nfound")


def test_an_error_that_a_thread_left_unhandled_is_one_line(capsys: pytest.CaptureFixture[str]):
    with Log():
        thread = threading.Thread(target=bug)
        thread.start()
        thread.join()

    line = capsys.readouterr().err
    assert line.endswith(" CRITICAL irq_server.daemon.log: a bug: RuntimeError: not\\nfound\n")
    assert line.count("\n") == 1


def test_its_traceback_is_told_in_that_line_at_debug(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    with Log() as one:
        one.use(replace(settings, log_level="debug"))
        thread = threading.Thread(target=bug)
        thread.start()
        thread.join()

    line = capsys.readouterr().err
    assert "| Traceback (most recent call last): | File " in line
    assert line.count("\n") == 1


def test_an_error_that_nobody_handled_is_one_line_but_not_ctrl_c(
    capsys: pytest.CaptureFixture[str],
):
    with Log():
        for error in (RuntimeError("x"), KeyboardInterrupt()):
            sys.excepthook(type(error), error, None)

    assert capsys.readouterr().err.endswith(
        " CRITICAL irq_server.daemon.log: a bug: RuntimeError: x\n"
    )


def test_afterwards_all_is_as_before():
    before = sys.excepthook, threading.excepthook, sys.unraisablehook, logging.raiseExceptions
    handlers = logging.getLogger().handlers[:]

    with Log():
        assert sys.excepthook != before[0]

    assert before == (
        sys.excepthook,
        threading.excepthook,
        sys.unraisablehook,
        logging.raiseExceptions,
    )
    assert logging.getLogger().handlers == handlers
    assert Path("/dev/log") == SYSLOG_SOCKET
