"""Who waits: the figures of each event, the lists they lead to, and the reason why nobody is promoted."""

import datetime as dt
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from events.models import Event, Seats
from registrations.models import Hold, Registration
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from techfest.core import roles
from tickets.tests.admin_helpers import in_role, organiser_client, query_count

pytestmark = pytest.mark.django_db

WAITING = "/admin/waiting/"
NAMES = ("Asha Rao", "Benjamin Okafor", "Chandrika Iyer", "Dmitri Volkov", "Eleni Papas", "Farhan Qureshi")
"""No two are alike."""


def event_with_list(fest: Any, name: str, *, capacity: int = 1, waiting: int = 2, **values: Any) -> Event:
    event = build_event(fest, name=name, capacity=capacity, **values)
    for one in NAMES[: capacity + waiting]:
        build_submission(event, name=one, school=f"School of {name}")
    return event


def shown(client: Any) -> Any:
    return client.get(WAITING).context["overview"]


def test_figures_of_each_event_lead_to_lists_with_as_many_rows() -> None:
    fest = build_fest()
    event_with_list(fest, "Robo Race", capacity=2, waiting=3, hour=9)
    event_with_list(fest, "Quiz", capacity=1, waiting=1, hour=15)
    build_event(fest, name="Empty")
    client = organiser_client()
    overview = shown(client)
    assert [
        (one.name, one.waiting.count, one.taken.count, one.held.count, one.free) for one in overview.events
    ] == [
        ("Robo Race", 3, 2, 0, 0),
        ("Quiz", 1, 1, 0, 0),
    ]
    assert (overview.waiting, overview.without) == (4, 1)
    for one in overview.events:
        for figure in (one.waiting, one.taken):
            assert client.get(figure.path).context["cl"].result_count == figure.count


def test_held_seats_are_named_with_their_end() -> None:
    event = build_event(build_fest(), name="Robo Race", capacity=1)
    hold = Hold.objects.create(
        event=event,
        school=build_school("Hill"),
        seats=1,
        until=event.starts_at,
        requested_by=in_role(roles.OWNER, "a"),
    )
    Hold.objects.filter(pk=hold.pk).update(held_at=timezone.now())
    Seats.objects.filter(pk=event.pk).update(taken=1, held=1)
    build_submission(event, name="Asha")
    client = organiser_client()
    [one] = shown(client).events
    assert (one.waiting.count, one.held.count, one.taken.count) == (1, 1, 0)
    assert one.why.startswith("The only seat is taken. 1 of them is held for a school, until ")
    assert client.get(one.held.path).context["cl"].result_count == 1


def test_free_seats_that_nobody_gets_come_first_with_the_reason() -> None:
    fest = build_fest()
    event_with_list(fest, "Full", hour=9)
    stuck = event_with_list(fest, "Stuck", hour=15)
    Event.objects.filter(pk=stuck.pk).update(state=Event.State.CANCELLED)
    Seats.objects.filter(pk=stuck.pk).update(capacity=5)
    rows = shown(organiser_client()).events
    assert [(one.name, one.is_stuck, one.free) for one in rows] == [("Stuck", True, 4), ("Full", False, 0)]
    assert rows[0].why == "The event is cancelled."


def test_number_of_queries_does_not_grow_with_events() -> None:
    fest, client = build_fest(), organiser_client()
    event_with_list(fest, "One", hour=9)
    one = query_count(client, WAITING)
    for number in range(3):
        event_with_list(fest, f"More {number}", hour=11 + number)
        Seats.objects.update(held=1)
    assert query_count(client, WAITING) == one


def test_lead_sees_the_events_they_lead_and_results_helpers_nothing() -> None:
    fest = build_fest()
    own, _other = event_with_list(fest, "Own", hour=9), event_with_list(fest, "Other", hour=15)
    lead = in_role(roles.LEAD)
    own.leads.add(lead)
    client = organiser_client(lead)
    assert [one.name for one in shown(client).events] == ["Own"]
    assert "Other" not in client.get(WAITING).content.decode()
    assert organiser_client(in_role(roles.RESULTS)).get(WAITING).status_code == 403


def test_nobody_waits_and_no_fest() -> None:
    client = organiser_client()
    assert "No fest is set up yet" in client.get(WAITING).content.decode()
    build_event(build_fest(), name="Robo Race")
    assert "All waiting lists are empty." in client.get(WAITING).content.decode()


def test_unconfirmed_addresses_are_counted_where_there_are_some() -> None:
    event = event_with_list(build_fest(), "Robo Race")
    client = organiser_client()
    assert "Address not confirmed" not in client.get(WAITING).content.decode()
    Registration.objects.filter(state="confirmed").update(confirm_by=timezone.now() + dt.timedelta(days=1))
    [one] = shown(client).events
    assert one.unconfirmed.count == 1
    assert client.get(one.unconfirmed.path).context["cl"].result_count == 1
    assert event.name == one.name


def test_who_waits_is_one_click_from_today() -> None:
    page = organiser_client().get(reverse("admin:index")).content.decode()
    assert re.findall(r'<a href="([^"]+)"[^>]*>Waiting</a>', page) == [WAITING, WAITING]
