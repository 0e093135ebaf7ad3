"""Notices to staff and teachers: mails whose text is fixed when they are enqueued, such as a link to a new password."""

import datetime as dt
from collections.abc import Collection
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db import transaction

from events.models import Fest
from registrations import hooks
from registrations.booking.change_notices import still_to_tell, subject_about, text_about
from registrations.models import Change, Student
from registrations.students.names import mailbox_key
from techfest.core.db.bulk import observe
from tickets.mail.kinds.base import MailKind
from tickets.models import Delivery, Notice
from tickets.wakeup import notify_workers


class NoticeMail(MailKind):
    kind = Delivery.Kind.NOTICE
    templates = "mail/notice"

    def fest(self, delivery: Delivery) -> Fest:
        """The current fest, else the newest, else an unsaved one with only a name and an address."""
        fest = Fest.objects.order_by("-is_current", "-pk").first()
        if fest is None:
            name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
            return Fest(name=name or settings.SITE_HOST, contact_name=name or address, contact_email=address)
        return fest

    def context(self, delivery: Delivery, fest: Fest) -> dict[str, Any] | None:
        """`None` if the text was deleted, after the mail was handed over or given up, or if nobody is left to tell."""
        notice = Notice.objects.filter(delivery=delivery).first()
        if notice and notice.changes:
            changes = still_to_tell(notice.changes, user=delivery.user_id)
            if not changes:
                return None
            notice.subject = subject_about(len(changes))
            notice.text = text_about(changes, words=notice.text)
        return {"notice": notice} if notice else None


def enqueue_notice(
    *,
    to: str,
    subject: str,
    text: str,
    now: dt.datetime,
    link: str = "",
    link_label: str = "",
    user: Any = None,
    changes: Collection[int] = (),
) -> Delivery:
    """Enqueues this mail in the caller's transaction.

    `text` is plain text: empty lines separate paragraphs, and nothing in it becomes markup or a link. `link` is an
    absolute address of this site; without a label it is shown as "Open". A notice with `changes` goes to a teacher of
    these students, and only with the changes of those who are not erased when it is sent.
    """
    with transaction.atomic():
        delivery = Delivery.objects.create(
            kind=Delivery.Kind.NOTICE,
            user=user,
            to=to,
            mailbox=mailbox_key(to),
            created_at=now,
            queued_at=now,
            due_at=now,
        )
        observe([delivery])
        Notice.objects.create(
            delivery=delivery,
            subject=" ".join(subject.split())[:200],
            text=text,
            link=link,
            link_label=link_label,
            changes=list(changes),
        )
        transaction.on_commit(notify_workers, robust=True)
    return delivery


hooks.enqueue_notice.register(enqueue_notice)


def forget(delivery_ids: Collection[int]) -> None:
    """Deletes the text of notices that are no longer pending, so that a link that opens an account is not kept."""
    pending = (Delivery.State.QUEUED, Delivery.State.SENDING)
    if delivery_ids:
        Notice.objects.filter(delivery__in=delivery_ids).exclude(delivery__state__in=pending).delete()


def delete_about(student: Student) -> None:
    """Deletes the notices that have nobody to tell of once this student is erased."""
    mine = list(Change.objects.filter(registration__student=student).values_list("pk", flat=True))
    for notice in Notice.objects.filter(changes__overlap=mine).select_related("delivery"):
        others = Change.objects.filter(pk__in=notice.changes, registration__student__erased_at=None)
        if not others.exclude(registration__student=student).exists():
            notice.delivery.delete()
