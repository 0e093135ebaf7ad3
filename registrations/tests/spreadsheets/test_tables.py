"""The table of students is found wherever it stands in a file, and nobody else is taken for a student."""

from dataclasses import replace
from typing import Any

import pytest

from registrations.spreadsheets.class_names import class_of
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.sheet import MAX_COLUMNS, Row, Sheet
from registrations.tests.builders.layouts import book, left_out, read, students, table_text

TITLES: list[Any] = ["Name", "Grade", "Event"]
ASHA: list[Any] = ["Asha Rao", 9, "Quiz"]
RAVI: list[Any] = ["Ravi Das", 9, "Quiz"]
MEERA: list[Any] = ["Meera Iyer", 9, "Quiz"]
READ_ASHA = (2, "Asha Rao", 9, "", "quiz")
SUMMARY = [
    ["What stands in this workbook: one sheet for each table."],
    [],
    ["Sheet in Numbers", "Table in Numbers", "Worksheet"],
    ["Sheet 1", "", ""],
    ["", "Table 1", "Sheet 1"],
]


@pytest.mark.parametrize("cover", [SUMMARY, [["Class list of Greenfield School"], ["By the office"]]])
@pytest.mark.parametrize("opened", ["", "List"])
def test_sheet_with_titles_is_read_and_a_cover_is_named(cover: list[list[str]], opened: str) -> None:
    parsed = read(book({"Read me": cover, "List": [TITLES, ASHA]}, opened=opened))
    assert (students(parsed), parsed.sheet.other_names) == ([READ_ASHA], ("Read me",))


def test_cover_after_the_list_and_a_sheet_of_teachers() -> None:
    teachers = [["Name", "Email", "Phone"], ["Nila Sen", "nila@example.org", "98765"]]
    parsed = read(book({"Teachers": teachers, "List": [TITLES, ASHA], "Notes": [["Call the office"]]}))
    assert (students(parsed), parsed.sheet.other_names) == ([READ_ASHA], ("Teachers", "Notes"))


def test_cover_before_a_list_without_titles() -> None:
    parsed = read(book({"Cover": [["Greenfield School"]], "List": [ASHA, RAVI, MEERA]}))
    assert [row[1] for row in students(parsed)] == ["Asha Rao", "Ravi Das", "Meera Iyer"]


def test_one_sheet_for_each_class() -> None:
    parsed = read(book({"9A": [TITLES, ASHA], "9B": [TITLES, RAVI], "9C": [TITLES, MEERA]}))
    assert students(parsed) == [
        (2, "Asha Rao", 9, "A", "quiz"),
        (102, "Ravi Das", 9, "B", "quiz"),
        (202, "Meera Iyer", 9, "C", "quiz"),
    ]
    assert parsed.sheet.name == "9A, 9B, 9C"


def test_name_of_a_sheet_gives_the_grade_where_no_column_does() -> None:
    sheets = {
        "IX-A": [["First name", "Surname", "Event"], ["Asha", "Rao", "Quiz"]],
        "Class 10 B": [["Event", "Name"], ["Quiz", "Ravi Das"]],
    }
    assert students(read(book(sheets))) == [
        (2, "Asha Rao", 9, "A", "quiz"),
        (102, "Ravi Das", 10, "B", "quiz"),
    ]


def test_name_of_a_sheet_contradicts_no_row() -> None:
    assert students(read(book({"9A": [TITLES, ["Asha Rao", "10 C", "Quiz"]]}))) == [
        (2, "Asha Rao", 10, "C", "quiz")
    ]
    with_section: list[list[Any]] = [["Name", "Grade", "Section", "Event"], ["Asha Rao", 9, "D", "Quiz"]]
    assert students(read(book({"9A": with_section}))) == [(2, "Asha Rao", 9, "D", "quiz")]
    assert students(read(book({"Sheet1": [TITLES, ASHA]}))) == [READ_ASHA]


def test_open_sheet_is_read_and_the_others_can_be_chosen() -> None:
    sheets = {"Last year": [TITLES, RAVI], "This year": [TITLES, ASHA], "Winners": [TITLES, MEERA]}
    parsed = read(book(sheets, opened="This year"))
    assert students(parsed) == [(102, "Asha Rao", 9, "", "quiz")]
    assert left_out(parsed) == {2: "sheet", 202: "sheet"}
    assert students(read(book(sheets))) == [(2, "Ravi Das", 9, "", "quiz")]


