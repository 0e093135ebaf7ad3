"""Grades as teachers write them: 9, 9A, IX-B, Class 9, Grade IX (B), 9th."""

import re

from registrations.students.names import label_key
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

LONGEST = 100
"""Characters; a longer text is no grade."""


def grade_of(text: str) -> tuple[int, str] | None:
    """The number and the section in it, if it holds one; None for what is no grade.

    Digits of every script are read. The number is not compared with the grades of a fest.
    """
    text = text.strip()
    if len(text) > LONGEST:
        return None
    plain = normalized("NFKC", text).strip()
    found = _SHAPE.fullmatch(plain)
    if not found:
        return None
    grade, section = found["grade"].upper(), label_key(found["section"] or "")
    number = _ROMAN.get(grade) or _digits(grade)
    return (number, section) if number else None


def _digits(grade: str) -> int:
    digits = re.match(r"\d+", grade)
    return int(digits[0]) if digits else 0
