"""The mail with the tickets of a class: to the teacher, for all students without an e-mail address."""

import datetime as dt
from typing import Any

from anymail.message import AnymailMessage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.dispatch import receiver
from django.urls import reverse

from events.models import Fest
from registrations.booking.waitlist import with_number
from registrations.models import ClassListEntry, ClassListJob, Registration, School
from registrations.signals import list_registered
from registrations.students.names import mailbox_key
from tickets.content import absolute
from tickets.documents import booklets
from tickets.mail.kinds.base import MailKind
from tickets.models import Booklet, Delivery
from tickets.querysets import RENDER_ATTEMPTS
from tickets.wakeup import notify_workers

PAUSE = dt.timedelta(minutes=10)
"""The shortest time between two mails with the same booklet to the same person."""


class ClassTickets(MailKind):
    """Not sent to a person who has left the school. If the PDF is late, the mail links to its page."""

    kind = Delivery.Kind.CLASS
    templates = "mail/class_tickets"

    def __init__(self) -> None:
        super().__init__()
        self._booklets: dict[int, Booklet] = {}

    @classmethod
    def waits_for_pdf(cls) -> Q:
        to_make = Booklet.objects.filter(finished_at=None, attempts__lt=RENDER_ATTEMPTS)
        return Q(Exists(to_make.filter(pk=OuterRef("booklet"))), kind=cls.kind)

    def fest(self, delivery: Delivery) -> Fest | None:
        booklet = _booklet_of(delivery)
        if booklet is None or not _is_teacher_of(booklet.school, delivery):
            return None
        self._booklets[delivery.pk] = booklet
        return booklet.fest

    def context(self, delivery: Delivery, fest: Fest) -> dict[str, Any] | None:
        booklet = self._booklets.pop(delivery.pk)
        count, waiting = booklets.tickets_of(booklet).count(), _waiting(booklet)
        if not count and not waiting:
            return None
        pdf = _file(booklet)
        return {
            "school": booklet.school,
            "job": booklet.job,
            "count": count,
            "waiting": waiting,
            "pdf": pdf,
            "has_pdf": bool(pdf),
            "url": absolute(reverse("teacher:booklet", args=[booklet.code])),
            "students_url": absolute(reverse("teacher:home")),
        }

    def attach(self, message: AnymailMessage, delivery: Delivery, context: dict[str, Any]) -> None:
        if context["pdf"]:
            message.attach("tickets.pdf", context["pdf"], "application/pdf")


def _booklet_of(delivery: Delivery) -> Booklet | None:
    """The booklet of this mail. If a class list's booklet was deleted as old, it is requested again."""
    found = Booklet.objects.filter(deliveries=delivery).select_related("fest", "school").first()
    if found or delivery.job is None:
        return found
    booklet = _order(delivery.job, user=delivery.user)
    Delivery.objects.filter(pk=delivery.pk).update(booklet=booklet)
    return booklet


def _is_teacher_of(school: School, delivery: Delivery) -> bool:
    """Whether the recipient still teaches at the school; an approval may have been withdrawn."""
    return school.teachers.with_access().filter(user=delivery.user_id).exists()


def _waiting(booklet: Booklet) -> list[Registration]:
    students = booklets.students_in(booklet)
    waiting = Registration.objects.filter(student__in=students, state=Registration.State.WAITING)
    rows = with_number(waiting.with_related())
    return list(rows.order_by("student__grade", "student__section", "student__name_key"))


def _file(booklet: Booklet) -> bytes:
    try:
        return booklets.booklet_path(booklet).read_bytes()
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
    booklet = _order(job, user=user)
    if booklets.students_in(booklet).exists():
        _enqueue(booklet, user=user, now=now, job=job)
    else:
        booklet.delete()


def _order(job: ClassListJob, *, user: Any) -> Booklet:
    return booklets.order(
        school=job.class_list.school,
        fest=job.class_list.fest,
        user=user,
        per_page=Booklet.PerPage.ONE,
        chosen={},
        job=job,
    )


def enqueue(booklet: Booklet, *, user: Any, now: dt.datetime) -> bool:
    """Enqueues the mail with this booklet on request; `False` without an address or too soon after the last one."""
    if Delivery.objects.filter(booklet=booklet, user=user, queued_at__gt=now - PAUSE).exists():
        return False
    return _enqueue(booklet, user=user, now=now, job=None)


def _enqueue(booklet: Booklet, *, user: Any, now: dt.datetime, job: ClassListJob | None) -> bool:
    if not user.email:
        return False
    with transaction.atomic():
        Delivery.objects.create(
            kind=Delivery.Kind.CLASS,
            user=user,
            job=job,
            booklet=booklet,
            to=user.email,
            mailbox=mailbox_key(user.email),
            created_at=now,
            queued_at=now,
            due_at=now,
        )
        transaction.on_commit(notify_workers, robust=True)
    return True
