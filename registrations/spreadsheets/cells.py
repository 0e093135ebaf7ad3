"""Grades and events as people write them into cells: 9 A, Class IX-B, "Quiz, Robo Race", or a mark under a name."""

import difflib
import itertools
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from django.utils.translation import gettext as _

from registrations.spreadsheets.headers import Meaning
from registrations.spreadsheets.listing import Code, Problem
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
_NUMBERED = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|[•*·–-])\s+")
_LOOSE = re.compile(r"\s*(?:/|&|\+|\band\b)\s*", re.IGNORECASE)
MAX_EVENTS = 20
"""Events in one cell; a text with more is not a list of events."""
MAX_GUESSES = 200
"""Different unknown names per file that are compared with the fest's events."""
LONGEST_NAME = 200
"""Characters that are compared with event names, which have at most 120."""
MAX_KEPT = 2_000
"""Different cells per file whose result is cached."""
_DASHES = "-–—. \t"


class EventNames:
    """Finds the events of a fest (slug to name) in typed text."""

    def __init__(self, events: Mapping[str, str]) -> None:
        self.names = dict(events)
        self._by_key: dict[str, list[str]] = {}
        for slug, name in events.items():
            for key in dict.fromkeys((name_key(name), name_key(slug))):
                self._by_key.setdefault(key, []).append(slug)
        self._max_words = 1 + max((name.count(",") for name in events.values()), default=0)
        self._close: dict[str, str] = {}
        self._cells: dict[str, list[str]] = {}
        self._slugs = lru_cache(maxsize=MAX_KEPT)(self._found)

    def read(self, row: int, text: str) -> tuple[list[str], list[Problem]]:
        """Return the slugs in one cell, and a problem with a suggestion for each unknown name."""
        pieces = self._pieces_of_cell(text)
        if len(pieces) > MAX_EVENTS:
            problem = _("Enter %(maximum)d events or fewer") % {"maximum": MAX_EVENTS}
            return [], [Problem(row, Meaning.EVENTS, Code.EVENT, problem, value=text)]
        found = [(piece, self._slugs(piece)) for piece in pieces]
        slugs = [slug for _piece, known in found if len(known) == 1 for slug in known]
        return slugs, [self._problem(row, piece, known) for piece, known in found if len(known) != 1]

    def written(self, slug: str) -> str:
        """Return the text that is read as this event: its name if that is unambiguous, else the slug."""
        name = self.names[slug]
        pieces = list(self._pieces(name))
        return name if len(pieces) == 1 and self._slugs(pieces[0]) == [slug] else slug

    def replaced(self, text: str, piece: str, slug: str = "") -> str:
        """Return the cell with one of its names replaced by this event or removed; other cells are returned unchanged.

        `piece` is the value of a problem from `read`. A cell with too many names is a single piece.
        """
        pieces = list(itertools.islice(self._pieces(text), MAX_EVENTS + 1))
        new = [self.written(slug)] if slug else []
        if len(pieces) > MAX_EVENTS:
            return "; ".join(new) if text == piece else text
        if piece not in pieces:
            return text
        return "; ".join(name for old in pieces for name in (new if old == piece else [old]))

    def _pieces_of_cell(self, text: str) -> list[str]:
        """Return the cached pieces of a cell; in a class the same text is common."""
        if text in self._cells:
            return self._cells[text]
        pieces = list(itertools.islice(self._pieces(text), MAX_EVENTS + 1))
        if len(self._cells) < MAX_KEPT:
            self._cells[text] = pieces
        return pieces

    def _pieces(self, text: str) -> Iterator[str]:
        """Split the cell at line ends and semicolons, then at commas that are not part of an event name."""
        for line in re.split(r"[;\n\r|]", text):
            given = (word for word in line.split(",") if is_given(word)) if line.strip() else ()
            # One more than the limit, so that a longer cell is reported and not cut.
            words = list(itertools.islice(given, (MAX_EVENTS + 1) * self._max_words))
            at = 0
            while at < len(words):
                length = self._length(words[at : at + self._max_words])
                piece = clean_text(_NUMBERED.sub("", ",".join(words[at : at + length])))
                at += length
                yield from self._loose(piece)

    def _length(self, words: list[str]) -> int:
        """Return how many of these words form the longest known name; 1 if none does."""
        return next((n for n in range(len(words), 1, -1) if self._slugs(",".join(words[:n]))), 1)

    def _loose(self, piece: str) -> list[str]:
        """Split at slashes and ampersands if each part is a known name; otherwise return the text as it is."""
        parts = _LOOSE.split(piece)
        is_list = not self._slugs(piece) and all(self._slugs(part) for part in parts)
        return parts if is_list else [piece]

    def _found(self, text: str) -> list[str]:
        if len(text) > LONGEST_NAME:
            return []
        key = name_key(text)
        if known := self._by_key.get(key):
            return known
        plain = _NUMBERED.sub("", text)
        return self._by_key.get(name_key(plain), []) if plain != text else []

    def _problem(self, row: int, piece: str, found: list[str]) -> Problem:
        if found:
            text = _("Several events are called “%(event)s”. Write one of: %(names)s") % {
                "event": piece,
                "names": ", ".join(found),
            }
            return Problem(row, Meaning.EVENTS, Code.EVENT, text, value=piece)
        meant = self._meant(piece)
        text = _("There is no event “%(event)s”.") % {"event": piece[:100]}
        if meant:
            text = _("There is no event “%(event)s”. Did you mean “%(meant)s”?") % {
                "event": piece[:100],
                "meant": meant,
            }
        return Problem(row, Meaning.EVENTS, Code.EVENT, text, value=piece, suggestion=meant)

    def _meant(self, piece: str) -> str:
        key = name_key(piece[:100])[:100]
        if key not in self._close and len(self._close) < MAX_GUESSES:
            close = difflib.get_close_matches(key, self._by_key, n=1, cutoff=0.65)
            self._close[key] = self.names[self._by_key[close[0]][0]] if close else ""
        return self._close.get(key, "")


def read_mark(text: str) -> bool | None:
    """Return whether a cell under an event's name says yes; None if it says neither yes nor no."""
    key = clean_text(text[:LONGEST_NAME]).casefold()
    if key in _YES:
        return True
    return None if is_given(text) and key not in _NO else False


def is_given(text: str) -> bool:
    """Return whether a cell is filled; a dash, "n/a" and "nil" do not count."""
    text = text.strip(_DASHES)
    if not text or not clean_text(text).strip(_DASHES):
        return False
    return len(text) > _LONGEST_NOTHING or name_key(text) not in _NOTHING
