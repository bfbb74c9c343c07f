"""The sampling thread, on a clock that a test moves."""

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from irq_server.kernel.procfs import Procfs
from irq_server.sampling import sampler as module
from irq_server.sampling.sampler import Sampler, SystemClock
from irq_server.store.schedule import Schedule
from irq_server.store.store import Store
from irq_server.store.totals import Totals
from simulated import FakeClock, FaultyFiles, Machine, moments

START = 1767225600.0


@pytest.fixture
def files() -> FaultyFiles:
    return FaultyFiles()


@pytest.fixture
def store(tmp_path: Path, files: FaultyFiles) -> Iterator[Store]:
    made = Store(tmp_path / "data", interval_seconds=10.0, files=files)
    yield made
    made.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START + 3.5)


@pytest.fixture
def sampler(machine: Machine, store: Store, clock: FakeClock) -> Sampler:
    assert machine.root
    return Sampler(Procfs(machine.root), store, clock)


def times(store: Store) -> list[float]:
    return moments(store._tiers[0], 0.0, 1e12)


def test_the_first_sample_is_taken_at_once_and_the_others_on_multiples_of_the_interval(
    sampler: Sampler, store: Store, clock: FakeClock
):
    clock.plan = [lambda: None] * 3

    sampler.run()

    assert times(store) == [START + 3, START + 10, START + 20, START + 30]
    assert clock.waits == [6.5, 10.0, 10.0, 10.0]
    assert (sampler.status.samples, sampler.status.late) == (4, 0)
    assert sampler.status.last_sample == START + 30


def test_a_wait_that_ends_a_little_early_still_takes_the_ticks_sample(
    sampler: Sampler, store: Store, clock: FakeClock
):
    clock.plan = [lambda: clock.advance(-0.001)]

    sampler.run()

    assert times(store) == [START + 3, START + 10]


def test_a_sample_behind_its_tick_is_late(sampler: Sampler, store: Store, clock: FakeClock):
    clock.plan = [lambda: clock.advance(6.0), lambda: None]

    sampler.run()

    assert times(store) == [START + 3, START + 16, START + 20]
    assert sampler.status.late == 1


def test_a_tick_without_a_sample_makes_the_next_one_late(
    sampler: Sampler, machine: Machine, clock: FakeClock
):
    assert machine.root
    interrupts = machine.root / "interrupts"

    def hide() -> None:
        interrupts.rename(machine.root / "hidden")

    def show() -> None:
        (machine.root / "hidden").rename(interrupts)

    clock.plan = [lambda: None, hide, show]

    sampler.run()

    assert (sampler.status.samples, sampler.status.late) == (3, 1)


def test_a_clock_that_jumps_back_keeps_the_times_rising(
    sampler: Sampler, store: Store, clock: FakeClock
):
    def jump_back() -> None:
        clock.moment -= 3600

    clock.plan = [lambda: None, jump_back, lambda: None]

    sampler.run()

    assert times(store) == [START + 3, START + 10, START + 11, START + 12]
    assert max(clock.waits) <= 10.0


def test_a_machine_that_cannot_be_read_is_told_once_and_sampled_again(
    sampler: Sampler, machine: Machine, clock: FakeClock, caplog: pytest.LogCaptureFixture
):
    assert machine.root
    states = []

    def spoil() -> None:
        (machine.root / "interrupts").write_text("nonsense\n")

    def see() -> None:
        states.append(sampler.status.last_error)

    def mend() -> None:
        see()
        machine.show()

    clock.plan = [spoil, see, mend]
    sampler.run()

    message = "line 1: expected a header such as 'CPU0 CPU1', found 'nonsense'"
    assert states == [message, message]
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert sampler.status.last_error is None


