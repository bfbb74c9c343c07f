"""The rights that a real server gives up, as /proc shows them."""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import needs
from conftest import COMMAND, Server, Tree

Start = Callable[..., Server]


def threads(server: Server) -> list[dict[str, str]]:
    """Return the kernel's status of each thread of the server."""
    found = []
    for folder in Path(f"/proc/{server.process.pid}/task").iterdir():
        lines = (folder / "status").read_text().splitlines()
        found.append(dict(line.split(":\t") for line in lines if ":\t" in line))
    return found


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user reaches, as the tests' own is closed to others."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("writes", [False, True])
def test_a_server_runs_without_capabilities_in_every_thread(
    tree: Tree, start: Start, tmp_path: Path, writes: bool
):
    tokens = tmp_path / "tokens"
    tokens.touch(0o600)
    tokens.write_text("a-token-for-tests\n")
    arguments = ("--allow-affinity", "--token-file", tokens) if writes else ()

    server = start("--procfs", tree.root, "--interval", "50ms", *arguments)
    server.wait_for_samples()

    found = threads(server)
    assert len(found) > 2
    for status in found:
        assert [int(status[name], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")] == [
            0
        ] * 4
        if os.geteuid() == 0:
            assert int(status["CapBnd"], 16) == 0
        assert status["NoNewPrivs"] == "1"
        assert status["Uid"].split() == [str(os.geteuid())] * 4
    user = pwd.getpwuid(os.geteuid()).pw_name
    assert any(f"running as {user}:" in line and "no capabilities" in line for line in server.log)


def test_root_becomes_the_user_who_then_owns_the_history(start: Start, reachable: Path):
    needs.root()
    tree = Tree(reachable / "proc")
    data = reachable / "data"

    server = start(
        "--procfs", tree.root, "--interval", "50ms", "--user", "nobody", "--data-dir", data
    )
    server.wait_for_samples()

    nobody = str(pwd.getpwnam("nobody").pw_uid)
    for status in threads(server):
        assert status["Uid"].split() == [nobody] * 4
        assert "0" not in status["Groups"].split()
        for name in ("CapPrm", "CapEff", "CapInh", "CapAmb", "CapBnd"):
            assert int(status[name], 16) == 0
    assert {str(path.stat().st_uid) for path in [data, *data.rglob("*")]} == {nobody}
    assert server.stop() == 0
    assert "stop" in (data / "events.csv").read_text()


def test_the_user_owns_the_socket_too(start: Start, reachable: Path):
    needs.root()
    tree = Tree(reachable / "proc")
    run = reachable / "run"
    run.mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(run, nobody.pw_uid, nobody.pw_gid)
    place, data = run / "socket", reachable / "data"

    server = start("--procfs", tree.root, "--socket", place, "--user", "nobody", "--data-dir", data)

    status = place.stat()
    assert (status.st_uid, status.st_gid) == (nobody.pw_uid, nobody.pw_gid)
    assert server.stop() == 0
    assert not place.exists()


def test_a_history_of_another_user_is_named_and_left(tree: Tree, tmp_path: Path):
    needs.root()
    done = subprocess.run(
        [COMMAND, "--port", "0", "--procfs", tree.root, "--user", "nobody", "--data-dir", tmp_path],
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert done.returncode == 1
    assert done.stderr == (
        f"irq_server: cannot become the user nobody: {tmp_path} belongs to another user; "
        f"chown -R nobody {tmp_path}\n"
    )


@pytest.mark.parametrize(
    ("owner", "mode", "reason"),
    [
        ("nobody", 0o755, "it belongs to nobody; start with --user nobody, or chown -R root it"),
        ("root", 0o777, "a group or others may write it; chmod -R go-w it"),
    ],
)
def test_root_starts_on_no_directory_that_others_own_or_may_write(
    tree: Tree, tmp_path: Path, owner: str, mode: int, reason: str
):
    needs.root()
    data = tmp_path / "data"
    data.mkdir()
    (data / "events.csv").symlink_to(tmp_path / "made")
    data.chmod(mode)
    os.chown(data, pwd.getpwnam(owner).pw_uid, -1)

    done = subprocess.run(
        [COMMAND, "--port", "0", "--procfs", tree.root, "--data-dir", data],
        capture_output=True,
        text=True,
        timeout=20,
    )

    refused = f"irq_server: {data}: root does not use this data directory"
    assert (done.returncode, done.stderr) == (1, f"{refused}: {reason}\n")
    assert [each.name for each in data.iterdir()] == ["events.csv"]
    assert not (tmp_path / "made").exists()


def test_a_user_that_is_none_is_one_line(tmp_path: Path):
    done = subprocess.run(
        [COMMAND, "--port", "0", "--user", "no-such-user", "--data-dir", tmp_path / "data"],
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert (done.returncode, done.stderr) == (1, "irq_server: there is no user 'no-such-user'\n")
