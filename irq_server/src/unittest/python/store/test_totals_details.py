"""What totals and windows do in corners: turns, failures, restarts, and rows without CPUs."""

import pytest

from irq_server.kernel.interrupts import Description, Row, Snapshot, parse
from irq_server.store.counts import Filters, KnownRow, count
from irq_server.store.totals import Identity, Memory, Totals

BOOT = "boot one"


def parsed(*lines: str, cpus: str = "CPU0 CPU1") -> Snapshot:
    return parse("\n".join([cpus, *lines]))


def device(number: int, cells: str, action: str = "eth0") -> str:
    return f"{number}: {cells} PCI-MSI 7-edge {action}"


@pytest.mark.parametrize(
    ("identity", "is_own"),
    [
        (Identity("24", "PCI-MSI", "1", "edge", "eth0"), False),
        (Identity("45#2", "GICv3", "27", "Level", "eth0"), False),
        (Identity("LOC"), True),
        (Identity("THR#2"), True),
        (Identity("11", "GICv3", "27", "Level", "arch_timer"), True),
        (Identity("12", "GICv3", "26", "Level", "kvm guest vtimer"), True),
        (Identity("13", "XIVE-IPI", "0", "Edge", "IPI"), True),
        (Identity("14", "xen-percpu", "", "", "timer0"), True),
        (Identity("15", "GICv3", "30", "Level", "my_arch_timer"), False),
    ],
)
def test_a_cpus_own_interrupts_are_told_from_a_devices(identity: Identity, is_own: bool):
    assert identity.is_own == is_own


def test_a_row_that_is_not_due_keeps_no_row_behind_it_from_being_counted():
    totals = Totals({})
    totals.update(parsed(device(24, "1 0"), device(25, "1 0")), BOOT, 10)

    update = totals.update(
        parsed(device(24, "5 0"), device(25, "5 0")),
        BOOT,
        10,
        lambda row: None if row.irq == "24" else 10.0,
    )

    assert update.state == {"24,0": 1, "25,0": 5}


def test_a_new_row_is_counted_though_it_is_not_due():
    totals = Totals({})

    update = totals.update(parsed(device(24, "5 0")), BOOT, 10, lambda _: None)

    assert update.state == {"24,0": 5}


@pytest.mark.parametrize(("seconds", "is_wrap"), [(60.0, True), (10.0, False)])
def test_a_row_that_waited_for_its_turn_may_have_counted_all_the_while(
    seconds: float, is_wrap: bool
):
    before = 2**32 - 300_000_000  # what is left are five million a second for a minute
    totals = Totals({})
    totals.update(parsed(device(24, f"{before} 0")), BOOT, 10)

    update = totals.update(parsed(device(24, "0 0")), BOOT, 10, lambda _: seconds)

    assert update.state == {"24,0": 2**32 if is_wrap else before}
    assert update.resets == (() if is_wrap else ("24",))


def test_what_fails_in_an_update_is_told_and_counted_by_the_next():
    totals = Totals({})
    totals.update(parsed(device(24, "1 0"), device(25, "1 0")), BOOT, 10)

    def failing(row: Row) -> float:
        if row.irq == "25":
            raise MemoryError("no room")
        return 10.0

    with pytest.raises(MemoryError, match="no room"):
        totals.update(parsed(device(24, "5 0"), device(25, "5 0")), BOOT, 10, failing)
    update = totals.update(parsed(device(24, "5 0"), device(25, "5 0")), BOOT, 10)

    assert update.state == {"24,0": 5, "25,0": 5}
    assert update.resets == ()


def test_a_cpu_that_comes_after_a_start_without_memory_costs_no_machine_wide_figure():
    totals = Totals({"ERR,": 100, "LOC,0": 50})
    totals.update(parsed("LOC: 7 ticks", "ERR: 3", cpus="CPU0"), BOOT, 10)  # 3 may be of before

    update = totals.update(parsed("LOC: 7 9 ticks", "ERR: 8"), BOOT, 10)

    assert update.state == {"ERR,": 105, "LOC,0": 50}
    assert update.came_online == (1,)


def test_after_a_start_without_memory_a_label_with_a_comma_counts_on_as_a_cpu_comes():
    totals = Totals({"L,C,0": 100})
    totals.update(parsed("L,C: 7 ticks", cpus="CPU0"), BOOT, 10)

    update = totals.update(parsed("L,C: 9 5 ticks"), BOOT, 10)

    assert update.state == {"L,C,0": 102}


