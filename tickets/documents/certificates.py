"""Certificates: issued when they are ordered, verified by their code, revoked when they are no longer true."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event
from registrations.booking.errors import ActionRejected
from registrations.models import Change, Registration, ResultSheet, Student
from registrations.results.publish import reached_by
from registrations.results.service import entries_of, locked_sheet
from registrations.signals import registrations_changed, results_changed
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from tickets.content import absolute
from tickets.models import Certificate, Ticket
from tickets.pdf import CertificateContent

Kind = Certificate.Kind
MAX_RANK = 100


@dataclass(frozen=True, slots=True)
class EligibleCounts:
    """How many registrations of an event may get which certificate."""

    confirmed: int
    came: int
    ranked: int
    is_published: bool


def eligible_counts(event: Event) -> EligibleCounts:
    confirmed = Registration.objects.filter(event=event, state=Registration.State.CONFIRMED)
    ranked = confirmed.filter(result__rank__isnull=False)
    is_published = ResultSheet.objects.filter(event=event, published_at__isnull=False).exists()
    return EligibleCounts(
        confirmed.count(), _checked_in_registrations(event).count(), ranked.count(), is_published
    )


def issue_participation(event: Event, *, everybody: bool, user: Any, deadline: Deadline) -> int:
    """Issues certificates to those checked in, or, with `everybody`, to all with a seat if nobody was checked in.

    Returns how many are new. Raises ActionRejected if nobody was checked in and `everybody` is not set.
    """
    return in_transaction(lambda: _issue_participation(event, everybody, user), deadline=deadline)


def issue_ranks(event: Event, *, max_rank: int, user: Any, deadline: Deadline) -> int:
    """Issues certificates for published ranks down to `max_rank`; returns how many are new. Raises ActionRejected."""
    return in_transaction(lambda: _issue_ranks(event, max_rank, user), deadline=deadline)


def _checked_in_registrations(event: Event) -> Any:
    """Returns the registrations that were checked in, also if they left again."""
    tickets = Ticket.objects.filter(registration__event=event, checked_in_at__isnull=False)
    return tickets.order_by().values("registration").distinct()


def _issue_participation(event: Event, everybody: bool, user: Any) -> int:
    locked_sheet(event)
    came = set(_checked_in_registrations(event).values_list("registration", flat=True))
    if not came and not everybody:
        raise ActionRejected(_("No student was checked in. Confirm that all students with a seat took part."))
    rows = Registration.objects.filter(event=event, state=Registration.State.CONFIRMED)
    if came:
        rows = rows.filter(pk__in=came)
    return _issue(event, dict.fromkeys(rows), Kind.PARTICIPATION, user)


def _issue_ranks(event: Event, max_rank: int, user: Any) -> int:
    sheet = locked_sheet(event)
    if sheet.published_at is None:
        raise ActionRejected(_("The results are not published yet."))
    rows = Registration.objects.filter(
        event=event, state=Registration.State.CONFIRMED, result__rank__lte=max_rank
    ).select_related("result")
    found = {row: row.result.rank for row in rows}
    if not found:
        raise ActionRejected(_("There are no ranks yet."))
    return _issue(event, found, Kind.RANK, user, max_rank=max_rank)


def _issue(
    event: Event, wanted: Mapping[Registration, int | None], kind: str, user: Any, **details: int
) -> int:
    """Creates the missing certificates; the caller holds the sheet's lock."""
    have = set(
        Certificate.objects.filter(registration__in=wanted, kind=kind, revoked_at=None).values_list(
            "registration", "student"
        )
    )
    now = database_now()
    new = [
        Certificate(registration=row, student_id=row.student_id, kind=kind, rank=rank, issued_at=now)
        for row, rank in wanted.items()
        if (row.pk, row.student_id) not in have
    ]
    Certificate.objects.bulk_create(new)
    if new:
        after = {"kind": str(kind), "count": len(new), **details}
        record(event, what="issued certificates", now=now, user=user, after=after)
    return len(new)


