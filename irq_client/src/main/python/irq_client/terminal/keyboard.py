"""A terminal as a source of keys, signals and sizes, which is always left as it was before.

A character is the name of its own key; the others are ``up``, ``down``, ``left``, ``right``,
``page up``, ``page down``, ``home``, ``end``, ``enter``, ``escape``, ``backspace`` and ``tab``.

Source: ECMA-48, 5.4 (control sequences); xterm's ctlseqs, "PC-Style Function Keys".
"""

import contextlib
import os
import re
import select
import signal
import termios
import tty
from collections import deque
from collections.abc import Iterator
from types import FrameType
from typing import Any

ANSWER, RESIZE, SUSPEND, HANG_UP, NOTHING = "answer", "resize", "suspend", "hang up", ""
"""Events of `next_event` beside the names of keys and `signal N`."""

_WAKE = b"\0"
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])")
_NAMES = {
    "\x1b[5~": "page up",
    "\x1b[6~": "page down",
    "\x1b[1~": "home",
    "\x1b[4~": "end",
    "\r": "enter",
    "\n": "enter",
    "\t": "tab",
    "\x7f": "backspace",
    "\x08": "backspace",
    "\x1b": "escape",
}
for _final, _name in zip("ABCDHF", ("up", "down", "right", "left", "home", "end"), strict=True):
    _NAMES |= {f"\x1b[{_final}": _name, f"\x1bO{_final}": _name}


class Terminal:
    """Keys and signals of the terminal behind a descriptor, read one event at a time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._before: list[Any] = []
        """The terminal's settings before; `termios` has no closer type for them."""
        self._waiting: deque[str] = deque()
        self._reader, self._writer = os.pipe()
        for each in (self._reader, self._writer):
            os.set_blocking(each, False)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Read keys one by one, without echo, and signals as events, until the block ends."""
        handled = (*_ENDING, signal.SIGWINCH, signal.SIGTSTP)
        handlers = {number: signal.signal(number, _ignore) for number in handled}
        wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        try:
            with self.keys_unseen():
                yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            for each in (self._reader, self._writer):
                os.close(each)
            self._writer = -1  # a late `wake` writes nowhere

    @contextlib.contextmanager
    def keys_unseen(self) -> Iterator[None]:
        """Read keys without echo and without waiting for a line, until the block ends."""
        self._before = termios.tcgetattr(self._descriptor)
        try:
            tty.setcbreak(self._descriptor)
            yield
        finally:
            with contextlib.suppress(termios.error):  # the terminal itself is gone
                self._restore()

    def _restore(self) -> None:
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)

    def suspend(self) -> None:
        """Stop this process as Ctrl-Z does; return when a shell continues it."""
        self._restore()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        tty.setcbreak(self._descriptor)

    def wake(self) -> None:
        """Make `next_event` return ANSWER; any thread may call this."""
        with contextlib.suppress(OSError):  # full: it wakes anyhow; closed: nobody waits
            os.write(self._writer, _WAKE)

    def next_event(self, seconds: float) -> str:
        """Return the next key or signal; NOTHING after `seconds` without one."""
        if not self._waiting:
            descriptors = [self._descriptor, self._reader]
            ready, _, _ = select.select(descriptors, [], [], max(seconds, 0.0))
            if self._reader in ready:
                self._waiting += map(_event, os.read(self._reader, 1024))
            if self._descriptor in ready:
                self._waiting += self._keys()
        return self._waiting.popleft() if self._waiting else NOTHING

    def size(self) -> tuple[int, int]:
        """Return columns and lines, 80 and 24 if the terminal does not say."""
        columns, lines = os.get_terminal_size(self._descriptor)
        return columns or 80, lines or 24

    def _keys(self) -> list[str]:
        try:
            typed = os.read(self._descriptor, 1024)
        except OSError:  # EIO: the terminal is gone
            typed = b""
        return key_names(typed) if typed else [HANG_UP]


def _event(byte: int) -> str:
    """Return the event that a byte of the pipe stands for; the kernel's signals are numbers."""
    names = {0: ANSWER, signal.SIGWINCH: RESIZE, signal.SIGTSTP: SUSPEND}
    return names.get(byte, f"signal {byte}")


def _ignore(_: int, __: FrameType | None) -> None:
    """Handle a signal; its number reaches the pipe all the same."""


def key_names(typed: bytes) -> list[str]:
    """Return the keys in the bytes of one read, in order; unknown ones are left out."""
    text = typed.decode("utf-8", "replace")
    names = []
    while text:
        match = _SEQUENCE.match(text)
        token = match[0] if match else text[0]
        text = text[len(token) :]
        name = _NAMES.get(token, token if len(token) == 1 and token.isprintable() else "")
        if name:
            names.append(name)
    return names
