"""Generated spellings of days and times: every way in reads the same, and never another day or time."""

import csv
import datetime as dt
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.models import Fest
from registrations.spreadsheets.reader import read_file
from registrations.spreadsheets.writer import xlsx_table
from registrations.tests.builders import build_fest
from registrations.timetable.columns import CellContext
from registrations.timetable.days import FestDays
from registrations.timetable.events import cell_context
from registrations.timetable.paste import read_events
from registrations.timetable.read import read
from techfest.core.text import folded

pytestmark = pytest.mark.django_db

FIRST, LAST = dt.date(2026, 12, 12), dt.date(2026, 12, 13)
DAYS: Sequence[Callable[[dt.date], str]] = (
    lambda day: day.isoformat(),
    lambda day: f"{day:%d.%m.%Y}",
    lambda day: f"{day:%d/%m/%Y}",
    lambda day: f"{day:%m/%d/%Y}",
    lambda day: f"{day.month}/{day.day}/{day:%y}",
    lambda day: f"{day:%d-%m-%Y}",
    lambda day: f"{day:%Y/%m/%d}",
    lambda day: f"{day:%d %b}",
    lambda day: f"{day:%b %d}",
    lambda day: f"{day:%B %d, %Y}",
    lambda day: f"{day:%d-%b-%y}",
    lambda day: f"{day:%a} {day.day}th {day:%B}",
    lambda day: f"{day:%A}, {day:%d/%m/%Y}",
    lambda day: f"{day.day}th of {day:%B %Y}",
)
TIMES: Sequence[Callable[[dt.time], str]] = (
    lambda time: f"{time:%H:%M}",
    lambda time: f"{time:%H:%M:%S}",
    lambda time: f"{time:%I:%M %p}",
    lambda time: f"{time:%I.%M}{time:%p}".lower(),
    lambda time: f"{int(f'{time:%I}')}:{time:%M} {'a.m.' if time.hour < 12 else 'p.m.'}",
    lambda time: f"{time.hour}h{time:%M}",
    lambda time: f"{time:%H%M} hrs",
    lambda time: f"{time:%H.%M} Uhr",
)
MOMENTS = st.tuples(
    st.dates(FIRST, LAST),
    st.times(dt.time(0, 1), dt.time(22, 59)).map(lambda time: time.replace(second=0, microsecond=0)),
    st.sampled_from(DAYS),
    st.sampled_from(TIMES),
)
Moment = tuple[dt.date, dt.time, Callable[[dt.date], str], Callable[[dt.time], str]]


@pytest.fixture
def fest() -> Fest:
    return build_fest(starts_on=FIRST, ends_on=LAST, time_zone="Asia/Kolkata")


def expected(moment: Moment, fest: Fest) -> tuple[dt.datetime, dt.datetime]:
    start = dt.datetime.combine(moment[0], moment[1], fest.zone)
    return start, start + dt.timedelta(hours=1)


def day_and_times(moment: Moment) -> tuple[str, str, str]:
    day, time, write_day, write_time = moment
    end = (dt.datetime.combine(day, time) + dt.timedelta(hours=1)).time()
    return write_day(day), write_time(time), write_time(end)


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.booleans())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=True,
)
def test_pasted_times_are_read_in_every_spelling(fest: Fest, moments: list[Moment], is_range: bool) -> None:
    lines = []
    for number, moment in enumerate(moments):
        day, start, end = day_and_times(moment)
        times = [f"{start} - {end}", ""] if is_range else [start, end]
        lines.append("\t".join([f"E{number}", "Quiz", "Hall", day, *times, "40", "5-8"]))
    titles = "Event\tCategory\tVenue\tDay\tStart\tEnd\tCapacity\tGrades"
    paste = read_events("\n".join([titles, *lines]), fest=fest)
    assert [event.problems for event in paste.events] == [()] * len(moments)
    found = [(event.values["starts_at"], event.values["ends_at"]) for event in paste.events]
    assert found == [expected(moment, fest) for moment in moments]


TITLES = ["Event", "Category", "Venue", "Starts", "Ends", "Seats"]


def as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([TITLES, *rows])
    return text.getvalue().encode()


def as_workbook(rows: list[list[str]]) -> bytes:
    return xlsx_table(TITLES, rows)


def context_of(fest: Fest) -> CellContext:
    choices = {folded(name): name for name in ("Quiz", "Hall")}
    days = FestDays(fest.starts_on, fest.ends_on)
    return CellContext(
        zone=fest.zone, days=days, grade_min=5, grade_max=12, venues=choices, categories=choices, states={}
    )


@pytest.mark.parametrize("written", [as_csv, as_workbook])
def test_times_of_a_file_are_read_in_every_spelling(fest: Fest, written: Any) -> None:
    @given(st.lists(MOMENTS, min_size=1, max_size=20))
    @settings(max_examples=12, deadline=None, print_blob=True)
    def check(moments: list[Moment]) -> None:
        rows = []
        for number, moment in enumerate(moments):
            day, start, end = day_and_times(moment)
            rows.append([f"E{number}", "Quiz", "Hall", f"{day} {start}", f"{day} {end}", "40"])
        timetable = read(read_file(written(rows)), [], context_of(fest), may_add=True)
        assert [row.problems for row in timetable.rows] == [[]] * len(moments)
        found = [
            tuple(dt.datetime.fromisoformat(row.changes[name]) for name in ("starts_at", "ends_at"))
            for row in timetable.rows
        ]
        assert found == [expected(moment, fest) for moment in moments]

    check()


NUMBERS = st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from(["/", "-"])).filter(
    lambda one: one[0] != one[1] and (one[0], one[1]) != (12, 12)
)


@given(NUMBERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_day_of_two_meanings_is_asked_about_and_the_answer_is_kept(
    fest: Fest, numbers: tuple[int, int, str]
) -> None:
    one, two, between = numbers
    text = f"E\tQuiz\tHall\t{one}{between}{two}{between}2026\t10:00\t11:00\t40\t5-8"
    asked = read_events(text, fest=fest)
    assert (asked.is_order_open, asked.events[0].values) == (True, {})
    assert "Day or month first?" in asked.events[0].problems[0]
    for order, day in (("day", dt.date(2026, two, one)), ("month", dt.date(2026, one, two))):
        answered = read_events(text, fest=fest, order=order)
        assert not answered.is_order_open
        [problem, *_rest] = answered.events[0].problems
        assert f"E ({day.day} {day:%B %Y}, 10:00am) is not within the days of the fest" in problem


def test_the_three_americans(fest: Fest) -> None:
    rows = [
        "Event\tCategory\tVenue\tDay\tStart\tEnd\tCapacity\tGrades",
        "US A\tQuiz\tMain Hall\t12/11/2026\t10:00\t11:00\t40\t5-8",
        "US B\tQuiz\tMain Hall\tDec 12\t10:00\t11:00\t40\t5-8",
        "US C\tQuiz\tMain Hall\t12/12/2026\t10h30\t11 am\t40\tVI-VIII",
    ]
    paste = read_events("\n".join(rows), fest=fest)
    assert [bool(event.problems) for event in paste.events] == [True, False, False]
    assert paste.is_order_open
    assert [event.values["starts_at"].isoformat() for event in paste.events[1:]] == [
        "2026-12-12T10:00:00+05:30",
        "2026-12-12T10:30:00+05:30",
    ]
    assert (paste.events[2].values["grade_min"], paste.events[2].values["grade_max"]) == (6, 8)


def test_context_has_the_days_of_the_fest_and_the_answer(fest: Fest) -> None:
    assert cell_context(fest, order="day").days == FestDays(FIRST, LAST, "day")
