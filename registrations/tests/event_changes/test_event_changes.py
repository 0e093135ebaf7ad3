"""The impact of changed events on their registrations: exactly as previewed, with every mail."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import AuditEntry, Event, Fest
from registrations.booking.cancel import cancel
from registrations.holds.service import process_due
from registrations.models import Change, Conflict, Hold, Registration
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher, build_user
from registrations.tests.builders.event_changes import change, set_beside
from registrations.tests.builders.holds import name_now, notices, outlive, request_now, return_now
from registrations.tests.counting import counts, recount, states
from techfest.core.db.locking import Deadline
from tickets.models import Delivery, Ticket
from tickets.tests.audited import offenders

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def user() -> Any:
    return build_user(is_staff=True)


@pytest.fixture(autouse=True)
def audited(db: None) -> Any:
    """The audit finds nothing after each test of this module."""
    yield
    assert offenders() == []


def mails(kind: str) -> int:
    return Delivery.objects.filter(kind=kind).count()


def open_conflicts() -> list[tuple[str, str]]:
    rows = Conflict.objects.filter(resolved_at=None).order_by("pk")
    return [(conflict.kind, conflict.registration.student.name) for conflict in rows]


def give_up(registration: Registration) -> None:
    cancel([registration.pk], actor=Change.Actor.STUDENT, deadline=Deadline(30))


def test_moved_event_creates_clashes_and_notifies_all_registrations(fest: Fest) -> None:
    robots, quiz = build_event(fest, hour=10, capacity=1), build_event(fest, hour=14)
    build_submission(robots, quiz, name="Asha Rao")
    build_submission(robots, name="Ben Roy")
    impact = set_beside(robots, quiz)
    assert [one.registration.student.name for one in impact.new_conflicts] == ["Asha Rao"]
    assert open_conflicts() == [("clash", "Asha Rao")]
    assert (states(robots), mails("changed")) == (["confirmed", "waiting"], 2)
    assert (
        list(Change.objects.filter(cause="event_changed").values_list("fields", flat=True))
        == [["ends_at", "starts_at"]] * 2
    )


def test_clash_ends_when_one_registration_is_cancelled(fest: Fest) -> None:
    robots, quiz = build_event(fest, hour=10), build_event(fest, hour=14)
    for name in ("Asha Rao", "Ben Roy"):
        build_submission(robots, quiz, name=name)
    set_beside(robots, quiz)
    give_up(robots.registrations.get(student__name="Asha Rao"))
    give_up(quiz.registrations.get(student__name="Ben Roy"))
    assert open_conflicts() == []


def test_clash_ends_when_the_event_moves_away_again(fest: Fest) -> None:
    robots, quiz = build_event(fest, hour=10), build_event(fest, hour=14)
    build_submission(robots, quiz)
    begins, ends = robots.starts_at, robots.ends_at
    set_beside(robots, quiz)
    assert len(change(robots, starts_at=begins, ends_at=ends).ended_conflicts) == 1
    assert open_conflicts() == []


def test_clash_stays_one_conflict_when_the_other_event_moves_after_it(fest: Fest) -> None:
    robots, quiz = build_event(fest, hour=10), build_event(fest, hour=14)
    build_submission(robots, quiz)
    set_beside(robots, quiz)
    assert change(quiz, ends_at=quiz.ends_at + dt.timedelta(minutes=30)).new_conflicts == []
    assert len(open_conflicts()) == 1


def test_new_buffer_notifies_only_students_with_a_clash(fest: Fest) -> None:
    robots, quiz = build_event(fest, hour=10), build_event(fest, hour=11)
    build_submission(robots, quiz, name="Asha Rao")
    build_submission(robots)
    change(robots, buffer_minutes=10)
    assert (open_conflicts(), mails("changed")) == ([("clash", "Asha Rao")], 1)


def test_narrowed_grades_conflict_with_students_outside_them(fest: Fest) -> None:
    event = build_event(fest)
    build_submission(event, grade=7, name="Asha Rao")
    build_submission(event, grade=9)
    change(event, grade_min=8)
    assert (open_conflicts(), states(event)) == ([("ineligible", "Asha Rao")], ["confirmed", "confirmed"])
    assert mails("changed") == 1
    change(event, grade_min=6)
    assert open_conflicts() == []


def test_changes_of_text_and_of_drafts_send_no_mail(fest: Fest) -> None:
    event, draft = build_event(fest), build_event(fest, state=Event.State.DRAFT)
    build_submission(event)
    change(event, summary="Robots again")
    set_beside(draft, event)
    assert (mails("changed"), AuditEntry.objects.filter(what="changed").count()) == (0, 2)


def test_change_of_a_past_event_sends_no_mail(fest: Fest) -> None:
    event = build_event(fest)
    build_submission(event)
    hour = dt.timedelta(hours=1)
    Event.objects.update(starts_at=fest.opens_at - hour, ends_at=fest.opens_at)
    change(event, ends_at=fest.opens_at + hour)
    assert mails("changed") == 0


def test_moved_event_renders_its_tickets_again_with_the_same_code(fest: Fest) -> None:
    event = build_event(fest)
    build_submission(event)
    ticket = Ticket.objects.get()
    Ticket.objects.update(rendered_at=ticket.created_at)
    change(event, ends_at=event.ends_at + dt.timedelta(hours=1))
    assert (Ticket.objects.get().rendered_at, Ticket.objects.get().code) == (None, ticket.code)
    assert Event.objects.get().sequence == 1


def test_audit_log_has_old_and_new_values(fest: Fest, user: Any) -> None:
    event = build_event(fest, capacity=3)
    change(event, user=user, reason="More chairs", capacity=5, name="Robots")
    entry = AuditEntry.objects.get()
    assert (entry.what, entry.user, entry.reason) == ("changed", user, "More chairs")
    assert (entry.before, entry.after) == (
        {"name": event.name, "capacity": 3},
        {"name": "Robots", "capacity": 5},
    )


def test_cancelled_event_cancels_and_notifies_all_registrations(fest: Fest, user: Any) -> None:
    event = build_event(fest, capacity=4)
    teacher = build_teacher()
    request_now(teacher, event, 2)
    name_now(event)
    for _ in range(3):
        build_submission(event)
    with notices() as heard:
        change(event, user=user, reason="No power", state=Event.State.CANCELLED)
    assert (states(event), counts(event), recount(event)) == (["cancelled"] * 4, (0, 0, 4), (0, 0))
    assert (Ticket.objects.live().count(), Hold.objects.unreturned().count(), len(heard)) == (0, 0, 1)
    assert set(Change.objects.filter(to_state="cancelled").values_list("cause", "reason")) == {
        ("event_cancelled", "No power")
    }
    assert mails("cancelled") == 4


def test_number_of_statements_to_cancel_does_not_grow_with_registrations(fest: Fest) -> None:
    def statements(people: int) -> int:
        event = build_event(fest, capacity=people)
        for _ in range(people):
            build_submission(event)
        with CaptureQueriesContext(connection) as queries:
            change(event, state=Event.State.CANCELLED)
        return len(queries)

    assert statements(2) == statements(12)


def test_reserved_seats_are_taken_before_the_waiting_list_is_promoted(fest: Fest, user: Any) -> None:
    event = build_event(fest, capacity=1)
    for _ in range(6):
        build_submission(event)
    change(event, user=user, capacity=5, hold=3)
    assert (states(event), counts(event)) == (["confirmed"] * 2 + ["waiting"] * 4, (5, 4, 6))
    hold = Hold.objects.get()
    assert (hold.school, hold.seats, hold.state, str(hold)) == (None, 3, "held", f"Held back: 3, {event}")


def test_reserved_seats_go_to_the_waiting_list_when_released_or_expired(fest: Fest, user: Any) -> None:
    for give in (return_now, lambda hold: (outlive(hold), process_due())):
        event = build_event(fest, capacity=1)
        for _ in range(3):
            build_submission(event)
        change(event, user=user, capacity=3, hold=2)
        assert states(event) == ["confirmed", "waiting", "waiting"]
        with notices() as heard:
            give(Hold.objects.get(event=event))
        assert (states(event), counts(event), heard) == (["confirmed"] * 3, (3, 0, 3), [])


def test_reserved_seats_outlive_the_closing_without_names(fest: Fest, user: Any) -> None:
    event = build_event(fest, capacity=1)
    for _ in range(2):
        build_submission(event)
    change(event, user=user, capacity=2, hold=1)
    Fest.objects.update(
        closes_at=fest.opens_at + dt.timedelta(minutes=1), hours_changed_at=dt.datetime.now(dt.UTC)
    )
    assert process_due() == 0
    assert states(event) == ["confirmed", "waiting"]


def test_moving_and_enlarging_at_once_promotes_and_notifies(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    for _ in range(2):
        build_submission(event)
    change(event, capacity=2, ends_at=event.ends_at + dt.timedelta(hours=1))
    assert (states(event), mails("promoted"), mails("changed")) == (["confirmed", "confirmed"], 1, 2)
