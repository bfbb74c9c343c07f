"""The daemon as its user meets it: a real process, in the background or not, and real signals."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

import needs
from conftest import COMMAND, Server, Tree, wait_until
from leftovers import running

Start = Callable[..., Server]
FAST = ("--interval", "50ms")
STOP_SECONDS = 2.0
WAIT_SECONDS = 20.0


def run(*arguments: object, **more: Any) -> "subprocess.CompletedProcess[str]":
    """Run the command until it ends."""
    command = [COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, **more)


class Daemon:
    """A server in the background."""

    def __init__(self, tree: Tree, folder: Path) -> None:
        """Start nothing yet; all that it writes lies in `folder`."""
        self.folder = folder
        self.pid_file = folder / "run.pid"
        self.log_file = folder / "irq_server.log"
        self.data = folder / "data"
        self.options: list[object] = ["--daemon", "--port", 0, "--procfs", tree.root, *FAST]
        self.options += ["--pid-file", self.pid_file, "--data-dir", self.data]
        self.options += ["--log-file", self.log_file]

    def start(self, *more: object, **how: Any) -> "subprocess.CompletedProcess[str]":
        """Start it, and return what the command printed and how it ended."""
        return run(*self.options, *more, **how)

    @property
    def pid(self) -> int:
        """The process's number."""
        return int(self.pid_file.read_text())

    @property
    def url(self) -> str:
        """Where it listens, as the log says."""
        return re.findall(r"listening on (http://\S+)", self.log_file.read_text())[-1]

    def log(self) -> list[str]:
        """Return the messages of the log, without their heads."""
        lines = self.log_file.read_text().splitlines()
        return [line.split(": ", 1)[1] for line in lines]

    def send(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def stop(self) -> float:
        """End it, and return the seconds that it took."""
        pid, began = self.pid, time.monotonic()
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_running(pid))
        return time.monotonic() - began

    def end(self) -> None:
        """Make sure that it is gone."""
        if self.pid_file.exists() and is_running(self.pid):
            os.kill(self.pid, signal.SIGKILL)


