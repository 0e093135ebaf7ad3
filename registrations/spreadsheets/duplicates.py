"""Find rows of one file that are, or probably are, the same student."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from registrations.spreadsheets.errors import Budget
from registrations.spreadsheets.listing import Code, ListedStudent, Problem
from registrations.spreadsheets.meanings import Meaning
from registrations.students.likeness_index import LikenessIndex
from registrations.students.names import email_key


def find_duplicates(students: Iterable[ListedStudent], budget: Budget) -> Iterator[Problem]:
    """Yield a problem for each row that resembles an earlier one; only the first such row is named.

    The work grows with the number of rows and not with the number of pairs.
    """
    known = LikenessIndex()
    rolls: dict[tuple[int, str, str], ListedStudent] = {}
    for student in students:
        budget.check()
        if not (student.name and student.grade):
            continue
        near: list[ListedStudent] = [other for _likeness, other in known.alike(student)]
        grade, section, _name, number = student.identity
        if near:
            same = [other for other in near if other.identity == student.identity]
            yield _problem(student, min(same or near, key=lambda other: other.row), bool(same))
        elif number and (grade, section, number) in rolls:
            yield _same_roll(student, rolls[grade, section, number])
        known.add(student)
        rolls.setdefault((grade, section, number), student)


def _problem(student: ListedStudent, other: ListedStudent, is_same: bool) -> Problem:
    words = {"row": other.row, "name": other.name}
    if not is_same:
        text = _("Row %(row)s looks like the same student (%(name)s).") % words
    elif set(student.events) & set(other.events) or _addresses_differ(student, other):
        text = _(
            "Row %(row)s names the same student (%(name)s). Leave one of the two rows out, "
            "or add roll numbers if they are two students."
        )
        return Problem(
            student.row, Meaning.NAME, Code.TWICE, text % words, value=student.name, other_row=other.row
        )
    else:
        text = _("Row %(row)s names the same student (%(name)s). Both rows count as one student.") % words
    return _warning(student, Meaning.NAME, student.name, text, other)


def _same_roll(student: ListedStudent, other: ListedStudent) -> Problem:
    text = _("Row %(row)s has the same roll number (%(name)s).") % {"row": other.row, "name": other.name}
    return _warning(student, Meaning.ROLL_NUMBER, student.roll_number, text, other)


def _warning(student: ListedStudent, column: Meaning, value: str, text: str, other: ListedStudent) -> Problem:
    return Problem(student.row, column, Code.DOUBT, text, is_error=False, value=value, other_row=other.row)


def _addresses_differ(one: ListedStudent, other: ListedStudent) -> bool:
    mine, its = email_key(one.email), email_key(other.email)
    return bool(mine and its and mine != its)
