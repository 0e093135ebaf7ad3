"""The mail with a class's tickets: to the teacher, for all students who have no address of their own."""

import datetime as dt
from typing import Any

from anymail.message import AnymailMessage
from django.conf import settings
from django.db import transaction
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone, translation

from events.models import Fest
from registrations.booking.waitlist import with_number
from registrations.models import ClassListEntry, ClassListJob, Registration, School
from registrations.signals import list_registered
from registrations.students.names import mailbox_key
from tickets.content import absolute
from tickets.documents import booklets
from tickets.mail.headers import build_message
from tickets.models import Booklet, Delivery
from tickets.wakeup import notify_workers

PAUSE = dt.timedelta(minutes=10)
"""Between two mails with the same booklet to the same person."""


@receiver(list_registered)
def follow(*, job: ClassListJob, now: dt.datetime, **_kwargs: object) -> None:
    """Owes the one mail of a finished class list, as part of its transaction, with the PDF still to be made.

    Where every student has an address, each was mailed already, and there is nothing to send on; nor where
    the list was registered before and this job changed nothing.
    """
    if not ClassListEntry.objects.filter(row__job=job, is_new=True).exists():
        return
    class_list = job.class_list
    # Whoever looks after the list may have left the school since.
    is_there = class_list.school.teachers.with_access().filter(user=class_list.owner).exists()
    user = class_list.owner if is_there else job.requested_by
    booklet = booklets.order(
        school=class_list.school,
        fest=class_list.fest,
        user=user,
        per_page=Booklet.PerPage.ONE,
        chosen={},
        job=job,
    )
    if booklets.students_in(booklet).exists():
        _enqueue(booklet, user=user, now=now, job=job)
    else:
        booklet.delete()


def enqueue(booklet: Booklet, *, user: Any, now: dt.datetime) -> bool:
    """Owes this booklet to somebody who asked for it; not again within a few minutes, nor without an address."""
    recent = Delivery.objects.filter(booklet=booklet, user=user, queued_at__gt=now - PAUSE)
    if recent.exists():
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


def compose(delivery: Delivery) -> AnymailMessage | None:
    """The mail as it is true now; `None` where the teacher is none any more, or nothing is left to tell.

    Without its file, which may be late or gone, it says so and links the board.
    """
    booklet = _booklet_of(delivery)
    if booklet is None or not _may_read(delivery, booklet.school):
        return None
    with translation.override(settings.LANGUAGE_CODE), timezone.override(booklet.fest.zone):
        content, context = _file(booklet), _context(booklet, booklet.fest)
        if not context["count"] and not context["waiting"]:
            return None
        message = build_message(delivery, context | {"has_pdf": bool(content)})
        if content:
            message.attach("tickets.pdf", content, "application/pdf")
    return message


def _booklet_of(delivery: Delivery) -> Booklet | None:
    """The booklet of this mail. One that was cleared away is wanted anew, where it was a class list's."""
    found = Booklet.objects.filter(deliveries=delivery).select_related("fest", "school").first()
    if found or delivery.job is None:
        return found
    class_list = delivery.job.class_list
    booklet = booklets.order(
        school=class_list.school,
        fest=class_list.fest,
        user=delivery.user,
        per_page=Booklet.PerPage.ONE,
        chosen={},
        job=delivery.job,
    )
    Delivery.objects.filter(pk=delivery.pk).update(booklet=booklet)
    return booklet


def _may_read(delivery: Delivery, school: School) -> bool:
    """Whether the one it goes to still teaches at the school; an approval may have been taken back."""
    return school.teachers.with_access().filter(user=delivery.user_id).exists()


def _file(booklet: Booklet) -> bytes:
    try:
        return booklets.booklet_path(booklet).read_bytes()
    except FileNotFoundError:
        return b""


def _context(booklet: Booklet, fest: Fest) -> dict[str, Any]:
    waiting = Registration.objects.filter(
        student__in=booklets.students_in(booklet), state=Registration.State.WAITING
    )
    lines = with_number(waiting.with_related()).order_by(
        "student__grade", "student__section", "student__name_key"
    )
    return {
        "fest": fest,
        "school": booklet.school,
        "job": booklet.job,
        "count": booklets.tickets_of(booklet).count(),
        "waiting": list(lines),
        "site_url": settings.SITE_URL,
        "url": absolute(reverse("teacher:booklet", args=[booklet.code])),
        "students_url": absolute(reverse("teacher:home")),
    }
