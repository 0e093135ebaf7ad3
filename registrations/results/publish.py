"""Results that are public: published and taken back, in the form that the sheet says."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from events.cache import CachedFest, cached_fest
from events.models import Event
from registrations.booking.errors import ActionRejected
from registrations.locking import Deadline, in_transaction
from registrations.models import Registration, Result, ResultSheet, Student
from registrations.results.public_names import public_name
from registrations.results.ranking import written
from registrations.results.service import announce, locked_sheet
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now

Names = ResultSheet.Names
PER_PAGE = 40
"""Places on one page, so that it stays light."""


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One line of published results, as anybody may read it; `name` is empty where no name is shown."""

    rank: int
    name: str
    grade: int
    school: str
    points: str


def publish(event: Event, names: str, *, user: Any, deadline: Deadline) -> list[str]:
    """Makes the ranks public with names in this form; what came of it elsewhere, in words.

    Raises ActionRejected where nobody has a rank, and Busy.
    """
    return in_transaction(lambda: _publish(event, names, user), deadline=deadline)


def unpublish(event: Event, *, user: Any, deadline: Deadline) -> list[str]:
    """Takes the results back from the public; what was entered stays. Raises LockTimeout."""
    return in_transaction(lambda: _unpublish(event, user), deadline=deadline)


def _publish(event: Event, names: str, user: Any) -> list[str]:
    sheet, now = locked_sheet(event), database_now()
    count = ranked(event).count()
    if not count:
        raise ActionRejected(_("Nobody has a rank yet."))
    before = {"published": sheet.published_at is not None, "names": sheet.names}
    sheet.names = names
    sheet.published_at, sheet.published_by = sheet.published_at or now, user
    sheet.save(update_fields=["names", "published_at", "published_by"])
    after = {"published": True, "names": names, "results": count}
    record(sheet, what="published", now=now, user=user, before=before, after=after)
    return announce(sheet, user=user, now=now)


def _unpublish(event: Event, user: Any) -> list[str]:
    sheet, now = locked_sheet(event), database_now()
    if sheet.published_at is None:
        return []
    sheet.published_at = sheet.published_by = None
    sheet.save(update_fields=["published_at", "published_by"])
    record(
        sheet,
        what="unpublished",
        now=now,
        user=user,
        before={"published": True, "names": sheet.names},
        after={"published": False},
    )
    return announce(sheet, user=user, now=now)


def ranked(event: Event) -> Any:
    """The results with a rank of those who have a seat, best first."""
    rows = Result.objects.filter(
        registration__event=event, registration__state=Registration.State.CONFIRMED, rank__isnull=False
    )
    return rows.order_by("rank", "registration__student__name_key", "pk")


def result_lines(event: Event, sheet: ResultSheet, page: int) -> list[ResultLine]:
    """The lines of one page, from 1; empty where there is no such page."""
    rows = ranked(event).select_related("registration__student__school")
    return [result_line(row, sheet) for row in rows[(page - 1) * PER_PAGE : page * PER_PAGE]]


def result_line(result: Result, sheet: ResultSheet, names: str = "") -> ResultLine:
    """The line as the sheet shows it, or as it would with names in another form."""
    student = result.registration.student
    return ResultLine(
        rank=result.rank or 0,
        name=public_name(student.name, names or sheet.names),
        grade=student.grade,
        school=student.school.name,
        points="" if sheet.counting == ResultSheet.Counting.RANK else written(result.points),
    )


_kept: tuple[CachedFest, dict[int, ResultSheet]] | None = None


def published(current: CachedFest) -> dict[int, ResultSheet]:
    """The published sheets of the fest's events, with the `count` of their ranks; read once for each snapshot."""
    global _kept
    if _kept is None or _kept[0] is not current:
        is_ranked = Q(
            event__registrations__state=Registration.State.CONFIRMED,
            event__registrations__result__rank__isnull=False,
        )
        rows = ResultSheet.objects.filter(
            event__in=[event.pk for event in current.events], published_at__isnull=False
        ).annotate(count=Count("event__registrations", filter=is_ranked))
        _kept = (current, {row.event_id: row for row in rows})
    return _kept[1]


@dataclass(frozen=True, slots=True)
class Reached:
    """What one student reached in one event, once its results are public."""

    event: Event
    registration_id: int
    rank: int
    points: str


def reached_by(student: Student) -> list[Reached]:
    """The student's own published results, by the event's start. One query."""
    rows = Result.objects.filter(
        registration__student=student,
        registration__state=Registration.State.CONFIRMED,
        registration__event__result_sheet__published_at__isnull=False,
        rank__isnull=False,
    ).select_related("registration__event__result_sheet")
    found = []
    for row in rows.order_by("registration__event__starts_at", "pk"):
        event = row.registration.event
        is_typed = event.result_sheet.counting == ResultSheet.Counting.RANK
        points = "" if is_typed else written(row.points)
        found.append(Reached(event, row.registration_id, row.rank or 0, points))
    return found


def is_published(event: Event) -> bool:
    """Whether the public sees the results of this event now, as far as this process knows."""
    return event.pk in published(cached_fest())
