"""What the wheel brings for a system: each file as the tool reads it that it is for."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import requests

import needs
from conftest import COMMAND, Tree, wait_until
from leftovers import running

PREFIX = COMMAND.parent.parent
SHARE = PREFIX / "share/irq_server"
UNIT = PREFIX / "lib/systemd/system/irq_server.service"
FAST = ("--interval", "50ms")


def run(*command: object, **more: Any) -> "subprocess.CompletedProcess[str]":
    """Run a tool of the system that the tests need."""
    needs.program(str(command[0]))
    return subprocess.run(
        [str(each) for each in command], capture_output=True, text=True, timeout=60, **more
    )


# ---- systemd ------------------------------------------------------------------------------------


@pytest.fixture(params=["as it is", "with the affinity drop-in"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The unit, with the command that these tests have installed."""
    path = tmp_path / "irq_server.service"
    text = UNIT.read_text()
    assert text.count("ExecStart=/usr/local/bin/irq_server\n") == 1
    path.write_text(text.replace("/usr/local/bin/irq_server", str(COMMAND)))
    if request.param != "as it is":
        (tmp_path / "irq_server.service.d").mkdir()
        drop_in = tmp_path / "irq_server.service.d/affinity.conf"
        drop_in.write_text((SHARE / "irq_server-affinity.conf").read_text())
    return path


def test_systemd_finds_no_fault_with_the_unit(unit: Path):
    done = run("systemd-analyze", "verify", "--man=no", unit)

    mine = [line for line in done.stderr.splitlines() if "irq_server" in line]
    assert (done.returncode, mine) == (0, [])


def test_systemd_finds_the_unit_well_closed(unit: Path):
    done = run("systemd-analyze", "security", "--offline=yes", "--threshold=29", "--no-pager", unit)

    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"Overall exposure level for irq_server.service: ([0-9.]+)", done.stdout)
    assert found
    assert 0 < float(found[1]) < 3


def test_the_unit_may_read_what_it_records_and_the_drop_in_write_affinities_alone():
    text = UNIT.read_text()
    drop_in = (SHARE / "irq_server-affinity.conf").read_text()

    assert "Type=notify\n" in text
    assert "WatchdogSec=" in text
    assert "\nProtectKernelTunables=yes\n" in text
    assert "\nProcSubset=" not in text  # pid would hide /proc/interrupts
    assert "\nReadWritePaths=/proc/irq\n" in drop_in
    assert "CapabilityBoundingSet" not in drop_in  # so that the unit's own, none, holds


def test_systemd_makes_the_user_and_the_folders(tmp_path: Path):
    for name in ("sysusers", "tmpfiles"):
        folder = tmp_path / f"usr/lib/{name}.d"
        folder.mkdir(parents=True)
        (folder / "irq_server.conf").write_text(
            (PREFIX / f"lib/{name}.d/irq_server.conf").read_text()
        )
    (tmp_path / "etc").mkdir()

    users = run("systemd-sysusers", f"--root={tmp_path}", "irq_server.conf")
    folders = run("systemd-tmpfiles", f"--root={tmp_path}", "--create", "irq_server.conf")

    assert users.returncode == 0, users.stderr
    passwd = (tmp_path / "etc/passwd").read_text()
    entry = re.search(r"^irq_server:[^:]*:(\d+):(\d+):[^:]*:/var/lib/irq_server:", passwd, re.M)
    assert entry
    if os.geteuid() == 0:
        assert folders.returncode == 0, folders.stderr
        for name, mode in (("run", 0o755), ("var/log", 0o750)):
            status = (tmp_path / name / "irq_server").stat()
            assert (status.st_uid, status.st_mode & 0o7777) == (int(entry[1]), mode)


# ---- the init script ----------------------------------------------------------------------------


class Init:
    """The init script, for a server below a folder."""

    def __init__(self, tree: Tree, folder: Path) -> None:
        """Write its defaults."""
        self.pid_file = folder / "run/irq_server/irq_server.pid"
        self.log_file = folder / "log/irq_server.log"
        self.defaults = folder / "default"
        self.settings = {
            "DAEMON": COMMAND,
            "PIDFILE": self.pid_file,
            "IRQ_SERVER_LOG_FILE": self.log_file,
            "IRQ_SERVER_DATA_DIR": folder / "data",
            "IRQ_SERVER_USER": "",
            "IRQ_SERVER_PROCFS": tree.root,
            "IRQ_SERVER_PORT": 0,
            "IRQ_SERVER_INTERVAL": "50ms",
        }

    def __call__(self, action: str, shell: str = "sh") -> "subprocess.CompletedProcess[str]":
        """Do what `service irq_server ACTION` does."""
        lines = [f"{name}='{value}'\n" for name, value in self.settings.items()]
        self.defaults.write_text("".join(lines))
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEFAULTS": str(self.defaults)}
        script = SHARE / "irq_server.init"
        return run(*shell.split(), script, action, env=environment)

    @property
    def pid(self) -> int:
        """The server's number."""
        return int(self.pid_file.read_text())