def test_after_a_restart_cpus_that_came_and_went_meanwhile_are_told():
    memory = Memory(BOOT, {}, (0, 1), {"24": "24"})
    totals = Totals({"24,0": 5}, [Identity("24", "PCI-MSI", "7", "edge", "eth0")], memory)

    update = totals.update(parsed(device(24, "5 0"), cpus="CPU0 CPU2"), BOOT, 10)

    assert update.came_online == (2,)
    assert update.went_offline == (1,)


def test_a_reset_after_a_restart_holds_for_a_cpu_that_was_offline_before_it_too():
    memory = Memory(BOOT, {}, (0,), {"24": "24"})
    eth0 = Identity("24", "PCI-MSI", "7", "edge", "eth0")
    totals = Totals({"24,0": 100, "24,1": 1000}, [eth0], memory)
    totals.update(parsed(device(24, "3"), cpus="CPU0"), BOOT, 10)

    update = totals.update(parsed(device(24, "3 1500")), BOOT, 10)

    assert update.state == {"24,0": 103, "24,1": 2500}


OWNERS = [
    Identity("45", "PCI-MSI", "7", "edge", "eth0"),
    Identity("45#2", "PCI-MSI", "7", "edge", "eth1"),
]


def test_a_device_that_joins_the_owner_of_a_number_takes_it_from_nobody():
    # 45 was eth0's, is eth1's, and both names fit when they share it
    totals = Totals({})
    totals.update(parsed(device(45, "3 0", "eth0")), BOOT, 10)
    totals.update(parsed(device(45, "1 0", "eth1")), BOOT, 10)

    update = totals.update(parsed(device(45, "5 0", "eth0, eth1")), BOOT, 10)

    assert update.state == {"45,0": 3, "45#2,0": 5}


def test_a_restart_knows_the_owner_of_a_number_where_two_names_fit():
    memory = Memory(BOOT, {}, (0, 1), {"45": "45#2"})
    totals = Totals({"45,0": 3, "45#2,0": 4}, OWNERS, memory)

    update = totals.update(parsed(device(45, "6 0", "eth0, eth1")), BOOT, 10)

    assert update.state == {"45,0": 3, "45#2,0": 6}


def test_a_number_that_was_taken_over_while_the_server_was_down_goes_on_under_a_new_name():
    memory = Memory(BOOT, {}, (0, 1), {"45": "45"})
    totals = Totals({"45,0": 3}, OWNERS[:1], memory)

    update = totals.update(parsed(device(45, "6 0", "eth1")), BOOT, 10)

    assert update.state == {"45,0": 3, "45#2,0": 6}


def test_a_number_that_is_taken_over_as_a_cpu_comes_goes_on_under_a_new_name():
    totals = Totals({})
    totals.update(parsed(device(45, "3", "eth0"), cpus="CPU0"), BOOT, 10)

    update = totals.update(parsed(device(45, "6 1", "eth1")), BOOT, 10)

    assert update.state == {"45,0": 3, "45#2,0": 6, "45#2,1": 1}


@pytest.mark.parametrize(
    "known",
    [
        Identity("45", chip="IO-APIC"),
        Identity("45", hwirq="8"),
        Identity("45", device="eth1"),
    ],
)
def test_whatever_is_known_of_a_device_tells_it_from_another(known: Identity):
    bare = Row("45", (1, 0), None, Description(device="eth0"))

    assert not known.is_still(bare)
    assert Identity("45").is_still(bare)


def test_an_offset_of_whole_turns_of_a_cell_is_none():
    totals = Totals({})
    for cell in (2**31 - 1, 0, 2**31 - 1, 0, 2, 0):  # the last reset is at a total of 2**32
        update = totals.update(parsed(device(24, f"{cell} 0")), BOOT, 3600.0)

    assert update.state == {"24,0": 2**32}
    assert update.resets == ("24",)
    assert totals.memory.offsets == {}


def test_a_row_without_cpus_has_the_device_of_its_identity():
    rows = [KnownRow(Identity("ERR"), True, False)]

    (found,) = count({"ERR,": 1}, {"ERR,": 3}, rows, (0,), Filters()).irqs

    assert (found.device, found.counts, found.total) == ("", None, 2)
