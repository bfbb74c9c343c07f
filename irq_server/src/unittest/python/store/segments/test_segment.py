"""The CSV format of a segment: by hand, cut anywhere, damaged anywhere, against a replay."""

import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pace
from irq_server.store.segments.segment import (
    HEADER,
    State,
    cells_in,
    changes,
    format_time,
    header_length,
    tail_length,
    valid_samples,
)
from irq_server.store.segments.segment import encode as encode_one
from segments import START, Samples, encode, encoded, flipped, frames, joined

BY_HAND = b"""\
time,irq,cpu,count
1767225600,24,3,8123456
1767225600,ERR,,4
1767225600,KEY,2,@1
1767225610,24,3,8123510
1767225610,END,1,@2
1767225620,END,0,@3
"""


def by_hand() -> bytes:
    """BY_HAND with its CRCs, each of all between the header and itself."""
    data = BY_HAND
    for number in (b"@1", b"@2", b"@3"):
        at = data.index(number)
        data = data.replace(number, b"%d" % zlib.crc32(data[len(HEADER) : at]))
    return data


def replayed(data: bytes) -> Samples:
    """Return the valid samples with their states, one after the other."""
    found: Samples = []
    state: State = {}
    for each in valid_samples(data):
        cells = cells_in(data[each.start : each.mark])
        state = cells if each.is_keyframe else state | cells
        found.append((each.time, state))
    return found


SMALL: Samples = [
    (START + 570, {"24,3": 8123456, "ERR,": 4}),
    (START + 580, {"24,3": 8123510, "ERR,": 4}),
    (START + 585, {"24,3": 8123510, "ERR,": 4}),
    (START + 590, {"24,3": 8123510, "ERR,": 4}),
    (START + 600, {"24,3": 8123510, "ERR,": 5, "LOC,0": 1}),
    (START + 610, {"24,3": 8123511, "ERR,": 5, "LOC,0": 1}),
    (START + 1200, {"24,3": 8123512, "ERR,": 5, "LOC,0": 2}),
]


def test_the_crcs_of_the_example_are_those_of_its_bytes():
    # CRC-32 as gzip has it, worked out by another program: printf '...' | gzip | tail -c8
    assert (
        zlib.crc32(b"1767225600,24,3,8123456\n1767225600,ERR,,4\n1767225600,KEY,2,") == 4017351047
    )


def test_a_segment_is_written_as_the_contract_says():
    first = {"24,3": 8123456, "ERR,": 4}
    second = {"24,3": 8123510, "ERR,": 4}

    one, crc = encode_one("1767225600", first)
    two, crc = encode_one("1767225610", changes(first, second), crc)
    three, _ = encode_one("1767225620", changes(second, second), crc)

    assert HEADER + one + two + three == by_hand()


def test_a_segment_written_by_hand_is_read():
    first, second = {"24,3": 8123456, "ERR,": 4}, {"24,3": 8123510, "ERR,": 4}

    assert replayed(by_hand()) == [(START, first), (START + 10, second), (START + 20, second)]
    assert [each.is_keyframe for each in valid_samples(by_hand())] == [True, False, False]


@pytest.mark.parametrize(
    ("moment", "whole", "text"),
    [
        (1767225600.0, True, "1767225600"),
        (1767225600.0, False, "1767225600.000"),
        (1767225600.02, False, "1767225600.020"),
        (1767225600.9996, False, "1767225601.000"),
    ],
)
def test_times_are_whole_or_have_three_decimals(moment: float, whole: bool, text: str):
    assert format_time(moment, whole) == text


@pytest.mark.parametrize("data", [b"", b"time", HEADER, HEADER + b"1767225600,24,3,8123456\n"])
def test_what_has_no_mark_has_no_sample(data: bytes):
    assert replayed(data) == []
    assert tail_length(data) == len(data) - header_length(data)


def test_cut_at_any_byte_a_segment_keeps_every_whole_sample():
    data = encode(SMALL)
    ends = [each.end for each in valid_samples(data)]
    assert len(ends) == len(SMALL)

    for cut in range(len(data) + 1):
        whole = sum(end <= cut for end in ends)
        assert replayed(data[:cut]) == SMALL[:whole]
        kept = max([header_length(data[:cut]), *ends[:whole]])
        assert tail_length(data[:cut]) == cut - kept


def test_a_flipped_bit_anywhere_costs_the_rest_of_its_frame_and_nothing_else():
    data = encode(SMALL)
    every = list(valid_samples(data))

    for position in range(len(HEADER), len(data)):
        number = [each.end > position for each in every].index(True)
        behind = [n for n in range(number + 1, len(SMALL)) if n % 3 == 0]
        expected = SMALL[:number] + (SMALL[behind[0] :] if behind else [])
        for bit in range(8):
            found = replayed(flipped(data, position, bit))
            if position == every[number].end - 1 and behind == [number + 1, *behind[1:]]:
                # the line end between two frames belongs to both
                assert found == SMALL[:number] + (SMALL[behind[1] :] if behind[1:] else [])
            else:
                assert found == expected, (position, bit)


def test_rows_that_are_no_cells_are_left_out():
    rows = b"1,24,0,5\n1,25,x,3\n1,25,123456,3\n1,25,0,-3\n1,25,0,\n1,,0,3\n1,LOC,1,7\n"

    assert cells_in(rows) == {"24,0": 5, "LOC,1": 7}


