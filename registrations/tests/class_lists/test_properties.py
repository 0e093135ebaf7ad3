"""Any class list comes to what a plain model of the rules predicts, and what the forecast said."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.models import Event
from registrations.models import ClassListEntry, ClassListRow, Registration, Student
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.builders.class_lists import build_list, forecast_of, registered, row
from registrations.tests.counting import recount
from tickets.tests.audited import run as audit

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = (
    "Asha Rao",
    "Bilal Khan",
    "Chen Li",
    "Divya Iyer",
    "Esther Paul",
    "Farid Ali",
    "Gita Nair",
    "Harsh Vora",
)
HOURS = (9, 9.5, 12)
"""The first two events clash; the third is for grades 7 and 8 only."""


@dataclass(frozen=True)
class Line:
    """One row as typed; events by their position."""

    name: str
    grade: int
    events: tuple[int, ...]


@dataclass
class Model:
    """The rules in their simplest form: seats, a waiting list and the registrations of each student."""

    capacity: list[int]
    line: list[int | None]
    wants_waiting: bool
    has: dict[tuple[str, int], dict[int, str]] = field(default_factory=dict)

    def count(self, event: int, state: str) -> int:
        return sum(held.get(event) == state for held in self.has.values())

    def ask(self, who: tuple[str, int], event: int) -> str:
        held = self.has.setdefault(who, {})
        if event in held:
            return "already"
        if event == 2 and who[1] not in (7, 8):
            return "ineligible"
        if {event, *held} >= {0, 1}:
            return "clash"
        waiting, limit = self.count(event, "waiting"), self.line[event]
        if self.count(event, "confirmed") < self.capacity[event] and not waiting:
            held[event] = "confirmed"
        elif self.wants_waiting and (limit is None or waiting < limit):
            held[event] = "waiting"
        else:
            return "full"
        return held[event]


# A name has only one grade, so that no match is doubtful; a student of two rows has different events in each.
GRADES = {name: 6 + number % 4 for number, name in enumerate(NAMES)}
EVENTS = st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=3, unique=True).map(tuple)
LISTS = st.dictionaries(st.sampled_from(NAMES), EVENTS, min_size=1).map(
    lambda chosen: [Line(name, GRADES[name], events) for name, events in chosen.items()]
)
SHARED = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def empty_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE events_fest, registrations_school, auth_user CASCADE")


@SHARED
@given(
    first=LISTS,
    second=LISTS,
    alone=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([0, 1, 2])), max_size=3),
    capacity=st.tuples(*[st.integers(0, 5)] * 3),
    line=st.tuples(*[st.one_of(st.none(), st.integers(0, 2))] * 3),
    wants_waiting=st.booleans(),
    is_split=st.booleans(),
)
def test_lists_come_to_what_the_rules_say(
    first: list[Line],
    second: list[Line],
    alone: list[tuple[str, int]],
    capacity: tuple[int, ...],
    line: tuple[int | None, ...],
    wants_waiting: bool,
    is_split: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    empty_database()
    monkeypatch.setattr("registrations.class_lists.jobs.CHUNK", 3 if is_split else 100)
    monkeypatch.setattr("registrations.class_lists.jobs.LONGEST_PAUSE", 0)
    fest = build_fest()
    grades = [(1, 12), (1, 12), (7, 8)]
    events = [
        build_event(fest, capacity=seats, hour=hour, waiting_limit=limit, grade_min=low, grade_max=high)
        for seats, hour, limit, (low, high) in zip(capacity, HOURS, line, grades, strict=True)
    ]
    model = Model(list(capacity), list(line), wants_waiting=True)
    for name, event in alone:
        came_to = model.ask((name, GRADES[name]), event)
        if came_to in ("confirmed", "waiting"):
            build_submission(events[event], name=name, grade=GRADES[name], email=f"{name[:3]}@example.org")
    model.wants_waiting = wants_waiting
    for lines in (first, second):
        expected = [[model.ask((one.name, one.grade), event) for event in one.events] for one in lines]
        assert came_to_of(lines, events, wants_waiting=wants_waiting) == expected
    for number, stored in enumerate(events):
        assert recount(stored) == (model.count(number, "confirmed"), model.count(number, "waiting"))
    having = {who for who, held in model.has.items() if held}
    assert set(Student.objects.values_list("name", "grade")) == having
    assert Registration.objects.count() == sum(len(held) for held in model.has.values())
    assert audit("--all") == []


def came_to_of(lines: list[Line], events: list[Event], *, wants_waiting: bool) -> list[list[str]]:
    """Register a list after comparing it with its forecast; return what each row's events came to."""
    cells = [row(one.name, *(events[event] for event in one.events), grade=one.grade) for one in lines]
    class_list = build_list(events[0].fest, cells)
    words = {"seat": "confirmed", "wait": "waiting"}
    foreseen = [
        [words.get(entry.outcome, entry.outcome) for entry in one.entries]
        for one in forecast_of(class_list, wants_waiting=wants_waiting).rows.values()
    ]
    job = registered(class_list, wants_waiting=wants_waiting)
    found = [
        [
            entry.registration.state if entry.is_new and entry.registration else entry.reason
            for entry in ClassListEntry.objects.filter(row=one).order_by("pk").select_related("registration")
        ]
        for one in ClassListRow.objects.filter(class_list=class_list).order_by("number")
    ]
    assert (job.error, found) == ("", foreseen)
    assert sum(Counter(map(len, found)).values()) == len(lines)
    return found
