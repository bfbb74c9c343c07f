"""Writing an affinity: one write of a list, and every answer of the kernel made into words."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from irq_server.errors import AffinityError, AffinityRefusedError, OutOfResourcesError
from irq_server.events import Event
from irq_server.kernel.affinity import AffinityWriter, Request
from irq_server.kernel.affinity_watch import AffinityWatch
from irq_server.kernel.procfs import IrqAffinity, Procfs
from simulated import Machine

ONLINE = frozenset({0, 1, 2, 3})


class Kernel:
    """The system calls of the real one, which fail as a test says; remembers what was written."""

    def __init__(self) -> None:
        """Make one that takes everything."""
        self.fails: dict[str, list[int]] = {}
        self.taken: int | None = None
        self.before_open: Callable[[], object] = lambda: None
        self.after_write: Callable[[], object] = lambda: None
        self.writes: list[bytes] = []
        self.open_files: set[int] = set()

    def _fail(self, call: str) -> None:
        if self.fails.get(call):
            number = self.fails[call].pop(0)
            raise OSError(number, os.strerror(number))

    def open(self, path: str, flags: int, *, dir_fd: int | None = None) -> int:
        """Open the real file, or fail; as in /proc, that alone empties none."""
        self._fail("open")
        self.before_open()
        descriptor = os.open(path, flags & ~os.O_TRUNC, dir_fd=dir_fd)
        self.open_files.add(descriptor)
        return descriptor

    def write(self, fd: int, data: bytes) -> int:
        """Write, a part where a test says so, or fail."""
        self.writes.append(data)
        self._fail("write")
        os.ftruncate(fd, 0)
        written = os.write(fd, data if self.taken is None else data[: self.taken])
        self.after_write()
        return written

    def close(self, fd: int) -> None:
        """Close, and may fail then, as close does."""
        os.close(fd)
        self.open_files.discard(fd)
        self._fail("close")


class Desk:
    """A writer over a machine's tree, with all that it recorded, and how long it waited."""

    def __init__(self, machine: Machine) -> None:
        """Make IRQ 24 on CPUs 0-3, in truth on 2, and IRQ 25 that is managed."""
        assert machine.root
        self.machine = machine
        machine.set_affinity(24, "0-3", "2")
        machine.set_affinity(25, "1", "1", mode=0o444)
        self.procfs = Procfs(machine.root)
        self.watch = AffinityWatch(self.procfs)
        self.kernel = Kernel()
        self.events: list[Event] = []
        self.waits: list[float] = []
        self.writer = AffinityWriter(
            self.procfs, self.watch, self.events.append, self.kernel, self.waits.append
        )

    def set(self, *cpus: int, irq: str = "24") -> IrqAffinity:
        """Asks for CPUs, from a loopback address."""
        number = irq.partition("#")[0]
        request = Request(irq, number, frozenset(cpus), "127.0.0.1")
        return self.writer.set(request, ONLINE, 100.0)

    def recorded(self) -> list[tuple[str, str | None, str]]:
        """Return the events without their time."""
        return [(each.event, each.irq, each.detail) for each in self.events]


@pytest.fixture
def desk(machine: Machine) -> Desk:
    return Desk(machine)


def list_file(desk: Desk, irq: str = "24") -> Path:
    return Path(desk.procfs.affinity_path(irq))


def test_a_list_is_written_by_one_write_and_read_back(desk: Desk):
    after = desk.set(0, 1, 3)

    assert desk.kernel.writes == [b"0-1,3\n"]
    assert list_file(desk).read_text() == "0-1,3\n"
    assert (after.affinity, after.effective, after.writable) == ("0-1,3", "2", True)
    assert after.is_pending


def test_a_change_and_who_wanted_it_are_told_apart(desk: Desk):
    desk.set(1)

    assert desk.recorded() == [
        ("affinity_request", "24", "1 from 127.0.0.1"),
        ("affinity", "24", "0-3 -> 1"),
    ]
    assert {each.time for each in desk.events} == {100.0}


def test_the_next_look_does_not_tell_the_change_again(desk: Desk):
    irqs = {"24": "24"}
    desk.watch.look(irqs, 90.0, 0.0)

    desk.set(1)

    assert desk.watch.look(irqs, 110.0, 10.0) == []


