"""One list of columns as a table and as CSV."""

from irq_client.terminal.columns import Column, csv_rows, field_sheet, headings, table_rows
from irq_client.terminal.table import Heading

COLUMNS: tuple[Column[int], ...] = (
    Column("NUMBER", "number", lambda item: f"no. {item}", lambda item: item, right=True),
    Column("HALF", "", lambda item: item / 2, heat=True),
    Column(None, "double", lambda item: 2 * item),
    Column("NAME", "name", lambda item: "x" * item, flexible=True),
)


def test_a_table_has_the_columns_with_a_title():
    assert headings(COLUMNS) == (
        Heading("NUMBER", right=True),
        Heading("HALF", heat=True),
        Heading("NAME", flexible=True),
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
