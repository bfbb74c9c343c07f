"""Loads from one snapshot and from two: wraps, resets, devices and CPUs that come and go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import row
from irqbalance.kernel.interrupts import parse
from irqbalance.loads.loads import Load, Measurement, between, scaled, since_boot

TOP = 2**32


def text(*rows: str, cpus: tuple[int, ...] = (0, 1)) -> str:
    return "\n".join(["     " + "   ".join(f"CPU{cpu}" for cpu in cpus), *rows, ""])


def loads(measurement: Measurement) -> dict[str, tuple[float, ...] | None]:
    return {load.row.irq: load.by_cpu for load in measurement.loads}


def compared(old: str, new: str, seconds: float | None = None) -> Load:
    """Return the load of the only row of two texts."""
    (load,) = between(parse(text(old)), parse(text(new)), seconds).loads
    return load


def test_one_snapshot_gives_its_plain_counts():
    measured = since_boot(parse(text(row(24, 3, 4), "LOC: 5 6 Timer", "ERR: 7")))

    assert loads(measured) == {"24": (3, 4), "LOC": (5, 6), "ERR": None}
    assert [load.total for load in measured.loads] == [7, 11, 7]
    assert measured.seconds is None


def test_two_snapshots_give_what_came_between():
    assert compared(row(24, 10, 20), row(24, 15, 50)).by_cpu == (5, 30)


def test_a_time_between_makes_it_a_rate():
    load = compared(row(24, 10, 20), row(24, 15, 50), seconds=10.0)

    assert load.by_cpu == pytest.approx((0.5, 3.0))
    assert load.total == pytest.approx(3.5)


def test_a_cell_that_wrapped_is_counted_on():
    assert compared(row(24, TOP - 6, 0), row(24, 10, 0)).by_cpu == (16, 0)


def test_each_cell_wraps_by_itself():
    assert compared(row(24, TOP - 1, 5), row(24, 1, 9)).by_cpu == (2, 4)


def test_a_row_that_started_again_counts_from_zero():
    load = compared(row(24, 5000, 700), row(24, 3, 800))

    assert load.by_cpu == (3, 800)
    assert load.history == "reset"


def test_a_cell_that_could_not_have_grown_so_much_in_that_time_started_again():
    # a wrap would be 1,294,967,396 interrupts: plausible in a day, not in ten seconds
    old, new = row(24, 3_000_000_000, 0), row(24, 100, 0)

    assert compared(old, new).total == 1_294_967_396
    assert compared(old, new, seconds=10.0).total == pytest.approx(10)


def test_a_cell_that_rose_is_never_taken_for_a_reset():
    assert compared(row(24, 1, 0), row(24, TOP - 1, 0)).by_cpu == (TOP - 2, 0)


@pytest.mark.parametrize(
    "new",
    [
        row(24, 7, 9, device="eth1"),
        row(24, 7, 9, device="eth0", hwirq=2),
        row(24, 7, 9, device="eth0").replace("PCI-MSI", "IO-APIC"),
    ],
)
def test_a_number_that_another_device_took_over_is_new(new: str):
    load = compared(row(24, 5, 5, device="eth0"), new)

    assert load.by_cpu == (7, 9)
    assert load.history == "new"


def test_a_shared_line_that_keeps_one_of_its_devices_is_the_same():
    load = compared(row(24, 5, 5, device="eth0, usb1"), row(24, 7, 9, device="usb1, ahci"))

    assert load.by_cpu == (2, 4)


def test_a_row_without_devices_is_the_same_as_before():
    assert compared(" 24: 5 5 PCI-MSI 7-edge", " 24: 6 8 PCI-MSI 7-edge").by_cpu == (1, 3)


def test_an_irq_that_came_counts_from_zero_and_one_that_went_is_not_there():
    measured = between(parse(text(row(24, 5, 5))), parse(text(row(25, 7, 9))))

    assert loads(measured) == {"25": (7, 9)}


def test_a_cpu_that_went_offline_is_left_out():
    measured = between(
        parse(text(row(24, 5, 5, 5), cpus=(0, 1, 2))), parse(text(row(24, 6, 9), cpus=(0, 2)))
    )

    assert measured.cpus == (0, 2)
    assert loads(measured) == {"24": (1, 4)}


def test_of_a_cpu_that_came_nobody_knows_what_is_new():
    measured = between(
        parse(text(row(24, 6, 9), cpus=(0, 2))),
        parse(text(row(24, 7, 9999, 9), cpus=(0, 1, 2))),
    )

    assert loads(measured) == {"24": (1, 0, 0)}


def test_a_machine_wide_figure_grows_and_starts_again():
    grew = between(parse(text("ERR: 5")), parse(text("ERR: 8"))).loads[0]
    fell = between(parse(text("ERR: 5")), parse(text("ERR: 2"))).loads[0]

    assert (grew.total, fell.total) == (3, 2)
    assert scaled(grew, 2.0).total == 6


@given(st.lists(st.tuples(st.integers(0, TOP - 1), st.integers(0, 2**31)), min_size=1, max_size=5))
def test_growth_below_the_limit_is_found_again_whatever_wraps(cells: list[tuple[int, int]]):
    cpus = tuple(range(len(cells)))
    before = parse(text(row(24, *(start for start, _ in cells)), cpus=cpus))
    after = parse(text(row(24, *((start + grown) % TOP for start, grown in cells)), cpus=cpus))

    assert loads(between(before, after)) == {"24": tuple(grown for _, grown in cells)}