def test_a_full_disk_is_failing_until_it_is_over_and_nothing_is_lost(
    sampler: Sampler,
    store: Store,
    files: FaultyFiles,
    machine: Machine,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
):
    def fill() -> None:
        machine.fire("24", 0, 7)
        machine.show()
        files.broken["append"] = errno.ENOSPC

    def empty() -> None:
        assert sampler.status.last_error == f"{store._folder}: No space left on device"
        files.broken.clear()

    caplog.set_level("INFO")
    clock.plan = [fill, empty]
    sampler.run()

    assert times(store) == [START + 3, START + 20]
    assert store.history.latest.state["24,0"] == 7
    assert sampler.status.last_error is None
    assert [record.message for record in caplog.records][-1] == "sampling again"


def test_a_file_that_met_a_cpu_coming_is_read_again_and_the_sample_has_the_time_of_that(
    machine: Machine, store: Store, clock: FakeClock
):
    assert machine.root
    interrupts = machine.root / "interrupts"
    pauses = []

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        clock.advance(1.0)
        if len(pauses) == 2:
            machine.show()

    def tear() -> None:
        machine.fire("24", 0, 120)
        machine.show()
        header, *rows = interrupts.read_text().splitlines()
        interrupts.write_text("\n".join([header, rows[0], " 25: 1 2 3  PCI-MSI 1-edge  x"]))

    clock.plan = [tear, lambda: machine.fire("24", 0, 5) or machine.show()]
    sampler = Sampler(Procfs(machine.root, wait), store, clock)
    sampler.run()

    assert len(pauses) == 2
    assert times(store) == [START + 3, START + 12, START + 20]
    assert store.history.latest.state["24,0"] == 125
    assert not [irq for irq in store.rows.numbered if "#" in irq]
    assert (sampler.status.errors, sampler.status.last_error) == (0, None)


def test_a_file_that_stays_torn_costs_its_sample_and_loses_no_count(
    machine: Machine, store: Store, clock: FakeClock
):
    assert machine.root
    interrupts = machine.root / "interrupts"
    pauses: list[float] = []
    seen = []

    def tear() -> None:
        machine.fire("24", 0, 120)
        interrupts.write_text("CPU0 CPU1\n 24: 120 0 7  PCI-MSI 1-edge  eth0\n")

    def mend() -> None:
        seen.append(sampler.status.last_error)
        machine.show()

    clock.plan = [tear, mend]
    sampler = Sampler(Procfs(machine.root, pauses.append), store, clock)
    sampler.run()

    assert pauses
    assert sum(pauses) < 1
    assert times(store) == [START + 3, START + 20]
    assert store.history.latest.state["24,0"] == 120
    assert seen[0] is not None
    assert "line 2: expected 2 counts for IRQ 24" in seen[0]


class Broken(Procfs):
    """A /proc that raises what a test says, or hangs until the test lets it go."""

    def __init__(self, root: Path) -> None:
        """Take the root; nothing is wrong yet."""
        super().__init__(root)
        self.error: Exception | None = None
        self.go_on, self.entered = threading.Event(), threading.Event()
        self.go_on.set()

    def read_interrupts(self) -> str:
        """Raise, hang, or read."""
        if self.error is not None:
            raise self.error
        self.entered.set()
        assert self.go_on.wait(60)
        return super().read_interrupts()


@pytest.mark.parametrize(
    ("error", "reported"),
    [
        (ZeroDivisionError("by zero"), "unexpected ZeroDivisionError: by zero"),
        (MemoryError(), "unexpected MemoryError: "),
        (RecursionError("too deep"), "unexpected RecursionError: too deep"),
        (OSError(errno.EIO, "Input/output error", "/x"), "/x: Input/output error"),
    ],
)
def test_whatever_is_raised_costs_its_sample_and_no_other(
    machine: Machine,
    store: Store,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    reported: str,
):
    assert machine.root
    procfs = Broken(machine.root)
    sampler = Sampler(procfs, store, clock)
    seen = []

    def spoil() -> None:
        procfs.error = error

    def mend() -> None:
        seen.append(sampler.status.last_error)
        procfs.error = None
        machine.fire("24", 0, 5)
        machine.show()

    clock.plan = [spoil, lambda: None, mend]
    sampler.run()

    assert times(store) == [START + 3, START + 30]
    assert seen == [reported]
    assert [record.message for record in caplog.records] == [f"cannot sample: {reported}"]
    assert sampler.status.errors == 2
    assert sampler.status.last_error is None
    assert store.history.latest.state["24,0"] == 5