def test_what_somebody_else_changed_before_is_a_change_of_its_own(desk: Desk):
    desk.watch.look({"24": "24"}, 90.0, 0.0)
    desk.machine.set_affinity(24, "3")

    desk.set(1)

    assert desk.recorded() == [
        ("affinity", "24", "0-3 -> 3"),
        ("affinity_request", "24", "1 from 127.0.0.1"),
        ("affinity", "24", "3 -> 1"),
    ]


def test_what_is_so_already_changes_nothing_and_is_still_told_who_asked(desk: Desk):
    desk.set(0, 1, 2, 3)

    assert desk.recorded() == [("affinity_request", "24", "0-3 from 127.0.0.1")]


def test_a_number_that_another_device_took_over_is_written_by_its_number(desk: Desk):
    desk.machine.set_affinity(45, "0", "0")

    assert desk.set(1, irq="45#2").affinity == "1"
    assert desk.recorded()[1] == ("affinity", "45#2", "0 -> 1")


def test_a_managed_irq_is_known_by_its_files_mode_and_never_written(desk: Desk):
    with pytest.raises(AffinityRefusedError, match="managed by the kernel"):
        desk.set(0, irq="25")

    assert desk.kernel.writes == []
    assert desk.recorded() == [
        (
            "affinity_request",
            "25",
            "0 from 127.0.0.1: refused: managed by the kernel (its file is read-only, mode 0444)",
        )
    ]


def test_cpus_that_are_not_online_are_named_and_nothing_is_written(desk: Desk):
    with pytest.raises(AffinityRefusedError, match=r"no such CPU online: 4-5,9; online are 0-3"):
        desk.set(3, 4, 5, 9)

    assert desk.kernel.writes == []


@pytest.mark.parametrize(
    ("call", "number", "reason"),
    [
        ("write", errno.EIO, "managed by the kernel (EIO)"),
        ("write", errno.EPERM, "managed by the kernel (EPERM)"),
        ("open", errno.EACCES, "this takes root (EACCES)"),
        ("open", errno.EROFS, "mounted read-only"),
        ("write", errno.EINVAL, "(EINVAL)"),
        ("write", errno.ENOSPC, "no interrupt vector is free on these CPUs (ENOSPC)"),
        ("write", errno.ERANGE, "the kernel has no such CPU (ERANGE)"),
        ("write", errno.EOVERFLOW, "the kernel has no such CPU (EOVERFLOW)"),
        ("close", errno.EINVAL, "(EINVAL)"),
        ("write", errno.EXDEV, "Invalid cross-device link (EXDEV)"),
    ],
)
def test_a_refusal_has_the_kernels_reason_in_words(desk: Desk, call: str, number: int, reason: str):
    desk.kernel.fails[call] = [number]

    with pytest.raises(AffinityRefusedError) as caught:
        desk.set(1)

    assert reason in caught.value.reason
    assert desk.recorded()[0] == (
        "affinity_request",
        "24",
        f"1 from 127.0.0.1: refused: {caught.value.reason}",
    )
    assert desk.kernel.open_files == set()
    assert desk.waits == []


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EAGAIN, errno.EINTR])
@pytest.mark.parametrize("call", ["open", "write", "close"])
def test_what_passes_is_tried_again(desk: Desk, number: int, call: str):
    desk.kernel.fails[call] = [number, number]

    assert desk.set(1).affinity == "1"
    assert desk.waits == [0.01, 0.02]


def test_a_kernel_that_stays_busy_is_refused_in_the_end(desk: Desk):
    desk.kernel.fails["write"] = [errno.EBUSY] * 9

    with pytest.raises(AffinityRefusedError, match=r"its last move is not finished.*\(EBUSY\)"):
        desk.set(1)
    assert len(desk.kernel.writes) == 5
    assert sum(desk.waits) < 0.5


