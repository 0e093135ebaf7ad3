"""Grades and marks as people write them into cells: 9 A, Class IX-B, or a tick under the name of an event."""

import re
from functools import lru_cache

from registrations.students.names import clean_text, label_key, name_key
from techfest.core.text import normalized

_WORDS = r"(?:class|grade|std|standard|year|form|cls|gr|कक्षा|वर्ग|इयत्ता)"
_ROMAN = {
    "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10, "XI": 11,
    "XII": 12, "XIII": 13,
}  # fmt: skip
_SHAPE = re.compile(
    rf"(?:{_WORDS}[\s.:-]*)?"
    r"(?P<grade>\d{1,2}(?:\.0+|\s*(?:st|nd|rd|th)(?=[A-Z]?\b))?|[IVX]+(?![A-Z])|[IVX]+(?=[A-HJ-UWYZ]\b))"
    r"(?:[\s.:/_(-]*(?:(?:section|sec|division|div)[\s.:-]*)?(?P<section>[^\W\d_][^()]*?)?\)?)?",
    re.IGNORECASE,
)
LONGEST_GRADE = 100
"""The maximum length of a grade in characters."""


def read_grade(text: str) -> tuple[int, str] | None:
    """Return grade and section, or None if the text is not a grade.

    Digits of every script are read. The caller checks whether the fest has this grade.
    """
    text = text.strip()
    return _grade(text) if len(text) <= LONGEST_GRADE else None


@lru_cache(maxsize=1_024)
def _grade(text: str) -> tuple[int, str] | None:
    """Cached, because a list says the same few grades a thousand times."""
    found = _SHAPE.fullmatch(normalized("NFKC", text).strip())
    if not found:
        return None
    grade, section = found["grade"].upper(), label_key(found["section"] or "")
    number = _ROMAN.get(grade) or _digits(grade)
    return (number, section) if number else None


def _digits(grade: str) -> int:
    digits = re.match(r"\d+", grade)
    return int(digits[0]) if digits else 0


_YES = frozenset(
    ["x", "xx", "yes", "y", "1", "true", "t", "✓", "✔", "√", "✅", "☑", "ok", "ha", "हाँ", "हां", "ஆம்"]
)
_NO = frozenset(
    ["", "no", "n", "0", "false", "f", "✗", "✘", "❌", "☐", "na", "n a", "nil", "none", "नहीं", "இல்லை"]
)
_NOTHING = frozenset(["na", "n a", "nil", "none", "null"])
_LONGEST_NOTHING = 20
_LONGEST_MARK = 200
_DASHES = "-–—. \t"


def read_mark(text: str) -> bool | None:
    """Return whether a cell under an event's name says yes; None if it says neither yes nor no."""
    key = clean_text(text[:_LONGEST_MARK]).casefold()
    if key in _YES:
        return True
    return None if is_given(text) and key not in _NO else False


def is_given(text: str) -> bool:
    """Return whether a cell is filled; a dash, "n/a" and "nil" do not count."""
    text = text.strip(_DASHES)
    if not text or not clean_text(text).strip(_DASHES):
        return False
    return len(text) > _LONGEST_NOTHING or name_key(text) not in _NOTHING
