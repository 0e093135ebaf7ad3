"""Match the rows of a class list with registered students, and turn them into seat requests."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from registrations.booking.policy import SeatRequest
from registrations.models import ClassList, Student, Submission
from registrations.spreadsheets.listing import ListedStudent
from registrations.students.likeness import compared_label, may_be_same
from registrations.students.likeness_index import LikenessIndex
from registrations.students.names import email_key


@dataclass(frozen=True, slots=True)
class Match:
    """What is known about the student of one row.

    `student` is the registered student and `corrections` what the row adds or changes (field name to new text). If
    the match is doubtful, `candidates` are the students it may be and `rows` the other rows that may be the same
    student. `near` is a registered student who only looks alike.
    """

    student: Student | None = None
    corrections: Mapping[str, str] = field(default_factory=dict)
    candidates: tuple[Student, ...] = ()
    rows: tuple[int, ...] = ()
    near: Student | None = None

    @property
    def is_doubtful(self) -> bool:
        return bool(self.candidates)


NO_MATCH = Match()


def match(
    listed: Sequence[ListedStudent], *, fest_id: int, school_id: int, looks_alike: bool = False
) -> dict[int, Match]:
    """Match each row with the school's students, row number to `Match`; one query, nothing is locked.

    The same grade, section, name and roll number is the same student. Otherwise it is the only student of this name
    and grade whose section and roll number do not contradict the row. Two such students, or two different rows for
    one student, are a doubtful match. Students who look alike are only searched with `looks_alike`, which reads all
    students of these grades.
    """
    grades = {student.grade for student in listed}
    named = Q(name_key__in={student.name_key for student in listed})
    students = Student.objects.known().filter(fest=fest_id, school=school_id).order_by("pk")
    students = students.filter(named | Q(grade__in=grades)) if looks_alike else students.filter(named)
    known = _StudentIndex(students)
    found = {student.row: known.candidates(student) for student in listed}
    wanted: dict[int, dict[tuple[int, str, str, str], list[int]]] = defaultdict(lambda: defaultdict(list))
    for student in listed:
        if len(candidates := found[student.row]) == 1:
            wanted[candidates[0].pk][student.identity].append(student.row)
    matches = {one.row: _match(one, found[one.row], wanted) for one in listed}
    taken = {row.student.pk for row in matches.values() if row.student}
    for student in listed if looks_alike else ():
        if matches[student.row] is NO_MATCH and (near := known.near(student, taken)):
            matches[student.row] = Match(near=near)
    return matches


def _match(
    listed: ListedStudent,
    candidates: Sequence[Student],
    wanted: Mapping[int, Mapping[tuple[int, str, str, str], list[int]]],
) -> Match:
    if not candidates:
        return NO_MATCH
    if len(candidates) > 1:
        return Match(candidates=tuple(candidates))
    (student,) = candidates
    rivals = {identity: rows for identity, rows in wanted[student.pk].items() if identity != listed.identity}
    if rivals and identity_of(student) != listed.identity:
        return Match(
            candidates=(student,), rows=tuple(sorted(row for rows in rivals.values() for row in rows))
        )
    return Match(student, _corrections(listed, student))


def identity_of(student: Student) -> tuple[int, str, str, str]:
    """Return the identity of a stored student, as `ListedStudent.identity`."""
    section, number = compared_label(student.section), compared_label(student.roll_number)
    return student.grade, section, student.name_key, number


def _corrections(listed: ListedStudent, student: Student) -> dict[str, str]:
    """Return what the row adds or changes; an empty cell changes nothing.

    Section and roll number tell namesakes apart, so one that is known already is not changed.
    """
    new = {}
    for name, value in listed.reliable.student_values.items():
        known = getattr(student, name)
        if name in ("name", "grade") or not value or (known and name in ("section", "roll_number")):
            continue
        if email_key(value) != student.email_key if name == "email" else value != known:
            new[name] = value
    return new


class _StudentIndex:
    """The school's students, indexed by name."""

    def __init__(self, students: Iterable[Student]) -> None:
        self._by_name: dict[tuple[int, str], list[Student]] = defaultdict(list)
        for student in students:
            self._by_name[student.grade, student.name_key].append(student)
        self._namesakes: dict[str, list[Student]] = defaultdict(list)
        for namesakes in self._by_name.values():
            self._namesakes[namesakes[0].name_key] += namesakes
        self._alike: LikenessIndex | None = None

    def candidates(self, listed: ListedStudent) -> list[Student]:
        """Return the exact match alone, or all students of this name and grade whom the row does not contradict."""
        namesakes = self._by_name.get((listed.grade, listed.name_key), [])
        exact = [student for student in namesakes if identity_of(student) == listed.identity]
        return exact or [student for student in namesakes if may_be_same(listed.reliable, student)]

    def near(self, listed: ListedStudent, taken: Iterable[int]) -> Student | None:
        """Return a student outside the list with a similar name, or with the same name and other details.

        In another grade only a student with the same address counts. It may be a different student, or the same one
        after a correction.
        """
        for student in self._namesakes.get(listed.name_key, ()):
            has_address = bool(listed.email) and email_key(listed.email) == student.email_key
            if student.pk not in taken and (student.grade == listed.grade or has_address):
                return student
        alike = self._similar_names().alike(listed.reliable)
        return next((student for _likeness, student in alike if student.pk not in taken), None)

    def _similar_names(self) -> LikenessIndex:
        if self._alike is None:
            self._alike = LikenessIndex()
            for students in self._by_name.values():
                for student in students:
                    self._alike.add(student)
        return self._alike


@dataclass(frozen=True, slots=True)
class RowStudent:
    """The student of one row; `is_new` if no student with these details is registered."""

    listed: ListedStudent
    match: Match
    student: Student
    is_new: bool


def build_row_students(
    class_list: ClassList, listed: Sequence[ListedStudent], matches: Mapping[int, Match]
) -> list[RowStudent]:
    """Return the students of all rows without a doubtful match, in row order. New students are not stored yet."""
    new: dict[tuple[int, str, str, str], Student] = {}
    row_students = []
    for row in listed:
        found = matches[row.row]
        if found.is_doubtful:
            continue
        if found.student:
            row_students.append(RowStudent(row, found, found.student, is_new=False))
        else:
            student = new.setdefault(row.identity, _student(class_list, row))
            for name, value in row.student_values.items():
                # What the first row of a student leaves empty is taken from a later one.
                setattr(student, name, getattr(student, name) or value)
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
    """Return one seat request for each event of the row; an event that no longer exists gets the id 0."""
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
    """Return a new student of the list's school, regardless of any school named in the file."""
    return Student(
        fest_id=class_list.fest_id,
        school_id=class_list.school_id,
        **listed.student_values,
    )