@pytest.fixture
def init(tree: Tree, tmp_path: Path) -> Iterator[Init]:
    made = Init(tree, tmp_path)
    yield made
    made("stop")


def test_the_init_script_starts_tells_and_stops(init: Init):
    assert init("status").returncode == 3

    done = init("start")
    pid = init.pid
    assert (done.returncode, init("status").returncode) == (0, 0)
    assert done.stderr.startswith("irq_server: listening on http://127.0.0.1:")
    again = init("start")
    assert (again.returncode, again.stdout) == (0, f"irq_server runs already, process {pid}\n")
    assert init.pid == pid
    assert init("restart").returncode == 0
    assert init.pid != pid
    assert init("stop").returncode == 0
    assert init("status").returncode == 3
    assert init("stop").returncode == 0
    assert init("try-restart").returncode == 0
    assert init("status").returncode == 3
    assert [line.rpartition(": ")[2] for line in init.log_file.read_text().splitlines()][-1] == (
        "stopped"
    )


def test_the_init_script_reloads(init: Init):
    assert init("reload").returncode == 7
    init("start")

    assert init("force-reload").returncode == 0

    wait_until(lambda: "reloaded: no setting has changed" in init.log_file.read_text())


def test_the_init_scripts_server_of_another_user_opens_its_log_again(init: Init, tmp_path: Path):
    if os.geteuid() == 0:
        init.settings["IRQ_SERVER_USER"] = "nobody"
        folder = tmp_path
        while folder != Path("/tmp"):  # noqa: S108 - the tests' own folders, below it
            folder.chmod(folder.stat().st_mode | 0o011)
            folder = folder.parent
    started = init("start")
    assert started.returncode == 0, started.stderr

    assert init("reload").returncode == 0

    wait_until(lambda: "reload" in init.log_file.read_text())
    assert "reloaded: no setting has changed" in init.log_file.read_text()
    process = Path(f"/proc/{init.pid}")
    assert init.log_file.stat().st_uid == process.stat().st_uid
    assert init("stop").returncode == 0
    assert not init.pid_file.exists()


def test_the_init_script_tells_a_dead_server_from_one_that_was_stopped(init: Init):
    init("start")
    os.kill(init.pid, 9)
    wait_until(lambda: init("status").returncode == 1)

    assert init("start").returncode == 0
    assert init("status").returncode == 0


def test_the_init_script_says_what_is_wrong(init: Init):
    init.settings["IRQ_SERVER_INTERVAL"] = "often"
    done = init("start")
    assert done.returncode == 2
    assert done.stderr.startswith("irq_server: IRQ_SERVER_INTERVAL: expected a duration")

    init.settings["DAEMON"] = "/none/irq_server"
    missing = init("start")
    assert (missing.returncode, missing.stderr) == (
        5,
        "irq_server: /none/irq_server is not installed\n",
    )
    assert init("sing").returncode == 2


def test_the_init_script_has_the_header_of_the_lsb_and_asks_for_no_more_than_a_shell():
    text = (SHARE / "irq_server.init").read_text()
    header = text.partition("### BEGIN INIT INFO\n")[2].partition("### END INIT INFO\n")[0]

    keys = re.findall(r"^# ([A-Za-z-]+): +\S", header, re.M)
    assert {"Provides", "Required-Start", "Required-Stop", "Default-Start"} <= set(keys)
    assert {"Default-Stop", "Short-Description", "Description"} <= set(keys)
    assert run("dash", "-n", SHARE / "irq_server.init").stderr == ""
    assert run("bash", "--posix", "-n", SHARE / "irq_server.init").stderr == ""


# ---- logrotate ----------------------------------------------------------------------------------


