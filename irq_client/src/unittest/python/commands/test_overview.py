"""The command `overview`."""

import pytest
from test_history import run

import machine
from irq_client.commands import overview
from irq_client.commands.shared import Balance
from irq_client.server import model
from sheets import lines, read

WINDOW_LINE = "2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples"
INTERRUPTS = read(model.read_interrupts, machine.INTERRUPTS)


def test_an_overview_has_a_column_for_each_cpu():
    assert lines(overview.show_interrupts(INTERRUPTS)) == [
        WINDOW_LINE,
        "IRQ    DEVICE                    CPU0   CPU1   TOTAL  RATE/s",
        "24     ahci[0000:00:1f.2]       1,800      0   1,800    30.0",
        "36     virtio1-req.0                0  5,604   5,604    93.4",
        "NMI    Non-maskable interrupts      4  3,697   3,701    61.7",
        "ERR                                                2     0.0",
        "total                           1,804  9,301  11,105   185.1",
    ]


@pytest.mark.parametrize(
    ("loads", "imbalance", "sentence"),
    [
        # 5604 of IRQ 36 in 60 s are 93.4 per second on CPU 1: less than half of 5,000
        ({0: 15_000.0, 1: 5_000.0}, 1.5, "CPU 0 takes 75% (15,000/s, 1.5 times the mean)."),
        ({1: 2_000.0}, 1.0, "CPU 1 takes 100% (2,000/s)."),
        ({0: 30.0, 1: 93.4}, 1.5, "Calm: CPU 1 takes 76% of what devices ask (93.4/s)."),
        ({0: 0.0, 1: 0.0}, 1.0, "Calm: devices interrupt no CPU."),
    ],
)
def test_a_sentence_says_how_busy_the_busiest_cpu_is(
    loads: dict[int, float], imbalance: float, sentence: str
):
    assert overview.balance_sentence(Balance(loads, imbalance), INTERRUPTS) == sentence


@pytest.mark.parametrize(("count", "tail"), [(60_000, ", mostly virtio1-req.0."), (59_999, ".")])
def test_a_device_that_makes_half_of_the_load_is_named(count: int, tail: str):
    rows = [
        # the CPU's own interrupts are more, and in no load
        machine.ROWS[2] | {"counts": [0, 900_000], "total": 900_000},
        machine.ROWS[1] | {"counts": [0, count], "total": count},
    ]
    answer = read(model.read_interrupts, machine.INTERRUPTS | {"irqs": rows})

    sentence = overview.balance_sentence(Balance({0: 0.0, 1: 2000.0}, 2.0), answer)

    assert sentence == f"CPU 1 takes 100% (2,000/s, 2.0 times the mean){tail}"


def test_the_command_begins_with_the_sentence_of_the_servers_figures():
    _, output, asked = run("overview", "--period", "1m")

    # 5604 of 7404 devices' interrupts in 60 s
    assert output.startswith("Calm: CPU 1 takes 76% of what devices ask (93.4/s).\n2026")
    # of the samples of the table, not of those that a minute has now
    edges = "start=2026-01-01T00%3A00%3A00Z&end=2026-01-01T00%3A01%3A00Z"
    assert asked == ["/api/v1/interrupts?period=1m", f"/api/v1/cpus?{edges}"]


def test_isolated_cpus_are_in_no_sentence():
    rows = [{"cpu": cpu, "total": 0, "rate": 0.0, "devices": 60_000 * cpu**2} for cpu in range(3)]
    # CPU 2 is isolated, says the status: 1000 over the mean of 0 and 1000
    cpus = {"window": machine.WINDOW, "cpus": rows, "total": 0, "imbalance": 2.0}

    _, output, asked = run("overview", answers={"cpus": cpus})

    assert output.startswith("CPU 1 takes 100% (1,000/s, 2.0 times the mean).")
    assert asked[-1] == "/api/v1/status"


def test_an_older_server_has_no_sentence():
    rows = [{"cpu": cpu, "total": 1, "rate": 1.0} for cpu in range(2)]
    cpus = {"window": machine.WINDOW, "cpus": rows, "total": 2}

    status, output, _ = run("overview", answers={"cpus": cpus})

    assert (status, output.splitlines()[0]) == (0, WINDOW_LINE)


@pytest.mark.parametrize(
    "argv", [["--irq", "36"], ["--device", "virtio1*"], ["--cpu", "1"], ["--format", "json"]]
)
def test_a_part_of_the_machine_and_numbers_have_no_sentence(argv: list[str]):
    _, output, asked = run("overview", *argv)

    assert not any("/cpus" in each for each in asked)
    assert output[:1] in ("2", "{")


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
