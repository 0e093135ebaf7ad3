"""A venue that is taken twice at the same time is said before an event is saved, in every way in."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from events import cache
from events.models import Event, Fest, Venue
from registrations.tests.builders import build_event, build_fest
from registrations.tests.builders.timetables import File, post_form
from techfest.core.admin.base import page_of
from tickets.tests.admin_helpers import add_path, confirm, filled_in, is_asked, organiser_client

pytestmark = pytest.mark.django_db
TWICE = "Main Hall is taken twice: it is also the venue of Robo Race ({day}, 10:00am to 11:00am)."


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def race(fest: Fest) -> Event:
    return build_event(fest, hour=10, name="Robo Race")


def twice(fest: Fest) -> str:
    return TWICE.format(day=f"{fest.starts_on:%a} {fest.starts_on.day} {fest.starts_on:%b}")


def new_event(client: Client, race: Event, *, start: str, end: str, **values: Any) -> Any:
    form = filled_in(client, add_path(Event), name="Quiz", slug="quiz", capacity="40", state="draft")
    form |= {"venue": race.venue_id, "category": race.category_id}
    day = race.fest.starts_on.isoformat()
    form |= {"starts_at_0": day, "starts_at_1": start, "ends_at_0": day, "ends_at_1": end}
    return client.post(add_path(Event), form | values)


def test_new_event_in_a_taken_hall_is_asked_about(client: Client, fest: Fest, race: Event) -> None:
    asked = new_event(client, race, start="10:30", end="11:30")
    assert [one.text for one in asked.context["adminform"].form.date_questions] == [twice(fest)]
    assert not Event.objects.filter(slug="quiz").exists()
    digest = asked.context["adminform"].form.dates_digest
    new_event(client, race, start="10:30", end="11:30", dates_are_right=digest)
    assert Event.objects.filter(slug="quiz").exists()


@pytest.mark.parametrize(("start", "end"), [("11:00", "12:00"), ("09:00", "10:00")])
def test_events_that_follow_each_other_share_a_hall(
    client: Client, race: Event, start: str, end: str
) -> None:
    new_event(client, race, start=start, end=end)
    assert Event.objects.filter(slug="quiz").exists()


def test_other_hall_other_fest_and_cancelled_events_are_no_double_booking(
    client: Client, fest: Fest, race: Event
) -> None:
    other = build_fest(is_current=False)
    build_event(other, hour=12)
    build_event(fest, hour=12, state=Event.State.CANCELLED)
    build_event(fest, hour=12, venue=Venue.objects.create(fest=fest, name="Lab"))
    new_event(client, race, start="12:00", end="13:00")
    assert Event.objects.filter(slug="quiz").exists()


def test_moving_an_event_into_a_taken_hall_is_asked_about_once(
    client: Client, fest: Fest, race: Event
) -> None:
    lab = Venue.objects.create(fest=fest, name="Lab")
    quiz = build_event(fest, hour=10.5, name="Quiz", venue=lab)
    form = filled_in(client, page_of(quiz), venue=race.venue_id)
    asked = client.post(page_of(quiz), form, follow=True)
    assert (is_asked(asked), [one.text for one in asked.context["sentences"]]) == (True, [twice(fest)])
    confirm(client, quiz, asked)
    quiz.refresh_from_db()
    assert quiz.venue_id == race.venue_id
    answer = client.post(page_of(quiz), filled_in(client, page_of(quiz), summary="Bring a pen"))
    assert answer.status_code == 302


def test_rows_of_a_workbook_in_one_hall_are_said(client: Client, fest: Fest, race: Event) -> None:
    quiz = build_event(fest, hour=14, name="Quiz")
    day = fest.starts_on.isoformat()
    new = {"Category": "Coding", "Venue": "Main Hall", "Seats": "30"}
    file = File(client).put(quiz, Starts=f"{day} 10:15", Ends=f"{day} 10:45")
    file.add(**new, Event="Debate", Starts=f"{day} 10:45", Ends=f"{day} 11:15")
    preview = file.upload()
    texts = {row.title: [one.text for one in row.sentences] for row in preview.context["applied"]}
    assert texts == {"Quiz": [twice(fest)], "Debate": [twice(fest)]}
    post_form(client, preview)
    assert Event.objects.filter(name="Debate").exists()


def test_two_events_that_swap_their_halls_are_no_double_booking(
    client: Client, fest: Fest, race: Event
) -> None:
    quiz = build_event(fest, hour=10, name="Quiz", venue=Venue.objects.create(fest=fest, name="Lab"))
    preview = File(client).put(quiz, Venue="Main Hall").put(race, Venue="Lab").upload()
    assert [row.sentences for row in preview.context["applied"]] == [[], []]


def pasted(client: Client, fest: Fest, *rows: str, **values: str) -> Any:
    titles = "Event\tCategory\tVenue\tDay\tStart\tEnd\tCapacity\tGrades"
    path = reverse("admin:events_fest_paste", args=[fest.pk])
    return client.post(path, {"text": "\n".join([titles, *rows])} | values)


def test_pasted_rows_in_one_hall_are_said_and_can_be_created(client: Client, fest: Fest, race: Event) -> None:
    day = fest.starts_on.isoformat()
    rows = [
        f"Quiz\tMind\tmain hall\t{day}\t10:30\t11:30\t40\t5-8",
        f"Debate\tMind\tNew Hall\t{day}\t10:00\t11:00\t40\t5-8",
        f"Chess\tMind\tNew hall\t{day}\t10:59\t12:00\t40\t5-8",
        f"Go\tMind\tNew Hall\t{day}\t12:00\t13:00\t40\t5-8",
    ]
    page = pasted(client, fest, *rows)
    warned = {event.texts["name"]: event.warning for event in page.context["paste"].events}
    assert warned["Quiz"] == twice(fest).replace("Main Hall", "main hall")
    assert "it is also the venue of Chess (" in warned["Debate"]
    assert "it is also the venue of Debate (" in warned["Chess"]
    assert (warned["Go"], page.context["paste"].warnings) == ("", 3)
    pasted(client, fest, *rows, confirmed="yes")
    assert Event.objects.filter(name__in=warned).count() == 4


def test_pasted_event_can_be_edited_without_a_summary(client: Client, fest: Fest) -> None:
    day = fest.starts_on.isoformat()
    pasted(client, fest, f"Quiz\tMind\tHall\t{day}\t10:30 - 12\t\t40\t", confirmed="yes")
    quiz = Event.objects.get(name="Quiz")
    answer = client.post(page_of(quiz), filled_in(client, page_of(quiz), capacity="50"))
    assert (answer.status_code, Event.objects.get().seats.capacity) == (302, 50)
    published = client.post(page_of(quiz), filled_in(client, page_of(quiz), state="published"), follow=True)
    confirm(client, quiz, published)
    cache.forget()
    page = client.get(quiz.get_absolute_url()).content.decode()
    assert '<p class="lead"></p>' not in page
    assert 'content="Quiz"' in page


def test_order_of_numbers_is_asked_for_on_both_pages(client: Client, fest: Fest) -> None:
    build_event(fest)
    row = "Quiz\tMind\tHall\t12/11/2001\t10:30\t11:30\t40\t"
    assert 'name="order"' not in pasted(client, fest, row.replace("/", ".")).content.decode()
    asked = pasted(client, fest, row)
    assert "Day or month first? Choose below" in asked.content.decode()
    again = pasted(client, fest, row, order="month")
    assert "(11 December 2001, 10:30am)" in again.context["paste"].events[0].problems[0]
    assert '<option value="month" selected' in again.content.decode()

    new = {"Event": "Quiz", "Category": "Coding", "Venue": "Main Hall", "Seats": "30"}
    file = File(client).add(**new, Starts="12/11/2001 10:00", Ends="12/11/2001 11:00")
    assert "Day or month first? Choose below" in file.upload().content.decode()
    answered = file.upload(order="day")
    assert "(12 November 2001, 10:00am)" in answered.context["left"][0].problems[0]
    assert not answered.context["is_order_open"]


@pytest.mark.parametrize("day", ["12/11/2026", "11-12-26", "31/12"])
def test_day_with_two_meanings_is_no_day_in_a_form(client: Client, race: Event, day: str) -> None:
    answer = new_event(client, race, start="12:00", end="13:00", starts_at_0=day)
    [error] = answer.context["adminform"].form.errors["starts_at"]
    assert error.startswith("Enter the day as year, month and day, like 2026-12-31")


def test_month_may_be_a_word_in_a_form(client: Client, fest: Fest, race: Event) -> None:
    day = f"{fest.starts_on:%d %b %Y}"
    new_event(client, race, start="2 pm", end="3:30 PM", starts_at_0=day, ends_at_0=day)
    quiz = Event.objects.get(slug="quiz")
    assert f"{quiz.starts_at.astimezone(fest.zone):%Y-%m-%d %H:%M}" == f"{fest.starts_on} 14:00"
