"""Messages to systemd, through a real datagram socket."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from irq_server.daemon.systemd import STATUS_SECONDS, Notifier, Watchdog

SECONDS = 5.0


class Manager:
    """The service manager's end of the socket."""

    def __init__(self, name: str) -> None:
        """Listens at `name`, ``@`` being the abstract space."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(SECONDS)
        self.socket.bind(name.replace("@", "\0", 1))
        self.environment = {"NOTIFY_SOCKET": name}

    def receive(self) -> str:
        """Return the next message."""
        return self.socket.recv(4096).decode()

    def is_silent(self) -> bool:
        """Whether no message waits."""
        self.socket.setblocking(False)
        try:
            self.socket.recv(4096)
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(SECONDS)
        return False


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    abstract = f"@irq_server-test-{os.getpid()}-{time.monotonic_ns()}"
    made = Manager(str(tmp_path / "notify") if request.param == "file" else abstract)
    yield made
    made.socket.close()


def test_the_life_of_a_service_is_told(manager: Manager):
    notifier = Notifier(manager.environment, 1)

    notifier.ready()
    notifier.status("sampling")
    notifier.stopping()

    assert [manager.receive() for _ in range(3)] == ["READY=1", "STATUS=sampling", "STOPPING=1"]


def test_a_reload_is_told_with_the_monotonic_time_in_microseconds(manager: Manager):
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    Notifier(manager.environment, 1).reloading()
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

    first, second = manager.receive().split("\n")
    assert first == "RELOADING=1"
    name, _, moment = second.partition("=")
    assert name == "MONOTONIC_USEC"
    assert before <= int(moment) <= after


def test_the_same_words_are_sent_once_and_cannot_hold_a_line(manager: Manager):
    notifier = Notifier(manager.environment, 1)

    notifier.status("all is well\nREADY=1")
    notifier.status("all is well\nREADY=1")

    assert manager.receive() == "STATUS=all is well\\nREADY=1"
    assert manager.is_silent()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdogs_time_is_taken_where_it_is_for_this_process(
    environment: dict[str, str], seconds: float | None
):
    notifier = Notifier({"NOTIFY_SOCKET": "/nowhere", **environment}, 7)

    assert notifier.watchdog_seconds == seconds


@pytest.mark.parametrize("name", ["", "relative", "vsock:2:1"])
def test_without_a_manager_nothing_is_told(name: str):
    notifier = Notifier({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1"}, 1)

    notifier.ready()

    assert not notifier.is_heard
    assert notifier.watchdog_seconds is None


def test_a_manager_that_is_gone_harms_nobody(tmp_path: Path):
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}, 1).ready()


def test_a_manager_that_does_not_read_holds_nobody_up(manager: Manager):
    notifier = Notifier(manager.environment, 1)

    for _ in range(1000):  # more than a socket holds; a wait would have no end
        notifier.alive()

    assert manager.receive() == "WATCHDOG=1"


class Service:
    """A service, with its clock and its health."""

    def __init__(self, manager: Manager, watchdog: str) -> None:
        """Start at second 100, well."""
        self.now = 100.0
        self.is_well = True
        notifier = Notifier({**manager.environment, "WATCHDOG_USEC": watchdog}, 1)
        self.watchdog = Watchdog(
            notifier, lambda: self.is_well, lambda: f"well: {self.is_well}", lambda: self.now
        )


def test_signs_of_life_come_twice_in_the_watchdogs_time(manager: Manager):
    service = Service(manager, "4000000")

    assert service.watchdog.turn() == 2.0
    assert [manager.receive(), manager.receive()] == ["STATUS=well: True", "WATCHDOG=1"]
    service.now = 101.5
    assert service.watchdog.turn() == 0.5
    assert manager.is_silent()
    service.now = 102.0
    assert service.watchdog.turn() == 2.0
    assert manager.receive() == "WATCHDOG=1"


def test_a_service_that_is_not_well_gives_no_sign_but_says_so(manager: Manager):
    service = Service(manager, "4000000")
    service.is_well = False

    service.watchdog.turn()

    assert manager.receive() == "STATUS=well: False"
    assert manager.is_silent()


def test_without_a_watchdog_only_the_words_are_told(manager: Manager):
    service = Service(manager, "0")

    assert service.watchdog.turn() == STATUS_SECONDS
    assert manager.receive() == "STATUS=well: True"
    assert manager.is_silent()


def test_without_a_manager_the_watchdog_asks_nobody():
    def fail() -> bool:
        raise AssertionError("asked")

    watchdog = Watchdog(Notifier({}, 1), fail, lambda: str(fail()))

    assert watchdog.turn() == STATUS_SECONDS
