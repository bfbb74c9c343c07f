"""The udev rule and the timer of the wheel in a guest with systemd: hardware comes, a run follows.

One guest goes through all steps of `guest/inside/hotplug.py`. The tests judge what it saw. CPU 3 is
isolated, and every new IRQ starts there, so it is somewhere else only if a run moved it.

The guest is Debian 12, whose systemd and udev are the oldest ones that count here.
"""

from functools import cache
from typing import Any

import pytest

import needs
from guest import image, machine, wheel
from guest.inside.observe import ISOLATED

pytestmark = [pytest.mark.guests, pytest.mark.slow]

SOON_SECONDS = 60.0
"""A run is due 5 s after an event. On a slow host it may begin this much after it."""

LATER_SECONDS = 60.0
"""The second run is due this long after the start of the timer."""

SUITE = "bookworm"

Seen = dict[str, Any]


@cache
def outcome() -> Seen | str:
    """Run the guest, once; return what its steps saw, or why it saw nothing."""
    arguments = f"isolcpus={ISOLATED}"
    try:
        guest = machine.Machine(image.image(SUITE), arguments=arguments, hotplug=True)
        found: Seen = wheel.run_script(guest, "hotplug.py")
    except image.GuestError as error:
        return str(error)
    return found


@pytest.fixture
def seen() -> Seen:
    needs.everything([*image.missing(), *machine.is_missing()], "a QEMU guest, as root")
    found = outcome()
    if isinstance(found, str):
        pytest.fail(found)
    return found


def delays(step: Seen) -> list[float]:
    """Return how long after the event each run began, in seconds."""
    return [each - step["began"] for each in step["runs"]]


def cpus_of(irqs: dict[str, str]) -> set[str]:
    return set(irqs.values())


def test_systemd_and_udev_take_the_shipped_files(seen: Seen):
    assert set(seen["checks"].values()) == {""}
    assert seen["failed"] == ""


def test_nothing_happens_while_the_timer_is_not_active(seen: Seen):
    assert seen["before_the_timer"] == {"runs": [], "timer": "inactive"}


@pytest.mark.parametrize(
    "step", ["the_timer", "a_controller", "an_interface", "a_cpu", "a_new_cpu"]
)
def test_a_run_begins_soon(seen: Seen, step: str):
    assert 4 <= delays(seen[step])[0] <= SOON_SECONDS


def test_the_irq_of_a_new_controller_is_placed_where_it_may_be(seen: Seen):
    step = seen["a_controller"]

    assert cpus_of(step["at_first"]) == {str(ISOLATED)}
    assert step["after"].keys() == step["at_first"].keys()
    assert cpus_of(step["after"]) <= {"0", "1", "2"}


def test_irqs_that_come_at_link_up_are_placed_by_the_second_run(seen: Seen):
    step = seen["an_interface"]

    assert step["before"] == {}
    assert len(step["at_first"]) >= 2
    assert cpus_of(step["at_first"]) == {str(ISOLATED)}
    assert step["after"].keys() == step["at_first"].keys()
    assert cpus_of(step["after"]) <= {"0", "1", "2"}
    assert len(step["runs"]) == 2
    assert LATER_SECONDS <= delays(step)[1] <= LATER_SECONDS + SOON_SECONDS


def test_a_cpu_that_comes_back_gets_load_from_the_others(seen: Seen):
    step = seen["a_cpu"]

    assert "2" in cpus_of(step["after"])
    counts = [sum(cells.get(str(cpu), 0) for cells in step["cells"].values()) for cpu in range(3)]
    assert counts[2] >= 0.1 * sum(counts)


def test_a_cpu_that_is_new_is_seen(seen: Seen):
    assert seen["a_new_cpu"]["cpus"] == [0, 1, 2, 3, 4]


def test_many_nics_at_once_make_two_runs(seen: Seen):
    assert len(seen["a_storm"]["runs"]) == 2
