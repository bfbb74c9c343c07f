"""One list of columns as a table and as CSV."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_client.errors import UsageError
from irq_client.terminal.columns import (
    HOST,
    Choice,
    Column,
    csv_rows,
    field_sheet,
    headings,
    table_rows,
)
from irq_client.terminal.table import Heading, Sheet

COLUMNS: tuple[Column[int], ...] = (
    Column("NUMBER", "number", lambda item: f"no. {item}", lambda item: item, right=True),
    Column("HALF", "", lambda item: item / 2, heat=True),
    Column(None, "double", lambda item: 2 * item),
    Column("NAME", "name", lambda item: "x" * item, flexible=True),
)


def test_a_table_has_the_columns_with_a_title():
    assert headings(COLUMNS) == (
        Heading("NUMBER", right=True, name="number"),
        Heading("HALF", heat=True),
        Heading("NAME", flexible=True, name="name"),
    )
    assert table_rows(COLUMNS, [2, 4]) == (("no. 2", 1.0, "xx"), ("no. 4", 2.0, "xxxx"))


def test_csv_has_the_columns_with_a_name_below_their_names():
    assert list(csv_rows(COLUMNS, [2, 4])) == [
        ("number", "double", "name"),
        (2, 4, "xx"),
        (4, 8, "xxxx"),
    ]
    assert list(csv_rows(COLUMNS, [])) == [("number", "double", "name")]


def test_one_item_is_names_and_values():
    sheet = field_sheet(COLUMNS, 2, ("a note",))

    assert sheet.notes == ("a note",)
    assert sheet.rows == (("NUMBER", "no. 2"), ("HALF", 1.0), ("NAME", "xx"))
    assert [each.text for each in sheet.columns] == ["", ""]


def table(*choice: object) -> Sheet:
    """Return a table as it is chosen."""
    rows = (("24", 1.5, "b"), ("9", None, "a"), ("NMI", 30.0, "c10"), ("100", 4.0, "c9"))
    columns = (Heading("IRQ"), Heading("RATE/s", name="rate"), Heading("NAME"))
    return Choice(*choice).of_sheet(Sheet((), columns, rows, total=("total", 35.5, "")))


def texts(sheet: Sheet, column: int = 0) -> list[object]:
    """Return the cells of one column."""
    return [row[column] for row in sheet.rows]


def test_columns_are_chosen_by_title_or_name_in_the_wanted_order():
    for names in (("NAME", "RATE/s"), ("name", "rate"), ("Name", "RATE")):
        sheet = table(names)
        assert [each.text for each in sheet.columns] == ["NAME", "RATE/s"]
        assert sheet.rows[0] == ("b", 1.5)
        assert sheet.total == ("", 35.5)


def test_numbers_fall_texts_rise_by_the_numbers_in_them_and_the_unknown_comes_last():
    assert texts(table((), "rate")) == ["NMI", "100", "24", "9"]
    assert texts(table((), "-rate")) == ["24", "100", "NMI", "9"]
    assert texts(table((), "irq")) == ["9", "24", "100", "NMI"]
    assert texts(table(("name",), "name")) == ["a", "b", "c9", "c10"]
    assert texts(table(("name",), "rate")) == ["c10", "c9", "b", "a"]


def test_a_column_that_is_not_there_is_an_error_that_lists_those_that_are():
    for choice in [(("DEVICE",), ""), ((), "DEVICE")]:
        with pytest.raises(UsageError, match="one of the columns IRQ, RATE/s, NAME"):
            table(*choice)


def test_the_host_stays():
    sheet = Sheet((), (HOST, Heading("A"), Heading("B")), (("h", "a", "b"),))

    assert Choice(("B",)).of_sheet(sheet).rows == (("h", "b"),)


def test_of_one_item_lines_are_chosen():
    assert Choice(("half", "number")).of_sheet(field_sheet(COLUMNS, 2)).rows == (
        ("HALF", 1.0),
        ("NUMBER", "no. 2"),
    )


def test_csv_is_chosen_from_by_its_own_names():
    rows = list(Choice(("name", "number"), "double").of_rows(csv_rows(COLUMNS, [2, 4])))

    assert rows == [("name", "number"), ("xxxx", 4), ("xx", 2)]


@given(st.lists(st.one_of(st.none(), st.integers(), st.text(), st.floats(allow_nan=False))))
def test_sorting_keeps_every_row(cells: list[object]):
    sheet = Sheet((), (Heading("A"),), tuple((cell,) for cell in cells))

    assert sorted(map(repr, Choice((), "a").of_sheet(sheet).rows)) == sorted(map(repr, sheet.rows))
