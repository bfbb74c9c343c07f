"""The CSV format of a segment: by hand, cut anywhere, damaged anywhere, against a replay."""

import zlib
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import pace
from irq_server.store.segments.segment import (
    HEADER,
    State,
    committed_length,
    encode_keyframe,
    encode_moved,
    encode_sample,
    examine,
    format_time,
    marks,
    moved,
    place_at,
    slot_of,
    state_at,
)
from segments import START, Samples, encode, flipped, last_before, turned


def true_at(samples: Samples, moment: float) -> State:
    found = last_before(samples, moment)
    assert found is not None
    return found[1]


SMALL: Samples = [
    (START + 570, {"24,3": 8123456, "ERR,": 4}),
    (START + 580, {"24,3": 8123510, "ERR,": 4}),
    (START + 585, {"24,3": 8123510, "ERR,": 4}),
    (START + 590, {"24,3": 8123510, "ERR,": 4}),
    (START + 600, {"24,3": 8123510, "ERR,": 5, "LOC,0": 1}),
    (START + 610, {"24,3": 8123511, "ERR,": 5, "LOC,0": 1}),
    (START + 1200, {"24,3": 8123512, "ERR,": 5, "LOC,0": 2}),
]

BY_HAND = b"""\
time,irq,cpu,count
1767225600,24,3,8123456
1767225600,ERR,,4
1767225600,END,2,3228792997
1767225610,24,3,8123510
1767225610,END,1,225515147
1767225620,END,0,0
"""


def test_the_crcs_of_the_example_are_those_of_its_rows():
    # CRC-32 as gzip has it, worked out by another program: printf '...' | gzip | tail -c8
    assert zlib.crc32(b"1767225600,24,3,8123456\n1767225600,ERR,,4\n") == 3228792997
    assert zlib.crc32(b"1767225610,24,3,8123510\n") == 225515147


def test_a_segment_is_written_as_the_contract_says():
    first = {"24,3": 8123456, "ERR,": 4}
    second = {"24,3": 8123510, "ERR,": 4}

    data = HEADER + encode_sample("1767225600", first)
    data += encode_sample("1767225610", moved(first, second))
    data += encode_sample("1767225620", moved(second, second))

    assert data == BY_HAND


def test_a_segment_written_by_hand_is_read():
    assert examine(BY_HAND)[0] == [1767225600.0, 1767225610.0, 1767225620.0]
    assert committed_length(BY_HAND) == len(BY_HAND)
    assert state_at(BY_HAND, 1767225599.999) is None
    assert state_at(BY_HAND, 1767225600.0) == (1767225600.0, {"24,3": 8123456, "ERR,": 4})
    assert state_at(BY_HAND, 1767225609.9) == (1767225600.0, {"24,3": 8123456, "ERR,": 4})
    assert state_at(BY_HAND, 1767225615.0) == (1767225610.0, {"24,3": 8123510, "ERR,": 4})
    assert state_at(BY_HAND, float("inf")) == (1767225620.0, {"24,3": 8123510, "ERR,": 4})


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


def test_slots_are_ten_minutes_of_the_clock():
    assert slot_of(START) == 2945376
    assert slot_of(START + 599.999) == 2945376
    assert slot_of(START + 600) == 2945377


def test_marks_tell_where_the_bytes_of_a_sample_lie():
    first, second, third = marks(BY_HAND)

    assert BY_HAND[first.start : first.mark] == b"1767225600,24,3,8123456\n1767225600,ERR,,4\n"
    assert BY_HAND[first.mark : first.end] == b"1767225600,END,2,3228792997\n"
    assert BY_HAND[second.start : second.end].startswith(b"1767225610,24,3,")
    assert third.start == third.mark
    assert third.end == len(BY_HAND)
    assert all(mark.follows for mark in (first, second, third))


@pytest.mark.parametrize("data", [b"", b"time", HEADER, HEADER + b"1767225600,24,3,8123456\n"])
def test_what_has_no_sample_has_no_state(data: bytes):
    assert examine(data)[0] == []
    assert state_at(data, float("inf")) is None
    assert committed_length(data) == min(len(data), len(HEADER))


