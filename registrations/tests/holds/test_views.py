"""The teacher's pages of held seats: requested, listed, given back, for the teacher's school only."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import cache
from events.models import Event, Fest, Seats
from registrations.models import Hold, Submission, Teacher
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_school,
    build_submission,
    build_teacher,
)
from registrations.tests.builders.holds import name_now, request_now, return_now
from tickets.tests.admin_helpers import query_count

pytestmark = pytest.mark.django_db(transaction=True)

LIST, ASK = "/teacher/blocks/", "/teacher/blocks/ask/"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.forget()


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def teacher() -> Teacher:
    return build_teacher()


@pytest.fixture
def client(teacher: Teacher) -> Client:
    return signed_in(teacher)


def signed_in(teacher: Teacher) -> Client:
    client = Client()
    client.force_login(teacher.user)
    return client


def send(client: Client, to: Event, **values: Any) -> Any:
    day = (timezone.localtime(timezone.now(), to.fest.zone) + dt.timedelta(days=3)).date().isoformat()
    form = {"event": to.slug, "seats": "5", "until": day, "key": Submission.new_key().hex}
    return client.post(ASK, form | values)


def errors(response: Any) -> list[str]:
    return [str(error) for errors in response.context["form"].errors.values() for error in errors]


def test_five_seats_are_asked_for_and_listed(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    response = send(client, event)
    assert (response.status_code, response["Location"]) == (302, LIST)
    hold = Hold.objects.get()
    local = timezone.localtime(hold.until, fest.zone)
    assert (hold.seats, hold.state, local.hour) == (5, "held", 18)
    page = client.get(LIST)
    assert "0 of 5 seats have a name" in page.content.decode()
    assert page["Cache-Control"] == "no-store"


def test_names_may_come_until_registration_closes(client: Client, fest: Fest) -> None:
    send(client, build_event(fest), until="closing")
    assert Hold.objects.get().until == fest.closes_at


def test_form_sent_twice_is_one_hold(client: Client, fest: Fest) -> None:
    event, key = build_event(fest), Submission.new_key().hex
    assert [send(client, event, key=key).status_code for _ in range(2)] == [302, 302]
    assert Hold.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"event": ""}, "Select an event"),
        ({"event": "no-such"}, "Registration for this event is closed"),
        ({"seats": ""}, "Enter how many seats you need"),
        ({"seats": "0"}, "Enter a number of seats, like 20"),
        ({"seats": "-3"}, "Enter a number of seats, like 20"),
        ({"seats": "many"}, "Enter a number of seats, like 20"),
        ({"seats": "99999"}, "Enter a number of seats, like 20"),
        ({"seats": "11"}, "has only 10 seats."),
        ({"until": ""}, "Select a day"),
        ({"until": "2020-01-01"}, "Select one of these days"),
    ],
)
def test_wrong_wish_is_told_and_obtains_nothing(
    client: Client, fest: Fest, values: dict[str, str], words: str
) -> None:
    response = send(client, build_event(fest), **values)
    assert (response.status_code, Hold.objects.count()) == (200, 0)
    assert len(errors(response)) == 1
    assert errors(response)[0].endswith(words)


def test_day_past_the_events_last_moment_is_told(client: Client, fest: Fest) -> None:
    build_event(fest)
    event = build_event(fest, closes_at=timezone.now() + dt.timedelta(days=1))
    assert errors(send(client, event))[0].startswith("The names must come by")


def test_too_few_free_seats_are_told_and_the_text_kept(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=5)
    build_submission(event)
    response = send(client, event)
    assert errors(response) == ["Only 4 seats are free."]
    assert 'value="5"' in response.content.decode()


def test_only_events_that_take_names_are_offered(client: Client, fest: Fest) -> None:
    now = timezone.now()
    event = build_event(fest)
    soon = build_event(fest, opens_at=now + dt.timedelta(hours=1))
    for values in ({"state": "draft"}, {"state": "cancelled"}, {"closes_at": now}, {"is_paused": True}):
        build_event(fest, **values)
    assert [row.slug for row in client.get(ASK).context["form"].events.values()] == [event.slug, soon.slug]


def test_page_without_events_says_why(client: Client, fest: Fest) -> None:
    assert "Registration is closed" in client.get(ASK).content.decode()


def test_hold_is_given_back_by_post_only(client: Client, fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    hold = request_now(teacher, event, 5)
    name_now(event)
    path = reverse("holds:back", args=[hold.pk])
    page = client.get(path)
    assert "Give back 4 seats of" in page.content.decode()
    assert Seats.objects.get().held == 4
    assert client.post(path)["Location"] == LIST
    assert Seats.objects.get().held == 0
    assert "Ended: 1 of 5 seats have a name" in client.get(LIST).content.decode()
    assert [client.get(path).status_code, client.post(path).status_code] == [302, 302]


def test_colleague_of_the_school_gives_back(fest: Fest, teacher: Teacher) -> None:
    hold = request_now(teacher, build_event(fest), 5)
    signed_in(build_teacher(teacher.school)).post(reverse("holds:back", args=[hold.pk]))
    assert Seats.objects.get().held == 0


@pytest.mark.parametrize("method", ["get", "post"])
def test_hold_of_another_school_is_not_there(fest: Fest, teacher: Teacher, method: str) -> None:
    hold = request_now(teacher, build_event(fest), 5)
    stranger = signed_in(build_teacher(build_school("Lotus Valley School")))
    for pk in (hold.pk, hold.pk + 1):
        assert getattr(stranger, method)(reverse("holds:back", args=[pk])).status_code == 404
    assert Seats.objects.get().held == 5
    assert "5 seats" not in stranger.get(LIST).content.decode()


@pytest.mark.parametrize("path", [LIST, ASK, "/teacher/blocks/1/give-back/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_else_sees_the_pages(fest: Fest, path: str, method: str) -> None:
    anonymous = getattr(Client(), method)(path)
    assert (anonymous.status_code, "next=" in anonymous["Location"]) == (302, True)
    outsider = build_teacher()
    Teacher.objects.all().delete()
    assert getattr(signed_in(outsider), method)(path).status_code == 404


def test_forged_post_is_refused(fest: Fest, teacher: Teacher) -> None:
    hold = request_now(teacher, build_event(fest), 5)
    client = Client(enforce_csrf_checks=True)
    client.force_login(teacher.user)
    assert client.post(reverse("holds:back", args=[hold.pk])).status_code == 403
    assert send(client, build_event(fest)).status_code == 403
    assert Seats.objects.filter(held=5).count() == 1


def test_list_needs_constant_queries(client: Client, fest: Fest, teacher: Teacher) -> None:
    request_now(teacher, build_event(fest), 5)
    one = query_count(client, LIST)
    for seats in (5, 6):
        request_now(teacher, build_event(fest), seats)
    return_now(request_now(teacher, build_event(fest), 1))
    assert (one, query_count(client, LIST)) == (5, 5)


def test_form_needs_constant_queries(client: Client, fest: Fest) -> None:
    build_event(fest)
    one = query_count(client, ASK)
    for _ in range(2):
        build_event(fest)
    assert (one, query_count(client, ASK)) == (3, 3)


def test_public_is_told_that_some_places_may_come_back(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=2)
    request_now(teacher, event, 2)
    words = "All seats are taken; some are not confirmed yet"
    assert words in Client().get(event.get_absolute_url()).content.decode()
    name_now(event)
    name_now(event)
    cache.forget()
    assert words not in Client().get(event.get_absolute_url()).content.decode()