@pytest.mark.parametrize(("method", "failing"), [("_count", 2), ("_identify", 1)])
def test_an_error_in_the_midst_of_counting_loses_no_count(
    machine: Machine,
    store: Store,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    failing: int,
):
    assert machine.root
    sampler = Sampler(Procfs(machine.root), store, clock)
    right, calls = getattr(Totals, method), []

    def wrong(self: Totals, *given: object) -> object:
        calls.append(given)
        if len(calls) == failing:
            raise ZeroDivisionError
        return right(self, *given)

    def spoil() -> None:
        machine.fire("24", 0, 3)
        machine.fire("25", 1, 4)
        machine.device(26, "eth1")
        machine.fire("26", 1, 9)
        machine.show()
        monkeypatch.setattr(Totals, method, wrong)

    def mend() -> None:
        assert len(calls) == failing
        monkeypatch.setattr(Totals, method, right)
        machine.fire("24", 0, 10)
        machine.show()

    clock.plan = [spoil, mend]
    sampler.run()

    state = store.history.latest.state
    assert [state[key] for key in ("24,0", "25,1", "26,1")] == [13, 4, 9]
    assert "26" in (store._folder / "irqs.csv").read_text()


def test_a_sample_that_hangs_is_failing_whatever_the_wall_clock_says(
    machine: Machine, store: Store, clock: FakeClock
):
    assert machine.root
    procfs = Broken(machine.root)
    clock.wait = SystemClock().wait  # type: ignore[method-assign]  # only the time is moved here
    sampler = Sampler(procfs, store, clock)
    procfs.go_on.clear()
    sampler.start()
    assert procfs.entered.wait(60)
    clock.moment -= 3600.0
    clock.passed += 25.0
    assert sampler.status.state == "running"

    clock.passed += 1.0

    stuck = "stuck for 26 s: a read below /proc or the disk does not return"
    assert (sampler.status.state, sampler.status.last_error) == ("failing", stuck)
    assert sampler.is_stuck
    procfs.go_on.set()
    while sampler.status.samples == 0:
        assert sampler.is_alive
    assert sampler.status.state == "running"
    assert sampler.stop()


def test_the_watchman_tells_a_hang_once(
    sampler: Sampler, clock: FakeClock, caplog: pytest.LogCaptureFixture
):
    sampler.sample(round(clock.now() * 1000))
    waits = iter([False] * 4 + [True])
    clock.wait = lambda _stop, seconds: clock.advance(seconds) or next(waits)  # type: ignore

    sampler.watch_over()

    stuck = "cannot sample: stuck for 38 s: a read below /proc or the disk does not return"
    assert [record.message for record in caplog.records] == [stuck]


@pytest.mark.parametrize("step", [-86400.0, 86400.0])
def test_a_clock_that_is_set_makes_no_sampler_stuck(
    sampler: Sampler, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, step: float
):
    monkeypatch.setattr(type(sampler), "is_alive", property(lambda _: True))
    sampler.sample(round(clock.now() * 1000))

    clock.moment += step

    assert (sampler.status.state, sampler.status.last_error) == ("running", None)


def test_the_thread_is_running_then_stopped(sampler: Sampler, monkeypatch: pytest.MonkeyPatch):
    sampled = threading.Event()
    monkeypatch.setattr(sampler, "sample", lambda _: sampled.set())
    sampler._clock = SystemClock()
    assert sampler.status.state == "stopped"
    assert sampler.stop()
    sampler._stop.clear()

    sampler.start()
    assert sampled.wait(10)
    assert sampler.status.state == "running"

    assert sampler.stop()
    assert sampler.status.state == "stopped"


