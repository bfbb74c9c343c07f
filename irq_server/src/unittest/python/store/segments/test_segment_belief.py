"""Which samples of a segment are believed: times that cannot be, marks that are torn, copies."""

import math

import pytest

from irq_server.store.segments.segment import (
    HEADER,
    State,
    as_named,
    encode_sample,
    examine,
    marks,
    state_at,
)
from irq_server.times import LATEST_IN_FILES
from segments import turned

START = 1_767_225_600
Sample = tuple[int, State]


def written(*samples: Sample) -> bytes:
    return b"".join(encode_sample(str(time), cells) for time, cells in samples)


def segment(*samples: Sample) -> bytes:
    return HEADER + written(*samples)


FIRST, SECOND = (START, {"24,0": 1}), (START + 10, {"24,0": 2})


@pytest.mark.parametrize("seconds", [5, 10])
def test_a_sample_without_rows_is_not_believed_where_its_time_does_not_rise(seconds: int):
    data = segment(FIRST, SECOND, (START + seconds, {}), (START + 20, {"24,0": 3}))

    moments, damaged = examine(data)

    assert moments == [START, START + 10, START + 20]
    assert damaged == len(f"{START},END,0,0\n")


def test_a_sample_without_rows_is_not_believed_in_another_slot():
    data = segment(FIRST, (START + 610, {}), SECOND)

    assert examine(data)[0] == [START, START + 10]
    assert state_at(data, math.inf) == SECOND


def test_where_nothing_ever_fired_a_sample_without_rows_is_believed_in_another_slot():
    data = segment((START, {}), (START + 610, {}), (START + 620, {"24,0": 2}))

    assert examine(data) == ([START, START + 610, START + 620], 0)
    assert state_at(data, START + 615) == (START + 610, {})


def test_one_time_in_the_next_slot_behind_damage_makes_no_keyframe_of_what_moved():
    data = segment((START, {"24,0": 1, "25,0": 7}), (START + 10, {}))
    data += written((START + 610, {}), SECOND)

    broken = data.replace(b",25,0,7", b",25,0,8")

    assert examine(broken)[0] == []
    assert state_at(broken, math.inf) is None


def test_a_sample_behind_a_torn_mark_is_not_believed_though_its_own_mark_is_right():
    torn = segment(FIRST).rpartition(b",END,")[0] + b",END,"

    data = torn + written(SECOND, (START + 600, {"24,0": 9}))

    assert state_at(data, START + 10) is None
    assert examine(data) == ([START + 600], len(torn + written(SECOND)) - len(HEADER))
    assert [mark.follows for mark in marks(data)] == [False, True]


def test_samples_behind_one_that_stands_twice_are_believed():
    third = (START + 20, {"24,0": 3})

    assert state_at(segment(FIRST, SECOND, SECOND, third), math.inf) == third


def test_a_time_that_nothing_could_follow_hides_no_later_slot():
    later = (START + 600, {"24,0": 9})
    data = segment(FIRST, (999_999_999_999, {"24,0": 2}), (START + 20, {"24,0": 3}), later)

    assert state_at(data, math.inf) == later
    assert examine(data)[0] == [START, START + 600]


@pytest.mark.parametrize("moment", [0, int(LATEST_IN_FILES)])
def test_a_sample_of_the_first_or_last_moment_of_files_is_believed(moment: int):
    assert state_at(segment((moment, {"24,0": 1})), moment) == (moment, {"24,0": 1})


@pytest.mark.parametrize("data", [b"", b"torn", HEADER[:-1], HEADER + b"torn"])
def test_all_but_the_header_of_what_has_no_sample_is_damage(data: bytes):
    assert examine(data) == ([], len(data) - (len(HEADER) if data.startswith(HEADER) else 0))


def test_what_a_segment_holds_without_its_header_is_believed_by_none():
    assert examine(written(FIRST))[0] == []


FOREIGN_ORDERS = [
    ["LOC,0", "24,0"],
    ["25,0", "26,0", "27,0", "28,0", "30,0", "29,0", "24,0"],
    ["LOC,0", "30,0", "28,0", "29,0", "26,0", "27,0", "25,0", "24,0"],
]


