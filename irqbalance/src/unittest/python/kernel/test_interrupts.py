"""The parser of /proc/interrupts, on every captured machine and on every kind of row."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from irqbalance.errors import InterruptsFormatError
from irqbalance.kernel.interrupts import Description, Parser, Row, Snapshot, describe, parse

# name: CPUs of the header, number of rows, one IRQ and its counts: read off the files by eye
MACHINES = {
    "arm64-4cpu": ((0, 1, 2, 3), 55, "IPI1", (395, 262, 500, 441)),
    "arm64-4cpu-6.12": ((0, 1, 2, 3), 52, "11", (1065, 1107, 1356, 1182)),
    "arm64-8cpu-2node": ((0, 2, 3, 4, 5, 6, 7), 71, "IPI0", (20, 42, 36, 50, 39, 12, 42)),
    "armhf-4cpu": ((0, 1, 2, 3), 48, "26", (9173, 9798, 9447, 8469)),
    "ppc64el-8cpu-2node": (tuple(range(8)), 68, "16", (319, 402, 371, 269, 0, 0, 0, 0)),
    "riscv64-4cpu": ((0, 1, 2, 3), 15, "10", (2417, 2116, 2129, 2749)),
    "s390x-4cpu": ((0, 1, 2, 3), 36, "VIR", (131, 133, 26, 83)),
    "s390x-4cpu-pci": ((0, 1, 2, 3), 42, "I/O", (85, 264, 11, 31)),
    "x86_64-128cpu": (tuple(range(128)), 121, "ERR", None),
    "x86_64-1cpu-xtpic": ((0,), 28, "11", (581,)),
    "x86_64-2cpu-vm": ((0, 1), 35, "PIW", (0, 0)),
    "x86_64-4cpu": ((0, 1, 2, 3), 70, "26", (0, 129, 0, 0)),
    "x86_64-4cpu-6.12": ((0, 1, 2, 3), 66, "PIW", (0, 0, 0, 0)),
    "x86_64-4cpu-7.2": ((0, 1, 2, 3), 63, "VPMI", (0, 0, 0, 0)),
    "x86_64-4cpu-cpu1off": ((0, 2, 3), 70, "LOC", (1681, 1579, 1748)),
    "x86_64-4cpu-iommu": ((0, 1, 2, 3), 71, "24", (0, 0, 0, 0)),
    "x86_64-4cpu-isolated": ((0, 1, 2, 3), 70, "MIS", None),
    "x86_64-4cpu-mqnet": ((0, 1, 2, 3), 88, "MIS", None),
    "x86_64-4of8cpu": ((0, 1, 2, 3), 70, "MIS", None),
    "x86_64-64cpu": (tuple(range(64)), 121, "ERR", None),
    "x86_64-8cpu-2node": (tuple(range(8)), 114, "ERR", None),
}

TWO_CPUS = "           CPU0       CPU1       \n"


def rows_of(text: str) -> dict[str, Row]:
    return {row.irq: row for row in parse(text).rows}


@pytest.mark.parametrize("name", MACHINES)
def test_every_captured_machine_is_read_right(captured: Callable[[str], Path], name: str):
    cpus, row_count, irq, counts = MACHINES[name]

    snapshot = parse((captured(name) / "proc/interrupts").read_text())

    assert cpus == snapshot.cpus
    assert row_count == len(snapshot.rows)
    assert counts == {row.irq: row for row in snapshot.rows}[irq].counts
    assert all(len(row.counts) == len(cpus) for row in snapshot.rows if row.counts is not None)
    assert len({row.irq for row in snapshot.rows}) == row_count


@pytest.mark.parametrize("name", MACHINES)
def test_a_numbered_row_says_what_the_kernel_says_in_sys(
    captured: Callable[[str], Path], name: str
):
    tree = captured(name)
    compared = 0
    for row in parse((tree / "proc/interrupts").read_text()).rows:
        kernel = tree / "sys/kernel/irq" / row.irq
        if not row.is_numbered or not kernel.is_dir():
            continue
        description = row.description
        # empty where the driver prints its chip's name by itself
        assert (kernel / "chip_name").read_text().strip() in (description.chip, "")
        assert (kernel / "actions").read_text().strip() in (",".join(row.actions), "(null)")
        if description.hwirq:
            assert (kernel / "hwirq").read_text().strip() == description.hwirq
        if description.trigger.islower():
            assert (kernel / "name").read_text().strip() == description.trigger
        compared += 1
    assert compared > 5 or name.startswith("s390x")


def test_cpu_numbers_come_from_the_header_not_from_the_position():
    snapshot = parse("      CPU0       CPU2       CPU17\n 24: 1 2 3 PCI-MSI 1-edge eth0\n")

    assert snapshot.cpus == (0, 2, 17)
    assert snapshot.rows[0].counts == (1, 2, 3)


def test_a_count_that_touches_its_label_is_read():
    rows = rows_of(TWO_CPUS + "IPI0:4294967295          7  Rescheduling interrupts\n")

    assert rows["IPI0"].counts == (4294967295, 7)
    assert rows["IPI0"].description.text == "Rescheduling interrupts"


def test_a_row_without_numbers_has_neither_counts_nor_a_figure():
    rows = rows_of(TWO_CPUS + "FIQ:              usb_fiq\n")

    assert rows["FIQ"] == Row("FIQ", None, None, Description(text="usb_fiq"))


@pytest.mark.parametrize("label", ["ERR", "MIS", "Err", "BAD"])
def test_a_single_figure_belongs_to_the_whole_machine(label: str):
    rows = rows_of(TWO_CPUS + f"{label}:          4\n")

    assert rows[label].counts is None
    assert rows[label].figure == 4


def test_on_one_cpu_a_bare_figure_is_the_machines_and_others_are_the_cpus():
    rows = rows_of("  CPU0\n  0: 5 XT-PIC  timer\n 13: 6\nNMI: 7  Text\nEXT: 8\nERR: 9\n")

    assert {irq: row.counts for irq, row in rows.items()} == {
        "0": (5,),
        "13": (6,),
        "NMI": (7,),
        "EXT": (8,),
        "ERR": None,
    }
    assert rows["ERR"].figure == 9


def test_a_label_that_stands_twice_gets_a_number():
    rows = rows_of(TWO_CPUS + "THR: 1 2 a\nLOC: 3 4 b\nTHR: 5 6 c\nTHR: 7 8 d\n")

    assert list(rows) == ["THR", "LOC", "THR#2", "THR#3"]
    assert rows["THR#2"].counts == (5, 6)


def test_subtotals_of_s390x_are_told_apart(captured: Callable[[str], Path]):
    snapshot = parse((captured("s390x-4cpu-pci") / "proc/interrupts").read_text())

    assert [row.irq for row in snapshot.rows if row.is_subtotal] == ["EXT", "I/O", "AIO"]


def test_a_line_with_several_devices_names_them_all(captured: Callable[[str], Path]):
    snapshot = parse((captured("riscv64-4cpu") / "proc/interrupts").read_text())
    row = next(row for row in snapshot.rows if row.irq == "12")

    assert row.device == "virtio0, virtio4, xhci-hcd:usb1, eth3"
    assert row.actions == ("virtio0", "virtio4", "xhci-hcd:usb1", "eth3")


def test_a_thousand_cpus_are_read():
    cpus = range(1000)
    header = "".join(f"CPU{cpu:<8d}" for cpu in cpus)
    cells = "".join(f"{cpu * 3:10d} " for cpu in cpus)

    snapshot = parse(f"{header}\n 24: {cells} PCI-MSI 5-edge      eth0\n")

    assert snapshot.cpus == tuple(cpus)
    assert snapshot.rows[0].counts == tuple(cpu * 3 for cpu in cpus)
    assert snapshot.rows[0].device == "eth0"


@pytest.mark.parametrize(
    ("text", "chip", "hwirq", "trigger", "device"),
    [
        ("IO-APIC   2-edge      timer", "IO-APIC", "2", "edge", "timer"),
        ("PCI-MSIX-0000:00:02.0   1-edge   x.0", "PCI-MSIX-0000:00:02.0", "1", "edge", "x.0"),
        ("SiFive PLIC   11 Edge      101000.rtc", "SiFive PLIC", "11", "Edge", "101000.rtc"),
        ("9030000.pl061   3 Edge      GPIO Key", "9030000.pl061", "3", "Edge", "GPIO Key"),
        ("XT-PIC      timer", "XT-PIC", "", "", "timer"),
        ("PCI-MSI  virtio9-input.0", "PCI-MSI", "", "", "virtio9-input.0"),
        ("xen-percpu    -virq      timer0", "xen-percpu", "", "virq", "timer0"),
        ("xen-pirq  1-ioapic-edge  i8042", "xen-pirq", "1", "ioapic-edge", "i8042"),
        ("MIPS   7  timer", "MIPS", "7", "", "timer"),
        ("PCI-MSI 245763-edge", "PCI-MSI", "245763", "edge", ""),
        # no hardware IRQ, but the level that arm64 and others print
        ("xen-dyn         Edge    -event     vif0-q0-tx", "xen-dyn", "", "event", "vif0-q0-tx"),
        ("xen-dyn-lateeoi         Edge    -event", "xen-dyn-lateeoi", "", "event", ""),
        ("my chip      Level    timer 3", "my chip", "", "Level", "timer 3"),
        ("xen-dyn    -event     port 4", "xen-dyn", "", "event", "port 4"),
        ("XT-PIC      timer 3", "XT-PIC", "", "", "timer 3"),
        ("GICv3   5 Edge    -fasteoi   eth0 6", "GICv3", "5", "fasteoi", "eth0 6"),
        # the kernel prints the hardware IRQ as an int, and Azure's are beyond that
        (
            "Hyper-V PCIe MSI -2147483647-edge      mana_q0@pci:7870:00:00.0",
            *("Hyper-V PCIe MSI", "-2147483647", "edge", "mana_q0@pci:7870:00:00.0"),
        ),
        ("PCI-MSI -2147467264-edge      nvme0q1", "PCI-MSI", "-2147467264", "edge", "nvme0q1"),
        ("GICv3 -5 Level     eth0", "GICv3", "-5", "Level", "eth0"),
        ("", "", "", "", ""),
    ],
)
def test_the_text_of_a_numbered_row_is_taken_apart(
    text: str, chip: str, hwirq: str, trigger: str, device: str
):
    assert describe(text) == Description(text, chip, hwirq, trigger, device)


@pytest.mark.parametrize(
    ("text", "line_number"),
    [
        ("", 1),
        ("hello world\n", 1),
        ("CPU0 CPUx\n 1: 2 3\n", 1),
        ("CPU1 CPU0\n 1: 2 3\n", 1),
        ("CPU0 CPU0\n 1: 2 3\n", 1),
        (TWO_CPUS, 2),
        (TWO_CPUS + "\n\n", 2),
        (TWO_CPUS + " 24: 1 2 PCI-MSI 1-edge eth0\nno colon here\n", 3),
        (TWO_CPUS + " 24: 1 PCI-MSI 1-edge eth0\n", 2),
        (TWO_CPUS + " 24: 1\n", 2),
        (TWO_CPUS + " 24: -1 2 PCI-MSI\n", 2),
        (TWO_CPUS + " 24: 1_0 2 PCI-MSI\n", 2),
        (TWO_CPUS + " 24: \u0661 2 PCI-MSI\n", 2),
        (TWO_CPUS + "LOC: 1 Local timer interrupts\n", 2),
        ("CPU0 CPU1 CPU2\nLOC: 1 2\n", 2),
        (TWO_CPUS + "two words: 1 2\n", 2),
        # a CPU came online while the file was read: a cell more than the header has CPUs
        (TWO_CPUS + " 24: 1 2 PCI-MSI 1-edge eth0\n 25: 1 2 3 PCI-MSI 2-edge eth1\n", 3),
        (TWO_CPUS + " 24: 1 2 3 4 PCI-MSI 1-edge eth0\n", 2),
        (TWO_CPUS + " 24: 1 2          0     PCI-MSI   5 Edge      eth0\n", 2),
        (TWO_CPUS + " 24: 1 2 3        -   5 Edge      eth0\n", 2),
        (TWO_CPUS + " 24: 1 2 3\n", 2),
        (TWO_CPUS + "LOC: 1 2 4294967295 Local timer interrupts\n", 2),
        (TWO_CPUS + "IPI0:1 2 3  Rescheduling interrupts\n", 2),
        (TWO_CPUS + "EXT: 1 2 3\n", 2),
        ("CPU0\n 24: 1 2 XT-PIC  timer\n", 2),
        ("CPU0\nNMI: 1 2 Non-maskable interrupts\n", 2),
        # a CPU went away: a cell less, which is no figure of the whole machine
        (TWO_CPUS + "EXT: 1\n", 2),
        (TWO_CPUS + "I/O: 1\n", 2),
        (TWO_CPUS + ": 1 2\n", 2),
    ],
)
def test_what_is_not_proc_interrupts_is_refused_with_its_line(text: str, line_number: int):
    with pytest.raises(InterruptsFormatError, match=f"line {line_number}: expected") as caught:
        parse(text)

    assert caught.value.line_number == line_number


@given(
    before=st.sets(st.integers(0, 40), min_size=1, max_size=9).map(sorted),
    after=st.sets(st.integers(0, 40), min_size=1, max_size=9).map(sorted),
    torn=st.integers(1, 3),
)
def test_a_text_of_two_sets_of_cpus_is_refused(before: list[int], after: list[int], torn: int):
    """The header is printed first. The row where other CPUs are online is not known before."""
    assume(len(before) != len(after))
    rows = [
        ("24", "  PCI-MSI 1-edge      eth0"),
        ("25", "  GICv3   5 Level     eth1"),
        ("LOC", "  Local timer interrupts"),
        ("EXT", ""),
    ]
    lines = ["           " + "".join(f"CPU{cpu:<8d}" for cpu in before)]
    for number, (label, text) in enumerate(rows):
        cpus = before if number < torn else after
        lines.append(f"{label:>3}: {''.join(f'{cpu:10d} ' for cpu in cpus)}{text}")

    with pytest.raises(InterruptsFormatError) as caught:
        parse("\n".join(lines) + "\n")

    assert caught.value.line_number == torn + 2


def test_a_number_before_a_level_or_beyond_a_cell_is_no_cell():
    rows = rows_of(
        TWO_CPUS + " 24: 1 2          8 Edge      eth0\n"
        " 25: 1 2 4294967296      eth1\n 26: 1 2 30200000.gpio   5 Edge      key\n"
    )

    assert [rows[irq].counts for irq in ("24", "25", "26")] == [(1, 2)] * 3
    assert rows["26"].device == "key"


@pytest.mark.parametrize("end", ["", "\n\n", "\n \n\t\n", "\r\n\r\n"])
def test_blank_lines_at_the_end_of_a_pasted_text_are_no_rows(end: str):
    snapshot = parse(TWO_CPUS + " 24: 1 2 PCI-MSI 1-edge eth0" + end)

    assert [(row.irq, row.counts, row.device) for row in snapshot.rows] == [("24", (1, 2), "eth0")]


def test_a_parser_gives_the_same_row_for_an_unchanged_line():
    parser = Parser()
    before = parser.parse(TWO_CPUS + " 24: 1 2 PCI-MSI 1-edge eth0\nLOC: 5 6 Timer\nLOC: 7 8 x\n")

    after = parser.parse(TWO_CPUS + " 24: 1 2 PCI-MSI 1-edge eth0\nLOC: 5 9 Timer\nLOC: 7 8 x\n")

    assert after.rows[0] is before.rows[0]
    assert after.rows[1] == Row("LOC", (5, 9), None, Description(text="Timer"))
    assert after.rows[2] is before.rows[2]


def test_a_parser_forgets_the_old_rows_when_the_cpus_change():
    parser = Parser()
    parser.parse(TWO_CPUS + " 24: 1 2\n")

    with pytest.raises(InterruptsFormatError, match="line 3"):
        parser.parse("CPU0\nLOC: 1 Timer\nnonsense")
    after = parser.parse("      CPU0\n 24: 1 x\n")

    assert after.cpus == (0,)
    assert after.rows[0].counts == (1,)


CELLS = st.one_of(st.integers(0, 99), st.integers(0, 2**32 - 1))
TEXT_ROWS = st.tuples(
    st.sampled_from(["24:", "45:", "LOC:", "IPI0:", "THR:", "ERR:", "MIS :"]),
    st.lists(CELLS.map(str), min_size=1, max_size=3),
    st.sampled_from(
        ["", " PCI-MSI 1-edge eth0", " PCI-MSI 2-edge eth0, eth1", " 7 Edge x", "\tT "]
    ),
)


@given(st.lists(st.lists(TEXT_ROWS, min_size=3, max_size=4), min_size=2, max_size=5), st.data())
def test_a_parser_reads_each_text_as_if_it_were_the_first(
    texts: list[list[tuple[str, list[str], str]]], data: st.DataObject
):
    parser = Parser()
    for number, rows in enumerate(texts):
        # most lines are as in the text before, but for a cell
        before = texts[number - 1] if number else rows
        rows[:] = [
            (label, [data.draw(st.sampled_from([cells[0], new[0]])), *cells[1:]], text)
            for (label, cells, text), (_, new, _) in zip(before, rows, strict=False)
        ] + rows[len(before) :]
        glue = data.draw(st.sampled_from([" ", ""]))
        lines = [f"{label}{glue}{'  '.join(cells)}{text}" for label, cells, text in rows]
        printed = "\n".join(["CPU0 CPU1", *lines]) + "\n"

        assert outcome(parser, printed) == outcome(Parser(), printed)


def outcome(parser: Parser, text: str) -> Snapshot | int:
    try:
        return parser.parse(text)
    except InterruptsFormatError as error:
        return error.line_number


@pytest.mark.parametrize("cell", ["4294967296", "-1", "1_0", "\u0661", "x"])
def test_a_cell_that_cannot_be_is_refused_in_a_changed_line_too(cell: str):
    parser = Parser()
    for count in (1, 2):
        parser.parse(TWO_CPUS + f" 24: {count} 7 PCI-MSI 1-edge eth0\n")

    with pytest.raises(InterruptsFormatError, match="line 2"):
        parser.parse(TWO_CPUS + f" 24: {cell} 7 PCI-MSI 1-edge eth0\n")

    # what was read of a text that is refused counts nowhere
    after = parser.parse(TWO_CPUS + " 24: 2 9 PCI-MSI 1-edge eth0\n")
    assert after.rows[0].counts == (2, 9)


def test_a_cell_behind_a_glued_one_is_the_next_cpus():
    parser = Parser()
    for count in (4, 5, 6):
        snapshot = parser.parse(TWO_CPUS + f"IPI0:4294967295 {count} Rescheduling interrupts\n")

        assert snapshot.rows[0].counts == (4294967295, count)


def test_a_text_that_is_refused_leaves_no_cell_behind():
    parser = Parser()
    for count in (1, 2):
        parser.parse(TWO_CPUS + f" 24: {count} 7 x\n 25: {count} 7 x\n")

    with pytest.raises(InterruptsFormatError, match="line 3"):
        parser.parse(TWO_CPUS + " 24: 5 7 x\n 25: nonsense\n")

    after = parser.parse(TWO_CPUS + " 24: 5 8 x\n 25: 2 8 x\n")
    assert [row.counts for row in after.rows] == [(5, 8), (2, 8)]


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str):
    try:
        snapshot = parse(text)
    except InterruptsFormatError as error:
        line_number = error.line_number
    else:
        line_number = len(snapshot.rows) + 1

    assert 1 <= line_number <= text.count("\n") + 2


@given(
    cpus=st.sets(st.integers(0, 2000), min_size=1, max_size=9).map(sorted),
    data=st.data(),
)
def test_what_the_kernel_would_print_is_read_back(cpus: list[int], data: st.DataObject):
    cells = st.lists(st.integers(0, 2**32 - 1), min_size=len(cpus), max_size=len(cpus))
    rows = data.draw(st.dictionaries(st.integers(0, 4000), cells, min_size=1, max_size=6))
    lines = ["           " + "".join(f"CPU{cpu:<8d}" for cpu in cpus)]
    lines += [
        f"{irq:3d}: {''.join(f'{cell:10d} ' for cell in counts)} PCI-MSI {irq * 2}-edge  d{irq}"
        for irq, counts in rows.items()
    ]

    snapshot = parse("\n".join(lines) + "\n")

    assert list(snapshot.cpus) == cpus
    assert {row.irq: row.counts for row in snapshot.rows} == {
        str(irq): tuple(counts) for irq, counts in rows.items()
    }
    assert [row.device for row in snapshot.rows] == [f"d{irq}" for irq in rows]