def test_too_many_students_on_all_sheets_are_not_one_list() -> None:
    sheets = {
        name: [TITLES, *([f"Student {name} {chr(97 + at % 26)}{at}", 9, "Quiz"] for at in range(400))]
        for name in ("9A", "9B", "9C")
    }
    parsed = read(book(sheets, opened="9B"))
    assert (len(parsed.listing.students), parsed.sheet.name) == (400, "9B")
    assert parsed.sheet.other_names == ("9A", "9C")


def test_columns_of_sheets_in_another_order_come_together() -> None:
    sheets = {
        "9A": [["Name", "Phone", "Event"], ["Asha Rao", "98765", "Quiz"]],
        "9B": [["Event 1", "Event 2", "Roll no", "Student name"], ["Quiz", "Robotics", "7", "Ravi Das"]],
    }
    parsed = read(book(sheets))
    assert students(parsed) == [
        (2, "Asha Rao", 9, "A", "quiz"),
        (102, "Ravi Das", 9, "B", "quiz", "robotics"),
    ]
    assert [one.roll_number for one in parsed.listing.students] == ["", "7"]
    assert [column.title for column in parsed.header.extra] == ["Phone"]


@pytest.mark.parametrize("rows", [0, 9, 14, 60])
def test_titles_below_a_letterhead(rows: int) -> None:
    letterhead = [[f"Letterhead {at}"] for at in range(rows)]
    parsed = read(
        book({"Sheet": [*letterhead, ["Name", "Grade", "Section", "Event"], ["Asha", 9, "A", "Quiz"]]})
    )
    assert students(parsed) == [(rows + 2, "Asha", 9, "A", "quiz")]


def test_labels_of_a_letterhead_are_no_titles() -> None:
    rows: list[list[Any]] = [
        ["School", "Greenfield", "Class", "9A"],
        ["Section", "A", "Grade", "9"],
        TITLES,
        ASHA,
    ]
    assert students(read(table_text(rows))) == [(4, "Asha Rao", 9, "", "quiz")]


def test_wide_titles_above_narrow_ones() -> None:
    rows: list[list[Any]] = [
        ["Greenfield School, class list"],
        ["Student", "", "Class", "", "Parent", "", "Wishes"],
        ["First Name", "Last Name", "Std", "Div", "Name", "Phone", "Event"],
        ["Asha", "Rao", 9, "A", "Nila Rao", "98765", "Quiz"],
    ]
    merged = ["A1:G1", "A2:B2", "C2:D2", "E2:F2"]
    for data in (table_text(rows), book({"Sheet1": rows})):
        parsed = read(data)
        assert students(parsed) == [(4, "Asha Rao", 9, "A", "quiz")]
        assert [column.title for column in parsed.header.extra] == ["Parent Name", "Parent Phone"]
    assert merged


def test_narrow_titles_below_one_wide_title() -> None:
    rows: list[list[Any]] = [
        ["Name", "Class", "Events", ""],
        ["", "", "Quiz", "Robotics"],
        ["Asha", "9", "yes", "no"],
        ["Ben", "9", "", "x"],
    ]
    assert students(read(table_text(rows))) == [(3, "Asha", 9, "", "quiz"), (4, "Ben", 9, "", "robotics")]


def test_first_student_is_no_second_row_of_titles() -> None:
    rows: list[list[Any]] = [["Name", "Class", "Events", ""], ["Asha", "9", "Quiz", "Robotics"]]
    parsed = read(table_text(rows))
    assert parsed.header.row == 1
    assert students(parsed)[0][:3] == (2, "Asha", 9)


def test_two_tables_side_by_side() -> None:
    rows: list[list[Any]] = [
        ["S.No", "Name", "Class", "Event", "", "S.No", "Name", "Class", "Event"],
        [1, "Asha", "9", "Quiz", "", 2, "Ben", "10", "Robotics"],
        [3, "Chitra", "8", "Quiz"],
    ]
    for data in (table_text(rows), book({"Sheet1": rows})):
        assert students(read(data)) == [
            (2, "Asha", 9, "", "quiz"),
            (3, "Chitra", 8, "", "quiz"),
            (102, "Ben", 10, "", "robotics"),
        ]


