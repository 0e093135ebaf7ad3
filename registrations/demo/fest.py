"""The sample fest: made once, moved ahead when its registration has closed; registrations and edits are kept."""

import datetime as dt
import uuid
import zoneinfo
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from events.editing import set_capacity
from events.models import Category, Event, Fest, Seats, Venue
from registrations.booking.submit import BookingRequest, submit
from registrations.demo import sample
from registrations.models import ConsentText, Question, School, SchoolAlias, Teacher
from registrations.questions.ready import ready_values
from registrations.students.consents import newest_text
from registrations.students.identity import Details
from registrations.students.names import school_key
from registrations.teachers.onboarding import approved_teacher
from techfest.core.db.locking import Deadline

DAYS_AHEAD = 10
LEFT_FREE = 3
"""Seats left in the event that is nearly full."""


def prepare(now: dt.datetime) -> Fest:
    """Make the sample fest. One whose registration has closed moves ahead with all its events by whole days."""
    with transaction.atomic():
        first_day = _next_saturday(timezone.localtime(now, zoneinfo.ZoneInfo(sample.ZONE)).date())
        fest = Fest.objects.filter(slug=sample.SLUG).first()
        if fest is None or fest.closes_at <= now:
            fest = fest or _create(first_day, now)
            _move(fest, first_day, now)
    _fill(fest)
    return fest


def _next_saturday(today: dt.date) -> dt.date:
    earliest = today + dt.timedelta(days=DAYS_AHEAD)
    return earliest + dt.timedelta(days=(5 - earliest.weekday()) % 7)


def _create(first_day: dt.date, now: dt.datetime) -> Fest:
    fest = Fest.objects.create(
        name="Riverside Tech Fest",
        slug=sample.SLUG,
        is_current=not Fest.objects.filter(is_current=True).exists(),
        place="Riverside Public School, 14 Lake Road",
        time_zone=sample.ZONE,
        starts_on=first_day,
        ends_on=first_day + dt.timedelta(days=1),
        opens_at=now - dt.timedelta(days=1),
        closes_at=now + dt.timedelta(days=1),
        contact_name="Riverside fest desk",
        contact_email="fest@riverside.example",
        privacy_text=sample.PRIVACY,
    )
    ConsentText.objects.create(fest=fest, version=1, text=sample.CONSENT)
    for position, name in enumerate(sample.CATEGORIES):
        Category.objects.create(fest=fest, name=name, slug=slugify(name), position=position)
    for name, directions in sample.VENUES.items():
        Venue.objects.create(fest=fest, name=name, directions=directions)
    _create_schools()
    for plan in sample.EVENTS:
        _create_event(fest, plan)
    _create_questions(fest)
    return fest


def make_teacher(user: Any, *, by: Any, now: dt.datetime) -> Teacher:
    """Make this user an approved teacher of the first of the sample's schools."""
    school = School.objects.get(key=school_key(sample.SCHOOLS[0]))
    return approved_teacher(user=user, school=school, by=by, now=now)


def _create_schools() -> None:
    for name in sample.SCHOOLS:
        school, _made = School.objects.get_or_create(
            key=school_key(name), defaults={"name": name, "state": School.State.ACCEPTED}
        )
        for alias in sample.ALIASES.get(name, ()):
            SchoolAlias.objects.get_or_create(
                key=school_key(alias), defaults={"name": alias, "school": school}
            )


def _create_event(fest: Fest, plan: sample.SampleEvent) -> None:
    event = Event.objects.create(
        fest=fest,
        category=fest.categories.get(name=plan.category),
        venue=fest.venues.get(name=plan.venue),
        name=plan.name,
        slug=slugify(plan.name),
        summary=plan.summary,
        description=plan.description,
        rules=plan.rules,
        bring=plan.bring,
        starts_at=_at(fest, plan.day, plan.starts),
        ends_at=_at(fest, plan.day, plan.ends),
        grade_min=plan.grades[0],
        grade_max=plan.grades[1],
        state=Event.State.PUBLISHED,
    )
    set_capacity(event, capacity=plan.capacity)


def _create_questions(fest: Fest) -> None:
    """One of the ready ones for everybody, and one of an event."""
    Question.objects.create(fest=fest, ready=Question.Ready.FOOD, **ready_values(Question.Ready.FOOD))
    slug, values = sample.QUESTION
    Question.objects.create(fest=fest, event=fest.events.get(slug=slug), kind=Question.Kind.ONE, **values)


def _at(fest: Fest, day: int, hour: float) -> dt.datetime:
    date = fest.starts_on + dt.timedelta(days=day)
    return dt.datetime.combine(date, dt.time(), fest.zone) + dt.timedelta(hours=hour)


def _move(fest: Fest, first_day: dt.date, now: dt.datetime) -> None:
    """Everything by the same whole days, so that nothing clashes that did not; then the odd ones out."""
    delta = first_day - fest.starts_on
    Seats.objects.locked(fest.events.values_list("pk", flat=True))
    for event in fest.events.all():
        event.starts_at += delta
        event.ends_at += delta
        event.opens_at = event.closes_at = None
        _set_trait(event, now)
        event.save(update_fields=["starts_at", "ends_at", "opens_at", "closes_at"])
    fest.starts_on = first_day
    fest.ends_on = first_day + dt.timedelta(days=1)
    fest.opens_at = now - dt.timedelta(days=1)
    fest.closes_at = _at(fest, -1, 20)
    fest.save(update_fields=["starts_on", "ends_on", "opens_at", "closes_at"])


def _set_trait(event: Event, now: dt.datetime) -> None:
    traits = {slugify(plan.name): plan.trait for plan in sample.EVENTS}
    match traits.get(event.slug):
        case "opens soon":
            event.opens_at = _full_minute(now + dt.timedelta(minutes=1))
        case "closed":
            event.closes_at = now - dt.timedelta(days=1)


def _full_minute(when: dt.datetime) -> dt.datetime:
    """This minute, or the next one where seconds have passed: an opening that people can read."""
    begun = when.replace(second=0, microsecond=0)
    return begun if begun == when else begun + dt.timedelta(minutes=1)


def _fill(fest: Fest) -> None:
    """Sample students take seats through the same door as everybody, once."""
    plans = [plan for plan in sample.EVENTS if plan.trait == "nearly full"]
    for event in fest.events.filter(slug__in=[slugify(plan.name) for plan in plans]):
        if event.registrations.exists():
            continue
        text = newest_text(fest)
        for index in range(event.seats.capacity - LEFT_FREE):
            submit(_booking_request(fest, event, index, text), deadline=Deadline())


def _booking_request(fest: Fest, event: Event, index: int, text: ConsentText | None) -> BookingRequest:
    first, last = divmod(index, len(sample.LAST_NAMES))
    name = f"{sample.FIRST_NAMES[first % len(sample.FIRST_NAMES)]} {sample.LAST_NAMES[last]}"
    return BookingRequest(
        key=uuid.uuid5(uuid.NAMESPACE_URL, f"sample/{event.slug}/{index}"),
        fest_id=fest.pk,
        event_ids=(event.pk,),
        wants_waiting=True,
        details=Details(
            name=name, school=sample.SCHOOLS[index % len(sample.SCHOOLS)], grade=event.grade_min + index % 5
        ),
        consent_text_id=text.pk if text else None,
    )
