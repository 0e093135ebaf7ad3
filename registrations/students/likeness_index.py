"""Find the students of a list who are like another one without comparing all pairs."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Protocol

from registrations.students.likeness import Likeness, Named, likeness_of
from registrations.students.name_parts import NameParts, parts_of, sound_of


class Graded(Named, Protocol):
    """A student with the grade, in which students are compared."""

    @property
    def grade(self) -> int: ...


MAX_EQUAL, MAX_SHARING = 5, 100
"""A thousand equal rows, or rows that share a word, must not all be compared; the first ones are enough to ask."""


class LikenessIndex:
    """Students by grade and by what every similar name shares with theirs: a word as it sounds, or all letters."""

    def __init__(self) -> None:
        self._equal: dict[tuple[int, str], int] = defaultdict(int)
        self._by_trace: dict[tuple[int, str], list[tuple[NameParts, Graded]]] = defaultdict(list)

    def add(self, one: Graded) -> None:
        parts = parts_of(one.name_key)
        self._equal[one.grade, parts.key] += 1
        if self._equal[one.grade, parts.key] > MAX_EQUAL:
            return
        for trace in _traces(parts):
            if len(held := self._by_trace[one.grade, trace]) < MAX_SHARING:
                held.append((parts, one))

    def alike(self, one: Graded) -> list[tuple[Likeness, Any]]:
        """Return the added ones that are in any way alike, the most similar first, otherwise in the order of adding."""
        parts = parts_of(one.name_key)
        held = {
            id(other): (its, other)
            for trace in _traces(parts)
            for its, other in self._by_trace.get((one.grade, trace), ())
        }
        found = [(likeness_of(parts, its, one, other), other) for its, other in held.values()]
        alike = [pair for pair in found if pair[0] > Likeness.DIFFERENT]
        return sorted(alike, key=lambda pair: -pair[0])


def _traces(parts: NameParts) -> Iterator[str]:
    sounds = dict.fromkeys(sound_of(word) for word in parts.words if len(word) > 1)
    for sound in sounds:
        yield sound + parts.tail
    if len(parts.words) == 1:
        yield f"^{''.join(sounds)[:3]}{parts.tail}"
    yield f"={''.join(parts.words) or parts.key}{parts.tail}"