def test_columns_before_tables_side_by_side_belong_to_each() -> None:
    rows: list[list[Any]] = [
        ["Event", "Name 1", "Class 1", "Name 1", "Class 1"],
        ["Quiz", "Asha", "9", "Ben", "10"],
    ]
    assert students(read(table_text(rows))) == [(2, "Asha", 9, "", "quiz"), (102, "Ben", 10, "", "quiz")]


def test_one_repeated_title_is_no_second_table() -> None:
    parsed = read(table_text([["Name", "Class", "Name", "Event"], ["Asha", "9", "Ashu", "Quiz"]]))
    assert students(parsed) == [(2, "Asha", 9, "", "quiz")]
    assert [column.letter for column in parsed.header.extra] == ["C"]


def test_hidden_and_struck_out_rows_are_left_out() -> None:
    rows: list[list[Any]] = [TITLES, ASHA, RAVI, MEERA, ["Tara Sen", 9, "Quiz"]]
    parsed = read(book({"Sheet1": rows}, hidden=[3], struck=[(4, 0), (5, 2)]))
    assert students(parsed) == [READ_ASHA]
    assert left_out(parsed) == {3: "hidden", 4: "struck", 5: "struck"}


def test_struck_out_remark_and_hidden_letterhead_leave_nobody_out() -> None:
    rows: list[list[Any]] = [["Greenfield"], [*TITLES, "Phone"], [*ASHA, "98765"]]
    parsed = read(book({"Sheet1": rows}, hidden=[1], struck=[(3, 3)]))
    assert (students(parsed), left_out(parsed)) == ([(3, "Asha Rao", 9, "", "quiz")], {})


def test_hidden_rows_of_a_second_sheet() -> None:
    parsed = read(book({"9A": [TITLES, ASHA], "9B": [TITLES, RAVI]}, hidden=[2]))
    assert left_out(parsed) == {2: "hidden", 102: "hidden"}


def test_rows_of_a_gradebook_are_no_students() -> None:
    rows: list[list[Any]] = [
        ["Last Name", "First Name", "Email Address", "Overall Grade", "Quiz 1"],
        ["", "", "", "Date", "2026-11-01"],
        ["", "", "", "Points", "10"],
        ["Rao", "Asha", "asha@example.org", "87.5", "9"],
        ["Das", "Ravi", "ravi@example.org", "91", "10"],
    ]
    parsed = read(table_text(rows))
    assert left_out(parsed) == {2: "nothing", 3: "nothing"}
    assert parsed.header.missing == (Meaning.GRADE,)
    assert [column.meaning.value for column in parsed.header.columns] == [
        "family_name",
        "given_name",
        "email",
        "",
        "",
    ]


def test_marks_of_an_exam_are_no_grade() -> None:
    rows: list[list[Any]] = [
        ["Name", "Grade", "Class", "Event"],
        ["Asha", "87.5", "9", "Quiz"],
        ["Ben", "A1", "10", "Quiz"],
    ]
    assert students(read(table_text(rows))) == [(2, "Asha", 9, "", "quiz"), (3, "Ben", 10, "", "quiz")]
    assert read(table_text([row[:2] for row in rows])).header.missing == (Meaning.GRADE,)


def test_roles_and_status_say_who_is_a_student() -> None:
    rows: list[list[Any]] = [
        ["sourcedId", "status", "enabledUser", "givenName", "familyName", "role", "grades", "email"],
        ["u1", "active", "true", "Asha", "Rao", "student", "09", "asha@example.org"],
        ["u2", "tobedeleted", "true", "Ravi", "Das", "student", "09", "ravi@example.org"],
        ["u3", "active", "false", "Meera", "Iyer", "student", "09", "meera@example.org"],
        ["t1", "active", "true", "Nila", "Sen", "teacher", "", "nila@example.org"],
    ]
    parsed = read(table_text(rows), events_for_all=["quiz"])
    assert students(parsed) == [READ_ASHA]
    assert left_out(parsed) == {3: "status", 4: "status", 5: "role"}


