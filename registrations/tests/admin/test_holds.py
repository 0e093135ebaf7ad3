"""Holds in the admin: approved, refused and given back after a confirmation, and guarded when events change."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from events.models import Event, Fest, Seats
from registrations.models import Hold, School, Teacher
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher
from registrations.tests.builders.holds import name_now, request_now, return_now
from techfest.core.admin.base import page_of
from techfest.core.roles import LEAD
from tickets.tests.admin_helpers import (
    confirm,
    filled_in,
    in_role,
    is_asked,
    list_path,
    organiser,
    organiser_client,
    query_count,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def teacher() -> Teacher:
    return build_teacher()


def act(client: Client, action: str, *holds: Hold, confirmed: str = "yes") -> Any:
    form = {"action": action, "_selected_action": [hold.pk for hold in holds], "confirmed": confirmed}
    return client.post(list_path(Hold), form, follow=True)


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def state_of(hold: Hold) -> str:
    hold.refresh_from_db()
    return hold.state


@pytest.mark.parametrize(
    ("action", "seats", "state", "button", "free", "words"),
    [
        ("approve", 8, "held", "Hold 8 seats", ("10", "2"), "8 seats are held."),
        ("refuse", 8, "refused", "Refuse to hold 8 seats", ("10", "10"), "8 seats are not held."),
        ("give_back", 5, "returned", "Give 5 held seats back", ("5", "10"), "5 held seats are given back."),
    ],
)
def test_holds_are_decided_after_a_question(
    client: Client,
    fest: Fest,
    teacher: Teacher,
    action: str,
    seats: int,
    state: str,
    button: str,
    free: tuple[str, str],
    words: str,
) -> None:
    hold = request_now(teacher, build_event(fest, capacity=10), seats)
    before = state_of(hold)
    asked = act(client, action, hold, confirmed="")
    assert (state_of(hold), asked.context["confirmation"].chosen) == (before, [hold])
    confirmation = asked.context["confirmation"]
    assert confirmation.submit_label == button
    assert [one[1:] for one in confirmation.changes] == [tuple(f"{many} free, 0 waiting" for many in free)]
    assert said(act(client, action, hold)) == [words]
    assert state_of(hold) == state


def test_refusal_of_the_seats_is_shown(client: Client, fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=8)
    hold = request_now(teacher, event, 8)
    build_submission(event)
    assert said(act(client, "approve", hold)) == [f"{hold}: Only 7 seats are free."]
    assert state_of(hold) == "requested"


def test_hold_of_another_state_is_left(client: Client, fest: Fest, teacher: Teacher) -> None:
    hold = request_now(teacher, build_event(fest), 5)
    assert said(act(client, "approve", hold)) == [
        "These requests were decided by someone else in the meantime."
    ]


def test_lead_decides_holds_of_led_events_only(fest: Fest, teacher: Teacher) -> None:
    hold = request_now(teacher, build_event(fest), 8)
    permitted = organiser("permitted", is_superuser=False)
    permitted.user_permissions.set(Permission.objects.filter(codename__in=["view_hold", "change_hold"]))
    other, own = (in_role(LEAD, name) for name in ("other", "own"))
    build_event(fest).leads.add(other)
    hold.event.leads.add(own)
    for user, expected in ((permitted, "requested"), (other, "requested"), (own, "held")):
        act(organiser_client(user), "approve", hold)
        assert state_of(hold) == expected


def test_list_is_filtered_by_state(client: Client, fest: Fest, teacher: Teacher) -> None:
    asked, held, returned, refused = (
        request_now(teacher, build_event(fest), seats) for seats in (8, 5, 5, 8)
    )
    return_now(returned)
    return_now(refused)
    for state, hold in {"requested": asked, "held": held, "returned": returned, "refused": refused}.items():
        response = client.get(list_path(Hold), {"state": state})
        assert list(response.context["cl"].result_list) == [hold]


def test_list_and_page_need_constant_queries(client: Client, fest: Fest, teacher: Teacher) -> None:
    first = request_now(teacher, build_event(fest), 5)
    one = query_count(client, list_path(Hold))
    for _ in range(2):
        request_now(build_teacher(), build_event(fest), 5)
    assert (query_count(client, list_path(Hold)), one) == (8, 8)
    assert client.get(page_of(first)).status_code == 200


def test_event_page_tells_what_is_held(client: Client, fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    request_now(teacher, event, 5)
    name_now(event)
    page = client.get(page_of(event)).content.decode()
    assert "5 of 10 seats taken, 0 waiting" in page
    assert ">4 held</a>" in page


def save(client: Client, event: Event, **values: Any) -> Any:
    """Save the event, and confirm the consequences if a page asks first."""
    response = client.post(page_of(event), filled_in(client, page_of(event), **values), follow=True)
    return confirm(client, event, response) if is_asked(response) else response


def test_cancelled_event_gives_its_holds_back(client: Client, fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    hold = request_now(teacher, event, 5)
    name_now(event)
    save(client, event, state="cancelled")
    seats = Seats.objects.get()
    assert (state_of(hold), seats.taken, seats.held) == ("returned", 0, 0)


def test_event_with_held_seats_is_not_hidden(client: Client, fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    hold = request_now(teacher, event, 5)
    assert "cannot be hidden" in save(client, event, state="draft").content.decode()
    return_now(hold)
    save(client, event, state="draft")
    assert Event.objects.get().state == "draft"


def test_event_and_school_with_holds_are_not_deleted(client: Client, fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    return_now(request_now(teacher, event, 5))
    Teacher.objects.all().delete()
    for row, words in ((event, "had seats held for schools"), (teacher.school, "asked for seats to be held")):
        response = client.post(page_of(row).replace("change", "delete"), {"post": "yes"}, follow=True)
        assert words in said(response)[0]
    assert (Event.objects.count(), School.objects.count()) == (1, 1)
