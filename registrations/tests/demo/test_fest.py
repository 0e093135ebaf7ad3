"""The sample fest: what a newcomer meets, made once and moved with the days."""

import datetime as dt
import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from events.availability import Availability, State
from events.models import Event, Fest, Seats
from registrations.demo.fest import prepare
from registrations.models import Registration, School, Teacher
from techfest.core.db.clock import database_now
from tickets.models import Gate
from tickets.tests.audited import run

pytestmark = pytest.mark.django_db(transaction=True)

DAY = dt.timedelta(days=1)


def states(fest: Fest, now: dt.datetime) -> dict[str, str]:
    events = fest.events.select_related("fest", "seats")
    return {event.name: Availability(event, now).state for event in events}


def test_sample_shows_every_kind_of_event() -> None:
    now = database_now()
    fest = prepare(now)
    found = states(fest, now)
    assert (len(found) >= 12, School.objects.accepted().count()) == (True, 8)
    assert set(fest.categories.values_list("name", flat=True)) == {
        "Coding",
        "Robotics",
        "Quiz",
        "Design",
        "Workshops",
    }
    assert set(found.values()) == {State.OPEN, State.SOON, State.CLOSED}
    assert Seats.objects.filter(capacity__lte=6).count() == 1
    (nearly_full,) = Event.objects.filter(seats__taken__gt=0)
    assert nearly_full.seats.free == 3
    assert run() == []


def test_event_that_opens_soon_opens_at_a_full_minute() -> None:
    now = database_now()
    prepare(now)
    (opens_at,) = Event.objects.filter(opens_at__gt=now).values_list("opens_at", flat=True)
    assert opens_at is not None
    assert (opens_at.second, opens_at.microsecond) == (0, 0)
    assert DAY * 0 <= opens_at - now - dt.timedelta(minutes=1) < dt.timedelta(minutes=1)


def test_second_start_keeps_what_was_registered_and_moves_all_days_alike() -> None:
    now = database_now()
    first = prepare(now)
    before = dict(first.events.values_list("slug", "starts_at"))
    kept = list(Registration.objects.order_by("pk").values_list("pk", flat=True))
    again = prepare(now + 70 * DAY)
    moved = {slug: at - before[slug] for slug, at in again.events.values_list("slug", "starts_at")}
    assert (again.pk, list(Registration.objects.order_by("pk").values_list("pk", flat=True))) == (
        first.pk,
        kept,
    )
    assert set(moved.values()) == {70 * DAY}
    assert again.starts_on.weekday() == 5


def test_next_start_keeps_the_dates_that_an_organiser_typed() -> None:
    now = database_now()
    fest = prepare(now)
    Fest.objects.update(closes_at=fest.closes_at - DAY)
    Event.objects.filter(pk=fest.events.order_by("pk")[0].pk).update(opens_at=now - 2 * DAY)
    typed = [Fest.objects.values().get(), *Event.objects.order_by("pk").values()]
    prepare(now + DAY)
    assert [Fest.objects.values().get(), *Event.objects.order_by("pk").values()] == typed


def logins(*arguments: str) -> dict[str, str]:
    """The passwords that the command prints, by name."""
    out = StringIO()
    call_command("sample_fest", *arguments, stdout=out)
    return dict(re.findall(r"^[\w ]+: (\w+) / (\S+)$", out.getvalue(), re.MULTILINE))


def test_only_with_logins_the_command_prints_who_runs_the_fest_and_a_teacher_who_get_in() -> None:
    assert logins() == {}
    assert Teacher.objects.count() == 0
    first = logins("--logins")
    again = logins("--logins")
    assert [*first] == [*again] == ["organiser", "lead", "volunteer", "teacher"]
    teacher = Teacher.objects.get()
    assert (teacher.name, teacher.school.state, teacher.is_approved) == ("Ms Rao", "accepted", True)
    pages = {}
    for name, password in again.items():
        client = Client()
        response = client.post("/accounts/login/", {"login": name, "password": password})
        pages[name] = response.headers.get("Location", "")
        assert client.get(pages[name]).status_code == 200
        assert client.get("/teacher/waiting/").status_code == (302 if name == "teacher" else 404)
    assert pages == {
        "organiser": "/admin/",
        "lead": "/admin/",
        "volunteer": "/door/",
        "teacher": "/teacher/",
    }


def test_lead_of_the_sample_leads_one_hall_and_its_volunteer_stands_at_two_gates() -> None:
    logins("--logins")
    logins("--logins")
    led = Event.objects.filter(leads__username="lead")
    assert (led.count() >= 2, {event.venue.name for event in led}) == (True, {"Robotics Arena"})
    gates = {gate.name: gate.events.count() for gate in Gate.objects.filter(volunteers__username="volunteer")}
    assert gates == {"Main gate": 0, "Robotics Arena": led.count()}
