"""Loads as CPU time: whose the hard time of a CPU is, and whose its soft time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import row
from irqbalance.kernel.cpu_time import CpuTime
from irqbalance.kernel.interrupts import parse
from irqbalance.loads.loads import Load, Measurement, since_boot
from irqbalance.loads.weighing import DEVICE_KINDS, Classes, weighed

NETWORK, DISK, USB = "24", "25", "26"
CLASSES = Classes(frozenset({NETWORK}), frozenset({DISK}))
EPSILON = 1e-6


def measured(*rows: str, seconds: float = 1.0) -> Measurement:
    """Return what the rows of two CPUs counted in some seconds."""
    counted = since_boot(parse("\n".join(["     CPU0   CPU1", *rows, ""])))
    return counted._replace(seconds=seconds)


def costs(measurement: Measurement) -> dict[str, tuple[float, ...] | None]:
    return {load.row.irq: load.by_cpu for load in measurement.loads}


def sums(measurement: Measurement) -> list[float]:
    """Return the load of each CPU, of all rows."""
    cells = [load.by_cpu for load in measurement.loads if load.by_cpu]
    return [sum(column) for column in zip(*cells, strict=True)]


def test_hard_time_is_shared_by_counts_with_ticks_too():
    found = weighed(
        measured(row(NETWORK, 30, 0), row(DISK, 10, 10), "LOC: 60 90 Timer", seconds=2.0),
        {0: CpuTime(0.2, 0.0), 1: CpuTime(0.1, 0.0)},
        CLASSES,
    )

    # CPU 0: 100 ms a second for 100 interrupts; CPU 1: 50 ms for 100
    assert costs(found)[NETWORK] == pytest.approx((30, 0))
    assert costs(found)[DISK] == pytest.approx((10, 5))
    assert costs(found)["LOC"] == pytest.approx((60, 45))
    assert found.seconds == 2.0


def test_the_time_of_napi_is_the_network_queues():
    softirqs = {"NET_RX": 60, "BLOCK": 20, "TASKLET": 10, "TIMER": 100, "RCU": 10}
    found = weighed(
        measured(row(NETWORK, 10, 0), row(DISK, 20, 0), row(USB, 10, 0), "LOC: 60 0 Timer"),
        {0: CpuTime(0.1, 0.2, softirqs)},
        CLASSES,
    )

    # one CPU: each of 200 softirqs is 1 ms, each of 100 interrupts is 1 ms
    assert costs(found)[NETWORK] == pytest.approx((10 + 60 + 10 * 10 / 40, 0))
    assert costs(found)[DISK] == pytest.approx((20 + 20 + 10 * 20 / 40, 0))
    assert costs(found)[USB] == pytest.approx((10 + 10 * 10 / 40, 0))
    assert costs(found)["LOC"] == pytest.approx((60, 0))


def test_a_quiet_cpu_shows_how_long_a_run_of_timer_lasts():
    # CPU 1: 90 ms and a step of 10 ms for 1000 runs, 0.1 ms each. So CPU 0 spent 100 ms on its own
    # 1000 runs, and 500 ms on 10 of NET_RX. By counts alone it would be 6 ms.
    found = weighed(
        measured(row(NETWORK, 10, 0), row(DISK, 10, 0)),
        {
            0: CpuTime(0.02, 0.6, {"NET_RX": 10, "TIMER": 600, "SCHED": 400}),
            1: CpuTime(0.0, 0.09, {"TIMER": 1000}),
        },
        CLASSES,
    )

    assert costs(found)[NETWORK] == pytest.approx((10 + 500, 0))
    assert costs(found)[DISK] == pytest.approx((10, 0))


def test_softirqs_of_timers_cost_no_device_anything():
    found = weighed(
        measured(row(NETWORK, 10, 0)), {0: CpuTime(0.01, 9.0, {"TIMER": 50, "RCU": 9})}, CLASSES
    )

    assert costs(found)[NETWORK] == pytest.approx((10, 0))


def test_packets_that_another_cpu_passes_on_cost_no_irq_anything():
    # NET_RX of CPU 1 is RPS's: no queue fires there
    found = weighed(
        measured(row(NETWORK, 10, 0), row(DISK, 0, 10)),
        {1: CpuTime(0.01, 0.5, {"NET_RX": 50})},
        CLASSES,
    )

    assert costs(found) == {NETWORK: (0, 0), DISK: pytest.approx((0, 10))}


def test_tasklets_are_not_those_of_a_timer_with_a_number():
    found = weighed(
        measured(row(27, 90, 0, device="arch_timer"), row(USB, 10, 0)),
        {0: CpuTime(0.1, 0.3, {"TASKLET": 30})},
        CLASSES,
    )

    assert costs(found) == {"27": pytest.approx((90, 0)), USB: pytest.approx((310, 0))}


def test_without_softirqs_all_time_is_shared_by_counts():
    found = weighed(
        measured(row(NETWORK, 30, 0), row(DISK, 10, 10), "ERR: 3", "EXT: 40 10"),
        {0: CpuTime(0.1, 0.1), 1: CpuTime(0.0, 0.1)},
        CLASSES,
    )

    assert costs(found)[NETWORK] == pytest.approx((150, 0))
    assert costs(found)[DISK] == pytest.approx((50, 100))
    assert costs(found)["ERR"] is None
    assert costs(found)["EXT"] == (0, 0)  # a subtotal of other rows


@pytest.mark.parametrize("rows", [["ERR: 5"], ["ERR: 5", "MIS: 0"], ["EXT: 40 10"]])
def test_a_machine_without_interrupts_on_any_cpu_has_no_load_by_time(rows: list[str]):
    found = weighed(measured(*rows), {0: CpuTime(0.3, 0.3, {"NET_RX": 1})}, CLASSES)

    assert [load.row.irq for load in found.loads] == [line.split(":")[0] for line in rows]
    assert all(cells in (None, (0, 0)) for cells in costs(found).values())


def test_a_cpu_without_interrupts_or_without_times_costs_nothing():
    found = weighed(measured(row(NETWORK, 3, 0)), {0: CpuTime(0.3, 0.0), 1: CpuTime(5, 5)}, CLASSES)
    offline = weighed(measured(row(NETWORK, 3, 8)), {0: CpuTime(0.3, 0.0)}, CLASSES)

    assert costs(found)[NETWORK] == costs(offline)[NETWORK] == pytest.approx((300, 0))


COUNTS = st.integers(0, 10**6)
TIMES = st.builds(
    CpuTime,
    st.floats(0, 10),
    st.floats(0, 10),
    st.dictionaries(st.sampled_from([*sorted(DEVICE_KINDS), "TIMER", "SCHED", "RCU"]), COUNTS),
)
ROWS = st.lists(st.tuples(COUNTS, COUNTS), min_size=4, max_size=4)


def machine(counts: list[tuple[int, int]]) -> Measurement:
    """Return a measurement with these counts of a network, a disk and a USB IRQ, and of ticks."""
    (ticks, others) = counts[0], counts[1:]
    rows = [row(irq, *each) for irq, each in zip((NETWORK, DISK, USB), others, strict=True)]
    return measured(*rows, f"LOC: {ticks[0]} {ticks[1]} Timer")


@given(ROWS, TIMES, TIMES)
def test_no_load_is_negative_and_no_cpu_has_more_than_it_spent(
    counts: list[tuple[int, int]], first: CpuTime, second: CpuTime
):
    found = weighed(machine(counts), {0: first, 1: second}, CLASSES)

    assert all(cell >= 0 for load in found.loads for cell in load.by_cpu or ())
    for load in found.loads:
        assert load.total == pytest.approx(sum(load.by_cpu or ()))
    for total, time in zip(sums(found), (first, second), strict=True):
        assert total <= 1000 * (time.hard + time.soft) * (1 + EPSILON)


@given(ROWS, TIMES, TIMES)
def test_all_hard_time_and_all_soft_time_of_devices_is_somebodys_if_all_fired(
    counts: list[tuple[int, int]], first: CpuTime, second: CpuTime
):
    fired = machine([(a + 1, b + 1) for a, b in counts])
    times = [time._replace(softirqs={**time.softirqs, "NET_RX": 5}) for time in (first, second)]
    only_devices = [
        time._replace(softirqs={k: n for k, n in time.softirqs.items() if k in DEVICE_KINDS})
        for time in times
    ]

    found = sums(weighed(fired, dict(enumerate(times)), CLASSES))
    of_devices = sums(weighed(fired, dict(enumerate(only_devices)), CLASSES))

    for total, time in zip(found, times, strict=True):
        # devices have at least what their share of the counts is
        runs = sum(time.softirqs.values())
        devices = sum(n for kind, n in time.softirqs.items() if kind in DEVICE_KINDS)
        least = 1000 * (time.hard + time.soft * devices / runs)
        assert total >= least * (1 - EPSILON)
    for total, time in zip(of_devices, times, strict=True):
        assert total == pytest.approx(1000 * (time.hard + time.soft), abs=EPSILON)


@given(ROWS, TIMES)
def test_an_irq_costs_nothing_on_a_cpu_where_it_did_not_fire(
    counts: list[tuple[int, int]], time: CpuTime
):
    def cell(load: Load) -> float:
        assert load.by_cpu
        return load.by_cpu[1]

    found = weighed(machine([(a, 0) for a, _ in counts]), {0: time, 1: time}, CLASSES)

    assert [cell(load) for load in found.loads] == [0, 0, 0, 0]


def test_a_numbered_row_of_the_cpus_own_has_no_part_in_the_soft_time_of_devices():
    # powerpc's XIVE and Xen number the interrupts that CPUs send each other
    ipi = "16: 10 0 XIVE-IPI 0 Edge IPI-0"
    found = weighed(
        measured(ipi, row(USB, 10, 0)), {0: CpuTime(0.02, 0.1, {"TASKLET": 10})}, CLASSES
    )

    # hard time: 1 ms for each of 20 interrupts; the tasklets are the device's alone
    assert costs(found)["16"] == pytest.approx((10, 0))
    assert costs(found)[USB] == pytest.approx((10 + 100, 0))
