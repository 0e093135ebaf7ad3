"""Join the parts of a name that a list holds in several columns."""

import re
from collections.abc import Mapping

from registrations.spreadsheets.meanings import Meaning
from registrations.students.names import clean_text, name_key

_PARTS = (Meaning.GIVEN_NAME, Meaning.MIDDLE_NAME, Meaning.FAMILY_NAME, Meaning.SECOND_FAMILY_NAME)
_UNSPACED = re.compile("[\u3400-\u9fff\uac00-\ud7af]+")
"""Chinese and Korean names are written without a space."""


def full_name(cells: Mapping[Meaning, str]) -> str:
    """Return the name in these cells of one row.

    A column "Name" beside first and last name holds the whole name; beside one of them, the other part of it, unless
    it holds that part already. The parts are joined in the order first, middle, last, second last.
    """
    given, middle, family, second = (cells.get(part, "").strip() for part in _PARTS)
    family = " ".join(part for part in (family, second) if part)
    whole = cells.get(Meaning.NAME, "").strip() or first_last(cells.get(Meaning.LAST_FIRST, ""))
    if whole and (has_both_parts(cells) or _contains(whole, given, family)):
        return whole
    if not (given or family):
        return whole
    if whole:
        given, family = (whole, family) if not given else (given, whole)
    if family and name_key(given).endswith(f" {name_key(family)}"):
        # The whole name stands in the column of first names.
        family = ""
    parts = [part for part in (given, middle, family) if part]
    return ("" if all(map(_UNSPACED.fullmatch, parts)) else " ").join(parts)


def has_both_parts(cells: Mapping[Meaning, str]) -> bool:
    """Return whether there are columns for first and last name."""
    return Meaning.GIVEN_NAME in cells and Meaning.FAMILY_NAME in cells


def first_last(text: str) -> str:
    """Return "Rao, Asha" as "Asha Rao"; a name without exactly one comma stays as it is."""
    parts = [part.strip() for part in text.split(",")]
    return f"{parts[1]} {parts[0]}" if len(parts) == 2 and all(parts) else text


def is_last_first(text: str) -> bool:
    """Return whether a name is written as "Rao, Asha"; "Rao, Jr." and lists of names are not."""
    parts = [name_key(clean_text(part)) for part in text.split(",")]
    has_words = len(parts) == 2 and all(
        part and part.split()[0] not in _SUFFIXES and not any(map(str.isdigit, part)) for part in parts
    )
    return has_words and len(parts[0].split()) <= 3


_SUFFIXES = frozenset(["jr", "sr", "ii", "iii", "iv", "junior", "senior"])


def _contains(whole: str, *parts: str) -> bool:
    """Return whether the name holds all words of these parts, of which one is given."""
    return any(parts) and set(name_key(" ".join(parts)).split()) <= set(name_key(whole).split())
