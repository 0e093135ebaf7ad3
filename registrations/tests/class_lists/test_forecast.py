"""What the preview says before a list is registered: known students, doubtful matches, and who would get what."""

from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import Event, Fest
from registrations.booking.cancel import cancel
from registrations.class_lists import jobs
from registrations.class_lists.forecast import Forecast, RowForecast
from registrations.class_lists.parse import read_draft
from registrations.class_lists.report import problem_table
from registrations.models import Registration, Student
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.builders.class_lists import (
    build_list,
    build_teacher,
    confirmed,
    forecast_of,
    pupils,
    registered,
    row,
    seat_results,
)
from registrations.tests.counting import counts
from techfest.core.db.locking import Deadline

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def event(fest: Fest) -> Event:
    return build_event(fest, capacity=10, name="Robo Race")


def forecast_rows(fest: Fest, *rows: Any, **values: Any) -> list[RowForecast]:
    return list(forecast_of(build_list(fest, rows, **values)).rows.values())


def seen(one: RowForecast) -> tuple[str, list[str], tuple[str, ...]]:
    return one.kind, [entry.outcome for entry in one.entries], one.words


def test_new_student_gets_a_seat(event: Event) -> None:
    (found,) = forecast_rows(event.fest, row("Asha Rao", event))
    assert seen(found) == ("new", ["seat"], ())


def test_forecast_writes_nothing(event: Event) -> None:
    build_submission(event, name="Asha Rao", email="old@example.org")
    rows = [row("Asha Rao", event, section="B", email="new@example.org"), *pupils(3, event)]
    class_list = build_list(event.fest, rows)
    before = counts(event), list(Student.objects.order_by("pk").values())
    with CaptureQueriesContext(connection) as queries:
        forecast_of(class_list)
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}
    assert "FOR " not in " ".join(query["sql"] for query in queries)
    assert (counts(event), list(Student.objects.order_by("pk").values())) == before


def test_queries_do_not_grow_with_the_rows(event: Event) -> None:
    numbers = []
    forecast_of(build_list(event.fest, pupils(1, event, start=40)))  # fills what a process keeps
    for start, many in ((1, 1), (20, 3)):
        class_list = build_list(event.fest, pupils(many, event, start=start))
        with CaptureQueriesContext(connection) as queries:
            forecast_of(class_list)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_student_who_registered_alone_is_known(event: Event) -> None:
    build_submission(event, name="Asha Rao", email="a@example.org")
    (found,) = forecast_rows(event.fest, row("Asha Rao", event))
    assert seen(found) == ("known", ["already"], ("already registered by the student",))
    assert found.entries[0].words == "already registered by the student"


def test_registration_by_a_colleague_names_her_and_the_time(event: Event) -> None:
    registered(build_list(event.fest, [row("Asha Rao", event)], teacher=build_teacher(name="Meera Rao")))
    (found,) = forecast_rows(event.fest, row("Asha Rao", event), teacher=build_teacher(name="Omar Ali"))
    assert found.kind == "known"
    assert found.words[0].startswith("already entered by Meera Rao, ")


def test_same_file_again_is_the_same(event: Event) -> None:
    rows = [row("Asha Rao", event, section="B", roll="4"), *pupils(2, event)]
    registered(build_list(event.fest, rows))
    assert [one.kind for one in forecast_rows(event.fest, *rows)] == ["same"] * 3


def test_corrected_file_is_new_changed_and_same_and_lists_the_missing(event: Event) -> None:
    other = build_event(event.fest, name="Quiz")
    first = [row("Asha Rao", event), row("Ben Khan", event), row("Chen Li", event), row("Gone Girl", event)]
    registered(build_list(event.fest, first))
    second = [
        row("Asha Rao", event),
        row("Ben Khan", event, roll="7"),
        row("Chen Li", other),
        row("Zoya Ali", event),
    ]
    found = forecast_of(build_list(event.fest, second))
    assert [one.kind for one in found.rows.values()] == ["same", "changed", "changed", "new"]
    assert "Roll number: none → 7" in found.rows[3].words
    assert "new: Quiz" in found.rows[4].words
    assert [student.name for student in found.missing] == ["Gone Girl"]
    assert Counter(row.kind for row in found.rows.values()) == {"same": 1, "changed": 2, "new": 1}


