"""Grades and sections in every spelling: word, form of the number, order, punctuation, case and script."""

from collections.abc import Callable

from hypothesis import strategies as st

WORDS = (
    "class",
    "Grade",
    "STD",
    "Std.",
    "standard",
    "year",
    "कक्षा",
    "Klasse",
    "класс",
    "ano",
    "वर्ग",
    "grado",
)
ROMAN_NUMBERS = "I II III IV V VI VII VIII IX X XI XII"
ENGLISH_NUMBERS = "one two three four five six seven eight nine ten eleven twelve"
ROMAN = dict(enumerate(ROMAN_NUMBERS.split(), 1))
ENGLISH = dict(enumerate(ENGLISH_NUMBERS.split(), 1))
NUMBERS: dict[str, Callable[[int], str]] = {
    "digits": str,
    "full": lambda number: "".join(chr(0xFF10 + int(digit)) for digit in str(number)),
    "devanagari": lambda number: "".join(chr(0x966 + int(digit)) for digit in str(number)),
    "arabic": lambda number: "".join(chr(0x660 + int(digit)) for digit in str(number)),
    "tamil": lambda number: "".join(chr(0xBE6 + int(digit)) for digit in str(number)),
    "zero": lambda number: f"{number:02}",
    "whole": lambda number: f"{number}.0",
    "ordinal": lambda number: f"{number}th",
    "sign": lambda number: f"{number}º",
    "roman": lambda number: ROMAN[number],
    "roman ordinal": lambda number: f"{ROMAN[number]}th",
    "word": lambda number: ENGLISH[number],
}
SECTION_WORDS = ("section", "Sec.", "DIV", "division", "अनुभाग", "Sec", "turma")
# Without I, V and X, which are Roman digits, and Y and G, which stand for "grade" in front of a number.
LETTERS = "ABCDEFHKLMQRSZ"


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, int, str]:
    """A grade and a section in any order, with any words, number form, punctuation and case."""
    grade = draw(st.integers(1, 12))
    number = NUMBERS[draw(st.sampled_from(sorted(NUMBERS)))](grade)
    word = draw(st.sampled_from(["", *WORDS]))
    section = draw(st.sampled_from(["", *LETTERS]))
    section_word = draw(st.sampled_from(["", *SECTION_WORDS]))
    gap = draw(st.sampled_from([" ", "  ", "\u00a0", ", ", " - ", "_", " – ", " (", ": ", " / ", "·"]))
    first = f"{word}{gap}{number}" if draw(st.booleans()) else f"{number}{gap}{word}"
    second = f"{section_word} {section}" if draw(st.booleans()) else f"{section} {section_word}"
    parts = [first, second] if section else [first]
    if word and section_word and draw(st.booleans()):
        parts.reverse()
    text = gap.join(part.strip(" -–_,:/(·\u00a0") for part in parts)
    return draw(st.sampled_from([text, text.lower(), text.upper()])), grade, section
