"""Thirty events at once cannot pass one student's limit, in whatever ways they are asked for."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from events.models import Fest
from registrations.booking import allocate
from registrations.booking.late import LateRegistration, add_registration
from registrations.booking.submit import BookingRequest
from registrations.booking.substitute import Substitution, replace
from registrations.booking.transfer import move_to
from registrations.booking.walk_in import WalkIn, seat
from registrations.class_lists import jobs
from registrations.models import Registration, Student, Submission
from registrations.students.merge import merge_students
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_request,
    build_school,
    build_submission,
    build_user,
    submit_now,
)
from registrations.tests.builders.class_lists import build_list, confirmed, row
from registrations.tests.builders.holds import name_now
from registrations.tests.races import PATIENCE, at_once, meeting_after_the_lock
from techfest.core.db.locking import Deadline, in_transaction
from tickets.checkin.walk_in import latest_unclaimed
from tickets.tests.audited import run

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

EVENTS, MOST = 30, 3
ASHA: dict[str, Any] = {"name": "Asha Rao", "email": "asha@example.org"}


@pytest.fixture
def fest() -> Fest:
    build_school()
    return build_fest(events_per_student=MOST)


def known(fest: Fest) -> Student:
    """A student with one event."""
    return build_submission(build_event(fest), **ASHA).student


def active() -> int:
    return Registration.objects.active().filter(student__name="Asha Rao").count()


@contextmanager
def without_the_students_lock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        unlocked = allocate._LOCK_STUDENTS.replace("FOR NO KEY UPDATE", "")
        patch.setattr(allocate, "_LOCK_STUDENTS", unlocked)
        yield


def thirty_forms(fest: Fest, monkeypatch: pytest.MonkeyPatch) -> None:
    works = [partial(submit_now, build_request(build_event(fest), **ASHA)) for _ in range(EVENTS)]
    with meeting_after_the_lock(monkeypatch, EVENTS):
        at_once(works)


@pytest.mark.parametrize("is_known", [False, True], ids=["newcomer", "known"])
def test_thirty_forms_for_thirty_events_obtain_three(
    fest: Fest, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    if is_known:
        known(fest)
    thirty_forms(fest, monkeypatch)
    assert active() == MOST
    assert run() == []


def test_thirty_forms_without_the_students_lock_obtain_more(
    fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the events differ, so only the student's lock keeps the limit."""
    known(fest)
    with without_the_students_lock(monkeypatch):
        thirty_forms(fest, monkeypatch)
    assert active() > MOST


def by_own_link(fest: Fest, asha: Student) -> Any:
    key, event = Submission.new_key(), build_event(fest)
    return submit_now(BookingRequest(key, fest.pk, (event.pk,), wants_waiting=True, student_id=asha.pk))


def by_form(fest: Fest, _asha: Student) -> Any:
    return submit_now(build_request(build_event(fest), **ASHA))


def by_teacher(fest: Fest, asha: Student) -> Any:
    return name_now(build_event(fest), student=Student.objects.select_related("fest").get(pk=asha.pk))


def by_organiser(fest: Fest, asha: Student) -> Any:
    late = LateRegistration(
        key=Submission.new_key(),
        fest_id=fest.pk,
        event_id=build_event(fest).pk,
        may_wait=True,
        reason="By phone",
        user=build_user(),
        student_id=asha.pk,
    )
    return add_registration(late, deadline=Deadline(PATIENCE))


def at_the_door(fest: Fest, asha: Student) -> Any:
    event = build_event(fest, promotes_until=timezone.now() - dt.timedelta(hours=1))
    walk_in = WalkIn(Student.objects.get(pk=asha.pk), event.pk, build_user(), "Stands here")
    work = partial(seat, walk_in, latest_unclaimed=latest_unclaimed, deadline=Deadline(PATIENCE))
    return in_transaction(work, deadline=Deadline(PATIENCE))


def by_class_list(_fest: Fest, _asha: Student) -> Any:
    return jobs.run_due()


def move_one(fest: Fest, asha: Student) -> Any:
    """Exchanges one event for another; the number stays."""
    mine = asha.registrations.active()[0].pk
    there = build_event(fest)
    return move_to([mine], event_id=there.pk, user=build_user(), reason="x", deadline=Deadline(PATIENCE))


WAYS: tuple[Callable[[Fest, Student], Any], ...] = (
    by_form,
    by_own_link,
    by_teacher,
    by_organiser,
    at_the_door,
    move_one,
)


def take_over(registration: Registration, asha: Student) -> Any:
    wanted = Substitution(
        key=Submission.new_key(),
        registration_ids=(registration.pk,),
        actor="teacher",
        user=build_user(),
        consent_text_id=registration.event.fest.consent_texts.get(audience="students").pk,
        newcomer_id=asha.pk,
    )
    return replace(wanted, deadline=Deadline(PATIENCE))


def test_thirty_requests_in_every_way_obtain_three(fest: Fest) -> None:
    asha = known(fest)
    given_up = [build_submission(build_event(fest)).registrations.get() for _ in range(5)]
    lists = [build_list(fest, [row("Asha Rao", build_event(fest), email=ASHA["email"])]) for _ in range(2)]
    for class_list in lists:
        confirmed(class_list)
    ways = itertools.islice(itertools.cycle(WAYS), EVENTS - len(given_up) - len(lists))
    works: list[Any] = [partial(way, fest, asha) for way in ways]
    works += [partial(take_over, registration, asha) for registration in given_up]
    works += [partial(by_class_list, fest, asha)] * len(lists)
    at_once(works)
    assert active() == MOST
    assert run() == []


def test_student_who_is_merged_meanwhile_gets_no_further_event(fest: Fest) -> None:
    """Both keep what they had; whoever comes behind the merge counts all of it."""
    asha = known(fest)
    other = build_submission(build_event(fest), name="Zoya Khan", email="zoya@example.org").student
    forms: list[Any] = [partial(by_own_link, fest, one) for one in (asha, other)] * 8
    merge = partial(
        merge_students, asha.pk, other.pk, user=build_user(), reason="Twice", deadline=Deadline(PATIENCE)
    )
    at_once([*forms[:8], merge, *forms[8:]])
    assert MOST <= active() <= 2 * MOST
    assert run() == []
    before = active()
    at_once([partial(by_own_link, fest, asha)] * 4)
    assert active() == before
