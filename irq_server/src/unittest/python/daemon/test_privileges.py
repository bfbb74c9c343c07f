"""What a process gives up, seen by the kernel: each test in a process of its own."""

import ctypes
import json
import os
import pwd
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import mock
import pytest

import needs
from irq_server.daemon import privileges
from irq_server.errors import PrivilegeError

IS_ROOT = os.geteuid() == 0
SOURCES = Path(privileges.__file__).parents[2]
CAP_DAC_OVERRIDE = 1 << 1

# before the process becomes somebody who cannot read Python's own files
IMPORTS = """\
import ctypes, json, os, pathlib, subprocess, threading
from irq_server.daemon import privileges
"""

REPORT = """
found = {}
def look(name):
    lines = open(f"/proc/thread-self/status").read().splitlines()
    found[name] = dict(line.split(":\\t") for line in lines if ":\\t" in line)
look("main")
thread = threading.Thread(target=look, args=("later",))
thread.start()
thread.join()
print(json.dumps(found))
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"{IMPORTS}\n{code}"]
    variables = {**os.environ, "PYTHONPATH": str(SOURCES), **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env=variables)


def report(code: str) -> dict[str, dict[str, str]]:
    """Return what /proc says of the process after `code`: its main thread, and a later one."""
    done = run(code + REPORT)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def capabilities(status: dict[str, str]) -> dict[str, int]:
    return {name: int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}


@pytest.mark.parametrize("writes", [True, False])
def test_nothing_is_left_but_the_user(writes: bool):
    found = report(f"privileges.drop(writes={writes})")

    for status in found.values():
        assert set(capabilities(status).values()) == {0}
        assert status["NoNewPrivs"] == "1"
        assert status["Uid"].split() == [str(os.geteuid())] * 4
        if IS_ROOT:
            assert int(status["CapBnd"], 16) == 0


def test_what_was_given_up_does_not_come_back_with_another_program():
    code = "privileges.drop(writes=True)\n"
    done = run(code + "print(subprocess.check_output(['cat', '/proc/self/status'], text=True))")

    status = dict(line.split(":\t") for line in done.stdout.splitlines() if ":\t" in line)
    assert set(capabilities(status).values()) == {0}


def test_who_the_process_is_is_told():
    done = run("print(privileges.drop(writes=False))")

    assert done.stdout.startswith(f"{pwd.getpwuid(os.geteuid()).pw_name}:")
    assert done.stdout.endswith(" with no capabilities\n")


def test_where_the_kernel_refuses_it_is_an_error(monkeypatch: pytest.MonkeyPatch):
    def some(_: object, words: "ctypes.Array[ctypes.Structure]") -> int:
        words[0].effective = words[0].permitted = 1
        return 0

    refuse = mock.Mock(return_value=-1)
    monkeypatch.setattr(privileges, "_libc", mock.Mock(prctl=refuse, capset=refuse, capget=some))

    with pytest.raises(PrivilegeError, match=r"^cannot give privileges up: capset: "):
        privileges.drop(writes=False)


def test_who_has_nothing_to_give_up_asks_for_nothing(monkeypatch: pytest.MonkeyPatch):
    libc = mock.Mock()
    libc.capget.return_value = libc.prctl.return_value = 0  # all words stay zero
    monkeypatch.setattr(privileges, "_libc", libc)

    assert privileges.drop(writes=False).endswith("no capabilities")

    libc.capset.assert_not_called()


def test_a_user_that_does_not_exist_is_named(tmp_path: Path):
    for look in (privileges.user_id, lambda name: privileges.become(name, tmp_path)):
        with pytest.raises(PrivilegeError, match=r"^there is no user 'no-such-user'$"):
            look("no-such-user")


def test_to_become_who_one_is_does_nothing(tmp_path: Path):
    privileges.become(pwd.getpwuid(os.geteuid()).pw_name, tmp_path / "missing")

    assert not (tmp_path / "missing").exists()


def test_who_is_not_root_becomes_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 12345)

    with pytest.raises(PrivilegeError, match=r"^cannot become the user nobody: only root can$"):
        privileges.become("nobody", tmp_path / "data")


def test_root_becomes_a_user_with_its_groups_and_a_data_directory(tmp_path: Path):
    needs.root()
    data = tmp_path / "made/data"
    code = f"os.setgroups([0, 4])\nprivileges.become('nobody', pathlib.Path({str(data)!r}))\n"
    found = report(code + "privileges.drop(writes=False)")

    uid = privileges.user_id("nobody")
    for status in found.values():
        assert status["Uid"].split() == [str(uid)] * 4
        assert "0" not in status["Gid"].split()
        assert "0" not in status["Groups"].split()
        assert set(capabilities(status).values()) == {0}
        assert int(status["CapBnd"], 16) == 0
        assert status["NoNewPrivs"] == "1"
    assert data.stat().st_uid == uid


def test_a_data_directory_of_another_is_named(tmp_path: Path):
    needs.root()
    with pytest.raises(PrivilegeError, match=f"another user; chown -R nobody {tmp_path}$"):
        privileges.become("nobody", tmp_path)


def test_the_one_capability_that_writes_is_kept_by_a_user_who_has_it():
    needs.root()
    keep = (
        "libc = ctypes.CDLL(None)\n"
        "libc.prctl(8, 1, 0, 0, 0)\n"  # PR_SET_KEEPCAPS
        "os.setresuid(65534, 65534, 65534)\n"
    )
    for writes, kept in ((True, CAP_DAC_OVERRIDE), (False, 0)):
        found = report(f"{keep}words = privileges.drop(writes={writes})\nprint(words)\n")
        caps = capabilities(found["later"])
        assert caps == {"CapInh": 0, "CapPrm": kept, "CapEff": kept, "CapAmb": 0}


def test_root_opens_files_as_another_user_and_is_root_again():
    calls: list[tuple[str, int]] = []

    def note(name: str) -> Any:
        return mock.patch(f"os.{name}", side_effect=lambda number: calls.append((name, number)))

    nobody = pwd.getpwnam("nobody")
    with (
        note("seteuid"),
        note("setegid"),
        mock.patch("os.geteuid", return_value=0),
        mock.patch("os.getegid", return_value=7),
    ):
        with suppress(OSError), privileges.acting_as("nobody"):
            assert calls == [("setegid", nobody.pw_gid), ("seteuid", nobody.pw_uid)]
            raise OSError("a disk that is full")
        assert calls[2:] == [("seteuid", 0), ("setegid", 7)]


@pytest.mark.parametrize(("name", "user"), [("", 0), ("nobody", 1000)])
def test_who_is_not_root_or_names_nobody_stays_the_same(name: str, user: int):
    with (
        mock.patch("os.geteuid", return_value=user),
        mock.patch("os.seteuid") as seteuid,
        privileges.acting_as(name),
    ):
        pass

    seteuid.assert_not_called()


def test_root_refuses_a_data_directory_that_others_own_or_may_write(tmp_path: Path):
    needs.root()
    folder = tmp_path / "data"
    inner = folder / "raw/20260101"
    inner.mkdir(parents=True)
    for path in (folder, folder / "raw", inner):
        path.chmod(0o755)
    privileges.refuse_foreign(folder)
    privileges.refuse_foreign(tmp_path / "missing")

    for path in (folder, folder / "raw", inner):
        os.chown(path, privileges.user_id("nobody"), -1)
        with pytest.raises(PrivilegeError, match=rf"^{path}: root .* --user nobody, or chown -R"):
            privileges.refuse_foreign(folder)
        os.chown(path, 0, -1)
        path.chmod(0o775)
        with pytest.raises(PrivilegeError, match=rf"^{path}: root .* others may write it"):
            privileges.refuse_foreign(folder)
        path.chmod(0o755)
    (folder / "1m").symlink_to(folder / "raw")
    with pytest.raises(PrivilegeError, match=r"1m: root .* it is a symbolic link"):
        privileges.refuse_foreign(folder)


def test_root_works_in_another_users_directory_as_that_user(tmp_path: Path):
    needs.root()
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, privileges.user_id("nobody"), -1)
    groups = os.getgroups()

    with privileges.acting_as_owner(folder):
        assert os.geteuid() == privileges.user_id("nobody")
        assert 0 not in {os.getegid(), *os.getgroups()}
    assert (os.geteuid(), os.getegid(), os.getgroups()) == (0, os.getgid(), groups)


def test_root_works_in_a_directory_of_a_number_without_a_name(tmp_path: Path):
    needs.root()
    os.chown(tmp_path, 54321, 54322)

    with privileges.acting_as_owner(tmp_path):
        assert (os.geteuid(), os.getegid(), os.getgroups()) == (54321, 54322, [])


def test_root_works_in_its_own_directory_unless_others_may_write_it(tmp_path: Path):
    needs.root()
    with privileges.acting_as_owner(tmp_path), privileges.acting_as_owner(tmp_path / "missing"):
        assert os.geteuid() == 0

    tmp_path.chmod(0o777)
    with pytest.raises(PrivilegeError, match="may write"), privileges.acting_as_owner(tmp_path):
        pass


def test_a_folder_below_the_users_own_is_made_by_the_user():
    needs.root()
    with tempfile.TemporaryDirectory() as name:
        os.chown(name, privileges.user_id("nobody"), -1)
        report(f"privileges.become('nobody', pathlib.Path('{name}/a/b'))\n")

        assert Path(name, "a").stat().st_uid == privileges.user_id("nobody")
