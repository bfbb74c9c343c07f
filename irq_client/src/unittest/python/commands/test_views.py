"""Answers as sheets: what stands in which line."""

from dataclasses import replace

import machine
from irq_client.commands import views
from irq_client.server import model
from irq_client.server.authors import attributed
from irq_client.server.json_fields import JsonObject
from irq_client.server.times import Moment
from irq_client.terminal.table import Sheet, layout

WINDOW_LINE = "2026-01-01T00:00:00Z .. 2026-01-01T00:01:00Z  60 s, 7 samples"


def lines(sheet: Sheet) -> list[str]:
    """Gives the plain lines of a sheet on a wide terminal."""
    return ["".join(text for text, _ in line) for line in layout(sheet, 200)]


def read(reader, answer: dict):
    """Reads an answer."""
    return reader(JsonObject(answer, ""))


def test_an_overview_has_a_column_for_each_cpu():
    assert lines(views.show_interrupts(read(model.read_interrupts, machine.INTERRUPTS))) == [
        WINDOW_LINE,
        "IRQ    DEVICE               CPU0   CPU1   TOTAL  RATE/s",
        "24     ahci[0000:00:1f.2]  1,800      0   1,800    30.0",
        "36     virtio1-req.0           0  5,604   5,604    93.4",
        "NMI                            4  3,697   3,701    61.7",
        "ERR                                           2     0.0",
        "total                      1,804  9,301  11,105   185.1",
    ]


def test_a_window_that_is_not_whole_says_so():
    window = machine.WINDOW | {"complete": False, "gaps": 2, "resets": 1}
    sheet = views.show_cpus(read(model.read_cpus, machine.CPUS | {"window": window}))

    assert lines(sheet)[1:4] == [
        "incomplete: the store does not hold the whole window that was asked for",
        "2 gaps between samples",
        "1 IRQ started again from zero",
    ]


def test_a_window_of_one_sample_has_no_rate():
    window = machine.WINDOW | {"end": machine.WINDOW["start"], "seconds": 0.0, "samples": 1}
    sheet = views.show_one_irq(read(model.read_one_irq, machine.ONE_IRQ | {"window": window}))

    assert lines(sheet)[0] == "2026-01-01T00:00:00Z .. 2026-01-01T00:00:00Z  0 s, 1 sample"
    assert lines(sheet)[-1] == "  1  5,604     0.0  100.0%"


def test_irqs_stand_busiest_first():
    assert lines(views.show_irqs(read(model.read_irqs, machine.IRQS)))[1:] == [
        "IRQ    DEVICE               TOTAL  RATE/s  AFFINITY  EFFECTIVE",
        "36     virtio1-req.0        5,604    93.4  0-1       1",
        "NMI                         3,701    61.7",
        "24     ahci[0000:00:1f.2]   1,800    30.0  0-1       0",
        "ERR                             2     0.0",
        "total                      11,105   185.1",
    ]


def test_one_irq_has_shares():
    assert lines(views.show_one_irq(read(model.read_one_irq, machine.ONE_IRQ))) == [
        WINDOW_LINE,
        "IRQ 36 (virtio1-req.0)",
        "5,604 interrupts, 93.4 per second",
        "affinity 0-1, effective 1",
        "CPU  TOTAL  RATE/s   SHARE",
        "  0      0     0.0    0.0%",
        "  1  5,604    93.4  100.0%",
    ]


def test_one_irq_without_cpus_is_the_whole_machines():
    answer = machine.ONE_IRQ | {"irq": "ERR", "device": None, "counts": None, "affinity": None}

    assert lines(views.show_one_irq(read(model.read_one_irq, answer)))[1:] == [
        "IRQ ERR",
        "5,604 interrupts, 93.4 per second",
        "affinity -, effective 1",
        "counted for the whole machine, not by CPU",
    ]


def test_an_idle_irq_has_no_share():
    answer = machine.ONE_IRQ | {"counts": [0, 0], "total": 0, "rate": 0}

    assert lines(views.show_one_irq(read(model.read_one_irq, answer)))[-1].endswith("0.0%")


def test_cpus_are_listed():
    assert lines(views.show_cpus(read(model.read_cpus, machine.CPUS)))[1:] == [
        "CPU     TOTAL  RATE/s",
        "0       1,804    30.1",
        "1       9,301   155.0",
        "total  11,105   185.1",
    ]


def test_one_cpu_has_its_irqs_busiest_first():
    assert lines(views.show_one_cpu(read(model.read_one_cpu, machine.ONE_CPU)))[1:] == [
        "CPU 1",
        "IRQ    DEVICE         TOTAL  RATE/s",
        "36     virtio1-req.0  5,604    93.4",
        "NMI                   3,697    61.6",
        "total                 9,301   155.0",
    ]


def test_a_series_has_a_column_for_each_key():
    assert lines(views.show_series(read(model.read_series, machine.SERIES)))[1:] == [
        "in steps of 30 s, by cpu",
        "START                     END                         0      1  TOTAL",
        "2026-01-01T00:00:00Z      2026-01-01T00:00:30.250Z  900  4,100  5,000",
        "2026-01-01T00:00:30.250Z  2026-01-01T00:01:00Z      904  5,201  6,105",
    ]


