"""The reminder on the day before: one mail to each student who has a seat tomorrow."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone

from events.models import Event, Fest
from registrations.models import Registration
from registrations.querysets import RegistrationQuerySet
from registrations.students.names import mailbox_key
from techfest.core.db.clock import database_now
from tickets.mail.kinds.base import Entry, StudentMail
from tickets.models import Delivery, Ticket

FROM_HOUR = 16
"""The hour, in the fest's time zone, from which tomorrow's reminders are sent: after school, before bedtime."""
JUST_REGISTERED = dt.timedelta(hours=12)
"""A student who registered within this time has just read the mail with the ticket and gets no reminder."""


class Reminder(StudentMail):
    kind = Delivery.Kind.REMINDER
    templates = "mail/reminder"
    comes_from_public_forms = True
    is_to_many = True

    def __init__(self) -> None:
        super().__init__()
        self._now: dt.datetime | None = None

    def _today(self, fest: Fest) -> dt.date:
        """The day in the fest's time zone, by the database clock. A reminder that is late says nothing true."""
        self._now = self._now or database_now()
        return timezone.localtime(self._now, fest.zone).date()

    def fetch(self, deliveries: Sequence[Delivery]) -> None:
        self._now = None

    def entries(self, delivery: Delivery) -> list[Entry]:
        """The student's seats of that day, with their live tickets."""
        student = delivery.student
        if student is None or delivery.day is None or delivery.day <= self._today(student.fest):
            return []
        rows = _seats_of(student.fest, delivery.day).filter(student=student).with_related()
        live = Prefetch("tickets", Ticket.objects.live())
        return [self.entry_of(row) for row in rows.prefetch_related(live).order_by("event__starts_at", "pk")]

    def details(self, delivery: Delivery, context: dict[str, Any]) -> dict[str, Any]:
        return {"is_reminder": True}


def enqueue_reminders(*, now: dt.datetime) -> int:
    """Enqueues tomorrow's reminders of every fest where it is late enough; returns how many are new.

    A late run catches up on the same day and not afterwards. Repeated or concurrent runs add nothing: the database
    accepts one reminder per student and day. Three queries per fest.
    """
    fests = Fest.objects.filter(ends_on__gte=(now - dt.timedelta(days=1)).date())
    return sum(_enqueue(fest, now) for fest in fests)


def _enqueue(fest: Fest, now: dt.datetime) -> int:
    local = timezone.localtime(now, fest.zone)
    if local.hour < FROM_HOUR:
        return 0
    day = local.date() + dt.timedelta(days=1)
    rows = _seats_of(fest, day).exclude(student__email="").filter(created_at__lt=now - JUST_REGISTERED)
    students = {row.student_id: row.student for row in rows.select_related("student").order_by("student")}
    known = Delivery.objects.filter(kind=Delivery.Kind.REMINDER, day=day, student__in=students)
    already_queued = set(known.values_list("student", flat=True))
    new = [
        Delivery(
            kind=Delivery.Kind.REMINDER,
            student=student,
            day=day,
            to=student.email,
            mailbox=mailbox_key(student.email),
            created_at=now,
            queued_at=now,
            due_at=now,
        )
        for pk, student in students.items()
        if pk not in already_queued
    ]
    Delivery.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _seats_of(fest: Fest, day: dt.date) -> RegistrationQuerySet:
    midnight = dt.datetime.combine(day, dt.time(), fest.zone)
    ends = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), fest.zone)
    return Registration.objects.filter(
        state=Registration.State.CONFIRMED,
        event__fest=fest,
        event__state=Event.State.PUBLISHED,
        event__starts_at__gte=midnight,
        event__starts_at__lt=ends,
    )
