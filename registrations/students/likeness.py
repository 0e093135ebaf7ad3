"""How alike two students are. Every comparison of students in this project goes through this module.

`Likeness.SAME` is taken as one student, and nothing is asked. `RESPELT` is one student too where a second fact agrees
(the e-mail address in the public form). Everything else above `DIFFERENT` is only asked about, never merged. Names are
compared by their keys (`name_key`); the caller compares fest, school and grade.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from registrations.students.name_parts import (
    CLASS_NUMBER,
    LEFT_OUT,
    NameParts,
    parts_of,
    plain_word,
    sound_of,
)
from techfest.core.folding import fold
from techfest.core.text import normalized


class Likeness(IntEnum):
    """How alike two students of one grade are, from nothing in common to the same."""

    DIFFERENT = 0
    POSSIBLE = 1
    """One slip of the hand, or spelt by ear: Lakshmi Varma, Laxmi Verma. Staff are asked."""
    PROBABLE = 2
    """Initials, or a part left out: S Karthik, Karthik Subramanian. Everybody is asked."""
    RESPELT = 3
    """The same words, written differently: Hélène Müller, MULLER HELENE, Ms Helene Mueller. Everybody is asked."""
    SAME = 4
    """The same key: O'Brien, O’BRIEN, OBrien."""