def is_running(pid: int) -> bool:
    """Whether a process runs, and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def daemon(tree: Tree, tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(tree, tmp_path)
    yield made
    made.end()


def events_in(data: Path) -> list[str]:
    lines = (data / "events.csv").read_text().splitlines()
    return [line.split(",")[1] for line in lines[1:]]


# ---- in the background --------------------------------------------------------------------------


def test_who_started_it_goes_on_when_it_answers(daemon: Daemon):
    done = daemon.start()

    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr == f"irq_server: listening on {daemon.url}, process {daemon.pid}\n"
    assert requests.get(f"{daemon.url}/healthz", timeout=10).status_code == 200
    assert daemon.stop() < STOP_SECONDS
    assert not daemon.pid_file.exists()
    assert events_in(daemon.data)[-1] == "stop"
    assert daemon.log()[-1] == "stopped"


def test_it_holds_on_to_nothing_of_who_started_it(daemon: Daemon):
    reader, writer = os.pipe()
    daemon.start(pass_fds=(writer,), umask=0, cwd=daemon.folder)
    os.close(writer)

    assert os.read(reader, 1) == b""  # nobody else holds the other end
    os.close(reader)
    process = Path(f"/proc/{daemon.pid}")
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
    parent, group, session, terminal = (
        (process / "stat").read_text().rpartition(")")[2].split()[1:5]
    )
    assert (process / "cwd").readlink() == Path("/")
    assert [(process / f"fd/{each}").readlink() for each in range(3)] == [Path("/dev/null")] * 3
    assert status["Umask"] == "0022"
    assert terminal == "0"
    assert group == session != str(daemon.pid)  # so that it never gets a terminal by opening one
    assert int(session) != os.getsid(0)
    assert int(parent) != os.getpid()


def test_paths_count_from_where_it_was_started_also_at_a_reload(daemon: Daemon, tree: Tree):
    options = ["--daemon", "--port", 0, "--procfs", tree.root, *FAST, "--pid-file", "run.pid"]
    options += ["--log-file", "irq_server.log", "--data-dir", "data"]

    assert run(*options, cwd=daemon.folder).returncode == 0

    daemon.send(signal.SIGHUP)
    wait_until(lambda: "reloaded: no setting has changed" in daemon.log())
    daemon.stop()
    assert daemon.log()[-1] == "stopped"
    assert not Path("/irq_server.log").exists()


def test_a_second_one_is_refused_and_the_first_goes_on(daemon: Daemon):
    daemon.start()
    before = daemon.pid

    done = daemon.start()

    assert done.returncode == 1
    assert done.stderr == f"irq_server: {daemon.pid_file}: process {before} has it and runs\n"
    assert daemon.pid == before
    assert requests.get(f"{daemon.url}/healthz", timeout=10).status_code == 200


def test_a_pid_file_that_a_killed_one_left_is_no_hindrance(daemon: Daemon):
    daemon.start()
    killed = daemon.pid
    daemon.send(signal.SIGKILL)
    wait_until(lambda: not is_running(killed))
    assert daemon.pid == killed

    assert daemon.start().returncode == 0

    assert daemon.pid != killed
    assert f"{daemon.pid_file}: process {killed} left it and is gone" in daemon.log()


def test_why_it_cannot_is_one_line_of_who_started_it_and_in_the_log(daemon: Daemon):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = daemon.start("--port", port)

    reason = f"cannot listen on 127.0.0.1:{port}: Address already in use"
    assert done.returncode == 1
    assert done.stderr == f"irq_server: {reason}\n"
    assert daemon.log() == [reason]
    assert not daemon.pid_file.exists()


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        (("--port", "x"), 2, "--port: expected a port"),
        (("--log", "stderr"), 2, "--log-file: expected no --log stderr beside it"),
        (("--log-file", "/none/log"), 1, "cannot log to /none/log: No such file or directory"),
        (("--pid-file", "/none/pid"), 1, "/none/pid: No such file or directory"),
        (("--procfs", "/none"), 1, "/none/interrupts: No such file or directory"),
    ],
)
def test_wrong_settings_are_told_before_or_behind_the_curtain(
    daemon: Daemon, more: tuple[str, ...], status: int, words: str
):
    done = daemon.start(*more)

    assert (done.returncode, done.stderr.count("\n")) == (status, 1)
    assert words in done.stderr


def test_a_log_that_has_no_place_is_told(daemon: Daemon):
    options = [each for each in daemon.options if each not in ("--log-file", daemon.log_file)]

    done = run(*options)

    assert done.returncode == 0
    if Path("/dev/log").is_socket():
        assert "no syslog" not in done.stderr
    else:
        assert done.stderr.endswith("; there is no syslog for its log, --log-file keeps one\n")
    daemon.stop()


# ---- settings again -----------------------------------------------------------------------------


def test_a_hangup_takes_what_it_can_and_names_the_rest(daemon: Daemon):
    file = daemon.folder / "irq_server.toml"
    file.write_text("access_log = false\n")
    daemon.start("--config", file)
    with requests.Session() as session:
        session.get(f"{daemon.url}/healthz", timeout=10)
        # a request is logged after its answer, and before the next one of its connection
        session.get(f"{daemon.url}/readyz", timeout=10)

    file.write_text('access_log = true\nsysfs = "/mnt"\n')
    daemon.send(signal.SIGHUP)
    wait_until(lambda: "reloaded: access_log" in daemon.log())
    assert "reload: a restart is needed for sysfs" in daemon.log()
    requests.get(f"{daemon.url}/healthz", timeout=10)
    wait_until(lambda: any('"GET /healthz" 200' in line for line in daemon.log()))

    file.write_text("access_log = 'perhaps'\n")
    daemon.send(signal.SIGHUP)
    wrong = f"{file}: access_log: expected true or false, found 'perhaps'"
    wait_until(lambda: f"reload: nothing was changed: {wrong}" in daemon.log())
    daemon.stop()
    assert sum('"GET /healthz" 200' in line for line in daemon.log()) == 1


def test_a_hangup_while_a_read_hangs_leaves_one_sampler(tree: Tree, start: Start, tmp_path: Path):
    file = tmp_path / "irq_server.toml"
    file.write_text('interval = "50ms"\n')
    server = start("--procfs", tree.root, "--config", file)
    server.wait_for_samples()
    pipe = tree.root / "pipe"
    os.mkfifo(pipe)  # who opens it waits for somebody at its other end
    os.link(pipe, tree.root / "interrupts.new")
    (tree.root / "interrupts.new").rename(tree.root / "interrupts")
    wait_until(lambda: any("cannot sample: stuck" in line for line in server.log))
    before = threads(server)

    file.write_text('interval = "60ms"\nmax_size = "10MiB"\n')
    server.process.send_signal(signal.SIGHUP)
    left = "reload: a restart is needed for interval, max_size"
    wait_until(lambda: any(left in line for line in server.log))
    tree.fire("24", 0, 7)
    pipe.open("w").close()

    server.wait_for_samples()
    assert server.json("/api/v1/status")["sampler"]["interval_seconds"] == 0.05
    assert server.json("/api/v1/irqs/24", period="1m")["counts"] == [0, 7]
    assert threads(server) == before
    assert server.stop() == 0


def threads(server: Server) -> set[str]:
    """Return the numbers of the server's threads."""
    return {each.name for each in Path(f"/proc/{server.process.pid}/task").iterdir()}


