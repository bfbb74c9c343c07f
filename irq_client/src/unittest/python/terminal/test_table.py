"""Sheets laid out in lines that fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.terminal.table import Heading, Sheet, busiest_that_fit, fit, layout
from irq_client.terminal.text import cell_width


def lines(sheet: Sheet, width: int, *, shorten: bool = True) -> list[str]:
    """Return the plain lines of a sheet."""
    return ["".join(text for text, _ in line) for line in layout(sheet, width, shorten=shorten)]


def overview(totals: list[int], device: str = "eth0") -> Sheet:
    """Return a sheet with one IRQ that counted so much on each CPU."""
    return Sheet(
        notes=("a note",),
        columns=(
            Heading("IRQ"),
            Heading("DEVICE", flexible=True),
            *(Heading(f"CPU{i}", right=True, weight=total) for i, total in enumerate(totals)),
            Heading("TOTAL", right=True),
        ),
        rows=(("24", device, *totals, sum(totals)),),
        total=("total", "", *totals, sum(totals)),
    )


def test_numbers_stand_right_and_names_left():
    assert lines(overview([1800, 5]), 80) == [
        "a note",
        "IRQ    DEVICE   CPU0  CPU1  TOTAL",
        "24     eth0    1,800     5  1,805",
        "total          1,800     5  1,805",
    ]


def test_cpus_that_do_not_fit_are_folded_into_the_rest():
    # 5 + 6 + 5 + 4 + 5 + 5 cells and five gaps of 2 make 40; CPU2's 4 and a gap would make 46
    assert lines(overview([1, 2000, 30, 400, 5]), 45) == [
        "a note",
        "IRQ    DEVICE   CPU1  CPU3  rest  TOTAL",
        "24     eth0    2,000   400    36  2,436",
        "total          2,000   400    36  2,436",
    ]


def test_without_room_for_one_cpu_the_total_says_it_all():
    assert lines(overview([1, 2000, 30, 400, 5]), 33) == [
        "a note",
        "IRQ    DEVICE  TOTAL",
        "24     eth0    2,436",
        "total          2,436",
        "no room for CPU0, CPU1, CPU2,",
        "  CPU3, CPU4; --columns chooses,",
        "  --format csv has all",
    ]


def test_a_number_is_left_out_with_a_word_rather_than_cut():
    shown = lines(overview([2000]), 10)

    assert shown[1:4] == ["IRQ", "24", "total"]
    assert shown[4:7] == ["no room", "  for", "  DEVICE,"]


def test_many_columns_that_are_left_out_are_a_number():
    text = " ".join(lines(overview([1] * 7), 12)[4:])

    assert "CPU0 .. TOTAL (8 columns)" in " ".join(text.split())


def test_a_long_device_is_shortened_on_a_terminal_only():
    sheet = overview([5], device="mlx5_comp1@pci:0000:c1:00.0")

    # 30 less 5 for IRQ, 5 for TOTAL and two gaps leave 16: no room for CPU0 beside them
    assert lines(sheet, 30)[2] == "24     mlx5_com…c1:00.0      5"
    assert lines(sheet, 30, shorten=False)[2].startswith("24     mlx5_comp1@pci:0000:c1:00.0  ")


@pytest.mark.parametrize(
    ("widths", "weights", "room", "kept"),
    [
        ([4, 4, 4], [1, 2, 3], 18, [0, 1, 2]),
        ([4, 4, 4], [1, 2, 3], 17, [2]),
        ([4, 4, 4], [1, 3, 2], 18 - 1, [1]),
        ([4, 4, 4, 4], [5, 5, 5, 5], 23, [0, 1]),
        ([4, 4, 4], [1, 2, 3], 11, []),
        ([], [], 0, []),
    ],
)
def test_the_busiest_columns_stay(widths, weights, room, kept):
    assert busiest_that_fit(widths, weights, room, rest_width=4) == kept


@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=40),
    st.text("abc漢", max_size=60),
    st.integers(10, 250),
)
def test_no_line_is_wider_than_the_terminal(totals: list[int], device: str, width: int):
    for line in lines(overview(totals, device), width):
        assert cell_width(line) <= width


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40), st.integers(10, 250))
def test_what_is_shown_of_a_row_adds_up_to_its_total(totals: list[int], width: int):
    heading, row = lines(overview(totals), width)[1:3]
    cells = [int(cell.replace(",", "")) for cell in row.split()[2:]]

    if "CPU" in heading:
        assert sum(cells[:-1]) == cells[-1] == sum(totals)


def test_the_rest_of_a_row_without_cpus_is_empty():
    sheet = overview([1, 2000, 30, 400, 5])
    sheet = Sheet((), sheet.columns, (("ERR", "", *[None] * 5, 7),))

    assert lines(sheet, 36)[1].split() == ["ERR", "7"]


def test_notes_come_first_and_warnings_in_their_style():
    sheet = Sheet(("a note",), (Heading("A"),), (("x",),), warnings=("beware",))

    assert list(layout(sheet, 80)) == [
        (("a note", ""),),
        (("beware", "yellow"),),
        (("A", "bold"),),
        (("x", ""),),
    ]


def test_a_long_note_goes_on_in_the_next_line():
    sheet = Sheet(("one two three",), (Heading("A"),), (("x",),))

    assert lines(sheet, 9)[:2] == ["one two", "  three"]


def test_nothing_to_show_is_said():
    assert lines(Sheet((), (Heading("A"),), (), empty="no IRQ"), 80) == ["no IRQ"]


def test_a_sheet_without_headings_has_no_line_for_them():
    sheet = Sheet((), (Heading(""), Heading("")), (("state", "running"),))

    assert lines(sheet, 80) == ["state  running"]


def test_zeros_are_faint():
    sheet = Sheet((), (Heading("A", right=True), Heading("B", right=True)), ((0, 5),))

    assert list(layout(sheet, 80))[1] == (("0", "dim"), ("  5", ""))


def test_heat_compares_the_cpus_with_each_other_and_a_rate_with_its_column():
    columns = (
        Heading("CPU0", right=True, weight=1),
        Heading("CPU1", right=True, weight=1),
        Heading("N", right=True),
        Heading("RATE", right=True, heat=True),
    )
    sheet = Sheet((), columns, ((100, 49, 900, 24.0), (24, 25, 1, 50.0)))

    first, second = list(layout(sheet, 80))[1:]

    assert [style for _, style in first] == ["bold cyan", "cyan", "", "cyan"]
    assert [style for _, style in second] == ["", "cyan", "", "bold cyan"]


def test_rows_without_heat_are_plain_and_no_measure_for_the_others():
    columns = (Heading("IRQ", is_cold=lambda irq: irq == "LOC"), Heading("RATE", heat=True))
    sheet = Sheet((), columns, (("LOC", 900.0), ("24", 50.0)))

    first, second = list(layout(sheet, 80))[1:]

    assert [style for _, style in first] == [""]
    assert [style for _, style in second] == ["", "bold cyan"]


def test_a_line_is_cut_between_segments_and_only_the_first_within():
    assert fit((("漢漢", "bold"), ("x", "")), 4) == (("漢漢", "bold"),)
    assert fit((("漢漢漢", "bold"), ("x", "")), 5) == (("漢漢…", "bold"),)


def test_rates_are_written_for_people():
    sheet = Sheet((), (Heading("RATE/s", right=True),), ((1234.5,),))

    assert lines(sheet, 80)[1] == " 1.23k"


def test_rates_of_nothing_have_room():
    sheet = Sheet((), (Heading("A"), Heading("", right=True), Heading("B")), (("a", 0.0, "b"),))

    assert lines(sheet, 80)[1] == "a  0.0  b"


def test_names_of_one_column_are_shortened_so_that_they_stay_apart():
    names = [f"mlx5_comp{number}@pci:0000:c1:00.0" for number in (1, 2)]
    sheet = Sheet((), (Heading("DEVICE", flexible=True),), tuple((name,) for name in names))

    # of 13 cells beside the mark 10 are from the beginning
    assert lines(sheet, 14)[1:] == ["mlx5_comp1…0.0", "mlx5_comp2…0.0"]
