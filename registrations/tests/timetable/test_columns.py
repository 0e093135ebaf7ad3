"""The formats that cells of imported events are read in, from a workbook or pasted."""

import datetime as dt
import time

import pytest

from events.models import Fest
from registrations.timetable.clocks import split_range, time_of
from registrations.timetable.columns import BY_NAME, CellContext, read_clock, read_moment, read_number
from registrations.timetable.days import AmbiguousDay, FestDays, Unreadable, day_of
from registrations.timetable.grades import grades_of
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
DAYS = FestDays(FEST.starts_on, FEST.ends_on)
CONTEXT = CellContext(
    zone=FEST.zone, days=DAYS, grade_min=5, grade_max=12, venues={}, categories={}, states={}
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
        "2026-12-12T00:00:00Z",
        "12/12/2026 12:00:00 AM",
        "Dec 12",
        "Dec. 12th, 2026",
        "December 12 2026",
        "12-Dec-26",
        "12-Dec",
        "12/Dec/2026",
        "2026/12/12",
        "2026 Dec 12",
        "20261212",
        "46368",
        "12.12.",
        "12.12.26",
        "12th of December",
        "Saturday",
        "Sat",
        "Day 1",
        "12/12/2026 (Sat)",
        "Saturday the 12th December",
        "१२/१२/२०२६",
        "12 दिसंबर 2026",
        "12. Dezember 2026",
        "12 décembre 2026",
        "12 de diciembre de 2026",
        "12\u00a0Dec\u00a02026",
        "2026年12月12日",
        "12月12日",
        "2026년 12월 12일",
        "12-XII-2026",
        "12 XII",
        "First day",
        "1st day",
        "Day one",
        "D-1",
        "D1",
    ],
)
def test_day_is_read_as_people_write_it(text: str) -> None:
    assert day_of(text, DAYS) == dt.date(2026, 12, 12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Monday",
        "Day 3",
        "32.12.2026",
        "12 Foo",
        "12 Decade",
        "2026",
        "12.13.2026",
        "12-13",
        "12-13 Dec",
        "12 and 13 Dec",
        "12 Dec 13 Dec",
        "Dec 2026",
        "10:30",
        "2026-12-12 10:30:00",
        "46400",
        "9" * 200,
        "D3",
        "V",
        "XII 12",
        "third day",
        "2026年12月",
        "12年",
        "13月12日",
    ],
)
def test_other_text_is_not_a_day(text: str) -> None:
    assert day_of(text, DAYS) is None


def test_month_of_an_eastern_date_comes_first() -> None:
    days = FestDays(dt.date(2026, 11, 10), dt.date(2026, 12, 13))
    assert day_of("12月11日", days) == dt.date(2026, 12, 11)
    assert day_of("11月12日", days) == dt.date(2026, 11, 12)


@pytest.mark.parametrize("text", ["10-12 am", "9-11 pm", "10-30", "13-30"])
def test_hyphen_between_hours_is_no_time(text: str) -> None:
    assert time_of(text) is None


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
        ("10h30", 10, 30),
        ("10 h 30", 10, 30),
        ("14h", 14, 0),
        ("1030 hrs", 10, 30),
        ("10:30 hrs", 10, 30),
        ("10.30 Uhr", 10, 30),
        ("10:30 A.M.", 10, 30),
        ("10.30 a. m.", 10, 30),
        ("noon", 12, 0),
        ("12 noon", 12, 0),
        ("midnight", 0, 0),
        ("24:00", 0, 0),
        ("02:30", 2, 30),
        ("0.4375", 10, 30),
        ("1899-12-30 10:30:00", 10, 30),
        ("१०:३०", 10, 30),
        ("10-30 am", 10, 30),
        ("2-15pm", 14, 15),
    ],
)
def test_time_is_read_as_people_write_it(text: str, hour: int, minute: int) -> None:
    assert time_of(text) == dt.time(hour, minute)


@pytest.mark.parametrize(
    "text", ["", "25:00", "10:60", "13 pm", "0 am", "noonish", "10:3", "1030", "24:01", "0.25", "2026"]
)
def test_other_text_is_not_a_time(text: str) -> None:
    assert time_of(text) is None


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("12/11/2026", "12 November 2026", "11 December 2026"),
        ("12-11-26", "12 November 2026", "11 December 2026"),
        ("3/4", "3 April 2026", "4 March 2026"),
    ],
)
def test_day_with_two_meanings_outside_the_fest_is_asked_about(text: str, first: str, second: str) -> None:
    with pytest.raises(AmbiguousDay, match=f"Day or month first.*{first} or {second}"):
        day_of(text, DAYS)


