"""The mail with the tickets of a class: to the teacher, for all students without an e-mail address."""

import datetime as dt
from functools import partial
from typing import Any

from anymail.message import AnymailMessage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.dispatch import receiver
from django.urls import reverse

from events.models import Fest
from registrations.booking.waitlist import with_number
from registrations.models import ClassListEntry, ClassListJob, Registration, Teacher
from registrations.signals import list_registered, list_undone
from registrations.students.names import mailbox_key
from techfest.core.db.folding import in_dictionary_order
from tickets.content import absolute
from tickets.documents import jobs, school_tickets
from tickets.mail.kinds.base import MailKind
from tickets.models import Delivery, DocumentJob
from tickets.wakeup import notify_workers

PAUSE = dt.timedelta(minutes=10)
"""The shortest time between two mails with the same document to the same person."""


class ClassTickets(MailKind):
    """Not sent to a person who has left the school. If the PDF is late, the mail links to its page."""

    kind = Delivery.Kind.CLASS
    templates = "mail/class_tickets"

    def __init__(self) -> None:
        super().__init__()
        self._documents: dict[int, DocumentJob] = {}

    @classmethod
    def waits_for_pdf(cls) -> Q:
        to_make = DocumentJob.objects.to_make().filter(pk=OuterRef("document"))
        return Q(Exists(to_make), kind=cls.kind)

    def fest(self, delivery: Delivery) -> Fest | None:
        document = _document_of(delivery)
        if document is None or not _is_teacher_of(document, delivery):
            return None
        self._documents[delivery.pk] = document
        return document.fest

    def context(self, delivery: Delivery, fest: Fest) -> dict[str, Any] | None:
        document = self._documents.pop(delivery.pk)
        count, waiting = school_tickets.tickets_of(document).count(), _waiting(document)
        if not count and not waiting:
            return None
        pdf = _file(document)
        return {
            "school": document.school,
            "job": document.class_list_job,
            "count": count,
            "waiting": waiting,
            "pdf": pdf,
            "has_pdf": bool(pdf),
            "url": absolute(reverse("teacher:document", args=[document.code])),
            "students_url": absolute(reverse("teacher:home")),
        }

    def attach(self, message: AnymailMessage, delivery: Delivery, context: dict[str, Any]) -> None:
        if context["pdf"]:
            message.attach("tickets.pdf", context["pdf"], "application/pdf")


def _document_of(delivery: Delivery) -> DocumentJob | None:
    """The document of this mail. If a class list's document was deleted as old, it is requested again."""
    found = DocumentJob.objects.filter(deliveries=delivery).select_related("fest", "school").first()
    if found or delivery.job is None:
        return found
    document = _order(delivery.job, user=delivery.user)
    Delivery.objects.filter(pk=delivery.pk).update(document=document)
    return document


def _is_teacher_of(document: DocumentJob, delivery: Delivery) -> bool:
    """Whether the recipient still teaches at the school; an approval may have been withdrawn."""
    teachers = Teacher.objects.with_access().filter(school=document.school_id, user=delivery.user_id)
    return teachers.exists()


def _waiting(document: DocumentJob) -> list[Registration]:
    students = school_tickets.students_in(document)
    waiting = Registration.objects.filter(student__in=students, state=Registration.State.WAITING)
    rows = with_number(waiting.with_related())
    return list(rows.order_by("student__grade", "student__section", *in_dictionary_order("student__name")))


def _file(document: DocumentJob) -> bytes:
    try:
        return jobs.document_path(document).read_bytes()
    except FileNotFoundError:
        return b""


@receiver(list_registered)
def follow(*, job: ClassListJob, now: dt.datetime, **_kwargs: object) -> None:
    """Enqueues the one mail of a finished class list in the same transaction, before its PDF is made.

    There is none if every student has an address, since each was mailed already, nor if the job changed nothing
    because the list was registered before.
    """
    if not ClassListEntry.objects.filter(row__job=job, is_new=True).exists():
        return
    class_list = job.class_list
    # The owner of the list may have left the school since.
    is_there = class_list.school.teachers.with_access().filter(user=class_list.owner).exists()
    user = class_list.owner if is_there else job.requested_by
    document = _order(job, user=user)
    if school_tickets.students_in(document).exists():
        _enqueue(document, user=user, now=now, job=job)
    else:
        document.delete()


@receiver(list_undone)
def make_again(*, job: ClassListJob, **_kwargs: object) -> None:
    """Lets the document of an undone list be made again, since its file holds the tickets of what was cancelled."""
    for document in DocumentJob.objects.filter(class_list_job=job).select_for_update(of=("self",)):
        document.claimed_at, document.finished_at = None, None
        document.attempts, document.made, document.error = 0, 0, ""
        document.save(update_fields=["claimed_at", "finished_at", "attempts", "made", "error"])
        transaction.on_commit(partial(jobs.remove_files, document), robust=True)
    transaction.on_commit(notify_workers, robust=True)


def _order(job: ClassListJob, *, user: Any) -> DocumentJob:
    class_list = job.class_list
    return school_tickets.order(school=class_list.school, fest=class_list.fest, user=user, class_list_job=job)


def enqueue(document: DocumentJob, *, user: Any, now: dt.datetime) -> bool:
    """Enqueues the mail with this document on request; `False` without an address or too soon after the last one."""
    if Delivery.objects.filter(document=document, user=user, queued_at__gt=now - PAUSE).exists():
        return False
    return _enqueue(document, user=user, now=now, job=None)


def _enqueue(document: DocumentJob, *, user: Any, now: dt.datetime, job: ClassListJob | None) -> bool:
    if not user.email:
        return False
    with transaction.atomic():
        Delivery.objects.create(
            kind=Delivery.Kind.CLASS,
            user=user,
            job=job,
            document=document,
            to=user.email,
            mailbox=mailbox_key(user.email),
            created_at=now,
            queued_at=now,
            due_at=now,
        )
        transaction.on_commit(notify_workers, robust=True)
    return True
