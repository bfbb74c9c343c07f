"""Shell patterns mean what fnmatch makes of them, and cost no more than their length."""

import time
import tracemalloc
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_server.store.pattern import MAX_CHARACTERS, Pattern

LONG = "a" * 4000


@given(
    st.text("ab*?[]!-^\\.\n", min_size=1, max_size=12),
    st.text("ab[]!-^\\.\n", max_size=8),
)
def test_a_pattern_means_what_it_means_to_fnmatch(pattern: str, text: str):
    assert Pattern(pattern).matches(text) == fnmatchcase(text, pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "is_match"),
    [
        ("eth0-*", "eth0-TxRx-3", True),
        ("eth0-*", "eth1-TxRx-3", False),
        ("*", "", True),
        ("?", "", False),
        ("nvme[0-3]q?", "nvme2q7", True),
        ("nvme[!0-3]q?", "nvme2q7", False),
        ("[[]x]", "[x]", True),
        ("[]]", "]", True),
        ("[", "[", True),
        ("a[b", "a[b", True),
        ("ETH0", "eth0", False),
    ],
)
def test_stars_marks_and_sets_match_as_in_a_shell(pattern: str, text: str, is_match: bool):
    assert Pattern(pattern).matches(text) is is_match


@pytest.mark.parametrize("text", ["", "x" * (MAX_CHARACTERS + 1)])
def test_an_empty_or_a_too_long_pattern_is_refused_with_the_limit(text: str):
    with pytest.raises(ValueError, match="1 to 256 characters"):
        Pattern(text)


@pytest.mark.parametrize(
    "pattern", ["*a" * 127 + "b", "*?" * 127 + "b", "*[!b]" * 51 + "b", "[" * 256, "*" * 256]
)
def test_the_worst_pattern_of_a_long_name_takes_a_tenth_of_a_second_at_most(pattern: str):
    began = time.process_time()

    assert Pattern(pattern).matches(LONG) == (pattern == "*" * 256)
    assert time.process_time() - began < 0.1


def test_nothing_of_a_pattern_is_kept():
    Pattern("[a-z]*").matches(LONG)
    tracemalloc.start()
    try:
        for number in range(100):
            Pattern(f"{number}{'[a-z]*' * 42}").matches("a")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 100_000


def test_patterns_of_the_same_text_are_equal():
    assert Pattern("eth*") == Pattern("eth*") != Pattern("eth?")
    assert hash(Pattern("eth*")) == hash(Pattern("eth*"))