def test_status_and_role_of_something_else_are_not_used() -> None:
    rows: list[list[Any]] = [
        ["Name", "Class", "Status", "Role", "Event"],
        ["Asha", "9", "paid", "captain", "Quiz"],
    ]
    parsed = read(table_text(rows))
    assert students(parsed) == [(2, "Asha", 9, "", "quiz")]
    assert [column.title for column in parsed.header.extra] == ["Status", "Role"]


@pytest.mark.parametrize(
    "row",
    [
        ["Total", "25", ""],
        ["Grand Total", "12", ""],
        ["Total students: 25", "", ""],
        ["", "Total", ""],
        ["Boys: 12", "", ""],
        ["Class teacher's signature", "", "Principal"],
        ["Signature of the Principal", "", ""],
        ["Date: 12 November 2026", "", ""],
        ["Prepared by Nila Sen", "", ""],
        ["कुल छात्र 25", "", ""],
        ["Points", "", ""],
    ],
)
def test_totals_and_signatures_are_no_students(row: list[str]) -> None:
    parsed = read(table_text([TITLES, ASHA, row]))
    assert students(parsed) == [READ_ASHA]
    assert left_out(parsed) == {3: "summary"}


@pytest.mark.parametrize(
    "name", ["Total Khan", "Signe Olsen", "Date Masamune", "Sum Yi", "Pointer Singh", "Principal Roy"]
)
def test_child_with_such_a_name_is_a_student(name: str) -> None:
    assert students(read(table_text([TITLES, [name, "9", "Quiz"]]))) == [(2, name, 9, "", "quiz")]


def test_row_without_a_name_or_grade_is_still_an_error() -> None:
    parsed = read(table_text([TITLES, ["", "9", "Quiz"], ["Ben", "", "Quiz"]]))
    assert left_out(parsed) == {}
    assert parsed.listing.rows_with_errors == {2, 3}


def test_repeated_titles_are_no_student() -> None:
    rows: list[list[Any]] = [
        TITLES,
        ASHA,
        ["Name", "Grade", "Event"],
        RAVI,
        ["Student name", "Class", "Events"],
        MEERA,
    ]
    assert [row[1] for row in students(read(table_text(rows)))] == ["Asha Rao", "Ravi Das", "Meera Iyer"]


ANSWERS = ["Timestamp", "Email Address", "Name of student", "Class", "Which events? (choose up to 2)"]


def answers(*times: str) -> list[list[str]]:
    events = ("Quiz, Robotics", "Quiz")
    return [
        ANSWERS,
        *([time, "asha@example.org", "Asha Rao", "9", events[at % 2]] for at, time in enumerate(times)),
    ]


@pytest.mark.parametrize(
    "times",
    [
        ("2026/11/03 9:12:01 am GMT+5:30", "2026/11/03 9:13:01 am GMT+5:30"),
        ("2026/11/03 9:12:01 am GMT+5:30", "2026/11/03 1:02:01 pm GMT+5:30"),
        ("03/11/2026 09:12:01", "25/11/2026 08:00:00"),
        ("11/3/2026 9:12:01", "11/25/2026 8:00:00"),
        ("2026-11-03 09:12:01", "2026-11-30 08:12:01"),
    ],
)
def test_later_answer_counts(times: tuple[str, str]) -> None:
    parsed = read(table_text(answers(*times)))
    assert (students(parsed), left_out(parsed)) == ([(3, "Asha Rao", 9, "", "quiz")], {2: "earlier"})
    turned = read(table_text([ANSWERS, *answers(*times)[:0:-1]]))
    assert left_out(turned) == {3: "earlier"}


@pytest.mark.parametrize(
    "times",
    [
        ("2026/11/03 9:12:01", "2026/11/03 9:12:01"),
        ("11/12/2026 9:12", "12/11/2026 9:12"),
        ("yesterday", "today"),
        ("", "2026/11/03 9:12:01"),
    ],
)
def test_unclear_order_of_answers_is_asked(times: tuple[str, str]) -> None:
    parsed = read(table_text(answers(*times)))
    assert (len(parsed.listing.students), left_out(parsed)) == (2, {})
    assert any("names the same student" in problem.text for problem in parsed.listing.problems)


