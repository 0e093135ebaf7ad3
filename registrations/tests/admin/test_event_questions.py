"""The page that asks before an event is saved has an address: it can be opened again, and survives a login."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from events.models import Event, Venue
from registrations.admin.event_page import page_path
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher
from registrations.tests.counting import states
from techfest.core import roles
from techfest.core.admin.base import page_of
from tickets.mail.compose import compose
from tickets.models import Delivery, Notice
from tickets.tests.admin_helpers import (
    confirm,
    filled_in,
    in_role,
    is_asked,
    organiser,
    organiser_client,
    said,
)
from tickets.tests.audited import offenders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def audited(db: None) -> Iterator[None]:
    yield
    assert offenders() == []


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def event() -> Event:
    event = build_event(build_fest(), capacity=1, name="Robots", hour=10)
    for number in range(3):
        build_submission(event, name=f"Asha {'ABC'[number]}", grade=7, email=f"{number}@example.org")
    return event


def press(client: Client, event: Event, button: str, **values: Any) -> Any:
    path = reverse("admin:events_event_act", args=[event.pk])
    return client.post(path, {"act": button} | values, follow=True)


def added(client: Client, event: Event, seats: int) -> Any:
    return press(client, event, "seats", add=seats, **{"initial-capacity": event.seats.capacity})


def address_of(page: Any) -> str:
    assert is_asked(page)
    return str(page.redirect_chain[-1][0])


def save(client: Client, event: Event, **values: Any) -> Any:
    return client.post(page_of(event), filled_in(client, page_of(event), **values), follow=True)


def test_question_is_opened_again_and_saves_nothing_by_that(client: Client, event: Event) -> None:
    address = address_of(added(client, event, 1))
    for _ in range(2):
        page = client.get(address)
        assert page.context["differences"] == [("Capacity", "1", "2")]
    assert states(event) == ["confirmed", "waiting", "waiting"]
    assert confirm(client, event, page)["Location"] == page_path(event)
    assert states(event) == ["confirmed", "confirmed", "waiting"]


def test_link_with_a_confirmation_in_it_saves_nothing(client: Client, event: Event) -> None:
    asked = added(client, event, 1)
    seen = dict(asked.context["hidden"])["seen"]
    assert is_asked(client.get(f"{address_of(asked)}&seen={seen}"))
    assert states(event) == ["confirmed", "waiting", "waiting"]


def test_back_after_saving_leads_to_the_event(client: Client, event: Event) -> None:
    asked = added(client, event, 1)
    confirm(client, event, asked)
    again = client.get(address_of(asked), follow=True)
    assert again.redirect_chain == [(page_path(event), 302)]
    assert said(again)[-1] == "“Robots” is already as this link would make it."
    assert Event.objects.get().seats.capacity == 2


def test_address_of_a_button_says_what_to_do(client: Client, event: Event) -> None:
    page = client.get(reverse("admin:events_event_act", args=[event.pk]), follow=True)
    assert page.redirect_chain == [(page_path(event), 302)]
    assert said(page) == ["Nothing was changed. Use the buttons of this page."]


def test_change_and_sentence_survive_a_login_that_ended(client: Client, event: Event) -> None:
    asked = added(client, event, 1)
    client.logout()
    sent = confirm(client, event, asked, **{"hold-reason": "The hall is larger."})
    assert sent["Location"].startswith("/accounts/login/?next=")
    (back,) = parse_qs(urlsplit(sent["Location"]).query)["next"]
    client.force_login(organiser("priya"))
    page = client.get(back)
    assert page.context["differences"] == [("Capacity", "1", "2")]
    assert "The hall is larger." in page.content.decode()
    assert states(event) == ["confirmed", "waiting", "waiting"]
    confirm(client, event, page)
    assert states(event) == ["confirmed", "confirmed", "waiting"]


def test_look_at_the_mail_is_a_page_with_an_address(client: Client, event: Event) -> None:
    asked = added(client, event, 1)
    look = confirm(client, event, asked, look="yes", **{"hold-reason": "Bring a pen."})
    assert look.status_code == 302
    page = client.get(look["Location"])
    assert "Bring a pen." in page.context["outcome"].samples[0].text
    confirm(client, event, page)
    assert states(event) == ["confirmed", "confirmed", "waiting"]


def test_change_too_long_for_an_address_is_asked_about_all_the_same(client: Client, event: Event) -> None:
    asked = save(client, event, capacity="2", description="Robots. " * 400)
    assert (is_asked(asked), asked.redirect_chain) == (True, [])
    confirm(client, event, asked)
    event = Event.objects.get()
    assert (event.description.count("Robots."), states(event)) == (400, ["confirmed", "confirmed", "waiting"])


def test_box_that_was_unticked_stays_unticked(client: Client, event: Event) -> None:
    Event.objects.update(is_paused=True)
    form = filled_in(client, page_of(event), capacity="2")
    del form["is_paused"]
    confirm(client, event, client.post(page_of(event), form, follow=True))
    assert Event.objects.get().is_paused is False


def test_question_is_for_those_who_may_change_the_event(client: Client, event: Event) -> None:
    address = address_of(added(client, event, 1))
    other = build_event(event.fest, name="Quiz")
    lead = in_role(roles.LEAD)
    other.leads.add(lead)
    assert organiser_client(lead).get(address).status_code == 404
    assert organiser_client(in_role(roles.RESULTS)).get(address).status_code == 403


def test_message_says_what_was_saved_or_that_nothing_was(client: Client, event: Event) -> None:
    quiz = build_event(event.fest, name="Quiz", capacity=40)
    assert said(added(client, quiz, 10)) == ["“Quiz” is saved. Capacity: 40 → 50."]
    assert said(press(client, quiz, "venue", venue=quiz.venue_id, **{"initial-venue": quiz.venue_id})) == [
        "Nothing was changed by you."
    ]


@pytest.mark.parametrize(("seats", "is_doubted"), [(40, False), (41, True), (9999, True)])
def test_implausible_number_of_seats_is_asked_about(
    client: Client, event: Event, seats: int, is_doubted: bool
) -> None:
    quiz = build_event(event.fest, name="Quiz", capacity=40)
    page = added(client, quiz, seats)
    assert is_asked(page) == is_doubted
    if is_doubted:
        assert [one.text for one in page.context["sentences"]] == [
            f"{seats} seats are added to 40: then there are {seats + 40}. Check that the venue has room."
        ]
        confirm(client, quiz, page)
    quiz.seats.refresh_from_db()
    assert quiz.seats.capacity == seats + 40


def test_capacity_of_nothing_is_said_without_impossible_conditions(client: Client, event: Event) -> None:
    assert [one.text for one in save(client, event, capacity="0").context["sentences"]] == [
        "There will be no seats, but 1 is taken. The registration stays, and no more seats are given."
    ]


@pytest.mark.parametrize(("notify", "mails"), [("on", 3), ("", 0)])
def test_new_name_is_mailed_if_the_organiser_wants_it(
    client: Client, event: Event, notify: str, mails: int
) -> None:
    asked = save(client, event, name="Robot Race")
    page = " ".join(asked.content.decode().split())
    assert ("Save and mail 3 people" in page, "Save, send no mail" in page) == (True, True)
    assert "new name: Robot Race" in asked.context["outcome"].samples[0].subject
    confirm(client, event, asked, **{"hold-notify": notify})
    assert Event.objects.get().name == "Robot Race"
    sent = list(Delivery.objects.filter(kind="changed"))
    assert len(sent) == mails
    for delivery in sent[:1]:
        message = compose(delivery)
        assert message is not None
        assert "The old name was Robots." in message.body


def test_name_of_an_event_without_registrations_is_saved_at_once(client: Client, event: Event) -> None:
    quiz = build_event(event.fest, name="Quiz")
    assert not is_asked(save(client, quiz, name="Big quiz"))


def test_end_outside_the_fest_is_named_and_not_the_start(client: Client, event: Event) -> None:
    ends = event.fest.ends_on + dt.timedelta(days=1)
    asked = save(client, event, ends_at_0=ends.isoformat(), ends_at_1="11:00")
    assert asked.context["sentences"][0].text.startswith("Robots would end on ")


def test_those_without_an_address_are_listed_once_with_the_teacher_who_is_told(
    client: Client, event: Event
) -> None:
    teacher = build_teacher()
    build_submission(event, name="Ben Iyer", grade=7, email="", school=teacher.school.name)
    build_submission(event, name="Chitra Das", grade=7, email="", school="Hill School")
    hall = Venue.objects.create(fest=event.fest, name="Hall B")
    page = press(client, event, "venue", venue=hall.pk, **{"initial-venue": event.venue_id})
    text = " ".join(page.content.decode().split())
    assert (text.count("Ben Iyer"), text.count("Chitra Das")) == (1, 1)
    assert f'<bdi translate="no">{teacher.name}</bdi>' in text
    assert text.count("No teacher of this school has an account. Tell these students another way.") == 1
    assert 'Save and mail 3 people <span class="act-teachers">and 1 teacher</span>' in text
    assert 'name="news" value="Venue: Main Hall → Hall B"' in text
    confirm(client, event, page)
    assert Notice.objects.get().delivery.to == teacher.user.email
