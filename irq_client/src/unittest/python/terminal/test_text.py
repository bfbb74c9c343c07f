"""Single values as text for a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.terminal.text import (
    aligned,
    bytes_text,
    cell_width,
    count_text,
    numbered,
    rate_text,
    shortened,
    span_text,
    telling_share,
    visible,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("virtio1-req.0", "virtio1-req.0"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x9b2J", r"\x9b2J"),
        ("\u202egnp", r"\u202egnp"),
        ("\ud800", r"\ud800"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("näh 漢", "näh 漢"),
    ],
)
def test_what_a_terminal_might_obey_is_shown_as_an_escape(text: str, shown: str):
    assert visible(text) == shown


@given(st.text())
def test_what_is_shown_is_always_printable(text: str):
    assert visible(text).isprintable()


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("eth0", 4, "eth0"),
        ("virtio12-input.0", 9, "virt…ut.0"),
        ("abcdef", 4, "ab…f"),
        ("abcdef", 2, "a…"),
        ("abcdef", 1, "…"),
        ("漢字漢字", 5, "漢…字"),
    ],
)
def test_a_long_name_loses_its_middle(text: str, width: int, short: str):
    assert shortened(text, width) == short


def test_blanks_at_the_end_go_before_letters():
    assert shortened("DEVICE     ", 8) == "DEVICE"
    assert shortened("DEVICE     ", 5) == "DE…CE"


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp", "M"])), st.integers(1, 40))
def test_a_shortened_name_fits(text: str, width: int):
    assert cell_width(shortened(text, width)) <= width


def test_numbers_are_filled_up_at_the_left_and_names_at_the_right():
    assert aligned("5", 3, right=True) == "  5"
    assert aligned("漢", 3, right=False) == "漢 "


@given(st.integers(0, 2**64))
def test_grouping_changes_no_digit(count: int):
    assert int(count_text(count).replace(",", "")) == count


def test_numbers_are_grouped_by_thousands():
    assert count_text(1_234_567) == "1,234,567"


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0.0, "0.0"),
        (93.44, "93.4"),
        (999.94, "999.9"),
        (999.96, "1.00k"),
        (1234.56, "1.23k"),
        (12_345.6, "12.3k"),
        (123_456.0, "123k"),
        (9_994_000.0, "9.99M"),
        (5.0e15, "5,000T"),
    ],
)
def test_rates_have_units_for_people(rate: float, text: str):
    assert rate_text(rate) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1023, "1,023 bytes"),
        (1024, "1.0 KiB"),
        (1_572_864, "1.5 MiB"),
        (2**30, "1.0 GiB"),
        (2**70, "1,048,576.0 PiB"),
    ],
)
def test_a_size_has_the_unit_that_suits_it(size: int, text: str):
    assert bytes_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (0.25, "0.25 s"),
        (60.0, "60 s"),
        (119.9996, "120 s"),
        (900.0, "15 minutes"),
        (131_400.0, "36.5 hours"),
        (604_800.0, "7 days"),
    ],
)
def test_a_length_of_time_has_the_unit_that_suits_it(seconds: float, text: str):
    assert span_text(seconds) == text


def test_a_noun_is_counted():
    assert numbered(1, "gap") == "1 gap"
    assert numbered(1234, "sample") == "1,234 samples"


def test_a_share_of_what_is_kept_is_from_the_beginning():
    assert shortened("mlx5_comp35@pci:0000:c1:00.1", 16, 0.7) == "mlx5_comp35…00.1"
    # by halves the 15 cells beside the mark are 8 and 7
    assert shortened("mlx5_comp35@pci:0000:c1:00.1", 16) == "mlx5_com…c1:00.1"


def test_names_are_shortened_where_they_stay_apart():
    queues = [f"mlx5_comp{number}@pci:0000:c1:00.0" for number in range(10, 30)]
    ends = [f"virtio7-a-long-name-output.{number}" for number in range(10, 30)]

    assert telling_share(queues, 16) == 0.7
    assert telling_share(ends, 16) == 0.5
    assert telling_share(["short"], 16) == 0.5
    for names in (queues, ends):
        share = telling_share(names, 16)
        assert len({shortened(name, 16, share) for name in names}) == 20


def test_names_that_differ_only_late_keep_their_end():
    names = [f"a-long-name-of-one-card-and-its-queue-{number}-of-a-node" for number in range(5)]

    assert telling_share(names, 21) == 0.3
