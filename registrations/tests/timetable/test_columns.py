"""The formats that cells of imported events are read in, from a workbook or pasted."""

import datetime as dt

import pytest

from events.models import Fest
from registrations.timetable.columns import (
    BY_NAME,
    CellContext,
    Unreadable,
    day_of,
    grades_of,
    read_moment,
    read_number,
    time_of,
)
from registrations.timetable.paste import event_values

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
CONTEXT = CellContext(
    zone=FEST.zone, first_day=FEST.starts_on, grade_min=5, grade_max=12, venues={}, categories={}, states={}
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
    assert day_of(text, year=2026) == dt.date(2026, 12, 12)


@pytest.mark.parametrize("text", ["", "Saturday", "32.12.2026", "12 Foo", "2026", "12.13.2026"])
def test_other_text_is_not_a_day(text: str) -> None:
    assert day_of(text, year=2026) is None


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
def test_other_text_is_not_a_time(text: str) -> None:
    assert time_of(text) is None


def test_grades_stay_within_the_fest() -> None:
    found = [
        grades_of(text, all_grades=(5, 12))
        for text in ("5-8", "Grades 5 to 8", "7", "", "all", "5–8", "4-8", "8-5", "x")
    ]
    assert found == [(5, 8), (5, 8), (7, 7), (5, 12), (5, 12), (5, 8), None, None, None]


def number(text: str) -> int | None:
    try:
        return read_number(0, 100_000)(text, CONTEXT)
    except Unreadable:
        return None


def test_number_may_come_from_a_spreadsheet() -> None:
    found = [number(text) for text in ("40", "40.0", "0", "-1", "many", "4e3", "999999")]
    assert found == [40, 40, 0, None, None, None, None]


def test_grade_may_be_written_with_its_word() -> None:
    read = BY_NAME["grade_min"].read
    assert [read(text, CONTEXT) for text in ("7", "7.0", "Grade 7", "class 7")] == [7, 7, 7, 7]


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-12 14:00:00",
        "2026-12-12T14:00",
        "12.12.2026 14:00",
        "12/12/2026 14.00",
        "12 Dec 2 pm",
        "Sat, 12th December 2026, 2:00 pm",
    ],
)
def test_moment_is_read_in_every_format_of_a_day_and_a_time(text: str) -> None:
    assert read_moment(text, CONTEXT) == "2026-12-12T08:30:00+00:00"


def test_moment_keeps_seconds_and_starts_a_day_at_midnight() -> None:
    found = [read_moment(text, CONTEXT) for text in ("2026-12-12 14:00:30", "2026-12-12")]
    assert found == ["2026-12-12T08:30:30+00:00", "2026-12-11T18:30:00+00:00"]


@pytest.mark.parametrize(
    "text", ["", "soon", "10:30", "2026-12-12 25:00", "2026-12-12 10:99", "12 Foo 10:00"]
)
def test_moment_without_a_day_or_with_a_wrong_time_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="Enter a day and a time, like 2026-12-12 10:00"):
        read_moment(text, CONTEXT)


def test_times_of_an_event_are_those_of_the_fests_zone() -> None:
    values, problems = event_values(ROW, CONTEXT, fest=FEST, now=NOW)
    assert (problems, values["starts_at"].isoformat(), values["ends_at"].isoformat()) == (
        [],
        "2026-12-12T09:30:00+05:30",
        "2026-12-12T11:00:00+05:30",
    )


def test_all_problems_of_a_row_are_listed_at_once() -> None:
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
    values, problems = event_values(bad, CONTEXT, fest=FEST, now=NOW)
    assert (values, problems) == (
        {},
        [
            "Name: It is empty.",
            "Category: It has more than 50 characters.",
            "Venue: It is empty.",
            "Capacity: Enter a whole number from 0 to 100000.",
            "Grades: Write the grades like 5-8, from 5 to 12.",
            "The event must end after it starts.",
            (
                "The event (14 December 2026, 11:00) is not within the days of the fest, "
                "12 December 2026 to 13 December 2026."
            ),
        ],
    )


def test_time_that_the_clocks_skip_is_refused() -> None:
    berlin = Fest(
        name="Fest", time_zone="Europe/Berlin", starts_on=dt.date(2026, 3, 29), ends_on=dt.date(2026, 3, 29)
    )
    context = CellContext(
        zone=berlin.zone,
        first_day=berlin.starts_on,
        grade_min=5,
        grade_max=12,
        venues={},
        categories={},
        states={},
    )
    cells = ROW | {"day": "29 Mar", "start": "2:30", "end": "11:00"}
    values, problems = event_values(cells, context, fest=berlin, now=NOW)
    assert (values, problems) == ({}, ["Start: There is no such time: clocks are put forward then."])
