"""Shell patterns, matched in a time that is linear in the text, whatever the pattern. Pure.

A pattern and a text may come from different people, so neither may cost more than its length. All
places of the pattern that the text so far can reach are bits of one number; each character moves
them at once. No regular expression is made, so nothing is kept.
Source: fnmatch(3) and the module fnmatch agree on ``*``, ``?``, ``[abc]``, ``[a-z]``, ``[!a]``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

MAX_CHARACTERS = 256
"""The longest pattern."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A shell pattern; two of the same text are equal.

    ``_letters`` are the places that take a certain character, ``_any`` those that take every one,
    ``_sets`` those that take what their function does. A star loops at the place behind it.
    """

    text: str
    _letters: dict[str, int] = field(init=False, compare=False, repr=False, default_factory=dict)
    _sets: list[tuple[int, Callable[[str], bool]]] = field(
        init=False, compare=False, repr=False, default_factory=list
    )
    _any: int = field(init=False, compare=False, repr=False, default=0)
    _loops: int = field(init=False, compare=False, repr=False, default=0)
    _end: int = field(init=False, compare=False, repr=False, default=1)

    def __post_init__(self) -> None:
        """Raise ValueError if the text is empty or too long."""
        text, position = self.text, 0
        if not 0 < len(text) <= MAX_CHARACTERS:
            raise ValueError(
                f"expected a shell pattern of 1 to {MAX_CHARACTERS} characters, "
                f"found {len(text)} characters"
            )
        place, every, loops = 1, 0, 0
        while position < len(text):
            character = text[position]
            end = _end_of_set(text, position) if character == "[" else -1
            if character == "*":
                loops |= place
            else:
                if end > 0:
                    self._sets.append((place, _set(text[position + 1 : end])))
                elif character == "?":
                    every |= place
                else:
                    self._letters[character] = self._letters.get(character, 0) | place
                place <<= 1
            position = max(position, end) + 1
        for name, value in (("_any", every), ("_loops", loops), ("_end", place)):
            object.__setattr__(self, name, value)

    def matches(self, text: str) -> bool:
        """Return whether the pattern matches all of `text`; large and small letters differ."""
        places = 1
        takes: dict[str, int] = {}
        for character in text:
            taking = takes.get(character)
            if taking is None:
                taking = takes[character] = self._takes(character)
            places = (places & taking) << 1 | places & self._loops
            if not places:
                return False
        return bool(places & self._end)

    def _takes(self, character: str) -> int:
        """Return the places that take a character."""
        places = self._any | self._letters.get(character, 0)
        for place, holds in self._sets:
            if holds(character):
                places |= place
        return places


def _end_of_set(text: str, start: int) -> int:
    """Return where the set that begins at `start` ends; -1 if it never does: it is a bracket."""
    first = start + 1
    first += text.startswith("!", first)
    return text.find("]", first + 1)


def _set(inside: str) -> Callable[[str], bool]:
    """Return whether a character is in a set such as ``a-z`` or ``!0-9``, without its brackets."""
    is_without = inside.startswith("!")
    letters, ranges, position = set(), [], int(is_without)
    while position < len(inside):
        if inside[position + 1 : position + 2] == "-" and position + 2 < len(inside):
            ranges.append((inside[position], inside[position + 2]))
            position += 3
        else:
            letters.add(inside[position])
            position += 1

    def holds(character: str) -> bool:
        found = character in letters or any(low <= character <= high for low, high in ranges)
        return found != is_without

    return holds
