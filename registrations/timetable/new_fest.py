"""Creating a fest, from scratch or as a copy of an older one without its people."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Model

from events.editing import set_capacity
from events.models import Category, Event, Fest, Venue
from registrations.models import ConsentText, Question
from registrations.students.consents import DEFAULT_TEXT, newest_text
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now

_OF_EVENT = {"id", "fest", "category", "venue", "state", "is_paused", "hours_changed_at", "sequence"}
"""Fields that a copied event does not take over; copies are drafts until an organiser publishes them."""
_OF_FEST = {"id", "is_current", "is_paused", "hours_changed_at", "caps_changed_at"}
_TIMES = (
    "starts_at",
    "ends_at",
    "opens_at",
    "closes_at",
    "promotes_until",
    "doors_open_at",
    "seats_kept_until",
)


@transaction.atomic
def new_fest(values: Mapping[str, Any], *, consent: str = "", user: Any = None) -> Fest:
    """Create a fest with its first consent text; it becomes the current fest if there is none. `values` are fields of
    Fest.
    """
    is_current = not Fest.objects.filter(is_current=True).exists()
    fest = Fest.objects.create(is_current=is_current, **values)
    ConsentText.objects.create(fest=fest, version=1, text=consent or DEFAULT_TEXT)
    record(fest, what="made", now=database_now(), user=user)
    return fest


@transaction.atomic
def copy_fest(source: Fest, values: Mapping[str, Any], *, user: Any = None) -> Fest:
    """Copy a fest with categories, venues, events (as drafts), capacities, questions and consent text, but no people.

    `values` are the fields that differ, at least `name`, `slug`, `starts_on`, `opens_at` and `closes_at`. All other
    times move by as many days as the first day, and keep their local hour.
    """
    text = newest_text(source)
    fest = new_fest(_copied_columns(source, values), consent=text.text if text else "", user=user)
    categories = {row.pk: _again(row, fest) for row in Category.objects.filter(fest=source)}
    venues = {row.pk: _again(row, fest) for row in Venue.objects.filter(fest=source)}
    events: dict[int, Event] = {}
    for event in _events_of(source):
        copied = events[event.pk] = _copied_event(event, source, fest)
        copied.category, copied.venue = categories[event.category_id], venues[event.venue_id]
        copied.save()
        set_capacity(copied, capacity=event.seats.capacity)
    _copy_questions(source, fest, events)
    record(fest, what="copied", now=database_now(), user=user, after={"from": source.slug})
    return fest


def _copy_questions(source: Fest, fest: Fest, events: Mapping[int, Event]) -> None:
    """Copies the questions that are asked, without their answers."""
    for row in Question.objects.filter(fest=source, is_asked=True):
        values = _columns(row, without={"id", "fest", "event", "created_at"})
        Question.objects.create(fest=fest, event=events.get(row.event_id or 0), **values)


def planned_copy(source: Fest, values: Mapping[str, Any]) -> tuple[Fest, list[Event]]:
    """Return the fest that `copy_fest` would create, with its events, so that their dates can be checked. Does not
    save.
    """
    fest = Fest(**_copied_columns(source, values))
    return fest, [_copied_event(event, source, fest) for event in _events_of(source)]


def _copied_columns(source: Fest, values: Mapping[str, Any]) -> dict[str, Any]:
    span = values["starts_on"] - source.starts_on
    kept = _columns(source, without=_OF_FEST)
    return {**kept, "ends_on": source.ends_on + span, **values}


def _events_of(source: Fest) -> list[Event]:
    return list(Event.objects.filter(fest=source).select_related("seats").order_by("pk"))


def _copied_event(event: Event, source: Fest, fest: Fest) -> Event:
    """Return the event in the new fest, as a draft without category and venue, with local hours in the new zone."""
    span = fest.starts_on - source.starts_on
    times = {name: _moved(getattr(event, name), span, source, fest) for name in _TIMES}
    return Event(fest=fest, **(_columns(event, without=_OF_EVENT) | times))


def _columns(row: Model, *, without: set[str]) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in without
    }


def _again(row: Any, fest: Fest) -> Any:
    return type(row).objects.create(fest=fest, **_columns(row, without={"id", "fest"}))


def _moved(moment: dt.datetime | None, span: dt.timedelta, source: Fest, fest: Fest) -> dt.datetime | None:
    """Return the same local hour on the later day, also across a change of the clocks or of the zone."""
    if moment is None:
        return None
    at = moment.astimezone(source.zone).replace(tzinfo=None) + span
    return at.replace(tzinfo=fest.zone)
