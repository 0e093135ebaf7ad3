"""Rules for dates: any dates that raise no question are harmless."""

import datetime as dt
import zoneinfo
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import dates
from events.dates import (
    EVENT_DATES,
    FEST_DATES,
    PURGE_NOTICE,
    concerning,
    event_questions,
    event_refusals,
    fest_questions,
    fest_refusals,
    names_kept_until,
)
from events.models import Event, Fest

NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ZONES = ["Asia/Kolkata", "UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"]
YEARS = st.sampled_from([-1000, -366, -365, 0, 0, 0, 0, 365, 366, 36500])


@st.composite
def days(draw: Any) -> dt.date:
    """A day around today, often with a mistyped year."""
    return NOW.date() + dt.timedelta(days=draw(st.integers(-40, 60)) + draw(YEARS))


@st.composite
def moments(draw: Any) -> dt.datetime:
    return NOW + dt.timedelta(days=draw(YEARS), minutes=draw(st.integers(-60_000, 90_000)))


@st.composite
def fests(draw: Any) -> Fest:
    return Fest(
        starts_on=draw(days()),
        ends_on=draw(days()),
        opens_at=draw(moments()),
        closes_at=draw(moments()),
        retention_days=draw(st.integers(0, 400)),
        time_zone=draw(st.sampled_from(ZONES)),
    )


@st.composite
def events(draw: Any, fest: Fest | None = None) -> Event:
    times = {name: draw(st.none() | moments()) for name in EVENT_DATES - {"starts_at", "ends_at"}}
    starts_at = draw(moments())
    length = dt.timedelta(minutes=draw(st.integers(-60, 3000)))
    return Event(
        fest=fest or draw(fests()), name="Quiz", starts_at=starts_at, ends_at=starts_at + length, **times
    )


def build(**values: Any) -> Fest:
    """A fest in two weeks with ordinary dates."""
    usual = {
        "starts_on": dt.date(2026, 12, 12),
        "ends_on": dt.date(2026, 12, 13),
        "opens_at": NOW - DAY,
        "closes_at": NOW + 10 * DAY,
        "time_zone": "Asia/Kolkata",
        "retention_days": 90,
    }
    return Fest(**(usual | values))


def build_quiz(fest: Fest, **values: Any) -> Event:
    start = dt.datetime(2026, 12, 12, 10, tzinfo=fest.zone)
    usual = {"name": "Quiz", "starts_at": start, "ends_at": start + dt.timedelta(hours=1)}
    return Event(fest=fest, **(usual | values))


def as_pairs(problems: Any) -> list[tuple[str, str]]:
    return [(one.field, one.text) for one in problems]


def test_usual_dates_are_neither_refused_nor_asked_about() -> None:
    fest = build()
    event = build_quiz(fest)
    assert fest_refusals(fest) == fest_questions(fest, now=NOW, events=[event]) == []
    assert event_refusals(event) == event_questions(event, now=NOW) == []


def test_year_that_is_off_is_asked_about_with_what_it_would_lead_to() -> None:
    event = build_quiz(build())
    fest = build(starts_on=dt.date(2025, 12, 12), ends_on=dt.date(2025, 12, 13), opens_at=NOW - 400 * DAY)
    fest.closes_at = dt.datetime(2025, 12, 11, tzinfo=dt.UTC)
    assert as_pairs(fest_questions(fest, now=NOW, events=[event], registrations=312)) == [
        (
            "ends_on",
            (
                "The last day, 13 December 2025, is in the past. All names of this fest (312 registrations) "
                "would be erased on 13 March 2027."
            ),
        ),
        ("ends_on", "1 event is not within the days of the fest: Quiz."),
    ]
    assert as_pairs(fest_questions(fest, now=NOW, registrations=312))[0][1].endswith(
        "All names of this fest (312 registrations) would be erased on 7 December 2026."
    )


def test_current_fest_is_not_said_to_be_purged_on_a_day_on_which_it_is_kept() -> None:
    fest = build(starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 1, 2), is_current=True)
    assert "or later if it is still the current fest then" in as_pairs(fest_questions(fest, now=NOW))[0][1]
    fest.is_current = False
    assert "current" not in as_pairs(fest_questions(fest, now=NOW))[0][1]


