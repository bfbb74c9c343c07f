"""Lines become a terminal's screen; only changed lines are written again.

Source: ECMA-48 (CUP, EL); xterm's ctlseqs (1049, the alternate screen; 25, the cursor); the
terminal-wg's "Synchronized Output" (2026, ignored by terminals that do not know it).
"""

from collections.abc import Sequence
from typing import TextIO

from .colour import Painter
from .table import Line

ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
LEAVE = "\x1b[?25h\x1b[?1049l"
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
_ERASE_LINE = "\x1b[K"


class Screen:
    """The alternate screen of a terminal. Raises OSError if it cannot be written."""

    def __init__(self, stream: TextIO, paint: Painter) -> None:
        self._stream = stream
        self._paint = paint
        self._shown: list[str] = []
        self._size = (0, 0)

    def enter(self) -> None:
        """Switch to the alternate screen, without a cursor."""
        self._write(ENTER)
        self._shown = []

    def leave(self) -> None:
        """Switch back to the screen before it, with the cursor."""
        self._write(LEAVE)

    def draw(self, lines: Sequence[Line], size: tuple[int, int]) -> None:
        """Show the lines on a screen of `size`; each has to fit. Write only the changed ones.

        Another size than the last one clears the screen first.
        """
        painted = [self._paint(line) for line in lines]
        pieces = []
        if size != self._size:
            self._size = size
            self._shown = []
            pieces.append("\x1b[2J")
        for row, text in enumerate(painted):
            if row >= len(self._shown) or self._shown[row] != text:
                pieces.append(f"\x1b[{row + 1};1H{_ERASE_LINE}{text}")
        self._shown = painted
        if pieces:
            self._write(_BEGIN + "".join(pieces) + _END)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
