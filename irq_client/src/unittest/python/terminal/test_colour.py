"""Lines with and without colour."""

import pytest

from irq_client.terminal.colour import painter

LINE = (("a", "bold"), ("", "red"), ("b", ""), ("c", "on color(226)"))


@pytest.mark.parametrize(
    ("when", "terminal", "environment"),
    [
        ("auto", False, {}),
        ("auto", True, {"NO_COLOR": "1"}),
        ("auto", True, {"TERM": "dumb"}),
        ("never", True, {}),
    ],
)
def test_no_colour_where_none_is_wanted(when: str, terminal: bool, environment: dict[str, str]):
    assert painter(when, terminal, environment)(LINE) == "abc"


def test_a_terminal_of_256_colours_gets_them():
    painted = painter("auto", True, {"TERM": "xterm-256color"})(LINE)

    assert painted == "\x1b[1ma\x1b[0mb\x1b[48;5;226mc\x1b[0m"


def test_another_terminal_gets_the_plain_ones_alone():
    line = (("a", "bold red"), ("c", "color(17) on color(226)"))

    assert painter("auto", True, {"TERM": "xterm"})(line) == "\x1b[1;31ma\x1b[0mc"


def test_colour_may_be_wanted_always():
    painted = painter("always", False, {"NO_COLOR": "1"})((("a", "cyan"),))

    assert painted == "\x1b[36ma\x1b[0m"
