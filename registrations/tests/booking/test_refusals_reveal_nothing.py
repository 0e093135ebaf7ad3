"""A refusal reveals that a child is registered only if a seat or a waiting list position is to be had."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events import cache
from events.models import Event, Fest, Seats
from registrations.models import Change, Hold, Registration, Student, Submission
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher
from registrations.tests.builders.holds import request_now
from registrations.tests.form_posts import FORM, text_of, typed
from tickets.models import Alert, Delivery

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
KNOWN, UNKNOWN = "Asha Rao", "Zoya Rao"
MAIL = "{}@example.org"


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def change(**values: Any) -> Callable[[Event], None]:
    def act(event: Event) -> None:
        Event.objects.filter(pk=event.pk).update(**values)

    return act


def capacity(**values: Any) -> Callable[[Event], None]:
    """Exactly as many seats as are taken."""

    def act(event: Event) -> None:
        change(**values)(event)
        seats = Seats.objects.get(event=event)
        Seats.objects.filter(event=event).update(capacity=seats.taken)

    return act


REFUSALS: dict[str, Callable[[Event], None]] = {
    "not for this grade": change(grade_min=9),
    "closed": change(closes_at=timezone.now() - HOUR),
    "too soon": change(opens_at=timezone.now() + 10 * HOUR),
    "paused": change(is_paused=True),
    "cancelled": change(state=Event.State.CANCELLED),
    "draft": change(state=Event.State.DRAFT),
    "full": capacity(waiting_limit=0),
    "full, the line no longer moves": capacity(promotes_until=timezone.now() - HOUR),
}
REGISTERED_FOR = ("this event", "an event at that time", "another event")
TYPED: dict[str, dict[str, str]] = {
    "the address on record": {},
    "another address": {"email": "x@example.net"},
    "no address": {"email": ""},
    "another section": {"section": "C"},
}
"""What is typed besides the name; the child is of section B."""


def register(event: Event, where: str) -> None:
    """The known child, registered for one of these."""
    at: dict[str, Any] = {"starts_at": event.starts_at, "ends_at": event.ends_at}
    other = build_event(event.fest, **(at if where == "an event at that time" else {}))
    build_submission(
        event if where == "this event" else other, name=KNOWN, section="B", email=MAIL.format("asha")
    )


def side_effects() -> list[int]:
    models = (Student, Submission, Registration, Change, Delivery, Alert)
    return [model._default_manager.count() for model in models]


def answer_for(client: Client, name: str, *events: Event, **values: Any) -> tuple[int, str]:
    """The status, and the page as if it were about the known child."""
    given = {"section": "B", "email": MAIL.format(name.split()[0].lower()), "key": "0" * 32}
    response = client.post(FORM, typed(*events, name=name, **(given | values)))
    page = (
        re.sub(r'data-now="[^"]*"', "", text_of(response))
        .replace(name, KNOWN)
        .replace(MAIL.format("zoya"), MAIL.format("asha"))
    )
    return response.status_code, page


@pytest.mark.parametrize("given", TYPED)
@pytest.mark.parametrize("where", REGISTERED_FOR)
@pytest.mark.parametrize("refusal", REFUSALS)
def test_refusal_is_the_same_for_a_known_and_an_unknown_child(
    client: Client, fest: Fest, refusal: str, where: str, given: str
) -> None:
    event = build_event(fest)
    register(event, where)
    REFUSALS[refusal](event)
    cache.forget()
    before = side_effects()
    responses = [answer_for(client, name, event, **TYPED[given]) for name in (KNOWN, UNKNOWN)]
    assert responses[0][0] == 409
    assert responses[0] == responses[1]
    assert side_effects() == before


@pytest.mark.parametrize("given", TYPED)
def test_refusals_of_several_events_are_the_same_together(client: Client, fest: Fest, given: str) -> None:
    events = [build_event(fest) for _ in REFUSALS]
    for event in events[:3]:
        register(event, "this event")
    for event, act in zip(events, REFUSALS.values(), strict=True):
        if event.name != "draft":
            act(event)
    shown = list(Event.objects.filter(fest=fest, state="published", pk__in=[e.pk for e in events]))
    cache.forget()
    before = side_effects()
    responses = [answer_for(client, name, *shown, **TYPED[given]) for name in (KNOWN, UNKNOWN)]
    assert (responses[0][0], responses[0] == responses[1]) == (409, True)
    assert side_effects() == before


@pytest.mark.parametrize("where", REGISTERED_FOR)
def test_full_event_without_a_wish_to_wait_tells_nothing(client: Client, fest: Fest, where: str) -> None:
    event = build_event(fest)
    register(event, where)
    capacity()(event)
    cache.forget()
    before = side_effects()
    responses = [answer_for(client, name, event, want_waiting=None) for name in (KNOWN, UNKNOWN)]
    assert (responses[0][0], responses[0] == responses[1]) == (409, True)
    assert side_effects() == before


@pytest.mark.parametrize("is_full", [False, True])
def test_where_something_is_to_be_had_the_known_child_is_told(
    client: Client, fest: Fest, is_full: bool
) -> None:
    """The negative control: with something to be had the page says it, and the address is notified."""
    event, other = build_event(fest), build_event(fest)
    register(event, "this event")
    if is_full:
        capacity()(other)
    cache.forget()
    status, page = answer_for(client, KNOWN, other, email="x@example.net")
    assert (status, "is registered" in page) == (409, True)
    assert Delivery.objects.filter(kind="attempt").count() == 1
    status, page = answer_for(client, KNOWN, event)
    assert (status, "Already registered" in page) == (409, True)


def test_one_event_that_fits_among_others_is_enough(client: Client, fest: Fest) -> None:
    event, closed = build_event(fest), build_event(fest, closes_at=timezone.now() - HOUR)
    register(closed, "another event")
    status, page = answer_for(client, KNOWN, event, closed, email="x@example.net")
    assert (status, "is registered" in page) == (409, True)


def test_held_seats_whose_time_is_over_are_free_for_a_newcomer(client: Client, fest: Fest) -> None:
    """As a request finds them: the known child reads that it is registered, not that the event is full."""
    event = build_event(fest, capacity=2, waiting_limit=0)
    register(event, "another event")
    hold = request_now(build_teacher(), event, seats=2)
    Hold.objects.filter(pk=hold.pk).update(until=timezone.now() - HOUR)
    status, page = answer_for(client, KNOWN, event, email="x@example.net")
    assert (status, "is registered" in page) == (409, True)