def test_missing_is_never_cancelled_and_another_section_is_not_missing(event: Event) -> None:
    rows = [row("Asha Rao", event, section="A"), row("Ben Khan", event, section="B")]
    registered(build_list(event.fest, rows))
    again = build_list(event.fest, [row("Chen Li", event, section="B")])
    assert [student.name for student in forecast_of(again).missing] == ["Ben Khan"]
    registered(again)
    assert Registration.objects.active().count() == 3


def test_cancelled_student_is_not_missing(event: Event) -> None:
    registered(build_list(event.fest, [row("Asha Rao", event)]))
    cancel([Registration.objects.get().pk], actor="student", deadline=Deadline())
    assert forecast_of(build_list(event.fest, [row("Ben Khan", event)])).missing == []


def test_two_registered_namesakes_are_doubtful_until_the_row_distinguishes_them(event: Event) -> None:
    build_submission(event, name="Asha Rao", section="A", roll_number="1", email="a@example.org")
    build_submission(event, name="Asha Rao", section="B", roll_number="2", email="b@example.org")
    doubt, exact, new = (
        forecast_rows(event.fest, row("Asha Rao", event, section=section, roll=roll))[0]
        for section, roll in (("", ""), ("B", "2"), ("C", "3"))
    )
    assert (doubt.kind, exact.kind, new.kind) == ("doubt", "known", "new")
    assert doubt.problems[0].is_error is True
    assert "section A roll number 1, section B roll number 2" in doubt.problems[0].text


def test_two_rows_for_one_registered_student_are_doubtful(event: Event) -> None:
    build_submission(event, name="Asha Rao", email="a@example.org")
    rows = [row("Asha Rao", event, section="A"), row("Asha Rao", event, section="B")]
    found = forecast_rows(event.fest, *rows)
    assert [one.kind for one in found] == ["doubt", "doubt"]
    assert "This row and row 3 may both be Asha Rao" in found[0].problems[0].text
    class_list = build_list(event.fest, [*rows, row("Ben Khan", event)])
    registered(class_list)
    assert seat_results(class_list) == ["confirmed"]


def test_doubt_that_arises_after_the_submission_ends_with_its_reason(event: Event) -> None:
    class_list = build_list(event.fest, [row("Asha Rao", event)])
    confirmed(class_list)
    build_submission(event, name="Asha Rao", section="A", roll_number="1", email="a@example.org")
    build_submission(event, name="Asha Rao", section="B", roll_number="2", email="b@example.org")
    jobs.run_due()
    assert seat_results(class_list) == ["doubt"]
    assert Student.objects.count() == 2


def test_name_that_differs_in_one_character_is_asked_about(event: Event) -> None:
    build_submission(event, name="Aarav Sharma", grade=7, email="a@example.org")
    near, far, older = (
        forecast_rows(event.fest, row(name, event, grade=grade))[0]
        for name, grade in (("Arav Sharma", 7), ("Arjun Sharma", 7), ("Arav Sharma", 8))
    )
    assert [problem.text for problem in near.problems] == [
        "Did you mean “Aarav Sharma”, who is registered already?"
    ]
    assert (near.kind, near.problems[0].is_error, near.problems[0].suggestion) == (
        "new",
        False,
        "Aarav Sharma",
    )
    assert (far.problems, older.problems) == ((), ())


def test_registered_student_of_the_same_list_is_not_suggested(event: Event) -> None:
    build_submission(event, name="Aarav Sharma", email="a@example.org")
    found = forecast_rows(event.fest, row("Aarav Sharma", event), row("Arav Sharma", event))
    assert [one.problems for one in found] == [(), ()]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"grade_min": 9, "grade_max": 10}, "ineligible"),
        ({"is_paused": True}, "paused"),
        ({"capacity": 0, "waiting_limit": 0}, "full"),
    ],
)
def test_refusal_is_forecast_with_its_reason(fest: Fest, values: dict[str, Any], reason: str) -> None:
    event = build_event(fest, **values)
    class_list = build_list(fest, [row("Asha Rao", event)])
    (found,) = forecast_of(class_list).rows.values()
    assert [entry.outcome for entry in found.entries] == [reason]
    assert found.entries[0].words != ""
    registered(class_list)
    assert seat_results(class_list) == [reason]


