"""The text of a token file -> tokens, and the search for a presented one. Pure.

A line of the file is a token and its right, or a comment::

    # the dashboard's
    ro 8Jq0v0yWm3Y5cZ1nq2s7
    rw 5b1f0f0f6f0e4d0c9a7b3e21

A line of one word is a token that may write. The program keeps only digests, so no message can
reveal a token.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

MIN_CHARACTERS = 8
"""Guessing this many random letters and digits over the network takes years."""

_LINE = re.compile(r"(?:(ro|rw)[ \t]+)?([!-~]+)")


@dataclass(frozen=True, slots=True)
class Token:
    """A known token: its SHA-256 digest, and whether it may write."""

    digest: bytes
    may_write: bool


def parse_tokens(text: str) -> tuple[Token, ...]:
    """Return the tokens of a file, in its order, at least one.

    Raise ValueError with the expected form and the line's number, and without a token.
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
    """Return the presented token, None if it is unknown.

    It always takes the same time, so that its time reveals no token.
    """
    digest = sha256(presented.encode("utf-8", "surrogateescape")).digest()
    found = None
    for token in tokens:
        if hmac.compare_digest(token.digest, digest):
            found = token
    return found
