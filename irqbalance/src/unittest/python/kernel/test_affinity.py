"""Writing affinities: what is written, what is read back, and what each errno means."""

import errno
import os
import stat
from collections.abc import Callable

import pytest

from conftest import FakeMachine
from irqbalance.kernel.affinity import WAITS_SECONDS, Outcome, Writer
from irqbalance.kernel.procfs import Machine
from irqbalance.status import Status

pytestmark = pytest.mark.usefixtures("in_time")


class System:
    """The system calls of os, with the faults of a test: name of the call -> its answers.

    An answer is an errno, or None for the real call.
    """

    def __init__(self, **faults: list[int | None]) -> None:
        """Take the answers of each call, in order."""
        self.faults = faults
        self.calls: list[tuple[str, object]] = []

    def _next(self, name: str, argument: object) -> int | None:
        self.calls.append((name, argument))
        answers = self.faults.get(name, [])
        return answers.pop(0) if answers else None

    def open(self, path: str, flags: int, *, dir_fd: int | None = None) -> int:
        """Open, or fail as the test says."""
        self._fail("open", path)
        return os.open(path, flags, dir_fd=dir_fd)

    def write(self, fd: int, data: bytes) -> int:
        """Write, or fail as the test says."""
        self._fail("write", data)
        return os.write(fd, data)

    def close(self, fd: int) -> None:
        """Close, then fail if the test says so."""
        os.close(fd)
        self._fail("close", None)

    def _fail(self, name: str, argument: object) -> None:
        number = self._next(name, argument)
        if number:
            raise OSError(number, os.strerror(number))


class ShortSystem(System):
    """Writes only a part."""

    def write(self, fd: int, data: bytes) -> int:
        """Write the first byte."""
        return os.write(fd, data[:1])


def writer(fake: FakeMachine, system: System, waits: list[float] | None = None) -> Writer:
    wait: Callable[[float], None] = [].append if waits is None else waits.append
    return Writer(fake.machine, system, wait)


def test_one_cpu_is_written_by_one_write_of_the_whole_text(fake: FakeMachine):
    fake.irq(24, affinity="0-31,64-95")
    system = System()

    assert writer(fake, system).move("24", 1) == Outcome(Status.APPLIED, "")

    assert fake.affinity(24) == "1\n"
    assert [call for call in system.calls if call[0] == "write"] == [("write", b"1\n")]


def test_a_set_of_cpus_is_written_as_a_list(fake: FakeMachine):
    fake.irq(24)

    assert writer(fake, System()).write("24", frozenset({0, 1, 2, 5})).status == "applied"

    assert fake.affinity(24) == "0-2,5\n"


def test_a_file_that_is_not_there_is_not_made(fake: FakeMachine):
    fake.write("proc/irq/24/spurious", "0")

    outcome = writer(fake, System()).move("24", 1)

    assert outcome == Outcome(Status.FIXED, "gone: its device freed it (ENOENT)", errno.ENOENT)
    assert not (fake.procfs / "irq/24/smp_affinity_list").exists()


def test_a_move_that_the_kernel_makes_later_is_applied_and_says_pending(fake: FakeMachine):
    fake.irq(24, effective="0")

    outcome = writer(fake, System()).move("24", 1)

    assert outcome == Outcome(Status.APPLIED, "pending (on CPU 0 until its next interrupt)")


@pytest.mark.parametrize("effective", ["1", None, ""])
def test_no_move_is_pending_where_the_effective_affinity_follows_or_says_nothing(
    fake: FakeMachine, effective: str | None
):
    fake.irq(24, effective=effective)

    assert writer(fake, System()).move("24", 1) == Outcome(Status.APPLIED, "")


def test_a_kernel_that_keeps_another_affinity_has_refused(fake: FakeMachine):
    fake.irq(24, affinity="0-1")
    system = System()
    system.write = lambda fd, data: os.write(fd, b"0\n") + 0 * len(data)  # type: ignore[method-assign]

    outcome = writer(fake, system).move("24", 1)

    assert outcome == Outcome(Status.REFUSED, "the kernel made it CPU 0")


@pytest.mark.parametrize("shown", [b"", b"0\n"])
def test_what_the_kernel_shows_while_a_move_is_carried_out_is_read_again(
    fake: FakeMachine, shown: bytes
):
    # Linux 6.1 gave "" and the CPU from before the move where the interrupt came at that moment
    fake.irq(24, affinity="0-1", effective="1")
    system = System()
    system.write = lambda fd, data: (  # type: ignore[method-assign]
        len(data) + 0 * os.write(fd, shown or b"\n\n")
    )
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        fake.irq(24, affinity="1", effective="1")

    outcome = Writer(fake.machine, system, wait).move("24", 1)

    assert outcome == Outcome(Status.APPLIED, "")
    assert len(waited) == 1


def test_an_affinity_that_stays_empty_is_no_refusal(fake: FakeMachine):
    fake.irq(24, affinity="0-1", effective="1")
    system = System()
    system.write = lambda fd, _data: os.write(fd, b"\n\n")  # type: ignore[method-assign]

    assert writer(fake, system).move("24", 1).status == "applied"


COMPONENTS = ("irq", "irq/24", "irq/24/smp_affinity_list")


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("inside", [True, False])
def test_nothing_is_written_through_a_link(fake: FakeMachine, component: str, inside: bool):
    fake.irq(24)
    moved = (fake.procfs if inside else fake.root) / "moved"
    (fake.procfs / component).rename(moved)
    (fake.procfs / component).symlink_to(moved)

    outcome = writer(fake, System()).move("24", 1)

    assert outcome == Outcome(
        Status.FIXED, "its affinity is behind a symbolic link (ELOOP)", errno.ELOOP
    )
    assert fake.affinity(24) == "0-1\n"


