"""CPU lists and masks, in the forms that the kernel takes and prints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irqbalance.errors import CpuSetError
from irqbalance.kernel.cpuset import MAX_CPU, format_list, parse_list, parse_mask

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


def test_ranges_are_summed_before_they_are_made():
    assert len(parse_list(f"0-{MAX_CPU}")) == MAX_CPU + 1
    with pytest.raises(CpuSetError, match="ranges of at most 65536 CPUs together"):
        parse_list(f"0-{MAX_CPU},0")
    with pytest.raises(CpuSetError):
        parse_list(",".join([f"0-{MAX_CPU}:1/65536"] * 100_000))  # an hour's work, if it were made


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
        ("00000000,00000000,00000000,00000001", {0}),
        ("20", {5}),
    ],
)
def test_a_mask_names_its_cpus(text: str, cpus: set[int]):
    assert parse_mask(text) == cpus


@pytest.mark.parametrize("text", ["", "0x1", "g", "1,", "123456789", "1" + ",0" * 2048])
def test_what_is_not_a_mask_is_refused(text: str):
    with pytest.raises(CpuSetError):
        parse_mask(text)


@given(CPU_SETS)
def test_lists_round_trip(cpus: frozenset[int]):
    assert parse_list(format_list(cpus)) == cpus


@given(CPU_SETS, st.integers(0, 50))
def test_a_mask_of_any_width_is_read_right(cpus: frozenset[int], zeros: int):
    digits = f"{sum(1 << cpu for cpu in cpus):x}".rjust(zeros, "0")
    first = len(digits) % 8 or 8
    words = [digits[:first], *(digits[at : at + 8] for at in range(first, len(digits), 8))]

    assert parse_mask(",".join(words)) == cpus


@given(st.text())
def test_any_text_is_a_list_or_refused(text: str):
    try:
        cpus = parse_list(text)
    except CpuSetError:
        return
    assert parse_list(format_list(cpus)) == cpus
