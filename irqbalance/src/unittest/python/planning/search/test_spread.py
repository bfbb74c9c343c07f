"""Where an IRQ goes that moves anyway: queues and threads apart, and never a fuller fullest CPU."""

from collections import Counter

import pytest

from irqbalance.planning.search.placement import Placement, Problem
from irqbalance.planning.search.spread import Neighbours, spread
from tiny import problem, problems

CORES_OF_TWO = [[1], [0], [3], [2], [5], [4]]


def settled(
    given: Problem,
    bins: list[int],
    devices: list[str] | None = None,
    siblings: list[list[int]] | None = None,
) -> list[int]:
    """Spread the items; return the bin of each."""
    placement = Placement(given, bins)
    target = placement.target()

    spread(placement, Neighbours(devices or [""] * len(bins), siblings or []))

    assert placement.target() <= target * (1 + 1e-8)
    return placement.bins


def test_an_item_leaves_a_queue_of_its_device_for_a_busier_bin():
    # 1 moved to bin 1, where the other queue is; bin 2 has more load and more items
    given = problem([5, 2, 3, 3, 9], [1, 0, 2, 2, 0], [0, 0, 0])

    assert settled(given, [1, 1, 2, 2, 0], ["eth0", "eth0", "sda", "sdb", "nvme"])[1] == 2


def test_it_goes_where_the_fewest_queues_of_its_device_are():
    given = problem([1, 1, 1, 1, 1, 9, 4], [0, 0, 1, 1, 2, 0, 2], [0, 0, 0])

    # bins 1 and 2: two queues, and one beside a load of 4
    assert settled(given, [1, 0, 1, 1, 2, 0, 2], [*["eth0"] * 5, "a", "b"])[0] == 2


def test_items_without_a_device_are_no_queues_of_one():
    # were "" a device, the item would go to bin 2, where one of them is and not two
    given = problem([2, 1, 1, 3, 9], [0, 1, 1, 2, 0], [0, 0, 0])

    assert settled(given, [1, 1, 1, 2, 0])[0] == 1


def test_it_shares_no_core_with_a_queue_of_its_device_where_another_core_is_busier():
    given = problem([2, 5, 3, 3, 9], [4, 0, 2, 3, 4], [0] * 6)

    # core 0-1 has a queue on CPU 0 and 5 in all, core 2-3 none and 6
    bins = settled(given, [1, 0, 2, 3, 4], ["eth0", "eth0", "a", "b", "c"], CORES_OF_TWO)

    assert bins[0] in (2, 3)


def test_another_device_on_the_core_is_no_matter():
    given = problem([2, 5, 3, 3, 9], [4, 0, 2, 3, 4], [0] * 6)

    assert settled(given, [1, 0, 2, 3, 4], ["eth0", "x", "a", "b", "c"], CORES_OF_TWO)[0] == 1


def test_a_queue_on_the_same_cpu_is_worse_than_one_on_its_core():
    # CPU 0 and 2 hold a queue each; 1 shares the core of 0; the other cores are full
    given = problem([2, 5, 1], [4, 0, 2], [0, 0, 0, 8, 9, 9])

    bins = settled(given, [2, 0, 2], ["eth0", "eth0", "eth0"], CORES_OF_TWO)

    assert bins[0] == 1


def test_of_two_cores_the_less_loaded_is_taken():
    # both CPU 1 and CPU 3 are empty, but CPU 0 has 5 and CPU 2 has 4
    given = problem([2, 5, 4, 9], [4, 0, 2, 4], [0] * 4 + [0, 9])

    assert settled(given, [1, 0, 2, 4], None, CORES_OF_TWO)[0] == 3


def test_a_threads_fixed_load_counts_as_its_cores():
    given = problem([2, 9], [4, 4], [6, 0, 3, 3.5, 0, 9])

    # core 0-1 has 6, core 2-3 6.5
    assert settled(given, [3, 4], None, CORES_OF_TWO)[0] in (0, 1)


def test_of_bins_as_loaded_the_one_with_fewer_items_is_taken():
    given = problem([2, 1, 1, 2, 9], [0, 1, 1, 2, 0], [0, 0, 0])

    assert settled(given, [1, 1, 1, 2, 0])[0] == 2


def test_of_bins_that_are_alike_the_present_is_kept_else_the_first_taken():
    given = problem([2, 9], [0, 0], [0, 0, 0, 0])

    assert settled(given, [3, 0])[0] == 3
    assert settled(given._replace(fixed=[0, 0, 0, 5]), [3, 0])[0] == 1


