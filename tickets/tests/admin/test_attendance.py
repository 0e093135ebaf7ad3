"""Attendance in the list of registrations."""

import pytest
from django.test import Client

from events.models import Event
from registrations.models import Registration
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core import roles
from tickets.checkin.scan import check_in
from tickets.keys import random_key
from tickets.tests.admin_helpers import in_role, list_path, organiser_client, query_count
from tickets.tests.builders.checkin import (
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    ticket_for,
    volunteer,
    waiting_for,
)

pytestmark = pytest.mark.django_db
PATH = list_path(Registration)


@pytest.fixture
def event() -> Event:
    """An event with two confirmed registrations, one of them checked in, and one on the waiting list."""
    event = open_event(fest_today(), capacity=2, name="Robo Race")
    ticket = ticket_for(event, name="Asha Rao")
    ticket_for(event, name="Bea Iyer")
    gate = gate_of(event.fest, event)
    check_in(checkpoint_of(gate), code=ticket.code, key=random_key(), user=volunteer(gate))
    waiting_for(event, name="Chen Das")
    return event


def tabs(**asked: str) -> dict[str, int]:
    return {str(tab["label"]): tab["count"] for tab in organiser_client().get(PATH, asked).context["tabs"]}


def names(client: Client, **asked: str) -> list[str]:
    return sorted(row.student.name for row in client.get(PATH, asked).context["cl"].result_list)


def test_tabs_count_registrations_by_state(event: Event) -> None:
    build_submission(build_event(event.fest), name="Dia Sen")
    every = tabs()
    assert every == {
        "All": 4,
        "Confirmed": 3,
        "Waiting": 1,
        "Cancelled": 0,
        "Checked in": 1,
        "Not checked in": 2,
    }


def test_tabs_keep_the_event_and_lead_to_what_they_count(event: Event) -> None:
    build_submission(build_event(event.fest), name="Dia Sen")
    chosen = {"event__id__exact": str(event.pk)}
    client = organiser_client()
    shown = client.get(PATH, chosen).context["tabs"]
    assert [tab["count"] for tab in shown] == [3, 2, 1, 0, 1, 1]
    for tab in shown:
        assert len(client.get(f"{PATH}?{tab['query']}").context["cl"].result_list) == tab["count"]


def test_attendance_filter(event: Event) -> None:
    client = organiser_client()
    assert (names(client, attendance="in"), names(client, attendance="out")) == (["Asha Rao"], ["Bea Iyer"])


def test_lead_counts_led_events_only(event: Event) -> None:
    build_submission(build_event(event.fest), name="Dia Sen")
    lead = in_role(roles.LEAD)
    event.leads.add(lead)
    assert [tab["count"] for tab in organiser_client(lead).get(PATH).context["tabs"]] == [3, 2, 1, 0, 1, 1]


def test_list_asks_as_often_for_one_row_as_for_three() -> None:
    client, fest = organiser_client(), build_fest()
    build_submission(build_event(fest))
    one = query_count(client, PATH)
    for _ in range(2):
        build_submission(build_event(fest))
    assert query_count(client, PATH) == one