class Labelled(Protocol):
    """A student, or a row of a class list, with the labels that tell namesakes apart, normalised by `label_key`."""

    @property
    def section(self) -> str: ...

    @property
    def roll_number(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Labels:
    """Section and roll number alone."""

    section: str
    roll_number: str


class Named(Labelled, Protocol):
    """The same with the key of the name."""

    @property
    def name_key(self) -> str: ...


def likeness(one: Named, other: Named, *, at_least: Likeness = Likeness.POSSIBLE) -> Likeness:
    """Return how alike two students of one grade are, by name, section and roll number."""
    return likeness_of(parts_of(one.name_key), parts_of(other.name_key), one, other, at_least=at_least)


def likeness_of(
    name: NameParts,
    other_name: NameParts,
    one: Labelled,
    other: Labelled,
    *,
    at_least: Likeness = Likeness.POSSIBLE,
) -> Likeness:
    """Return the same for names that were taken apart before. An equal roll number confirms a mere possibility.

    What is less than `at_least` may be called different, which saves looking for slips.
    """
    if not may_be_same(one, other):
        return Likeness.DIFFERENT
    confirms = bool(one.roll_number) and _are_equal(one.roll_number, other.roll_number)
    found = compare_names(name, other_name, at_least=Likeness.POSSIBLE if confirms else at_least)
    return Likeness.PROBABLE if confirms and found == Likeness.POSSIBLE else found


def compare_names(one: NameParts, other: NameParts, *, at_least: Likeness = Likeness.POSSIBLE) -> Likeness:
    """Return how alike two names are."""
    if one.key == other.key:
        return Likeness.SAME
    if not (one.words and other.words) or _numbers_differ(one.numbers, other.numbers):
        return Likeness.DIFFERENT
    common, rest, other_rest = _shared(one.words, other.words)
    if _is_one_text(rest, other_rest) or _has_same_words(one.key, other.key):
        return Likeness.POSSIBLE if _accents_contradict(one.key, other.key) else Likeness.RESPELT
    if _is_without_particle(rest, other_rest, one, other):
        return Likeness.PROBABLE
    full = sum(len(word) >= (3 if word.isascii() else 2) for word in common)
    if full and _abbreviates(rest, other_rest):
        return Likeness.PROBABLE if full > 1 or (rest and other_rest) else Likeness.POSSIBLE
    is_slip = at_least == Likeness.POSSIBLE and _is_misspelt(one, other, rest, other_rest)
    return Likeness.POSSIBLE if is_slip else Likeness.DIFFERENT


def _is_one_text(rest: Sequence[str], other_rest: Sequence[str]) -> bool:
    """Whether the words are the same but for the spaces: Anne Marie, AnneMarie."""
    if not rest or not other_rest or rest[0][0] != other_rest[0][0]:
        return not rest and not other_rest
    return plain_word("".join(rest)) == plain_word("".join(other_rest))


def _has_same_words(one: str, other: str) -> bool:
    """Whether the words are the same in another order, where a particle stands before another word: Van An."""
    words = sorted(fold(one).split()) if len(one) == len(other) else []
    return bool(words) and words == sorted(fold(other).split())


def _numbers_differ(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether numbers tell the names apart. A school class that only one name states does not."""
    if one and other:
        return sorted(one) != sorted(other)
    return not all(map(CLASS_NUMBER.fullmatch, (*one, *other)))


def _shared(words: Iterable[str], other_words: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """Return the words that both names have, and what is left of each name."""
    common, rest, other_rest = [], [], list(other_words)
    for word in words:
        if word in other_rest:
            other_rest.remove(word)
            common.append(word)
        else:
            rest.append(word)
    return common, rest, other_rest


def _abbreviates(rest: Sequence[str], other_rest: Sequence[str]) -> bool:
    """Whether the words that the names do not share are initials of each other's, or are missing in one name."""
    one, other = list(rest), list(other_rest)
    if _spells_initials(one, other) or _spells_initials(other, one):
        return True
    for short, long in ((one, other), (other, one)):
        for initial in [word for word in short if len(word) == 1]:
            if whole := next((word for word in long if word[0] == initial), ""):
                short.remove(initial)
                long.remove(whole)
    return not (one and other) and len(one) + len(other) <= 2


def _is_without_particle(
    rest: Sequence[str], other_rest: Sequence[str], one: NameParts, other: NameParts
) -> bool:
    """Whether the names differ by what stands in front of the surname: dos Santos, Santos."""
    if not (
        len(rest) == len(other_rest) == 1 and rest[0] == one.words[-1] and other_rest[0] == other.words[-1]
    ):
        return False
    short, long = sorted((rest[0], other_rest[0]), key=len)
    return len(short) >= 4 and long.endswith(short) and bool(LEFT_OUT.fullmatch(long[: -len(short)]))


def _spells_initials(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether one word is all initials of the other words: KS, Kumar Subramanian."""
    return len(one) == 1 < len(other) and one[0] == "".join(word[0] for word in other)


_ACCENTED = re.compile("(.)([\u0300-\u036f]*)", re.DOTALL)


def _accents_contradict(one: str, other: str) -> bool:
    """Whether a letter has one accent here and another there: Thùy, Thúy. An omitted accent contradicts nothing."""
    if one.isascii() or other.isascii():
        return False
    its = {fold(word): _accents(word) for word in other.split()}
    for word in one.split():
        pairs = zip(_accents(word), its.get(fold(word), ()), strict=False)
        if any(mine[1] and theirs[1] and mine != theirs for mine, theirs in pairs):
            return True
    return False


def _accents(word: str) -> list[tuple[str, str]]:
    return _ACCENTED.findall(normalized("NFD", word))


_SHORTEST = 8
"""From this length on, one different character is probably a slip; Anu and Anil are two students."""


def _is_misspelt(one: NameParts, other: NameParts, rest: Sequence[str], other_rest: Sequence[str]) -> bool:
    if min(len(" ".join(one.words)), len(" ".join(other.words))) < _SHORTEST:
        return False
    if len(rest) == len(other_rest) == 1 and _is_slip(rest[0], other_rest[0]):
        return True
    if len(rest) != len(other_rest) or min(map(len, (*rest, *other_rest)), default=0) < 2:
        return False
    return sorted(map(sound_of, rest)) == sorted(map(sound_of, other_rest))


def _is_slip(one: str, other: str) -> bool:
    """Whether one slip of the hand makes the one word of the other.

    Real names differ in their first letter (Asha, Usha), in their last (Harshit, Harshil), by a last letter (Arun,
    Aruna; Deepa, Deepak) and in short words (Anita, Anika); these are two students.
    """
    short, long = sorted((one, other), key=len)
    if short[0] != long[0] or len(long) - len(short) > 1:
        return False
    differing = [at for at, (left, right) in enumerate(zip(short, long, strict=False)) if left != right]
    if len(short) < len(long):
        at = differing[0] if differing else len(short)
        if short[at:] != long[at + 1 :]:
            return False
        is_doubled = long[at] == long[at - 1]
        return is_doubled or (len(long) >= 5 and at < len(short))
    if len(differing) == 1:
        return len(long) >= 6 and differing[0] < len(long) - 1
    swapped = len(differing) == 2 and differing[1] - differing[0] == 1
    return swapped and short[differing[0]] == long[differing[1]] and short[differing[1]] == long[differing[0]]


_RUN = re.compile(r"\d+")
_PREFIX = re.compile(r"^(?:ROLL(?:NO|NUMBER)?|NO|NR)(?=\d)")


def compared_label(label: str) -> str:
    """Return a stored section or roll number for comparing: 007, ७ and No. 7 are 7; 1-12 and 11-2 stay two."""
    if label.isascii() and label.isdigit() and label[0] != "0":
        return label
    digits = _RUN.sub(lambda run: str(int(run[0])), "".join(map(_ascii_digit, label)))
    return _PREFIX.sub("", digits)


def _ascii_digit(character: str) -> str:
    return str(unicodedata.decimal(character, character))


def may_be_same(one: Labelled, other: Labelled) -> bool:
    """Whether two namesakes may be the same student: neither section nor roll number contradicts.

    Names and grades are compared by the caller. Every rule about namesakes builds on this one.
    """
    pairs = ((one.section, other.section), (one.roll_number, other.roll_number))
    return all(not left or not right or not _contradict(left, right) for left, right in pairs)


def has_same_labels(one: Labelled, other: Labelled) -> bool:
    """Whether section and roll number are equal, however they are written."""
    return _are_equal(one.section, other.section) and _are_equal(one.roll_number, other.roll_number)


def adds_label(one: Labelled, other: Labelled) -> bool:
    """Whether a section or roll number is given that the other does not have."""
    pairs = ((one.section, other.section), (one.roll_number, other.roll_number))
    return any(given and (not recorded or _contradict(given, recorded)) for given, recorded in pairs)


def _are_equal(one: str, other: str) -> bool:
    return one == other or compared_label(one) == compared_label(other)


def _contradict(one: str, other: str) -> bool:
    """Whether two labels differ for certain. 112 may be 1-12, and अ may be A: they do not."""
    left, right = compared_label(one), compared_label(other)
    if left == right:
        return False
    if _joined(one) == _joined(other) and not ("-" in left and "-" in right):
        return False
    is_of_one_script = left.isascii() == right.isascii()
    return is_of_one_script or _RUN.findall(left) != _RUN.findall(right)


def _joined(label: str) -> str:
    return "".join(map(_ascii_digit, label)).replace("-", "")
