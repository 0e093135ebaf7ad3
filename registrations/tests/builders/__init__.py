"""Plain builders: one call makes one row that is complete, and says only what the test is about."""

import datetime as dt
import itertools
import uuid
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.utils import timezone

from events.editing import set_capacity
from events.models import Category, Event, Fest, Venue
from registrations.booking.cancel import cancel
from registrations.booking.submit import BookingRequest, submit
from registrations.models import Change, ConsentText, School, Submission, Teacher
from registrations.students.identity import Details
from registrations.students.names import school_key
from registrations.teachers.onboarding import approved_teacher
from techfest.core.db.locking import Deadline

PASSWORD = "three odd lions"

_numbers = itertools.count(1_001)  # smaller ones are read as a grade behind a name


def build_fest(**values: Any) -> Fest:
    """The current fest, open since yesterday, two weeks ahead."""
    today = timezone.now()
    number = next(_numbers)
    defaults = {
        "name": f"Fest {number}",
        "slug": f"fest-{number}",
        "is_current": not Fest.objects.filter(is_current=True).exists(),
        "place": "Lake Road School",
        "time_zone": "Asia/Kolkata",
        "starts_on": (today + dt.timedelta(days=14)).date(),
        "ends_on": (today + dt.timedelta(days=15)).date(),
        "opens_at": today - dt.timedelta(days=1),
        "closes_at": today + dt.timedelta(days=10),
        "contact_name": "Fest desk",
        "contact_email": "desk@fest.example",
    }
    fest = Fest.objects.create(**(defaults | values))
    ConsentText.objects.create(fest=fest, version=1, text="I agree.")
    return fest


def build_event(fest: Fest, *, capacity: int = 10, hour: float | None = None, **values: Any) -> Event:
    """A published event for everybody; without an hour each one has a time of its own, so none clash."""
    number = next(_numbers)
    start = dt.datetime.combine(fest.starts_on, dt.time(), fest.zone)
    start += dt.timedelta(hours=hour) if hour is not None else dt.timedelta(days=number)
    category, _made = Category.objects.get_or_create(fest=fest, slug="coding", defaults={"name": "Coding"})
    venue, _made = Venue.objects.get_or_create(fest=fest, name="Main Hall")
    defaults = {
        "category": category,
        "venue": venue,
        "name": f"Event {number}",
        "slug": f"event-{number}",
        "summary": "An event",
        "starts_at": start,
        "ends_at": start + dt.timedelta(hours=1),
        "grade_min": 1,
        "grade_max": 12,
        "state": Event.State.PUBLISHED,
    }
    event = Event.objects.create(fest=fest, **(defaults | values))
    set_capacity(event, capacity=capacity)
    return event


def build_school(name: str = "Riverside Public School", **values: Any) -> School:
    defaults = {"name": name, "state": School.State.ACCEPTED}
    school, _made = School.objects.get_or_create(key=school_key(name), defaults=defaults | values)
    return school


def build_user(**values: Any) -> Any:
    """A user who can log in with `PASSWORD`, and whose address is verified."""
    number = next(_numbers)
    defaults = {"username": f"user{number}", "email": f"user{number}@example.org", "password": PASSWORD}
    user = get_user_model().objects.create_user(**(defaults | values))
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def build_teacher(school: School | None = None, *, is_approved: bool = True, **values: Any) -> Teacher:
    """A teacher of this school, with an account; other values are the account's."""
    user = build_user(**({"first_name": "Ms Rao"} | values))
    school = school or build_school()
    if is_approved:
        return approved_teacher(user=user, school=school, by=None, now=timezone.now())
    return Teacher.objects.create(user=user, school=school)


def build_details(**values: Any) -> Details:
    """The details of another student each time."""
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "name": f"Asha Rao {number}",
        "school": "Riverside Public School",
        "grade": 7,
        "email": f"asha{number}@example.org",
    }
    return Details(**(defaults | values))


def build_request(
    *events: Event, key: uuid.UUID | None = None, wants_waiting: bool = True, **values: Any
) -> BookingRequest:
    """A request for these events; other values are the student's."""
    fest = events[0].fest
    return BookingRequest(
        key=key or Submission.new_key(),
        fest_id=fest.pk,
        event_ids=tuple(event.pk for event in events),
        wants_waiting=wants_waiting,
        details=build_details(**values),
        consent_text_id=fest.consent_texts.get(audience="students").pk,
    )


def build_submission(*events: Event, **values: Any) -> Submission:
    """A submission that obtained its events."""
    return submit(build_request(*events, **values), deadline=Deadline())


def submit_now(booking_request: BookingRequest) -> Submission:
    """Submits with a deadline long enough for a slow machine."""
    return submit(booking_request, deadline=Deadline(30))


def build_late_event(*, seats: int = 1, waiting: int = 3) -> Event:
    """An event whose waiting list has come to rest, with one seat that became free since."""
    event = build_event(build_fest(), capacity=seats)
    for _number in range(seats + waiting):
        build_submission(event)
    Event.objects.filter(pk=event.pk).update(promotes_until=timezone.now())
    cancel(
        [event.registrations.order_by("queue_position")[0].pk],
        actor=Change.Actor.STUDENT,
        deadline=Deadline(),
    )
    return event
