"""Lines become text for a stream: with escape codes for a terminal with colour, else plain.

A style is words: ``bold``, ``dim``, a colour's name or ``color(17)``, and ``on`` before a colour of
the ground. Source: ECMA-48, SGR; xterm's ctlseqs for the 256 colours.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache

from .table import Line

Painter = Callable[[Line], str]

_CODES = {"bold": "1", "dim": "2", "red": "31", "yellow": "33", "cyan": "36"}
_END = "\x1b[0m"


def painter(when: str, terminal: bool, environment: Mapping[str, str]) -> Painter:
    """Return the function that makes a line's text.

    `when` is ``always``, ``never`` or ``auto``, colour on a terminal unless NO_COLOR or TERM=dumb
    say no. A terminal of 16 colours shows none of the 256: the height of a block is its heat.
    """
    wanted = when == "always"
    if when == "auto" and terminal:
        wanted = not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    if not wanted:
        return lambda line: "".join(text for text, _ in line)
    many = "256color" in environment.get("TERM", "") or bool(environment.get("COLORTERM"))

    @cache
    def start(style: str) -> str:
        codes = []
        for ground, number, name in re.findall(r"(on )?(?:color\((\d+)\)|(\w+))", style):
            if name:
                codes.append(_CODES[name])
            elif many:
                codes.append(f"{48 if ground else 38};5;{number}")
        return f"\x1b[{';'.join(codes)}m" if codes else ""

    def paint(line: Line) -> str:
        return "".join(
            f"{code}{text}{_END}" if text and (code := start(style)) else text
            for text, style in line
        )

    return paint
