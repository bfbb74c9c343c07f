"""The screen of an emulator as an SVG picture."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

from emulator import Emulator

WIDTH, HEIGHT, BASE = 8.4, 18, 14
"""Of a cell, and of a letter's base line below its top, in pixels at 14 pixels a letter."""

INK, GROUND = "#d4d4d4", "#1e1e1e"
NAMED = {"31": "#f48771", "33": "#e5c07b", "36": "#4fc1d9"}
_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1}" width="{0:.0f}">\n'
    f'<rect width="100%" height="100%" fill="{GROUND}"/>\n'
    f'<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" fill="{INK}">\n'
)


def picture(screen: Emulator) -> str:
    """Return the picture, one line to a piece of text in one style."""
    used = max((number + 1 for number, row in enumerate(screen.rows) if row.strip()), default=1)
    parts = [_HEAD.format(screen.columns * WIDTH, used * HEIGHT)]
    for number in range(used):
        for column, text, style in _runs(screen, number):
            parts += _shapes(number * HEIGHT, column * WIDTH, text, style)
    return "".join(parts) + "</g>\n</svg>\n"


def _runs(screen: Emulator, number: int) -> Iterator[tuple[int, str, str]]:
    """Return the column, the text and the style of each run of cells in a row."""
    row, styles = screen.rows[number], screen.styles[number]
    start = 0
    for column in range(1, len(row) + 1):
        if column == len(row) or styles.get(column, "") != styles.get(start, ""):
            yield start, row[start:column], styles.get(start, "")
            start = column


def _shapes(top: float, left: float, text: str, style: str) -> Iterator[str]:
    ink, ground, more = _look(style)
    width = len(text) * WIDTH
    if ground:
        yield f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{HEIGHT}" '
        yield f'fill="{ground}"/>\n'
    if ink == ground and ink:
        return
    more += f' fill="{ink}"' if ink else ""
    for word in re.finditer(r"\S+( \S+)*", text):  # SVG takes several blanks for one
        left_of_word, width = left + word.start() * WIDTH, len(word[0]) * WIDTH
        yield f'<text x="{left_of_word:.1f}" y="{top + BASE}" textLength="{width:.1f}"{more}>'
        yield f"{escape(word[0])}</text>\n"


def _look(style: str) -> tuple[str, str, str]:
    """Return the colours of letters and ground, empty for those of all, and other attributes."""
    ink = ground = more = ""
    codes = iter(style.split(";"))
    for code in codes:
        if code in ("38", "48"):
            assert next(codes) == "5"
            colour = _of_256(int(next(codes)))
            ink, ground = (colour, ground) if code == "38" else (ink, colour)
        elif code in NAMED:
            ink = NAMED[code]
        else:
            more += {"": "", "1": ' font-weight="bold"', "2": ' opacity="0.6"'}[code]
    return ink, ground, more


def _of_256(number: int) -> str:
    """Return one of the 216 colours of a cube of six steps. Source: xterm's 256colres.h."""
    assert 16 <= number < 232
    steps = [(number - 16) // size % 6 for size in (36, 6, 1)]
    return "#" + "".join(f"{step and 55 + 40 * step:02x}" for step in steps)