def test_a_series_of_totals_has_one_column():
    sheet = views.show_series(read(model.read_series, machine.SERIES | {"by": "total"}))

    assert lines(sheet)[2].split() == ["START", "END", "TOTAL"]


def events_by_whom() -> model.Events:
    """Gives the events with what `authors` makes of them."""
    answer = read(model.read_events, machine.EVENTS)
    return replace(answer, events=attributed(answer.events, 25.0))


def test_events_are_listed():
    assert lines(views.show_events(events_by_whom()))[1:] == [
        "TIME                      EVENT             IRQ  CPU  DETAIL            BY",
        "2026-01-01T00:00:08Z      affinity_request  36        1 from 192.0.2.7  192.0.2.7",
        "2026-01-01T00:00:10Z      affinity          36        0-1 -> 1          192.0.2.7",
        "2026-01-01T00:00:20.500Z  cpu_offline              3",
    ]


def test_no_event_is_said():
    answer = machine.EVENTS | {"events": []}

    assert lines(views.show_events(read(model.read_events, answer)))[1:] == [
        "no event in the window; --period 7d looks further back"
    ]


def test_an_affinity_is_shown_with_what_may_be_done():
    answer = machine.AFFINITY | {"effective_affinity": None, "writable": False, "pending": True}

    assert lines(views.show_affinity(read(model.read_affinity, answer))) == [
        "IRQ 36 (virtio1-req.0)",
        "affinity            0-1",
        "effective affinity  - (pending: the kernel changes it at the next interrupt)",
        "writable            no",
    ]


def test_a_change_shows_before_and_after():
    before = read(model.read_affinity, machine.AFFINITY)
    after = read(
        model.read_affinity, machine.AFFINITY | {"affinity": "0", "effective_affinity": "0"}
    )

    assert lines(views.show_change(before, after)) == [
        "IRQ 36 (virtio1-req.0)",
        "affinity            0-1 -> 0",
        "effective affinity  1 -> 0",
    ]


def test_the_question_before_a_change_names_all_that_matters():
    before = read(model.read_affinity, machine.AFFINITY)

    assert views.change_question(before, "3", "http://h") == (
        "http://h: change the affinity of IRQ 36 (virtio1-req.0) from 0-1 to 3?"
    )
    managed = replace(before, writable=False)
    assert views.change_question(managed, "3", "http://h").endswith(
        " from 0-1 to 3 (managed: the kernel will refuse)?"
    )


def test_a_status_is_a_list_of_names_and_values():
    assert lines(views.show_status(read(model.read_status, machine.STATUS))) == [
        "sampler         running",
        "interval        10 s",
        "last sample     2026-01-01T00:01:00Z",
        "samples         4,321, 2 late",
        "store           1.5 MiB of at most 1.0 GiB",
        "oldest          2025-12-31T12:00:00Z",
        "newest          2026-01-01T00:01:00Z",
        "size cap holds  100 days",
        "damaged         0",
    ]


def test_a_failing_sampler_says_why():
    sampler = machine.STATUS["sampler"] | {"state": "failing", "last_error": "disk\x1b[2J full"}
    store = machine.STATUS["store"] | {"max_bytes": None, "holds_seconds": None}
    answer = {"sampler": sampler, "store": store}

    shown = lines(views.show_status(read(model.read_status, answer)))

    assert shown[0] == r"last error: disk\x1b[2J full"
    assert "store           1.5 MiB" in shown
    assert "size cap holds  -" in shown


HOSTILE = "\x1b]0;owned\x07[red]\n\x9b2J\u202e"


def test_no_name_of_the_network_reaches_a_line_as_it_is():
    irq = {"irq": "3\x1b6", "device": HOSTILE, "affinity": HOSTILE, "effective_affinity": HOSTILE}
    event = {"time": "2026-01-01T00:00:10Z", "cpu": 1, "irq": HOSTILE, "detail": HOSTILE}
    series = machine.SERIES["points"][0] | {"counts": {HOSTILE: 5}}
    sheets = [
        views.show_interrupts(
            read(
                model.read_interrupts,
                machine.INTERRUPTS | {"irqs": [machine.ROWS[0] | irq]},
            )
        ),
        views.show_irqs(
            read(model.read_irqs, machine.IRQS | {"irqs": [machine.ROWS[0] | irq]}),
        ),
        views.show_one_irq(read(model.read_one_irq, machine.ONE_IRQ | irq)),
        views.show_one_cpu(
            read(model.read_one_cpu, machine.ONE_CPU | {"irqs": [machine.ROWS[0] | irq]})
        ),
        views.show_events(
            read(model.read_events, machine.EVENTS | {"events": [event | {"event": HOSTILE}]})
        ),
        views.show_series(
            read(model.read_series, machine.SERIES | {"by": HOSTILE, "points": [series]})
        ),
        views.show_affinity(read(model.read_affinity, machine.AFFINITY | irq)),
    ]

    for sheet in sheets:
        assert all(line.isprintable() for line in lines(sheet))
        assert any("[red]" in line for line in lines(sheet))

    change = model.Event(Moment(event["time"]), "affinity", HOSTILE, 1, HOSTILE, HOSTILE)
    assert views.change_text(change, HOSTILE).isprintable()
    assert (
        views.show_events(replace(read(model.read_events, machine.EVENTS), events=(change,)))
        .rows[0][-1]
        .isprintable()
    )