def test_an_item_in_the_first_bin_is_settled_too():
    given = problem([2, 9], [1, 1], [5, 0, 0])

    assert settled(given, [0, 1])[0] == 2


def test_who_is_at_home_or_nowhere_stays_so():
    given = problem([2, 2, 9], [0, -1, 1], [5, 0, 0])

    assert settled(given, [0, -1, 1]) == [0, -1, 1]


def test_an_item_without_a_home_is_settled():
    assert settled(problem([2, 9], [-1, 1], [5, 0, 0]), [0, 1])[0] == 2


def test_a_bin_is_filled_to_the_target_and_no_further():
    # its queues part where bin 2 has room: 9 is the target
    devices = ["eth0", "eth0", "a", "b"]

    assert settled(problem([4, 4, 5, 9], [0, 1, 2, 0], [0] * 3), [1, 1, 2, 0], devices)[0] == 2
    assert settled(problem([4, 4, 6, 9], [0, 1, 2, 0], [0] * 3), [1, 1, 2, 0], devices)[0] == 1


def test_a_slow_bin_is_filled_by_its_speed():
    devices, speeds = ["eth0", "eth0", "a"], [1.0, 1.0, 0.5]

    # 4 / 0.5 is 8, 5 / 0.5 is 10; the target is 9
    assert settled(problem([4, 4, 9], [0, 1, 0], [0] * 3, speeds), [1, 1, 0], devices)[0] == 2
    assert settled(problem([5, 4, 9], [0, 1, 0], [0] * 3, speeds), [1, 1, 0], devices)[0] == 1


def test_a_confined_item_goes_nowhere_else():
    given = problem([4, 4, 9], [0, 1, 0], [0, 0, 0], allowed={0: {0, 1}})

    assert settled(given, [1, 1, 0], ["eth0", "eth0", "a"])[0] == 1


def test_a_confined_item_goes_to_the_best_of_the_bins_that_it_may_be_in():
    given = problem([4, 4, 9], [0, 1, 0], [0, 0, 0, 0], allowed={0: {0, 1, 3}})

    assert settled(given, [1, 1, 0], ["eth0", "eth0", "a"])[0] == 3


def test_the_heaviest_chooses_first_and_of_equals_the_first():
    # bin 3 is empty, and has room for one of the two
    given = problem([3, 4, 9], [0, 0, 0], [0, 1, 1, 5])

    assert settled(given, [1, 1, 0])[:2] == [1, 2]
    assert settled(given._replace(weights=[4, 4, 9]), [1, 1, 0])[:2] == [2, 1]


@pytest.mark.parametrize(("moved", "settles"), [(2000, True), (2001, False)])
def test_where_very_many_move_they_are_left_where_they_are(moved: int, settles: bool):
    given = problem([1.0] * moved, [0] * moved, [3000, 0, 0])

    bins = settled(given, [1] * moved)

    assert (bins != [1] * moved) == settles


def test_spread_moves_no_more_than_was_moved_and_keeps_the_target():
    for seed, given in enumerate(problems(120, items=8, bins=4)):
        bins = [
            sorted(only or range(len(given.fixed)))[(item * 7 + seed) % len(only or given.fixed)]
            for item, only in enumerate(given.allowed)
        ]
        placement = Placement(given, bins)
        target, moves = placement.target(), placement.moves()
        at_home = Counter(
            bin_ for bin_, home in zip(bins, given.homes, strict=True) if bin_ == home
        )

        spread(placement, Neighbours([f"d{item % 2}" for item in range(len(bins))], []))

        assert placement.target() <= target * (1 + 1e-8)
        assert placement.moves() <= moves
        pairs = zip(placement.bins, given.homes, strict=True)
        # one may leave its home for another of the same home
        assert at_home <= Counter(bin_ for bin_, home in pairs if bin_ == home)
        assert all(placement.may(item, bin_) for item, bin_ in enumerate(placement.bins))


def test_queues_without_room_elsewhere_swap_bins_to_be_apart():
    # all were moved off bin 3, which is full, and every other bin is as full as it may be
    given = problem([50, 50, 50, 50, 100], [3, 3, 3, 3, 3], [0, 0, 0, 100])

    bins = settled(given, [0, 0, 1, 1, 2], ["a", "a", "b", "b", "c"])

    assert {bins[0], bins[1]} == {bins[2], bins[3]} == {0, 1}
    assert bins[4] == 2