def test_a_label_that_is_no_utf_8_is_a_label_with_replacement_characters():
    assert cells_in(b"1,M\xfcM,0,5\n") == {"M\ufffdM,0": 5}


def test_a_time_that_nothing_could_follow_hides_no_later_frame():
    parts = encoded(
        (START, {"24,0": 1}), (999_999_999_999, {"24,0": 2}), (START + 20, {"24,0": 3}),
        keyframes=[999_999_999_999, START + 20],
    )  # fmt: skip

    assert replayed(HEADER + b"".join(parts)) == [(START, {"24,0": 1}), (START + 20, {"24,0": 3})]


KEYS = [f"{irq},{cpu}" for irq in (24, 25, 100, "45#2", "I/O") for cpu in range(2)] + ["ERR,"]


@st.composite
def histories(draw: st.DrawFn) -> Samples:
    moment, state = START + draw(st.integers(0, 700)), {}
    samples: Samples = []
    for _ in range(draw(st.integers(1, 14))):
        more = draw(st.dictionaries(st.sampled_from(KEYS), st.integers(1, 2**33), max_size=4))
        state = state | {key: state.get(key, 0) + n for key, n in more.items()}
        samples.append((moment, state))
        moment += draw(st.sampled_from([1, 10, 10, 10, 100, 599, 700, 2000]))
    return samples


@given(samples=histories(), length=st.integers(1, 20), whole=st.booleans())
def test_what_was_written_is_read(samples: Samples, length: int, whole: bool):
    assert replayed(encode(samples, length, whole)) == samples


@st.composite
def mishaps(draw: st.DrawFn, data: bytes) -> bytes:
    """Flip bits, and cut, double and swap lines, samples, frames or stretches."""
    for _ in range(draw(st.integers(1, 4))):
        lines = data.splitlines(keepends=True)
        how = draw(st.sampled_from(["flip", "cut", "double", "swap", "drop", "move"]))
        if len(data) < 2 or len(lines) < 3:
            break
        a, b = sorted((draw(st.integers(0, len(data) - 1)), draw(st.integers(0, len(data)))))
        i, j, k = sorted(draw(st.integers(0, len(lines))) for _ in range(3))
        if how == "flip":
            data = flipped(data, a, draw(st.integers(0, 7)))
        elif how == "cut":
            data = data[:a] + data[b:]
        elif how == "double":
            data = b"".join([*lines[:j], *lines[i:j], *lines[j:]])
        elif how == "swap":
            data = b"".join([*lines[:i], *lines[j:k], *lines[i:j], *lines[k:]])
        elif how == "drop":
            data = b"".join([*lines[:i], *lines[j:]])
        else:
            data = data[:a] + data[b:] + data[a:b]
    return data


@given(samples=histories(), length=st.integers(1, 6), data=st.data())
@settings(max_examples=pace.examples(500))
def test_whatever_happens_every_valid_sample_was_sampled(
    samples: Samples, length: int, data: st.DataObject
):
    found = replayed(data.draw(mishaps(encode(samples, length))))

    assert all(each in samples for each in found)
    assert [time for time, _ in found] == sorted({time for time, _ in found})


@given(samples=histories(), length=st.integers(1, 4), data=st.data())
def test_samples_that_change_places_are_not_valid_there(
    samples: Samples, length: int, data: st.DataObject
):
    parts = [each for frame in frames(samples, length) for each in frame]
    order = data.draw(st.permutations(range(len(parts))))

    found = replayed(HEADER + b"".join(parts[n] for n in order))

    assert all(each in samples for each in found)


@given(samples=histories(), length=st.integers(1, 4), data=st.data())
def test_a_frame_that_is_lost_costs_no_other(samples: Samples, length: int, data: st.DataObject):
    made = frames(samples, length)
    lost = data.draw(st.integers(0, len(made) - 1))

    found = replayed(HEADER + joined(made[:lost] + made[lost + 1 :]))

    assert found == samples[: lost * length] + samples[(lost + 1) * length :]


def test_a_frame_that_stands_twice_counts_once():
    one, two = frames(SMALL[:6])

    found = replayed(HEADER + joined([one, one, two, one, two]))

    assert found == SMALL[:6]


def test_what_follows_a_sample_that_stands_twice_waits_for_the_next_keyframe():
    one, two = frames(SMALL[:6])

    assert replayed(HEADER + joined([[one[0], one[1], one[1], one[2]], two])) == [
        *SMALL[:2],
        *SMALL[3:6],
    ]


def test_a_keyframe_does_not_reach_into_a_valid_sample():
    (first,) = encoded((START, {"24,0": 1}))
    line = b"1767225610,24,0,2\n"
    covered = first + line + b"1767225610,KEY,3,"  # its first two rows are the sample before
    second = line + b"1767225610,KEY,3,%d\n" % zlib.crc32(covered)

    assert replayed(HEADER + first + second) == [(START, {"24,0": 1})]


@pytest.mark.parametrize("rows", [1, 4000, 40_000])
def test_a_keyframe_of_any_length_is_found_behind_damage(rows: int):
    state = {f"{number},0": 1 for number in range(rows)}
    (whole,) = encoded((START, state))

    assert replayed(HEADER + b"torn\n" + whole) == [(START, state)]


TEXTS = [b",KEY," * 400_000, b"1,KEY,999999999,1\n" * 100_000, b"\n" * 2**21]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_no_segment_is_refused_in_little_time(text: bytes):
    began = time.process_time()

    assert replayed(text) == []
    assert tail_length(text) <= len(text)
    assert time.process_time() - began < 5.0
