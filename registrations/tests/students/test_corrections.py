"""Corrections of details: seats stay, links of an old address die, and no student becomes another one."""

from dataclasses import replace
from typing import Any

import pytest

from events.models import GRACE, Event, Fest
from events.querysets import SeatsQuerySet
from registrations.booking.cancel import cancel
from registrations.booking.errors import ActionRejected
from registrations.forms import details_of
from registrations.links import DeadLink, my_path, student_of
from registrations.models import Change, Student
from registrations.students.corrections import correct
from registrations.students.identity import identify
from registrations.tests.builders import (
    build_details,
    build_event,
    build_fest,
    build_request,
    build_school,
    build_submission,
    submit_now,
)
from registrations.tests.counting import counts, states
from registrations.tests.races import at_once
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def corrected(student: Student, **values: Any) -> Student:
    return correct(
        student.pk, values=details_of(student) | values, actor=Change.Actor.STUDENT, deadline=Deadline()
    )


def student_with(*events: Any, **values: Any) -> Student:
    return build_submission(*events, **values).student


def test_renamed_in_sold_out_event_keeps_seat_and_ticket(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    student = student_with(event, name="Asha Roa")
    student_with(event)
    code = Ticket.objects.get().code
    corrected(student, name="Asha Rao")
    assert (states(event), counts(event)) == (["confirmed", "waiting"], (1, 1, 2))
    assert (Ticket.objects.get().code, Ticket.objects.get().student.name) == (code, "Asha Rao")


def test_rename_is_recorded_without_the_names(fest: Fest) -> None:
    student = student_with(build_event(fest), build_event(fest))
    corrected(student, name="Asha Rao", section="b")
    changes = Change.objects.filter(cause="corrected")
    assert [(change.fields, change.from_state, change.to_state) for change in changes] == [
        (["name", "section"], "confirmed", "confirmed")
    ] * 2


def test_renamed_student_is_found_by_the_new_name(fest: Fest) -> None:
    one, other = build_event(fest), build_event(fest)
    student = student_with(one, name="Asha Roa", email="a@example.org")
    corrected(student, name="Asha Rao")
    assert submit_now(build_request(other, name="asha rao", email="a@example.org")).student == student


def test_correction_that_changes_nothing_leaves_no_trace(fest: Fest) -> None:
    student = student_with(build_event(fest), section="B")
    corrected(student, section="b")
    assert Change.objects.count() == 1
    assert Delivery.objects.count() == 1


def test_new_email_kills_old_links_and_tells_both_addresses(fest: Fest) -> None:
    student = student_with(build_event(fest), email="old@example.org")
    path = my_path(student)
    changed = corrected(student, email="new@example.org")
    with pytest.raises(DeadLink):
        student_of(path.strip("/").split("/")[1])
    assert student_of(my_path(changed).strip("/").split("/")[1]) == student
    mails = Delivery.objects.exclude(kind="registered").order_by("kind").values_list("kind", "to")
    assert list(mails) == [("corrected", "old@example.org"), ("link", "new@example.org")]


def test_new_name_keeps_links(fest: Fest) -> None:
    student = student_with(build_event(fest))
    path = my_path(student)
    assert my_path(corrected(student, name="Somebody New")) == path


def test_email_removed_is_told_to_the_old_address_only(fest: Fest) -> None:
    student = student_with(build_event(fest), email="old@example.org")
    changed = corrected(student, email="")
    assert (changed.email, changed.email_key) == ("", "")
    mails = Delivery.objects.exclude(kind="registered").values_list("kind", "to")
    assert list(mails) == [("corrected", "old@example.org")]


def test_details_of_another_student_are_refused(fest: Fest) -> None:
    event = build_event(fest)
    student_with(event, name="Asha Rao")
    ben = student_with(event, name="Ben Khan")
    with pytest.raises(ActionRejected) as refused:
        corrected(ben, name="ASHA RAO")
    assert refused.value.text == "Another student is registered with these details."
    ben.refresh_from_db()
    assert ben.name == "Ben Khan"
    assert Change.objects.filter(cause="corrected").count() == 0


def test_grade_outside_an_events_limits_is_refused(fest: Fest) -> None:
    event = build_event(fest, grade_min=5, grade_max=8)
    student = student_with(event, grade=8)
    with pytest.raises(ActionRejected) as refused:
        corrected(student, grade=9)
    assert refused.value.text == f"{event.name} is for grades 5 to 8. Cancel it first, or keep the grade."
    assert Student.objects.get().grade == 8


def test_grade_of_cancelled_registration_does_not_matter(fest: Fest) -> None:
    event = build_event(fest, grade_min=5, grade_max=8)
    submission = build_submission(event, grade=8)
    cancel([submission.registrations.get().pk], actor="student", deadline=Deadline())
    assert corrected(submission.student, grade=9).grade == 9


def test_student_without_registrations_is_corrected(fest: Fest) -> None:
    details = build_details()
    student, _new = identify(details, fest_id=fest.pk, school=build_school())
    assert corrected(student, roll_number=" b-007 ").roll_number == "B007"


def test_correction_renews_the_pdf(fest: Fest) -> None:
    student = student_with(build_event(fest))
    Ticket.objects.update(rendered_at=student.created_at, render_attempts=2)
    corrected(student, name="Somebody New")
    assert list(Ticket.objects.values_list("rendered_at", "render_attempts")) == [(None, 0)]


def test_after_the_closing_a_student_may_change_the_address_only(fest: Fest) -> None:
    event = build_event(fest)
    student = build_submission(event).student
    event.closes_at = database_now() - GRACE
    event.save(update_fields=["closes_at"])
    with pytest.raises(ActionRejected, match="Only the e-mail address"):
        corrected(student, name="Somebody Else")
    assert corrected(student, email="new@example.org").email == "new@example.org"
    renamed = correct(
        student.pk,
        values=details_of(student) | {"name": "Asha R. Rao", "email": "new@example.org"},
        actor=Change.Actor.ORGANISER,
        deadline=Deadline(),
    )
    assert renamed.name == "Asha R. Rao"


def test_within_the_grace_a_name_is_still_corrected(fest: Fest) -> None:
    event = build_event(fest)
    student = build_submission(event).student
    event.closes_at = database_now() - GRACE / 2
    event.save(update_fields=["closes_at"])
    assert corrected(student, name="Asha R. Rao").name == "Asha R. Rao"


@pytest.mark.django_db(transaction=True)
def test_submission_between_reading_the_events_and_locking_them_is_locked_too(
    fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = build_event(fest), build_event(fest, hour=14)
    student = build_submission(first).student
    locked: list[set[int]] = []
    lock = SeatsQuerySet.locked

    def submit_first(rows: SeatsQuerySet, event_ids: Any) -> Any:
        found = lock(rows, event_ids)
        locked.append({seats.pk for seats in found})
        if len(locked) == 1:
            booking_request = replace(build_request(second), details=None, student_id=student.pk)
            at_once([lambda: submit_now(booking_request)])
        return found

    monkeypatch.setattr(SeatsQuerySet, "locked", submit_first)
    corrected(student, name="Asha R. Rao")
    noted = set(Change.objects.filter(cause="corrected").values_list("registration__event_id", flat=True))
    assert (locked[-1], noted) == ({first.pk, second.pk}, {first.pk, second.pk})


def test_name_is_corrected_also_where_the_event_has_moved_to_other_grades(fest: Fest) -> None:
    event = build_event(fest)
    student = build_submission(event, grade=7).student
    Event.objects.filter(pk=event.pk).update(grade_min=8)
    assert corrected(student, name="Asha R. Rao").name == "Asha R. Rao"
    with pytest.raises(ActionRejected):
        corrected(student, grade=6)


@pytest.mark.parametrize("values", [{"section": "7B"}, {"roll_key": "07", "roll_number": "07"}])
def test_address_is_corrected_also_where_an_upgrade_kept_two_students_apart(
    fest: Fest, values: dict[str, str]
) -> None:
    """Only the address counts as changed, and the keys that tell them apart stay."""
    event = build_event(fest)
    student = student_with(event, name="Asha Rao", section="A", roll_number="7")
    other = student_with(event, name="Asha Rao", section="A", roll_number="8")
    Student.objects.filter(pk=other.pk).update(**values)
    other.refresh_from_db()
    corrected(other, email="new@example.org")
    after = Student.objects.get(pk=other.pk)
    assert (after.email, after.section, after.roll_key) == ("new@example.org", other.section, other.roll_key)
    assert Change.objects.get(cause="corrected", registration__student=other).fields == ["email"]
    assert student.roll_key == "7"
