"""What is known of many samples without their counts: how many, from when to when, wide pairs."""

from itertools import accumulate

import pytest

from irq_server.store.segments.survey import Survey, join, survey


def test_of_no_samples_nothing_is_known():
    assert survey([]) == join([]) == join([Survey(), Survey()]) == Survey(0, None, None, ())


def test_one_sample_is_the_first_and_the_last():
    assert survey([5.0]) == Survey(1, 5.0, 5.0, ())


def times(*distances: float) -> list[float]:
    return list(accumulate(distances, initial=1000.0))


@pytest.mark.parametrize(("distance", "is_wide"), [(25.0, False), (25.001, True)])
def test_wide_are_neighbours_more_than_two_and_a_half_small_distances_apart(
    distance: float, is_wide: bool
):
    found = survey(times(10, 10, distance, 10, 10))

    assert (found.samples, found.first, found.last) == (6, 1000.0, 1040.0 + distance)
    assert found.wide == (((1020.0, 1020.0 + distance),) if is_wide else ())


def test_beside_one_that_is_wide_the_others_are_not():
    assert survey(times(10, 25, 100, 10)).wide == ((1035.0, 1135.0),)


@pytest.mark.parametrize(
    ("short", "wide"),
    # the tenth part of all distances is smaller than the one that others are compared with
    [(0, 0), (1, 0), (2, 8)],
)
def test_a_few_short_distances_make_no_others_wide(short: int, wide: int):
    distances = [1.0] * short + [10.0] * (10 - short)

    assert len(survey(times(*distances)).wide) == wide


def test_where_samples_became_rare_every_one_of_them_may_be_a_gap():
    assert survey(times(1, 60, 60)).wide == ((1001.0, 1061.0), (1061.0, 1121.0))


def test_joined_stretches_have_all_their_samples_and_what_lies_between_is_wide():
    first, second = survey(times(10, 10, 100)), Survey(2, 2000.0, 2060.0, ((2000.0, 2060.0),))

    assert join([Survey(), first, Survey(), second]) == Survey(
        6, 1000.0, 2060.0, ((1020.0, 1120.0), (1120.0, 2000.0), (2000.0, 2060.0))
    )
