"""Merges of students and schools in the tickets app."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.dispatch import receiver
from django.utils.translation import gettext as _

from registrations.models import Result, School, Student
from registrations.signals import schools_merged, students_merged
from registrations.students.merge import RegistrationPair
from techfest.core.db.bulk import observe
from tickets.checkin.entry import take_back
from tickets.mail import outbox
from tickets.models import Certificate, CheckIn, Delegation, Delivery, DocumentJob, Ticket
from tickets.wakeup import notify_workers


@receiver(students_merged)
def merge_student(
    *,
    kept: Student,
    removed: Student,
    duplicates: Sequence[RegistrationPair],
    now: dt.datetime,
    notify: bool,
    **_kwargs: object,
) -> None:
    """Move tickets, certificates and mails to the kept student. Codes stay; PDFs get the kept reference."""
    for better, worse in duplicates:
        _move_check_in(better.pk, worse.pk, now)
        _move_certificates(better.pk, worse.pk, now)
    Ticket.objects.filter(student=removed).want_again()
    Ticket.objects.filter(student=removed).update(student=kept)
    Certificate.objects.filter(student=removed).update(student=kept)
    for kind in (Delivery.Kind.REMINDER, Delivery.Kind.QUESTIONS):  # one a student and day
        days = Delivery.objects.filter(student=kept, kind=kind).values("day")
        Delivery.objects.filter(student=removed, kind=kind, day__in=days).delete()
    Delivery.objects.filter(student=removed).update(student=kept)
    if notify:
        observe(Delivery.objects.bulk_create(outbox.links_for([kept], now=now)))
    transaction.on_commit(notify_workers, robust=True)


def _move_check_in(better_id: int, worse_id: int, now: dt.datetime) -> None:
    """Move a check-in from the cancelled ticket to the kept one, or revoke it if both were checked in."""
    left = Ticket.objects.live().filter(registration=better_id, checked_in_at=None).first()
    void = Ticket.objects.filter(registration=worse_id, checked_in_at__isnull=False).order_by("-pk").first()
    if void and left:
        CheckIn.objects.filter(ticket=void).update(ticket=left)
        Ticket.objects.filter(pk=left.pk).update(checked_in_at=void.checked_in_at)
        Ticket.objects.filter(pk=void.pk).update(checked_in_at=None)
    elif void:
        take_back([void.pk], user=None, reason=_("The registration was merged into another one."), now=now)


def _move_certificates(better_id: int, worse_id: int, now: dt.datetime) -> None:
    """Move certificates, one of each kind. A certificate with a rank that the kept registration does not have is
    revoked."""
    valid = Certificate.objects.filter(revoked_at=None)
    kinds = list(valid.filter(registration=better_id).values_list("kind", flat=True))
    untrue = ~Q(rank=None) & ~Q(rank__in=Result.objects.filter(registration=better_id).values("rank"))
    valid.filter(Q(kind__in=kinds) | untrue, registration=worse_id).update(revoked_at=now)
    valid.filter(registration=worse_id).update(registration=better_id)


@receiver(schools_merged)
def merge_school(*, kept: School, removed: School, students: Sequence[int], **_kwargs: object) -> None:
    """Render the tickets with the kept school's name again. Of two delegations for one fest the kept school's stays."""
    Ticket.objects.filter(student__in=students).want_again()
    DocumentJob.objects.filter(school=removed).update(school=kept)
    fests = Delegation.objects.filter(school=kept).values("fest")
    Delegation.objects.filter(school=removed, fest__in=fests).delete()
    Delegation.objects.filter(school=removed).update(school=kept)
    transaction.on_commit(notify_workers, robust=True)
