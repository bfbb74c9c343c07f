"""Running totals from 32-bit cells, against a simulated machine whose truth is known."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

import pace
from irq_server.kernel.interrupts import Description, Row, Snapshot, parse
from irq_server.store.totals import Identity, Memory, Totals, Update
from simulated import Machine

BOOT = "boot one"
SECONDS = 10.0


def parsed(*lines: str, cpus: str = "CPU0 CPU1") -> Snapshot:
    return parse("\n".join([cpus, *lines]))


def device(number: int, cells: str, action: str = "eth0", hwirq: int = 7) -> str:
    return f"{number}: {cells} PCI-MSI {hwirq}-edge {action}"


def followed(*snapshots: Snapshot, seconds: float = SECONDS) -> list[Update]:
    totals = Totals({})
    return [totals.update(each, BOOT, seconds) for each in snapshots]


def test_the_first_snapshot_of_an_empty_store_counts_since_boot():
    (update,) = followed(parsed(device(24, "5 0"), "LOC: 7 8 Local timer", "ERR: 2"))

    assert update.state == {"24,0": 5, "LOC,0": 7, "LOC,1": 8, "ERR,": 2}
    assert not update.booted
    assert update.resets == ()
    assert update.came_online == ()
    assert update.went_offline == ()
    assert update.cpus == (0, 1)


def test_a_cell_that_moves_adds_its_difference():
    _, update = followed(parsed(device(24, "5 0")), parsed(device(24, "9 1")))

    assert update.state == {"24,0": 9, "24,1": 1}


def test_a_cell_wraps_at_32_bits_and_its_total_goes_on():
    _, update = followed(parsed(device(24, "4294967290 3")), parsed(device(24, "4 3")))

    # 4294967296 - 4294967290 = 6, and 4 more
    assert update.state == {"24,0": 4294967300, "24,1": 3}
    assert update.resets == ()


def test_a_total_goes_on_over_many_wraps():
    totals = Totals({})
    for cell in (2**31, 0, 2**31, 0, 2**31):  # each step is 2**31, believable after an hour
        update = totals.update(parsed(device(24, f"{cell} 0")), BOOT, 3600.0)

    assert update.state == {"24,0": 5 * 2**31}
    assert update.resets == ()


@pytest.mark.parametrize(
    ("before", "seconds", "is_wrap"),
    [
        (2**32 - 50_000_000, 10.0, True),
        (2**32 - 50_000_001, 10.0, False),
        (2**32 - 5_000_000, 0.01, True),  # the shortest time that is looked at is a second
        (2**32 - 5_000_001, 0.01, False),
        (2**31, 86400.0, True),
        (2**31 - 1, 86400.0, False),  # never over more than half of the range
    ],
)
def test_a_fall_is_a_wrap_only_where_five_million_a_second_would_do(
    before: int, seconds: float, is_wrap: bool
):
    first, second = parsed(device(24, f"{before} 0")), parsed(device(24, "0 0"))

    _, update = followed(first, second, seconds=seconds)

    assert update.state == {"24,0": 2**32 if is_wrap else before}
    assert update.resets == (() if is_wrap else ("24",))


def test_an_irq_that_starts_again_from_zero_is_a_reset_and_its_total_goes_on():
    _, reset, later = followed(
        parsed(device(24, "1000 7")), parsed(device(24, "3 0")), parsed(device(24, "5 2"))
    )

    assert reset.state == {"24,0": 1003, "24,1": 7}
    assert reset.resets == ("24",)
    assert later.state == {"24,0": 1005, "24,1": 9}
    assert later.resets == ()


def test_a_numbered_row_is_reset_on_every_cpu_when_one_of_its_cells_falls():
    # CPU 1 grew past its old cell since the reset: 9 is not 9 - 7 but 9 from zero
    _, update = followed(parsed(device(24, "1000 7")), parsed(device(24, "3 9")))

    assert update.state == {"24,0": 1003, "24,1": 16}


def test_a_row_of_the_cpus_own_is_reset_cell_by_cell():
    _, update = followed(parsed("LOC: 1000 7 Timer"), parsed("LOC: 3 9 Timer"))

    assert update.state == {"LOC,0": 1003, "LOC,1": 9}
    assert update.resets == ("LOC",)


def test_a_boot_goes_on_from_the_totals_with_every_cell_from_zero():
    totals = Totals({})
    totals.update(parsed(device(24, "1000 7"), "LOC: 50 60 Timer", "ERR: 4"), BOOT, SECONDS)

    # the second boot has counted more than the first ever did
    update = totals.update(
        parsed(device(24, "2000 0"), "LOC: 70 10 Timer", "ERR: 1"), "boot two", SECONDS
    )

    assert update.booted
    assert update.resets == ()
    assert update.state == {"24,0": 3000, "24,1": 7, "LOC,0": 120, "LOC,1": 70, "ERR,": 5}


def test_an_offline_cpu_keeps_its_totals_and_goes_on_when_it_is_back():
    both, one = parsed(device(24, "5 10")), parsed(device(24, "6"), cpus="CPU0")
    back = parsed(device(24, "7 14"))

    _, gone, returned = followed(both, one, back)

    assert gone.state == {"24,0": 6, "24,1": 10}
    assert gone.went_offline == (1,)
    assert gone.came_online == ()
    assert returned.state == {"24,0": 7, "24,1": 14}
    assert returned.came_online == (1,)
    assert returned.went_offline == ()


def test_a_reset_while_a_cpu_is_offline_holds_for_that_cpu_too():
    _, _, reset, back = followed(
        parsed(device(24, "100 1000")),
        parsed(device(24, "100"), cpus="CPU0"),
        parsed(device(24, "3"), cpus="CPU0"),
        parsed(device(24, "10 5")),
    )

    assert reset.state == {"24,0": 103, "24,1": 1000}
    assert back.state == {"24,0": 110, "24,1": 1005}
    assert back.resets == ()


def test_a_cpu_that_returns_with_fewer_counts_resets_none_of_the_others():
    _, _, grown, back = followed(
        parsed(device(24, "0 1000")),
        parsed(device(24, "0"), cpus="CPU0"),
        parsed(device(24, "500"), cpus="CPU0"),  # after a reset that nobody could see
        parsed(device(24, "510 4")),
    )

    assert grown.state == {"24,0": 500, "24,1": 1000}
    assert back.state == {"24,0": 510, "24,1": 1004}
    assert back.resets == ("24",)


def test_a_number_that_another_device_takes_over_goes_on_under_a_name_of_its_own():
    totals = Totals({})
    totals.update(parsed(device(45, "100 0", "eth0")), BOOT, SECONDS)

    update = totals.update(parsed(device(45, "130 1", "nvme0q1")), BOOT, SECONDS)

    assert update.state == {"45,0": 100, "45#2,0": 130, "45#2,1": 1}
    assert [each.irq for each in update.described] == ["45#2"]
    assert update.described[0].device == "nvme0q1"
    assert update.resets == ()


def test_a_number_that_goes_back_to_its_first_device_goes_on_from_its_total():
    totals = Totals({})
    totals.update(parsed(device(45, "100 0", "eth0")), BOOT, SECONDS)
    totals.update(parsed(device(45, "130 1", "nvme0q1")), BOOT, SECONDS)

    # the kernel counts the IRQ from zero whenever it is allocated
    back = totals.update(parsed(device(45, "150 0", "eth0")), BOOT, SECONDS)
    again = totals.update(parsed(device(45, "5 9", "nvme0q1")), BOOT, SECONDS)

    assert back.state == {"45,0": 250, "45#2,0": 130, "45#2,1": 1}
    assert back.described == ()
    assert again.state == {"45,0": 250, "45#2,0": 135, "45#2,1": 10}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (device(45, "9 0", "eth0", hwirq=8), "45#2"),
        ("45: 9 0 IO-APIC 7-edge eth0", "45#2"),
        (device(45, "9 0", "eth1"), "45#2"),
        (device(45, "9 0", "eth0"), "45"),
        (device(45, "9 0", "usb1, eth0"), "45"),
        (device(45, "9 0", ""), "45"),
    ],
)
def test_another_chip_hardware_irq_or_no_action_in_common_is_another_device(line: str, name: str):
    totals = Totals({})
    totals.update(parsed(device(45, "5 0", "eth0, eth2")), BOOT, SECONDS)

    snapshot = parsed(line)
    totals.update(snapshot, BOOT, SECONDS)

    assert totals.name_of(snapshot.rows[0]) == name


def test_a_device_that_shares_its_number_from_now_on_is_told():
    totals = Totals({})
    totals.update(parsed(device(45, "5 0", "eth0")), BOOT, SECONDS)

    update = totals.update(parsed(device(45, "5 0", "eth0, usb1")), BOOT, SECONDS)
    again = totals.update(parsed(device(45, "6 0", "eth0, usb1")), BOOT, SECONDS)

    assert update.described == (Identity("45", "PCI-MSI", "7", "edge", "eth0, usb1"),)
    assert again.described == ()


def test_a_third_owner_of_a_number_has_a_third_name():
    totals = Totals({})
    for action in ("eth0", "nvme0q1", "usb1"):
        totals.update(parsed(device(45, "5 0", action)), BOOT, SECONDS)

    assert list(totals.identities) == ["45", "45#2", "45#3"]


def test_after_a_boot_a_device_is_found_again_by_what_it_is():
    totals = Totals({})
    totals.update(parsed(device(45, "100 0", "eth0")), BOOT, SECONDS)
    totals.update(parsed(device(45, "130 0", "nvme0q1")), BOOT, SECONDS)

    update = totals.update(parsed(device(45, "3 0", "eth0")), "boot two", SECONDS)

    assert update.state == {"45,0": 103, "45#2,0": 130}


def test_a_label_that_stands_twice_is_two_rows():
    _, update = followed(
        parsed("THR: 1 2 Threshold", "THR: 3 4 Other"),
        parsed("THR: 2 2 Threshold", "THR: 3 9 Other"),
    )

    assert update.state == {"THR,0": 2, "THR,1": 2, "THR#2,0": 3, "THR#2,1": 9}
    assert Identity("THR#2").label == "THR#2"
    assert Identity("45#2").label == "45"


def test_a_figure_of_the_machine_wraps_and_starts_again_like_a_cell():
    _, wrapped, reset = followed(parsed("ERR: 4294967295"), parsed("ERR: 1"), parsed("ERR: 0"))

    assert wrapped.state == {"ERR,": 2**32 + 1}
    assert reset.state == {"ERR,": 2**32 + 1}
    assert reset.resets == ("ERR",)


def test_a_row_without_numbers_has_no_cells_but_a_name():
    (update,) = followed(parsed("FIQ:   usb_fiq", "LOC: 1 1 Timer"))

    assert update.state == {"LOC,0": 1, "LOC,1": 1}
    assert [each.irq for each in update.described] == ["FIQ", "LOC"]


def test_a_row_that_gets_cells_it_never_had_counts_from_zero():
    _, update = followed(parsed("FIQ:   usb_fiq"), parsed("FIQ: 3 4 usb_fiq"))

    assert update.state == {"FIQ,0": 3, "FIQ,1": 4}


def restarted(totals: Totals, update: Update, with_memory: bool = True) -> Totals:
    identities = list(totals.identities.values())
    return Totals(update.state, identities, totals.memory if with_memory else None)


def test_a_restart_with_its_memory_counts_what_fired_meanwhile():
    totals = Totals({})
    totals.update(parsed(device(24, "1000 7")), BOOT, SECONDS)
    update = totals.update(parsed(device(24, "3 0")), BOOT, SECONDS)  # a reset: 1003, 7

    after = restarted(totals, update).update(parsed(device(24, "10 5")), BOOT, 60.0)

    assert after.state == {"24,0": 1010, "24,1": 12}
    assert not after.booted
    assert after.resets == ()
    assert after.described == ()


def test_a_restart_with_the_memory_of_another_boot_counts_from_zero():
    totals = Totals({})
    update = totals.update(parsed(device(24, "1000 7")), BOOT, SECONDS)

    after = restarted(totals, update).update(parsed(device(24, "2000 1")), "boot two", 60.0)

    assert after.booted
    assert after.state == {"24,0": 3000, "24,1": 8}


def test_a_restart_without_its_memory_goes_on_at_the_next_sample():
    totals = Totals({})
    totals.update(parsed(device(24, "1000 7"), "ERR: 5"), BOOT, SECONDS)
    update = totals.update(parsed(device(24, "3 0"), "ERR: 6"), BOOT, SECONDS)

    later = restarted(totals, update, with_memory=False)
    first = later.update(parsed(device(24, "400 2"), "ERR: 9"), BOOT, 60.0)
    second = later.update(parsed(device(24, "401 4"), "ERR: 9"), BOOT, SECONDS)

    assert first.state == {"24,0": 1003, "24,1": 7, "ERR,": 6}
    assert second.state == {"24,0": 1004, "24,1": 9, "ERR,": 6}
    assert second.resets == ()


def test_a_device_that_came_while_there_was_no_memory_is_told():
    totals = Totals({"24,0": 5}, [Identity("24", "PCI-MSI", "7", "edge", "eth0")])

    update = totals.update(parsed(device(24, "9 0", "eth0"), device(25, "3 0", "usb1")), BOOT, 0.0)

    assert update.described == (Identity("25", "PCI-MSI", "7", "edge", "usb1"),)
    assert update.state == {"24,0": 5}


def test_a_restart_without_its_memory_believes_no_cell_of_a_cpu_that_comes_back_later():
    totals = Totals({})
    totals.update(parsed(device(24, "1000 70")), BOOT, SECONDS)
    update = totals.update(parsed(device(24, "3 0")), BOOT, SECONDS)

    later = restarted(totals, update, with_memory=False)
    later.update(parsed(device(24, "400"), cpus="CPU0"), BOOT, 60.0)
    back = later.update(parsed(device(24, "401 20")), BOOT, SECONDS)
    last = later.update(parsed(device(24, "401 22")), BOOT, SECONDS)

    assert back.state == {"24,0": 1004, "24,1": 70}
    assert last.state == {"24,0": 1004, "24,1": 72}


def test_what_was_never_adopted_is_remembered_over_a_restart():
    totals = Totals({"24,0": 1000})
    update = totals.update(parsed(device(24, "400"), cpus="CPU0"), BOOT, SECONDS)

    later = restarted(totals, update)
    back = later.update(parsed(device(24, "401 20")), BOOT, SECONDS)
    last = restarted(later, back).update(parsed(device(24, "401 22")), BOOT, SECONDS)

    assert back.state == {"24,0": 1001}
    assert last.state == {"24,0": 1001, "24,1": 2}


def test_an_irq_adopted_without_memory_is_whole_after_another_device_had_its_number():
    totals = Totals({"LOC,0": 1}, [Identity("LOC")])
    totals.update(parsed(device(45, "100 0", "eth0"), "LOC: 1 1 Timer"), BOOT, SECONDS)
    totals.update(parsed(device(45, "5 0", "usb1"), "LOC: 1 1 Timer"), BOOT, SECONDS)

    update = totals.update(parsed(device(45, "150 0", "eth0"), "LOC: 1 1 Timer"), BOOT, SECONDS)

    assert update.state == {"LOC,0": 1, "45#2,0": 5, "45,0": 150}


def test_a_state_older_than_its_memory_still_counts_on_exactly():
    totals = Totals({})
    older = totals.update(parsed(device(24, "1000 7"), "LOC: 10 0 Timer"), BOOT, SECONDS)
    totals.update(parsed(device(24, "3 0"), "LOC: 20 0 Timer"), BOOT, SECONDS)

    # the sample of the reset is lost, state.json was written before it
    after = restarted(totals, older).update(
        parsed(device(24, "10 5"), "LOC: 30 0 Timer"), BOOT, 60.0
    )

    assert after.state == {"24,0": 1010, "24,1": 12, "LOC,0": 30}


def test_a_state_older_than_a_boot_still_counts_on_exactly():
    totals = Totals({})
    older = totals.update(parsed(device(24, "1000 7")), BOOT, SECONDS)
    totals.update(parsed(device(24, "3 0")), "boot two", SECONDS)

    after = restarted(totals, older).update(parsed(device(24, "10 5")), "boot two", 60.0)

    assert not after.booted
    assert after.state == {"24,0": 1010, "24,1": 12}


def test_the_memory_names_boot_cpus_and_owners_and_no_offset_of_zero():
    totals = Totals({})
    totals.update(parsed(device(24, "1000 7", "eth0")), BOOT, SECONDS)
    assert totals.memory == Memory(BOOT, {}, (0, 1), {"24": "24"})

    totals.update(parsed(device(24, "1 0", "eth0")), BOOT, SECONDS)
    totals.update(parsed(device(24, "1 0", "usb1")), BOOT, SECONDS)

    assert totals.memory == Memory(BOOT, {"24,0": 1000, "24,1": 7}, (0, 1), {"24": "24#2"})


def test_an_unchanged_row_object_costs_and_changes_nothing():
    row = Row("24", (5, 0), None, Description(device="eth0"))
    totals = Totals({})
    first = totals.update(Snapshot((0, 1), (row,)), BOOT, SECONDS)

    second = totals.update(Snapshot((0, 1), (row,)), BOOT, SECONDS)
    third = totals.update(Snapshot((0, 1), (row._replace(counts=(6, 0)),)), BOOT, SECONDS)

    assert second.state == first.state == {"24,0": 5}
    assert third.state == {"24,0": 6}


NUMBERED = ("45", "46")
LABELS = (*NUMBERED, "LOC")
COUNTS = st.integers(1, 1000) | st.integers(1, 49_000_000)


class AnyMachine(RuleBasedStateMachine):
    """Whatever a machine does between looks, the totals are what fired."""

    @initialize()
    def start(self):
        """A machine that fired nothing yet."""
        self.machine = Machine(cpus=(0, 1, 5))
        self.machine.device(45, "eth0")
        self.machine.device(46, "nvme0q1")
        self.machine.add("LOC", "Local timer interrupts")
        self.machine.figures["ERR"] = 0
        self.owners = {"45": 0}
        self.totals = Totals({})
        self.state: dict[str, int] = {}
        self.memory: Memory | None = None
        self.older: dict[str, int] = {}
        self.look()

    def _online(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(self.machine.online))

    @rule(data=st.data(), label=st.sampled_from(LABELS), count=COUNTS)
    def fire(self, data: st.DataObject, label: str, count: int):
        """An IRQ fires on an online CPU."""
        self.machine.fire(label, self._online(data), count)
        self.look()

    @rule(data=st.data(), label=st.sampled_from(LABELS))
    def wrap(self, data: st.DataObject, label: str):
        """A cell passes its end."""
        cpu = self._online(data)
        if self.machine.lines[label].cells[cpu] < 2**32 - 49_000_000:
            self.machine.fire(label, cpu, 2**32 - 49_000_000 - self.machine.lines[label].cells[cpu])
            self.look()
        self.machine.fire(label, cpu, 49_000_000)
        self.look()

    @rule()
    def look_again(self):
        """Nothing happens between two looks."""
        self.look()

    @rule(count=st.integers(1, 100))
    def an_error_of_the_machine(self, count: int):
        """A figure without a CPU moves."""
        self.machine.figures["ERR"] += count
        self.machine.truth["ERR,"] = self.machine.truth.get("ERR,", 0) + count
        self.look()

    @rule(label=st.sampled_from(NUMBERED))
    def reset(self, label: str):
        """The kernel counts an IRQ from zero."""
        self.machine.reset(label)
        self.look()

    @precondition(lambda self: len(self.machine.online) > 1)
    @rule(data=st.data())
    def offline(self, data: st.DataObject):
        """A CPU goes."""
        self.machine.offline(self._online(data))
        self.look()

    @precondition(lambda self: len(self.machine.online) < 3)
    @rule(data=st.data())
    def online(self, data: st.DataObject):
        """A CPU comes back with its cells."""
        gone = sorted(set(self.machine.possible) - set(self.machine.online))
        self.machine.bring_back(data.draw(st.sampled_from(gone)))
        self.look()

    @rule(data=st.data(), count=COUNTS)
    def hand_over(self, data: st.DataObject, count: int):
        """Another device gets number 45, or the first gets it back."""
        owner = 1 - self.owners["45"]
        self.owners["45"] = owner
        self.machine.device(45, ("eth0", "usb1")[owner], ("45", "45#2")[owner])
        self.machine.fire("45", self._online(data), count)
        self.look()

    @rule()
    def boot(self):
        """The machine starts anew."""
        self.machine.boot()
        self.look()

    @rule(older=st.booleans())
    def restart_with_memory(self, older: bool):
        """The server starts anew, perhaps without its last sample."""
        state = self.older if older else self.state
        self.totals = Totals(state, self.totals.identities.values(), self.totals.memory)
        self.look(seconds=60.0)

    @precondition(lambda self: any(self.state.values()))
    @rule(data=st.data(), count=COUNTS)
    def restart_without_memory(self, data: st.DataObject, count: int):
        """The server starts anew without state.json."""
        self.machine.fire("LOC", self._online(data), count)
        self.machine.forget()
        self.totals = Totals(self.state, self.totals.identities.values())
        self.look()

    def look(self, seconds: float = SECONDS):
        """The server samples."""
        update = self.totals.update(self.machine.look(), self.machine.boot_id, seconds)
        for key, total in self.state.items():
            assert update.state[key] >= total, f"{key} fell"
        self.older, self.state = self.state or update.state, update.state

    @invariant()
    def totals_are_the_truth(self):
        """Every total is what fired."""
        if hasattr(self, "machine"):
            assert {key: n for key, n in self.state.items() if n} == self.machine.truth


AnyMachine.TestCase.settings = settings(max_examples=pace.examples(120), stateful_step_count=30)
test_any_machine_is_counted_exactly = AnyMachine.TestCase


def test_an_irq_gets_its_interface_when_it_is_known_and_keeps_the_last_one():
    totals = Totals({})
    first = parsed(device(24, "1 0", "mlx5_comp0"), device(25, "1 0", "sda", hwirq=8))
    totals.update(first, BOOT, SECONDS)

    def described(interfaces: dict[str, str]) -> list[tuple[str, str]]:
        totals.know_interfaces(interfaces)
        found = totals.update(first, BOOT, SECONDS).described
        return [(each.irq, each.interface) for each in found]

    eth0 = {"24": "eth0", "99": "eth9"}
    assert described(eth0) == [("24", "eth0")]
    assert described(eth0) == []
    assert described({"24": "ens1"}) == [("24", "ens1")]
    assert described({}) == []
    assert totals.identities["24"].interface == "ens1"


def test_another_device_under_the_same_number_has_its_own_interface():
    totals = Totals({})
    totals.know_interfaces({"24": "eth0"})
    (first,) = totals.update(parsed(device(24, "1 0")), BOOT, SECONDS).described
    totals.know_interfaces({})
    (second,) = totals.update(parsed(device(24, "1 0", "nvme", hwirq=9)), BOOT, SECONDS).described

    assert (first.irq, first.interface) == ("24", "eth0")
    assert (second.irq, second.interface) == ("24#2", "")


def test_a_start_finds_the_interface_of_a_row_that_an_older_server_described():
    totals = Totals({"24,0": 1}, [Identity("24", "PCI-MSI", "7", "edge", "eth0")])
    totals.know_interfaces({"24": "eth0"})

    (found,) = totals.update(parsed(device(24, "1 0")), BOOT, SECONDS).described

    assert found.interface == "eth0"
