"""The timetable of Today: its days, venues and hours, its numbers, and overlaps of a venue."""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from events.models import Event, Fest, Seats, Venue
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.db.clock import database_now
from techfest.core.roles import LEAD, RESULTS, VOLUNTEER
from tickets.dashboard.event_rows import EventRow, overlapping
from tickets.models import Ticket
from tickets.tests.admin_helpers import in_role, organiser_client, query_count

TODAY = reverse("admin:index")


@pytest.fixture
def fest(db: None) -> Fest:
    day = timezone.localdate() + dt.timedelta(days=9)
    return build_fest(starts_on=day, ends_on=day + dt.timedelta(days=1))


def at(fest: Fest, hour: float, *, day: int = 0) -> dt.datetime:
    midnight = dt.datetime.combine(fest.starts_on + dt.timedelta(days=day), dt.time(), fest.zone)
    return midnight + dt.timedelta(hours=hour)


def event_at(
    fest: Fest, name: str, start: float, end: float, *, venue: str = "Lab", day: int = 0, **values: Any
) -> Event:
    place, _made = Venue.objects.get_or_create(fest=fest, name=venue)
    start_at, end_at = at(fest, start, day=day), at(fest, end, day=day)
    return build_event(fest, name=name, venue=place, starts_at=start_at, ends_at=end_at, **values)


def shown(client: Any, path: str = TODAY) -> dict[str, Any]:
    """The blocks of the shown day by the name of their event."""
    grid = client.get(path).context["timetable"].grid
    return {block.name: block for venue in grid.venues for block in venue.blocks}


def words(block: Any) -> list[str]:
    return [number.words for number in block.numbers]


def test_events_stand_in_their_venue_at_their_hour(fest: Fest) -> None:
    event_at(fest, "Quiz", 10, 11.5)
    event_at(fest, "Robo Race", 9, 13, venue="Arena")
    grid = organiser_client().get(TODAY).context["timetable"].grid
    assert [venue.name for venue in grid.venues] == ["Arena", "Lab"]
    assert (len(grid.hours), grid.hours[0], grid.hours[-1]) == (4, "9:00am", "12:00pm")
    blocks = {
        block.name: (block.start, block.length, block.times)
        for venue in grid.venues
        for block in venue.blocks
    }
    assert blocks == {"Robo Race": (0, 16, "9:00am to 1:00pm"), "Quiz": (4, 6, "10:00am to 11:30am")}


def test_each_number_links_to_the_list_that_it_counts(fest: Fest) -> None:
    full, free = event_at(fest, "Full", 9, 10, capacity=1), event_at(fest, "Free", 11, 12, capacity=5)
    for name in ("Asha", "Ben", "Chitra"):
        build_submission(full, name=name)
    build_submission(free, name="Dia")
    client = organiser_client()
    blocks = shown(client)
    assert (words(blocks["Full"]), words(blocks["Free"])) == (
        ["Full, 1 seat", "2 waiting"],
        ["4 of 5 seats left"],
    )
    for number, count in zip(blocks["Full"].numbers, (1, 2), strict=True):
        assert client.get(number.path).context["cl"].result_count == count
    sums = client.get(TODAY).context["timetable"].sums
    assert [number.words for number in sums] == ["2 of 6 seats taken", "2 waiting", "1 event full"]
    assert client.get(sums[0].path).context["cl"].result_count == 2
    Event.objects.filter(pk=free.pk).update(state=Event.State.CANCELLED)
    sums = client.get(TODAY).context["timetable"].sums
    assert [(number.words, bool(number.path)) for number in sums[:2]] == [
        ("1 of 1 seat taken", False),  # its list has those of the other event, too
        ("2 waiting", True),
    ]


def test_lowered_capacity_and_missing_seats_are_said(fest: Fest) -> None:
    event, empty = (
        event_at(fest, "Quiz", 9, 10, capacity=3),
        event_at(fest, "Empty", 9, 10, venue="Hall", capacity=0),
    )
    for name in ("Asha", "Ben"):
        build_submission(event, name=name)
    Seats.objects.filter(event=event).update(capacity=1)
    blocks = shown(organiser_client())
    assert (words(blocks["Quiz"]), blocks["Quiz"].numbers[0].tone) == (["1 over"], "bad")
    assert (words(blocks["Empty"]), blocks["Empty"].numbers[0].path) == (
        ["No seats yet"],
        blocks["Empty"].path,
    )
    assert str(empty.pk) in blocks["Empty"].path


def test_overlaps_of_a_venue_are_named_with_a_sign(fest: Fest) -> None:
    event_at(fest, "Quiz", 9, 11)
    event_at(fest, "Talk", 10, 12)
    event_at(fest, "Touching", 12, 13)
    event_at(fest, "Elsewhere", 9, 13, venue="Hall")
    event_at(fest, "Off", 9, 13, state=Event.State.CANCELLED)
    client = organiser_client()
    blocks = shown(client)
    assert {name: block.overlap for name, block in blocks.items()} == {
        "Quiz": "Same venue and time as Talk",
        "Talk": "Same venue and time as Quiz",
        "Touching": "",
        "Elsewhere": "",
    }
    page = client.get(TODAY).content.decode()
    assert "2 events share their venue with another at the same time." in " ".join(page.split())
    assert page.count("⚠") >= 3


