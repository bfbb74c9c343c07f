"""The pid file: locked while the process lives, taken over when it is stale, removed at the end."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import mock
import pytest

from irq_server.daemon import pidfile
from irq_server.daemon.pidfile import PidFile
from irq_server.errors import PidFileError
from irq_server.store.segments.files import open_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "irq_server.pid"


def test_it_holds_the_number_and_is_gone_afterwards(path: Path):
    with PidFile(path):
        assert path.read_text() == f"{os.getpid()}\n"
        assert path.stat().st_mode & 0o777 == 0o644

    assert not path.exists()


def test_who_holds_it_is_named_and_keeps_it(path: Path):
    with PidFile(path):
        with pytest.raises(PidFileError, match=f": process {os.getpid()} has it and runs$"):
            PidFile(path).__enter__()

        assert path.read_text() == f"{os.getpid()}\n"


def test_one_that_a_killed_process_left_is_taken(path: Path):
    held = "import sys; from pathlib import Path; from irq_server.daemon.pidfile import PidFile\n"
    held += "PidFile(Path(sys.argv[1])).__enter__(); print('held', flush=True); sys.stdin.read()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", held, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(PidFileError, match=f"process {other.pid} has it"):
            PidFile(path).__enter__()
        other.kill()

    assert path.read_text() == f"{other.pid}\n"
    with PidFile(path):
        assert path.read_text() == f"{os.getpid()}\n"


def test_the_number_of_a_living_stranger_is_stale_too(path: Path):
    path.write_text("1\n")

    with PidFile(path):
        assert path.read_text() == f"{os.getpid()}\n"


def test_a_file_that_holds_something_else_is_left_alone(path: Path):
    path.write_text("root:x:0:0:root:/root:/bin/bash\n")

    with pytest.raises(PidFileError, match="holds something else than a process's number"):
        PidFile(path).__enter__()

    assert path.read_text() == "root:x:0:0:root:/root:/bin/bash\n"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(PidFileError, match=f"^{tmp_path}/none/pid: No such file or directory$"):
        PidFile(tmp_path / "none/pid").__enter__()


def test_one_that_is_removed_just_before_the_lock_is_made_anew(path: Path):
    opened = open_file
    opens: list[int] = []

    def open_and_lose(path: Path, flags: int) -> int:
        descriptor = opened(path, flags)
        opens.append(descriptor)
        if len(opens) == 1:  # the process that held it ends between the opening and the lock
            path.unlink()
        return descriptor

    with mock.patch.object(pidfile, "open_file", open_and_lose), PidFile(path):
        assert path.read_text() == f"{os.getpid()}\n"

    assert len(opens) == 2


def test_one_that_may_not_be_removed_is_emptied(path: Path):
    refused = PermissionError(errno.EACCES, "Permission denied")
    with mock.patch.object(Path, "unlink", side_effect=refused), PidFile(path):
        pass

    assert path.read_text() == ""
    with PidFile(path):
        assert path.read_text() == f"{os.getpid()}\n"


def test_a_disk_that_is_full_is_told_and_the_file_let_go(path: Path):
    full = OSError(errno.ENOSPC, "No space left on device")
    with mock.patch("os.pwrite", side_effect=full), pytest.raises(PidFileError, match="No space"):
        PidFile(path).__enter__()

    with PidFile(path):
        assert path.read_text() == f"{os.getpid()}\n"


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_link_or_a_pipe_in_its_place_is_refused(tmp_path: Path, kind: str):
    path = tmp_path / "pid"
    if kind == "link":
        path.symlink_to(tmp_path / "made")
    else:
        os.mkfifo(path)

    expected = "it is a symbolic link" if kind == "link" else "it is not a regular file"
    with pytest.raises(PidFileError, match=expected), PidFile(path):
        pass

    assert not (tmp_path / "made").exists()
