"""Triggers record changes of capacity and of opening hours, however they are made."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.db.models import F

from events.editing import set_capacity
from events.models import Event, Fest, Seats
from registrations.tests.builders import build_event, build_fest

pytestmark = pytest.mark.django_db


def kept(event: Event) -> list[int]:
    return [change.capacity for change in event.capacity_changes.all()]


def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_capacity_is_kept_each_time_it_changes() -> None:
    event = build_event(build_fest(), capacity=3)
    set_capacity(event, capacity=5)
    Seats.objects.filter(pk=event.pk).update(capacity=4)
    assert kept(event) == [3, 5, 4]


def test_capacity_written_again_is_not_kept_twice() -> None:
    event = build_event(build_fest(), capacity=3)
    Seats.objects.filter(pk=event.pk).update(capacity=3)
    Seats.objects.filter(pk=event.pk).update(taken=F("taken") + 1)
    assert kept(event) == [3]


def test_changed_hours_are_noted_on_event_and_fest() -> None:
    event, other = build_event(fest := build_fest()), build_event(fest)
    Event.objects.filter(pk=event.pk).update(closes_at=fest.closes_at)
    Fest.objects.filter(pk=fest.pk).update(name="Renamed")
    noted = [row.hours_changed_at is not None for row in Event.objects.order_by("pk")]
    assert (noted, Fest.objects.get().hours_changed_at, other.pk > event.pk) == ([True, False], None, True)
    Fest.objects.filter(pk=fest.pk).update(closes_at=fest.closes_at + dt.timedelta(1))
    assert Fest.objects.get().hours_changed_at is not None


def test_saving_a_stale_event_leaves_the_note() -> None:
    event = build_event(build_fest())
    Event.objects.filter(pk=event.pk).update(closes_at=event.fest.closes_at)
    noted = Event.objects.get(pk=event.pk)
    Event.objects.filter(pk=event.pk).update(name="Renamed")
    event.closes_at, event.hours_changed_at = noted.closes_at, None
    event.save()
    assert Event.objects.get(pk=event.pk).hours_changed_at == noted.hours_changed_at
