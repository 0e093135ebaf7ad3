"""Find rows of one file that are, or probably are, the same student."""

from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import gettext as _

from registrations.spreadsheets.errors import Budget
from registrations.spreadsheets.headers import Meaning
from registrations.spreadsheets.listing import Code, ListedStudent, Problem
from registrations.students.identity import may_be_same
from registrations.students.names import email_key, name_key

SHORTEST = 8
"""From this length on, one different character is probably a typing error; Anu and Anil are two students."""


def find_duplicates(students: Iterable[ListedStudent], budget: Budget) -> Iterator[Problem]:
    """Yield a problem for each row that resembles an earlier one; only the first such row is named.

    Names are compared by their traces (the name without one of its characters), so the work grows with the number of
    rows and not with the number of pairs.
    """
    known: dict[tuple[int, str], list[ListedStudent]] = {}
    rolls: dict[tuple[int, str, str], ListedStudent] = {}
    for student in students:
        budget.check()
        if not (student.name and student.grade):
            continue
        traces = [(student.grade, trace) for trace in typo_keys(name_key(student.name))]
        found = {other.row: other for trace in traces for other in known.get(trace, ())}
        near = [other for other in found.values() if may_be_same(student, other)]
        roll = (student.grade, student.section, student.roll_number)
        if near:
            same = [other for other in near if other.identity == student.identity]
            yield _problem(student, min(same or near, key=lambda other: other.row), bool(same))
        elif student.roll_number and roll in rolls:
            yield _same_roll(student, rolls[roll])
        for trace in traces:
            # Five are enough to find the first; a thousand equal rows must not all be compared.
            if len(held := known.setdefault(trace, [])) < 5:
                held.append(student)
        rolls.setdefault(roll, student)


def typo_keys(key: str) -> Sequence[str]:
    """Return the name with its words sorted, and all texts that lack one of its characters."""
    plain = " ".join(sorted(key.split()))
    if len(plain) < SHORTEST:
        return [plain]
    return list(dict.fromkeys([plain, *(plain[:at] + plain[at + 1 :] for at in range(min(len(plain), 60)))]))


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
