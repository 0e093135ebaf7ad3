"""The bench's fest in the product's database: events that are open now, and what became of the submissions."""

import datetime as dt
import os
import time
from collections.abc import Sequence
from typing import Any

import django

from deploy.bench.stack import Stack


def set_up(stack: Stack) -> None:
    """Make this process speak to the stack's database, and make the fest."""
    os.environ.update(stack.variables)
    django.setup()
    from django.utils import timezone

    from deploy.bench.visitors import SCHOOLS
    from events.models import Category, Fest, Venue
    from registrations.models import ConsentText, School

    today = timezone.now()
    fest = Fest.objects.create(
        name="Bench Fest",
        slug="bench",
        is_current=True,
        place="Riverside",
        starts_on=today.date() + dt.timedelta(days=20),
        ends_on=today.date() + dt.timedelta(days=21),
        opens_at=today - dt.timedelta(days=1),
        closes_at=today + dt.timedelta(days=10),
        contact_name="Bench",
        contact_email="bench@example.org",
        privacy_text="Bench",
    )
    Venue.objects.create(fest=fest, name="Main hall")
    Category.objects.create(fest=fest, name="Coding", slug="coding")
    ConsentText.objects.create(fest=fest, version=1, text="I am allowed to take part.")
    for name in SCHOOLS:
        school = School(name=name, state=School.State.ACCEPTED)
        school.clean()
        school.save()


def open_events(count: int, *, capacity: int, prefix: str) -> list[str]:
    """New events of the fest with so many seats each; returns their slugs."""
    from django.utils import timezone

    from events.models import Category, Event, Fest, Seats, Venue

    fest = Fest.objects.get(slug="bench")
    starts = timezone.now() + dt.timedelta(days=20)
    shared = {"fest": fest, "venue": Venue.objects.get(), "category": Category.objects.get()}
    events = Event.objects.bulk_create(
        Event(
            **shared,
            name=f"Event {prefix} {number}",
            slug=f"{prefix}-{number}",
            summary="A bench's event.",
            starts_at=starts,
            ends_at=starts + dt.timedelta(hours=1),
            grade_min=5,
            grade_max=12,
            state=Event.State.PUBLISHED,
        )
        for number in range(count)
    )
    Seats.objects.bulk_create(Seats(event=event, capacity=capacity) for event in events)
    return [event.slug for event in events]


def close_events() -> None:
    """Draft again, so that the next round's form lists its own events only."""
    from events.models import Event

    Event.objects.update(state=Event.State.DRAFT)


def counts(slugs: Sequence[str]) -> dict[str, Any]:
    """What the database holds for these events: seats, places, tickets and mails."""
    from django.db.models import F

    from events.models import Seats
    from registrations.models import Registration
    from tickets.models import Delivery, Ticket

    rows = Registration.objects.filter(event__slug__in=slugs)
    confirmed = rows.filter(state="confirmed").count()
    waiting = rows.filter(state="waiting")
    places = sorted(rows.values_list("event", "queue_position"))
    stored = Seats.objects.filter(event__slug__in=slugs)
    return {
        "confirmed": confirmed,
        "waiting": waiting.count(),
        "oversold": sum(max(0, seats.taken - seats.capacity) for seats in stored),
        "places_without_gaps": places == _without_gaps(places),
        "stored_counts_right": sum(seats.taken for seats in stored) == confirmed
        and sum(seats.waiting for seats in stored) == waiting.count(),
        "live_tickets": Ticket.objects.filter(registration__in=rows, voided_at=None).count(),
        "mails_pending": Delivery.objects.filter(submission__registrations__in=rows).distinct().count(),
        "full": stored.filter(taken__gte=F("capacity")).count(),
    }


def _without_gaps(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same events with the places 1, 2, 3, …"""
    seen: dict[int, int] = {}
    expected = []
    for event, _place in places:
        seen[event] = seen.get(event, 0) + 1
        expected.append((event, seen[event]))
    return expected


def wait_for_mails(*, seconds: float) -> dict[str, float | int]:
    """Wait until no mail is pending; seconds from now to the last hand-over, and how many are left if not."""
    from tickets.models import Delivery

    began = time.monotonic()
    while time.monotonic() - began < seconds:
        left = Delivery.objects.filter(state__in=("queued", "sending")).count()
        if not left:
            return {"seconds": round(time.monotonic() - began, 2), "left": 0}
        time.sleep(0.2)
    return {"seconds": round(time.monotonic() - began, 2), "left": left}


def mail_seconds() -> dict[str, float]:
    """From the cause of each mail to its hand-over: the spread over all that were sent."""
    from django.db.models import F

    from deploy.bench.figures import spread
    from tickets.models import Delivery

    sent = Delivery.objects.exclude(sent_at=None).values_list(F("sent_at") - F("created_at"), flat=True)
    return spread([waited.total_seconds() for waited in sent])
