"""The state directory: whole files or none, nothing trusted that is not ours, one run at a time."""

import errno
import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from irqbalance.errors import AtWorkError, FileError
from irqbalance.state.folder import SNAPSHOT, StateFolder


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    made = StateFolder(tmp_path / "var" / "state", "boot-1")
    made.prepare()
    return made


def faulty(**answers: Any) -> Any:
    """Return the module os with some of its calls replaced."""
    names = ("open", "write", "fsync", "close", "replace", "unlink")
    return SimpleNamespace(**{name: getattr(os, name) for name in names} | answers)


def failing(number: int) -> Any:
    def fail(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_what_is_saved_is_loaded_in_the_same_boot_only(folder: StateFolder):
    folder.save(SNAPSHOT, {"time": 5})

    content = folder.load(SNAPSHOT)
    assert content is not None
    assert content["time"] == 5
    assert StateFolder(folder.path, "boot-2").load(SNAPSHOT) is None
    assert folder.problems == []


def test_folder_and_files_are_for_their_owner_alone(folder: StateFolder):
    folder.save(SNAPSHOT, {})

    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder.path / SNAPSHOT).stat().st_mode) == 0o600


def test_what_is_not_there_is_no_problem(tmp_path: Path):
    folder = StateFolder(tmp_path / "none", "b")

    assert folder.load(SNAPSHOT) is None
    assert folder.problems == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"{", "not JSON"),
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff", "decode"),
        (b"[]", "version 1"),
        (b'{"version": 2, "boot": "boot-1"}', "version 1"),
    ],
)
def test_broken_content_is_told_once_and_set_aside(folder: StateFolder, text: bytes, words: str):
    (folder.path / SNAPSHOT).write_bytes(text)

    assert folder.load(SNAPSHOT) is None
    assert folder.load(SNAPSHOT) is None

    (problem,) = folder.problems
    assert words in problem
    assert (folder.path / f"{SNAPSHOT}.broken").read_bytes() == text


def test_a_run_that_writes_nothing_leaves_broken_content_where_it_is(folder: StateFolder):
    (folder.path / SNAPSHOT).write_text("{")
    reader = StateFolder(folder.path, "boot-1")

    assert reader.load(SNAPSHOT) is None
    assert len(reader.problems) == 1
    assert (folder.path / SNAPSHOT).exists()


def test_a_reader_names_the_same_damage_once(folder: StateFolder):
    (folder.path / SNAPSHOT).write_text("{")
    reader = StateFolder(folder.path, "boot-1")

    assert reader.load(SNAPSHOT) is None
    assert reader.load(SNAPSHOT) is None
    assert len(reader.problems) == 1


def test_a_link_in_place_of_a_file_is_not_followed(folder: StateFolder, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text(json.dumps({"version": 1, "boot": "boot-1"}))
    (folder.path / SNAPSHOT).symlink_to(secret)

    assert StateFolder(folder.path, "boot-1").load(SNAPSHOT) is None
    folder.save(SNAPSHOT, {"time": 1})

    assert "time" not in secret.read_text()
    assert not (folder.path / SNAPSHOT).is_symlink()


def test_a_pipe_in_place_of_a_file_does_not_hang_the_run(folder: StateFolder):
    os.mkfifo(folder.path / SNAPSHOT)

    assert folder.load(SNAPSHOT) is None
    assert len(folder.problems) == 1


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    folder = StateFolder(tmp_path / "link", "b")

    with pytest.raises(FileError, match="not a link"):
        folder.prepare()
    assert folder.load(SNAPSHOT) is None


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the user root for the program; the files are another user's if the tests are."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def give_away(path: Path) -> None:
    """Make another user than root own a file, as it is already if root does not run the tests."""
    if os.getuid() == 0:
        os.chown(path, 1000, 1000)


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777, 0o720, None])
@pytest.mark.parametrize("method", ["prepare", "check"])
def test_root_refuses_a_folder_that_another_user_may_write_to(
    tmp_path: Path, mode: int | None, method: str
):
    path = tmp_path / "open"
    path.mkdir(0o700)
    if mode is None:
        give_away(path)
    else:
        path.chmod(mode)

    with pytest.raises(FileError, match="so root does not use it"):
        getattr(StateFolder(path, "b"), method)()


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o700])
def test_an_ordinary_user_uses_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(mode)

    StateFolder(tmp_path / "open", "b").check()
    StateFolder(tmp_path / "open", "b").prepare()


