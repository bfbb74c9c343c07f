"""Windows over a store's samples: their edges, what is known of them, and which tier answers."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pace
from irq_server.errors import NoSampleError
from irq_server.events import Event, Kind
from irq_server.store.history import NOT_COUNTED, History, Sample, interval_detail
from irq_server.store.segments.files import Files
from irq_server.store.segments.lookup import Lookup
from irq_server.store.segments.segment import State
from irq_server.store.segments.tier import Tier
from irq_server.store.segments.tier_shape import RAW, TIERS, with_sums

START = 1767225600.0  # 2026-01-01T00:00:00Z
FAR = START + 10**7


def summed(state: State) -> State:
    return {"all,0": state["24,0"]}


class Kept:
    """A history that is written as a store writes it, and what was written."""

    def __init__(self, root: Path, interval: float = 10.0, events: Sequence[Event] = ()) -> None:
        """Open the history that lies in `root`."""
        self.tiers = tuple(Tier(root, shape, Files(), "never") for shape in with_sums(TIERS))
        for tier in self.tiers:
            tier.load()
        self.history = History(self.tiers, events, interval, summed)

    def sample(self, *seconds: float) -> "Kept":
        """Keep samples in which IRQ 24 fired once more than milliseconds passed."""
        for second in seconds:
            state: State = {"24,0": round(second * 1000) + 1}
            for tier in self.tiers:
                if tier.is_due(START + second):
                    kept = summed(state) if tier.shape.is_sums else state
                    tier.append(START + second, second == round(second), kept, 2**30)
            self.history.set_latest(Sample(START + second, state, RAW))
        return self

    def window(self, start: float, end: float, now: float = 10**7) -> dict[str, object]:
        """What a test compares, in seconds from START."""
        found = self.history.window(START + start, START + end, START + now)
        return {
            "start": found.start.time - START,
            "end": found.end.time - START,
            "samples": found.samples,
            "complete": found.complete,
            "gaps": found.gaps,
        }


def every(step: int, until: int, start: int = 0) -> Iterable[int]:
    return range(start, until + 1, step)


def test_without_a_sample_there_is_no_window(tmp_path: Path):
    history = Kept(tmp_path).history

    with pytest.raises(NoSampleError):
        _ = history.latest
    with pytest.raises(NoSampleError):
        history.window(START, START + 60, FAR)


@pytest.mark.parametrize(
    ("start", "end", "used", "samples", "complete"),
    [
        (20, 80, (20, 80), 7, True),
        (25, 85, (20, 80), 7, True),
        (29.999, 30, (20, 30), 2, True),
        (20, 25, (20, 20), 1, True),
        (0, 100, (0, 100), 11, True),
        (-5, 30, (0, 30), 4, False),
        (-50, -5, (0, 0), 1, False),
        (95, 115, (90, 100), 2, True),
        (95, 10**6, (90, 100), 2, False),  # the end lies in a gap that lasts until now
        (200, 300, (100, 100), 1, False),
    ],
)
def test_edges_are_the_last_samples_at_or_before_those_asked_for(
    tmp_path: Path,
    start: float,
    end: float,
    used: tuple[int, int],
    samples: int,
    complete: bool,
):
    kept = Kept(tmp_path).sample(*every(10, 100))

    now = 120 if end < 200 else 10**6
    assert kept.window(start, end, now) == {
        "start": used[0],
        "end": used[1],
        "samples": samples,
        "complete": complete,
        "gaps": 0,
    }


def dropping(kept: Kept) -> Kept:
    """Two closed segments of raw samples, up to 50 s and to 110 s, and the live one."""
    for part in (every(10, 50), every(10, 110, 60)):
        kept.sample(*part)
        kept.tiers[0].close()
    return kept.sample(120, 130)


def drop_closed(kept: Kept) -> None:
    while kept.tiers[0].drop_oldest():
        pass


def test_samples_never_go_back_where_what_follows_is_dropped_meanwhile(tmp_path: Path):
    kept = dropping(Kept(tmp_path))
    samples = kept.history.samples_at([START + 110, START + 115, START + 125])

    times = [next(samples).time - START]
    drop_closed(kept)

    # of a minute's samples the coarser tier has the first, at 60, which lies before
    assert [*times, *(each.time - START for each in samples)] == [110, 110, 120]


def test_a_window_whose_start_is_dropped_meanwhile_starts_with_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    kept = dropping(Kept(tmp_path))
    real = kept.history.sample_at

    def then_drop(moment: float, newest: Sample, sums: bool) -> Sample:
        found = real(moment, newest, sums)
        drop_closed(kept)
        return found

    monkeypatch.setattr(kept.history, "sample_at", then_drop)

    found = kept.window(95, 105)
    assert (found["start"], found["end"]) == (60, 60)


def test_an_end_in_the_future_is_now(tmp_path: Path):
    window = Kept(tmp_path).sample(0, 10).history.window(START, START + 500, START + 12)

    assert window.requested_end == START + 12
    assert window.complete
    assert window.seconds == 10.0


def test_an_edge_sent_back_names_the_same_sample(tmp_path: Path):
    kept = Kept(tmp_path, interval=0.02).sample(0.02, 0.04, 0.06, 0.1)

    window = kept.history.window(START + 0.045, START + 0.1, FAR)
    again = kept.history.window(window.start.time, window.end.time, FAR)

    assert (again.start, again.end) == (window.start, window.end)
    assert window.seconds == 0.06
    assert window.samples == 3


@pytest.mark.parametrize(
    ("seconds", "gaps"),
    [
        ([0, 10, 20, 30], 0),
        ([0, 10, 35, 45], 0),  # 25 s are 2.5 intervals, and not more
        ([0, 10, 36, 46], 1),
        ([0, 100, 200, 210], 2),
    ],
)
def test_neighbours_more_than_two_and_a_half_intervals_apart_are_a_gap(
    tmp_path: Path, seconds: list[int], gaps: int
):
    kept = Kept(tmp_path).sample(*seconds)

    window = kept.window(0, seconds[-1])

    assert window["gaps"] == gaps
    assert window["complete"]  # no edge lies in a gap


@pytest.mark.parametrize(
    ("start", "end", "complete"),
    [
        (0, 110, True),
        (5, 105, True),
        (10, 100, True),  # both edges are samples
        (11, 105, False),
        (99.9, 105, False),
        (0, 50, False),
        (0, 99.9, False),
        (0, 100, True),
    ],
)
def test_an_edge_within_a_gap_makes_a_window_incomplete(
    tmp_path: Path, start: float, end: float, complete: bool
):
    kept = Kept(tmp_path).sample(0, 10, 100, 110)

    assert kept.window(start, end, 112)["complete"] == complete


@pytest.mark.parametrize(
    ("event", "complete", "resets"),
    [
        (Event(START + 20, Kind.BOOT), False, 0),
        (Event(START + 20, Kind.GAP, detail=f"since then, {NOT_COUNTED}"), False, 0),
        (Event(START + 20, Kind.GAP, detail="since then"), True, 0),
        (Event(START + 20, Kind.RESET, irq="24"), True, 1),
        (Event(START + 20, Kind.CPU_OFFLINE, cpu=1), True, 0),
        (Event(START + 10, Kind.BOOT), True, 0),  # at the start: (start, end] leaves it out
        (Event(START + 30, Kind.BOOT), False, 0),
        (Event(START + 31, Kind.BOOT), True, 0),
    ],
)
def test_lost_counts_make_a_window_incomplete_and_resets_are_counted(
    tmp_path: Path, event: Event, complete: bool, resets: int
):
    kept = Kept(tmp_path, events=[event]).sample(*every(10, 50))

    window = kept.history.window(START + 10, START + 30, START + 50)

    assert (window.complete, window.resets) == (complete, resets)


def test_the_interval_is_the_one_that_was_set_at_the_time(tmp_path: Path):
    kept = Kept(
        tmp_path, interval=1.0, events=[Event(START, Kind.START, detail=interval_detail(60))]
    )
    kept.sample(0, 60, 120, 180)
    kept.history.add_events([Event(START + 181, Kind.START, detail="every 1s")])
    kept.sample(181, 182, 183, 186)

    assert kept.window(0, 180)["gaps"] == 0
    assert kept.window(181, 186)["gaps"] == 1  # 3 s at an interval of 1 s
    assert kept.window(0, 186)["gaps"] == 1
    assert kept.history.interval_at(START + 100) == 60.0
    assert kept.history.interval_at(START + 182) == 1.0
    assert kept.history.window(START, START + 180, FAR).resolution_seconds == 60.0
    assert kept.history.window(START, START + 186, FAR).resolution_seconds == 1.0


@pytest.mark.parametrize("detail", ["", "soon", "every now and then", "10s -> "])
def test_an_interval_in_words_of_another_program_is_passed_over(tmp_path: Path, detail: str):
    kept = Kept(tmp_path, events=[Event(START, Kind.INTERVAL, detail=detail)]).sample(0, 10)

    assert kept.history.interval_at(START) == 10.0


def test_an_interval_event_tells_the_new_interval(tmp_path: Path):
    kept = Kept(tmp_path, events=[Event(START, Kind.INTERVAL, detail="10s -> 500ms")]).sample(0)

    assert kept.history.interval_at(START + 1) == 0.5


def test_intervals_are_told_in_the_order_of_time_though_a_clock_was_set_back(tmp_path: Path):
    late = Event(START + 500, Kind.START, detail="every 60s")
    kept = Kept(tmp_path, events=[late, Event(START, Kind.START, detail="every 1s")])

    assert kept.history.interval_at(START + 100) == 1.0
    assert kept.history.interval_at(START + 501) == 60.0


def without_raw(root: Path, seconds: Iterable[int], raw_from: int) -> Kept:
    """A history whose raw samples before `raw_from` are gone, whose minutes and hours are not."""
    Kept(root).sample(*seconds)
    for each in (root / "raw").glob("*/*"):
        if float(each.name.partition(".")[0]) < START + raw_from:
            each.unlink()
    kept = Kept(root)
    last = kept.tiers[0].lookup.find(FAR)
    assert last is not None
    kept.history.set_latest(Sample(*last, RAW))
    return kept


def test_the_finest_tier_that_reaches_back_answers(tmp_path: Path):
    kept = without_raw(tmp_path, every(10, 7400), raw_from=3600)

    at = kept.history.sample_at
    assert (at(START + 3605).time, at(START + 3605).tier.name) == (START + 3600, "raw")
    assert (at(START + 3599).time, at(START + 3599).tier.name) == (START + 3540, "1m")
    assert at(START + 3599).state == {"24,0": 3_540_001}


def test_a_window_over_tiers_counts_samples_at_the_coarser_resolution(tmp_path: Path):
    kept = without_raw(tmp_path, every(10, 7400), raw_from=3600)

    window = kept.history.window(START + 3000, START + 3650, START + 7400)

    assert (window.start.time, window.end.time) == (START + 3000, START + 3650)
    assert window.samples == 12  # 3000, 3060 ... 3600, and the edge at 3650
    assert window.resolution_seconds == 60.0
    assert window.gaps == 0
    assert window.complete
    assert window.end.state["24,0"] - window.start.state["24,0"] == 650_000


def test_minutes_apart_are_no_gap_in_a_tier_of_minutes(tmp_path: Path):
    kept = without_raw(tmp_path, [*every(10, 600), *every(10, 7400, start=900)], raw_from=3600)

    assert kept.window(0, 600)["gaps"] == 0
    assert kept.window(0, 3000)["gaps"] == 1
    assert not kept.window(0, 800)["complete"]
    assert kept.window(0, 600)["complete"]


def test_where_every_tier_begins_later_the_first_sample_of_all_answers(tmp_path: Path):
    kept = without_raw(tmp_path, every(10, 7400), raw_from=3600)

    first = kept.history.sample_at(START - 1)

    assert first.time == START
    assert first.tier.name in ("1m", "1h")


def test_the_newest_sample_comes_from_memory(tmp_path: Path):
    kept = Kept(tmp_path).sample(0, 10)
    for each in tmp_path.glob("*/*/*"):
        each.unlink()

    assert kept.history.sample_at(START + 10).state == {"24,0": 10_001}
    assert kept.history.sample_at(START + 5).time == START + 10  # the first there still is


def test_several_moments_are_looked_up_at_once(tmp_path: Path):
    kept = Kept(tmp_path).sample(*every(10, 50))

    found = kept.history.samples_at([START + 5, START + 7, START + 20, START + 1000])

    assert [each.time - START for each in found] == [0, 0, 20, 50]


@given(
    steps=st.lists(st.sampled_from([1, 10, 10, 30, 400, 4000]), min_size=1, max_size=20),
    edges=st.lists(st.integers(-20, 20_000), min_size=3, max_size=6, unique=True).map(sorted),
    lost=st.sampled_from([0, 3600, 7200]),
)
@settings(max_examples=pace.examples(60))
def test_neighbouring_windows_add_up(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], edges: list[int], lost: int
):
    seconds = [sum(steps[: index + 1]) for index in range(len(steps))]
    lost = min(lost, seconds[-1] // 3600 * 3600)
    kept = without_raw(tmp_path_factory.mktemp("history"), seconds, raw_from=lost)

    def counted(start: float, end: float) -> int:
        window = kept.history.window(START + start, START + end, FAR)
        assert window.start.time <= window.end.time
        # counts stay exact at every kept edge, of whatever tier
        for edge in (window.start, window.end):
            assert edge.state == {"24,0": round((edge.time - START) * 1000) + 1}
        return window.end.state["24,0"] - window.start.state["24,0"]

    parts = [counted(a, b) for a, b in pairwise(edges)]
    assert sum(parts) == counted(edges[0], edges[-1])
    assert all(part >= 0 for part in parts)


def test_a_sample_that_was_just_asked_for_needs_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    kept = Kept(tmp_path).sample(*every(10, 90))
    read: list[Path] = []
    really = Files.read_part

    def reading(self: Files, path: Path, start: int = 0, end: int | None = None) -> bytes:
        read.append(path)
        return really(self, path, start, end)

    monkeypatch.setattr(Files, "read_part", reading)
    found = [kept.history.sample_at(START + second) for second in (30, 35, 39.9, 30, 40, 45, 31)]

    assert [each.time - START for each in found] == [30, 30, 30, 30, 40, 40, 30]
    assert [each.state["24,0"] for each in found] == [30001] * 4 + [40001] * 2 + [30001]
    assert len(read) == 2


def test_a_sample_that_was_dropped_is_not_remembered(tmp_path: Path):
    kept = Kept(tmp_path).sample(*every(10, 3600 + 90))
    assert kept.history.sample_at(START + 30).tier == RAW
    raw = kept.tiers[0]
    assert raw.drop_oldest()

    found = kept.history.sample_at(START + 30)

    assert (found.tier.name, found.time - START) == ("1m", 0)


def test_what_is_known_of_a_window_is_not_worked_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    kept = Kept(tmp_path).sample(*every(10, 90))
    before = kept.window(20, 80)
    worked: list[float] = []
    really = Lookup.survey

    def working(self: Lookup, start: float, end: float) -> object:
        worked.append(start - START)
        return really(self, start, end)

    monkeypatch.setattr(Lookup, "survey", working)

    assert kept.window(20, 80) == kept.window(25, 85) == before
    assert kept.window(30, 80)["samples"] == 6
    assert worked == [30]


# ---- series -------------------------------------------------------------------------------------


def places(samples: Iterable[Sample]) -> list[tuple[str, float]]:
    return [(each.tier.name, each.time - START) for each in samples]


def moments_of(*seconds: float) -> list[float]:
    return [START + second for second in seconds]


@pytest.mark.parametrize(
    ("step", "tier"),
    [(60, "1m"), (240, "1m"), (3600, "1h"), (7200, "1h"), (90, "raw"), (30, "raw")],
)
def test_the_inner_edges_come_from_the_coarsest_tier_whose_step_divides_that_of_the_series(
    tmp_path: Path, step: int, tier: str
):
    kept = Kept(tmp_path).sample(*every(10, 4 * 7200 + 60))

    found = places(kept.history.samples_at(moments_of(*range(25, 25 + 4 * step, step)), step))

    apart = {"raw": 10, "1m": 60, "1h": 3600}[tier]
    inner = [(tier, (25 + step * n) // apart * apart) for n in (1, 2)]
    assert found == [("raw", 20), *inner, ("raw", (25 + 3 * step) // 10 * 10)]


def test_with_sums_the_states_are_sums_from_tiers_of_sums_and_from_others(tmp_path: Path):
    kept = Kept(tmp_path).sample(*every(10, 7200))

    found = list(kept.history.samples_at(moments_of(25, 145, 265, 385), 120, sums=True))

    assert places(found) == [("raw", 20), ("cpus-1m", 120), ("cpus-1m", 240), ("raw", 380)]
    assert [each.state for each in found] == [
        {"all,0": 1000 * second + 1} for second in (20, 120, 240, 380)
    ]


def test_where_the_tier_of_sums_does_not_reach_back_the_other_answers(tmp_path: Path):
    kept = Kept(tmp_path).sample(*every(10, 3 * 86400, 3 * 86400 - 300))
    sums = next(tier for tier in kept.tiers if tier.shape.name == "cpus-1m")
    sums.close()
    assert sums.drop_oldest()
    base = 3 * 86400 - 300

    moments = moments_of(base + 5, base + 65, base + 125, base + 185)
    found = list(kept.history.samples_at(moments, 60, sums=True))

    assert [tier for tier, _ in places(found)] == ["raw", "1m", "1m", "raw"]
    assert [each.state["all,0"] for each in found] == [
        1000 * (base + second) + 1 for second in (0, 60, 120, 180)
    ]


def test_a_series_beside_a_writer_that_packs_and_drops_never_goes_back(tmp_path: Path):
    kept = dropping(Kept(tmp_path))
    samples = kept.history.samples_at(moments_of(15, 60, 120, 125), 60)
    first = [next(samples), next(samples)]
    drop_closed(kept)

    times = [each.time for each in (*first, *samples)]

    assert times == sorted(times)
