"""The text of a token file -> tokens, and whose a presented one is. Pure.

A line of the file is a token and what it allows, or a comment::

    # the dashboard's
    ro 8Jq0v0yWm3Y5cZ1nq2s7
    rw 5b1f0f0f6f0e4d0c9a7b3e21

A line of one word is a token that may write. Only digests are kept, so that no message can hold a
token.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

MIN_CHARACTERS = 8
"""Of letters and digits at random it takes years to guess so many over the network."""

_LINE = re.compile(r"(?:(ro|rw)[ \t]+)?([!-~]+)")


@dataclass(frozen=True, slots=True)
class Token:
    """A token that the server knows: its SHA-256 digest, and whether it may write."""

    digest: bytes
    may_write: bool


def parse_tokens(text: str) -> tuple[Token, ...]:
    """Return the tokens of a file, in its order, at least one.

    Raise ValueError with what was expected, which names the line and holds no token.
    """
    tokens: list[Token] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        stripped = line.strip(" \t\r")
        if not stripped or stripped.startswith("#"):
            continue
        token = _parse_line(stripped, number)
        if any(token.digest == other.digest for other in tokens):
            raise ValueError(f"each token once (line {number} has one again)")
        tokens.append(token)
    if not tokens:
        raise ValueError("a token in a line: TOKEN, rw TOKEN or ro TOKEN")
    return tuple(tokens)


def _parse_line(line: str, number: int) -> Token:
    match = _LINE.fullmatch(line)
    if match is None or match[2] in ("ro", "rw"):
        raise ValueError(f"TOKEN, rw TOKEN or ro TOKEN of visible ASCII in line {number}")
    if len(match[2]) < MIN_CHARACTERS:
        raise ValueError(f"tokens of at least {MIN_CHARACTERS} characters (line {number})")
    return Token(sha256(match[2].encode()).digest(), match[1] != "ro")


def find(tokens: Iterable[Token], presented: str) -> Token | None:
    """Return the token that was presented, None if there is no such.

    Takes the same time whichever it is, so that nobody learns a token from how long this takes.
    """
    digest = sha256(presented.encode("utf-8", "surrogateescape")).digest()
    found = None
    for token in tokens:
        if hmac.compare_digest(token.digest, digest):
            found = token
    return found
