"""The command `affinity`."""

from dataclasses import replace

import machine
from irq_client.commands import affinity
from irq_client.server import model
from sheets import lines, read

WINDOW_LINE = "2026-01-01 00:00:00 .. 00:01:00 UTC  60 s, 7 samples"


def test_an_affinity_is_shown_with_what_may_be_done():
    answer = machine.AFFINITY | {"effective_affinity": None, "writable": False, "pending": True}

    assert lines(affinity.show_affinity(read(model.read_affinity, answer))) == [
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

    assert lines(affinity.show_change(before, after)) == [
        "IRQ 36 (virtio1-req.0)",
        "affinity            0-1 -> 0",
        "effective affinity  1 -> 0",
    ]


def test_the_question_before_a_change_names_all_that_matters():
    before = read(model.read_affinity, machine.AFFINITY)

    assert affinity.change_question(before, "3", "http://h") == (
        "http://h: change the affinity of IRQ 36 (virtio1-req.0) from 0-1 to 3?"
    )
    managed = replace(before, writable=False)
    assert affinity.change_question(managed, "3", "http://h").endswith(
        " from 0-1 to 3 (managed: the kernel will refuse)?"
    )


def test_csv_is_one_row():
    assert list(affinity.list_affinity(read(model.read_affinity, machine.AFFINITY))) == [
        ("irq", "device", "affinity", "effective_affinity", "writable", "pending"),
        ("36", "virtio1-req.0", "0-1", "1", "true", "false"),
    ]
