"""What is found about a row of a class list, in words for the teacher."""

from django.utils.translation import gettext as _

from events.models import Event
from registrations.class_lists.identify import Match
from registrations.models import ClassListEntry, Refusal, Student
from registrations.spreadsheets.headers import LABELS, Meaning
from registrations.spreadsheets.students import Code, ListedStudent, Problem
from registrations.students.names import name_key


def correction_words(found: Match) -> list[str]:
    """Each correction as old -> new."""
    lines = []
    for name, new in found.corrections.items():
        old = getattr(found.student, name) or _("none")
        words = {"field": LABELS[Meaning(name)], "old": old, "new": new}
        lines.append(_("%(field)s: %(old)s → %(new)s") % words)
    return lines


def doubt_words(found: Match) -> str:
    """What is not clear about whose row this is, and the way out."""
    if found.rows:
        words = {"rows": ", ".join(map(str, found.rows)), "name": found.candidates[0].name}
        return (
            _(
                "This row and row %(rows)s may both be %(name)s, who is registered already. "
                "Give the student who is registered the right section or roll number first, or leave rows out."
            )
            % words
        )
    known = ", ".join(_described(student) for student in found.candidates)
    return _(
        "Several students of this name and grade are registered (%(students)s). "
        "Enter the section and the roll number of the one who is meant."
    ) % {"students": known}


def _described(student: Student) -> str:
    parts = [
        _("section %(section)s") % {"section": student.section} if student.section else "",
        _("roll number %(number)s") % {"number": student.roll_number} if student.roll_number else "",
    ]
    return " ".join(part for part in parts if part) or _("without section and roll number")


def near_problem(listed: ListedStudent, near: Student) -> Problem:
    """A warning: somebody registered has this name, or nearly."""
    if name_key(listed.name) == near.name_key:
        words = {"name": near.name, "grade": near.grade, "details": _described(near)}
        text = _(
            "%(name)s, grade %(grade)s, %(details)s, is registered already. If this is the same student, "
            "correct that one under “My students” and leave this row out. If not, go on."
        )
        return Problem(listed.row, Meaning.NAME, Code.DOUBT, text % words, is_error=False, value=listed.name)
    text = _("Did you mean “%(name)s”, who is registered already?") % {"name": near.name}
    return Problem(
        listed.row,
        Meaning.NAME,
        Code.DOUBT,
        text,
        is_error=False,
        value=listed.name,
        suggestion=near.name,
    )


def reason_words(reason: str, event: Event | None, other: Event | None = None) -> str:
    """Why a row does not obtain an event, to the teacher."""
    match reason:
        case Refusal.Reason.FULL:
            return _("no seat left")
        case Refusal.Reason.TOO_SOON:
            return _("registration is not open yet")
        case Refusal.Reason.PAUSED:
            return _("registration is paused")
        case Refusal.Reason.INELIGIBLE if event:
            return _("only for %(grades)s") % {"grades": event.grades_text.lower()}
        case Refusal.Reason.CLASH if other:
            return _("at the same time as %(other)s") % {"other": other.name}
        case Refusal.Reason.ALREADY:
            return _("already registered")
        case ClassListEntry.DOUBT:
            return _("not clear which registered student this is")
        case ClassListEntry.FAILED:
            return _("could not be done because of a fault; the organisers can see it")
    return _("registration is closed")
