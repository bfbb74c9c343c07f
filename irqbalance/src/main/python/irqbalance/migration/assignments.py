r"""Read a file of variables as a shell and systemd do, and execute nothing. Pure.

::

    # more options of the daemon
    export IRQBALANCE_ARGS="--banirq=24 \
        --banmod=nvme"
    IRQBALANCE_BANNED_CPULIST=2-3,6

Quotes, comments, ``export`` and lines that a backslash joins are read. A dollar sign and a back
quote stay as they are: systemd does not expand them, and a shell would execute something.
Source: systemd.exec(5) (EnvironmentFile=), POSIX Shell Command Language, 2.2 Quoting.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=", re.ASCII)
_TOKEN = re.compile(
    r"""(?P<joined>\\\n)|\\(?P<escaped>.)|'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"
    |(?P<comment>(?<!\S)\#[^\n]*|^[^\S\n]*;[^\n]*)|(?P<end>\n)|(?P<blank>[^\S\n]+)
    |(?P<plain>[^\s'"\\]+)|(?P<open>['"])""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_ESCAPED = re.compile(r'\\(["\\$`\n])')
"""Within double quotes a backslash has a meaning before these characters alone."""


class Assignment(NamedTuple):
    """A variable that the file sets, and the number of its line; the first is 1."""

    name: str
    value: str
    line_number: int


class Assignments(NamedTuple):
    """The variables of a file in their order, and sentences on what was left out."""

    values: tuple[Assignment, ...]
    problems: tuple[str, ...]


class _Line(NamedTuple):
    number: int
    words: list[str]
    is_complete: bool = True


def parse_assignments(text: str) -> Assignments:
    """Return the variables that a text sets. A name that is set twice is there twice."""
    values: list[Assignment] = []
    problems: list[str] = []
    for number, words, is_complete in _lines(text.replace("\r\n", "\n")):
        found = _assigned(words[1:] if words[:1] == ["export"] else words)
        if not is_complete:
            problems.append(f"line {number} opens a quote that nothing closes")
        elif found is None:
            problems.append(f"line {number} sets no variable")
        else:
            values += [Assignment(name, value, number) for name, value in found]
            if any("$" in value or "`" in value for _, value in found):
                problems.append(f"line {number} has a $ or `, which is not expanded here")
    return Assignments(tuple(values), tuple(problems))


def _lines(text: str) -> Iterator[_Line]:
    """Yield the words of each line that has any.

    A backslash at the end, or a quote that is open there, joins a line to the next one.
    """
    words: list[str] = []
    word: str | None = None
    number = first = 1
    for token in _TOKEN.finditer(f"{text}\n\n"):
        kind, part = token.lastgroup, token[token.lastgroup or 0]
        number += token[0].count("\n")
        if kind == "open":
            yield _Line(first, words, is_complete=False)
            return
        if kind in ("blank", "end"):
            words += [] if word is None else [word]
            word = None
        elif kind not in ("comment", "joined"):
            if kind == "double":
                part = _ESCAPED.sub(lambda found: found[1].strip("\n"), part)
            word = (word or "") + part
        if kind == "end":
            if words:
                yield _Line(first, words)
            words, first = [], number


def _assigned(words: Sequence[str]) -> list[tuple[str, str]] | None:
    """Return the variables that words set; None if the first word sets none.

    systemd takes a line for one variable. A word behind it that sets none belongs to its value.
    """
    found: list[tuple[str, str]] = []
    for word in words:
        match = _NAME.match(word)
        if match:
            found.append((match[1], word[match.end() :]))
        elif found:
            name, value = found[-1]
            found[-1] = name, f"{value} {word}"
        else:
            return None
    return found
