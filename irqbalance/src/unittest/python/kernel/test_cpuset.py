"""CPU lists and masks, in the forms that the kernel takes and prints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irqbalance.errors import CpuSetError
from irqbalance.kernel.cpuset import MAX_CPU, format_list, format_mask, parse_list, parse_mask

CPU_SETS = st.frozensets(st.integers(0, MAX_CPU), max_size=40)


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("0-3,8", {0, 1, 2, 3, 8}),
        ("5", {5}),
        ("\n", set()),
        ("", set()),
        (" 1 , 3-4\n", {1, 3, 4}),
        ("0-7:2/4", {0, 1, 4, 5}),
        ("3,3,2-3", {2, 3}),
    ],
)
def test_a_list_names_its_cpus(text: str, cpus: set[int]):
    assert parse_list(text) == cpus


@pytest.mark.parametrize(
    "text",
    ["x", "3-1", "1-", "-1", "1,,2", "0x1", "1.5", "65536", "0-4:0/2", "0-4:3/2", "\u0663", "all"],
)
def test_what_is_not_a_list_is_refused(text: str):
    with pytest.raises(CpuSetError) as caught:
        parse_list(text)

    assert caught.value.text == text


def test_a_long_number_is_refused_before_it_costs_time():
    with pytest.raises(CpuSetError):
        parse_list("9" * 100_000)


@pytest.mark.parametrize(
    ("cpus", "text"),
    [({0, 1, 2, 3, 8}, "0-3,8"), (set(), ""), ({7}, "7"), ({4, 2, 3}, "2-4"), ({0, 1}, "0-1")],
)
def test_a_list_is_printed_as_the_kernel_does(cpus: set[int], text: str):
    assert format_list(cpus) == text


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("f", {0, 1, 2, 3}),
        ("01,00000000\n", {32}),
        ("ff,ffffffff", set(range(40))),
        ("0", set()),
        ("8,1", {0, 35}),
    ],
)
def test_a_mask_names_its_cpus(text: str, cpus: set[int]):
    assert parse_mask(text) == cpus


@pytest.mark.parametrize("text", ["", "0x1", "g", "1,", "123456789", "1" + ",0" * 2048])
def test_what_is_not_a_mask_is_refused(text: str):
    with pytest.raises(CpuSetError):
        parse_mask(text)


@pytest.mark.parametrize(
    ("cpus", "cpu_count", "text"),
    [
        ({0, 1}, 2, "3"),
        ({32}, 40, "01,00000000"),
        ({0}, 8, "01"),
        ({0}, 128, "00000000,00000000,00000000,00000001"),
        (set(), 4, "0"),
        ({5}, 1, "20"),
    ],
)
def test_a_mask_is_as_wide_as_the_machine(cpus: set[int], cpu_count: int, text: str):
    assert format_mask(cpus, cpu_count) == text


@given(CPU_SETS)
def test_lists_round_trip(cpus: frozenset[int]):
    assert parse_list(format_list(cpus)) == cpus


@given(CPU_SETS, st.integers(1, 5000))
def test_masks_round_trip(cpus: frozenset[int], cpu_count: int):
    assert parse_mask(format_mask(cpus, cpu_count)) == cpus


@given(st.text())
def test_any_text_is_a_list_or_refused(text: str):
    try:
        cpus = parse_list(text)
    except CpuSetError:
        return
    assert parse_list(format_list(cpus)) == cpus
