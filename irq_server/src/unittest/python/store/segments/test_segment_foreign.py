"""Segments whose commit marks are right, and whose rows or times are not what a server writes."""

import math
from zlib import crc32

import pytest

from irq_server.store.segments.segment import HEADER, State, encode_sample, examine, state_at

START = 1_767_225_600


def segment(*samples: tuple[int, State]) -> bytes:
    return HEADER + b"".join(encode_sample(str(time), cells) for time, cells in samples)


@pytest.mark.parametrize(
    "cells",
    [
        {"25,x": 3},  # no CPU
        {"25,123456": 3},  # none that there can be
        {"25,0": 10**19},  # more than 64 bits
        {"25,0": -3},
        {"25,0": ""},
        {",0": 3},  # no label
    ],
)
def test_rows_that_are_no_cells_are_left_out(cells: dict[str, object]):
    data = segment((START, {"24,0": 5, **cells, "LOC,1": 7}))

    assert state_at(data, START) == (START, {"24,0": 5, "LOC,1": 7})


@pytest.mark.parametrize("label", ["L,C", "L,C,D", "1,2,3,4,5"])
def test_a_label_with_commas_is_one_label(label: str):
    data = segment((START, {"24,0": 5, f"{label},1": 7}))

    assert state_at(data, START) == (START, {"24,0": 5, f"{label},1": 7})


def test_a_label_that_is_no_utf_8_is_a_label_with_replacement_characters():
    names = [f"{irq},0" for irq in ("M\xfcM", *range(24, 30))]
    samples = [(START + 10 * n, dict.fromkeys(names, 5 + n)) for n in range(2)]
    samples.append((START + 600, dict.fromkeys(names, 9)))
    data = HEADER
    for time, cells in samples:
        rows = "".join(f"{time},{key},{n}\n" for key, n in cells.items()).encode("latin-1")
        data += rows + f"{time},END,{len(cells)},{crc32(rows)}\n".encode()

    for time, cells in samples:
        expected = {key.replace("\xfc", "\ufffd"): n for key, n in cells.items()}
        assert state_at(data, time) == (time, expected)


def test_a_sample_that_is_copied_to_a_later_place_is_not_believed_there():
    first, second = (START, {"24,0": 1}), (START + 10, {"24,0": 2})
    data = segment(first, second, first)

    assert state_at(data, math.inf) == second
    assert examine(data) == ([START, START + 10], len(segment(first)) - len(HEADER))


def test_a_sample_that_stands_twice_is_what_it_is():
    first, second = (START, {"24,0": 1}), (START + 10, {"24,0": 2})

    assert state_at(segment(first, second, second), math.inf) == second


def test_a_time_that_nothing_could_follow_is_not_believed():
    data = segment((START, {"24,0": 1}), (999_999_999_999, {"24,0": 2}))

    assert state_at(data, math.inf) == (START, {"24,0": 1})
