"""Class lists against single registrations: nothing is oversold, lost or doubled, and neither side starves."""

from functools import partial

import pytest

from events.models import Event, Seats
from registrations.booking.errors import RegistrationRejected
from registrations.class_lists import jobs
from registrations.models import ClassListJob, ClassListRow, Registration, Submission
from registrations.tests.builders import build_event, build_fest, build_request, build_school, submit_now
from registrations.tests.builders.class_lists import (
    build_list,
    build_teacher,
    confirmed,
    pupils,
    seat_results,
)
from registrations.tests.counting import counts, recount
from registrations.tests.races import at_once
from tickets.tests.audited import run as audit

pytestmark = pytest.mark.django_db(transaction=True)

TEACHERS, ROWS, CLICKS, SEATS = 30, 5, 30, 100


def confirmed_lists(*events: Event) -> None:
    for number in range(TEACHERS):
        teacher = build_teacher(build_school(f"School {number}"), name=f"Teacher No{number}")
        confirmed(build_list(events[0].fest, pupils(ROWS, *events), teacher=teacher))


def test_lists_of_thirty_teachers_against_clicks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "CHUNK", 3)
    fest = build_fest()
    events = build_event(fest, capacity=SEATS), build_event(fest, capacity=SEATS)
    confirmed_lists(*events)
    booking_requests = [build_request(*events[:: 1 if number % 2 else -1]) for number in range(CLICKS)]
    works = [partial(submit_now, booking_request) for booking_request in booking_requests]
    results = at_once([*works, jobs.run_due, jobs.run_due, jobs.run_due])
    jobs.run_due()
    assert [type(result) for result in results[:CLICKS]] == [Submission] * CLICKS
    assert ClassListJob.objects.filter(finished_at=None).count() == 0
    assert ClassListRow.objects.filter(done_at=None).count() == 0
    wanted = TEACHERS * ROWS + CLICKS
    for event in events:
        assert counts(event) == (SEATS, wanted - SEATS, wanted)
        assert recount(event) == (SEATS, wanted - SEATS)
    assert audit("--all") == []


def test_last_seats_between_a_list_and_clicks_are_given_once() -> None:
    event = build_event(build_fest(), capacity=10, waiting_limit=0)
    class_list = build_list(event.fest, pupils(10, event))
    confirmed(class_list)
    booking_requests = [partial(submit_now, build_request(event)) for _ in range(10)]
    results = at_once([jobs.run_due, *booking_requests])
    refused = sum(isinstance(result, RegistrationRejected) for result in results[1:])
    assert seat_results(class_list).count("full") + refused == 10
    assert counts(event) == (10, 0, 10)
    assert audit("--all") == []


def test_clicks_get_in_between_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "CHUNK", 10)
    event = build_event(build_fest(), capacity=400)
    confirmed(build_list(event.fest, pupils(300, event)))
    at_once([jobs.run_due, *(partial(submit_now, build_request(event)) for _ in range(5))])
    clicked = Registration.objects.filter(changes__actor="student").order_by("queue_position")
    assert len(clicked) == 5
    assert max(row.queue_position for row in clicked) < Seats.objects.get(pk=event.pk).last_queue_position
    assert audit() == []
