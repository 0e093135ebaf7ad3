"""The page of one event: its numbers, and the changes that take one button each."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from events.models import Event, Fest, Venue
from registrations.admin import event_page
from registrations.admin.event_page import page_path
from registrations.admin.event_save import handle_save
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher
from registrations.tests.builders.holds import request_now
from registrations.tests.counting import states
from techfest.core import roles
from techfest.core.errors import ConcurrentUpdate
from tickets.models import Delivery
from tickets.tests.admin_helpers import confirm, in_role, is_asked, organiser_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def act(client: Client, event: Event, button: str, **values: Any) -> Any:
    address = reverse("admin:events_event_act", args=[event.pk])
    return client.post(address, {"act": button} | values, follow=True)


def waiting_event(fest: Fest, people: int, *, capacity: int = 1) -> Event:
    event = build_event(fest, capacity=capacity)
    for number in range(people):
        build_submission(event, name=f"Asha {'ABCDEFGH'[number]}", grade=7, email=f"{number}@example.org")
    return event


def test_numbers_lead_to_their_lists(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 3)
    numbers = client.get(page_path(event)).context["numbers"]
    assert [(one.count, one.words) for one in numbers] == [
        (1, "registered"),
        (2, "waiting"),
        (0, "held"),
        (0, "checked in"),
    ]
    for one in numbers:
        response = client.get(one.path)
        assert (response.status_code, response.context["cl"].result_count) == (200, one.count)


def test_seats_are_added_to_those_that_the_page_showed(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 3)
    asked = act(client, event, "seats", add="10", **{"initial-capacity": "1"})
    assert is_asked(asked)
    assert states(event) == ["confirmed", "waiting", "waiting"]
    assert confirm(client, event, asked)["Location"] == page_path(event)
    assert (states(event), Event.objects.get().seats.capacity) == (["confirmed"] * 3, 11)


def test_seats_pressed_twice_are_added_once(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=5)
    for _ in range(2):
        act(client, event, "seats", add="10", **{"initial-capacity": "5"})
    assert Event.objects.get().seats.capacity == 15


def test_seats_are_added_though_the_transaction_is_repeated(
    client: Client, fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, answers = build_event(fest, capacity=5), []

    def saved_at_the_second_attempt(*given: Any) -> Any:
        answers.append(handle_save(*given))
        if len(answers) == 1:
            raise ConcurrentUpdate
        return answers[-1]

    monkeypatch.setattr(event_page, "handle_save", saved_at_the_second_attempt)
    act(client, event, "seats", add="10", **{"initial-capacity": "5"})
    assert (len(answers), Event.objects.get().seats.capacity) == (2, 15)


def test_consequences_confirmed_twice_mail_once(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 3)
    asked = act(client, event, "seats", add="1", **{"initial-capacity": "1"})
    for _ in range(2):
        confirm(client, event, asked)
    assert (states(event), Delivery.objects.filter(kind="promoted").count()) == (
        ["confirmed", "confirmed", "waiting"],
        1,
    )


@pytest.mark.parametrize("typed", ["", "0", "-3", "many", "100001", "²", "9" * 5000])
def test_wrong_number_of_seats_is_kept_and_explained(client: Client, fest: Fest, typed: str) -> None:
    event = build_event(fest, capacity=5)
    response = act(client, event, "seats", add=typed, **{"initial-capacity": "5"})
    problem = response.context["problem"]
    assert (problem.act, problem.texts) == ("seats", ["Enter how many seats to add, like 10"])
    assert (problem.typed, Event.objects.get().seats.capacity) == (typed, 5)


def test_other_venue_asks_and_tells_everyone(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 2)
    hall = Venue.objects.create(fest=fest, name="Hall B")
    asked = act(client, event, "venue", venue=hall.pk, **{"initial-venue": event.venue_id})
    assert is_asked(asked)
    confirm(client, event, asked)
    assert Event.objects.get().venue == hall
    assert Delivery.objects.filter(kind="changed").count() == 2


def test_end_before_the_start_is_refused_beside_what_was_typed(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    sent = {
        "starts_at_0": "2031-01-01",
        "starts_at_1": "10:00",
        "ends_at_0": "2031-01-01",
        "ends_at_1": "09:00",
    }
    response = act(client, event, "time", **sent)
    page = response.content.decode()
    assert response.context["problem"].act == "time"
    assert response.context["problem"].texts
    assert 'value="09:00"' in page
    assert Event.objects.get().starts_at == event.starts_at


def test_a_button_changes_its_own_fields_only(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=5)
    name = event.name
    act(client, event, "registration", is_paused="True", name="Stolen", state="draft", capacity="99")
    event = Event.objects.get()
    assert (event.is_paused, event.name, event.state) == (True, name, "published")
    assert event.seats.capacity == 5


def test_cancelling_asks_first(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 2)
    asked = act(client, event, "state", state="cancelled", **{"initial-state": "published"})
    assert is_asked(asked)
    assert Event.objects.get().state == "published"
    confirm(client, event, asked)
    assert states(event) == ["cancelled", "cancelled"]


def test_edit_of_someone_else_is_shown_and_not_overwritten(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=5)
    act(client, event, "seats", add="1", **{"initial-capacity": "5"})
    response = act(client, event, "seats", add="10", **{"initial-capacity": "5"})
    assert "Someone else changed this" in response.content.decode()
    assert Event.objects.get().seats.capacity == 6


def test_lead_sees_own_events_only_and_results_helper_no_buttons(fest: Fest) -> None:
    event, other = build_event(fest), build_event(fest, name="Quiz")
    lead = in_role(roles.LEAD)
    event.leads.add(lead)
    mine = organiser_client(lead)
    assert mine.get(page_path(event)).status_code == 200
    assert mine.get(page_path(other)).status_code == 404
    assert act(mine, other, "seats", add="5", **{"initial-capacity": "10"}).status_code == 404
    helper = organiser_client(in_role(roles.RESULTS))
    page = helper.get(page_path(event))
    assert (page.context["form"], "Add seats" in page.content.decode()) == (None, False)
    assert act(helper, event, "seats", add="5", **{"initial-capacity": "10"}).status_code == 403


def test_decisions_of_the_event_only(client: Client, fest: Fest) -> None:
    event, other = build_event(fest, capacity=5), build_event(fest, name="Quiz", capacity=20)
    hold = request_now(build_teacher(), other, seats=8)
    assert client.get(page_path(event)).context["decisions"] == []
    (decision,) = client.get(page_path(other)).context["decisions"]
    assert (decision.count, decision.words) == (1, "request to hold seats")
    assert list(client.get(decision.path).context["cl"].queryset) == [hold]
