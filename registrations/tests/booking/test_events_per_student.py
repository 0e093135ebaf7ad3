"""The most events that a student may have at a fest, in each way to get one."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import cache
from events.models import Event, Fest, Seats
from registrations import links
from registrations.booking.cancel import cancel
from registrations.booking.errors import ActionRejected, RegistrationRejected
from registrations.booking.late import LateRegistration, add_registration
from registrations.booking.substitute import Substitution, replace
from registrations.booking.transfer import move_to
from registrations.booking.walk_in import WalkIn, seat
from registrations.models import Refusal, Registration, Student, Submission
from registrations.students.merge import merge_students
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_request,
    build_submission,
    build_teacher,
    build_user,
    submit_now,
)
from registrations.tests.builders.class_lists import build_list, forecast_of, registered, row, seat_results
from registrations.tests.builders.holds import name_now
from registrations.tests.form_posts import FORM, text_of, typed
from techfest.core.db.locking import Deadline
from tickets.checkin.walk_in import latest_unclaimed
from tickets.tests.audited import offenders

pytestmark = pytest.mark.django_db

ASHA: dict[str, Any] = {"name": "Asha Rao", "email": "asha@example.org"}
RULE = "Each student may have at most 2 events at this fest."


@pytest.fixture
def fest() -> Fest:
    return build_fest(events_per_student=2)


def asha_in(*events: Event) -> Student:
    return build_submission(*events, **ASHA).student


def refused(student: Student | None, event: Event) -> str:
    """The reason why the student is refused the event in the public form."""
    name = student.name if student else "Zoya Khan"
    with pytest.raises(RegistrationRejected) as error:
        submit_now(build_request(event, name=name, email=student.email if student else "zoya@example.org"))
    return str(error.value.seat_results[0].decision.reason)


def test_third_event_is_refused_where_two_are_allowed(fest: Fest) -> None:
    asha = asha_in(build_event(fest), build_event(fest))
    assert refused(asha, build_event(fest)) == "events_cap"
    assert asha.registrations.count() == 2


def test_waiting_counts_and_what_was_cancelled_does_not(fest: Fest) -> None:
    asha = asha_in(build_event(fest, capacity=0), build_event(fest))
    third = build_event(fest)
    assert refused(asha, third) == "events_cap"
    cancel([asha.registrations.waiting()[0].pk], actor="student", deadline=Deadline(30))
    assert build_submission(third, **ASHA).registrations.get().state == "confirmed"


def test_form_with_more_events_obtains_the_first_ones(fest: Fest) -> None:
    asha_in(build_event(fest))
    second, third = build_event(fest), build_event(fest)
    submission = build_submission(second, third, **ASHA)
    assert submission.registrations.get().event == second
    refusal = Refusal.objects.get(submission=submission)
    assert (refusal.event, refusal.reason) == (third, "events_cap")
    page = text_of(Client().get(links.confirmation_path(submission)))
    assert "At this fest a student may have at most 2 events, and you have reached that." in page


def test_without_a_limit_there_is_none() -> None:
    fest = build_fest()
    asha = asha_in(*(build_event(fest) for _ in range(5)))
    assert asha.registrations.count() == 5


def test_full_event_does_not_tell_that_a_child_has_reached_the_limit(fest: Fest) -> None:
    """Where nothing is to be had, a known child reads what an unknown one reads."""
    asha = asha_in(build_event(fest), build_event(fest))
    full = build_event(fest, capacity=0, waiting_limit=0)
    assert refused(asha, full) == refused(None, full) == "full"


def test_class_list_says_before_and_after_which_rows_have_too_many(fest: Fest) -> None:
    one, two, three = (build_event(fest, name=f"Event {name}") for name in "ABC")
    asha_in(one)
    rows = [row("Asha Rao", two, three, email="asha@example.org"), row("Ben Das", one, two, three)]
    class_list = build_list(fest, rows)
    found = list(forecast_of(class_list).rows.values())
    outcomes = [[(entry.outcome, entry.words) for entry in line.entries] for line in found]
    too_many = ("events_cap", "at most 2 events for each student")
    assert outcomes == [[("seat", ""), too_many], [("seat", ""), ("seat", ""), too_many]]
    registered(class_list)
    assert seat_results(class_list) == ["confirmed", "events_cap", "confirmed", "confirmed", "events_cap"]
    assert offenders() == []


def test_teacher_is_bound(fest: Fest) -> None:
    asha = asha_in(build_event(fest), build_event(fest))
    with pytest.raises(RegistrationRejected) as error:
        name_now(build_event(fest), student=asha)
    assert error.value.seat_results[0].decision.reason == "events_cap"


def test_organiser_is_bound_and_reads_the_limit(fest: Fest) -> None:
    asha, quiz = asha_in(build_event(fest), build_event(fest)), build_event(fest, name="Quiz")
    late = LateRegistration(
        key=Submission.new_key(),
        fest_id=fest.pk,
        event_id=quiz.pk,
        may_wait=True,
        reason="By phone",
        user=build_user(),
        student_id=asha.pk,
    )
    with pytest.raises(ActionRejected) as error:
        add_registration(late, deadline=Deadline(30))
    assert error.value.text == (
        "Asha Rao has reached the limit of this fest: at most 2 events for each student. "
        "To enter Quiz, cancel another one first."
    )


@pytest.mark.parametrize("most", [2, 1], ids=["at the limit", "above it"])
def test_moving_to_another_event_keeps_the_number(fest: Fest, most: int) -> None:
    one, two, three = (build_event(fest) for _ in range(3))
    asha = asha_in(one, two)
    Fest.objects.update(events_per_student=most)
    moved = asha.registrations.get(event=one)
    (move,) = move_to([moved.pk], event_id=three.pk, user=build_user(), reason="Hall", deadline=Deadline(30))
    assert move.successor
    assert (asha.registrations.active().count(), offenders()) == (2, [])


def test_substitute_who_would_have_too_many_gets_nothing(fest: Fest) -> None:
    """Each seat that is handed over counts for the next."""
    one, two, three = (build_event(fest) for _ in range(3))
    asha, ben = asha_in(one, two), build_submission(three, name="Ben Das").student
    wanted = Substitution(
        key=Submission.new_key(),
        registration_ids=tuple(asha.registrations.values_list("pk", flat=True)),
        actor="teacher",
        user=User.objects.create_user("rao"),
        consent_text_id=fest.consent_texts.get().pk,
        newcomer_id=ben.pk,
    )
    with pytest.raises(RegistrationRejected) as error:
        replace(wanted, deadline=Deadline(30))
    assert [result.decision.reason for result in error.value.seat_results] == ["events_cap"]
    assert (asha.registrations.active().count(), ben.registrations.active().count()) == (2, 1)


def at_the_door(student: Student, event: Event) -> Registration:
    Event.objects.filter(pk=event.pk).update(promotes_until=timezone.now() - dt.timedelta(hours=1))
    walk_in = WalkIn(student, event.pk, build_user(), "Stands here")
    return seat(walk_in, latest_unclaimed=latest_unclaimed, deadline=Deadline(30))


def test_door_gives_no_third_event(fest: Fest) -> None:
    asha, quiz = asha_in(build_event(fest), build_event(fest)), build_event(fest, name="Quiz")
    with pytest.raises(ActionRejected) as error:
        at_the_door(asha, quiz)
    assert "at most 2 events for each student" in error.value.text


def test_door_gives_a_seat_to_one_who_waits_for_it(fest: Fest) -> None:
    quiz = build_event(fest, capacity=0)
    asha = asha_in(quiz, build_event(fest))
    Seats.objects.filter(pk=quiz.pk).update(capacity=1)
    assert at_the_door(asha, quiz).state == "confirmed"


def test_students_who_are_merged_keep_what_both_had(fest: Fest) -> None:
    asha = asha_in(build_event(fest), build_event(fest))
    other = build_submission(build_event(fest), name="Zoya Khan").student
    merge_students(asha.pk, other.pk, user=build_user(), reason="Twice", deadline=Deadline(30))
    assert asha.registrations.active().count() == 3
    assert refused(asha, build_event(fest)) == "events_cap"
    assert offenders() == []


def test_pages_say_the_limit_before_anything_is_typed(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    cache.forget()
    assert RULE in text_of(client.get(event.get_absolute_url()))
    assert RULE in text_of(client.get(FORM))


def test_form_with_too_many_events_is_told_so_and_keeps_what_was_typed(client: Client, fest: Fest) -> None:
    events = [build_event(fest) for _ in range(3)]
    cache.forget()
    page = text_of(client.post(FORM, typed(*events, name="Asha Rao")))
    assert "Select at most 2 events: a student may have no more at this fest" in page
    assert "Asha Rao" in page
    assert not Student.objects.exists()


def test_students_page_says_what_to_do_instead_of_offering_events(client: Client, fest: Fest) -> None:
    asha = asha_in(build_event(fest), build_event(fest))
    build_event(fest)
    cache.forget()
    page = client.get(links.my_path(asha) + "add/")
    text = "At this fest a student may have at most 2 events, and you have reached that."
    assert (page.status_code, text in text_of(page)) == (200, True)
    assert 'name="events"' not in text_of(page)


def test_teachers_page_says_why_no_event_can_be_added(client: Client, fest: Fest) -> None:
    asha = asha_in(build_event(fest), build_event(fest))
    build_event(fest)
    cache.forget()
    client.force_login(build_teacher(asha.school).user)
    page = text_of(client.get(reverse("teacher:add-events", args=[asha.reference])))
    assert "Asha Rao has reached the limit of this fest: at most 2 events for each student." in page