@pytest.mark.parametrize(
    ("days", "texts"),
    [
        (0, ["Names would be kept for only 0 days after the fest. %s 14 December 2026."]),
        (1, ["Names would be kept for only 1 day after the fest. %s 15 December 2026."]),
        (13, ["Names would be kept for only 13 days after the fest. %s 27 December 2026."]),
        (14, []),
    ],
)
def test_short_retention_is_asked_about(days: int, texts: list[str]) -> None:
    erased = "All names of this fest (7 registrations) would be erased on"
    problems = fest_questions(build(retention_days=days), now=NOW, registrations=7)
    assert [one.text for one in problems] == [text % erased for text in texts]


def test_closing_after_the_last_day_is_refused_and_its_midnight_is_not() -> None:
    end = dt.datetime(2026, 12, 14, tzinfo=zoneinfo.ZoneInfo("Asia/Kolkata"))
    assert fest_refusals(build(closes_at=end)) == []
    assert as_pairs(fest_refusals(build(closes_at=end + dt.timedelta(minutes=1)))) == [
        ("closes_at", "Registration must close by the end of the last day, 13 December 2026.")
    ]


def test_only_what_was_changed_is_asked_about() -> None:
    fest = build(retention_days=0, starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 1, 2))
    questions = fest_questions(fest, now=NOW)
    assert concerning(questions, {"name", "place"}) == []
    assert [one.field for one in concerning(questions, {"retention_days"})] == ["ends_on"]


@given(fest=fests(), data=st.data())
@settings(deadline=None)
def test_fest_that_was_not_asked_about_is_not_purged_within_the_week(fest: Fest, data: Any) -> None:
    """Retention also counts from the end of its last event."""
    known = data.draw(st.lists(events(fest=fest), max_size=3))
    due_at = names_kept_until(fest, max((event.ends_at for event in known), default=None))
    kept = dt.timedelta(days=fest.retention_days)
    assert all(due_at > event.ends_at + kept - dt.timedelta(hours=2) for event in known)
    assert due_at.astimezone(fest.zone).date() > fest.ends_on
    if not fest_refusals(fest) and not fest_questions(fest, now=NOW, events=known):
        assert due_at > NOW + PURGE_NOTICE
        assert fest.starts_on <= fest.ends_on >= NOW.astimezone(fest.zone).date()
        assert fest.opens_at < fest.closes_at
        for event in known:
            first, last = event.starts_at.astimezone(fest.zone), event.ends_at.astimezone(fest.zone)
            assert fest.starts_on <= first.date()
            assert last <= dt.datetime.combine(fest.ends_on + DAY, dt.time(), fest.zone)


@given(event=events())
@settings(deadline=None)
def test_event_that_was_not_asked_about_is_ahead_and_in_its_fest(event: Event) -> None:
    if event_refusals(event) or event_questions(event, now=NOW):
        return
    fest = event.fest
    assert NOW <= event.starts_at < event.ends_at
    assert fest.starts_on <= event.starts_at.astimezone(fest.zone).date() <= fest.ends_on
    assert event.closes_at is None or event.closes_at <= event.ends_at
    assert event.registration_opens_at < event.registration_closes_at


@given(fest=fests())
@settings(deadline=None)
def test_every_problem_depends_on_the_field_that_it_is_about(fest: Fest) -> None:
    for problem in [*fest_refusals(fest), *fest_questions(fest, now=NOW)]:
        assert problem.field in problem.depends_on <= FEST_DATES


def test_each_question_about_the_past_is_a_whole_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fragments inserted into sentences cannot be translated."""
    sentences: list[str] = []

    def note(text: str) -> str:
        sentences.append(text)
        return text

    monkeypatch.setattr(dates, "_", note)
    event = build_quiz(build(), starts_at=NOW - 2 * DAY, ends_at=NOW - DAY)
    texts = [one.text for one in event_questions(event, now=NOW)]
    assert "Quiz would start in the past, on 28 November 2026, 5:30pm." in texts
    assert "Quiz would end in the past, on 29 November 2026, 5:30pm." in texts
    assert [one for one in sentences if not one.endswith(".")] == []
