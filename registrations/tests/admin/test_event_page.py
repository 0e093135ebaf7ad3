"""Save on an event's page: what would happen is said first, and done as it was said or said anew."""

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.editing import set_capacity
from events.models import AuditEntry, Event, Fest, Picture, Venue
from events.tests.pictures import drawn
from registrations import links
from registrations.admin.conflicts import ConflictAdmin
from registrations.models import Conflict, Hold
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher
from registrations.tests.builders.event_changes import change, set_beside
from registrations.tests.counting import counts, states
from techfest.core.admin.base import page_of
from tickets.models import Delivery
from tickets.tests.admin_helpers import confirm, filled_in, is_asked, list_path, organiser, organiser_client
from tickets.tests.audited import offenders

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture(autouse=True)
def audited(db: None) -> Any:
    yield
    assert offenders() == []


def post_form(client: Client, event: Event, **values: Any) -> Any:
    return client.post(page_of(event), filled_in(client, page_of(event), **values), follow=True)


def sentences(response: Any) -> list[str]:
    assert is_asked(response)
    return [one.text for one in response.context["sentences"]]


def names(response: Any) -> list[list[str]]:
    return [one.names for one in response.context["sentences"]]


def waiting_event(fest: Fest, people: int, *, capacity: int = 1) -> Event:
    event = build_event(fest, capacity=capacity)
    for number in range(people):
        build_submission(event, name=f"Asha {'ABCDEFGH'[number]}", grade=7, email=f"{number}@example.org")
    return event


def test_more_seats_name_who_gets_them(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 4)
    response = post_form(client, event, capacity="3")
    assert sentences(response) == ["2 new seats, 3 waiting: 2 will be confirmed now and notified by mail."]
    assert names(response) == [["Asha B (7)", "Asha C (7)"]]
    assert states(event) == ["confirmed", "waiting", "waiting", "waiting"]
    assert confirm(client, event, response).status_code == 302
    assert states(event) == ["confirmed", "confirmed", "confirmed", "waiting"]


def test_seats_reserved_are_fewer_promoted(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 4)
    response = post_form(client, event, capacity="4")
    confirm(client, event, response, **{"hold-seats": "2"})
    assert (states(event), counts(event)) == (["confirmed"] * 2 + ["waiting"] * 2, (4, 2, 4))
    assert Hold.objects.get().school is None


@pytest.mark.parametrize("seats", ["3", "-1", "many"])
def test_more_than_the_new_seats_cannot_be_reserved(client: Client, fest: Fest, seats: str) -> None:
    event = waiting_event(fest, 4)
    again = confirm(client, event, post_form(client, event, capacity="3"), **{"hold-seats": seats})
    assert list(again.context["decision_form"].errors) == ["seats"]
    assert states(event) == ["confirmed"] + ["waiting"] * 3
    assert confirm(client, event, again, **{"hold-seats": "1"}).status_code == 302
    assert states(event) == ["confirmed"] * 2 + ["waiting"] * 2


def test_fewer_seats_than_taken_say_how_many_are_over(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 5, capacity=5)
    response = post_form(client, event, capacity="2")
    assert sentences(response)[0].startswith(
        "3 over: 5 seats are taken, and there will be 2. All registrations stay."
    )
    confirm(client, event, response)
    assert (states(event), Event.objects.get().seats.capacity) == (["confirmed"] * 5, 2)


def test_move_says_who_clashes_and_asks_until_when_to_choose(client: Client, fest: Fest) -> None:
    robots = build_event(fest, hour=10, venue=Venue.objects.create(fest=fest, name="Lab"))
    quiz = build_event(fest, hour=14, name="Quiz")
    build_submission(robots, quiz, name="Asha Rao", grade=7)
    build_submission(robots, email="")
    local = timezone.localtime(quiz.starts_at, fest.zone)
    times = {"starts_at_1": f"{local:%H:%M}", "ends_at_1": f"{local:%H}:45"}
    response = post_form(client, robots, **times)
    assert [text[:52] for text in sentences(response)] == [
        "1 clash: one student has another event at the new ti",
        "1 mail will be sent.",
    ]
    assert names(response)[0] == ["Asha Rao (7): Quiz"]
    by = timezone.now() + dt.timedelta(days=2)
    confirm(client, robots, response, **{"hold-choose_by_0": f"{by:%Y-%m-%d}", "hold-choose_by_1": "20:00"})
    assert (
        Conflict.objects.get().choose_by.astimezone(fest.zone).strftime("%Y-%m-%d %H:%M")
        == f"{by:%Y-%m-%d} 20:00"
    )


