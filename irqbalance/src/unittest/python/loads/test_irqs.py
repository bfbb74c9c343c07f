"""IRQs as the planner sees them: their place, their load, and if they may move."""

import pytest

from conftest import row
from irqbalance.kernel.interrupts import parse
from irqbalance.kernel.procfs import KernelSays
from irqbalance.loads.irqs import Irq, make_irqs
from irqbalance.loads.loads import between, since_boot
from irqbalance.settings.model import Rule, Selection
from irqbalance.settings.values import Pattern


def cpus(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


def one(line: str, says: KernelSays | None = None) -> Irq:
    """Return the only IRQ of a machine with four CPUs; without `says`, as from a captured file."""
    measured = since_boot(parse(f"CPU0 CPU1 CPU2 CPU3\n{line}\n"))
    kernel = None if says is None else {line.split(":")[0].strip(): says}
    (irq,) = make_irqs(measured, kernel)
    return irq


def test_a_captured_irq_is_where_its_largest_cell_is_with_all_its_load():
    irq = one(row(24, 30, 70, 0, 0, device="eth0"))

    assert irq[:5] == ("24", "eth0", 100, (1,), {1: 100})
    assert irq[5:12] == Irq(*irq[:5])[5:12]
    assert irq.home == 1


def test_an_irq_carries_its_row_and_the_kernels_facts():
    says = KernelSays(True, effective=cpus(2))

    irq = one(row(24, 0, 0, 9, 0, device="eth0"), says)

    assert irq.row.counts == (0, 0, 9, 0)
    assert irq.kernel == says


def test_the_effective_affinity_says_where_an_irq_is():
    irq = one(row(24, 30, 0, 0, 0), KernelSays(True, effective=cpus(2), affinity=cpus(0, 1, 2)))

    assert irq.present == (2,)
    assert irq.placed == {2: 30}


def test_the_affinity_mask_never_says_where_an_irq_is():
    irq = one(row(24, 0, 9, 0, 0), KernelSays(True, affinity=cpus(0)))

    assert irq.present == (1,)


def test_without_an_effective_affinity_the_cells_that_grew_say_it_the_busiest_first():
    irq = one(row(24, 30, 0, 70, 1), KernelSays(True))

    assert irq.present == (2, 0)
    assert irq.placed == {2: 101 * 70 / 100, 0: 101 * 30 / 100}
    assert irq.home is None


def test_of_several_effective_cpus_those_count_where_interrupts_arrive():
    says = KernelSays(True, effective=cpus(1, 2))

    assert one(row(24, 0, 5, 0, 0), says).present == (1,)
    assert one(row(24, 0, 5, 4, 0), says).present == (1, 2)
    assert one(row(24, 5, 0, 0, 0), says).present == (0,)


def test_an_idle_irq_is_where_the_kernel_would_send_it_or_nowhere_known():
    assert one(row(24, 0, 0, 0, 0), KernelSays(True, effective=cpus(3))).present == (3,)
    wide = KernelSays(True, affinity=cpus(0, 1), effective=cpus(3))
    assert (one(row(24, 0, 0, 0, 0), wide).present, one(row(24, 0, 0, 0, 0), wide).mask) == (
        (3,),
        frozenset(),
    )
    assert one(row(24, 0, 0, 0, 0), KernelSays(True)).present == ()
    assert one(row(24, 0, 0, 0, 0)).present == ()


@pytest.mark.parametrize("effective", [None, cpus()])
def test_an_idle_irq_of_which_the_kernel_does_not_say_so_is_where_its_only_cpu_is(
    effective: frozenset[int] | None,
):
    def idle(*affinity: int) -> Irq:
        says = KernelSays(True, affinity=cpus(*affinity), effective=effective)
        return one(row(24, 0, 0, 0, 0), says)

    assert (idle(3).present, idle(3).mask) == ((3,), cpus())
    assert (idle(3, 9).present, idle(3, 9).mask) == ((3,), cpus())  # 9 is offline
    assert (idle(2, 3).present, idle(2, 3).mask) == ((), cpus(2, 3))
    assert (idle(9).present, idle(9).mask) == ((), cpus())


def test_an_irq_spread_over_very_many_cpus_is_on_all_of_them():
    line = row(24, *([5] * 64))
    measured = since_boot(parse(" ".join(f"CPU{n}" for n in range(64)) + f"\n{line}\n"))

    (irq,) = make_irqs(measured, {"24": KernelSays(True)})

    assert irq.present == tuple(range(64))


def test_an_effective_affinity_to_a_cpu_that_is_not_there_says_nothing():
    assert one(row(24, 0, 5, 0, 0), KernelSays(True, effective=cpus(9))).present == (1,)


def test_an_irq_that_was_sent_on_is_heading_there():
    irq = one(row(24, 5, 0, 0, 0), KernelSays(True, affinity=cpus(3), effective=cpus(0)))

    assert (irq.present, irq.heading, irq.home) == ((0,), 3, 3)


def test_a_wide_mask_is_no_heading_and_an_idle_irq_has_one_too():
    wide = KernelSays(True, affinity=cpus(1, 2), effective=cpus(0))
    assert one(row(24, 5, 0, 0, 0), wide).heading is None

    idle = KernelSays(True, affinity=cpus(1), effective=cpus(0))
    assert one(row(24, 0, 0, 0, 0), idle).heading == 1


def test_an_irq_without_an_affinity_is_fixed():
    assert one(row(24, 5, 0, 0, 0), KernelSays(exists=False)).fixed == (
        "it has no affinity in /proc/irq"
    )


def test_a_read_only_affinity_is_managed():
    irq = one(row(24, 5, 0, 0, 0), KernelSays(True, writable=False, effective=cpus(0)))

    assert irq.fixed == "managed by the kernel: its affinity is read-only"
    assert irq.placed == {0: 5}
    assert not irq.own


def test_an_irq_that_the_kernel_routes_nowhere_and_several_cpus_take_is_their_own():
    irq = one(row(24, 5, 6, 0, 0), KernelSays(True, affinity=cpus(0, 1, 2, 3), effective=cpus()))

    assert "no CPU in particular" in irq.fixed
    assert irq.own
    assert irq.placed == {0: 5, 1: 6}


def test_an_empty_effective_affinity_says_nothing_of_an_irq_that_one_cpu_takes():
    # the interrupts of a Raspberry Pi 5's RP1: their chip does not record where they go
    says = KernelSays(True, affinity=cpus(0, 1, 2, 3), effective=cpus())

    for line in (row(24, 0, 9, 0, 0), row(24, 2, 90, 0, 3)):  # after a move the old CPU had a few
        irq = one(line, says)
        assert irq.fixed == ""
        assert not irq.own
        assert irq.present == (1,)
        assert irq.home == 1


def test_a_read_only_irq_that_one_cpu_takes_is_a_devices():
    # a GPIO chip has no affinity to set: its load is a device's, on the CPU that takes it
    says = KernelSays(True, writable=False, affinity=cpus(0, 1, 2, 3), effective=cpus())

    irq = one(row(24, 9, 0, 0, 0), says)

    assert irq.fixed == "managed by the kernel: its affinity is read-only"
    assert not irq.own
    assert irq.placed == {0: 9}


def test_a_read_only_irq_that_every_cpu_took_since_boot_is_their_own_though_one_is_busy_now():
    says = {"24": KernelSays(True, writable=False, effective=cpus())}
    earlier = parse("CPU0 CPU1\n 24: 500 700 GICv3 20 Level unlisted-timer\n")
    later = parse("CPU0 CPU1\n 24: 900 700 GICv3 20 Level unlisted-timer\n")

    (irq,) = make_irqs(between(earlier, later), says)

    assert irq.own
    assert "no CPU in particular" in irq.fixed


def test_an_idle_irq_that_is_routed_nowhere_may_be_moved():
    assert one(row(24, 0, 0, 0, 0), KernelSays(True, effective=cpus())).fixed == ""


def test_timers_of_which_each_cpu_has_its_own_are_fixed_where_they_are():
    for line in (
        " 11:  5  6  7  8     GICv3  27 Level     arch_timer",
        " 10:  5  6  7  8  RISC-V INTC   5 Edge      riscv-timer",
        " 16:  5  6  7  8  XIVE-IPI   0 Edge      IPI-0",
    ):
        irq = one(line)
        assert irq.fixed.startswith("per-CPU")
        assert irq.placed == {0: 5, 1: 6, 2: 7, 3: 8}
        assert irq.present == (0, 1, 2, 3)
        assert irq.own


def test_a_row_without_a_number_is_the_cpus_own_where_it_fired():
    irq = one("LOC: 5 0 7 0 Local timer interrupts")

    assert irq.placed == {0: 5, 2: 7}
    assert irq.present == (0, 2)
    assert irq.fixed
    assert irq.own


def test_subtotals_and_machine_wide_figures_are_in_no_total():
    subtotal, figure = one("EXT: 5 0 7 0"), one("ERR: 12")

    assert (subtotal.load, subtotal.placed) == (12, {})
    assert (figure.load, figure.placed, figure.present) == (12, {}, ())
    assert subtotal.own
    assert figure.own


def test_other_rows_that_did_not_fire_are_left_out_and_idle_irqs_are_not():
    text = f"CPU0\n{row(24, 0)}\nNMI: 0 x\nERR: 0\nFIQ: usb\nSTK: 4096 stack\n"

    irqs = make_irqs(since_boot(parse(text)))

    assert [irq.irq for irq in irqs] == ["24"]


def test_what_the_person_keeps_and_what_was_refused_before_is_fixed():
    measured = since_boot(parse(f"CPU0\n{row(24, 5)}\n{row(25, 6)}\n"))
    banned, any_ = Pattern("25", range(25, 26)), Pattern("*")
    selection = Selection(banned=(banned,), rules=(Rule(any_, cpus(3), ban=False),))

    first, second = make_irqs(measured, None, selection, {"24": "managed"}, {"25": 7.0})

    assert (first.fixed, second.fixed) == ("managed", "banned by --ban-irq 25")
    assert first.allowed == cpus(3)
    assert (first.last, second.last) == (None, 7.0)


@pytest.mark.parametrize(
    ("device", "group"),
    [
        ("eth0-TxRx-3", "eth0"),
        ("virtio6-input.0", "virtio6"),
        ("nvme0q3", "nvme0"),
        ("eth0-Tx-Rx-3", "eth0"),
        ("eth0-rx-0", "eth0"),
        ("eth0-tx3", "eth0"),
        ("vif0-q0-tx", "vif0"),
        ("i40e-enp5s0-TxRx-3", "i40e-enp5s0"),
        ("enp5s0f4 (queue 3)", "enp5s0f4"),
        ("mlx5_comp3@pci:0000:81:00.0", "0000:81:00.0"),
        ("mana_q0@pci:7870:00:00.0", "7870:00:00.0"),
        ("mlx4-5@0000:03:00.0", "0000:03:00.0"),
        ("hns3-0000:bd:00.0-TxRx-3", "0000:bd:00.0"),
        ("ahci[0000:00:1f.2]", "0000:00:1f.2"),
        ("nvme-of@pci:no-address", "no-address"),
        ("i801_smbus, snd_hda_intel:card0", "i801_smbus"),
        ("", ""),
    ],
)
def test_queues_are_told_from_their_device(device: str, group: str):
    assert Irq("24", device, 1.0, (0,), {}).group == group