@receiver(results_changed)
def follow_results(*, sheet: ResultSheet, user: Any, now: datetime, **_kwargs: object) -> str:
    """Revokes rank certificates that are no longer true and issues new ones with the new rank.

    Withdrawn results leave certificates as they are: only different published ranks make them untrue.
    """
    if sheet.published_at is None:
        return ""
    valid = Certificate.objects.filter(
        registration__event=sheet.event_id, kind=Kind.RANK, revoked_at=None
    ).order_by("pk")
    entries = entries_of(sheet.event)
    untrue = [row for row in valid if _rank(entries, row) != row.rank]
    if not untrue:
        return ""
    _revoke(untrue, now)
    new = [
        Certificate(
            registration_id=row.registration_id,
            student_id=row.student_id,
            kind=Kind.RANK,
            rank=rank,
            issued_at=now,
        )
        for row in untrue
        if (rank := _rank(entries, row)) is not None
    ]
    Certificate.objects.bulk_create(new)
    after = {"revoked": len(untrue), "issued": len(new)}
    record(sheet.event, what="replaced certificates", now=now, user=user, after=after)
    words = ngettext(
        "%(count)d rank certificate is no longer true and was revoked. Print the new ones.",
        "%(count)d rank certificates are no longer true and were revoked. Print the new ones.",
        len(untrue),
    )
    return words % {"count": len(untrue)}


def _rank(entries: Mapping[int, Any], row: Certificate) -> int | None:
    entry = entries.get(row.registration_id)
    rank: int | None = entry.rank if entry else None
    return rank


@receiver(registrations_changed)
def follow_registrations(*, changes: Sequence[Change], now: datetime, **_kwargs: object) -> None:
    """Revokes the certificates of registrations that gave up their seat, except in merges, which decide themselves."""
    lost = [change.registration_id for change in changes if _is_given_up(change)]
    if lost:
        Certificate.objects.filter(registration__in=lost, revoked_at=None).update(revoked_at=now)


def _is_given_up(change: Change) -> bool:
    seat = Registration.State.CONFIRMED
    return change.from_state == seat != change.to_state and change.cause != Change.Cause.MERGED


def _revoke(rows: Iterable[Certificate], now: datetime) -> None:
    Certificate.objects.filter(pk__in=[row.pk for row in rows]).update(revoked_at=now)


def path_of(certificate: Certificate) -> str:
    return reverse("tickets:certificate", args=[certificate.code])


def content_of(certificate: Certificate) -> CertificateContent:
    """Returns what is printed; the certificate must come with its related rows."""
    event, student = certificate.registration.event, certificate.student
    fest = event.fest
    return CertificateContent(
        fest_name=fest.name,
        accent=fest.accent,
        logo=bytes(fest.logo.data) if fest.logo else None,
        person=student.name,
        grade=student.grade,
        school=student.school.name,
        event=event.name,
        starts_at=event.starts_at,
        time_zone=fest.time_zone,
        place=fest.place,
        rank=certificate.rank,
        url=absolute(path_of(certificate)),
        language=student.language,
    )


def is_replaced(certificate: Certificate) -> bool:
    """Whether another valid certificate of the same kind replaces it."""
    return Certificate.objects.filter(
        registration=certificate.registration_id,
        student=certificate.student_id,
        kind=certificate.kind,
        revoked_at=None,
    ).exists()


@dataclass(slots=True)
class Achievement:
    """One event: rank and points once they are public, and the labels and URLs of valid certificates."""

    event: Event
    rank: int = 0
    points: str = ""
    certificates: list[tuple[str, str]] = field(default_factory=list)


def achievements_of(student: Student) -> list[Achievement]:
    """Returns one item per event with a public rank or a certificate, by start. Two queries."""
    found: dict[int, Achievement] = {
        one.event.pk: Achievement(one.event, one.rank, one.points) for one in reached_by(student)
    }
    rows = Certificate.objects.filter(student=student, revoked_at=None)
    for row in rows.select_related("registration__event").order_by("kind", "pk"):
        event = row.registration.event
        line = found.setdefault(event.pk, Achievement(event))
        line.certificates.append((row.get_kind_display(), path_of(row)))
    return sorted(found.values(), key=lambda line: (line.event.starts_at, line.event.pk))
