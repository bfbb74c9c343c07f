"""Files of variables are read as a shell and systemd read them, and nothing is executed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irqbalance.migration.assignments import Assignment, parse_assignments


def values(text: str) -> dict[str, str]:
    return {each.name: each.value for each in parse_assignments(text).values}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=2-3,6", "2-3,6"),
        ("  export A=2-3", "2-3"),
        ("A=", ""),
        ('A=""', ""),
        ('A="x y" # why', "x y"),
        ("A='x \"y\" $z'", 'x "y" $z'),
        ('A="x \\"y\\" \\q"', 'x "y" \\q'),
        ("A=x\\ y", "x y"),
        ("A=x#y", "x#y"),
        ("A='x'\"y\"z", "xyz"),
        ('A="x \\\n y"', "x  y"),
        ("A=x\\\ny", "xy"),
        ("A='x\ny'", "x\ny"),
        ("A=1\r\n", "1"),
        ("A=x\\", "x"),
        ("A=1\nA=2", "2"),
        # systemd takes the rest of the line
        ("A=--banirq=5 --banirq=6", "--banirq=5 --banirq=6"),
    ],
)
def test_a_value_is_what_the_program_would_get(text: str, value: str):
    assert values(text) == {"A": value}


def test_comments_and_empty_lines_are_passed_over():
    assert parse_assignments("# A=1\n\n  ; B=2\n\t\nC=3\n").values == (Assignment("C", "3", 5),)


def test_one_line_of_a_shell_may_set_several_variables():
    assert values("export A=1 B='2 3'") == {"A": "1", "B": "2 3"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("A=1\nif [ -e /x ]; then", "line 2 sets no variable"),
        ("A=1\n\n. /etc/more", "line 3 sets no variable"),
        ("A=1\nB='x\nC=2", "line 2 opens a quote that nothing closes"),
    ],
)
def test_a_line_that_sets_nothing_is_named_and_the_rest_is_read(text: str, problem: str):
    found = parse_assignments(text)

    assert found.values[0] == Assignment("A", "1", 1)
    assert found.problems == (problem,)


def test_nothing_is_executed_or_expanded(tmp_path: Path):
    mark = tmp_path / "mark"
    text = f'A="$(touch {mark})"\nB=`touch {mark}`\ntouch {mark}\nC=$HOME\n'

    found = parse_assignments(text)

    assert not mark.exists()
    assert values(text)["C"] == "$HOME"
    assert [line for line in found.problems if "not expanded" in line] == [
        f"line {number} has a $ or `, which is not expanded here" for number in (1, 2, 4)
    ]


def in_single_quotes(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def in_double_quotes(text: str) -> str:
    for special in '\\"$`':
        text = text.replace(special, f"\\{special}")
    return f'"{text}"'


def escaped(text: str) -> str:
    return "".join("'\n'" if each == "\n" else f"\\{each}" for each in text)


@given(
    st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])),
    st.sampled_from([in_single_quotes, in_double_quotes, escaped]),
    st.sampled_from(["", "export ", "  "]),
    st.sampled_from(["", " # a 'comment", "\n\n# B=1\n"]),
)
def test_a_quoted_value_comes_back(text, quoted, before, after):
    assert values(f"{before}A={quoted(text)}{after}") == {"A": text}


@given(st.text(st.sampled_from("A=1 '\"\\\n#;$export")))
def test_any_text_is_read_without_an_error(text: str):
    found = parse_assignments(text)

    assert all(each.line_number <= text.count("\n") + 1 for each in found.values)
