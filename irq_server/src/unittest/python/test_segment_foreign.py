"""Segments whose commit marks are right, and whose rows or times are not what a server writes."""

import math

import pytest

from irq_server.segment import HEADER, State, encode_sample, examine, state_at

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
        {",0": 3},  # no label
    ],
)
def test_rows_that_are_no_cells_are_left_out(cells: State):
    data = segment((START, {"24,0": 5, **cells, "LOC,1": 7}))

    assert state_at(data, START) == (START, {"24,0": 5, "LOC,1": 7})


def test_a_label_with_a_comma_is_one_label():
    data = segment((START, {"24,0": 5, "L,C,1": 7}))

    assert state_at(data, START) == (START, {"24,0": 5, "L,C,1": 7})


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
