"""Sheets of many hosts as one."""

from irq_client.terminal.hosts_table import together
from irq_client.terminal.table import Heading, Sheet, layout

WINDOW = "2026-01-01T00:00:00Z .. 2026-01-01T00:01:00Z  60 s, 7 samples"


def lines(sheet: Sheet) -> list[str]:
    """Return the plain lines of a sheet."""
    return ["".join(text for text, _ in line) for line in layout(sheet, 120)]


def cpus(*totals: int, note: str = WINDOW, warnings: tuple[str, ...] = ()) -> Sheet:
    """Return a host's totals by CPU as columns."""
    columns = tuple(Heading(f"CPU{i}", right=True, weight=n) for i, n in enumerate(totals))
    rows = (("24", *totals, sum(totals)),) if totals else ()
    return Sheet(
        notes=(note,),
        columns=(Heading("IRQ"), *columns, Heading("TOTAL", right=True)),
        rows=rows,
        warnings=warnings,
        total=("total", *totals, sum(totals)),
        empty="no IRQ passed the filters",
    )


def test_hosts_stand_below_each_other_with_all_their_columns():
    assert lines(together([("a", cpus(1, 2)), ("b", cpus(3, 4, 5))])) == [
        WINDOW,
        "HOST       IRQ    CPU0  CPU1  CPU2  TOTAL",
        "a          24        1     2            3",
        "a          total     1     2            3",
        "b          24        3     4     5     12",
        "b          total     3     4     5     12",
        "all hosts            4     6     5     15",
    ]


def test_a_host_without_rows_says_so():
    assert lines(together([("a", cpus(1)), ("b", cpus())]))[4].split(maxsplit=1) == [
        "b",
        "no IRQ passed the filters",
    ]


def test_a_sheet_of_names_and_values_is_a_row():
    sheets = [
        (name, Sheet((), (Heading(""), Heading("")), (("sampler", state), ("late", "0"))))
        for name, state in (("a", "running"), ("b", "failing"))
    ]

    assert lines(together(sheets)) == [
        "HOST  SAMPLER  LATE",
        "a     running  0",
        "b     failing  0",
    ]


def test_windows_that_differ_are_summed_up_and_other_notes_named():
    other = WINDOW.replace("7", "8")
    sheet = together([("a", cpus(1)), ("b", cpus(1, note=other))])
    assert sheet.notes == ("2 hosts, each from its own samples",)

    noted = together([("a", cpus(1, note="IRQ 36 (x)")), ("b", cpus(1, note="IRQ 36 (y)"))])
    assert noted.notes == ("a: IRQ 36 (x)", "b: IRQ 36 (y)")


def test_a_warning_is_told_once_with_its_hosts():
    sheets = [(name, cpus(1, warnings=("2 gaps",))) for name in "abcde"]

    assert together([*sheets, ("f", cpus(1))]).warnings == ("a, b, c and 2 more: 2 gaps",)
