"""Erase a student from tickets, mails and documents, in the transaction of the erasure."""

import datetime as dt
from pathlib import Path
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.dispatch import receiver

from events.models import Fest
from registrations.models import Registration, Student, random_code
from registrations.privacy import redact
from registrations.privacy.redact import TextColumns, erased_text
from registrations.signals import fest_purged, registrations_counted, student_erased, traces_swept
from registrations.students.names import mailbox_key
from tickets.documents.ticket_pdf import pdf_path
from tickets.models import Alert, Booklet, Certificate, CheckIn, Delivery, Message, Printout, Scan, Ticket
from tickets.privacy import files

Kind = Delivery.Kind
TEXT_COLUMNS = (
    TextColumns(CheckIn, ("reason", "undo_reason")),
    TextColumns(Scan, ("note",)),
    TextColumns(Alert, ("subject",)),
    TextColumns(Message, ("subject", "text", "audience", "audience_text")),
)


@receiver(student_erased)
def erase_student_data(*, student: Student, now: dt.datetime, **_kwargs: object) -> None:
    """Redact or delete what this app stores of the student. Files are removed after the commit."""
    gone = [
        *_erase_mails(student),
        *_erase_tickets(student, now),
        *_erase_booklets(Booklet.objects.filter(fest=student.fest_id, school=student.school_id)),
        *_erase_printouts(student),
    ]
    Certificate.objects.filter(student=student).delete()
    redact.redact_text(redact.identifying_words(student), TEXT_COLUMNS)
    files.remove_after_commit(gone)


@receiver(fest_purged)
def erase_fest_data(*, fest: Fest, **_kwargs: object) -> None:
    """After all students were erased, delete what may name several of them: messages, class mails and documents."""
    mails = Delivery.objects.filter(
        Q(message__fest=fest) | Q(booklet__fest=fest) | Q(job__class_list__fest=fest)
    )
    printouts = Printout.objects.filter(fest=fest)
    gone = [files.mail_path(key) for key in mails.values_list("key", flat=True)]
    gone += _erase_booklets(Booklet.objects.filter(fest=fest))
    gone += [path for row in printouts for path in files.printout_paths(row.pk)]
    printouts.delete()
    Message.objects.filter(fest=fest).delete()
    files.remove_after_commit(gone)


@receiver(registrations_counted)
def count_check_ins(*, fest: Fest, **_kwargs: object) -> dict[int, int]:
    """Return the number of check-ins by event, of erased students too."""
    rows = Ticket.objects.filter(registration__event__fest=fest, checked_in_at__isnull=False)
    counted = rows.order_by().values_list("registration__event")
    return dict(counted.annotate(count=Count("registration", distinct=True)))


@receiver(traces_swept)
def sweep(**_kwargs: object) -> None:
    files.remove_orphans()


def _erase_mails(student: Student) -> list[Path]:
    """Delete the student's mails and their history, and the files of other mails that name the student."""
    mine = Delivery.objects.filter(
        Q(student=student) | Q(submission__student=student) | Q(change__registration__student=student)
    )
    addresses = {mailbox_key(one) for one in [student.email, *mine.values_list("to", flat=True)] if one}
    # A link mail contains the links of all students who share an address; a class mail, those of a class.
    shared = Delivery.objects.filter(kind=Kind.LINK, mailbox__in=addresses)
    digests = Delivery.objects.filter(pk__in=list(mine.values_list("gathered_into", flat=True)))
    keys = [*_keys(mine), *_keys(shared), *_keys(_class_mails(student)), *_keys(digests)]
    digest_ids = list(digests.values_list("pk", flat=True))
    mine.delete()
    Delivery.objects.filter(pk__in=digest_ids, parts=None).delete()
    return [files.mail_path(key) for key in keys]


def _class_mails(student: Student) -> "QuerySet[Delivery]":
    """Return mails with a booklet of the school. If the booklet was deleted, the mail may concern any school."""
    school = student.school_id
    of_school = Q(booklet__school=school) | Q(job__class_list__school=school) | Q(booklet=None, job=None)
    return Delivery.objects.filter(of_school, kind=Kind.CLASS)


def _keys(deliveries: "QuerySet[Delivery]") -> list[Any]:
    return list(deliveries.values_list("key", flat=True))


def _erase_tickets(student: Student, now: dt.datetime) -> list[Path]:
    """Void and redact the tickets, but keep the rows for the attendance. Their codes become unknown."""
    tickets = list(Ticket.objects.filter(student=student).order_by("pk").select_for_update(of=("self",)))
    for ticket in tickets:
        ticket.code = random_code()
        ticket.voided_at = ticket.voided_at or now
        ticket.rendered_at = ticket.render_claimed_at = None
        ticket.render_error = ""
    fields = ["code", "voided_at", "rendered_at", "render_claimed_at", "render_error"]
    Ticket.objects.bulk_update(tickets, fields)
    mine = {"ticket__in": tickets}
    CheckIn.objects.filter(**mine).exclude(reason="").update(reason=erased_text())
    CheckIn.objects.filter(**mine).exclude(undo_reason="").update(undo_reason=erased_text())
    Scan.objects.filter(**mine).update(note="")
    return [pdf_path(ticket) for ticket in tickets]


def _erase_booklets(booklets: "QuerySet[Booklet]") -> list[Path]:
    """Delete all booklets of the school, since any may contain the student's page.

    A booklet that a pending mail needs is built again instead, unless it was filtered by name.
    """
    rows = list(booklets.order_by("pk").select_for_update(of=("self",)))
    pending = set(Delivery.objects.pending().filter(booklet__in=rows).values_list("booklet", flat=True))
    kept = [row.pk for row in rows if row.pk in pending and "name" not in row.filters]
    again = Booklet.objects.filter(pk__in=kept)
    again.update(claimed_at=None, finished_at=None, attempts=0, made=0, error="")
    Booklet.objects.filter(pk__in=[row.pk for row in rows]).exclude(pk__in=kept).delete()
    return [_booklet_path(row) for row in rows]


def _booklet_path(booklet: Booklet) -> Path:
    from tickets.documents.booklets import (
        booklet_path,  # imports the teacher dashboard, which needs all apps to be loaded
    )

    return booklet_path(booklet)


def _erase_printouts(student: Student) -> list[Path]:
    """Delete printouts of the school and of the student's events."""
    events = Registration.objects.filter(student=student).values("event")
    rows = Printout.objects.filter(Q(school=student.school_id, fest=student.fest_id) | Q(event__in=events))
    paths = [path for row in rows for path in files.printout_paths(row.pk)]
    rows.delete()
    return paths
