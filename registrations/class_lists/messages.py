"""What a teacher reads about a row: corrections, doubtful matches, refusals and earlier registrations."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from events.models import Event
from registrations.booking.messages import refusal_short
from registrations.class_lists.identify import Match
from registrations.models import Change, ClassListEntry, Refusal, Registration, Student
from registrations.spreadsheets.listing import Code, ListedStudent, Problem
from registrations.spreadsheets.meanings import LABELS, Meaning
from techfest.core.formatting import clock_time, short_day


def describe_corrections(found: Match) -> list[str]:
    """Return one line for each correction, as old → new."""
    lines = []
    for name, new in found.corrections.items():
        old = getattr(found.student, name) or _("none")
        words = {"field": LABELS[Meaning(name)], "old": old, "new": new}
        lines.append(_("%(field)s: %(old)s → %(new)s") % words)
    return lines


def explain_doubtful_match(found: Match) -> str:
    """Explain a doubtful match and what to do about it."""
    if found.rows:
        words = {"rows": ", ".join(map(str, found.rows)), "name": found.candidates[0].name}
        return (
            _(
                "This row and row %(rows)s may both be %(name)s, who is registered already. "
                "Correct the section or roll number of the registered student first, or leave rows out."
            )
            % words
        )
    known = ", ".join(_described(student) for student in found.candidates)
    return _(
        "Several students of this name and grade are registered (%(students)s). "
        "Enter the section and the roll number of the right one."
    ) % {"students": known}


def _described(student: Student) -> str:
    parts = [
        _("section %(section)s") % {"section": student.section} if student.section else "",
        _("roll number %(number)s") % {"number": student.roll_number} if student.roll_number else "",
    ]
    return " ".join(part for part in parts if part) or _("without section and roll number")


def similar_student_warning(listed: ListedStudent, near: Student) -> Problem:
    """Return a warning about a registered student with the same or nearly the same name."""
    if listed.name_key == near.name_key:
        words = {"name": near.name, "grade": near.grade, "details": _described(near)}
        text = _(
            "%(name)s, grade %(grade)s, %(details)s, is registered already. If this is the same student, "
            "correct their details under “My students” and leave this row out. If not, go on."
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


def explain_refusal(reason: str, event: Event | None, other: Event | None = None) -> str:
    """Explain to the teacher why a row does not get an event."""
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
        case Refusal.Reason.EVENTS_CAP:
            return refusal_short(event, reason)
        case Refusal.Reason.ALREADY:
            return _("already registered")
        case ClassListEntry.DOUBT:
            return _("not clear which registered student this is")
        case ClassListEntry.FAILED:
            return _("failed because of a fault; the organisers can see it")
    return _("registration is closed")


Actor = Change.Actor


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who made a registration, and when."""

    actor: str
    user_id: int | None
    name: str
    at: datetime

    def words(self, *, reader: int) -> str:
        """Return the sentence for this user, who reads "you" about their own registrations."""
        words = {"name": self.name, "time": _time(self.at)}
        if self.actor == Actor.STUDENT:
            return _("already registered by the student")
        if self.user_id == reader:
            return _("already entered by you, %(time)s") % words
        if self.actor == Actor.TEACHER and self.name:
            return _("already entered by %(name)s, %(time)s") % words
        return _("already entered by the organisers, %(time)s") % words


def registrations_of(
    student_ids: Iterable[int],
) -> tuple[dict[int, list[Registration]], dict[int, Provenance]]:
    """Return the students' active registrations by student, and who made each by registration; one query."""
    first = Change.objects.filter(registration=OuterRef("pk"), from_state="").order_by("pk")
    names = ("actor", "user_id", "user__first_name", "user__last_name", "user__username", "at")
    made = {f"made_{name}": Subquery(first.values(name)[:1]) for name in names}
    rows = Registration.objects.active().filter(student__in=list(student_ids))
    held: dict[int, list[Registration]] = defaultdict(list)
    provenance = {}
    for registration in rows.select_related("event").annotate(**made).order_by("pk"):
        held[registration.student_id].append(registration)
        actor, user, given, family, login, at = (getattr(registration, f"made_{name}") for name in names)
        name = f"{given or ''} {family or ''}".strip() or login or ""
        provenance[registration.pk] = Provenance(actor or "", user, name, at or registration.created_at)
    return held, provenance


def _time(at: datetime) -> str:
    """Return the time if it is today, otherwise the day, in the active time zone."""
    if timezone.localdate(at) == timezone.localdate():
        return clock_time(at)
    return short_day(at)
