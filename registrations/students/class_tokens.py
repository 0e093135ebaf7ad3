"""Part a text about a class into words and numbers: IXth is a number and the ending of an ordinal."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from registrations.students.class_words import (
    ATTACHED_ORDINALS,
    ATTACHING,
    GRADE,
    NUMBER,
    NUMBER_WORDS,
    NUMERAL,
    ORDINAL,
    PREFIX,
    SECTION,
    WORDS,
    folded,
    roman,
)
from techfest.core.text import IGNORABLES, normalized

TEXT = "text"


@dataclass(frozen=True, slots=True)
class Token:
    """A number or a word. `is_glued` says that nothing stands between it and the token before."""

    kind: str
    text: str
    value: int = 0
    is_glued: bool = False

    @property
    def is_letter(self) -> bool:
        """Whether this is one letter with its vowel signs and digits: A, कि, B2."""
        return self.kind == TEXT and sum(unicodedata.category(one)[0] == "L" for one in self.text) == 1


_WHOLE = re.compile(r"(?<=\d)[.,]0+(?!\d)")
_ORDINAL_SIGN = re.compile(r"((?<=\d)\.?|\b[IVX]{1,4})\s*[ºª°]", re.IGNORECASE)
_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_RANGE = re.compile(r"\d\s*[./:,–—-]\s*\d")
_SEPARATORS = frozenset(" .,:;/\\_()[]{}-–—'\"’‘“”„«»‹›「」『』`´·|")
_LONGEST_WORD = 20
_JOINERS = "\u200c\u200d"
_UNDRAWN = re.compile(f"(?![{_JOINERS}])[{IGNORABLES}]")


def tokens_of(text: str) -> list[Token]:
    """Return the words of the text; none for a range like 9-10, a date, and characters that no class has."""
    text = _UNDRAWN.sub("", normalized("NFKC", _ORDINAL_SIGN.sub(r"\1th ", text))).strip()
    text = _CASE.sub(" ", _WHOLE.sub("", text))
    if _RANGE.search(text) or text.startswith(("-", "–")):
        return []
    tokens: list[Token] = []
    is_glued = False
    for kind, characters in groupby(text, _kind):
        if kind == "other":
            return []
        if kind in (NUMBER, TEXT):
            tokens += _run("".join(characters), is_after_number=_ends_in_number(tokens), is_glued=is_glued)
        is_glued = kind != " "
    if any(token.value > 99 for token in tokens):
        return []
    return [_in_context(token, tokens[at + 1 : at + 2]) for at, token in enumerate(tokens)]


def _kind(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return NUMBER
    if category[0] in "LM" or character in _JOINERS:
        return TEXT
    return " " if character in _SEPARATORS or character.isspace() else "other"


def _ends_in_number(tokens: Sequence[Token]) -> bool:
    return bool(tokens) and tokens[-1].kind == NUMBER


def _in_context(token: Token, after: Sequence[Token]) -> Token:
    if token.kind != PREFIX:
        return token
    is_prefix = any(one.kind == NUMBER and one.text.isdecimal() for one in after)
    return replace(token, kind=GRADE if is_prefix else TEXT)


def _run(run: str, *, is_after_number: bool, is_glued: bool) -> list[Token]:
    """Return the tokens of a run of digits or letters: IXth is a number and an ordinal ending."""
    if run.isdecimal():
        return [Token(NUMBER, run, int(run[:4]), is_glued)]
    if token := _word(run, is_after_number=is_after_number, is_glued=is_glued):
        return [token]
    for at in range(min(len(run), _LONGEST_WORD) - 1, 0, -1):
        if pair := _pair(run[:at], run[at:], is_number_ahead=is_after_number and is_glued):
            return pair
    return [Token(TEXT, run, is_glued=is_glued)]


def _word(run: str, *, is_after_number: bool, is_glued: bool) -> Token | None:
    """Return the token of a known word, or None. A section may be called "TH", so an ending needs its number."""
    key = folded(run)
    if value := NUMBER_WORDS.get(key) or roman(run):
        return Token(NUMBER, run.upper(), value, is_glued)
    kind = WORDS.get(key)
    if key in ATTACHED_ORDINALS and is_glued:
        kind = ORDINAL
    if kind is None or (kind == ORDINAL and not is_after_number):
        return None
    return Token(kind, run, is_glued=is_glued)


def _pair(left: str, right: str, *, is_number_ahead: bool) -> list[Token]:
    """Return the two tokens of words written without a space, like IX and th; none if they are no such words."""
    first = _word(left, is_after_number=is_number_ahead, is_glued=is_number_ahead)
    if first is None:
        return []
    second = _word(right, is_after_number=first.kind == NUMBER, is_glued=True) or Token(
        TEXT, right, is_glued=True
    )
    is_behind_number = is_number_ahead or (
        first.kind == NUMBER and NUMERAL.fullmatch(left.upper()) is not None
    )
    if second.is_letter:
        is_pair = is_behind_number or (first.kind == SECTION and folded(left) in ATTACHING)
    elif first.kind == NUMBER:
        is_pair = second.kind in (GRADE, SECTION, ORDINAL)
    elif first.kind == GRADE:
        is_pair = second.kind == NUMBER and len(left) > 2 and not is_number_ahead
    else:
        is_pair = first.kind == ORDINAL and second.kind in (GRADE, SECTION)
    return [first, second] if is_pair else []