HANGING_DISK = """
import os, time

real = os.write

def write(descriptor, data):
    if os.path.exists({flag!r}) and {name!r} in os.readlink(f"/proc/self/fd/{{descriptor}}"):
        open({flag!r} + ".hung", "w").close()
        time.sleep(600)
    return real(descriptor, data)

os.write = write
"""
"""A module that Python imports at its start: once the flag is there, writes of a file hang."""


@pytest.mark.parametrize("name", ["data/events.csv", "data/raw/"])
def test_a_disk_that_hangs_does_not_keep_it_from_ending(
    tree: Tree, start: Start, tmp_path: Path, name: str
):
    flag = tmp_path / "hangs"
    (tmp_path / "python").mkdir()
    module = tmp_path / "python/sitecustomize.py"
    module.write_text(HANGING_DISK.format(flag=str(flag), name=name))
    under = ("env", f"PYTHONPATH={module.parent}")
    server = start("--procfs", tree.root, *FAST, under=under)
    server.wait_for_samples()

    flag.touch()
    if name == "data/raw/":  # else it hangs in the event of its end
        wait_until(Path(f"{flag}.hung").exists)
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(30)

    assert Path(f"{flag}.hung").exists()
    words = ("did not stop", "has not taken the end")
    wait_until(lambda: any(any(each in line for each in words) for line in server.log))


HANGING_SURVEY = """
import os, threading, time

real = os.open

def hang(*asked, **named):
    if threading.current_thread().name == "survey":
        open({flag!r}, "w").close()
        time.sleep(600)
    return real(*asked, **named)

os.open = hang
"""
"""A module that Python imports at its start: the survey of older segments can open no file."""


def test_a_survey_that_hangs_does_not_keep_it_from_ending(tree: Tree, start: Start, tmp_path: Path):
    flag, interrupts = tmp_path / "hangs", tree.root / "interrupts"
    days = [f"-{number}d={interrupts}" for number in (3, 2, 1)]
    assert run("import", "--data-dir", tmp_path / "data", "--", *days).returncode == 0
    (tmp_path / "python").mkdir()
    module = tmp_path / "python/sitecustomize.py"
    module.write_text(HANGING_SURVEY.format(flag=str(flag)))
    server = start("--procfs", tree.root, *FAST, under=("env", f"PYTHONPATH={module.parent}"))
    wait_until(flag.exists)
    server.wait_for_samples()

    assert server.stop() == 0

    assert any("the survey of older segments hangs" in line for line in server.log)


