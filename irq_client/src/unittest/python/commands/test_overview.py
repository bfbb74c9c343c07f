"""The command `overview`."""

import machine
from irq_client.commands import overview
from irq_client.server import model
from sheets import lines, read

WINDOW_LINE = "2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples"


def test_an_overview_has_a_column_for_each_cpu():
    assert lines(overview.show_interrupts(read(model.read_interrupts, machine.INTERRUPTS))) == [
        WINDOW_LINE,
        "IRQ    DEVICE               CPU0   CPU1   TOTAL  RATE/s",
        "24     ahci[0000:00:1f.2]  1,800      0   1,800    30.0",
        "36     virtio1-req.0           0  5,604   5,604    93.4",
        "NMI                            4  3,697   3,701    61.7",
        "ERR                                           2     0.0",
        "total                      1,804  9,301  11,105   185.1",
    ]


def test_csv_has_a_row_for_each_irq_and_cpu():
    assert list(overview.list_interrupts(read(model.read_interrupts, machine.INTERRUPTS))) == [
        ("irq", "device", "cpu", "count"),
        ("24", "ahci[0000:00:1f.2]", 0, 1800),
        ("24", "ahci[0000:00:1f.2]", 1, 0),
        ("36", "virtio1-req.0", 0, 0),
        ("36", "virtio1-req.0", 1, 5604),
        ("NMI", "", 0, 4),
        ("NMI", "", 1, 3697),
        ("ERR", "", None, 2),
    ]


def test_escape_sequences_do_not_reach_a_csv_file():
    row = machine.ROWS[0] | {"device": "\x1b[2J\x9b"}
    answer = read(model.read_interrupts, machine.INTERRUPTS | {"irqs": [row]})

    assert list(overview.list_interrupts(answer))[1] == ("24", r"\x1b[2J\x9b", 0, 1800)
