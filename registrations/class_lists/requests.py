"""From matched rows to claims: one student object for all rows of one student, one claim for each event of a row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from registrations.booking.allocate import SeatRequest
from registrations.class_lists.identify import Match
from registrations.models import ClassList, Student, Submission
from registrations.spreadsheets.students import ListedStudent


@dataclass(frozen=True, slots=True)
class RowStudent:
    """The student of one row; `is_new` as long as nobody of the school is registered by these details."""

    listed: ListedStudent
    match: Match
    student: Student
    is_new: bool


def build_row_students(
    class_list: ClassList, listed: Sequence[ListedStudent], matches: Mapping[int, Match]
) -> list[RowStudent]:
    """Everybody who is no doubt, in the order of the rows. New students are not stored yet."""
    new: dict[tuple[int, str, str, str], Student] = {}
    row_students = []
    for row in listed:
        found = matches[row.row]
        if found.is_doubt:
            continue
        if found.student:
            row_students.append(RowStudent(row, found, found.student, is_new=False))
        else:
            student = new.setdefault(row.identity, _student(class_list, row))
            student.email = student.email or row.email
            student.set_keys()
            row_students.append(RowStudent(row, found, student, is_new=True))
    return row_students


def seat_requests_of(
    row_student: RowStudent,
    events: Mapping[str, int],
    *,
    wants_waiting: bool,
    submission: Callable[[RowStudent], Submission | None] = lambda _claimant: None,
) -> list[SeatRequest]:
    """One claim for each event of the row (slug -> number); an event that is gone is claimed as unknown."""
    stored = submission(row_student)
    return [
        SeatRequest(
            row_student.student,
            events.get(slug, 0),
            wants_waiting,
            row_student.is_new,
            stored,
            uses_hold=True,
        )
        for slug in row_student.listed.events
    ]


def _student(class_list: ClassList, listed: ListedStudent) -> Student:
    """Of the list's own school, whatever the file says."""
    return Student(
        fest_id=class_list.fest_id,
        school_id=class_list.school_id,
        grade=listed.grade,
        section=listed.section,
        name=listed.name,
        roll_number=listed.roll_number,
        email=listed.email,
    )