def test_a_folder_that_is_not_there_is_checked_and_not_made(tmp_path: Path):
    StateFolder(tmp_path / "none", "b").check()

    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("mode", [0o620, 0o602, None])
def test_root_does_not_use_a_file_that_another_user_may_write(
    folder: StateFolder, monkeypatch: pytest.MonkeyPatch, mode: int | None
):
    # left from a time when the folder was open to others
    folder.save(SNAPSHOT, {"time": 5})
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    if mode is None:
        give_away(folder.path / SNAPSHOT)
    else:
        (folder.path / SNAPSHOT).chmod(mode)

    assert folder.load(SNAPSHOT) is None
    assert "so root does not use it" in folder.problems[0]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(FileError, match="File exists"):
        StateFolder(tmp_path / "file", "b").prepare()


def test_only_one_run_holds_the_lock(folder: StateFolder):
    with folder.locked():
        other = StateFolder(folder.path, "boot-1")
        with pytest.raises(AtWorkError, match="another run holds"), other.locked():
            pytest.fail("two runs at once")
    with folder.locked():
        pass


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EINTR, errno.ENOSPC])
def test_an_error_of_the_work_under_the_lock_is_not_taken_for_the_locks(
    folder: StateFolder, number: int
):
    with pytest.raises(OSError, match="of the work") as caught, folder.locked():
        raise OSError(number, "of the work")

    assert caught.value.errno == number
    with folder.locked():  # it is free again
        pass


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EINTR, errno.EIO])
def test_a_lock_that_fails_otherwise_is_no_other_run(
    folder: StateFolder, monkeypatch: pytest.MonkeyPatch, number: int
):
    def fail(_fd: int, _operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", fail)

    with pytest.raises(FileError, match=os.strerror(number)), folder.locked():
        pytest.fail("ran without the lock")


def test_a_lock_that_is_a_link_is_refused(folder: StateFolder, tmp_path: Path):
    (folder.path / "lock").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(FileError, match="lock"), folder.locked():
        pytest.fail("followed a link")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("call", ["open", "write", "fsync", "close", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_leaves_the_old_file_whole(folder: StateFolder, call: str, number: int):
    folder.save(SNAPSHOT, {"time": 1})
    broken = StateFolder(folder.path, "boot-1", faulty(**{call: failing(number)}))

    with pytest.raises(FileError, match=os.strerror(number)):
        broken.save(SNAPSHOT, {"time": 2})

    content = folder.load(SNAPSHOT)
    assert content is not None
    assert content["time"] == 1


class Killed(BaseException):
    """The run ends here."""


def kill(*_arguments: object) -> None:
    raise Killed


@pytest.mark.parametrize("call", ["open", "write", "fsync", "close", "replace"])
def test_a_run_killed_at_any_step_leaves_the_old_file_and_does_not_hinder_the_next(
    folder: StateFolder, call: str
):
    folder.save(SNAPSHOT, {"time": 1})
    with pytest.raises(Killed):
        StateFolder(folder.path, "boot-1", faulty(**{call: kill})).save(SNAPSHOT, {"time": 2})

    content = folder.load(SNAPSHOT)
    assert content is not None
    assert content["time"] == 1
    folder.save(SNAPSHOT, {"time": 3})
    content = folder.load(SNAPSHOT)
    assert content is not None
    assert content["time"] == 3


def test_a_write_that_takes_a_part_is_continued(folder: StateFolder):
    slow = faulty(write=lambda fd, data: os.write(fd, data[:7]))
    StateFolder(folder.path, "boot-1", slow).save(SNAPSHOT, {"text": "x" * 100})

    content = folder.load(SNAPSHOT)
    assert content is not None
    assert content["text"] == "x" * 100
