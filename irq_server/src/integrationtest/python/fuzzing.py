"""Look for bytes that break a reader: real ones, changed as disks, editors and people change them.

A check takes bytes and raises if its law does not hold. `hunt` feeds it changed seeds for
the environment's FUZZ_SECONDS. If the check raises, Hypothesis makes the bytes small. `hunt` keeps
them as a file below target/fuzz, and the failure names that file. Move the file below
src/integrationtest/resources/fuzz, and every later run replays it: `saved` returns these files. The
same file in all three projects.
"""

import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import pace

SECONDS = float(os.environ.get("FUZZ_SECONDS") or (4.0 if pace.FULL else 0.5))
"""How long each check is fuzzed."""

PROJECT = Path(__file__).parents[3]
SAVED = PROJECT / "src/integrationtest/resources/fuzz"
FOUND = PROJECT / "target/fuzz"

Change = Callable[[bytes, int, int, bytes], bytes]
"""Changes the bytes by two places, which are large numbers, and a token; returns other bytes."""

NUMBERS = (
    *(b"0", b"-1", b"+1", b"1.5", b"00", b"1_0", b"0x1", b"1e999", b"NaN", b"-Infinity"),
    *(b"%d" % (2**power + more) for power in (31, 32, 53, 63, 64) for more in (-1, 0)),
    *(b"9" * 20, b"9" * 400, b"9" * 5000, "\u0663".encode(), "\u00b2".encode()),
)
WORDS = (
    *(b"\0", b"\xff", b"\xed\xa0\x80", b"\r", b"\r\n", b"\n", b"\t", b"\x0b", b"\x1b[2J"),
    *("\u0085".encode(), "\u2028".encode(), "\u00a0".encode(), b" ", b":", b",", b";", b"-", b"#2"),
    *(b'"', b"'", b"\\", b"\\u0000", b"\\ud800", b"[" * 9000, b"{", b"}", b"]", b"=", b"END", b"."),
    *(b"null", b"true", b"[]", b"{}", b'""', b"CPU0", b"CPU9", b"a" * 300),
)
_NUMBER = re.compile(rb"[0-9]+(?:\.[0-9]+)?")
_FIELD = re.compile(rb"[^\s,]+")


def _place(data: bytes, where: int) -> int:
    return where % (len(data) + 1)


def _overwrite(data: bytes, where: int, what: int, _token: bytes) -> bytes:
    at = _place(data, where)
    return data[:at] + bytes([what % 256]) + data[at + 1 :]


def _flip(data: bytes, where: int, what: int, _token: bytes) -> bytes:
    at = _place(data, where)
    return data[:at] + bytes(each ^ 1 << what % 8 for each in data[at : at + 1]) + data[at + 1 :]


def _insert(data: bytes, where: int, _what: int, token: bytes) -> bytes:
    at = _place(data, where)
    return data[:at] + token + data[at:]


def _end_early(data: bytes, where: int, _what: int, _token: bytes) -> bytes:
    return data[: _place(data, where)]


def _cut(data: bytes, where: int, what: int, _token: bytes) -> bytes:
    at = _place(data, where)
    return data[:at] + data[at + what % 100 :]


def _copy(data: bytes, where: int, what: int, _token: bytes) -> bytes:
    at, source = _place(data, where), _place(data, what)
    return data[:at] + data[source : source + 40] + data[at:]


def _replaced(pattern: re.Pattern[bytes]) -> Change:
    def change(data: bytes, where: int, _what: int, token: bytes) -> bytes:
        found = list(pattern.finditer(data))
        if not found:
            return token
        match = found[where % len(found)]
        return data[: match.start()] + token + data[match.end() :]

    return change


def _on_lines(change: Callable[[list[bytes], int, int], None]) -> Change:
    def on_lines(data: bytes, where: int, what: int, _token: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        if lines:
            change(lines, where % len(lines), what % len(lines))
        return b"".join(lines)

    return on_lines


def _double_line(lines: list[bytes], line: int, other: int) -> None:
    lines.insert(other, lines[line])


def _drop_line(lines: list[bytes], line: int, _other: int) -> None:
    del lines[line]


def _swap_lines(lines: list[bytes], line: int, other: int) -> None:
    lines[line], lines[other] = lines[other], lines[line]


def _drop_field(lines: list[bytes], line: int, other: int) -> None:
    fields = list(_FIELD.finditer(lines[line]))
    if fields:
        match = fields[other % len(fields)]
        lines[line] = lines[line][: match.start()] + lines[line][match.end() :]


def _drop_column(lines: list[bytes], _line: int, other: int) -> None:
    for number in range(len(lines)):
        if other < len(_FIELD.findall(lines[number])):
            _drop_field(lines, number, other)


def _with_line_ends(data: bytes, _where: int, _what: int, _token: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


CHANGES: tuple[Change, ...] = (
    *(_overwrite, _flip, _insert, _end_early, _cut, _copy, _with_line_ends),
    *(_replaced(_NUMBER), _replaced(_FIELD)),
    *(_on_lines(each) for each in (_double_line, _drop_line, _swap_lines)),
    *(_on_lines(each) for each in (_drop_field, _drop_column)),
)

_PLACES = st.integers(0, 2**32 - 1)
_STEPS = st.lists(
    st.tuples(st.sampled_from(CHANGES), _PLACES, _PLACES, st.sampled_from(NUMBERS + WORDS)),
    max_size=5,
)


def changed(seed: bytes, steps: Sequence[tuple[Change, int, int, bytes]]) -> bytes:
    """Return `seed` after all steps, in their order."""
    for change, where, what, token in steps:
        seed = change(seed, where, what, token)
    return seed


def hunt(check: Callable[[bytes], None], seeds: Sequence[bytes], seconds: float = SECONDS) -> None:
    """Feed `check` changed seeds for about `seconds`; add the file of the bytes to its exception.

    The unchanged seeds come first: a check must pass whole bytes.
    """
    for seed in seeds:
        check(seed)
    last = b""

    @settings(
        max_examples=pace.examples(100),
        deadline=None,
        derandomize=False,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(st.builds(changed, st.sampled_from(seeds), _STEPS))
    def attempt(data: bytes) -> None:
        nonlocal last
        last = data
        check(data)

    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            attempt()
    except BaseException as error:
        error.add_note(f"The bytes are kept in {keep(last)}")
        raise


def keep(data: bytes) -> Path:
    """Write bytes to a file below target/fuzz; return its path."""
    FOUND.mkdir(parents=True, exist_ok=True)
    path = FOUND / f"{crc32(data):08x}"
    path.write_bytes(data)
    return path


def saved(name: str) -> list[object]:
    """Return the files saved for a check, at least one, as parameters of a test."""
    paths = sorted((SAVED / name).iterdir())
    assert paths, name
    return [pytest.param(path.read_bytes(), id=path.name) for path in paths]