def test_a_swap_moves_no_item_that_is_at_home_and_fills_no_bin_beyond_the_fullest():
    at_home = problem([50, 50, 50, 50], [2, 2, 1, 1], [0, 0, 100])
    assert settled(at_home, [0, 0, 1, 1], ["a", "a", "b", "b"]) == [0, 0, 1, 1]

    # an item may stay home for one that would: as many move
    another = problem([50, 50, 50, 50], [0, 0, 0, 0], [0, 0])
    assert settled(another, [0, 0, 1, 1], ["a", "a", "b", "b"]) in ([0, 1, 0, 1], [1, 0, 1, 0])
    lighter = settled(
        another._replace(weights=[50, 50, 49, 49]), [0, 0, 1, 1], ["a", "a", "b", "b"]
    )
    assert sorted(lighter[:2]) == sorted(lighter[2:]) == [0, 1]

    unequal = problem([50, 50, 51, 49], [2, 2, 2, 2], [0, 0, 100])
    assert settled(unequal, [0, 0, 1, 1], ["a", "a", "b", "b"]) == [0, 0, 1, 1]


def test_many_queues_are_kept_apart_too():
    items, many = 600, 150
    given = problem([1.0] * items, [many] * items, [0.0] * many + [100.0])
    devices = [f"eth{item // 4}" for item in range(items)]

    # four queues of a device on each bin
    bins = settled(given, [item // 4 for item in range(items)], devices)

    assert len(set(zip(devices, bins, strict=True))) == items


def in_caches(
    given: Problem, bins: list[int], devices: list[str], caches: list[int]
) -> list[tuple[str, int]]:
    """Spread the items; return the device and the cache of each."""
    placement = Placement(given, bins)
    target, moves = placement.target(), placement.moves()

    spread(placement, Neighbours(devices, [], caches))

    assert placement.target() <= target * (1 + 1e-8)
    assert placement.moves() <= moves
    return [(device, caches[bin_]) for device, bin_ in zip(devices, placement.bins, strict=True)]


def test_an_item_goes_to_a_cache_with_fewer_of_its_device_though_it_is_more_loaded():
    # bin 1 is empty and shares a cache with a queue; bin 3 has a load of 4
    given = problem([2, 5, 4, 9], [4, 0, 3, 4], [0] * 5)

    found = in_caches(given, [1, 0, 3, 4], ["eth0", "eth0", "a", "b"], [0, 0, 1, 1, 2])

    assert found[0] == ("eth0", 1)


def test_queues_swap_caches_if_every_bin_is_full():
    # each device fills one cache; both were moved off bin 4
    given = problem([50] * 5, [4] * 5, [0, 0, 0, 0, 0])

    found = in_caches(given, [0, 1, 2, 3, 4], ["a", "a", "b", "b", "c"], [0, 0, 1, 1, 2])

    assert len(set(found)) == 5


def test_caches_make_nothing_fuller_and_no_more_moves():
    for seed, given in enumerate(problems(120, items=10, bins=6)):
        bins = [
            sorted(only or range(len(given.fixed)))[(item * 5 + seed) % len(only or given.fixed)]
            for item, only in enumerate(given.allowed)
        ]
        caches = [bin_ // 2 for bin_ in range(len(given.fixed))]
        devices = [f"d{item % 3}" for item in range(len(bins))]

        in_caches(given, bins, devices, caches)


def test_equal_items_change_places_so_that_each_device_gets_many_bins_and_caches():
    # eight of each of four devices, and every bin is full
    devices = [f"eth{item // 8}" for item in range(32)]
    given = problem([10] * 32, [0] * 32, [0] * 16)
    for bins in ([item // 2 for item in range(32)], [item % 16 for item in range(32)]):
        found = in_caches(given, bins, devices, [bin_ // 4 for bin_ in range(16)])

        assert Counter(found) == {(f"eth{n}", cache): 2 for n in range(4) for cache in range(4)}


def test_equal_items_of_a_device_get_cores_of_their_own_first():
    # two devices on the eight threads of four cores, all of them full
    given = problem([10] * 8, [8] * 8, [0] * 8 + [10])
    siblings = [[bin_ ^ 1] for bin_ in range(8)] + [[]]
    for caches in ([], [0, 0, 0, 0, 1, 1, 1, 1, 2]):
        placement = Placement(given, [0, 1, 2, 3, 4, 5, 6, 7])

        spread(placement, Neighbours([*"aaaabbbb"], siblings, caches))

        assert sorted(bin_ // 2 for bin_ in placement.bins[:4]) == [0, 1, 2, 3]