def test_logrotate_takes_the_log_and_the_server_opens_another(tree: Tree, tmp_path: Path):
    needs.program("logrotate")
    logs = tmp_path / "log"
    logs.mkdir(mode=0o755)
    rules = tmp_path / "irq_server.logrotate"
    text = (SHARE / "irq_server.logrotate").read_text()
    assert text.count("/var/log/irq_server/*.log {") == 1
    rules.write_text(text.replace("/var/log/irq_server", str(logs)))
    rules.chmod(0o644)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = logs / "irq_server.log"
    options = ["--procfs", tree.root, *FAST, "--port", str(port), "--data-dir", tmp_path / "data"]
    with running(COMMAND, *options, "--access-log", "--log-file", log) as process:
        wait_until(lambda: log.exists() and "listening on" in log.read_text())
        url = f"http://127.0.0.1:{port}"

        tried = run("logrotate", "-d", rules)
        assert tried.returncode == 0
        assert "error" not in tried.stderr
        for number in range(2):
            requests.get(f"{url}/healthz?{number}", timeout=10)
            wait_until(lambda number=number: f"/healthz?{number}" in log.read_text())
            done = run("logrotate", "--force", "--state", tmp_path / "state", rules)
            assert (done.returncode, done.stderr) == (0, "")
        requests.get(f"{url}/healthz?2", timeout=10)
        wait_until(lambda: log.exists() and "/healthz?2" in log.read_text())
        process.terminate()
        assert process.wait(20) == 0

    lines = run("zcat", "-f", *sorted(logs.glob("*"), reverse=True)).stdout
    assert re.findall(r"/healthz\?(\d)", lines) == ["0", "1", "2"]
    assert sorted(path.name for path in logs.iterdir()) == [
        "irq_server.log",
        "irq_server.log.1",
        "irq_server.log.2.gz",
    ]
    assert "stopped" in log.read_text()


# ---- man page and completion --------------------------------------------------------------------


def test_the_man_page_is_shown_without_a_warning():
    page = PREFIX / "share/man/man8/irq_server.8"
    environment = {**os.environ, "MANROFFOPT": "-ww", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"}

    shown = run("man", "--warnings", "-E", "UTF-8", "-l", page, env=environment)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert max(map(len, shown.stdout.splitlines())) <= 80
    options = set(re.findall(r"--[a-z][a-z-]+", run(COMMAND, "--help").stdout))
    assert {"--port", "--pid-file", "--config"} <= options
    assert options <= set(re.findall(r"--[a-z][a-z-]+", shown.stdout))
    name = run("lexgrog", page).stdout
    assert "irq_server - record a machine's interrupts, answer what fired where" in name


@pytest.fixture
def bash_completion() -> Path:
    """Return the script that sets completion up in a shell."""
    return needs.file("/usr/share/bash-completion/bash_completion", "bash-completion")


def complete(bash_completion: Path, line: str, folder: Path) -> list[str]:
    """Return what bash offers at the end of a line."""
    words = line.split(" ")
    script = f"""
        source {bash_completion}
        source {PREFIX}/share/bash-completion/completions/irq_server
        COMP_WORDS=({" ".join(map(repr, words))})
        COMP_CWORD={len(words) - 1}
        COMP_LINE={line!r}
        COMP_POINT={len(line)}
        _irq_server
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = run("bash", "--norc", "-c", script, cwd=folder)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("irq_server --log-l", ["--log-level"]),
        ("irq_server --log-level ", ["debug", "info", "warning", "error"]),
        ("irq_server --fsync s", ["segment", "sample"]),
        ("irq_server --data-dir ", ["folder"]),
        ("irq_server --config ", ["folder", "settings.toml"]),
        ("irq_server --pid-file n", ["notes.txt"]),
        ("irq_server --port ", []),
        ("irq_server ve", ["verify"]),
        ("irq_server verify ", ["folder"]),
        ("irq_server export --format ", ["csv", "openmetrics", "parquet"]),
        ("irq_server export --out", ["--output"]),
        ("irq_server import n", ["notes.txt"]),
        ("irq_server --daemon --pid", ["--pid-file"]),
    ],
)
def test_bash_completes(bash_completion: Path, line: str, offered: list[str], tmp_path: Path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "settings.toml").write_text("")
    (tmp_path / "notes.txt").write_text("")

    assert sorted(complete(bash_completion, line, tmp_path)) == sorted(offered)


def test_bash_loads_the_completion_by_the_commands_name(bash_completion: Path):
    script = f"""
        source {bash_completion}
        XDG_DATA_DIRS={PREFIX}/share _completion_loader irq_server
        complete -p irq_server
    """

    done = run("bash", "--norc", "-c", script)

    assert done.stdout == "complete -F _irq_server irq_server\n", done.stderr


def test_the_wheel_holds_the_licence():
    held = [each for each in metadata.files("irq_server") or () if each.name == "LICENSE"]
    (own,) = (each for each in held if each.parent.name == "licenses")

    assert own.read_text().startswith("MIT License\n")
    assert metadata.metadata("irq_server")["License-File"] == "LICENSE"


def test_the_wheel_takes_the_waitress_whose_own_parts_the_server_uses():
    (needed,) = (each for each in metadata.requires("irq_server") or () if "waitress" in each)

    assert sorted(needed.removeprefix("waitress").strip(" ()").split(",")) == ["<4", ">=3.0.1"]
