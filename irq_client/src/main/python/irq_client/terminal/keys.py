"""Bytes that a terminal sends -> names of keys. Pure.

A character is its own name; the others are ``up``, ``down``, ``left``, ``right``, ``page up``,
``page down``, ``home``, ``end``, ``enter``, ``escape``, ``backspace`` and ``tab``. What is not
known gives nothing.

Source: ECMA-48, 5.4 (control sequences); xterm's ctlseqs, "PC-Style Function Keys".
"""

import re

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])")
_NAMES = {
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1b[C": "right",
    "\x1b[D": "left",
    "\x1bOA": "up",
    "\x1bOB": "down",
    "\x1bOC": "right",
    "\x1bOD": "left",
    "\x1b[5~": "page up",
    "\x1b[6~": "page down",
    "\x1b[H": "home",
    "\x1b[1~": "home",
    "\x1bOH": "home",
    "\x1b[F": "end",
    "\x1b[4~": "end",
    "\x1bOF": "end",
    "\r": "enter",
    "\n": "enter",
    "\t": "tab",
    "\x7f": "backspace",
    "\x08": "backspace",
    "\x1b": "escape",
}


def key_names(typed: bytes) -> list[str]:
    """Gives the keys of what one read from a terminal gave, in order."""
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
