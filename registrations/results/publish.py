"""Public results: publishing and withdrawing them, and the lines that the public reads."""

import hashlib
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.cache import CachedFest, cached_fest
from events.models import Event
from registrations.booking.errors import ActionRejected
from registrations.models import Registration, Result, ResultSheet, Student
from registrations.results.ranking import formatted
from registrations.results.service import announce, locked_sheet
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.db.folding import in_dictionary_order
from techfest.core.db.locking import Deadline, in_transaction

Names = ResultSheet.Names
PER_PAGE = 40
"""Lines on one page."""


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One line of published results; `name` is empty if names are not shown."""

    rank: int
    name: str
    grade: int
    school: str
    points: str


def publish(event: Event, names: str, *, user: Any, deadline: Deadline, seen: str = "") -> list[str]:
    """Publish the ranks with names in this form; return sentences about what happened.

    Raises ActionRejected if there are no ranks, or other ones than those `seen`, and LockTimeout.
    """
    return in_transaction(lambda: _publish(event, names, user, seen), deadline=deadline)


def unpublish(event: Event, *, user: Any, deadline: Deadline) -> list[str]:
    """Withdraw the results from the public; the entries stay. Raises LockTimeout."""
    return in_transaction(lambda: _unpublish(event, user), deadline=deadline)


def _publish(event: Event, names: str, user: Any, seen: str) -> list[str]:
    sheet, now = locked_sheet(event), database_now()
    count = ranked(event).count()
    if not count:
        raise ActionRejected(_("There are no ranks yet."))
    if seen and seen != digest_of_ranks(event):
        raise ActionRejected(
            _("The results changed while you were reading. Nothing is public yet: look at them again.")
        )
    before = {"published": sheet.published_at is not None, "names": sheet.names}
    sheet.names = names
    sheet.published_at, sheet.published_by = sheet.published_at or now, user
    sheet.save(update_fields=["names", "published_at", "published_by"])
    after = {"published": True, "names": names, "results": count}
    record(sheet, what="published", now=now, user=user, before=before, after=after)
    words = ngettext("%(count)d result is public.", "%(count)d results are public.", count) % {"count": count}
    return [words, *announce(sheet, user=user, now=now)]


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


def digest_of_ranks(event: Event) -> str:
    """Return a digest that stays the same as long as the same ranks and points would become public."""
    rows = list(ranked(event).values_list("registration", "rank", "points"))
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def ranked(event: Event) -> Any:
    """Return the results that have a rank and a seat, best first."""
    rows = Result.objects.filter(
        registration__event=event, registration__state=Registration.State.CONFIRMED, rank__isnull=False
    )
    return rows.order_by("rank", *in_dictionary_order("registration__student__name"), "pk")


def result_lines(event: Event, sheet: ResultSheet, page: int) -> list[ResultLine]:
    """Return the lines of one page, from 1; empty if there is no such page."""
    rows = ranked(event).select_related("registration__student__school")
    return [result_line(row, sheet) for row in rows[(page - 1) * PER_PAGE : page * PER_PAGE]]


def result_line(result: Result, sheet: ResultSheet, names: str = "") -> ResultLine:
    """Return the line as the sheet shows it, or with names in another form."""
    student = result.registration.student
    return ResultLine(
        rank=result.rank or 0,
        name=public_name(student.name, names or sheet.names),
        grade=student.grade,
        school=student.school.name,
        points="" if sheet.counting == ResultSheet.Counting.RANK else formatted(result.points),
    )


_kept: tuple[CachedFest, dict[int, ResultSheet]] | None = None


def published(current: CachedFest) -> dict[int, ResultSheet]:
    """Return the published sheets by event, with the `count` of their ranks; read once per snapshot."""
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
    """What one student achieved in one event, once its results are public."""

    event: Event
    registration_id: int
    rank: int
    points: str


def reached_by(student: Student) -> list[Reached]:
    """Return the student's published results, by the event's start. One query."""
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
        points = "" if is_typed else formatted(row.points)
        found.append(Reached(event, row.registration_id, row.rank or 0, points))
    return found


def is_published(event: Event) -> bool:
    """Whether the results of this event are public, as far as this process knows."""
    return event.pk in published(cached_fest())


def public_name(name: str, form: str) -> str:
    """Return the name in the form that a sheet publishes; empty if names are not shown."""
    if form == Names.FULL:
        return name
    return first_name(name) if form == Names.SHORT else ""


def first_name(name: str) -> str:
    """Return the first word that is more than an initial: Asha for "Asha Rao", Kalam for "A. P. J. Kalam".

    Chinese, Japanese and Korean names have no space and begin with the family name: they become their first character
    and an ellipsis.
    """
    words = name.split()
    if len(words) == 1 and len(name) > 1 and all(map(_is_ideogram, name)):
        return f"{name[0]}…"
    return next((word for word in words if _letters(word) > 1), words[0] if words else "")


def _letters(word: str) -> int:
    return sum(unicodedata.category(character)[0] == "L" for character in word)


def _is_ideogram(character: str) -> bool:
    return unicodedata.east_asian_width(character) == "W" and unicodedata.category(character) == "Lo"
