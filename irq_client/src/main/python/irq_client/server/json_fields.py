"""JSON text becomes fields, each checked as it is taken. Pure.

A JsonObject knows its place in the answer, so that an error can name it: ``irqs[3].total:
expected a whole number of at least 0, found -1``.
"""

import json
import math
from typing import NoReturn, TypeGuard, cast

from ..errors import ShapeError
from .times import Moment

COUNT_LIMIT = 2**64
"""A server's totals have 64 bits; a larger whole number is none of its counts."""


TIME_LIMIT = 253_402_300_800
"""The year 10000 in Unix seconds: no sample is that new."""


def parse_object(text: bytes) -> "JsonObject":
    """Return the object that a JSON text in UTF-8 holds.

    Raise ShapeError for a text that is not JSON (NaN and Infinity included), nested too deeply, or
    another value than an object.
    """
    try:
        value = json.loads(text.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ShapeError("the answer", "JSON", str(error) or type(error).__name__) from None
    return JsonObject(value, "", text)


class JsonObject:
    """A JSON object and its place in the answer. Each method gives one field or raises ShapeError.

    The `optional_` ones return None for null; a missing field is an error for all.
    """

    def __init__(self, value: object, where: str, source: bytes = b"") -> None:
        if not isinstance(value, dict):
            raise ShapeError(where or "the answer", "an object", _kind(value))
        self._value: dict[str, object] = value
        self._where = where
        self.source = source
        """The text of the whole answer; empty for an object in another."""

    def _place(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key

    def _get(self, key: str) -> object:
        if key not in self._value:
            raise ShapeError(self._place(key), "a value", "nothing")
        return self._value[key]

    def _wrong(self, key: str, expected: str) -> NoReturn:
        raise ShapeError(self._place(key), expected, _kind(self._get(key)))

    def has(self, key: str) -> bool:
        """Return True if there is a value, and it is not null."""
        return self._value.get(key) is not None

    def inner(self, key: str) -> "JsonObject":
        """Return an object in this one."""
        return JsonObject(self._get(key), self._place(key))

    def objects(self, key: str) -> list["JsonObject"]:
        """Return a list of objects."""
        values = self._list(key)
        return [JsonObject(each, f"{self._place(key)}[{i}]") for i, each in enumerate(values)]

    def text(self, key: str) -> str:
        """Return a string."""
        value = self._value.get(key)
        return value if isinstance(value, str) else self._wrong(key, "a string")

    def optional_text(self, key: str) -> str | None:
        """Return a string or None."""
        return None if self._get(key) is None else self.text(key)

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self._value.get(key)
        return value if isinstance(value, bool) else self._wrong(key, "true or false")

    def whole(self, key: str) -> int:
        """Return a whole number of at least 0."""
        value = self._value.get(key)
        return value if _is_count(value) else self._wrong(key, "a whole number of at least 0")

    def optional_whole(self, key: str) -> int | None:
        """Return a whole number of at least 0, or None."""
        return None if self._get(key) is None else self.whole(key)

    def number(self, key: str) -> float:
        """Return a finite number of at least 0."""
        value = self._value.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if math.isfinite(number) and number >= 0:
                return number
        return self._wrong(key, "a number of at least 0")

    def optional_number(self, key: str) -> float | None:
        """Return a finite number of at least 0, or None."""
        return None if self._get(key) is None else self.number(key)

    def default_number(self, key: str, default: float) -> float:
        """Return a finite number of at least 0, `default` if it is null or missing."""
        return default if self._value.get(key) is None else self.number(key)

    def moment(self, key: str) -> Moment:
        """Return an RFC 3339 time."""
        text = self.text(key)
        try:
            return Moment(text)
        except ValueError:
            raise ShapeError(self._place(key), "an RFC 3339 time", repr(text)) from None

    def optional_moment(self, key: str) -> Moment | None:
        """Return an RFC 3339 time or None."""
        return None if self._get(key) is None else self.moment(key)

    def counts(self, key: str, length: int | None = None) -> tuple[int, ...]:
        """Return a list of whole numbers of at least 0, of `length` if that is given."""
        values = self._list(key)
        if not _are_counts(values):
            raise ShapeError(self._place(key), "whole numbers of at least 0", "something else")
        if length is not None and len(values) != length:
            raise ShapeError(self._place(key), f"{length} numbers", str(len(values)))
        return tuple(values)

    def optional_counts(self, key: str, length: int) -> tuple[int, ...] | None:
        """Return such a list of `length` numbers, or None."""
        return None if self._get(key) is None else self.counts(key, length)

    def counts_by_key(self, key: str) -> dict[str, int]:
        """Return an object whose values are whole numbers of at least 0."""
        inner = self.inner(key)
        return {name: inner.whole(name) for name in inner._value}

    def texts(self, key: str) -> dict[str, str]:
        """Return an object whose values are texts."""
        inner = self.inner(key)
        return {name: inner.text(name) for name in inner._value}

    def list_of_texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        texts = self._list(key)
        if not all(isinstance(each, str) for each in texts):
            self._wrong(key, "a list of strings")
        return tuple(map(str, texts))

    def sample(self, key: str) -> tuple[int, float]:
        """Return a sample of Prometheus, ``[1767225600.250, "5"]``, as Unix ms and a value."""
        return self._sample(key, self._get(key))

    def samples(self, key: str) -> list[tuple[int, float]]:
        """Return a list of such samples."""
        return [self._sample(key, each) for each in self._list(key)]

    def _sample(self, key: str, value: object) -> tuple[int, float]:
        try:
            match value:
                case [int() | float() as seconds, str(number)] if 0 <= seconds < TIME_LIMIT:
                    return round(seconds * 1000), float(number)
        except (ValueError, OverflowError):
            pass  # neither a number nor a time
        raise ShapeError(self._place(key), 'a sample such as [1767225600, "5"]', repr(value)[:80])

    def _list(self, key: str) -> list[object]:
        value = self._value.get(key)
        return value if isinstance(value, list) else self._wrong(key, "a list")


def _is_count(value: object) -> TypeGuard[int]:
    """Return True if a value is a whole number of at least 0; `true` is none."""
    return type(value) is int and 0 <= value < COUNT_LIMIT


def _are_counts(values: list[object]) -> TypeGuard[list[int]]:
    """Return True if all are; large machines have a hundred thousand of them."""
    if not values:
        return True
    numbers = cast("list[int]", values)
    return set(map(type, values)) == {int} and min(numbers) >= 0 and max(numbers) < COUNT_LIMIT


def _kind(value: object) -> str:
    """Return a value for an error: numbers as they are, else the JSON type."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.6g}" if isinstance(value, float) or value.bit_length() < 60 else "a number"
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return names.get(type(value), "null")


def _no_constant(name: str) -> NoReturn:
    """Raise ValueError for a number that Python's JSON accepts and RFC 8259 does not."""
    raise ValueError(f"{name} is not JSON")
