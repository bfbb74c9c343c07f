"""Look-ups in a segment: as a plain scan finds it, for every moment, and at a small part's cost."""

from collections.abc import Callable, Iterator
from itertools import combinations

import pytest

import pace
from irq_server.store.segments.segment import (
    HEADER,
    Place,
    State,
    believed,
    cells_of,
    marks,
    place_at,
    state_at,
)
from segments import START, Samples, Watched, encode, flipped, last_before, turned

Write = Callable[[Samples], bytes]

LARGE = [f"{irq},{cpu}" for irq in (24, 25, 100) for cpu in range(3)]
SMALL = ["24,3", "ERR,"]


def history(slots: int, per_slot: int, keys: list[str], idle: tuple[int, ...] = ()) -> Samples:
    """Sample from the first to the last second of slots; one cell moves at each but the `idle`."""
    state, samples = dict.fromkeys(keys, 1), []
    for number in range(slots * per_slot):
        slot, place = divmod(number, per_slot)
        if place not in idle:
            state = state | {keys[number % len(keys)]: number + 2}
        samples.append((START + 600 * slot + 599 * place // (per_slot - 1), state))
    return samples


def around(samples: Samples) -> Iterator[float]:
    """Return every sample's moment, and those just before and behind it."""
    yield from (moment + more for moment, _ in samples for more in (-0.001, 0.0, 0.001))
    yield float("inf")


def scanned(data: bytes, moment: float) -> tuple[float, State] | None:
    """What a plain reader knows of `moment`: the believed samples, one after the other."""
    found, state = None, {}
    for mark, keyframe in believed(data):
        if mark.time <= moment:
            state = cells_of(data, mark) if keyframe else state | cells_of(data, mark)
            found = (mark.time, state)
        elif mark.has_rows:
            break
    return found


WAYS = [
    pytest.param(keys, idle, write, id=f"{len(keys)} cells, {len(idle)} idle, {write.__name__}")
    for keys in (LARGE, SMALL)
    for idle in ((), (7,), (6, 7), (1, 2, 3, 4, 5, 6, 7))
    for write in (turned, encode)
]


@pytest.mark.parametrize(("keys", "idle", "write"), WAYS)
def test_a_look_up_costs_no_more_in_a_long_segment(
    keys: list[str], idle: tuple[int, ...], write: Write
):
    worst = []
    for slots in (4, 40):
        samples = history(slots, 8, keys, idle)
        data, seen = write(samples), []
        for moment in list(around(samples))[-75:]:
            watched = Watched(data)
            assert state_at(watched, moment) == last_before(samples, moment)
            seen.append(watched.seen)
        worst.append(max(seen))

    assert worst[1] < worst[0] + 600  # the bisection's few steps more


@pytest.mark.parametrize("keys", [LARGE, SMALL])
@pytest.mark.parametrize("idle", [(), (29,), (28, 29), tuple(range(1, 30))])
@pytest.mark.parametrize("write", [turned, encode])
def test_reading_on_costs_what_lies_between(keys: list[str], idle: tuple[int, ...], write: Write):
    samples = history(4, 30, keys, idle)
    data = write(samples)

    place: Place | None = None
    for moment in around(samples):
        watched = Watched(data)
        before, place = place, place_at(watched, moment, place)
        assert (place and (place.time, place.state)) == last_before(samples, moment)
        if before and place and before.time // 600 == place.time // 600:
            assert watched.seen < 1000  # a slot has two thousand bytes and more


def damaged(samples: Samples, write: Write) -> Iterator[bytes]:
    """Return a segment with a bit flipped in one byte of three, and with parts missing."""
    data = write(samples)
    for position in range(len(HEADER), len(data), 3):
        yield flipped(data, position, position % 5)
    ends = [len(HEADER), *(end for mark in marks(data) for end in (mark.mark, mark.end))]
    for start, end in combinations(dict.fromkeys(ends), 2):
        yield data[:start] + data[end:]
        yield data[: start + 12] + data[end + 12 :]
        yield data[:start] + data[end - 5 :]


@pytest.mark.parametrize(
    ("keys", "idle", "write"),
    [(LARGE, (), turned), (LARGE, (2,), turned), (SMALL, (), encode), (SMALL, (1, 2), encode)],
)
def test_in_a_damaged_segment_a_look_up_gives_what_a_scan_gives(
    keys: list[str], idle: tuple[int, ...], write: Write
):
    samples = history(3, 3, keys[:6], idle)

    for data in pace.some(damaged(samples, write)):
        place: Place | None = None
        for moment, _ in samples:
            expected = scanned(data, moment)
            assert state_at(data, moment) == expected
            place = place_at(data, moment, place)
            assert (place and (place.time, place.state)) == expected


@pytest.mark.parametrize(
    ("keys", "idle", "write"),
    [(LARGE, (), turned), (LARGE, (2,), turned), (SMALL, (), encode), (SMALL, (1,), encode)],
)
def test_whatever_place_is_known_a_look_up_gives_the_same(
    keys: list[str], idle: tuple[int, ...], write: Write
):
    samples = history(3, 5, keys[:6], idle)
    whole = write(samples)
    moments = [START - 1, *(moment for moment, _ in samples), float("inf")]

    torn = [flipped(whole, mark.mark + 12, 0) for mark in marks(whole)]
    late = [flipped(whole, mark.start, 3) for mark in marks(whole)]  # a time far in the future
    for data in (whole, *torn, *late):
        places = {moment: place_at(data, moment) for moment in moments}
        for known in pace.some(places.values()):
            assert {moment: place_at(data, moment, known) for moment in moments} == places