def test_clash_inside_a_row_is_forecast(fest: Fest) -> None:
    one, other = build_event(fest, hour=9, name="Chess"), build_event(fest, hour=9.5, name="Go")
    (found,) = forecast_rows(fest, row("Asha Rao", one, other))
    assert [(entry.outcome, entry.words) for entry in found.entries] == [
        ("seat", ""),
        ("clash", "at the same time as Chess"),
    ]


def test_events_are_counted_as_wanted_free_seats_and_waiting(event: Event) -> None:
    for number in range(8):
        build_submission(event, name=f"Early {number}", email=f"{number}@example.org")
    build_submission(event, name="Asha Rao", email="a@example.org")
    found: Forecast = forecast_of(build_list(event.fest, [row("Asha Rao", event), *pupils(4, event)]))
    (one,) = found.per_event
    assert (one.event, one.wanted, one.free, one.seats, one.waiting, one.refused) == (event, 4, 1, 1, 3, 0)
    assert Counter(row.outcome for row in found.rows.values()) == {"already": 1, "seat": 1, "wait": 3}


def test_rows_with_errors_and_left_out_take_no_seat(event: Event) -> None:
    class_list = build_list(event.fest, [row("Asha Rao", event), row("", event), row("Ben Khan", event)])
    class_list.rows.filter(number=4).update(is_left_out=True)
    found = forecast_of(class_list)
    assert (list(found.rows), found.per_event[0].wanted) == ([2], 1)


def test_address_that_differs_only_in_case_keeps_the_link(event: Event) -> None:
    build_submission(event, name="Asha Rao", email="asha@example.org")
    (found,) = forecast_rows(event.fest, row("Asha Rao", event, email="Asha@Example.org"))
    assert found.kind == "known"


def test_changed_roll_number_section_or_grade_is_asked_about(event: Event) -> None:
    old = [
        row("Meera Das", event, grade=8, section="A", roll="51", email="meera@example.org"),
        row("Kavya Das", event, grade=8, section="A", email="kavya@example.org"),
        row("Rohan Das", event, grade=7, email="rohan@example.org"),
        row("Other Das", event, grade=7, email="other@example.org"),
    ]
    registered(build_list(event.fest, old))
    new = [
        row("Meera Das", event, grade=8, section="A", roll="151", email="meera@example.org"),
        row("Kavya Das", event, grade=8, section="B", email="kavya@example.org"),
        row("Rohan Das", event, grade=8, email="rohan@example.org"),
        row("Other Das", event, grade=8, email="somebody.else@example.org"),
    ]
    rows = forecast_of(build_list(event.fest, new)).rows
    warned = {number: [problem.text for problem in one.problems] for number, one in rows.items()}
    assert [len(texts) for texts in warned.values()] == [1, 1, 1, 0]
    assert warned[2][0].startswith("Meera Das, grade 8, section A roll number 51, is registered already.")
    assert not any(problem.is_error for one in rows.values() for problem in one.problems)


def test_row_like_a_registered_one_of_its_list_stays_to_be_fixed(event: Event) -> None:
    rows = [row("Ravi Kumar", event, section="B"), row("Ravi Kumar", event, section="B")]
    class_list = build_list(event.fest, rows)
    before = [(one.row, one.is_error) for one in read_draft(class_list).listing.problems]
    registered(class_list)
    listing = read_draft(class_list).listing
    assert before == [(one.row, one.is_error) for one in listing.problems] == [(3, True)]
    assert ([one.row for one in listing.students], listing.ready) == ([3], ())
    assert [line[0] for line in problem_table(class_list)[1]] == ["Ravi Kumar"]


def test_rows_that_need_fixing_and_rows_that_are_done_are_not_missing(event: Event) -> None:
    names = ("Asha Rao", "Ben Khan", "Chitra Das")
    registered(build_list(event.fest, [row(name, event) for name in names]))
    again = build_list(event.fest, [row("Asha Rao", event, email="no address"), row("Ben Khan", event)])
    assert [student.name for student in forecast_of(again).missing] == ["Chitra Das"]
