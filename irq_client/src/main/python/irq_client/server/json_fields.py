"""JSON text -> fields, each checked as it is taken. Pure.

A JsonObject knows its place in the answer, so that what is wrong can be named: ``irqs[3].total:
expected a whole number of at least 0, found -1``.
"""

import json
import math
from typing import NoReturn, TypeGuard, cast

from ..errors import ShapeError
from .times import Moment

COUNT_LIMIT = 2**64
"""A server's totals are of 64 bits; a larger whole number is none of its counts."""


def parse_object(text: bytes) -> "JsonObject":
    """Gives the object that a JSON text in UTF-8 holds.

    Raises ShapeError for what is not JSON (NaN and Infinity included), nested too deeply, or
    something else than an object.
    """
    try:
        value = json.loads(text.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ShapeError("the answer", "JSON", str(error) or type(error).__name__) from None
    return JsonObject(value, "")


class JsonObject:
    """A JSON object and its place in the answer. Each method gives one field or raises ShapeError.

    The `optional_` ones give None for null; a field that is missing is wrong for all.
    """

    def __init__(self, value: object, where: str) -> None:
        """Takes a JSON value and its place, empty for the whole answer."""
        if not isinstance(value, dict):
            raise ShapeError(where or "the answer", "an object", _kind(value))
        self._value: dict[str, object] = value
        self._where = where

    def _place(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key

    def _get(self, key: str) -> object:
        if key not in self._value:
            raise ShapeError(self._place(key), "a value", "nothing")
        return self._value[key]

    def _wrong(self, key: str, expected: str) -> NoReturn:
        raise ShapeError(self._place(key), expected, _kind(self._get(key)))

    def inner(self, key: str) -> "JsonObject":
        """Gives an object in this one."""
        return JsonObject(self._get(key), self._place(key))

    def objects(self, key: str) -> list["JsonObject"]:
        """Gives a list of objects."""
        values = self._list(key)
        return [JsonObject(each, f"{self._place(key)}[{i}]") for i, each in enumerate(values)]

    def text(self, key: str) -> str:
        """Gives a string."""
        value = self._get(key)
        return value if isinstance(value, str) else self._wrong(key, "a string")

    def optional_text(self, key: str) -> str | None:
        """Gives a string or None."""
        return None if self._get(key) is None else self.text(key)

    def flag(self, key: str) -> bool:
        """Gives true or false."""
        value = self._get(key)
        return value if isinstance(value, bool) else self._wrong(key, "true or false")

    def whole(self, key: str) -> int:
        """Gives a whole number of at least 0."""
        value = self._get(key)
        return value if _is_count(value) else self._wrong(key, "a whole number of at least 0")

    def optional_whole(self, key: str) -> int | None:
        """Gives a whole number of at least 0, or None."""
        return None if self._get(key) is None else self.whole(key)

    def number(self, key: str) -> float:
        """Gives a finite number of at least 0."""
        value = self._get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if math.isfinite(number) and number >= 0:
                return number
        return self._wrong(key, "a number of at least 0")

    def optional_number(self, key: str) -> float | None:
        """Gives a finite number of at least 0, or None."""
        return None if self._get(key) is None else self.number(key)

    def default_number(self, key: str, default: float) -> float:
        """Gives a finite number of at least 0, `default` where it is null or missing."""
        return default if self._value.get(key) is None else self.number(key)

    def moment(self, key: str) -> Moment:
        """Gives an RFC 3339 time."""
        text = self.text(key)
        try:
            return Moment(text)
        except ValueError:
            raise ShapeError(self._place(key), "an RFC 3339 time", repr(text)) from None

    def optional_moment(self, key: str) -> Moment | None:
        """Gives an RFC 3339 time or None."""
        return None if self._get(key) is None else self.moment(key)

    def counts(self, key: str, length: int | None = None) -> tuple[int, ...]:
        """Gives a list of whole numbers of at least 0, of `length` where that is given."""
        values = self._list(key)
        if not _are_counts(values):
            raise ShapeError(self._place(key), "whole numbers of at least 0", "something else")
        if length is not None and len(values) != length:
            raise ShapeError(self._place(key), f"{length} numbers", str(len(values)))
        return tuple(values)

    def optional_counts(self, key: str, length: int) -> tuple[int, ...] | None:
        """Gives such a list of `length` numbers, or None."""
        return None if self._get(key) is None else self.counts(key, length)

    def counts_by_key(self, key: str) -> dict[str, int]:
        """Gives an object whose values are whole numbers of at least 0."""
        inner = self.inner(key)
        return {name: inner.whole(name) for name in inner._value}

    def _list(self, key: str) -> list[object]:
        value = self._get(key)
        return value if isinstance(value, list) else self._wrong(key, "a list")


def _is_count(value: object) -> TypeGuard[int]:
    """Tells whether a value is a whole number of at least 0; `true` is none."""
    return type(value) is int and 0 <= value < COUNT_LIMIT


def _are_counts(values: list[object]) -> TypeGuard[list[int]]:
    """Tells whether all are; large machines have a hundred thousand of them."""
    if not values:
        return True
    numbers = cast("list[int]", values)
    return set(map(type, values)) == {int} and min(numbers) >= 0 and max(numbers) < COUNT_LIMIT


def _kind(value: object) -> str:
    """Names what came, short: numbers as they are, else the JSON type."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.6g}" if isinstance(value, float) or value.bit_length() < 60 else "a number"
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return names.get(type(value), "null")


def _no_constant(name: str) -> NoReturn:
    """Refuses what Python's JSON takes and RFC 8259 does not."""
    raise ValueError(f"{name} is not JSON")
