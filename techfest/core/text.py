"""Limits for text from users, applied before anything is computed from it. Imports nothing from Django.

Unicode normalisation sorts combining marks by insertion, so its cost grows with the square of a run of them: one
letter with 5,000 marks costs as much as ten thousand names. No language stacks more than a handful.
"""

import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Literal, TypeAlias

Form: TypeAlias = Literal["NFC", "NFD", "NFKC", "NFKD"]

MAX_MARKS = 30
"""Combining marks in a row, as in the stream-safe text format of Unicode (UAX 15)."""

_GRAPHEME_JOINER = "\u034f"
"""An invisible character that splits a run of marks, as the stream-safe text format does."""


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
        text = "".join(_GRAPHEME_JOINER.join(_parts(run)) if is_mark else run for is_mark, run in _runs(text))
    return unicodedata.normalize(form, text)  # noqa: TID251  # the one place


def shortened(text: str, max_length: int) -> str:
    """The text cut to just above the limit, so that it is still rejected but cheap to store.

    Texts within the limits are returned unchanged.
    """
    text = text[: max_length * (MAX_MARKS + 1)]
    if has_mark_run(text):
        text = "".join(run[: MAX_MARKS + 1] if is_mark else run for is_mark, run in _runs(text))
    return text[: max_length + 1]


def _run_around(text: str, at: int) -> int:
    """The number of marks around this position, counted only until there are too many."""
    first = last = at
    while first > 0 and last - first < MAX_MARKS and _is_mark(text[first - 1]):
        first -= 1
    while last + 1 < len(text) and last - first < MAX_MARKS and _is_mark(text[last + 1]):
        last += 1
    return last - first + 1


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    return ((is_mark, "".join(run)) for is_mark, run in groupby(text, _is_mark))


def _parts(marks: str) -> list[str]:
    return [marks[at : at + MAX_MARKS] for at in range(0, len(marks), MAX_MARKS)]


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"
