"""Held seats: asked for, granted, named, given back; counted as taken all the while."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.editing import set_capacity
from events.models import Event, Fest, Seats
from registrations.booking.cancel import cancel
from registrations.booking.errors import ActionRejected
from registrations.holds import reserve, service
from registrations.models import Hold, School, Teacher
from registrations.tasks import expire_holds
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_school,
    build_submission,
    build_teacher,
)
from registrations.tests.builders.holds import (
    grant,
    hold_request,
    name_now,
    notices,
    outlive,
    request_now,
    return_now,
)
from registrations.tests.counting import counts, states
from techfest.core.db.locking import Deadline
from techfest.core.errors import LockTimeout
from tickets.tests.admin_helpers import organiser
from tickets.tests.audited import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def teacher() -> Teacher:
    return build_teacher()


def held(event: Event) -> tuple[int, int]:
    """Seats taken, and how many of them wait for a name."""
    seats = Seats.objects.get(pk=event.pk)
    return seats.taken, seats.held


def refusal(teacher: Teacher, event: Event, seats: int = 5, **values: Any) -> str:
    with pytest.raises(ActionRejected) as refused:
        request_now(teacher, event, seats, **values)
    return str(refused.value.text)


def state_of(hold: Hold) -> str:
    hold.refresh_from_db()
    return hold.state


def give_up(*registrations: Any) -> None:
    cancel([row.pk for row in registrations], actor="teacher", deadline=Deadline())


def test_five_seats_are_held_at_once(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    hold = request_now(teacher, event, 5)
    assert (hold.state, held(event), counts(event)) == ("held", (5, 5), (5, 0, 0))


def test_six_seats_wait_for_an_organiser_and_hold_nothing(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    assert (request_now(teacher, event, 6).state, held(event)) == ("requested", (0, 0))


def test_holds_of_a_school_count_together(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    colleague = build_teacher(teacher.school)
    assert [request_now(teacher, event, 3).state, request_now(colleague, event, 3).state] == [
        "held",
        "requested",
    ]
    assert held(event) == (3, 3)


def test_holds_of_other_schools_events_and_times_do_not_count(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=20)
    return_now(request_now(teacher, event, 5))
    request_now(teacher, build_event(fest), 5)
    request_now(build_teacher(build_school("Lotus Valley School")), event, 5)
    assert (request_now(teacher, event, 5).state, held(event)) == ("held", (10, 10))


def test_more_than_is_free_is_refused(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=5)
    build_submission(event)
    build_submission(event)
    assert refusal(teacher, event, 4) == "Only 3 seats are free."
    set_capacity(event, capacity=2)
    assert refusal(teacher, event, 2) == "No seat is free."
    assert (Hold.objects.count(), held(event)) == (0, (2, 0))


def test_nothing_is_held_beside_a_waiting_list(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=1)
    build_submission(event)
    build_submission(event)
    assert refusal(teacher, event, 1).startswith("1 person is on the waiting list of")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"state": "cancelled"}, "is closed."),
        ({"state": "draft"}, "There is no such event."),
        ({"closes_at": timezone.now() - dt.timedelta(seconds=1)}, "is closed."),
        ({"promotes_until": timezone.now() - dt.timedelta(seconds=1)}, "is closed."),
        ({"is_paused": True}, "is paused."),
    ],
)
def test_event_that_takes_nobody_holds_nothing(
    fest: Fest, teacher: Teacher, changed: dict[str, Any], words: str
) -> None:
    event = build_event(fest)
    Event.objects.filter(pk=event.pk).update(**changed)
    assert refusal(teacher, event).endswith(words)
    assert held(event) == (0, 0)


@pytest.mark.parametrize("days", [-1, 11])
def test_names_must_come_in_time(fest: Fest, teacher: Teacher, days: int) -> None:
    until = timezone.now() + dt.timedelta(days=days)
    assert refusal(teacher, build_event(fest), until=until).startswith("The names must come by")


def test_before_the_opening_an_organiser_decides(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, opens_at=timezone.now() + dt.timedelta(hours=1))
    assert (request_now(teacher, event, 1).state, held(event)) == ("requested", (0, 0))


def test_form_sent_twice_is_one_hold(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    sent = hold_request(teacher, event, 2)
    first = service.request_hold(sent, deadline=Deadline())
    assert (service.request_hold(sent, deadline=Deadline()), held(event)) == (first, (2, 2))


def test_key_of_another_school_obtains_nothing(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    hold = request_now(teacher, event, 2)
    stranger = build_teacher(build_school("Lotus Valley School"))
    assert refusal(stranger, event, 2, key=hold.key) == "This form was already sent."
    assert held(event) == (2, 2)


def test_school_asks_once_for_many(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    request_now(teacher, event, 8)
    assert refusal(teacher, event, 9).endswith("An organiser will decide.")
    assert refusal(teacher, event, 11).endswith("has only 10 seats.")


def test_yes_holds_the_seats_and_tells_the_teacher(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    hold = request_now(teacher, event, 8)
    boss = organiser()
    with notices() as heard:
        grant(hold, boss)
    assert (state_of(hold), hold.approved_by, held(event)) == ("held", boss, (8, 8))
    assert [(notice["to"], notice["subject"]) for notice in heard] == [
        (teacher.user.email, f"8 seats of {event.name} are held for you")
    ]


def test_yes_comes_too_late_where_the_seats_are_gone(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    hold = request_now(teacher, event, 8)
    for _ in range(3):
        build_submission(event)
    with pytest.raises(ActionRejected, match="Only 7 seats are free"):
        grant(hold, organiser())
    assert (state_of(hold), held(event)) == ("requested", (3, 0))


def test_yes_twice_holds_once(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=30)
    hold = request_now(teacher, event, 8)
    boss = organiser()
    grant(hold, boss)
    with pytest.raises(ActionRejected, match="already decided"):
        grant(hold, boss)
    assert held(event) == (8, 8)


def test_no_is_told_and_ends_it(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    hold = request_now(teacher, event, 8)
    with notices() as heard:
        service.refuse(hold.pk, user=organiser(), deadline=Deadline())
    assert (state_of(hold), held(event)) == ("refused", (0, 0))
    assert [notice["subject"] for notice in heard] == [f"No seats of {event.name} are held for you"]


def test_name_takes_a_held_seat_past_those_who_wait(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=3)
    hold = request_now(teacher, event, 2)
    build_submission(event)
    build_submission(event)
    registration = name_now(event)
    assert (registration.state, registration.hold, state_of(hold), hold.used) == (
        "confirmed",
        hold,
        "held",
        1,
    )
    assert (held(event), counts(event)) == ((3, 1), (3, 1, 3))
    assert run() == []


def test_names_take_held_seats_then_free_ones_then_wait(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=3)
    request_now(teacher, event, 2)
    rows = [name_now(event) for _ in range(4)]
    assert [bool(row.hold_id) for row in rows] == [True, True, False, False]
    assert states(event) == ["confirmed"] * 3 + ["waiting"]
    assert (held(event), run()) == ((3, 0), [])


def test_hold_that_ends_first_is_named_first(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    late = request_now(teacher, event, 1, until=timezone.now() + dt.timedelta(days=4))
    soon = request_now(teacher, event, 1, until=timezone.now() + dt.timedelta(days=2))
    assert [name_now(event).hold for _ in range(3)] == [soon, late, None]


def test_students_own_submission_and_other_schools_use_no_held_seat(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=1)
    request_now(teacher, event, 1)
    build_submission(event)
    assert name_now(event, school="Lotus Valley School").state == "waiting"
    assert (states(event), held(event)) == (["waiting", "waiting"], (1, 1))


def test_cancelled_name_makes_room_in_its_hold(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=2)
    hold = request_now(teacher, event, 2)
    row = name_now(event)
    build_submission(event)
    give_up(row)
    assert (state_of(hold), hold.used, states(event), held(event)) == (
        "held",
        0,
        ["cancelled", "waiting"],
        (2, 2),
    )
    assert run() == []


def test_cancelled_name_of_an_ended_hold_is_everybodys(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=1)
    hold = request_now(teacher, event, 1)
    row = name_now(event)
    build_submission(event)
    return_now(hold)
    give_up(row)
    assert (state_of(hold), hold.used, states(event), held(event)) == (
        "returned",
        0,
        ["cancelled", "confirmed"],
        (1, 0),
    )
    assert run() == []


def test_cancelled_name_after_the_time_is_everybodys_though_nobody_noticed(
    fest: Fest, teacher: Teacher
) -> None:
    event = build_event(fest, capacity=1)
    hold = request_now(teacher, event, 1)
    row = name_now(event)
    build_submission(event)
    outlive(hold)
    give_up(row)
    assert (state_of(hold), states(event), held(event)) == ("returned", ["cancelled", "confirmed"], (1, 0))
    assert run() == []


def test_given_back_seats_go_to_who_waits(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=3)
    hold = request_now(teacher, event, 3)
    name_now(event)
    build_submission(event)
    with notices() as heard:
        return_now(hold)
        return_now(hold)
    assert (state_of(hold), states(event), held(event)) == ("returned", ["confirmed"] * 2, (2, 0))
    assert (heard, run()) == ([], [])


def test_teacher_is_notified_when_somebody_else_gives_back(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    with notices() as heard:
        return_now(request_now(teacher, event, 3), organiser())
    assert [notice["subject"] for notice in heard] == [f"3 held seats of {event.name} were given back"]


def test_submission_finds_an_expired_hold_though_no_worker_runs(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=2)
    hold = outlive(request_now(teacher, event, 2))
    with notices() as heard:
        assert build_submission(event).registrations.get().state == "confirmed"
    assert (state_of(hold), held(event), len(heard)) == ("returned", (1, 0), 1)
    assert run() == []


def test_those_who_waited_have_the_expired_seats_before_the_submission_that_found_them(
    fest: Fest, teacher: Teacher
) -> None:
    event = build_event(fest, capacity=1)
    hold = request_now(teacher, event, 1)
    build_submission(event)
    outlive(hold)
    build_submission(event)
    assert (states(event), held(event), run()) == (["confirmed", "waiting"], (1, 0), [])


def test_expired_hold_has_no_seat_for_a_name(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=1)
    hold = request_now(teacher, event, 1)
    build_submission(event)
    outlive(hold)
    row = name_now(event)
    assert (row.state, row.hold, states(event)) == ("waiting", None, ["confirmed", "waiting"])


def test_worker_gives_back_once_what_is_over(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=2)
    hold = request_now(teacher, event, 2)
    build_submission(event)
    outlive(hold)
    with notices() as heard:
        assert [expire_holds(), expire_holds()] == [1, 0]
    assert (state_of(hold), states(event), held(event)) == ("returned", ["confirmed"], (1, 0))
    assert [notice["subject"] for notice in heard] == [
        f"2 held seats of {event.name} are free for everyone again"
    ]
    assert run() == []


def test_worker_ends_what_was_asked_for_in_vain(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    hold = outlive(request_now(teacher, event, 8))
    with notices() as heard:
        assert service.process_due() == 1
    assert (state_of(hold), held(event)) == ("refused", (0, 0))
    assert "No organiser decided" in heard[0]["text"]


def test_closing_that_comes_sooner_ends_holds_sooner(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    hold = request_now(teacher, event, 2)
    Event.objects.filter(pk=event.pk).update(closes_at=timezone.now() - dt.timedelta(seconds=1))
    assert (service.process_due(), state_of(hold), held(event)) == (1, "returned", (0, 0))


def test_reminder_comes_once_at_half_time(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    hold = request_now(teacher, event, 2)
    name_now(event)
    with notices() as heard:
        assert service.process_due() == 0
        Hold.objects.filter(pk=hold.pk).update(held_at=timezone.now() - dt.timedelta(days=3, seconds=1))
        assert [service.process_due(), service.process_due()] == [1, 0]
    assert [notice["subject"] for notice in heard] == [f"1 held seat of {event.name} has no name yet"]


def test_full_hold_is_not_reminded_of(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    hold = request_now(teacher, event, 1)
    name_now(event)
    Hold.objects.filter(pk=hold.pk).update(held_at=timezone.now() - dt.timedelta(days=4))
    assert service.process_due() == 0


def test_capacity_below_what_is_held_gives_no_seat_until_below(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest, capacity=4)
    hold = request_now(teacher, event, 3)
    set_capacity(event, capacity=2)
    assert build_submission(event).registrations.get().state == "waiting"
    assert (name_now(event).state, held(event)) == ("confirmed", (3, 2))
    return_now(hold)
    assert (states(event), held(event), run()) == (["confirmed", "confirmed"], (2, 0), [])


def test_cancelled_event_ends_its_holds(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    holds = [request_now(teacher, event, 3), request_now(teacher, event, 7)]
    with notices() as heard, transaction.atomic():
        reserve.end_all(event)
    assert [state_of(hold) for hold in holds] == ["returned", "refused"]
    assert (held(event), [notice["text"] for notice in heard]) == (
        (0, 0),
        ["The event does not take place."] * 2,
    )


def test_school_with_holds_is_kept(fest: Fest, teacher: Teacher) -> None:
    request_now(teacher, build_event(fest))
    Teacher.objects.all().delete()
    with pytest.raises(Exception, match="protected"):
        School.objects.get().delete()


def test_submission_without_held_seats_asks_nothing_more(fest: Fest, teacher: Teacher) -> None:
    """Holds cost the usual request no query, and one if the event has held seats."""
    free, busy = build_event(fest), build_event(fest)
    request_now(teacher, busy, 1)
    numbers = []
    for event in (free, busy):
        build_submission(event)
        with CaptureQueriesContext(connection) as queries:
            build_submission(event)
        numbers.append(sum('FROM "registrations_hold"' in query["sql"] for query in queries.captured_queries))
    assert numbers == [0, 1]


def test_busy_event_leaves_the_others_holds_to_end_in_time(
    fest: Fest, teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, calm = (outlive(request_now(teacher, build_event(fest), 1)) for _ in range(2))
    process_due = service._process_locked

    def busy_or_not(event_id: int, deadline: Deadline) -> int:
        if event_id == busy.event_id:
            raise LockTimeout
        return process_due(event_id, deadline)

    monkeypatch.setattr(service, "_process_locked", busy_or_not)
    assert (service.process_due(), state_of(busy), state_of(calm)) == (1, "held", "returned")
