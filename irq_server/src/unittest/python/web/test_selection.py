"""Which cells have a series of their own may change; no series ever falls, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_server.web.selection import Selection, read_selection, write_selection


def test_the_busiest_are_shown_and_the_rest_is_counted_by_cpu():
    selection = Selection()
    cells = {"24,0": 50, "24,1": 7, "25,1": 90, "LOC,0": 3, "LOC,1": 4}

    assert selection.update(cells, 2)

    assert selection.shown == {"25,1", "24,0"}
    assert selection.others(cells) == {"0": 3, "1": 11}


def test_where_there_is_room_all_are_shown():
    selection = Selection()
    assert selection.update({"24,0": 1}, 3)
    assert not selection.update({"24,0": 2}, 3)
    assert selection.update({"24,0": 2, "25,0": 1}, 3)
    assert selection.shown == {"24,0", "25,0"}
    assert selection.others({"24,0": 2, "25,0": 1}) == {}


def test_one_that_overtook_another_takes_its_place_and_no_counter_falls():
    selection = Selection()
    selection.update({"24,0": 50, "25,0": 40}, 1)
    assert selection.others({"24,0": 50, "25,0": 40}) == {"0": 40}

    assert not selection.update({"24,0": 50, "25,0": 100}, 1)  # not yet twice as much
    assert selection.update({"24,0": 50, "25,0": 101}, 1)
    assert selection.shown == {"25,0"}
    assert selection.others({"24,0": 50, "25,0": 101}) == {"0": 101}  # as before, though 25 left

    assert selection.others({"24,0": 57, "25,0": 200}) == {"0": 108}  # and 24's seven more


def test_only_those_that_overtook_take_a_place():
    selection = Selection()
    selection.update({"24,0": 50, "25,0": 40}, 2)

    # 26 has five times what 25 has; 27 not twice what 24 has
    selection.update({"24,0": 50, "25,0": 40, "26,0": 200, "27,0": 90}, 2)

    assert selection.shown == {"24,0", "26,0"}


CELLS = [f"{irq},{cpu}" for irq in (24, 25, 26, 27) for cpu in (0, 1)]
STEPS = st.lists(
    st.dictionaries(st.sampled_from(CELLS), st.integers(0, 1000), max_size=4), max_size=30
)


@given(steps=STEPS, room=st.integers(1, 4), restart=st.integers(0, 30))
def test_no_series_falls_whatever_fires_and_whenever_the_server_restarts(
    steps: list[dict[str, int]], room: int, restart: int
):
    selection, totals = Selection(), dict[str, int]()
    before: dict[str, int] = {}
    for number, fired in enumerate(steps):
        totals = {key: totals.get(key, 0) + fired.get(key, 0) for key in CELLS}
        if number == restart:
            selection = read_selection(write_selection(selection))
        cells = {key: n for key, n in totals.items() if n}
        selection.update(cells, room)
        series = {f"other,{cpu}": n for cpu, n in selection.others(cells).items()}
        series |= {key: cells[key] for key in selection.shown}
        assert len(selection.shown) == min(room, len(cells))
        for key in before.keys() & series.keys():
            assert series[key] >= before[key], key
        before |= series


def test_what_is_kept_is_read_back():
    selection = Selection({"24,0", "25,1"}, {"0": 7, "1": -3})
    assert read_selection(write_selection(selection)) == selection


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"shown": 3, "offsets": {}}', b'{"shown": [], "offsets": {"0": null}}'],
)
def test_what_is_no_selection_is_refused(data: bytes):
    with pytest.raises(ValueError, match=r"Expecting value|was expected|were expected"):
        read_selection(data)
