"""Frozen values: what dataclasses would make of them."""

import pytest

from irqbalance.frozen import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Point:
    """A point, with a name and what belongs to it."""

    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """The sum."""
        return self.x + self.y


def test_values_are_made_by_position_or_name_with_defaults():
    assert Point(1) == Point(x=1, y=2, tags=[])
    assert Point(1, 5).total == 6
    assert repr(Point(1)) == "Point(x=1, y=2, tags=[])"
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]


def test_a_default_that_is_made_is_each_values_own():
    Point(1).tags.append("a")

    assert Point(1).tags == []


def test_values_are_compared_by_their_fields_and_class():
    assert Point(1) != Point(2)
    assert Point(1) != (1, 2, [])
    assert hash(Point(1, 2, ())) == hash(Point(1, 2, ()))  # type: ignore[arg-type]


def test_values_stay_as_they_are():
    point = Point(1)

    with pytest.raises(AttributeError, match="Point is frozen: x stays"):
        point.x = 3  # type: ignore[misc]
    with pytest.raises(AttributeError, match="Point is frozen: y stays"):
        del point.y
    with pytest.raises(AttributeError):
        object.__setattr__(point, "z", 3)


def test_replace_gives_another_value():
    point = Point(1)

    assert replace(point, y=7) == Point(1, 7)
    assert point.y == 2


def test_only_frozen_values_with_slots_are_made():
    with pytest.raises(TypeError, match="frozen=True and slots=True"):
        dataclass(frozen=True, slots=False)