def test_cut_at_any_byte_a_segment_keeps_every_whole_sample():
    data = encode(SMALL)
    ends = [mark.end for mark in marks(data)]
    assert len(ends) == len(SMALL)

    for cut in range(len(data) + 1):
        whole = sum(end <= cut for end in ends)
        part = data[:cut]
        assert examine(part)[0] == [time for time, _ in SMALL[:whole]]
        assert committed_length(part) == max([min(cut, len(HEADER)), *ends[:whole]])
        assert state_at(part, float("inf")) == (SMALL[whole - 1] if whole else None)


IDLE = {2, 3}  # nothing moved: no row's CRC protects the time


def believed(samples: Samples, damaged: int, moment: float) -> tuple[float, State] | None:
    """What a reader may believe: nothing behind damage until the next keyframe it is sure of."""
    best = None
    for index, (time, state) in enumerate(samples):
        key_frame = index > 0 and slot_of(samples[index - 1][0]) != slot_of(time)
        between = set(range(damaged + 1, index))
        sure = len(between) >= 2 or bool(between - IDLE)
        if time <= moment and (index < damaged or (key_frame and sure)):
            best = (time, state)
            damaged = damaged if index < damaged else len(samples)
    return best


def damaged_by(data: bytes, position: int) -> int:
    return [mark.end > position for mark in marks(data)].index(True)


def test_a_flipped_bit_anywhere_costs_at_most_what_may_not_be_believed():
    data = encode(SMALL)
    moments = [START + 569, *(time for time, _ in SMALL), START + 605, float("inf")]

    for position in pace.some(range(len(HEADER), len(data))):
        damaged = damaged_by(data, position)
        for bit, moment in product(range(8), moments):
            found = state_at(flipped(data, position, bit), moment)
            if damaged in IDLE or data[position] == ord("\n"):  # or two samples are damaged
                assert (
                    found in SMALL[: damaged + 1]
                    or found is None
                    or found[1] == true_at(SMALL, moment)
                )
            else:
                assert found == believed(SMALL, damaged, moment), (position, bit, moment)


def test_a_damaged_sample_hides_the_rest_of_its_slot_and_nothing_else():
    data = encode(SMALL)
    second = list(marks(data))[1]

    torn = flipped(data, second.start + 14, 0)

    assert examine(torn)[0] == [time for time, _ in SMALL if not START + 580 <= time < START + 600]
    assert state_at(torn, START + 590) == SMALL[0]
    assert state_at(torn, START + 600) == SMALL[4]
    assert state_at(torn, float("inf")) == SMALL[6]
    assert committed_length(torn) == len(torn)


def test_a_sample_without_rows_whose_time_is_damaged_hides_no_other():
    states = [{"24,0": n} for n in (1, 1, 2, 3, 4, 5, 6)]
    samples: Samples = [(START + 10 * n, state) for n, state in enumerate(states)]
    data = encode(samples).replace(b"1767225610,END,0,0", b"1767325610,END,0,0")

    for moment, state in samples[2:]:
        assert state_at(data, moment) == (moment, state)


def test_damage_before_a_sample_whose_time_is_damaged_too_is_not_overlooked():
    samples: Samples = [(START, {"24,0": 1}), (START + 10, {"24,0": 1, "24,1": 7})]
    samples += [(START + 20, samples[1][1]), (START + 30, {"24,0": 2, "24,1": 7})]
    data = encode(samples).replace(b"24,1,7", b"24,1,8").replace(b"1767225620,", b"1767225820,")

    for moment in (START + 30, START + 220, float("inf")):
        assert state_at(data, moment) == samples[0]


def test_bytes_that_are_missing_are_damage():
    data = encode(SMALL)
    second = list(marks(data))[1]

    for cut in range(second.start + 1, second.end - 1):
        torn = data[: second.start] + data[cut:]
        assert state_at(torn, START + 590) == SMALL[0]
        assert state_at(torn, START + 605) == SMALL[4]


def test_a_torn_sample_and_one_behind_it_are_told_apart():
    first, second, third = SMALL[:3]
    data = encode([first])
    torn = data + encode([first, second])[len(data) : -9] + encode([first, second, third])[-25:]

    assert state_at(torn, float("inf")) in (first, None)


