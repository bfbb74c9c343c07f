"""Which cells have a series of their own may change; no series ever falls, and nothing is lost."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_server.store.segments.segment import State
from irq_server.web.selection import (
    HELD_SECONDS,
    Name,
    Selection,
    read_selection,
    selection_json,
)

DEVICES = {str(irq): f"dev{irq}" for irq in (24, 25, 26, 27)} | {"LOC": ""}
CPUS = (0, 1)


def take(selection: Selection, cells: State, moment: float = 0.0, room: int = 9) -> bool:
    return selection.update(cells, DEVICES, moment, room)


def again(selection: Selection, cells: State) -> Selection:
    """As a restart reads it."""
    return read_selection(json.loads(json.dumps(selection_json(selection))), cells)


def values(selection: Selection) -> dict[str, int]:
    return {key: series.value for key, series in selection.shown.items()}


def test_the_busiest_are_shown_and_the_others_count_for_all_else_on_every_cpu():
    selection = Selection()
    cells = {"24,0": 50, "24,1": 7, "25,1": 90, "LOC,0": 3, "LOC,1": 4}

    take(selection, cells, room=2)

    assert values(selection) == {"25,1": 0, "24,0": 0}
    assert selection.others(cells, (0, 1, 2)) == {"0": 53, "1": 101, "2": 0}


def test_a_series_stays_at_0_for_two_minutes_and_counts_from_then_on():
    selection = Selection()
    take(selection, {"24,0": 50}, 1000.0)

    assert not take(selection, {"24,0": 60}, 1119.9)
    assert values(selection) == {"24,0": 0}
    assert take(selection, {"24,0": 70}, 1120.0)  # a restart must know the base
    assert values(selection) == {"24,0": 0}
    assert not take(selection, {"24,0": 85}, 1130.0)
    assert values(selection) == {"24,0": 15}
    assert selection.others({"24,0": 85}, CPUS) == {"0": 70, "1": 0}


def test_one_that_overtook_another_takes_its_place_and_the_other_comes_back_as_it_was():
    selection = Selection()
    take(selection, {"24,0": 50, "25,0": 40}, 0.0, 1)
    take(selection, {"24,0": 50, "25,0": 40}, 120.0, 1)
    take(selection, {"24,0": 57, "25,0": 114}, 130.0, 1)  # not yet more than twice as much
    assert values(selection) == {"24,0": 7}

    assert take(selection, {"24,0": 60, "25,0": 121}, 140.0, 1)
    assert values(selection) == {"25,0": 0}
    assert selection.others({"24,0": 60, "25,0": 121}, (0,)) == {"0": 174}  # but for the 7

    cells = {"24,0": 300, "25,0": 121}
    take(selection, cells, 150.0, 1)
    assert values(selection) == {"24,0": 7}
    take(selection, cells, 270.0, 1)
    take(selection, {**cells, "24,0": 303}, 280.0, 1)
    assert values(selection) == {"24,0": 10}


def test_only_those_that_overtook_take_a_place():
    selection = Selection()
    take(selection, {"24,0": 50, "25,0": 40}, 0.0, 2)

    # 26 has five times what 25 has; 27 not twice what 24 has
    take(selection, {"24,0": 50, "25,0": 40, "26,0": 200, "27,0": 90}, 10.0, 2)

    assert selection.shown.keys() == {"24,0", "26,0"}


def test_another_device_under_the_same_name_begins_a_series_of_its_own():
    selection = Selection()
    take(selection, {"24,0": 50})
    take(selection, {"24,0": 50}, 120.0)
    take(selection, {"24,0": 55}, 130.0)

    selection.update({"24,0": 58}, {"24": "renamed"}, 140.0, 9)

    assert selection.shown["24,0"].name == Name("24,0", "renamed")
    assert values(selection) == {"24,0": 0}
    assert selection.others({"24,0": 58}, (0,)) == {"0": 53}
    take(selection, {"24,0": 58}, 150.0)
    assert values(selection) == {"24,0": 5}


def test_a_lower_limit_hides_the_least_busy():
    selection = Selection()
    cells = {"24,0": 50, "25,0": 40, "26,0": 60}
    take(selection, cells)

    take(selection, cells, 10.0, 1)

    assert selection.shown.keys() == {"26,0"}


CELLS = [f"{irq},{cpu}" for irq in (24, 25, 26, 27) for cpu in CPUS]
STEPS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(CELLS), st.integers(0, 1000), max_size=4),
        st.integers(1, 4),
        st.booleans(),
        st.integers(1, 150),
    ),
    max_size=30,
)


@given(steps=STEPS)
def test_no_series_falls_and_a_cpus_series_grow_by_what_fired_on_it(
    steps: list[tuple[dict[str, int], int, bool, int]],
):
    selection, totals, moment = Selection(), Counter[str](), 0.0
    seen: dict[tuple[str, str], int] = {}  # a scraper's last value of every series
    for fired, room, restarts, seconds in steps:
        totals.update(fired)
        moment += seconds
        cells = {key: n for key, n in totals.items() if n}
        if restarts:
            selection = again(selection, cells)
        take(selection, cells, moment, room)
        assert len(selection.shown) == min(room, len(cells))
        now = {(irq, cpu): n for (irq, cpu), n in _split(values(selection)).items()}
        now |= {("other", cpu): n for cpu, n in selection.others(cells, CPUS).items()}
        for name, n in now.items():
            assert n >= seen.get(name, 0), name
        seen |= now
        for cpu in ("0", "1"):
            on_cpu = sum(n for key, n in cells.items() if key.endswith(f",{cpu}"))
            counted = sum(n for name, n in seen.items() if name[1] == cpu)
            # a restart may hide a series that counted since it was last seen
            assert counted <= on_cpu
            if not any(each[2] for each in steps):
                assert counted == on_cpu


def _split(series: dict[str, int]) -> dict[tuple[str, str], int]:
    return {(key.partition(",")[0], key.partition(",")[2]): n for key, n in series.items()}


def test_a_restart_goes_on_and_holds_what_was_held_again():
    selection = Selection()
    take(selection, {"24,0": 50})
    take(selection, {"24,0": 50, "25,0": 9}, HELD_SECONDS)

    after = again(selection, {"24,0": 53, "25,0": 9})
    take(after, {"24,0": 53, "25,0": 9}, 500.0)

    assert values(after) == {"24,0": 3, "25,0": 0}
    assert after.shown["25,0"].held_until == 500.0 + HELD_SECONDS


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"shown": 3, "hidden": []},
        {"shown": [], "hidden": [["24,0", "dev24", None]]},
        {"shown": [["24", "dev24", 1]], "hidden": []},
        {"shown": [["24,0", "dev24", -1]], "hidden": []},
        {"shown": [["24,0", "dev24", 51]], "hidden": []},  # another history
        {"shown": [], "hidden": [["25,0", "dev25", 1]]},
    ],
)
def test_what_is_no_selection_of_this_history_is_refused(wrong: dict[str, object]):
    with pytest.raises(ValueError, match=r"expected a key|has counted less"):
        read_selection(wrong, {"24,0": 50})
