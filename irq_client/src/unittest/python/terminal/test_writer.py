"""Answers written as a terminal, a pipe or a file wants them."""

import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import re
import struct
import termios

import pytest

from irq_client.terminal.columns import Choice
from irq_client.terminal.table import Heading, Sheet
from irq_client.terminal.writer import Output, Shown
from terminal import stream, written

SHEET = Sheet(
    notes=("a note",),
    columns=(
        Heading("DEVICE", flexible=True),
        *(Heading(f"CPU{i}", right=True, weight=100 - i) for i in range(100)),
    ),
    rows=(("mlx5_comp1@pci:0000:c1:00.0", *range(100, 0, -1)),),
)


def shown(text: bytes = b'{"a":  1}\n', rows: list | None = None) -> Shown:
    """Return an answer in three forms."""
    return Shown(text, lambda: SHEET, lambda: iter(rows or [("cpu", "total"), (0, 5)]))


def output(form: str, *answers: Shown, environment=None, terminal: bool = False) -> str:
    """Return what is written for one server, or for several."""
    to = stream(terminal=terminal)
    out = Output(to, environment or {}, several=len(answers) > 1)
    for number, answer in enumerate(answers):
        out.write(f"http://h{number}", answer, form)
    out.end()
    return written(to)


@pytest.mark.parametrize("text", [b'{"a":  1}\n', b'{"a":  1}', b' {"a": "\xc3\xa4\\u001b"}\n\n'])
def test_json_is_the_answer_byte_for_byte_and_ends_a_line(text: bytes):
    expected = text if text.endswith(b"\n") else text + b"\n"

    assert output("json", shown(text)).encode() == expected


@pytest.mark.parametrize("character", ["\x9b", "\x7f", "\u202e", "\u2028", "\U000e0001"])
def test_on_a_terminal_json_holds_nothing_to_obey_but_the_same_values(character: str):
    text = '{"a":\r\n\t"x' + character + '"}'

    shown_text = output("json", shown(text.encode()), terminal=True)

    assert character not in shown_text
    assert "\r" not in shown_text
    assert json.loads(shown_text) == json.loads(text)
    assert output("json", shown(text.encode())) == text + "\n"


def test_json_of_several_servers_is_one_object_to_a_server():
    lines = output("json", shown(b'{"a":  1}\n'), shown(b'{"b": 2}')).splitlines()

    assert lines == [
        '{"server": "http://h0", "answer": {"a":  1}}',
        '{"server": "http://h1", "answer": {"b": 2}}',
    ]


def test_csv_is_rfc_4180():
    rows = [("irq", "device", "count"), ("36", 'a, "b"', 5604), ("ERR", "", None)]

    assert output("csv", shown(rows=rows)) == (
        'irq,device,count\r\n36,"a, ""b""",5604\r\nERR,,\r\n'
    )


def test_csv_of_several_servers_has_a_column_for_them_and_one_heading():
    rows = list(csv.reader(io.StringIO(output("csv", shown(), shown()))))

    assert rows == [["server", "cpu", "total"], ["http://h0", "0", "5"], ["http://h1", "0", "5"]]


def test_a_pipe_gets_plain_text_with_whole_names():
    lines = output("table", shown()).splitlines()

    assert all(line.isprintable() for line in lines)
    assert lines[2].startswith("mlx5_comp1@pci:0000:c1:00.0  ")
    assert len(lines[2]) <= 120
    assert "rest" in lines[1]


def test_columns_sets_the_width_of_a_pipe():
    lines = output("table", shown(), environment={"COLUMNS": "1000"}).splitlines()

    assert "CPU99" in lines[1]


@pytest.mark.parametrize("columns", ["", "0", "-5", "x", "99999999999"])
def test_a_width_that_cannot_be_is_no_width(columns: str):
    lines = output("table", shown(), environment={"COLUMNS": columns}).splitlines()

    assert 100 < len(lines[1]) <= 120


def test_a_terminal_gets_colour_and_80_cells_where_it_does_not_say_more():
    text = output("table", shown(), terminal=True)

    assert "\x1b[1mDEVICE" in text
    assert "\x1b[1;36m   100" in text
    assert max(map(len, re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines())) <= 80


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colour_gets_none(environment: dict[str, str]):
    assert "\x1b" not in output("table", shown(), environment=environment, terminal=True)


def test_a_table_of_several_servers_has_a_column_for_them():
    lines = output("table", shown(), shown()).splitlines()

    assert lines[0] == "a note"
    assert lines[1].startswith("HOST ")
    assert [line.split()[0] for line in lines[2:]] == ["http://h0", "http://h1"]


def again(form: str) -> str:
    """Return what is written of one server's answers, read twice."""
    to = stream()
    out = Output(to, {})
    for _ in range(2):
        out.write("http://h", shown(), form)
    return written(to)


def test_a_table_that_is_read_again_stands_below_a_blank_line():
    first, second = again("table").split("\n\n")

    assert second == first + "\n"


def test_csv_and_json_that_are_read_again_go_on():
    assert again("csv") == "cpu,total\r\n0,5\r\n0,5\r\n"
    assert again("json") == '{"a":  1}\n{"a":  1}\n'


def test_a_picture_is_drawn_unless_columns_are_chosen_and_is_never_too_wide():
    drawn = shown()._replace(draw=lambda width: iter([(("x" * 9, ""), ("y" * width, ""))]))
    for choice, first in ((Choice(), "xxxxxxxxx"), (Choice(("DEVICE",)), "a note")):
        to = stream()
        Output(to, {"COLUMNS": "20"}, choice=choice).write("http://h", drawn, "table")
        assert written(to).splitlines()[0] == first


def test_a_real_terminal_says_how_wide_it_is():
    controller, terminal = pty.openpty()
    with open(terminal, "w", encoding="utf-8") as to:  # noqa: PTH123 - a descriptor
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
        Output(to, {"NO_COLOR": "1"}, several=False).write("http://h", shown(), "table")
    text = b""
    with contextlib.suppress(OSError):  # EIO: all is read, and nobody has the terminal open
        while piece := os.read(controller, 65_536):
            text += piece
    os.close(controller)

    assert 40 < max(map(len, text.decode().splitlines())) <= 50


class Full(io.RawIOBase):
    """A file that cannot be written, for a reason."""

    def __init__(self, error: OSError) -> None:
        self.error: OSError | None = error

    def writable(self) -> bool:
        """Return True: it may be written."""
        return True

    def write(self, text: memoryview) -> int:
        """Fail, until it is emptied."""
        if self.error:
            raise self.error
        return len(text)


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_full_disk_is_told(form: str):
    disk = Full(OSError(28, "No space left on device"))
    to = io.TextIOWrapper(io.BufferedWriter(disk))

    with pytest.raises(OSError, match="No space left on device"):
        Output(to, {}, several=False).write("http://h", shown(), form)
    disk.error = None


def test_a_closed_pipe_is_its_own_matter():
    pipe = Full(BrokenPipeError())
    to = io.TextIOWrapper(io.BufferedWriter(pipe))

    with pytest.raises(BrokenPipeError):
        Output(to, {}, several=False).write("http://h", shown(), "json")
    pipe.error = None
