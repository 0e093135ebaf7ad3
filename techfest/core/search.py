"""The rule of every search: which names a typed text finds.

A word finds a name without case, accents, apostrophes and hyphens, as part of a word or as several words. If nothing is
found, one letter of each longer word may be wrong, missing, added or swapped with the next. A reference is found as it
is printed, with a label before it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP

from techfest.core.folding import fold
from techfest.core.text import shortened

Row = TypeVar("Row")
AnyRows = TypeVar("AnyRows", bound="QuerySet[Any]")

MAX_CHARACTERS = 200
"""More is not looked at; no name is longer."""
MAX_WORDS = 12
LONGEST_WITH_TYPO = 30
"""Letters. The pattern for a typo grows with the square of the word."""
MOST_WITH_TYPOS = 700
"""Sum of the squares of the letters that may have a typo; further words must be as typed."""
SHORTEST_BEGINNING = 6
"""Letters with a typo that may be the beginning of a word; with fewer, ravi would find Davis."""
SHORTEST_OF_TWO_WORDS = 7
"""Letters with a typo that may be two words of the name; with fewer, sara would find Asa Rao."""
SHORTEST_OF_REFERENCE = 4
"""Letters of a word that is also searched within references."""
MOST_IDS = 2_000
"""Found rows that a further query names one by one."""
_NOTHING = Q(pk__in=())
_CODE = re.compile(r"(?<![A-Z0-9])(?=([A-Z0-9]{3} ?[A-Z0-9]{4})(?![A-Z0-9]))")
_WHOLE_CODE = re.compile(r"[A-Z0-9]{7}")


@dataclass(frozen=True, slots=True)
class Words:
    """A typed text as a search reads it."""

    letters: tuple[str, ...]
    """The folded letters of each word; a hyphen does not end a word."""
    codes: tuple[str, ...]
    """What may be a reference in it."""

    @property
    def total(self) -> int:
        return sum(map(len, self.letters))

    @property
    def may_have_typo(self) -> bool:
        return any(map(_may_have_typo, self.letters))

    def patterns(self, *, has_typos: bool) -> list[str]:
        """Regular expressions of Python and of PostgreSQL, which a folded text matches all."""
        left, found = MOST_WITH_TYPOS if has_typos else 0, []
        for letters in self.letters:
            left -= len(letters) ** 2
            found.append(with_typo(letters) if left >= 0 and _may_have_typo(letters) else as_typed(letters))
        return found


def read(text: str) -> Words:
    text = shortened(text.replace("\0", " "), MAX_CHARACTERS)[:MAX_CHARACTERS]
    words = (fold(word).replace(" ", "") for word in text.split())
    return Words(tuple(dict.fromkeys(filter(None, words)))[:MAX_WORDS], tuple(typed_codes(text)))


def typed_codes(text: str) -> list[str]:
    """What may be a reference of seven characters in this text: "abc-2345", "Ref: ABC 2345", "(ABC2345)"."""
    folded = fold(text[:MAX_CHARACTERS]).upper()
    parts = (folded, fold(text[:MAX_CHARACTERS].rpartition(":")[2]).upper())
    whole = [joined for part in parts if _WHOLE_CODE.fullmatch(joined := re.sub(r"[^A-Z0-9]", "", part))]
    return list(dict.fromkeys([*whole, *(code.replace(" ", "") for code in _CODE.findall(folded))]))


def as_typed(letters: str) -> str:
    """The letters within one word, or from the start of a word with spaces in between: anne marie for annemarie."""
    return f"{_run(letters)}|(^| ){' *'.join(map(_run, letters))}"


def with_typo(letters: str) -> str:
    """The letters from the start of a word, with one of them wrong, missing, added or swapped.

    Short words are whole words of the name. The last letter may differ only at the end of a word: otherwise its pattern
    would find every longer word.
    """
    count = len(letters)
    any_letter = "[^ ]"
    joined = " *" if count >= SHORTEST_OF_TWO_WORDS else ""
    within: list[Iterable[str]] = []
    for at in range(count - 1):
        within += [
            (*letters[:at], any_letter, *letters[at + 1 :]),
            (*letters[:at], *letters[at + 1 :]),
            (*letters[:at], letters[at + 1], letters[at], *letters[at + 2 :]),
            (*letters[:at], any_letter, *letters[at:]),
        ]
    within.append((*letters[:-1], any_letter, letters[-1]))
    patterns = [joined.join(map(_run, one)) for one in within]
    last = f"{joined.join(map(_run, letters[:-1]))}{joined}{any_letter}?( |$)"
    end = "( |$)" if count < SHORTEST_BEGINNING else ""
    return f"(^| )(({'|'.join(patterns)}){end}|{last})|{as_typed(letters)}"


def _may_have_typo(letters: str) -> bool:
    """Short words are other names rather than typos. Names in other scripts have fewer letters."""
    least = 4 if letters.isascii() else 3
    return least <= len(letters) <= LONGEST_WITH_TYPO


def _run(letters: str) -> str:
    """Of the characters with a meaning in a pattern, a folded text has only the plus and hash signs."""
    return letters if letters == "[^ ]" else letters.replace("+", "[+]").replace("#", "[#]")


def matching(model: type[Model], words: Words, fields: Sequence[str], *, has_typos: bool = False) -> Q:
    """Rows of the model in which each word matches one of the fields, or a reference is in the text."""
    references = [field for field in fields if field.split("__")[-1] == "reference"]
    named, names = Q(), [field for field in fields if field not in references]
    for letters, pattern in zip(words.letters, words.patterns(has_typos=has_typos), strict=True):
        # A short word would be in many references by chance.
        searched = fields if len(letters) >= SHORTEST_OF_REFERENCE else names
        named &= _in_any(model, searched, "folded__regex", pattern)
    if not words.letters:
        return _NOTHING
    coded = _in_any(model, references, "in", words.codes)
    for code in words.codes if has_typos else ():
        coded |= _in_any(model, references, "folded__regex", with_typo(code.lower()))
    return named | coded if words.codes and references else named


def _in_any(model: type[Model], fields: Iterable[str], lookup: str, value: Any) -> Q:
    """Rows of another table are looked at once in a subquery, not once for each row that refers to them."""
    by_path: dict[str, Q] = {}
    for field in fields:
        path, _, name = field.rpartition(LOOKUP_SEP)
        if path and related_model(model, path) is None:
            path, name = "", field
        by_path[path] = by_path.get(path, _NOTHING) | Q(**{f"{name}__{lookup}": value})
    return reduce(or_, (_by_path(model, path, which) for path, which in by_path.items()), _NOTHING)


def _by_path(model: type[Model], path: str, which: Q) -> Q:
    related = related_model(model, path) if path else None
    return (
        which if related is None else Q(**{f"{path}__in": related._base_manager.filter(which).values("pk")})
    )


def related_model(model: type[Model], path: str) -> type[Model] | None:
    """The model to which this path of relations leads; `None` if it leads to a column."""
    found: Any = model
    for name in path.split(LOOKUP_SEP):
        try:
            found = found._meta.get_field(name).related_model
        except FieldDoesNotExist:
            return None
        if found is None:
            return None
    related: type[Model] = found
    return related


def found_rows(rows: AnyRows, text: str, fields: Sequence[str]) -> tuple[AnyRows, bool]:
    """The rows that the text finds, and whether they are only similar to it. Asks one or two queries.

    All names are read once, for the ids of what is found, and not again for its count and for each page of it.
    """
    words = read(text)
    exact = rows.filter(matching(rows.model, words, fields))
    ids = _some_ids(exact)
    if not ids and words.may_have_typo:
        similar = rows.filter(matching(rows.model, words, fields, has_typos=True))
        return _narrowed(rows, similar, _some_ids(similar)), True
    return _narrowed(rows, exact, ids), False


def _some_ids(found: "QuerySet[Any]") -> list[Any]:
    return list(found.order_by().values_list("pk", flat=True)[: MOST_IDS + 1])


def _narrowed(rows: AnyRows, found: AnyRows, ids: Sequence[Any]) -> AnyRows:
    """The rows with these ids; if there are too many to name, those that are found anew each time."""
    return rows.filter(pk__in=ids) if len(ids) <= MOST_IDS else found


def found(rows: Iterable[Row], text: str, name_of: Callable[[Row], str]) -> list[Row]:
    """The same for rows in memory."""
    words, named = read(text), [(row, fold(name_of(row))) for row in rows]
    for has_typos in (False, True):
        patterns = [re.compile(pattern) for pattern in words.patterns(has_typos=has_typos)]
        kept = [row for row, name in named if patterns and all(one.search(name) for one in patterns)]
        if kept or not words.may_have_typo:
            return kept
    return []
