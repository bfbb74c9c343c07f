"""Windows, and names from the network, in every command."""

import machine
from irq_client.commands import affinity, cpus, events, history, irqs, overview, shared
from irq_client.server import model
from irq_client.server.times import Moment
from sheets import lines, read


def test_a_window_that_is_not_whole_says_so():
    window = machine.WINDOW | {"complete": False, "gaps": 2, "resets": 1}
    sheet = cpus.shown_cpus(read(model.read_cpus, machine.CPUS | {"window": window})).sheet()

    assert lines(sheet)[2:5] == [
        "incomplete: an edge lies in a gap, or counts were lost",
        "2 gaps between samples",
        "1 IRQ started again from zero",
    ]


def test_a_history_that_begins_in_the_window_says_when_and_how_much_there_is():
    requested = {"start": "2025-12-31T23:45:00.250Z", "end": "2026-01-01T00:01:00.250Z"}
    window = machine.WINDOW | {"complete": False, "requested": requested}

    sheet = cpus.shown_cpus(read(model.read_cpus, machine.CPUS | {"window": window})).sheet()

    assert lines(sheet)[2] == "history starts 00:00:00: 60 s of 16 minutes"


def test_a_history_that_begins_behind_the_window_says_so():
    requested = {"start": "2025-12-31T10:00:00Z", "end": "2025-12-31T11:00:00Z"}
    first = {"end": "2026-01-01T00:00:00Z", "seconds": 0.0, "samples": 1}
    window = machine.WINDOW | first | {"complete": False, "requested": requested}
    idle = [{"cpu": 0, "total": 0, "rate": 0.0, "devices": 0}]
    answer = machine.CPUS | {"window": window, "cpus": idle, "total": 0}

    assert lines(cpus.shown_cpus(read(model.read_cpus, answer)).sheet())[1:] == [
        "1 idle row left out; --all shows them",
        "history starts 2026-01-01 00:00:00, after the window",
        "no two samples in the window",
    ]


WINDOW = read(model.read_events, machine.EVENTS).window
HOSTILE = "\x1b]0;owned\x07[red]\n\x9b2J\u202e"


def test_no_name_of_the_network_reaches_a_line_as_it_is():
    irq = {"irq": "3\x1b6", "device": HOSTILE, "affinity": HOSTILE, "effective_affinity": HOSTILE}
    moment = Moment("2026-01-01T00:00:10Z")
    change = model.Event(moment, HOSTILE, HOSTILE, 1, HOSTILE, HOSTILE)
    series = machine.SERIES["points"][0] | {"counts": {HOSTILE: 5}}
    sheets = [
        overview.show_interrupts(
            read(
                model.read_interrupts,
                machine.INTERRUPTS | {"irqs": [machine.ROWS[0] | irq]},
            )
        ),
        irqs.shown_irqs(
            read(model.read_irqs, machine.IRQS | {"irqs": [machine.ROWS[0] | irq]}),
        ).sheet(),
        irqs.shown_irq(read(model.read_one_irq, machine.ONE_IRQ | irq)).sheet(),
        cpus.shown_cpu(
            read(model.read_one_cpu, machine.ONE_CPU | {"irqs": [machine.ROWS[0] | irq]})
        ).sheet(),
        events.show_events(WINDOW, [events.Happened(change, HOSTILE)]),
        history.show_series(
            read(model.read_series, machine.SERIES | {"by": HOSTILE, "points": [series]})
        ),
        affinity.show_affinity(read(model.read_affinity, machine.AFFINITY | irq)),
    ]

    for sheet in sheets:
        assert all(line.isprintable() for line in lines(sheet))
        assert any("[red]" in line for line in lines(sheet))

    assert shared.change_text(change, HOSTILE).isprintable()