KEYS = ("24,0", "24,1", "45#2,0", "I/O,1", "THR#2,0", "ERR,")


@st.composite
def histories(draw: st.DrawFn) -> Samples:
    moment = START + draw(st.integers(0, 700))
    state: State = {}
    samples: Samples = []
    for _ in range(draw(st.integers(1, 14))):
        more = draw(st.dictionaries(st.sampled_from(KEYS), st.integers(1, 2**33), max_size=4))
        state = state | {key: state.get(key, 0) + n for key, n in more.items()}
        samples.append((moment, state))
        moment += draw(st.sampled_from([1, 10, 10, 10, 100, 599, 700, 2000]))
    return samples


@given(samples=histories(), data=st.data())
def test_a_look_up_equals_a_naive_replay(samples: Samples, data: st.DataObject):
    written = encode(samples)

    for moment in [time + shift for time, _ in samples for shift in (-0.001, 0, 0.5)]:
        assert state_at(written, moment) == last_before(samples, moment)
    cut = data.draw(st.integers(0, len(written)))
    kept = [each for each, mark in zip(samples, marks(written), strict=True) if mark.end <= cut]
    assert state_at(written[:cut], float("inf")) == last_before(kept, float("inf"))


@given(samples=histories(), data=st.data())
@settings(max_examples=pace.examples(300))
def test_random_damage_never_makes_a_wrong_state(samples: Samples, data: st.DataObject):
    written = bytearray(encode(samples))
    flips = st.tuples(st.integers(len(HEADER), len(written) - 1), st.integers(0, 7))
    for position, bit in data.draw(st.lists(flips, min_size=1, max_size=4)):
        written[position] ^= 1 << bit

    for moment in [*(time for time, _ in samples), float("inf")]:
        found = state_at(bytes(written), moment)
        earlier = [state for time, state in samples if time <= moment]
        assert found is None or found[1] in earlier


@given(samples=histories(), milliseconds=st.integers(1, 999))
@example(samples=SMALL, milliseconds=20)
def test_times_with_decimals_are_looked_up_as_well(samples: Samples, milliseconds: int):
    moved_on = [(time + milliseconds / 1000, state) for time, state in samples]
    written = encode(moved_on, whole=False)

    for moment, state in moved_on:
        time, found = state_at(written, moment) or (0.0, {})
        assert (round(time, 3), found) == (round(moment, 3), state)


def test_a_keyframe_of_six_rows_or_more_has_its_least_row_last():
    state = {"LOC,0": 3, "24,1": 1, "100,0": 9, "24,0": 4, "99,0": 5, "ERR,": 2, "24#2,0": 8}
    state |= {"4294967295,0": 6, "L,C,1": 7, "L,C,0": 2, "24,10": 7, "ERR,0": 1, "24,10000": 8}

    rows = encode_keyframe("10", state).decode().splitlines()[:-1]

    cells = ["24,1,1", "24,10,7", "24,10000,8", "99,0,5", "100,0,9", "4294967295,0,6"]
    cells += ["24#2,0,8", "ERR,,2", "ERR,0,1", "L,C,0,2", "L,C,1,7", "LOC,0,3", "24,0,4"]
    assert rows == [f"10,{cell}" for cell in cells]
    assert encode_keyframe("10", {"LOC,0": 3, "24,1": 1}) == encode_sample(
        "10", {"LOC,0": 3, "24,1": 1}
    )


@pytest.mark.parametrize(
    "irqs",
    [(25, 26, 27, 28, 29, 30, 24), (25, 24), (27, 24, 26), (25, 100, 26, 101, 27, 102, 24)],
)
def test_what_moved_never_looks_like_a_keyframe(irqs: tuple[int, ...]):
    rows = encode_moved("10", {f"{irq},0": 1 for irq in irqs}).decode().splitlines()[:-1]

    assert rows == [f"10,{irq},0,1" for irq in sorted(irqs)]


MANY = [f"{irq},{cpu}" for irq in (24, 25, 100) for cpu in range(3)]