def test_a_file_in_the_environment_is_read(daemon: Daemon):
    file = daemon.folder / "irq_server.toml"
    file.write_text("colour = 1\n")

    done = daemon.start(env={**os.environ, "IRQ_SERVER_CONFIG": str(file)})

    assert done.returncode == 2
    assert done.stderr.startswith(f"irq_server: {file}: expected one of access_log, ")
    assert done.stderr.endswith(", found 'colour'\n")


def test_tokens_are_read_again_at_a_hangup(daemon: Daemon):
    tokens = daemon.folder / "tokens"
    tokens.write_text("rw abcdefghijklmnopqrstuvwxyz\n")
    tokens.chmod(0o600)
    daemon.start("--token-file", tokens)

    tokens.chmod(0o644)
    daemon.send(signal.SIGHUP)
    wait_until(lambda: any("only its owner may read" in line for line in daemon.log()))
    tokens.chmod(0o600)
    daemon.send(signal.SIGHUP)
    wait_until(lambda: "reloaded: no setting has changed" in daemon.log())


# ---- in the foreground --------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_that_come_again_change_nothing(
    tree: Tree, start: Start, tmp_path: Path, number: int
):
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()

    began = time.monotonic()
    for _ in range(20):
        server.process.send_signal(number)
    assert server.process.wait(10) == 0

    assert time.monotonic() - began < STOP_SECONDS
    assert events_in(tmp_path / "data")[-1] == "stop"
    assert run("verify", tmp_path / "data").returncode == 0


def test_a_hangup_without_a_file_and_a_broken_pipe_end_nothing(tree: Tree, start: Start):
    server = start("--procfs", tree.root, *FAST)

    server.process.send_signal(signal.SIGHUP)
    server.process.send_signal(signal.SIGPIPE)

    wait_until(lambda: any("reloaded: no setting has changed" in line for line in server.log))
    server.wait_for_samples()
    assert server.stop() == 0


