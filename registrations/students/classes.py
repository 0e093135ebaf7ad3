"""Read the grade and the section of a student as people write them: 9th Grade, Class IX-B, Std 9 (A), 9º A.

A section in a column or a field of its own goes through the same words, so that "9A", "Section A" and "A" are one.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

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
from registrations.students.names import label_key
from techfest.core.text import IGNORABLES, normalized

LONGEST_GRADE = 100
"""The maximum length of a grade in characters."""
TEXT = "text"


class Placement(NamedTuple):
    """A grade and a section. If the section is not certain, it may be a remark, as in "11 Science"."""

    grade: int
    section: str
    is_certain: bool


def read_grade(text: str) -> Placement | None:
    """Return grade and section, or None if the text is not a grade.

    Digits of every script are read. The caller checks whether the fest has this grade.
    """
    text = text.strip()
    return _grade(text) if len(text) <= LONGEST_GRADE else None


def read_section(text: str, grade: int = 0) -> str:
    """Return a section as it is stored: "Section B" and, in grade 9, "9B" are B. Anything else stays as typed.

    A number that is not the student's grade may belong to the name of the section, so it is kept.
    """
    label = label_key(text)
    return label if len(label) <= 1 or len(text) > LONGEST_GRADE else _section(text, grade)


def other_grade(section: str, grade: int) -> int:
    """Return the grade that a section names if it is not the student's, like 10 in "10A"; 0 if it names none."""
    found = read_grade(section)
    return found.grade if found and found.section and found.grade != grade else 0


@lru_cache(maxsize=1_024)
def _grade(text: str) -> Placement | None:
    """Cached, because a list says the same few grades a thousand times."""
    found = _placement(_tokens(text))
    return found if found and found.grade else None


@lru_cache(maxsize=1_024)
def _section(text: str, grade: int) -> str:
    """Read the label again until nothing is left to remove, so that a stored section reads back unchanged."""
    while (shorter := _without_words(text, grade)) != text:
        text = shorter
    return text


def _without_words(text: str, grade: int) -> str:
    """Return the section without its words and the grade; the whole text if that leaves no section."""
    tokens = _tokens(text)
    found = _placement(tokens)
    if not found or found.grade not in (0, grade):
        return label_key(text)
    kinds = {token.kind for token in tokens}
    is_only_words = SECTION in kinds or (found.grade > 0 and bool(kinds & {GRADE, ORDINAL}))
    return found.section if found.section or is_only_words else label_key(text)


@dataclass(frozen=True, slots=True)
class _Token:
    """A number or a word. `is_glued` says that nothing stands between it and the token before."""

    kind: str
    text: str
    value: int = 0
    is_glued: bool = False

    @property
    def is_letter(self) -> bool:
        """Whether this is one letter with its vowel signs and digits: A, कि, B2."""
        return self.kind == TEXT and sum(unicodedata.category(one)[0] == "L" for one in self.text) == 1


def _placement(tokens: Sequence[_Token]) -> Placement | None:
    """Combine the tokens. Returns None for two different grades, and for words that do not belong together."""
    named, rest = _named_section(tokens)
    words = [token for token in rest if token.kind in (NUMBER, TEXT)]
    grades, texts = _parted(words)
    has_word = any(token.kind in (GRADE, SECTION) for token in tokens)
    if len({token.value for token in grades}) > 1 or (named and any(one.is_letter for one in texts)):
        return None
    if grades and words[0].kind == TEXT and not has_word:
        return None  # "A 9" and "LKG 1" are no grades
    if len(texts) > 1:
        texts = [one for one in texts if not _is_ordinal_letter(one)] or texts
    if len(texts) > 1 and all(one.is_letter for one in texts):
        return None
    section = label_key("".join(token.text for token in (*texts, *named)))
    is_certain = not texts or (len(texts) == 1 and texts[0].is_letter and texts[0].text not in ("V", "X"))
    return Placement(grades[0].value if grades else 0, section, is_certain)


def _named_section(tokens: Sequence[_Token]) -> tuple[list[_Token], list[_Token]]:
    """Part the tokens into the section behind or before a word like "section", and the others."""
    for at, token in enumerate(tokens):
        if token.kind != SECTION:
            continue
        for beside in (at + 1, at - 1):
            if 0 <= beside < len(tokens) and _may_be_section(tokens, beside, is_behind=beside > at):
                others = [other for number, other in enumerate(tokens) if number != beside]
                return [replace(tokens[beside], kind=TEXT)], others
    return [], list(tokens)


