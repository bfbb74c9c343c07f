"""A terminal for tests: bytes of a program -> what stands on its screen.

It knows what our program may send and fails for anything else, so that no test passes by chance.
"""

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence

_SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Emulator:
    """A screen of `columns` by `lines`; `alternate` and `cursor` tell the modes that are on."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.rows = [""] * lines
        self.styles: list[dict[int, str]] = [{} for _ in range(lines)]
        """The codes of each cell by its column, as ECMA-48 parts them with semicolons."""
        self._style = ""
        self.alternate, self.cursor, self.updating = False, True, False
        self.painted = ""
        """All that came, as it came."""
        self.line_writes = 0
        self._main = self.rows
        self._row = self._column = 0
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def feed(self, data: bytes) -> None:
        """Take what a program wrote."""
        text = self._decoder.decode(data)
        self.painted += text
        text = self._rest + text
        self._rest = ""
        while text:
            if text[0] == "\x1b":
                match = _SEQUENCE.match(text)
                if match is None:
                    assert len(text) < 12, f"no sequence that we send: {text[:20]!r}"
                    self._rest = text
                    return
                self._obey(*match.groups())
                text = text[match.end() :]
            else:
                self._put(text[0])
                text = text[1:]

    def resize(self, columns: int, lines: int) -> None:
        """Change the size; what stood there is gone."""
        self.columns, self.lines = columns, lines
        self.rows = [""] * lines
        self.styles = [{} for _ in range(lines)]

    def _obey(self, private: str, parameters: str, final: str) -> None:
        if private:
            assert final in "hl", final
            self._mode(int(parameters), final == "h")
        elif final == "H":
            row, _, column = parameters.partition(";")
            self._row, self._column = int(row or 1) - 1, int(column or 1) - 1
            assert self._row < self.lines, "the cursor leaves the screen"
        elif final == "K":
            assert parameters == ""
            self.line_writes += 1
            self.rows[self._row] = self.rows[self._row][: self._column]
            self.styles[self._row].clear()
        elif final == "J":
            assert parameters == "2"
            self.rows = [""] * self.lines
        else:
            assert final == "m", f"no sequence that we send: {final}"
            self._style = "" if parameters == "0" else parameters

    def _mode(self, number: int, on: bool) -> None:
        if number == 1049:
            if on:
                self._main, self.rows = self.rows, [""] * self.lines
            else:
                self.rows = self._main
            self.alternate = on
        elif number == 25:
            self.cursor = on
        else:
            assert number == 2026
            self.updating = on

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row += 1
            if self._row == self.lines:
                self._row -= 1
                self.rows = [*self.rows[1:], ""]
                self.styles = [*self.styles[1:], {}]
        else:
            assert character.isprintable(), repr(character)
            assert self._column < self.columns, "a line is wider than the screen"
            row = self.rows[self._row].ljust(self._column)
            self.rows[self._row] = row[: self._column] + character + row[self._column + 1 :]
            self.styles[self._row][self._column] = self._style
            self._column += 1


class Session:
    """A program on a real pseudo-terminal, looked at through an emulator."""

    def __init__(
        self, command: Sequence[object], environment: Mapping[str, str], columns: int, lines: int
    ) -> None:
        self.emulator = Emulator(columns, lines)
        self.controller, self.terminal = pty.openpty()
        self._set_size(columns, lines)
        self.settings = termios.tcgetattr(self.terminal)
        self.process = subprocess.Popen(
            [str(each) for each in command],
            env={"TERM": "xterm-256color", **environment},
            stdin=self.terminal,
            stdout=self.terminal,
            stderr=self.terminal,
            start_new_session=True,
        )

    def __enter__(self) -> "Session":
        """Return itself; leaving the block ends the program."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(10)
        os.close(self.controller)
        os.close(self.terminal)

    def resize(self, columns: int, lines: int) -> None:
        """Change the terminal's size, and signal that to the program, as a kernel does."""
        self.emulator.resize(columns, lines)
        self._set_size(columns, lines)
        os.kill(self.process.pid, 28)  # SIGWINCH: the terminal is not the session's own

    def _set_size(self, columns: int, lines: int) -> None:
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, size)

    def type(self, keys: str) -> None:
        """Type."""
        os.write(self.controller, keys.encode())

    def until(self, holds: Callable[[Emulator], object], seconds: float = 20.0) -> Emulator:
        """Read until something holds; fails with what stands there where it does not in time."""
        deadline = time.monotonic() + seconds
        while not holds(self.emulator):
            left = deadline - time.monotonic()
            assert left > 0, "\n".join(["not in time:", *self.emulator.rows])
            if select.select([self.controller], [], [], min(left, 0.1))[0]:
                self.emulator.feed(os.read(self.controller, 65_536))
        return self.emulator

    def shows(self, text: str) -> Emulator:
        """Read until a text stands on the screen, whole."""
        return self.until(lambda screen: not screen.updating and text in "\n".join(screen.rows))

    def ends(self) -> int:
        """Read until the program has ended; return its exit status."""
        self.until(lambda _: self.process.poll() is not None)
        while select.select([self.controller], [], [], 0)[0]:
            self.emulator.feed(os.read(self.controller, 65_536))
        return self.process.wait()

    def is_restored(self) -> bool:
        """Return True if the terminal is set as it was, on its own screen, with its cursor."""
        screen = self.emulator
        same = termios.tcgetattr(self.terminal) == self.settings
        return same and screen.cursor and not screen.alternate and not screen.updating