def test_overlaps_are_those_of_comparing_all_pairs() -> None:
    start = dt.datetime(2026, 12, 12, 9, tzinfo=dt.UTC)
    spans = [(0, 4), (1, 2), (2, 3), (3, 6), (5, 7), (7, 8), (7, 8), (9, 9.5)]
    rows = [
        EventRow(
            number,
            f"E{number}",
            "Lab",
            start + dt.timedelta(hours=first),
            start + dt.timedelta(hours=last),
            *("published", False, 1, 0, 0, 0),
        )
        for number, (first, last) in enumerate(spans)
    ]
    counts = {
        one.pk: sum(
            one.pk != other.pk and one.starts_at < other.ends_at and other.starts_at < one.ends_at
            for other in rows
        )
        for one in rows
    }
    found = overlapping(rows)
    assert {row.pk: found[row.pk].others if row.pk in found else 0 for row in rows} == counts


def test_day_is_chosen_by_link_and_an_event_past_midnight_is_on_both(fest: Fest) -> None:
    event_at(fest, "Quiz", 9, 11)
    event_at(fest, "Night Hack", 20, 30)
    event_at(fest, "Finals", 15, 16, day=1)
    client = organiser_client()
    days = client.get(TODAY).context["timetable"].days
    assert [(day.events, day.is_shown) for day in days] == [(2, True), (2, False)]
    second = f"{TODAY}?day={days[1].date:%Y-%m-%d}"
    blocks = shown(client, second)
    assert set(blocks) == {"Night Hack", "Finals"}
    assert (blocks["Night Hack"].start, blocks["Night Hack"].length) == (0, 24)
    for wrong in ("yesterday", "2026-02-30", "1900-01-01"):
        assert set(shown(client, f"{TODAY}?day={wrong}")) == {"Quiz", "Night Hack"}


def test_fest_day_shows_now_next_and_who_came(db: None) -> None:
    now = database_now()
    fest = build_fest(starts_on=timezone.localdate(), ends_on=timezone.localdate(), time_zone="UTC")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = midnight + dt.timedelta(hours=24)
    running = build_event(fest, name="Running", capacity=9, starts_at=midnight, ends_at=end, closes_at=end)
    for name in ("Asha", "Ben"):
        build_submission(running, name=name)
    Ticket.objects.filter(student__name="Asha").update(checked_in_at=now)
    grid = organiser_client().get(TODAY).context["timetable"].grid
    assert (grid.is_today, [block.name for block in grid.running]) == (True, ["Running"])
    assert words(grid.running[0]) == ["1 of 2 checked in", "7 of 9 seats left"]
    assert grid.now_slot is not None


def test_lead_sees_led_events_only_and_results_see_no_numbers(fest: Fest) -> None:
    mine, _other = event_at(fest, "Quiz", 9, 11), event_at(fest, "Talk", 10, 12)
    lead = in_role(LEAD)
    mine.leads.add(lead)
    blocks = shown(organiser_client(lead))
    assert (set(blocks), blocks["Quiz"].overlap) == ({"Quiz"}, "")
    blocks = shown(organiser_client(in_role(RESULTS)))
    assert {name: words(block) for name, block in blocks.items()} == {"Quiz": [], "Talk": []}
    assert organiser_client(in_role(VOLUNTEER)).get(TODAY).status_code == 403


def test_timetable_asks_as_often_for_two_hundred_events_as_for_one(fest: Fest) -> None:
    client = organiser_client()
    build_submission(event_at(fest, "First", 9, 10))
    few = query_count(client, TODAY)
    for number in range(20):
        event_at(fest, f"Event {number}", 9 + number % 5, 10 + number % 5, venue=f"Room {number % 7}")
    assert query_count(client, TODAY) == few


def test_grid_has_a_rule_for_each_place_and_length(fest: Fest) -> None:
    """The content security policy allows no style in the page, so the style sheet has every place of the grid."""
    css = (Path(__file__).resolve().parents[3] / "static" / "css" / "admin-today.css").read_text()
    assert {int(one) for one in re.findall(r"\.from-(\d+) ", css)} == set(range(96))
    assert {int(one) for one in re.findall(r"\.long-(\d+) ", css)} == set(range(5, 97))
    assert {int(one) for one in re.findall(r"\.hours-(\d+) ", css)} == set(range(2, 25))
    event_at(fest, "Whole day", 0, 24)
    event_at(fest, "Late", 23.75, 24)
    blocks = shown(organiser_client())
    assert [(block.start, block.length) for block in blocks.values()] == [(0, 96), (91, 5)]


@pytest.mark.parametrize(("hours", "day"), [((23.25, 24), 0), ((22, 24.5), 1)])
def test_only_events_at_the_edge_of_a_day_stand_in_the_grid(
    fest: Fest, hours: tuple[float, float], day: int
) -> None:
    event_at(fest, "Stars", *hours)
    path = f"{TODAY}?day={fest.starts_on + dt.timedelta(days=day)}"
    grid = organiser_client().get(path).context["timetable"].grid
    (block,) = grid.venues[0].blocks
    assert (block.name, len(grid.hours), block.start, block.length) == ("Stars", 2, 3 if day == 0 else 0, 5)


def test_last_hour_of_a_day_of_25_hours_stands_in_the_grid(db: None) -> None:
    day = next_day_of_25_hours()
    fest = build_fest(starts_on=day, ends_on=day, time_zone="Europe/Berlin")
    end = dt.datetime.combine(day, dt.time(23, 59), fest.zone)
    build_event(fest, name="Stars", starts_at=end - dt.timedelta(minutes=30), ends_at=end)
    grid = organiser_client().get(TODAY).context["timetable"].grid
    (block,) = grid.venues[0].blocks
    assert (len(grid.hours), block.start, block.length) == (2, 3, 5)


def next_day_of_25_hours() -> dt.date:
    """The last Sunday of the next October."""
    year = timezone.localdate().year + 1
    return next(
        day for day in (dt.date(year, 10, 31 - number) for number in range(7)) if day.isoweekday() == 7
    )