def test_consequences_that_changed_while_reading_are_shown_again(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 2)
    response = post_form(client, event, capacity="3")
    build_submission(event, name="Asha Z", grade=7)
    again = confirm(client, event, response)
    assert (is_asked(again), again.context["is_changed"]) == (True, True)
    assert names(again) == [["Asha B (7)", "Asha Z (7)"]]
    assert states(event) == ["confirmed", "waiting", "waiting"]
    confirm(client, event, again)
    assert states(event) == ["confirmed"] * 3


def test_publishing_and_cancelling_ask_first(client: Client, fest: Fest) -> None:
    event = build_event(fest, state=Event.State.DRAFT, name="Quiz")
    response = post_form(client, event, state="published")
    assert sentences(response) == ["Quiz is public from now on, and registration opens at once."]
    confirm(client, event, response)
    build_submission(event)
    response = post_form(client, event, state="cancelled")
    assert sentences(response) == [
        "Quiz is cancelled: 1 registration ends (1 with a seat, 0 waiting). Tickets no longer work.",
        "1 mail will be sent.",
    ]
    confirm(client, event, response, **{"hold-reason": "No power"})
    assert states(event) == ["cancelled"]
    assert AuditEntry.objects.latest("pk").reason == "No power"
    response = post_form(client, event, state="published", takes_place="on")
    assert sentences(response)[0].startswith("Quiz takes place after all, with empty lists")


def test_save_without_consequences_saves_at_once(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 1, capacity=5)
    for values in ({"summary": "Robots"}, {"capacity": "6"}, {"capacity": "2"}, {"grade_min": "3"}):
        assert not is_asked(post_form(client, event, **values))
    assert Delivery.objects.filter(kind="changed").count() == 0


def test_uploaded_picture_comes_along_to_the_second_submission(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 2)
    upload = SimpleUploadedFile("a.png", drawn("PNG"))
    response = post_form(client, event, capacity="2", upload=upload)
    confirm(client, event, response)
    assert Event.objects.get().picture == Picture.objects.get()


def test_what_somebody_else_changed_is_told_and_kept(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 3)
    form = filled_in(client, page_of(event), capacity="3")
    other = organiser("priya")
    change(event, user=other, summary="Robots by Priya")
    response = client.post(page_of(event), form, follow=True)
    text = response.context["others"][0]
    assert text.startswith("priya changed “Summary” from An event to Robots by Priya in the meantime (")
    confirm(client, event, response)
    event.refresh_from_db()
    assert (event.summary, states(event)) == ("Robots by Priya", ["confirmed"] * 3)


def test_ends_of_lines_as_a_browser_sends_them_are_nobodys_change(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 3)
    Event.objects.update(rules="Wireless only.\nOne driver.")
    form = filled_in(client, page_of(event), capacity="3")
    sent = {
        name: value.replace("\n", "\r\n") if isinstance(value, str) else value for name, value in form.items()
    }
    response = client.post(page_of(event), sent, follow=True)
    assert (is_asked(response), response.context["others"]) == (True, [])


@pytest.mark.parametrize(("choice", "capacity"), [("mine", 4), ("theirs", 2)])
def test_field_that_both_changed_is_decided(client: Client, fest: Fest, choice: str, capacity: int) -> None:
    event = build_event(fest, capacity=3, name="Robots")
    form = filled_in(client, page_of(event), capacity="4", name="Line followers")
    change(event, user=organiser("priya"), capacity=2)
    response = client.post(page_of(event), form, follow=True)
    (conflict,) = response.context["conflicts"]
    assert (conflict.old, conflict.new, conflict.mine, conflict.who) == ("3", "2", "4", "priya")
    assert not response.context["is_again"]
    undecided = confirm(client, event, response)
    assert undecided.context["is_again"]
    assert (is_asked(undecided), Event.objects.get().seats.capacity) == (True, 2)
    assert confirm(client, event, undecided, **{"decide-capacity": choice}).status_code == 302
    event = Event.objects.get()
    assert (event.seats.capacity, event.name) == (capacity, "Line followers")