def test_a_client_that_goes_away_in_the_middle_harms_nobody(tree: Tree, start: Start):
    server = start("--procfs", tree.root, *FAST, "--access-log")
    server.wait_for_samples()
    host, port = server.url.removeprefix("http://").split(":")
    for _ in range(20):
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(b"GET /api/v1/interrupts HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    server.wait_for_samples()
    assert server.stop() == 0
    assert not [line for line in server.log if "Traceback" in line or "ERROR" in line]


def test_a_directory_of_somebody_else_is_one_line(tree: Tree, tmp_path: Path):
    if os.geteuid() == 0:
        needs.reachable(COMMAND)
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    else:
        command = []
    for folder in (tree.root, *tree.root.rglob("*")):
        folder.chmod(0o755)
    folder = tmp_path
    while folder != Path("/tmp").parent and folder.stat().st_uid == os.geteuid():  # noqa: S108
        folder.chmod(folder.stat().st_mode | 0o011)
        folder = folder.parent
    (tmp_path / "data").mkdir(mode=0o555)

    command += [COMMAND, "--port", "0", "--procfs", tree.root, "--data-dir", tmp_path / "data"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert done.returncode == 1
    assert done.stderr == f"irq_server: {tmp_path}/data/lock: Permission denied\n"


def test_no_request_can_forge_a_line_of_the_log(tree: Tree, start: Start):
    server = start("--procfs", tree.root, *FAST, "--access-log", "--log-format", "json")
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        target = "/\x1b[2J\x85{}?x=%0a"
        request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        client.sendall(request.encode("latin-1"))
        while client.recv(65536):
            pass
    server.stop()

    lines = [json.loads(line) for line in server.log]
    (request_line,) = [line for line in lines if line["logger"] == "irq_server.access"]
    assert request_line["path"] == target
    assert request_line["status"] in (400, 404)
    assert all(line.isprintable() for line in server.log)


def test_syslog_takes_the_log(tree: Tree, tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog, ExitStack() as stack:
        syslog.bind(str(tmp_path / "log"))
        syslog.settimeout(WAIT_SECONDS)
        options = ["--port", "0", "--procfs", tree.root, "--data-dir", tmp_path / "data"]
        arguments = [COMMAND, *options, "--log", f"syslog:{tmp_path}/log"]
        process = stack.enter_context(running(*arguments, stderr=subprocess.PIPE, text=True))
        head = f"<30>irq_server[{process.pid}]: irq_server: "
        assert syslog.recv(4096).decode().startswith(f"{head}running as ")
        assert syslog.recv(4096).decode().startswith(f"{head}sampling every 10 s into ")
        assert syslog.recv(4096).decode().startswith(f"{head}listening on http://127.0.0.1:")
        process.terminate()
        assert process.communicate(timeout=20)[1] == ""
        assert syslog.recv(4096).decode() == f"{head}stopped"


# ---- systemd ------------------------------------------------------------------------------------


class Manager:
    """The service manager's end of a service's socket."""

    def __init__(self, path: Path) -> None:
        """Listens at `path`."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(WAIT_SECONDS)

    def wait_for(self, wanted: str) -> list[str]:
        """Return the messages up to the first that starts with `wanted`."""
        messages: list[str] = []
        deadline = time.monotonic() + WAIT_SECONDS
        while not messages or not messages[-1].startswith(wanted):
            assert time.monotonic() < deadline, f"no {wanted} in {messages}"
            messages.append(self.socket.recv(4096).decode())
        return messages

    def forget(self) -> list[str]:
        """Return the messages that wait."""
        messages = []
        self.socket.setblocking(False)
        try:
            while True:
                messages.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            self.socket.settimeout(WAIT_SECONDS)
        return messages


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    made = Manager(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    yield made
    made.socket.close()


def test_systemd_hears_of_start_life_reload_and_stop(tree: Tree, start: Start, manager: Manager):
    server = start("--procfs", tree.root, *FAST)

    assert manager.wait_for("READY=1") == ["READY=1"]
    assert manager.wait_for("WATCHDOG=1")[0].startswith("STATUS=sampler running, every 0.05 s")
    manager.wait_for("WATCHDOG=1")
    server.process.send_signal(signal.SIGHUP)
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=[0-9]+", manager.wait_for("RELOADING=1")[-1])
    manager.wait_for("READY=1")
    assert server.stop() == 0
    assert manager.forget()[-1] == "STOPPING=1"


def test_systemd_hears_no_sign_of_life_of_a_sampler_that_is_stuck(
    tree: Tree, start: Start, manager: Manager
):
    server = start("--procfs", tree.root, *FAST)
    manager.wait_for("WATCHDOG=1")

    (tree.root / "interrupts").unlink()
    os.mkfifo(tree.root / "interrupts")  # whoever opens it to read waits for a writer
    manager.wait_for("STATUS=sampler failing: stuck")
    manager.forget()
    time.sleep(1.0)  # five times the interval of the signs of life

    assert "WATCHDOG=1" not in manager.forget()
    assert requests.get(f"{server.url}/readyz", timeout=10).status_code == 503
    assert requests.get(f"{server.url}/healthz", timeout=10).status_code == 200


def test_a_sampler_that_cannot_read_is_no_reason_to_kill_it(
    tree: Tree, start: Start, manager: Manager
):
    start("--procfs", tree.root, *FAST)
    manager.wait_for("WATCHDOG=1")

    (tree.root / "interrupts").unlink()
    words = manager.wait_for("STATUS=sampler failing")[-1]

    assert "interrupts: No such file or directory" in words
    manager.wait_for("WATCHDOG=1")
    tree.show()
    manager.wait_for("STATUS=sampler running")
