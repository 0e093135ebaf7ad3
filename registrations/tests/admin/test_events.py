"""Events in the admin: counts are never written, added seats go to the waiting list, and no stale row is used."""

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events import cache
from events.editing import set_capacity
from events.models import Event, Fest, Picture, Seats
from events.tests.pictures import SVG, drawn
from registrations.models import Change
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.counting import counts, recount, states
from techfest.core.admin.base import page_of
from tickets.models import Ticket
from tickets.tests.admin_helpers import add_path, asked_by, confirm, filled_in, is_asked, organiser_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors) if response.context else {}


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def save(client: Client, event: Event, **values: Any) -> Any:
    """Save the event, and confirm the consequences if a page asks first."""
    response = asked_by(client, client.post(page_of(event), filled_in(client, page_of(event), **values)))
    return confirm(client, event, response) if is_asked(response) else response


def delete(client: Client, event: Event) -> Any:
    return client.post(page_of(event).replace("change", "delete"), {"post": "yes"}, follow=True)


def test_stale_form_leaves_counts_and_capacity(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=2)
    stale = filled_in(client, page_of(event), summary="Robots again")
    for _ in range(3):
        build_submission(event)
    set_capacity(event, capacity=5)
    build_submission(event)
    assert client.post(page_of(event), stale).status_code == 302
    event = Event.objects.get()
    assert (event.summary, event.seats.capacity, counts(event)) == ("Robots again", 5, (4, 0, 4))


def test_counts_in_a_forged_form_are_not_fields(client: Client, fest: Fest) -> None:
    build_submission(event := build_event(fest))
    save(
        client,
        event,
        taken="0",
        waiting="7",
        last_queue_position="0",
        sequence="9",
        hours_changed_at="2001-01-01",
    )
    assert (counts(event), Event.objects.get().sequence) == ((1, 0, 1), 0)