def test_a_stop_does_not_wait_for_ever(sampler: Sampler, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "STOP_SECONDS", 0.05)
    let_go, entered = threading.Event(), threading.Event()

    def hang(_: int) -> None:
        entered.set()
        let_go.wait(10)

    monkeypatch.setattr(sampler, "sample", hang)
    sampler.start()
    assert entered.wait(10)

    assert not sampler.stop()

    monkeypatch.undo()
    let_go.set()
    assert sampler.stop()


def test_a_change_of_an_affinity_becomes_an_event(
    sampler: Sampler, store: Store, machine: Machine, clock: FakeClock
):
    machine.set_affinity(24, "0-1")
    clock.plan = [lambda: None, lambda: machine.set_affinity(24, "1"), lambda: None]

    sampler.run()

    changes = [each for each in store.history.events if each.event == "affinity"]
    assert [(each.time, each.irq, each.detail) for each in changes] == [
        (START + 20, "24", "0-1 -> 1")
    ]


def test_changes_that_the_disk_refuses_come_with_the_next_sample(
    sampler: Sampler, store: Store, machine: Machine, clock: FakeClock, files: FaultyFiles
):
    def change() -> None:
        machine.set_affinity(24, "1")
        machine.set_affinity(25, "0")
        files.fail_at["append"] = files.calls["append"] + 2  # the sample, then the events

    machine.set_affinity(24, "0-1")
    machine.set_affinity(25, "0-1")
    clock.plan = [lambda: None, change, lambda: None]

    sampler.run()

    changes = [each for each in store.history.events if each.event == "affinity"]
    assert [(each.time, each.irq, each.detail) for each in changes] == [
        (START + 20, "24", "0-1 -> 1"),
        (START + 20, "25", "0-1 -> 0"),
    ]
    assert sampler.status.errors == 1


def test_the_system_clock_waits_for_the_stop():
    clock, stop = SystemClock(), threading.Event()
    stop.set()

    assert clock.wait(stop, 60.0)
    assert clock.now() > START
    assert clock.monotonic() <= clock.monotonic()


def test_rows_with_an_interval_of_their_own_are_counted_at_their_ticks(
    machine: Machine, tmp_path: Path, clock: FakeClock
):
    assert machine.root
    store = Store(tmp_path / "scheduled", interval_seconds=10.0)
    schedule = Schedule(10.0, {"eth0": 5.0, "LOC": 20.0})
    sampler = Sampler(Procfs(machine.root), store, clock, schedule)

    def fire() -> None:
        for irq in ("24", "25", "LOC"):
            machine.fire(irq, 0, 1)
        machine.show()

    clock.plan = [fire] * 5
    sampler.run()

    seen = [store.history.sample_at(time) for time in times(store)]
    assert [
        (each.time - START, *map(each.state.get, ("24,0", "25,0", "LOC,0"))) for each in seen
    ] == [
        (3, None, None, None),
        (5, 1, None, None),
        (10, 2, 2, None),
        (15, 3, 2, None),
        (20, 4, 4, 4),
        (25, 5, 4, 4),
    ]
    store.close()


def test_a_clock_that_jumps_is_an_event(sampler: Sampler, store: Store, clock: FakeClock):
    def jump() -> None:
        clock.moment += 3600

    clock.plan = [lambda: None, jump, lambda: None]

    sampler.run()

    jumps = [each for each in store.history.events if each.event == "clock"]
    assert [(each.time, each.detail) for each in jumps] == [(START + 3620, "+3600.000 s")]


def test_a_jump_that_the_disk_refuses_is_told_once(
    sampler: Sampler, store: Store, clock: FakeClock, files: FaultyFiles
):
    def jump_back() -> None:
        clock.moment -= 3600
        files.fail_at["append"] = files.calls["append"] + 2  # the sample, then the event

    clock.plan = [lambda: None, jump_back, lambda: None, lambda: None]

    sampler.run()

    jumps = [each for each in store.history.events if each.event == "clock"]
    assert [(each.time, each.detail) for each in jumps] == [(START + 11, "-3600.000 s")]
    assert sampler.status.errors == 1