def test_answer_and_days_of_the_fest_decide_between_two_meanings() -> None:
    may = FestDays(dt.date(2026, 5, 3), dt.date(2026, 5, 4))
    long = FestDays(dt.date(2026, 3, 1), dt.date(2026, 5, 31))
    assert day_of("05/03/2026", may) == day_of("03/05/2026", may) == dt.date(2026, 5, 3)
    with pytest.raises(AmbiguousDay):
        day_of("03/05/2026", long)
    found = [
        day_of(text, FestDays(long.first, long.last, order))
        for order in ("day", "month")
        for text in ("03/05/2026", "03/15/2026", "15/03/2026", "03.05.2026", "Mon 4/5")
    ]
    days = [(5, 3), (3, 15), (3, 15), (5, 3), (5, 4), (3, 5), (3, 15), (3, 15), (5, 3), (5, 4)]
    assert found == [dt.date(2026, month, day) for month, day in days]


def test_weekday_decides_and_must_be_right() -> None:
    assert day_of("Thu 12/11/2026", DAYS) == dt.date(2026, 11, 12)
    with pytest.raises(Unreadable, match="12 December 2026 is a Saturday, not a Friday"):
        day_of("Fri, 12 Dec", DAYS)


def test_day_without_a_year_is_in_the_year_of_the_fest() -> None:
    days = FestDays(dt.date(2026, 12, 30), dt.date(2027, 1, 2))
    assert [day_of(text, days) for text in ("31 Dec", "1 Jan", "Jan 2", "02/01")] == [
        dt.date(2026, 12, 31),
        dt.date(2027, 1, 1),
        dt.date(2027, 1, 2),
        dt.date(2027, 1, 2),
    ]


@pytest.mark.parametrize("text", ["2", "2:30", "5.15"])
def test_hour_that_may_be_in_the_night_is_asked_about(text: str) -> None:
    with pytest.raises(Unreadable, match=f"Morning or afternoon. Write “{text} pm”"):
        time_of(text)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("10:30 - 12", "10:30", "12"),
        ("10.30 to 12 noon", "10.30", "12 noon"),
        ("10:30–12:00", "10:30", "12:00"),
        ("2-4 pm", "2 pm", "4 pm"),
        ("11 - 1 pm", "11 am", "1 pm"),
        ("10-11.30am", "10 am", "11.30am"),
        ("10h30-12h", "10h30", "12h"),
        ("2 - 4", "2", "4"),
        ("from 10 to 11", "10", "11"),
        ("10:00/11:30", "10:00", "11:30"),
    ],
)
def test_range_of_two_times_is_split(text: str, start: str, end: str) -> None:
    assert split_range(text) == (start, end)


@pytest.mark.parametrize("text", ["10-12 am", "9 - 12a", "8:30-12:00 AM"])
def test_range_that_ends_at_noon_or_midnight_is_refused(text: str) -> None:
    assert split_range(text) is None
    assert split_range("10 pm - 12 am") == ("10 pm", "12 am")


@pytest.mark.parametrize("text", ["10:30", "10-30", "2026-12-12", "noon", "", "5-8 grade", "ring to start"])
def test_other_text_is_no_range_of_times(text: str) -> None:
    assert split_range(text) is None


def test_name_of_the_fests_own_zone_may_follow_a_time() -> None:
    assert read_clock("10:30 am IST", CONTEXT) == dt.time(10, 30)
    with pytest.raises(Unreadable):
        read_clock("10:30 CET", CONTEXT)


def test_grades_are_read_as_people_write_them() -> None:
    texts = (
        "VI-VIII",
        "6th to 8th",
        "Std VI - VIII",
        "Classes 6, 7 & 8",
        "6/7/8",
        "class 6 to class 8",
        "6 – 8",
    )
    assert {grades_of(text, all_grades=(5, 12)) for text in texts} == {(6, 8)}
    assert grades_of("9 and above", all_grades=(5, 12)) == grades_of("9+", all_grades=(5, 12)) == (9, 12)
    assert grades_of("up to VIII", all_grades=(5, 12)) == (5, 8)
    wrong = ("6, 8", "9A", "VIII-VI", "juniors", "above 8", "-5", "5-")
    assert [grades_of(text, all_grades=(5, 12)) for text in wrong] == [None] * len(wrong)


