"""The reminder of the day before: one mail to each student who has a seat tomorrow."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Prefetch
from django.utils import timezone

from events.models import Event, Fest
from registrations.models import Registration
from registrations.querysets import RegistrationQuerySet
from registrations.students.names import mailbox_key
from tickets.models import Delivery, Ticket

FROM_HOUR = 16
"""From when on, in the fest's own time, tomorrow's mails are owed: school is over, and nobody sleeps yet."""
NEWS = dt.timedelta(hours=12)
"""Whoever registered since then has just read the ticket's mail."""


def enqueue_reminders(*, now: dt.datetime) -> int:
    """Owes tomorrow's reminders of every fest, where it is late enough there; how many are new.

    A beat that comes late catches up the same day, and never after it. Running it again, or twice at once, adds
    nobody: the database has one reminder a student and day. Three queries a fest.
    """
    return sum(
        _enqueue(fest, now) for fest in Fest.objects.filter(ends_on__gte=(now - dt.timedelta(days=1)).date())
    )


def _enqueue(fest: Fest, now: dt.datetime) -> int:
    local = timezone.localtime(now, fest.zone)
    if local.hour < FROM_HOUR:
        return 0
    day = local.date() + dt.timedelta(days=1)
    rows = _seats_of(fest, day).exclude(student__email="").filter(created_at__lt=now - NEWS)
    students = {row.student_id: row.student for row in rows.select_related("student").order_by("student")}
    known = Delivery.objects.filter(kind=Delivery.Kind.REMINDER, day=day, student__in=students)
    already_queued = set(known.values_list("student", flat=True))
    pending = [
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
    Delivery.objects.bulk_create(pending, ignore_conflicts=True)
    return len(pending)


def registrations_of(delivery: Delivery) -> Iterable[Registration]:
    """The seats of the reminder's student on its day that are still there, with their live tickets."""
    student = delivery.student
    if student is None or delivery.day is None:
        return ()
    rows = _seats_of(student.fest, delivery.day).filter(student=student).with_related()
    live = Prefetch("tickets", Ticket.objects.live())
    return rows.prefetch_related(live).order_by("event__starts_at", "pk")


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