def test_a_procfs_that_is_a_link_itself_is_written(fake: FakeMachine):
    fake.irq(24)
    (fake.root / "link").symlink_to(fake.procfs)

    machine = Machine(fake.root / "link", fake.sysfs)

    assert Writer(machine, System()).move("24", 1).status == "applied"
    assert fake.affinity(24) == "1\n"


@pytest.mark.parametrize("kind", ["pipe", "read pipe", "folder", "socket"])
def test_nothing_but_a_regular_file_is_written(fake: FakeMachine, kind: str):
    fake.irq(24)
    path = fake.procfs / "irq/24/smp_affinity_list"
    path.unlink()
    reader = -1
    if kind == "folder":
        path.mkdir()
    elif kind == "socket":
        os.mknod(path, 0o666 | stat.S_IFSOCK)
    else:
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK) if kind == "read pipe" else -1

    outcome = writer(fake, System()).move("24", 1)

    assert outcome == Outcome(Status.FIXED, "its affinity is no regular file (ENXIO)", errno.ENXIO)
    if reader >= 0:
        assert os.read(reader, 10) == b""
        os.close(reader)


def test_a_file_with_a_second_name_is_not_written(fake: FakeMachine):
    fake.irq(24)
    (fake.root / "passwd").hardlink_to(fake.procfs / "irq/24/smp_affinity_list")

    outcome = writer(fake, System()).move("24", 1)

    assert outcome.reason == "its affinity has a second name, a hard link (EMLINK)"
    assert (fake.root / "passwd").read_text() == "0-1\n"


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_link_that_comes_at_the_last_moment_is_not_followed(fake: FakeMachine, component: str):
    fake.irq(24)
    system = System()
    opened = system.open

    def exchange(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        (fake.procfs / component).rename(fake.root / "moved")
        fake.irq(24, affinity="0-1")  # what the link leads to
        (fake.procfs / component).rename(fake.root / "target")
        (fake.procfs / component).symlink_to(fake.root / "target")
        return opened(path, flags, dir_fd=dir_fd)

    system.open = exchange  # type: ignore[method-assign]
    writer(fake, system).write("24", frozenset({1}))

    assert fake.affinity(24) == "0-1\n"


@pytest.mark.parametrize(
    ("number", "status", "words"),
    [
        (errno.EIO, "fixed", "managed by the kernel (EIO)"),
        (errno.EPERM, "fixed", "managed by the kernel (EPERM)"),
        (errno.EINVAL, "refused", "the CPU is offline"),
        (errno.ENOSPC, "refused", "no interrupt vector is free on that CPU (ENOSPC)"),
        (errno.ERANGE, "refused", "the kernel has no such CPU (ERANGE)"),
        (errno.EOVERFLOW, "refused", "(EOVERFLOW)"),
        (errno.ENOMEM, "refused", "out of memory (ENOMEM)"),
        (errno.EFAULT, "refused", "Bad address (EFAULT)"),
    ],
)
@pytest.mark.parametrize("call", ["write", "close"])
def test_an_error_at_the_write_or_at_the_close_is_sorted(
    fake: FakeMachine, number: int, status: str, words: str, call: str
):
    fake.irq(24)

    outcome = writer(fake, System(**{call: [number]})).move("24", 1)

    assert (outcome.status, outcome.errno) == (status, number)
    assert words in outcome.reason


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_want_of_permission_is_told_apart(fake: FakeMachine, number: int):
    fake.irq(24)

    outcome = writer(fake, System(open=[number])).move("24", 1)

    assert outcome.status == "refused"
    assert outcome.not_permitted
    assert not Outcome(Status.REFUSED, "", errno.ENOSPC).not_permitted


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EAGAIN, errno.EINTR])
def test_what_passes_by_itself_is_tried_again(fake: FakeMachine, number: int):
    fake.irq(24)
    waits: list[float] = []

    outcome = writer(fake, System(write=[number, number]), waits).move("24", 1)

    assert outcome.status == "applied"
    assert tuple(waits) == WAITS_SECONDS[:2]


def test_what_does_not_pass_is_refused_after_a_few_tries(fake: FakeMachine):
    fake.irq(24)
    waits: list[float] = []

    outcome = writer(fake, System(write=[errno.EBUSY] * 99), waits).move("24", 1)

    assert outcome.reason == "its last move is not finished (EBUSY)"
    assert tuple(waits) == WAITS_SECONDS


def test_a_permanent_error_is_not_tried_again(fake: FakeMachine):
    fake.irq(24)
    system = System(write=[errno.ENOSPC])

    writer(fake, system).move("24", 1)

    assert [name for name, _ in system.calls].count("open") == 1


def test_a_short_write_is_refused(fake: FakeMachine):
    fake.irq(24)

    outcome = writer(fake, ShortSystem()).move("24", 1)

    assert outcome == Outcome(Status.REFUSED, "only 1 of 2 bytes were taken")


def test_the_file_is_closed_after_an_error_and_a_second_error_is_not_told(fake: FakeMachine):
    fake.irq(24)
    system = System(write=[errno.ENOSPC], close=[errno.EIO])

    assert writer(fake, system).move("24", 1).errno == errno.ENOSPC
    assert [name for name, _ in system.calls] == ["open", "write", "close"]
