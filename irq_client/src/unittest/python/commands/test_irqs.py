"""The commands `irqs` and `irq`."""

import machine
from irq_client.cli import main
from irq_client.commands import irqs
from irq_client.server import model
from service import WebService
from sheets import lines, read
from terminal import streams, written

WINDOW_LINE = "2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples"


def test_a_window_of_one_sample_has_no_rate():
    window = machine.WINDOW | {"end": machine.WINDOW["start"], "seconds": 0.0, "samples": 1}
    sheet = irqs.shown_irq(read(model.read_one_irq, machine.ONE_IRQ | {"window": window})).sheet()

    assert lines(sheet)[0] == "2026-01-01 00:00:00 .. 00:00:00 UTC  0 s, 1 sample"
    assert lines(sheet)[-1] == "  1  5,604     0.0  100.0%"


def test_irqs_stand_busiest_first():
    assert lines(irqs.shown_irqs(read(model.read_irqs, machine.IRQS)).sheet())[1:] == [
        "IRQ    DEVICE                    TOTAL  RATE/s  AFFINITY  EFFECTIVE",
        "36     virtio1-req.0             5,604    93.4  0-1       1",
        "NMI    Non-maskable interrupts   3,701    61.7",
        "24     ahci[0000:00:1f.2]        1,800    30.0  0-1       0",
        "ERR                                  2     0.0",
        "total                           11,105   185.1",
    ]


def test_one_irq_has_shares():
    assert lines(irqs.shown_irq(read(model.read_one_irq, machine.ONE_IRQ)).sheet()) == [
        WINDOW_LINE,
        "IRQ 36 (virtio1-req.0)",
        "5,604 interrupts, 93.4 per second",
        "affinity 0-1, effective 1",
        "1 idle row left out; --all shows them",
        "CPU  TOTAL  RATE/s   SHARE",
        "  1  5,604    93.4  100.0%",
    ]


def test_one_irq_without_cpus_is_the_whole_machines():
    answer = machine.ONE_IRQ | {"irq": "ERR", "device": None, "counts": None, "affinity": None}

    assert lines(irqs.shown_irq(read(model.read_one_irq, answer)).sheet())[1:] == [
        "IRQ ERR",
        "5,604 interrupts, 93.4 per second",
        "affinity -, effective 1",
        "counted for the whole machine, not by CPU",
    ]


def test_idle_cpus_are_shown_if_wanted():
    answer = read(model.read_one_irq, machine.ONE_IRQ | {"counts": [0, 0], "total": 0, "rate": 0})

    assert lines(irqs.shown_irq(answer).sheet())[-1] == "nothing in the window"
    assert lines(irqs.shown_irq(answer, every=True).sheet())[-1].split() == [
        "1",
        "0",
        "0.0",
        "0.0%",
    ]


def test_idle_irqs_are_shown_if_wanted():
    idle = machine.ROWS[0] | {"counts": [0, 0], "total": 0, "rate": 0}
    rows = [
        each | {"affinity": None, "effective_affinity": None} for each in (idle, machine.ROWS[1])
    ]
    answer = read(model.read_irqs, machine.IRQS | {"irqs": rows})

    assert lines(irqs.shown_irqs(answer).sheet())[1] == "1 idle row left out; --all shows them"
    assert [row[0] for row in irqs.shown_irqs(answer).sheet().rows] == ["36"]
    assert [row[0] for row in irqs.shown_irqs(answer, every=True).sheet().rows] == ["36", "24"]
    assert len(list(irqs.shown_irqs(answer).rows())) == 3


def test_csv_has_a_row_for_each_irq():
    assert list(irqs.shown_irqs(read(model.read_irqs, machine.IRQS)).rows()) == [
        ("irq", "device", "total", "rate", "affinity"),
        ("36", "virtio1-req.0", 5604, 93.4, "0-1"),
        ("NMI", "", 3701, 61.7, None),
        ("24", "ahci[0000:00:1f.2]", 1800, 30.0, "0-1"),
        ("ERR", "", 2, 0.0, None),
    ]


def test_csv_of_one_irq_has_one_row_in_the_same_columns():
    assert list(irqs.shown_irq(read(model.read_one_irq, machine.ONE_IRQ)).rows()) == [
        ("irq", "device", "total", "rate", "affinity"),
        ("36", "virtio1-req.0", 5604, 93.4, "0-1"),
    ]


def test_a_name_of_several_irqs_shows_them_as_irqs_does():
    with WebService(machine.answer_well) as service:
        given = streams({"IRQ_CLIENT_SERVER": service.url})

        assert main(["irq", "24,36", "--period", "5m"], given) == 0

        targets = [request.target for request in service.requests]
    assert targets == [
        "/api/v1/irqs?period=5m",
        "/api/v1/irqs?period=5m&irq=24&irq=36",
    ]
    assert "IRQ    DEVICE" in written(given.stdout)
