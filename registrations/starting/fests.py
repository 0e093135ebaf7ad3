"""A new fest: from scratch, or from an older one with everything but its people."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Model

from events.capacity import set_capacity
from events.clock import database_now
from events.models import Category, Event, Fest, Venue
from events.trail import record
from registrations.consents import DEFAULT
from registrations.models import ConsentText

_OF_EVENT = {"id", "fest", "category", "venue", "state", "is_paused", "hours_changed_at", "sequence"}
"""What a copied event gets anew; nobody may register for it before somebody has looked at it."""
_OF_FEST = {"id", "is_current", "is_paused", "hours_changed_at"}
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
    """A fest with its first consent text; the current one if there is none yet. `values` are columns of Fest."""
    is_current = not Fest.objects.filter(is_current=True).exists()
    fest = Fest.objects.create(is_current=is_current, **values)
    ConsentText.objects.create(fest=fest, version=1, text=consent or DEFAULT)
    record(fest, what="made", now=database_now(), user=user)
    return fest


@transaction.atomic
def copy_fest(source: Fest, values: Mapping[str, Any], *, user: Any = None) -> Fest:
    """Last year's fest once more: categories, venues and events as drafts, capacities, consent text; no people.

    `values` are columns that differ; they name at least `name`, `slug`, `starts_on`, `opens_at` and
    `closes_at`. Every other time moves by as many days as the first day, and keeps its hour in the fest's zone.
    """
    span = values["starts_on"] - source.starts_on
    kept = _columns(source, without=_OF_FEST) | {"ends_on": source.ends_on + span}
    text = source.consent_texts.order_by("-version").first()
    fest = new_fest(kept | dict(values), consent=text.text if text else "", user=user)
    categories = {row.pk: _again(row, fest) for row in Category.objects.filter(fest=source)}
    venues = {row.pk: _again(row, fest) for row in Venue.objects.filter(fest=source)}
    for event in Event.objects.filter(fest=source).select_related("seats").order_by("pk"):
        times = {name: _moved(getattr(event, name), span, source) for name in _TIMES}
        copied = Event.objects.create(
            fest=fest,
            category=categories[event.category_id],
            venue=venues[event.venue_id],
            **(_columns(event, without=_OF_EVENT) | times),
        )
        set_capacity(copied, capacity=event.seats.capacity)
    record(fest, what="copied", now=database_now(), user=user, after={"from": source.slug})
    return fest


def _columns(row: Model, *, without: set[str]) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in without
    }


def _again(row: Any, fest: Fest) -> Any:
    return type(row).objects.create(fest=fest, **_columns(row, without={"id", "fest"}))


def _moved(moment: dt.datetime | None, span: dt.timedelta, source: Fest) -> dt.datetime | None:
    """The same hour on the later day, also where the clocks are put forward in between."""
    if moment is None:
        return None
    at = moment.astimezone(source.zone).replace(tzinfo=None) + span
    return at.replace(tzinfo=source.zone)
