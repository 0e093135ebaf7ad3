"""Grades and sections are read as people write them, and what is no grade is not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrations.models import Student
from registrations.students.class_words import ATTACHED_ORDINALS, NUMBER_WORDS, WORDS, folded
from registrations.students.classes import other_grade, read_grade, read_section
from registrations.students.names import label_key
from registrations.tests.builders.spellings import spellings
from techfest.core.text import normalized

GIVEN = {
    "9th Grade": (9, ""),
    "9 Std": (9, ""),
    "9 Std A": (9, "A"),
    "9th Std.": (9, ""),
    "9TH CLASS": (9, ""),
    "9th Class B": (9, "B"),
    "8 standard B": (8, "B"),
    "9th, A": (9, "A"),
    "IX th": (9, ""),
    "X std": (10, ""),
    "9 A Section": (9, "A"),
    "IX (Nine)": (9, ""),
    "9वीं": (9, ""),
    "9 कक्षा": (9, ""),
    "9º A": (9, "A"),
    "9ª": (9, ""),
    "9. Klasse": (9, ""),
    "9 класс": (9, ""),
    "IXth": (9, ""),
    "Xth B": (10, "B"),
    "Y9": (9, ""),
    "G9": (9, ""),
}
LIKE_THEM = {
    "9thA": (9, "A"),
    "9 класс «Б»": (9, "Б"),
    "9 „A“": (9, "A"),
    "9「A」": (9, "A"),
    "9THCLASS": (9, ""),
    "9CLASSB": (9, "B"),
    "StdIX": (9, ""),
    "classix": (9, ""),
    "IXA": (9, "A"),
    "XIIC": (12, "C"),
    "Std. IX - Div. B": (9, "B"),
    "Class: 9; Section: A": (9, "A"),
    "Section A, Class 9": (9, "A"),
    "Class-9-Section-A": (9, "A"),
    'Grade IX "A"': (9, "A"),
    "9th grade (B)": (9, "B"),
    "Year 9 G": (9, "G"),
    "G 9": (9, ""),
    "9 Y": (9, "Y"),
    "9 I": (9, "I"),
    "IX I": (9, "I"),
    "9 Section 1": (9, "1"),
    "Section 1, Class 9": (9, "1"),
    "9A1": (9, "A1"),
    "Nine": (9, ""),
    "Grade Nine": (9, ""),
    "Ninth A": (9, "A"),
    "9 (IX)": (9, ""),
    "9\u00a0\u200eA": (9, "A"),
    "９Ａ": (9, "A"),
    "Ⅸ A": (9, "A"),
    "9º ano B": (9, "B"),
    "9.º A": (9, "A"),
    "9no A": (9, "A"),
    "Noveno A": (9, "A"),
    "9. sınıf": (9, ""),
    "9/A": (9, "A"),
    "lớp 9A": (9, "A"),
    "Kelas 9": (9, ""),
    "9Б класс": (9, "Б"),
    "9-й класс": (9, ""),
    "ІХ клас": (9, ""),
    "९ वी": (9, ""),
    "इयत्ता ९ वी तुकडी अ": (9, "अ"),
    "नौवीं": (9, ""),
    "9-ஆம் வகுப்பு": (9, ""),
    "9వ తరగతి": (9, ""),
    "9ನೇ ತರಗತಿ": (9, ""),
    "9-ാം ക്ലാസ്": (9, ""),
    "৯ম শ্রেণি": (9, ""),
    "ધોરણ 9": (9, ""),
    "9ਵੀਂ ਜਮਾਤ": (9, ""),
    "الصف التاسع": (9, ""),
    "9年级2班": (9, "2"),
    "九年级": (9, ""),
    "9학년 2반": (9, "2"),
}


@pytest.mark.parametrize(("text", "expected"), (GIVEN | LIKE_THEM).items())
def test_grade_and_section_are_read_with_certainty(text: str, expected: tuple[int, str]) -> None:
    assert read_grade(text) == (*expected, True)


@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("11 Science", "SCIENCE"),
        ("XI Sci A", "SCIA"),
        ("11 Science Section A", "SCIENCEA"),
        ("11-Rose", "ROSE"),
        ("11 X", "X"),
        ("11 AB", "AB"),
        ("XI - A - 23", "A23"),
        ("11 A 2", "A2"),
    ],
)
def test_words_behind_a_grade_are_a_section_only_perhaps(text: str, section: str) -> None:
    assert read_grade(text) == (11, section, False)


@pytest.mark.parametrize(
    "text",
    [
        "9-10", "9.5", "9/10", "VI-VIII", "IX-X", "IX (Ten)", "2026-11-24", "10+2", "-9", "A9", "A 9", "LKG",
        "LKG 1", "Age 9", "Section 9", "9A/9B", "9 A B", "9 II", "999", "0", "Ninety", "Tens", "9*", "Class", "",
    ],
)  # fmt: skip
def test_what_is_no_grade_or_two_is_not_read(text: str) -> None:
    assert read_grade(text) is None


SECTIONS = {
    "9-A": "A",
    "9 A": "A",
    "IX A": "A",
    "9th A": "A",
    "Section B": "B",
    "SECTION-B": "B",
    "SECTIONB": "B",
    "Sec. C": "C",
    "SECC": "C",
    "DivA": "A",
    "Div. A": "A",
    "A Section": "A",
    "9D": "D",
    "Class 9 A": "A",
    "Class A": "A",
    "Grade 9": "",
    "9th": "",
    "Section": "",
    "section अ": "अ",
    "Rose Section": "ROSE",
    "9 Rose": "ROSE",
    "Section 1": "1",
    "Section IX A": "A",
}


@pytest.mark.parametrize(("text", "section"), SECTIONS.items())
def test_section_is_stored_without_its_words_and_the_grade(text: str, section: str) -> None:
    assert read_section(text, 9) == section


@pytest.mark.parametrize(
    "text",
    [
        "TH",
        "ST",
        "STD",
        "A",
        "अ",
        "A1",
        "9",
        "B9",
        "10A",
        "7B",
        "DIVA",
        "ROSE",
        "SCIENCE",
        "O",
        "X",
        "NINE",
        "II",
    ],
)
def test_section_that_is_really_called_so_stays(text: str) -> None:
    assert read_section(text, 9) == label_key(text) == read_section(text.lower(), 9)


def test_section_of_another_grade_is_told() -> None:
    assert [other_grade(text, 9) for text in ("10A", "9A", "A", "Class 10 B", "10", "TH")] == [
        10,
        0,
        0,
        10,
        0,
        0,
    ]


@given(spellings())
def test_every_spelling_of_grade_and_section_is_read(spelling: tuple[str, int, str]) -> None:
    text, grade, section = spelling
    assert read_grade(text) == (grade, section, True)


@given(spellings())
def test_every_spelling_in_the_column_of_sections_is_the_section(spelling: tuple[str, int, str]) -> None:
    text, grade, section = spelling
    if section:
        assert read_section(text, grade) == section


ANY_TEXT = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="9 ABCDTHSIXVthsecdivgrade.-/()º1कक्षा", max_size=20),
    spellings().map(lambda spelling: spelling[0]),
)


@given(ANY_TEXT, st.integers(0, 12))
def test_section_reads_back_as_it_is_stored(text: str, grade: int) -> None:
    stored = read_section(text, grade)
    assert read_section(stored, grade) == stored
    assert len(stored) <= len(label_key(text))


@given(ANY_TEXT, st.integers(1, 12))
def test_student_is_stored_with_the_section_that_a_list_reads(text: str, grade: int) -> None:
    student = Student(name="Asha", grade=grade, section=text)
    student.set_keys()
    assert student.section == read_section(text, grade)


def test_every_word_is_kept_as_it_is_looked_up() -> None:
    words = {*WORDS, *NUMBER_WORDS, *ATTACHED_ORDINALS}
    assert {word for word in words if folded(normalized("NFKC", word)) != word} == set()


def test_long_nonsense_is_quick() -> None:
    began = time.process_time()
    texts = [one * 99 for one in ("9 ", "a ", "IX", "sec ", "th", "9a", "(", "क्", "x\u0301")]
    assert [read_section(text, 9) for text in texts]
    assert [read_grade(text) for text in texts]
    assert time.process_time() - began < 1
