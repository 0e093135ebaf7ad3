"""Read the grade and the section of a student as people write them: 9th Grade, Class IX-B, Std 9 (A), 9º A.

A section in a column or a field of its own goes through the same words, so that "9A", "Section A" and "A" are one.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from registrations.students.class_tokens import TEXT, Token, tokens_of
from registrations.students.class_words import GRADE, NUMBER, ORDINAL, SECTION
from registrations.students.names import label_key

LONGEST_GRADE = 100
"""The maximum length of a grade in characters."""


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
    found = _placement(tokens_of(text))
    return found if found and found.grade else None


@lru_cache(maxsize=1_024)
def _section(text: str, grade: int) -> str:
    """Read the label again until nothing is left to remove, so that a stored section reads back unchanged."""
    while (shorter := _without_words(text, grade)) != text:
        text = shorter
    return text


def _without_words(text: str, grade: int) -> str:
    """Return the section without its words and the grade; the whole text if that leaves no section."""
    tokens = tokens_of(text)
    found = _placement(tokens)
    if not found or found.grade not in (0, grade):
        return label_key(text)
    kinds = {token.kind for token in tokens}
    is_only_words = SECTION in kinds or (found.grade > 0 and bool(kinds & {GRADE, ORDINAL}))
    return found.section if found.section or is_only_words else label_key(text)


def _placement(tokens: Sequence[Token]) -> Placement | None:
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
    is_letter = len(texts) == 1 and texts[0].is_letter and texts[0].text not in ("V", "X")
    is_certain = not texts or (is_letter and not _has_number_apart(words, grades))
    return Placement(grades[0].value if grades else 0, section, is_certain)


def _has_number_apart(words: Sequence[Token], grades: Sequence[Token]) -> bool:
    """Whether a number stands by itself behind the letter: 23 in "IX - A - 23" may be a roll number."""
    return any(word.text.isdecimal() and not word.is_glued and word not in grades for word in words)


def _named_section(tokens: Sequence[Token]) -> tuple[list[Token], list[Token]]:
    """Part the tokens into the section behind or before a word like "section", and the others."""
    for at, token in enumerate(tokens):
        if token.kind != SECTION:
            continue
        for beside in (at + 1, at - 1):
            if 0 <= beside < len(tokens) and _may_be_section(tokens, beside, is_behind=beside > at):
                others = [other for number, other in enumerate(tokens) if number != beside]
                return [replace(tokens[beside], kind=TEXT)], others
    return [], list(tokens)


def _may_be_section(tokens: Sequence[Token], at: int, *, is_behind: bool) -> bool:
    """Whether this token beside the word may be the section: a text, or a number that is not the grade."""
    if tokens[at].kind != NUMBER:
        return tokens[at].kind == TEXT
    others = [token.kind for number, token in enumerate(tokens) if number != at]
    if is_behind:
        return TEXT not in others or (NUMBER in others and others[at : at + 1] != [TEXT])
    return NUMBER in others[:at]


def _parted(words: Sequence[Token]) -> tuple[list[Token], list[Token]]:
    """Part grades and texts; digits behind a letter, and a Roman digit behind the grade, belong to the section."""
    grades: list[Token] = []
    texts: list[Token] = []
    for word in words:
        if word.kind == TEXT or _is_roman_letter(word, grades):
            texts.append(replace(word, kind=TEXT))
        elif texts and word.text.isdecimal() and (word.is_glued or grades):
            texts[-1] = replace(texts[-1], text=texts[-1].text + word.text)
        else:
            grades.append(word)
    return grades, texts


def _is_roman_letter(word: Token, grades: Sequence[Token]) -> bool:
    """Whether I, V or X behind a grade is the section's letter; IX-X is rather a range of two grades."""
    if word.text not in ("I", "V", "X") or not grades or word.value == grades[0].value:
        return False
    return word.text == "I" or grades[0].text.isdecimal()


def _is_ordinal_letter(token: Token) -> bool:
    """Whether this may be the ending of 9a, 9o or 9e, where another text is the section."""
    return token.is_glued and token.text.casefold() in ("a", "o", "e")
