"""Rows become students, and all their problems are reported at once."""

import time
from typing import Any

import pytest

from registrations.spreadsheets.context import list_context
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.event_index import EventIndex
from registrations.spreadsheets.headers import find_header
from registrations.spreadsheets.listing import ListedStudent, Listing
from registrations.spreadsheets.meanings import STUDENT_COLUMNS, Meaning
from registrations.spreadsheets.reader import read_paste
from registrations.spreadsheets.rows import read_listing
from registrations.spreadsheets.titles import meaning_of
from registrations.students.classes import read_grade
from registrations.students.fields import LIST_COLUMNS, StudentFields

EVENTS = {"robo-race": "Robo Race", "quiz": "Quiz", "art": "Art, Craft & Design", "code": "Code/Debug"}


def listing(*rows: str, **values: Any) -> Listing:
    sheet = read_paste("\n".join(row.replace("|", "\t") for row in rows))
    chosen: dict[str, Any] = {"grades": range(5, 13), "events": EVENTS, "is_paste": True}
    chosen |= {name: values.pop(name) for name in ("grades", "events") if name in values}
    return read_listing(sheet, find_header(sheet, EventIndex(EVENTS)), list_context(**chosen), **values)


def one(cells: str, header: str = "Name|Class|Section|Roll no|Email|Events") -> Listing:
    return listing(header, cells)


def said(listed: Listing) -> list[tuple[int, str, bool, str]]:
    return [(p.row, p.column.value, p.is_error, p.text) for p in listed.problems]


def test_clean_row_is_a_student() -> None:
    listed = one(" Asha   Rao |IX|a|17.0| asha@x.org |quiz, ROBO  RACE")
    assert listed.problems == ()
    assert listed.students == (
        ListedStudent(
            row=2,
            name="Asha Rao",
            grade=9,
            section="A",
            roll_number="17",
            email="asha@x.org",
            events=("quiz", "robo-race"),
        ),
    )


@pytest.mark.parametrize(
    ("text", "grade", "section"),
    [
        ("9", 9, ""),
        ("9.0", 9, ""),
        ("9A", 9, "A"),
        ("IX-B", 9, "B"),
        ("Class IX", 9, ""),
        ("Grade 9", 9, ""),
        ("9th", 9, ""),
        ("9th A", 9, "A"),
        ("Class 9 (B)", 9, "B"),
        ("XIIC", 12, "C"),
        ("९", 9, ""),
        ("कक्षा 9 क", 9, "क"),
        ("12 Science", 12, "SCIENCE"),
    ],
)
def test_grade_is_understood_as_teachers_write_it(text: str, grade: int, section: str) -> None:
    (student,) = one(f"Asha|{text}||||Quiz").students
    assert (student.grade, student.section) == (grade, section)


@pytest.mark.parametrize("text", ["Ninety", "9.5", "4", "13", "VI-VIII", "9-10", "LKG", "999", "0"])
def test_grade_that_is_none_of_the_fest_is_an_error(text: str) -> None:
    listed = one(f"Asha|{text}||||Quiz")
    assert said(listed) == [(2, "grade", True, "Grade must be a number from 5 to 12, like 9 or 9 A")]
    assert (listed.students[0].grade, listed.ready) == (0, ())


def test_grade_of_long_nonsense_is_quick() -> None:
    began = time.process_time()
    assert [read_grade("9" + nonsense * 2000 + "(") for nonsense in (" )", "-sec", "a ")] == [None] * 3
    assert time.process_time() - began < 1


def test_all_problems_of_all_rows_are_reported_at_once() -> None:
    listed = listing(
        "Name|Class|Section|Roll no|Email|Events",
        "|9||||Quiz",
        f"{'x' * 201}|||{'1' * 21}|asha@|Robo Rce, Chess",
        "Ben Lee|9A|B||ben@gmial.com|",
        "Chitra Devi|9||||Quiz",
    )
    assert said(listed) == [
        (2, "name", True, "Enter the student's full name"),
        (3, "grade", True, "Enter the grade"),
        (3, "name", True, "Full name must be 200 characters or less"),
        (3, "roll_number", True, "Roll number must be 20 characters or less"),
        (3, "email", True, "Enter an e-mail address in the correct format, like name@example.com"),
        (3, "events", True, "There is no event “Robo Rce”. Did you mean “Robo Race”?"),
        (3, "events", True, "There is no event “Chess”."),
        (4, "section", True, "The grade says section A, the section says B. Keep one of them."),
        (4, "events", True, "Enter at least one event"),
        (4, "email", False, "Did you mean ben@gmail.com?"),
    ]
    assert [student.name for student in listed.ready] == ["Chitra Devi"]