@pytest.mark.parametrize(
    "text", ["05-Aug", "8-Dec", "2026-08-05", "2026-08-05 00:00:00", "05/08/2026", "Aug-26"]
)
def test_grades_that_a_spreadsheet_made_a_date_of_are_said(text: str) -> None:
    with pytest.raises(Unreadable, match="is a date, which a spreadsheet makes of grades"):
        grades_of(text, all_grades=(5, 12))


def test_grades_stay_within_the_fest() -> None:
    found = [
        grades_of(text, all_grades=(5, 12))
        for text in ("5-8", "Grades 5 to 8", "7", "", "all", "5–8", "4-8", "8-5", "q")
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
        "Dec 12, 2 pm",
        "Dec 12 at 14h",
        "2 pm, 12 Dec 2026",
        "12/12/2026 - 14:00",
        "2026-12-12T14:00:00+05:30",
        "2026-12-12T08:30:00Z",
        "12 Dec 2:00 PM IST",
        "Day 1, 2 pm",
    ],
)
def test_moment_is_read_in_every_format_of_a_day_and_a_time(text: str) -> None:
    assert read_moment(text, CONTEXT) == "2026-12-12T08:30:00+00:00"


def test_moment_keeps_seconds_and_starts_a_day_at_midnight() -> None:
    found = [read_moment(text, CONTEXT) for text in ("2026-12-12 14:00:30", "2026-12-12")]
    assert found == ["2026-12-12T08:30:30+00:00", "2026-12-11T18:30:00+00:00"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "10:30",
        "2026-12-12 25:00",
        "2026-12-12 10:99",
        "12 Foo 10:00",
        "2026-12-12T99:00Z",
        "1 " * 99,
    ],
)
def test_moment_without_a_day_or_with_a_wrong_time_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="Enter a day and a time, like 2026-12-12 10:00"):
        read_moment(text, CONTEXT)


def test_moment_may_be_the_end_of_a_day_or_have_two_meanings() -> None:
    assert read_moment("12 Dec 24:00", CONTEXT) == read_moment("13 Dec 2026 0:00", CONTEXT)
    with pytest.raises(AmbiguousDay):
        read_moment("12/11/2026 10:00", CONTEXT)
    with pytest.raises(Unreadable, match="Morning or afternoon"):
        read_moment("12 Dec 2026 2:30", CONTEXT)


def test_event_may_end_at_midnight() -> None:
    for end in ("midnight", "24:00", "12 am", "0:00"):
        values, problems = event_values(ROW | {"start": "7 pm", "end": end}, CONTEXT, fest=FEST, now=NOW)
        assert (problems, values["ends_at"].isoformat()) == ([], "2026-12-13T00:00:00+05:30")


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
                "The event (14 December 2026, 11:00am) is not within the days of the fest, "
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
        days=FestDays(berlin.starts_on, berlin.ends_on),
        grade_min=5,
        grade_max=12,
        venues={},
        categories={},
        states={},
    )
    cells = ROW | {"day": "29 Mar", "start": "02:30", "end": "11:00"}
    values, problems = event_values(cells, context, fest=berlin, now=NOW)
    assert (values, problems) == ({}, ["Start: There is no such time: clocks are put forward then."])


@pytest.mark.parametrize("text", ["Fri. 12/11/2026", "12/11/2026."])
def test_dot_behind_a_word_or_a_sentence_is_none_of_a_date(text: str) -> None:
    """Only dots between numbers say that the day comes first."""
    days = FestDays(dt.date(2026, 12, 11), dt.date(2026, 12, 13))
    assert day_of(text, days) == dt.date(2026, 12, 11)


@pytest.mark.parametrize("text", ["15 min", "90 min"])
def test_length_is_no_time(text: str) -> None:
    assert time_of(text) is None


def test_cell_of_spaces_before_a_zone_takes_few_steps() -> None:
    cell = "10:30" + " " * 200_000 + "x"
    began = time.process_time()
    with pytest.raises(Unreadable):
        read_clock(cell, CONTEXT)
    assert time.process_time() - began < 20
