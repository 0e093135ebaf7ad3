"""The grades of an event as people write them: 5-8, VI to VIII, 6, 7 and 8, Std 9+, all. Knows no models."""

import re

from django.utils.translation import gettext as _

from registrations.students.class_words import GRADE, WORDS, folded
from registrations.students.classes import read_grade
from registrations.timetable.days import Unreadable
from techfest.core.calendar_names import plain_text

_ALL = frozenset(
    {"", "all", "any", "everybody", "everyone", "open", "open to all", "all grades", "all classes", "-", "–"}
)
_FIRST_WORD = re.compile(r"^([^\W\d_]+)\s*[:.]*\s*(?=\S)")
_FROM = re.compile(
    r"(?:from\s+)?(?P<low>.+?)\s*(?:\+|(?:and|&|or)\s+(?:above|up|over|higher)|onwards?|upwards?)"
)
_UP_TO = re.compile(r"(?:up\s?to|till?|until)\s+(?P<high>.+)")
_RANGE = re.compile(
    r"(?:from\s+)?(?P<low>.+?)\s*(?:[-–—~]|\bto\b|\btill?\b|\bthrough\b|\buntil\b)\s*(?P<high>.+)"
)
_LIST = re.compile(r"\s*(?:,|&|/|\+|\band\b)\s*")
_DATE = re.compile(
    r"\d{1,2}-(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d{2}|"
    r"\d{4}-\d\d-\d\d(?: 00:00:00)?|\d{1,2}[/.]\d{1,2}[/.]\d{4}"
)
_MAX_LENGTH = 100


def grades_of(text: str, *, all_grades: tuple[int, int]) -> tuple[int, int] | None:
    """Return the lowest and the highest grade; empty text and "all" mean every grade of the fest.

    None if they are no grades, or not grades of the fest. Raises Unreadable for a date: spreadsheets make 5-Aug of 5-8.
    """
    plain = plain_text(text)
    if plain in _ALL:
        return all_grades
    if len(plain) > _MAX_LENGTH:
        return None
    if _DATE.fullmatch(plain):
        words = _("“%(text)s” is a date, which a spreadsheet makes of grades such as 5-8. Write 5 to 8.")
        raise Unreadable(words % {"text": text.strip()})
    grades = _range(_without_word(plain), all_grades)
    if grades is None:
        return None
    low, high = grades
    return (low, high) if all_grades[0] <= low <= high <= all_grades[1] else None


def _range(plain: str, all_grades: tuple[int, int]) -> tuple[int, int] | None:
    if found := _FROM.fullmatch(plain):
        low = grade_of(found["low"])
        return (low, all_grades[1]) if low else None
    if found := _UP_TO.fullmatch(plain):
        high = grade_of(found["high"])
        return (all_grades[0], high) if high else None
    if found := _RANGE.fullmatch(plain):
        low, high = grade_of(found["low"]), grade_of(found["high"])
        return (low, high) if low and high else None
    return _together([grade_of(one) for one in _LIST.split(plain)])


def _together(grades: list[int | None]) -> tuple[int, int] | None:
    """Return the first and last of grades that follow each other without a gap."""
    found = sorted({one for one in grades if one})
    is_whole = len(found) == len(grades) and found[-1] - found[0] == len(found) - 1
    return (found[0], found[-1]) if is_whole else None


def grade_of(text: str) -> int | None:
    """Return a grade that has no section."""
    found = read_grade(_without_word(text)) if text and text[-1].isalnum() else None
    return found[0] if found and not found[1] else None


def _without_word(text: str) -> str:
    """Return the text without a word for grade at its start, in any language, also in the plural: "Classes 5-8"."""
    found = _FIRST_WORD.match(text)
    is_word = found is not None and any(WORDS.get(folded(word)) == GRADE for word in _singulars(found[1]))
    return text[found.end() :] if found and is_word else text


def _singulars(word: str) -> tuple[str, ...]:
    return word, word.removesuffix("s"), word.removesuffix("es")