@pytest.mark.parametrize("name", ["-", "\u3164", "\u2800", "\ufe0f", "\u200d\U000e0100", "\u115f\uffa0"])
def test_name_of_which_nothing_is_drawn_is_missing(name: str) -> None:
    listed = one(f"{name}|9||||Quiz")
    assert said(listed) == [(2, "name", True, "Enter the student's full name")]


@pytest.mark.parametrize(
    ("cell", "slugs"),
    [
        ("Quiz; Robo Race", ("quiz", "robo-race")),
        ("1. Quiz\n2. Robo Race", ("quiz", "robo-race")),
        ("• quiz\n• robo-race", ("quiz", "robo-race")),
        ("Quiz, Art, Craft & Design, Robo Race", ("quiz", "art", "robo-race")),
        ("Quiz / Robo Race", ("quiz", "robo-race")),
        ("quiz and robo race & code/debug", ("quiz", "robo-race", "code")),
        ("Quiz,,QUIZ,", ("quiz",)),
        ("Code/Debug", ("code",)),
    ],
)
def test_several_events_in_one_cell(cell: str, slugs: tuple[str, ...]) -> None:
    listed = one(f'Asha|9||||"{cell}"')
    assert (listed.students[0].events, listed.problems) == (slugs, ())


def test_events_in_several_columns() -> None:
    listed = listing("Name|Class|Event 1|Event 2", "Asha|9|Quiz|Robo Race", "Ben|9||Quiz", "Chitra|9|-|n/a")
    assert [student.events for student in listed.students] == [("quiz", "robo-race"), ("quiz",), ()]
    assert said(listed) == [(4, "events", True, "Enter at least one event")]


def test_marks_under_the_names_of_events() -> None:
    listed = listing(
        "Name|Class|Quiz|Robo Race", "Asha|9|x|TRUE", "Ben|9|✓|no", "Chitra|9|maybe|1", "Dev|9|0|FALSE"
    )
    assert [student.events for student in listed.students] == [
        ("quiz", "robo-race"),
        ("quiz",),
        ("robo-race",),
        (),
    ]
    assert said(listed) == [
        (4, "event_mark", True, "Under “Quiz” write yes, or leave the cell empty"),
        (5, "events", True, "Enter at least one event"),
    ]


def test_row_that_names_no_event_takes_those_for_all() -> None:
    listed = listing("Name|Class|Events", "Asha|9|", "Ben|9|Robo Race", events_for_all=["quiz"])
    assert [student.events for student in listed.students] == [("quiz",), ("robo-race",)]


def test_events_of_one_name_are_asked_about() -> None:
    listed = listing("Name|Class|Events", "Asha|9|Quiz", events={"quiz-1": "Quiz", "quiz-2": "Quiz"})
    assert [p.text for p in listed.problems] == [
        "Several events are called “Quiz”. Write one of: quiz-1, quiz-2"
    ]


def test_cell_full_of_events_is_refused_quickly() -> None:
    began = time.process_time()
    listed = listing("Name|Class|Events", *(f"S{n}|9|{','.join(['abc'] * 1000)}" for n in range(400)))
    assert {p.text for p in listed.problems} == {"Enter 20 events or fewer"}
    assert time.process_time() - began < 2


@pytest.mark.parametrize("nothing", ["", "-", "—", "n/a", "NA", "nil", "None"])
def test_words_for_nothing_are_nothing(nothing: str) -> None:
    listed = one(f"Asha|9|{nothing}|{nothing}|{nothing}|Quiz")
    assert (listed.problems, listed.students[0].email, listed.students[0].section) == ((), "", "")


@pytest.mark.parametrize("name", ["Na", "Null", "None", "అ", "X Æ A-12", "O'Neil-Śmith"])
def test_strange_names_are_names(name: str) -> None:
    listed = one(f"{name}|9||||Quiz")
    assert ([student.name for student in listed.students], listed.problems) == ([name], ())


@pytest.mark.parametrize(
    ("cell", "name", "words"),
    [
        ("Asha\x0bRao", "Asha Rao", "a line break or tab inside. It is read as “Asha Rao”"),
        ('"Asha Rao\nRavi Das"', "Asha Rao Ravi Das", "check that this is one student"),
        ('Ravi "Rav" Das', 'Ravi "Rav" Das', 'quotation marks. It is read as “Ravi "Rav" Das”'),
        ("Asha  Rao", "Asha Rao", ""),
        ("Renée O'Neil-Śmith", "Renée O'Neil-Śmith", ""),
    ],
)
def test_name_with_lines_or_quotation_marks_is_pointed_out(cell: str, name: str, words: str) -> None:
    listed = one(f"{cell}|9||||Quiz")
    assert [student.name for student in listed.ready] == [name]
    assert [words in text for *_row, text in said(listed)] == [True] * bool(words)


