"""Letters to teachers: mails whose words are decided when they are owed, such as a link to a new password."""

import datetime as dt
from collections.abc import Collection
from email.utils import parseaddr
from typing import Any

from anymail.message import AnymailMessage
from django.conf import settings
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone, translation

from events.models import Fest
from registrations.signals import notice_pending
from registrations.students.names import mailbox_key
from tickets.mail.headers import build_message
from tickets.models import Delivery, Notice
from tickets.wakeup import notify_workers


def enqueue_notice(
    *,
    to: str,
    subject: str,
    text: str,
    link: str = "",
    link_label: str = "",
    user: Any = None,
    now: dt.datetime,
) -> Delivery:
    """Owes this mail as part of the caller's transaction, and rings for the worker after the commit.

    `text` is plain: its empty lines part paragraphs, nothing in it becomes markup or a link. `link` is an
    address of this site in full; without a label it is shown as "Open".
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
        Notice.objects.create(
            delivery=delivery,
            subject=" ".join(subject.split())[:200],
            text=text,
            link=link,
            link_label=link_label,
        )
        transaction.on_commit(notify_workers, robust=True)
    return delivery


@receiver(notice_pending)
def hear(*, now: dt.datetime, to: str, subject: str, text: str, **rest: Any) -> None:
    """What the room of registrations owes: it may not know the mails."""
    wanted = {name: rest[name] for name in ("link", "link_label", "user") if name in rest}
    enqueue_notice(to=to, subject=subject, text=text, now=now, **wanted)


def compose(delivery: Delivery) -> AnymailMessage | None:
    """The letter as a mail; `None` if its words are gone, for then it was handed over or given up before."""
    notice = Notice.objects.filter(delivery=delivery).first()
    if notice is None:
        return None
    fest = _fest()
    with translation.override(settings.LANGUAGE_CODE), timezone.override(fest.zone):
        return build_message(delivery, {"fest": fest, "notice": notice, "site_url": settings.SITE_URL})


def _fest() -> Fest:
    """The fest in whose name is written: the current one, else the newest, else none that has a name yet."""
    fest = Fest.objects.order_by("-is_current", "-pk").first()
    if fest is None:
        name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
        return Fest(name=name or settings.SITE_HOST, contact_name=name or address, contact_email=address)
    return fest


def forget(ids: Collection[int]) -> None:
    """Deletes the words of those of these mails that are no longer owed: what opens a door is not kept."""
    pending = (Delivery.State.QUEUED, Delivery.State.SENDING)
    if ids:
        Notice.objects.filter(delivery__in=ids).exclude(delivery__state__in=pending).delete()