@pytest.mark.parametrize("keys", FOREIGN_ORDERS)
def test_keyframes_in_an_order_of_their_own_are_keyframes(keys: list[str]):
    first, later = dict.fromkeys(keys, 1), dict.fromkeys(sorted(keys), 2)
    data = segment((START, first), (START + 600, later), (START + 1200, first))

    assert [state_at(data, START + 600 * n) for n in range(3)] == [
        (START, first),
        (START + 600, later),
        (START + 1200, first),
    ]
    assert examine(data)[1] == 0


SEVEN = {f"{irq},0": 5 for irq in range(24, 31)}
IN_TWO_SLOTS = [
    *((START, SEVEN), (START + 10, SEVEN | {"24,0": 6}), (START + 20, SEVEN | {"24,0": 6})),
    *((START + 30, SEVEN | {"24,0": 8}), (START + 600, SEVEN | {"24,0": 9})),
    (START + 610, SEVEN | {"24,0": 10}),
]


def test_a_segment_that_begins_as_its_name_says_is_read_as_it_lies():
    data = turned(IN_TWO_SLOTS)

    assert as_named(data, START) is data
    assert as_named(HEADER, START) is HEADER


@pytest.mark.parametrize("lost", [1, 2])
def test_a_segment_that_lost_its_beginning_is_believed_from_its_next_keyframe_on(lost: int):
    data = turned(IN_TWO_SLOTS)
    cut = HEADER + data[list(marks(data))[lost].start :]

    read = as_named(cut, START)

    assert len(read) == len(cut)
    assert examine(read)[0] == [START + 600, START + 610]
    assert state_at(read, START + 599) is None
    assert state_at(read, math.inf) == IN_TWO_SLOTS[-1]


def test_a_keyframe_that_shows_itself_is_believed_whatever_stood_before_it():
    data = turned(IN_TWO_SLOTS)
    cut = HEADER + data[list(marks(data))[4].start :]

    assert as_named(cut, START) is cut


def test_where_nothing_had_fired_a_damaged_first_time_is_not_believed():
    data = segment((START, {}), (START + 10, {}), (START + 20, {"24,0": 1}))

    read = as_named(data.replace(b"1767225600,", b"1767225605,"), START)

    assert state_at(read, math.inf) is None


BEHIND = [(START + 1200, SEVEN | {"24,0": 11}), (START + 1210, SEVEN | {"24,0": 12})]


def test_what_lost_its_first_sample_is_believed_as_what_remains_of_it_is():
    kept = turned(IN_TWO_SLOTS[4:]).removeprefix(HEADER)
    of_another = written(BEHIND[0], (START + 1210, {"24,0": 12}))
    last = turned([(START + 1800, SEVEN)]).removeprefix(HEADER)
    damaged = written((START, {"24,0": 5})).replace(b",5", b",6")

    moments, bytes_lost = examine(HEADER + damaged + kept + of_another + last)

    assert moments == [START + 600, START + 610, START + 1800]
    assert bytes_lost == len(damaged + of_another)
    assert examine(HEADER + kept + of_another + last) == (moments, len(of_another))


def test_where_the_first_sample_is_damaged_a_keyframe_that_is_missing_is_noticed():
    data = turned([*IN_TWO_SLOTS, *BEHIND])
    each = list(marks(data))
    cut = data[: each[6].start] + data[each[6].end :]

    read = cut[:20] + b"?" + cut[21:]

    assert examine(read)[0] == [START + 600, START + 610]
    assert state_at(read, math.inf) == IN_TWO_SLOTS[-1]


def test_a_keyframe_right_behind_the_damage_that_a_segment_begins_with_is_believed():
    data = turned(IN_TWO_SLOTS)
    keyframe = list(marks(data))[4]

    read = HEADER + b"?" * (keyframe.start - len(HEADER) - 1) + b"\n" + data[keyframe.start :]

    assert examine(read)[0] == [START + 600, START + 610]
    assert state_at(read, START + 600) == IN_TWO_SLOTS[4]