def test_same_student_twice_is_flagged_with_both_rows() -> None:
    listed = listing("Name|Class|Events", "Asha Rao|9A|Quiz", "Ben|9A|Quiz", "ASHA  rao|9 a|Quiz")
    assert [(p.row, p.other_row, p.is_error) for p in listed.problems] == [(4, 2, True)]
    assert listed.problems[0].text == (
        "Row 2 names the same student (Asha Rao). Leave one of the two rows out, "
        "or add roll numbers if they are two students."
    )


def test_same_student_with_other_events_counts_as_one() -> None:
    listed = listing("Name|Class|Events", "Asha Rao|9A|Quiz", "Asha Rao|9A|Robo Race")
    assert said(listed) == [
        (3, "name", False, "Row 2 names the same student (Asha Rao). Both rows count as one student.")
    ]


@pytest.mark.parametrize(
    ("first", "second", "suspicious"),
    [
        ("Asha Rao|9A|1", "Asha Rao|9A|2", False),
        ("Asha Rao|9A|", "Asha Rao|9B|", False),
        ("Asha Rao|9A|", "Asha Rao|9|7", True),
        ("Asha Rao|9A|", "Rao Asha|9A|", True),
        ("Asha Rao|9A|", "Asha Roa|9A|", True),
        ("Asha Rao|9A|", "Ashaa Rao|9A|", True),
        ("Asha Rao|9A|", "Asha Rao|10A|", False),
        ("Anu|9A|", "Ann|9A|", False),
        ("Asha Rao|9A|7", "Ben Lee|9A|7", True),
        ("Asha Rao|9A|7", "Ben Lee|9B|7", False),
        ("Asha Rao|9A|", "Ben Lee|9A|", False),
    ],
)
def test_probable_duplicates_are_warnings(first: str, second: str, suspicious: bool) -> None:
    listed = listing("Name|Class|Roll no|Events", f"{first}|Quiz", f"{second}|Quiz")
    assert [(p.row, p.other_row, p.is_error) for p in listed.problems] == [(3, 2, False)] * suspicious


def test_column_without_a_title_is_reported() -> None:
    listed = listing("Name|Class|Events|", "Asha|9|Quiz|vegetarian")
    assert said(listed) == [(2, "", False, "Column D has no title: “vegetarian” is not used.")]


def test_repeated_title_row_is_no_student() -> None:
    listed = listing("Name|Class|Events", "Asha|9|Quiz", "Name|Class|Events", "Ben|9|Quiz")
    assert [student.row for student in listed.students] == [2, 4]


def test_header_only_is_an_empty_list() -> None:
    assert listing("Name|Class|Events") == Listing((), ())


def test_student_number_1001_is_refused() -> None:
    rows = [f"Student {number}|9|Quiz" for number in range(1001)]
    assert len(listing("Name|Class|Events", *rows[:1000]).students) == 1000
    with pytest.raises(FileRefused) as refused:
        listing("Name|Class|Events", *rows)
    assert str(refused.value.text) == "The pasted rows must be 1,000 students or fewer"


def test_thousand_rows_of_one_student_are_read_quickly() -> None:
    began = time.process_time()
    listed = listing("Name|Class|Events", *["Asha Rao Deshmukh Kulkarni|9|Quiz"] * 1000)
    assert ({p.other_row for p in listed.problems}, len(listed.problems)) == ({2}, 999)
    assert time.process_time() - began < 2


def test_every_student_field_is_a_column_of_class_lists() -> None:
    """Fails for a field that is only declared: class lists would silently ignore its column."""
    columns = LIST_COLUMNS
    assert list(columns) == list(StudentFields.base_fields) == [str(meaning) for meaning in STUDENT_COLUMNS]
    cells = {"grade": "9", "email": "asha@example.org"}
    header = "|".join([*(str(column.heading) for column in columns.values()), "Events"])
    (student,) = one("|".join([*(cells.get(name, "Asha") for name in columns), "Robo Race"]), header).students
    assert all(getattr(student, name) for name in columns)


def test_every_title_belongs_to_one_column() -> None:
    titles = {name: column.titles.split("|") for name, column in LIST_COLUMNS.items()}
    found = {name: {meaning_of(title) for title in some} for name, some in titles.items()}
    assert found == {name: {Meaning(name)} for name in titles}
