"""Days, times and grades as people write them into a timetable."""

import datetime as dt

import pytest

from events.models import Fest
from registrations.timetable.cells import day_of, event_values, grades_of, number_of, time_of

FEST = Fest(
    name="Fest",
    time_zone="Asia/Kolkata",
    starts_on=dt.date(2026, 12, 12),
    ends_on=dt.date(2026, 12, 13),
    opens_at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
    closes_at=dt.datetime(2026, 12, 10, tzinfo=dt.UTC),
    grade_min=5,
    grade_max=12,
)
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
ROW = {
    "name": "Robo Race",
    "category": "Robots",
    "venue": "Main Hall",
    "day": "12 Dec",
    "start": "9:30",
    "end": "11 am",
    "capacity": "40",
    "grades": "5-8",
}


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-12",
        "12.12.2026",
        "12/12/26",
        "12-12-2026",
        "12/12",
        "12 Dec",
        "Sat, 12th December 2026",
        "2026-12-12 00:00:00",
    ],
)
def test_day_is_read_as_people_write_it(text: str) -> None:
    assert day_of(text, fest=FEST) == dt.date(2026, 12, 12)


@pytest.mark.parametrize("text", ["", "Saturday", "32.12.2026", "12 Foo", "2026", "12.13.2026"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert day_of(text, fest=FEST) is None


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("10:30", 10, 30),
        ("10.30", 10, 30),
        ("14:00:00", 14, 0),
        ("2 pm", 14, 0),
        ("2:05PM", 14, 5),
        ("12 am", 0, 0),
        ("12 p.m.", 12, 0),
        ("9", 9, 0),
    ],
)
def test_time_is_read_as_people_write_it(text: str, hour: int, minute: int) -> None:
    assert time_of(text) == dt.time(hour, minute)


@pytest.mark.parametrize("text", ["", "25:00", "10:60", "13 pm", "0 am", "noon", "10:3"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert time_of(text) is None


def test_grades_stay_within_the_fest() -> None:
    found = [
        grades_of(text, fest=FEST)
        for text in ("5-8", "Grades 5 to 8", "7", "", "all", "5–8", "4-8", "8-5", "x")
    ]
    assert found == [(5, 8), (5, 8), (7, 7), (5, 12), (5, 12), (5, 8), None, None, None]


def test_number_may_come_from_a_spreadsheet() -> None:
    assert [number_of(text) for text in ("40", "40.0", "0", "-1", "many", "4e3", "999999")] == [
        40,
        40,
        0,
        None,
        None,
        None,
        None,
    ]


def test_times_of_an_event_are_those_of_the_fests_zone() -> None:
    values, problems = event_values(ROW, fest=FEST, now=NOW)
    assert (problems, values["starts_at"].isoformat(), values["ends_at"].isoformat()) == (
        [],
        "2026-12-12T09:30:00+05:30",
        "2026-12-12T11:00:00+05:30",
    )


def test_all_problems_of_a_row_are_told_at_once() -> None:
    bad = {
        "name": "",
        "category": "x" * 51,
        "venue": "",
        "day": "14 Dec",
        "start": "11:00",
        "end": "11:00",
        "capacity": "lots",
        "grades": "1-2",
    }
    values, problems = event_values(bad, fest=FEST, now=NOW)
    assert (values, problems) == (
        {},
        [
            "Give the event a name of 120 characters or less.",
            "Name a category of 50 characters or less.",
            "Name a venue of 100 characters or less.",
            "The event must end after it starts.",
            (
                "The event (14 December 2026, 11:00) is not within the days of the fest, "
                "12 December 2026 to 13 December 2026."
            ),
            "Write the capacity as a number.",
            "Write the grades like 5-8, within 5 and 12.",
        ],
    )