@pytest.mark.parametrize("component", ["irq", "irq/24", "irq/24/smp_affinity_list"])
@pytest.mark.parametrize("late", [False, True])
def test_nothing_is_written_through_a_link(desk: Desk, component: str, late: bool):
    assert desk.machine.root
    path, target = desk.machine.root / component, desk.machine.root / "target"

    def exchange() -> None:
        path.rename(target)
        path.symlink_to(target)

    if late:
        desk.kernel.before_open = exchange
    else:
        exchange()

    # the folders were passed already if they are exchanged as the file is opened
    if late and component != "irq/24/smp_affinity_list":
        assert desk.set(1).affinity == "1"
        return
    with pytest.raises(AffinityRefusedError, match=r"behind a symbolic link \(ELOOP\)"):
        desk.set(1)

    assert list_file(desk).read_text() == "0-3\n"
    assert desk.kernel.writes == []


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("kind", ["pipe", "read pipe", "folder"])
def test_nothing_but_a_regular_file_is_written_and_nothing_is_waited_for(desk: Desk, kind: str):
    path = list_file(desk)
    reader: list[int] = []

    def exchange() -> None:
        path.unlink()
        if kind == "folder":
            path.mkdir()
            return
        os.mkfifo(path)
        if kind == "read pipe":
            reader.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK))

    desk.kernel.before_open = exchange
    with pytest.raises(AffinityRefusedError):
        desk.set(1)

    assert desk.kernel.writes == []
    for each in reader:
        assert os.read(each, 10) == b""
        os.close(each)


def test_a_file_with_a_second_name_is_not_written(desk: Desk, tmp_path: Path):
    (tmp_path / "passwd").hardlink_to(list_file(desk))

    with pytest.raises(AffinityRefusedError, match=r"a second name, a hard link \(EMLINK\)"):
        desk.set(1)

    assert (tmp_path / "passwd").read_text() == "0-3\n"


@pytest.mark.parametrize("number", [errno.ENOMEM, errno.EMFILE, errno.ENFILE])
def test_what_is_wrong_with_the_machine_is_no_refusal(desk: Desk, number: int):
    desk.kernel.fails["open"] = [number]

    with pytest.raises(OutOfResourcesError):
        desk.set(1)
    assert "refused: " in desk.recorded()[-1][2]


def test_a_file_that_goes_before_the_write_is_not_made_anew(desk: Desk):
    path = list_file(desk)
    desk.kernel.before_open = path.unlink

    with pytest.raises(AffinityError, match="gone"):
        desk.set(1)
    assert not path.exists()


def test_an_irq_that_goes_before_the_write_is_gone(desk: Desk):
    desk.kernel.fails["open"] = [errno.ENOENT]

    with pytest.raises(AffinityError, match="gone"):
        desk.set(1)


def test_an_irq_that_went_before_the_look_is_gone_and_told(desk: Desk):
    with pytest.raises(AffinityError):
        desk.set(1, irq="99")
    assert [event for event, _, _ in desk.recorded()] == ["affinity_request"]


def test_a_list_of_which_the_kernel_takes_a_part_is_refused_and_the_change_told(desk: Desk):
    desk.kernel.taken = 1

    with pytest.raises(AffinityRefusedError, match="only 1 of 4 bytes"):
        desk.set(1, 3)
    assert desk.recorded()[1] == ("affinity", "24", "0-3 -> 1")


def test_a_write_that_the_close_refuses_but_that_took_effect_is_told_as_a_change(desk: Desk):
    desk.kernel.fails["close"] = [errno.EINVAL]

    with pytest.raises(AffinityRefusedError):
        desk.set(1)
    assert desk.recorded()[1] == ("affinity", "24", "0-3 -> 1")


@pytest.mark.parametrize("shown", ["", "0-3"])
def test_what_the_kernel_shows_of_a_move_in_hand_is_waited_out(desk: Desk, shown: str):
    desk.kernel.after_write = lambda: desk.machine.set_affinity(24, shown)

    def settle(seconds: float) -> None:
        desk.waits.append(seconds)
        desk.machine.set_affinity(24, "1", "1")

    desk.writer = AffinityWriter(desk.procfs, desk.watch, desk.events.append, desk.kernel, settle)

    after = desk.set(1)

    assert (after.affinity, after.is_pending, desk.waits) == ("1", False, [0.01])
    assert desk.recorded()[1] == ("affinity", "24", "0-3 -> 1")