def test_answers_of_two_children_both_count() -> None:
    rows = answers("2026/11/03 9:12:01", "2026/11/03 9:13:01")
    rows[2][2] = "Tara Rao"
    assert left_out(read(table_text(rows))) == {}


def test_column_of_addresses_is_the_e_mail_column() -> None:
    rows: list[list[Any]] = [
        ["Name", "Class", "Event", "Where to write"],
        ["Asha", "9", "Quiz", "asha@example.org"],
    ]
    assert read(table_text(rows)).listing.students[0].email == "asha@example.org"


@pytest.mark.parametrize("title", ["Teacher's mail box", "Father"])
def test_addresses_of_others_are_not_taken_silently(title: str) -> None:
    rows: list[list[Any]] = [["Name", "Class", "Event", title], ["Asha", "9", "Quiz", "nila@example.org"]]
    parsed = read(table_text(rows))
    assert (parsed.listing.students[0].email, [one.title for one in parsed.header.extra]) == ("", [title])


def test_account_of_a_form_without_sign_in_gives_way() -> None:
    rows: list[list[Any]] = [
        ["ID", "Completion time", "Email", "Name", "Student name", "Class", "Your mail", "Event"],
        ["1", "2026-11-03 09:12", "anonymous", "anonymous", "Asha Rao", "9", "asha@example.org", "Quiz"],
    ]
    (student,) = read(table_text(rows)).listing.students
    assert (student.name, student.email) == ("Asha Rao", "asha@example.org")


def test_form_that_asks_for_no_address_has_none() -> None:
    rows = [
        ["Completion time", "Email", "Name", "Full name of the student2", "Class3", "Select the events4"],
        ["2026-11-03 09:12", "anonymous", "", "Asha Rao", "9", "Quiz;Robotics;"],
    ]
    parsed = read(table_text(rows))
    assert students(parsed) == [(2, "Asha Rao", 9, "", "quiz", "robotics")]
    assert parsed.listing.problems == ()


def test_column_that_names_events_is_read_as_events() -> None:
    rows: list[list[Any]] = [
        ["Name", "Class", "Wishes"],
        ["Asha", "9", "Quiz; Robotics"],
        ["Ben", "9", "Quiz"],
    ]
    assert students(read(table_text(rows))) == [
        (2, "Asha", 9, "", "quiz", "robotics"),
        (3, "Ben", 9, "", "quiz"),
    ]


def test_class_under_an_unknown_title_is_the_grade_but_bare_numbers_are_not() -> None:
    rows: list[list[Any]] = [["Name", "Batch", "Event"], ["Asha", "IX-A", "Quiz"], ["Ben", "10 B", "Quiz"]]
    assert students(read(table_text(rows))) == [(2, "Asha", 9, "A", "quiz"), (3, "Ben", 10, "B", "quiz")]
    ages = [["Name", "Age", "Event"], ["Asha", "9", "Quiz"], ["Ben", "10", "Quiz"]]
    assert read(table_text(ages)).header.missing == (Meaning.GRADE,)


def test_names_written_last_name_first_are_turned() -> None:
    rows: list[list[Any]] = [
        ["Student", "Class", "Event"],
        ["Rao, Asha", "9", "Quiz"],
        ["Das, Ravi", "9", "Quiz"],
    ]
    assert [row[1] for row in students(read(table_text(rows)))] == ["Asha Rao", "Ravi Das"]


@pytest.mark.parametrize(
    "letterhead",
    [
        [["GREENFIELD SCHOOL"], ["Class: IX-A", "", "Class Teacher: Ms Sen"]],
        [["Class 9A"]],
        [["Class", "9A", "Session", "2026-27"]],
        [["9-A"]],
    ],
)
def test_class_in_a_letterhead_is_the_grade_where_no_column_says_it(letterhead: list[list[str]]) -> None:
    rows = [*letterhead, ["S.No", "Name", "Event"], ["1", "Asha Rao", "Quiz"]]
    parsed = read(table_text(rows))
    assert students(parsed) == [(len(rows), "Asha Rao", 9, "A", "quiz")]
    assert [column.title for column in parsed.header.columns] == [
        "S.No",
        "Name",
        "Event",
        *[""] * (len(letterhead[0]) - 3),
        "Class",
    ]