@st.composite
def large_histories(draw: st.DrawFn) -> Samples:
    """Sample of six cells or more; some cells come later, some move at every sample."""
    moment = START + draw(st.integers(0, 700))
    state = {key: draw(st.integers(1, 9)) for key in MANY[draw(st.integers(0, 3)) :]}
    samples = [(moment, state)]
    for _ in range(draw(st.integers(1, 12))):
        moment += draw(st.sampled_from([10, 10, 100, 590, 700]))
        moving = draw(st.sets(st.sampled_from(MANY))) | draw(st.sampled_from([set(), set(MANY)]))
        state = state | {key: state.get(key, 0) + 1 for key in sorted(moving)}
        samples.append((moment, state))
    return samples


@given(samples=large_histories(), data=st.data())
@settings(max_examples=pace.examples(300))
def test_damage_of_a_slots_last_sample_costs_no_other_slot(samples: Samples, data: st.DataObject):
    written = turned(samples)
    every = list(marks(written))
    number = data.draw(st.integers(1, len(every) - 1))
    # not the line end: without it the next sample's first row is damaged too
    position = data.draw(st.integers(every[number].start, every[number].end - 2))
    damaged = flipped(written, position, data.draw(st.integers(0, 7)))

    slots = [moment // 600 for moment, _ in samples]
    for (moment, state), slot in zip(samples, slots, strict=True):
        if slot != slots[number] or moment < samples[number][0]:
            assert state_at(damaged, moment) == (moment, state)


@given(samples=large_histories(), data=st.data())
@settings(max_examples=pace.examples(600))
def test_whatever_happens_to_a_turned_segment_no_state_is_wrong(
    samples: Samples, data: st.DataObject
):
    written = bytearray(turned(samples))
    for _ in range(data.draw(st.integers(0, 3))):
        position = data.draw(st.integers(len(HEADER), len(written) - 1))
        written[position] ^= 1 << data.draw(st.integers(0, 7))
    if data.draw(st.booleans()):
        # bytes are missing, but not exactly whole samples: those nobody could miss
        ends = {len(HEADER), *(mark.end for mark in marks(bytes(written)))}
        edges = st.integers(len(HEADER), len(written)).filter(lambda edge: edge not in ends)
        start, end = sorted((data.draw(edges), data.draw(edges)))
        del written[start:end]
    first = next(marks(bytes(written)), None)
    if first is not None and first.start == len(HEADER) and not first.has_rows:
        return  # as if nothing had fired yet: nobody could miss what stood before it

    for moment in [*(time for time, _ in samples), float("inf")]:
        found = state_at(bytes(written), moment)
        earlier = [state for time, state in samples if time <= moment]
        assert found is None or found[1] in earlier


@given(samples=large_histories(), data=st.data())
@settings(max_examples=pace.examples(200))
def test_a_slot_without_its_keyframe_is_not_believed(samples: Samples, data: st.DataObject):
    written = turned(samples)
    every = list(marks(written))
    lost = data.draw(st.integers(1, len(every) - 1))
    slots = [moment // 600 for moment, _ in samples]
    if slots[lost] == slots[lost - 1]:
        return
    without = written[: every[lost].start] + written[every[lost].end :]

    for (moment, state), slot in zip(samples, slots, strict=True):
        found = state_at(without, moment)
        if slot == slots[lost]:
            assert found is None or found[1] in [each for _, each in samples[:lost]]
        else:
            assert found == (moment, state)


@given(samples=large_histories() | histories(), data=st.data())
@settings(max_examples=pace.examples(300))
def test_reading_on_from_a_place_gives_what_a_look_up_gives(samples: Samples, data: st.DataObject):
    written = bytearray(data.draw(st.sampled_from([turned, encode]))(samples))
    for _ in range(data.draw(st.integers(0, 2))):
        position = data.draw(st.integers(len(HEADER), len(written) - 1))
        written[position] ^= 1 << data.draw(st.integers(0, 7))
    moments = sorted(data.draw(st.lists(st.sampled_from([time for time, _ in samples]))))

    place = None
    for moment in moments:
        place = place_at(bytes(written), moment, place)
        found = None if place is None else (place.time, place.state)
        assert found == state_at(bytes(written), moment)