def test_decision_that_was_overtaken_once_more_is_asked_again(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=3)
    form = filled_in(client, page_of(event), capacity="4")
    set_capacity(event, capacity=2)
    response = client.post(page_of(event), form, follow=True)
    set_capacity(event, capacity=1)
    again = confirm(client, event, response, **{"decide-capacity": "mine"})
    assert (again.context["conflicts"][0].old, again.context["conflicts"][0].new) == ("2", "1")
    assert Event.objects.get().seats.capacity == 1


@pytest.mark.parametrize(
    ("name", "mine", "theirs"),
    [
        ("starts_at", {"starts_at_1": "08:00:00"}, "starts_at"),
        ("is_paused", {"is_paused": "on", "pause_text": "Mine"}, "pause_text"),
    ],
)
def test_fields_of_all_kinds_go_through_the_decision(
    client: Client, fest: Fest, name: str, mine: dict[str, str], theirs: str
) -> None:
    event = build_event(fest, hour=10)
    form = filled_in(client, page_of(event), **mine)
    values: dict[str, Any] = {"starts_at": event.starts_at - dt.timedelta(hours=1), "pause_text": "Theirs"}
    change(event, **{theirs: values[theirs]})
    response = client.post(page_of(event), form, follow=True)
    confirm(client, event, response, **{f"decide-{theirs}": "theirs"})
    event = Event.objects.get()
    assert getattr(event, theirs) == values[theirs]
    assert event.is_paused == ("is_paused" in mine)


def test_open_conflicts_are_listed_by_their_date_and_settled_with_a_reason(
    client: Client, fest: Fest
) -> None:
    robots, quiz = build_event(fest, hour=10), build_event(fest, hour=14)
    build_submission(robots, quiz, name="Asha Rao")
    set_beside(robots, quiz)
    conflict = Conflict.objects.get()
    path = list_path(Conflict)
    assert "Asha Rao" in client.get(path).content.decode()
    chosen = {"action": "resolve", "_selected_action": str(conflict.pk)}
    asked = client.post(path, chosen, follow=True)
    assert "1 registration stays as it is" in asked.content.decode()
    assert "Enter the reason" in client.post(path, chosen | {"confirmed": "yes"}).content.decode()
    client.post(path, chosen | {"confirmed": "yes", "reason": "Plays first"})
    assert Conflict.objects.get().resolved_at is not None
    assert AuditEntry.objects.get(what="settled").reason == "Plays first"
    assert "Asha Rao" not in client.get(path).content.decode()
    assert "Asha Rao" in client.get(f"{path}?state=resolved").content.decode()
    assert ConflictAdmin.event_lookup == "registration__event"


def test_seats_reserved_stand_in_the_admin_and_are_given_back(client: Client, fest: Fest) -> None:
    event = waiting_event(fest, 3)
    change(event, user=organiser("priya"), capacity=3, hold=2)
    path = list_path(Hold)
    assert client.get(path).status_code == client.get(page_of(Hold.objects.get())).status_code == 200
    chosen = {"action": "give_back", "_selected_action": str(Hold.objects.get().pk)}
    assert (
        '<li><bdi translate="no">Held back</bdi>, ' in client.post(path, chosen, follow=True).content.decode()
    )
    client.post(path, chosen | {"confirmed": "yes"})
    assert states(event) == ["confirmed"] * 3


def test_student_and_teacher_read_what_is_wrong(fest: Fest) -> None:
    robots, quiz = build_event(fest, hour=10, name="Robots"), build_event(fest, hour=14, name="Quiz")
    submission = build_submission(robots, quiz)
    set_beside(robots, quiz)
    page = Client().get(links.my_path(submission.student)).content.decode()
    assert page.count("You keep both for now. Choose one, and cancel the other by") == 2
    board = organiser_client(build_teacher().user).get(reverse("teacher:home")).content.decode()
    assert (board.count("clashes with Quiz"), board.count("clashes with Robots")) == (1, 1)