def test_two_people_change_two_things_of_one_event(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    stale = filled_in(client, page_of(event), name="Line followers")
    save(client, event, summary="Robots again")
    client.post(page_of(event), stale)
    event = Event.objects.get()
    assert (event.name, event.summary) == ("Line followers", "Robots again")


def test_added_seats_go_to_the_waiting_list(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    for _ in range(3):
        build_submission(event)
    assert errors(save(client, event, capacity="2")) == {}
    assert (states(event), counts(event)) == (["confirmed", "confirmed", "waiting"], (2, 1, 3))
    assert (recount(event), Ticket.objects.count()) == ((2, 1), 2)
    assert Change.objects.latest("pk").cause == Change.Cause.CAPACITY_RAISED


def test_lowered_capacity_keeps_all_seats(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=3)
    for _ in range(3):
        build_submission(event)
    save(client, event, capacity="1")
    assert (counts(event), Seats.objects.get().capacity) == ((3, 0, 3), 1)


def test_seats_are_locked_before_the_event_is_read(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    form = filled_in(client, page_of(event), summary="Robots again")
    with CaptureQueriesContext(connection) as queries:
        client.post(page_of(event), form)
    statements = [query["sql"] for query in queries]
    lock = next(number for number, sql in enumerate(statements) if "FOR NO KEY UPDATE" in sql)
    read = next(number for number, sql in enumerate(statements) if 'FROM "events_event"' in sql)
    assert lock < read


@pytest.mark.parametrize(
    ("values", "sequence"),
    [
        ({"starts_at_1": "00:00:00"}, 1),
        ({"state": "cancelled"}, 1),
        ({"summary": "Robots again"}, 0),
        ({"capacity": "11"}, 0),
    ],
)
def test_calendar_revision_rises_with_time_venue_and_state_only(
    client: Client, fest: Fest, values: dict[str, str], sequence: int
) -> None:
    event = build_event(fest, hour=10)
    assert errors(save(client, event, **values)) == {}
    assert Event.objects.get().sequence == sequence


def test_new_event_gets_its_seats(client: Client, fest: Fest) -> None:
    old = build_event(fest)
    form = filled_in(client, add_path(Event), name="Quiz", slug="quiz", summary="Ask me", capacity="40")
    form |= {"venue": old.venue_id, "category": old.category_id, "state": "published"}
    day = fest.starts_on.isoformat()
    form |= {"starts_at_0": day, "starts_at_1": "10:00", "ends_at_0": day, "ends_at_1": "11:00"}
    response = client.post(add_path(Event), form)
    assert errors(response) == {}
    event = Event.objects.get(slug="quiz")
    assert (event.seats.capacity, event.fest, event.starts_at.astimezone(fest.zone).hour) == (40, fest, 10)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ends_at_0": "2001-01-01"}, "ends_at"),
        ({"grade_min": "9", "grade_max": "8"}, "grade_max"),
        ({"slug": "taken"}, "slug"),
        ({"capacity": "-1"}, "capacity"),
        ({"capacity": "99999999999"}, "capacity"),
    ],
)
def test_what_the_database_would_refuse_is_a_form_error(
    client: Client, fest: Fest, values: dict[str, str], field: str
) -> None:
    build_event(fest, slug="taken")
    assert list(errors(save(client, build_event(fest), **values))) == [field]


def test_venue_of_another_fest_is_a_form_error(client: Client, fest: Fest) -> None:
    event, other = build_event(fest), build_event(build_fest())
    assert list(errors(save(client, event, venue=other.venue_id))) == ["venue"]
    form = filled_in(client, add_path(Event), venue=other.venue_id, category=event.category_id)
    assert "venue" in errors(client.post(add_path(Event), form))


def test_cancelled_event_takes_place_again_only_when_it_is_meant(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    build_submission(event)
    save(client, event, state="cancelled")
    assert list(errors(save(client, event, state="published"))) == ["state"]
    assert Event.objects.get().state == "cancelled"
    assert errors(save(client, event, state="published", takes_place="on")) == {}
    assert Event.objects.get().state == "published"


def test_event_that_takes_place_after_all_has_empty_lists(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    build_submission(event)
    build_submission(event)
    save(client, event, state="cancelled")
    save(client, event, state="published", takes_place="on")
    assert (states(event), counts(event)) == (["cancelled", "cancelled"], (0, 0, 2))
    build_submission(event)
    assert counts(event) == (1, 0, 3)


def test_event_with_registrations_is_not_hidden_again(client: Client, fest: Fest) -> None:
    build_submission(event := build_event(fest))
    assert list(errors(save(client, event, state="draft"))) == ["state"]
    assert errors(save(client, build_event(fest), state="draft")) == {}


def test_deleting_an_event_with_registrations_is_refused_in_words(client: Client, fest: Fest) -> None:
    build_submission(event := build_event(fest, name="Robots"))
    words = "Robots has 1 registration and cannot be deleted. Set its state to cancelled instead."
    assert said(delete(client, event)) == [words]
    assert said(client.get(page_of(event).replace("change", "delete"), follow=True)) == [words]
    assert counts(event) == (1, 0, 1)


def test_registration_that_came_during_the_deletion_is_kept(
    client: Client, fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from registrations.admin.events import EventAdmin

    build_submission(event := build_event(fest))
    looks = iter(["", "too late"])
    monkeypatch.setattr(EventAdmin, "refusal_to_delete", lambda self, obj: next(looks))
    assert said(delete(client, event)) == ["too late"]
    assert counts(event) == (1, 0, 1)


def test_event_without_registrations_is_deleted(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    assert delete(client, event).status_code == 200
    assert (Event.objects.count(), Seats.objects.count()) == (0, 0)


def test_picture_becomes_the_preview_of_the_event(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    assert errors(save(client, event, upload=SimpleUploadedFile("a.png", drawn("PNG")))) == {}
    picture = Picture.objects.get()
    assert (picture.kind, picture.width) == ("jpeg", 1200)
    cache.forget()
    page = client.get(event.get_absolute_url()).content.decode()
    assert picture.get_absolute_url() in page
    save(client, event, remove_picture="on")
    assert Event.objects.get().picture is None


def test_hostile_picture_is_a_form_error(client: Client, fest: Fest) -> None:
    response = save(client, build_event(fest), upload=SimpleUploadedFile("a.png", SVG))
    assert list(errors(response)) == ["upload"]


def test_longer_moving_list_gives_free_seats_at_once(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    build_submission(event)
    build_submission(event)
    Event.objects.update(promotes_until=fest.opens_at - dt.timedelta(days=1))
    save(client, event, capacity="2")
    assert states(event) == ["confirmed", "waiting"]
    save(client, event, promotes_until_0="", promotes_until_1="")
    assert states(event) == ["confirmed", "confirmed"]
