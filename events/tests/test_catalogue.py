"""The catalogue: chips that filter by grade, seats, covers, and what is offered to a student who was refused."""

import re
from typing import Any

import pytest
from django.test import Client

from events import cache, covers
from events.availability import Availability
from events.catalogue import with_free_seats
from events.models import Category, Event, Fest, Seats
from registrations.tests.builders import build_event, build_fest

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    fest = build_fest(grade_min=5, grade_max=8)
    build_event(fest, name="Robo Race", slug="robo", grade_min=5, grade_max=6, capacity=30)
    build_event(fest, name="Logo Clinic", slug="logo", grade_min=7, grade_max=8)
    cache.forget()
    return fest


def page(client: Client, path: str, **query: Any) -> str:
    response = client.get(path, query)
    assert response.status_code == 200
    return str(response.content.decode())


def chips(text: str) -> list[tuple[str, str]]:
    """Address and state of each chip."""
    links = text.split('<ul class="links">')[1].split("</ul>")[0]
    return re.findall(r'<a href="([^"]*)"( aria-current="true")?>', links)


def test_chips_filter_by_plain_links_and_keep_the_other_filters(client: Client, fest: Fest) -> None:
    assert [url for url, _current in chips(page(client, "/"))] == [
        "/", "?grade=5", "?grade=6", "?grade=7", "?grade=8",
    ]  # fmt: skip
    text = page(client, "/", grade="7", free="on", name="logo", category="coding")
    assert chips(text)[3] == (
        "?name=logo&amp;grade=7&amp;category=coding&amp;free=on",
        ' aria-current="true"',
    )
    assert chips(text)[0] == ("?name=logo&amp;category=coding&amp;free=on", "")
    assert ("Logo Clinic" in text, "Robo Race" in text) == (True, False)
    assert '<input type="hidden" name="grade" value="7">' in text


def test_chosen_grade_is_carried_into_the_form(client: Client, fest: Fest) -> None:
    assert 'href="/events/logo/?grade=7"' in page(client, "/", grade="7")
    event = page(client, "/events/logo/", grade="7")
    assert 'href="/register/?event=logo&amp;grade=7"' in event
    assert 'href="/?grade=7"' in event
    form = page(client, "/register/", event="logo", grade="7")
    assert re.findall(r'name="grade" value="(\d+)"[^>]*checked', form) == ["7"]


@pytest.mark.parametrize("grade", ["", "13", "07", "x", "7 OR 1=1"])
def test_other_grades_are_ignored_and_make_no_page_of_their_own(
    client: Client, fest: Fest, grade: str
) -> None:
    paths = ("/", "/events/logo/", "/register/?event=logo")
    plain = [re.sub(r'name="key" value="\w+"', "", page(client, path)) for path in paths]
    kept = len(cache.cached_fest().pages)
    joined = [f"{path}{'&' if '?' in path else '?'}grade={grade}" for path in paths]
    assert [re.sub(r'name="key" value="\w+"', "", page(client, path)) for path in joined] == plain
    assert len(cache.cached_fest().pages) == kept


def test_what_one_visitor_types_is_shown_to_no_other(client: Client, fest: Fest) -> None:
    """A text that is too long filters nothing, so its page must not be kept as the one without filters."""
    assert "rude" in page(client, "/", name="rude " * 100)
    assert "rude" not in page(client, "/")


def test_catalogue_and_event_are_cached_without_cookies(client: Client, fest: Fest) -> None:
    for path in ("/?grade=7", "/events/logo/?grade=7"):
        response = client.get(path)
        assert (response["Cache-Control"], dict(response.cookies)) == ("public, max-age=5", {})
        assert "Cookie" not in response.get("Vary", "")


@pytest.mark.parametrize(
    ("capacity", "taken", "percent", "text"),
    [(30, 0, 0, "30 seats left"), (30, 29, 97, "1 seat left"), (300, 299, 98, "1 seat left"), (0, 0, 0, "Full — join")],
)  # fmt: skip
def test_seats_are_a_meter_and_words(fest: Fest, capacity: int, taken: int, percent: int, text: str) -> None:
    event = Event.objects.get(slug="robo")
    Seats.objects.filter(event=event).update(capacity=capacity, taken=taken)
    cache.forget()
    shown = cache.cached_fest().event("robo")
    assert shown
    availability = Availability(shown, cache.cached_fest().now)
    assert (availability.percent_taken, availability.text.startswith(text)) == (percent, True)


def test_open_event_has_no_pill(client: Client, fest: Fest) -> None:
    text = page(client, "/")
    assert 'class="state' not in text
    Event.objects.filter(slug="robo").update(is_paused=True)
    cache.forget()
    assert 'class="state is-paused"' in page(client, "/")


def test_categories_differ_in_colour_and_sign(fest: Fest) -> None:
    names = ["Coding", "Robotics", "Quiz", "Design", "Workshops", "Debating", "Odds and ends"]
    events = [
        Event(name="A", category=Category(pk=10 + number, name=name, slug=name))
        for number, name in enumerate(names)
    ]
    assert len({covers.tone(event) for event in events}) == 7
    assert len({covers.sign(event) for event in events}) == 7
    assert covers.sign(events[4]) == covers.sign(Event(category=Category(pk=1, name="Maker workshop")))


def test_cover_is_the_same_for_the_same_event_and_has_nothing_that_was_typed() -> None:
    category = Category(pk=1, name="Coding", slug="coding")
    drawn = [covers.cover(Event(name=name, category=category)) for name in ("<b>&", "Race 1", "<b>&")]
    assert drawn[0] == drawn[2] != drawn[1]
    assert set(re.findall(r'<path d="([^"]*)"', "".join(drawn)))
    assert all(
        re.fullmatch(r"[MLZhvalmz\d .-]+", path) for path in re.findall(r'd="([^"]*)"', "".join(drawn))
    )


def test_free_seats_are_not_offered_beside_what_the_student_has(fest: Fest) -> None:
    held = build_event(fest, hour=10)
    build_event(fest, hour=10.5, slug="overlaps")
    build_event(fest, hour=11, slug="touches")
    cache.forget()
    current = cache.cached_fest()
    offered = {card.event.slug for card in with_free_seats(current, 7, without=set(), held=[held])}
    assert offered == {"logo", "touches"}
    assert {card.event.slug for card in with_free_seats(current, 7, without=set())} == (
        offered | {held.slug, "overlaps"}
    )