@pytest.mark.parametrize(
    "line", [["2026"], ["Page 9"], ["9"], ["Greenfield School, 9 Lake Road"], ["Teacher", "Ms Sen"]]
)
def test_other_lines_of_a_letterhead_are_no_grade(line: list[str]) -> None:
    parsed = read(table_text([line, ["S.No", "Name", "Event"], ["1", "Asha Rao", "Quiz"]]))
    assert parsed.header.missing == (Meaning.GRADE,)


def test_class_in_a_letterhead_overrules_no_column() -> None:
    assert students(read(table_text([["Class 10B"], TITLES, ASHA]))) == [(3, "Asha Rao", 9, "", "quiz")]


def test_blocks_of_classes_below_each_other() -> None:
    block = ["S.No", "Name", "Event"]
    rows = [
        ["Class 9A"],
        block,
        ["1", "Asha", "Quiz"],
        ["Class 9B"],
        block,
        ["1", "Ben", "Quiz"],
        ["2", "Chitra", "Quiz"],
    ]
    parsed = read(table_text(rows))
    assert students(parsed) == [
        (3, "Asha", 9, "A", "quiz"),
        (6, "Ben", 9, "B", "quiz"),
        (7, "Chitra", 9, "B", "quiz"),
    ]
    assert left_out(parsed) == {4: "nothing", 5: "titles"}


def test_members_of_a_team_in_one_row_are_all_students() -> None:
    rows = [
        ["Team", "Member 1", "Class", "Member 2", "Class", "Event"],
        ["Alpha", "Asha", "9", "Ben", "10", "Quiz"],
    ]
    parsed = read(table_text(rows))
    assert students(parsed) == [(2, "Asha", 9, "", "quiz"), (102, "Ben", 10, "", "quiz")]
    assert [column.title for column in parsed.header.extra] == ["Team"]


def test_gradebook_with_sections_and_turned_names() -> None:
    rows = [
        ["Student", "ID", "SIS Login ID", "Section", "Quiz (123)"],
        ["    Points Possible", "", "", "", "10"],
        ["Rao, Asha", "1", "asha@example.org", "Class 9A", "9"],
        ["Das, Ravi", "2", "ravi@example.org", "Class 9B", "8"],
    ]
    parsed = read(table_text(rows), events_for_all=["quiz"])
    assert students(parsed) == [(3, "Asha Rao", 9, "A", "quiz"), (4, "Ravi Das", 9, "B", "quiz")]
    assert [one.email for one in parsed.listing.students] == ["asha@example.org", "ravi@example.org"]


def test_roll_number_comes_before_an_admission_number() -> None:
    rows = [["Adm No", "Name", "Class", "Roll No", "Event"], ["4711", "Asha", "9", "7", "Quiz"]]
    (student,) = read(table_text(rows)).listing.students
    assert student.roll_number == "7"


def test_status_that_says_somebody_left_counts_among_other_words() -> None:
    rows = [[*TITLES, "Status"], [*ASHA, "Confirmed"], [*RAVI, "Withdrawn"]]
    parsed = read(table_text(rows))
    assert (students(parsed), left_out(parsed)) == ([READ_ASHA], {3: "status"})


@pytest.mark.parametrize(
    "titles",
    [
        ["APELLIDO1", "APELLIDO2", "NOMBRE1", "NOMBRE2", "GRADO"],
        ["First name 1", "First name 2", "Last name 1", "Last name 2", "Grade"],
        ["Last name 1", "Last name 2", "First name 1", "First name 2", "Grade"],
    ],
)
def test_numbered_parts_of_a_name_are_no_tables_side_by_side(titles: list[str]) -> None:
    is_given_first = titles[0].startswith("First")
    family, given = ["García", "López"], ["Juan", "Carlos"]
    first = [*given, *family, "9"] if is_given_first else [*family, *given, "9"]
    rows = [
        titles,
        first,
        ["Ana", "María", "Ruiz", "Mora", "9"] if is_given_first else ["Ruiz", "Mora", "Ana", "María", "9"],
    ]
    parsed = read(table_text(rows))
    assert [one[1] for one in students(parsed)] == ["Juan Carlos García López", "Ana María Ruiz Mora"]
    assert parsed.header.extra == ()