def _may_be_section(tokens: Sequence[_Token], at: int, *, is_behind: bool) -> bool:
    """Whether this token beside the word may be the section: a text, or a number that is not the grade."""
    if tokens[at].kind != NUMBER:
        return tokens[at].kind == TEXT
    others = [token.kind for number, token in enumerate(tokens) if number != at]
    if is_behind:
        return TEXT not in others or (NUMBER in others and others[at : at + 1] != [TEXT])
    return NUMBER in others[:at]


def _parted(words: Sequence[_Token]) -> tuple[list[_Token], list[_Token]]:
    """Part grades and texts; digits behind a letter, and a Roman digit behind the grade, belong to the section."""
    grades: list[_Token] = []
    texts: list[_Token] = []
    for word in words:
        if word.kind == TEXT or _is_roman_letter(word, grades):
            texts.append(replace(word, kind=TEXT))
        elif texts and word.text.isdecimal() and (word.is_glued or grades):
            texts[-1] = replace(texts[-1], text=texts[-1].text + word.text)
        else:
            grades.append(word)
    return grades, texts


def _is_roman_letter(word: _Token, grades: Sequence[_Token]) -> bool:
    """Whether I, V or X behind a grade is the section's letter; IX-X is rather a range of two grades."""
    if word.text not in ("I", "V", "X") or not grades or word.value == grades[0].value:
        return False
    return word.text == "I" or grades[0].text.isdecimal()


def _is_ordinal_letter(token: _Token) -> bool:
    """Whether this may be the ending of 9a, 9o or 9e, where another text is the section."""
    return token.is_glued and token.text.casefold() in ("a", "o", "e")


_WHOLE = re.compile(r"(?<=\d)[.,]0+(?!\d)")
_ORDINAL_SIGN = re.compile(r"((?<=\d)\.?|\b[IVX]{1,4})\s*[ºª°]", re.IGNORECASE)
_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_RANGE = re.compile(r"\d\s*[./:,–—-]\s*\d")
_SEPARATORS = frozenset(" .,:;/\\_()[]{}-–—'\"’‘“”`´·|")
_JOINERS = "\u200c\u200d"
_UNDRAWN = re.compile(f"(?![{_JOINERS}])[{IGNORABLES}]")


def _tokens(text: str) -> list[_Token]:
    """Return the words of the text; none for a range like 9-10, a date, and characters that no class has."""
    text = _UNDRAWN.sub("", normalized("NFKC", _ORDINAL_SIGN.sub(r"\1th ", text))).strip()
    text = _CASE.sub(" ", _WHOLE.sub("", text))
    if _RANGE.search(text) or text.startswith(("-", "–")):
        return []
    tokens: list[_Token] = []
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


def _ends_in_number(tokens: Sequence[_Token]) -> bool:
    return bool(tokens) and tokens[-1].kind == NUMBER


def _in_context(token: _Token, after: Sequence[_Token]) -> _Token:
    if token.kind != PREFIX:
        return token
    is_prefix = any(one.kind == NUMBER and one.text.isdecimal() for one in after)
    return replace(token, kind=GRADE if is_prefix else TEXT)


def _run(run: str, *, is_after_number: bool, is_glued: bool) -> list[_Token]:
    """Return the tokens of a run of digits or letters: IXth is a number and an ordinal ending."""
    if run.isdecimal():
        return [_Token(NUMBER, run, int(run[:4]), is_glued)]
    if token := _word(run, is_after_number=is_after_number, is_glued=is_glued):
        return [token]
    for at in range(min(len(run), LONGEST_WORD) - 1, 0, -1):
        if pair := _pair(run[:at], run[at:], is_number_ahead=is_after_number and is_glued):
            return pair
    return [_Token(TEXT, run, is_glued=is_glued)]


def _word(run: str, *, is_after_number: bool, is_glued: bool) -> _Token | None:
    """Return the token of a known word, or None. A section may be called "TH", so an ending needs its number."""
    key = folded(run)
    if value := NUMBER_WORDS.get(key) or roman(run):
        return _Token(NUMBER, run.upper(), value, is_glued)
    kind = WORDS.get(key)
    if key in ATTACHED_ORDINALS and is_glued:
        kind = ORDINAL
    if kind is None or (kind == ORDINAL and not is_after_number):
        return None
    return _Token(kind, run, is_glued=is_glued)


LONGEST_WORD = 20


def _pair(left: str, right: str, *, is_number_ahead: bool) -> list[_Token]:
    """Return the two tokens of words written without a space, like IX and th; none if they are no such words."""
    first = _word(left, is_after_number=is_number_ahead, is_glued=is_number_ahead)
    if first is None:
        return []
    second = _word(right, is_after_number=first.kind == NUMBER, is_glued=True) or _Token(
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
