"""Lines with and without colour."""

import pytest

from irq_client.terminal.colour import painter

LINE = (("a", "bold"), ("", "red"), ("b", ""), ("c", "on color(226)"))


@pytest.mark.parametrize(
    ("terminal", "environment"),
    [(False, {}), (True, {"NO_COLOR": "1"}), (True, {"TERM": "dumb"})],
)
def test_no_colour_where_none_is_wanted(terminal: bool, environment: dict[str, str]):
    assert painter(terminal, environment)(LINE) == "abc"


def test_a_terminal_of_256_colours_gets_them():
    painted = painter(True, {"TERM": "xterm-256color"})(LINE)

    assert painted == "\x1b[1ma\x1b[0mb\x1b[48;5;226mc\x1b[0m"


def test_another_terminal_gets_the_nearest_of_its_16():
    assert painter(True, {"TERM": "xterm"})((("c", "on color(226)"),)) == "\x1b[103mc\x1b[0m"
