"""The commands `cpus` and `cpu`."""

import machine
from irq_client.commands import cpus
from irq_client.server import model
from sheets import lines, read

WINDOW_LINE = "2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples"


def test_cpus_are_listed_with_the_part_of_devices_and_the_imbalance():
    assert lines(cpus.shown_cpus(read(model.read_cpus, machine.CPUS)).sheet())[1:] == [
        # 5604 on CPU 1, 3702 on the mean CPU
        "imbalance 1.51",
        "CPU     TOTAL  RATE/s  DEVICES",
        "0       1,804    30.1    1,800",
        "1       9,301   155.0    5,604",
        "total  11,105   185.1    7,404",
    ]


def test_one_sample_is_no_imbalance_and_what_has_two_is_said():
    window = machine.WINDOW | {"seconds": 0.0, "samples": 1, "resolution_seconds": 15.0}
    rows = [{"cpu": 0, "total": 0, "rate": 0.0, "devices": 0}]
    answer = machine.CPUS | {"window": window, "cpus": rows, "total": 0, "imbalance": 1.0}

    assert lines(cpus.shown_cpus(read(model.read_cpus, answer)).sheet())[1:] == [
        "1 idle row left out; --all shows them",
        "no two samples in the window; they are 15 s apart, give a longer --period",
    ]


def test_the_busiest_cpus_are_chosen():
    answer = read(model.read_cpus, machine.CPUS)

    assert [row[0] for row in cpus.shown_cpus(answer, top=1).sheet().rows] == ["1"]
    assert [row[0] for row in cpus.shown_cpus(answer, top=1).rows()] == ["cpu", "1"]


def test_an_older_server_says_nothing_of_devices():
    rows = [{"cpu": 0, "total": 60, "rate": 1.0}]
    answer = {"window": machine.WINDOW, "cpus": rows, "total": 60}

    assert lines(cpus.shown_cpus(read(model.read_cpus, answer)).sheet())[1:] == [
        "CPU    TOTAL  RATE/s  DEVICES",
        "0         60     1.0",
        "total     60     1.0",
    ]


def test_one_cpu_has_its_irqs_busiest_first():
    assert lines(cpus.shown_cpu(read(model.read_one_cpu, machine.ONE_CPU)).sheet())[1:] == [
        "CPU 1",
        "IRQ    DEVICE                   TOTAL  RATE/s",
        "36     virtio1-req.0            5,604    93.4",
        "NMI    Non-maskable interrupts  3,697    61.6",
        "total                           9,301   155.0",
    ]


def test_idle_rows_are_shown_if_wanted():
    idle = {"irq": "9", "device": "acpi", "total": 0, "rate": 0}
    answer = read(model.read_one_cpu, machine.ONE_CPU | {"irqs": [idle]})

    assert "1 idle row left out; --all shows them" in lines(cpus.shown_cpu(answer).sheet())
    assert lines(cpus.shown_cpu(answer, every=True).sheet())[3].split()[:2] == ["9", "acpi"]


def test_csv_has_a_row_for_each_cpu():
    assert list(cpus.shown_cpus(read(model.read_cpus, machine.CPUS)).rows()) == [
        ("cpu", "total", "rate", "devices"),
        ("0", 1804, 30.1, 1800),
        ("1", 9301, 155.0, 5604),
    ]


def test_csv_of_one_cpu_has_its_irqs():
    assert list(cpus.shown_cpu(read(model.read_one_cpu, machine.ONE_CPU)).rows()) == [
        ("irq", "device", "total", "rate"),
        ("36", "virtio1-req.0", 5604, 93.4),
        ("NMI", "", 3697, 61.6),
    ]
