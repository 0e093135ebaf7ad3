"""Limits for text from users, applied before anything is computed from it. Imports nothing from Django.

Unicode normalisation sorts combining marks by insertion, so its cost grows with the square of a run of them: one
letter with 5,000 marks costs as much as ten thousand names. No language stacks more than a handful.
"""

import re
import unicodedata
from typing import Literal, TypeAlias

Form: TypeAlias = Literal["NFC", "NFD", "NFKC", "NFKD"]

MAX_MARKS = 30
"""Combining marks in a row, as in the stream-safe text format of Unicode (UAX 15)."""

_GRAPHEME_JOINER = "\u034f"
"""An invisible character that splits a run of marks, as the stream-safe text format does."""

BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0\U00013441\U00013442\U0001d159"
"""Letters and symbols that are drawn as an empty space: fillers of Hangul and hieroglyphs, the empty Braille cell,
the empty note head.
"""
IGNORABLES = (
    "\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff0-\ufffc\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters that are not drawn at all, as ranges of a regular expression: Unicode's Default_Ignorable_Code_Point
without the fillers above, and the annotation marks up to U+FFFC. Joiners and variation selectors are among them.
"""
_UNDRAWN = re.compile(f"[{BLANK_LETTERS}{IGNORABLES}]")
_BLANK = re.compile(rf"[\s{BLANK_LETTERS}{IGNORABLES}]*")


def is_blank(text: str) -> bool:
    """Whether the text is empty to the eye: white space, a byte order mark, fillers."""
    return _BLANK.fullmatch(text) is not None


def has_visible(text: str) -> bool:
    """Whether a reader sees something: a letter, number, punctuation mark or symbol that is drawn.

    A text of stray combining marks or control characters has nothing to see, but is not blank.
    """
    return any(unicodedata.category(one)[0] in "LNPS" and not _UNDRAWN.match(one) for one in text)


def has_mark_run(text: str) -> bool:
    """Whether more than `MAX_MARKS` combining marks follow one another somewhere.

    Such a run covers a multiple of `MAX_MARKS` + 1, so only one character in 31 is examined.
    """
    if text.isascii():
        return False
    step = MAX_MARKS + 1
    return any(_run_around(text, at) > MAX_MARKS for at in range(0, len(text), step) if _is_mark(text[at]))


def normalized(form: Form, text: str) -> str:
    """`unicodedata.normalize` in linear time: longer runs of marks are split first.

    Forms and file readers reject such runs with a message; this is the safeguard if one does not.
    """
    if has_mark_run(text):
        mark = _marks_in(text)
        text = re.sub(f"({mark}{{{MAX_MARKS}}})(?={mark})", rf"\1{_GRAPHEME_JOINER}", text)
    return unicodedata.normalize(form, text)  # noqa: TID251  # the one place


def shortened(text: str, max_length: int) -> str:
    """The text cut to just above the limit, so that it is still rejected but cheap to store.

    Texts within the limits are returned unchanged.
    """
    text = text[: max_length * (MAX_MARKS + 1)]
    if has_mark_run(text):
        mark = _marks_in(text)
        text = re.sub(f"({mark}{{{MAX_MARKS + 1}}}){mark}+", r"\1", text)
    return text[: max_length + 1]


def _marks_in(text: str) -> str:
    """A regular expression for one combining mark of this text.

    The workbook reader has a second of processor time for a thousand cells of thousands of marks, so only the
    different characters are looked at in Python.
    """
    return f"[{re.escape(''.join(sorted(filter(_is_mark, set(text)))))}]"


def _run_around(text: str, at: int) -> int:
    """The number of marks around this position, counted only until there are too many."""
    first = last = at
    while first > 0 and last - first < MAX_MARKS and _is_mark(text[first - 1]):
        first -= 1
    while last + 1 < len(text) and last - first < MAX_MARKS and _is_mark(text[last + 1]):
        last += 1
    return last - first + 1


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def folded(text: str) -> str:
    """Return the name of a venue or category in the form in which typed names are compared with it."""
    return " ".join(text.split()).casefold()
