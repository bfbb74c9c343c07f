"""CPU lists as the kernel writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.server.cpu_list import parse_cpu_list


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("3", (3,)),
        ("0-2,8", (0, 1, 2, 8)),
        ("8,0-2,1", (0, 1, 2, 8)),
        ("0-9:2/4", (0, 1, 4, 5, 8, 9)),
    ],
)
def test_a_cpu_list_is_its_cpus(text: str, cpus: tuple[int, ...]):
    assert parse_cpu_list(text) == (text, cpus)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", "a CPU list"),
        ("", "a CPU list"),
        ("1,,2", "a CPU list"),
        ("65536", "CPU numbers up to 65535"),
        ("0-999999999", "a CPU list"),
        ("3-1", "ranges that rise"),
        ("0-4:0/2", "ranges that rise"),
        ("0-4:3/2", "ranges that rise"),
    ],
)
def test_what_is_no_cpu_list_is_refused(text: str, expected: str):
    with pytest.raises(ValueError, match=expected):
        parse_cpu_list(text)


@given(st.sets(st.integers(0, 65_535), min_size=1, max_size=30))
def test_any_cpus_written_one_by_one_come_back(cpus: set[int]):
    assert set(parse_cpu_list(",".join(map(str, cpus))).cpus) == cpus