def test_row_numbers_of_a_sheet_whose_table_begins_far_below() -> None:
    one, two = (
        Sheet((Row(at, ("Name", "Grade")), Row(at + 1, (name, "9"))), name=name, at=number)
        for number, (at, name) in enumerate([(200_001, "Asha"), (1, "Ben")])
    )
    parsed = read(replace(one, siblings=(two,)))
    assert {one[:2] for one in students(parsed)} <= {(200_002, "Asha"), (1_000_002, "Ben")}
    assert students(parsed)


def test_sheets_with_too_many_columns_together_are_not_one_list() -> None:
    sheets = {
        f"{5 + number}A": [["Name", *(f"Note {number} {at}" for at in range(60))], ["Asha", *["x"] * 60]]
        for number in range(6)
    }
    parsed = read(book(sheets))
    assert len(parsed.header.columns) <= MAX_COLUMNS


CLASS_LINES = [
    ["CLASS : IX - B | Class Teacher: Ms. Rao"],
    ["Class: IX-B", "", "Class Teacher: Ms Rao"],
    ["", "Class IX B"],
    ["Std. 9 B"],
    ["CLASS : IX | Section : B | Class Teacher: Ms. Rao"],
    ["Class : IX   Section : B   Strength : 40"],
    ["School: St. Mary's; Class: 9B"],
]


@pytest.mark.parametrize("line", CLASS_LINES)
def test_line_about_the_class_between_students_is_no_student(line: list[str]) -> None:
    rows = [
        ["Roll", "Name", "Event"],
        ["Class X A"],
        ["1", "Asha Rao", "Quiz"],
        line,
        ["1", "Ravi Das", "Quiz"],
    ]
    parsed = read(table_text(rows))
    assert students(parsed) == [(3, "Asha Rao", 10, "A", "quiz"), (5, "Ravi Das", 9, "B", "quiz")]
    assert parsed.listing.problems == ()


@pytest.mark.parametrize(
    "line",
    [
        *CLASS_LINES,
        ["Class Teacher: Ms Rao", "Contact: 98765"],
        ["Note: bring pens"],
        ["Printed on 12/11/2026 by admin"],
    ],
)
def test_line_between_students_whose_class_has_a_column_is_named_and_left_out(line: list[str]) -> None:
    rows = [["Roll", "Name", "Class", "Event"], ["1", "Asha Rao", "10 A", "Quiz"], line]
    parsed = read(table_text([*rows, ["2", "Ravi Das", "10 A", "Quiz"]]))
    assert [one[1:4] for one in students(parsed)] == [("Asha Rao", 10, "A"), ("Ravi Das", 10, "A")]
    assert left_out(parsed) == {3: "summary"}


def test_total_below_the_events_and_its_number_below_the_grades_are_no_student() -> None:
    rows = [["Event", "Grade", "Name"], ["Quiz", "9", "Asha Rao"], ["Total", "5"]]
    parsed = read(table_text(rows))
    assert ([one[1] for one in students(parsed)], left_out(parsed)) == (["Asha Rao"], {3: "summary"})


@pytest.mark.parametrize("name", ["Meera: Roy", "Class", "IX", "Rao: Asha", "Section"])
def test_student_with_few_cells_is_no_line_about_a_class(name: str) -> None:
    rows = [["Name", "Class", "Event"], ["Asha Rao", "9", "Quiz"], [name, "9", "Quiz"], ["", "9", ""]]
    assert left_out(read(table_text(rows))) == {}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("9A", (9, "A")),
        ("Class IX B", (9, "B")),
        ("list 9-A (final)", (9, "A")),
        ("class ix b students", (9, "B")),
        ("IX", (9, "")),
        ("Sheet 9", None),
        ("Term 1", None),
        ("Quiz 2026", None),
        ("3 A", None),
    ],
)
def test_class_in_a_text(name: str, found: tuple[int, str] | None) -> None:
    assert class_of(name, range(5, 13)) == found
