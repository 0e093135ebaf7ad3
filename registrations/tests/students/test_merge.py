"""Merging students and schools: everything is kept."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events.models import Fest
from registrations import links, schools
from registrations.booking.errors import ActionRejected
from registrations.models import (
    Change,
    Conflict,
    Consent,
    Hold,
    Invitation,
    MergedReference,
    Registration,
    Result,
    School,
    SchoolAlias,
    Student,
    Submission,
)
from registrations.schools import find_or_create_school
from registrations.students.duplicates import with_possible_duplicates
from registrations.students.merge import duplicate_registrations, merge_students
from registrations.students.merge_schools import merge_schools
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_school,
    build_submission,
    build_teacher,
    build_user,
)
from registrations.tests.counting import counts, states
from techfest.core.audit_log import entries_of
from techfest.core.db.locking import Deadline
from tickets.checkin.lookup import by_reference
from tickets.models import CheckIn, Delegation, Delivery, Ticket
from tickets.tests.audited import run
from tickets.tests.builders import pretend_rendered

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def register(*events: Any, name: str = "Asha Rao", **values: Any) -> Submission:
    return build_submission(*events, name=name, **values)


def named_by(reference: str, fest: Fest) -> set[Student]:
    """Return the students whom check-in finds by this reference."""
    return {found.registration.student for found in by_reference(reference, fest)}


def merge(kept: Student, removed: Student, **values: Any) -> Student:
    wanted = {"user": build_user(), "reason": "Twice", "deadline": Deadline(30)} | values
    return merge_students(kept.pk, removed.pk, **wanted)


def test_kept_student_takes_over_everything(fest: Fest) -> None:
    kept = register(build_event(fest), section="A")
    removed = register(build_event(fest), section="B")
    code = Ticket.objects.get(student=removed.student).code
    reference = removed.student.reference
    merge(kept.student, removed.student)
    assert list(Student.objects.all()) == [kept.student]
    for model in (Registration, Submission, Ticket):
        assert set(model._default_manager.values_list("student", flat=True)) == {kept.student.pk}
    assert Ticket.objects.live().filter(code=code).exists()
    assert Consent.objects.get().student == kept.student
    assert MergedReference.objects.get().reference == reference
    assert named_by(reference, fest) == {kept.student}
    entry = entries_of(kept.student).get()
    assert (entry.what, entry.reason, entry.before["reference"]) == ("merged", "Twice", reference)
    assert run() == []


def test_printed_reference_of_three_rows_leads_to_the_last(fest: Fest) -> None:
    first, second, third = (register(build_event(fest), section=character).student for character in "ABC")
    merge(second, first)
    merge(third, second)
    for student in (first, second, third):
        assert named_by(student.reference, fest) == {third}


def test_confirmed_duplicate_stays_and_the_waiting_list_moves_up(fest: Fest) -> None:
    event = build_event(fest, capacity=2)
    first = register(event, section="A")
    second = register(event, section="B")
    register(event, name="Ben Iyer")
    merge(second.student, first.student)
    assert states(event) == ["confirmed", "cancelled", "confirmed"]
    assert counts(event) == (2, 0, 3)
    better = event.registrations.get(queue_position=1)
    assert better.student == second.student
    change = Change.objects.get(cause="merged")
    assert (change.registration.queue_position, change.reason) == (2, "Twice")
    assert Delivery.objects.filter(kind="cancelled").count() == 0
    assert run() == []


def test_confirmed_is_better_than_an_earlier_place_that_waits(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    early = register(event, section="A")
    register(event, section="B")
    row = early.registrations.get()
    other = event.registrations.get(queue_position=2)
    Registration.objects.filter(pk=row.pk).update(state="waiting")
    Registration.objects.filter(pk=other.pk).update(state="confirmed")
    pair = duplicate_registrations(event.registrations.order_by("queue_position"))
    assert pair == [(other, row)]


def test_result_and_check_in_move_to_the_better_duplicate(fest: Fest) -> None:
    event = build_event(fest)
    better = register(event, section="A").registrations.get()
    worse = register(event, section="B").registrations.get()
    Result.objects.create(registration=worse, points=10, rank=1)
    now = timezone.now()
    ticket = worse.tickets.get()
    CheckIn.objects.create(ticket=ticket, at=now, where="Gate", user=build_user(), how="scan")
    Ticket.objects.filter(pk=ticket.pk).update(checked_in_at=now)
    merge(better.student, worse.student)
    live = Ticket.objects.live().get()
    assert Result.objects.get().registration == better
    assert (live.registration, live.checked_in_at, CheckIn.objects.get().ticket) == (better, now, live)


def test_clash_of_a_merge_is_recorded_and_both_seats_stay(fest: Fest) -> None:
    first, second = build_event(fest, hour=10), build_event(fest, hour=10.5)
    kept, removed = register(first, section="A"), register(second, section="B")
    merge(kept.student, removed.student)
    conflict = Conflict.objects.get()
    assert (conflict.kind, conflict.registration.event, conflict.other and conflict.other.event) == (
        "clash",
        first,
        second,
    )
    assert (states(first), states(second)) == (["confirmed"], ["confirmed"])


def test_only_address_is_taken_over_and_gets_the_link(fest: Fest) -> None:
    kept = register(build_event(fest), section="A", email="")
    removed = register(build_event(fest), section="B", email="asha@example.org")
    merge(kept.student, removed.student)
    assert Student.objects.get().email == "asha@example.org"
    assert list(Delivery.objects.filter(kind="link").values_list("to", flat=True)) == ["asha@example.org"]
    assert run() == []


def test_student_gets_one_mail_about_the_merge(fest: Fest) -> None:
    kept = register(build_event(fest), section="A", email="one@example.org")
    removed = register(build_event(fest), section="B", email="two@example.org")
    merge(kept.student, removed.student)
    assert list(Delivery.objects.filter(kind="link").values_list("to", flat=True)) == ["one@example.org"]
    assert run() == []


def test_merge_without_notice_sends_no_mail(fest: Fest) -> None:
    kept, removed = register(build_event(fest), section="A"), register(build_event(fest), section="B")
    merge(kept.student, removed.student, notify=False)
    assert Delivery.objects.filter(kind="link").count() == 0


def test_links_of_the_removed_student_die_and_those_of_its_submissions_lead_on(fest: Fest) -> None:
    """The link to all registrations would show another student's; that of a submission shows only its own."""
    kept, removed = register(build_event(fest), section="A"), register(build_event(fest), section="B")
    paths = [links.my_path(removed.student), links.confirmation_path(removed), links.my_path(kept.student)]
    merge(kept.student, removed.student)
    responses = [Client().get(path) for path in paths]
    assert [response.status_code for response in responses] == [404, 200, 200]
    assert links.my_path(kept.student) not in responses[1].content.decode()


def test_students_of_two_schools_are_not_merged(fest: Fest) -> None:
    kept, removed = register(build_event(fest)), register(build_event(fest), school="Hill School")
    with pytest.raises(ActionRejected, match="different schools"):
        merge(kept.student, removed.student)
    assert Student.objects.count() == 2


def test_second_merge_is_rejected(fest: Fest) -> None:
    kept, removed = register(build_event(fest), section="A"), register(build_event(fest), section="B")
    merge(kept.student, removed.student)
    with pytest.raises(ActionRejected, match="no longer exists"):
        merge(kept.student, removed.student)


def test_row_that_was_not_moved_undoes_the_merge(fest: Fest, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, removed = register(build_event(fest), section="A"), register(build_event(fest), section="B")
    monkeypatch.setattr("registrations.students.merge._move_rows", lambda *_given: None)
    with pytest.raises(Exception, match="foreign key"):
        merge(kept.student, removed.student)
    assert (Student.objects.count(), MergedReference.objects.count()) == (2, 0)


def test_possible_duplicates_are_namesakes_of_one_school(fest: Fest) -> None:
    one = register(build_event(fest), section="A").student
    two = register(build_event(fest), grade=8, name="asha  rao").student
    register(build_event(fest), school="Hill School")
    register(build_event(fest), name="Ben Iyer")
    assert set(with_possible_duplicates(Student.objects.all())) == {one, two}


def test_possible_duplicates_have_similar_names_in_one_grade(fest: Fest) -> None:
    pairs = [
        ("Hélène Müller", "HELENE MUELLER"),
        ("Karthik Subramanian", "S Karthik"),
        ("Asha Rao", "Usha Rao"),
    ]
    found = [
        [register(build_event(fest), name=name, is_another=True).student for name in pair] for pair in pairs
    ]
    register(build_event(fest), name="Helene Muller", grade=8)
    assert set(with_possible_duplicates(Student.objects.all())) == {*found[0], *found[1]}


def merge_two_schools(kept: School, removed: School, **values: Any) -> School:
    wanted = {"user": build_user(), "reason": "One school", "deadline": Deadline(30)} | values
    return merge_schools(kept.pk, [removed.pk], **wanted)


def test_all_of_a_school_moves_and_its_names_are_understood(fest: Fest) -> None:
    kept, removed = build_school("St Mary's School"), build_school("Saint Mary School", state="pending")
    SchoolAlias.objects.create(school=removed, name="St. Mary", key="st mary")
    event = build_event(fest)
    student = register(event, school=removed.name).student
    pretend_rendered()
    teacher = build_teacher(removed)
    user = teacher.user
    Invitation.objects.create(email="new@example.org", school=removed, invited_by=user)
    Hold.objects.create(event=event, school=removed, seats=2, until=event.starts_at, requested_by=user)
    Delegation.objects.create(fest=fest, school=removed)
    merge_two_schools(kept, removed)
    assert not School.objects.filter(pk=removed.pk).exists()
    for row in (student, teacher):
        row.refresh_from_db()
        assert row.school == kept
    for model in (Invitation, Hold, Delegation):
        assert model._default_manager.get().school == kept
    assert set(kept.aliases.values_list("name", flat=True)) == {"Saint Mary School", "St. Mary"}
    assert [find_or_create_school(name) for name in ("Saint Mary School", "st mary")] == [kept, kept]
    assert Ticket.objects.get().rendered_at is None
    assert entries_of(kept).get().before == {"school": removed.pk, "name": "Saint Mary School"}
    assert run() == []


def test_student_of_both_schools_becomes_one_and_the_waiting_list_moves_up(fest: Fest) -> None:
    kept, removed = build_school("St Mary's School"), build_school("Saint Mary School")
    event, other = build_event(fest, capacity=2), build_event(fest)
    first = register(event, school=removed.name)
    register(event, other, school=kept.name)
    register(event, name="Ben Iyer", school=removed.name)
    merge_two_schools(kept, removed)
    assert states(event) == ["confirmed", "cancelled", "confirmed"]
    assert Student.objects.filter(school=kept).count() == 2
    assert {student.school for student in named_by(first.student.reference, fest)} == {kept}
    assert run() == []


def test_kept_pending_school_is_accepted_by_merging_an_accepted_one(fest: Fest) -> None:
    kept, removed = build_school("St Mary's School", state="pending"), build_school("Saint Mary School")
    assert merge_two_schools(kept, removed).state == "accepted"


def test_delegation_code_of_the_kept_school_stays(fest: Fest) -> None:
    kept, removed = build_school("St Mary's School"), build_school("Saint Mary School")
    mine = Delegation.objects.create(fest=fest, school=kept)
    Delegation.objects.create(fest=fest, school=removed)
    merge_two_schools(kept, removed)
    assert Delegation.objects.get() == mine


def test_submission_for_a_removed_school_counts_for_the_kept_one(
    fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may know the schools of five seconds ago."""
    kept, removed = build_school("St Mary's School"), build_school("Saint Mary School")
    event = build_event(fest)
    find_or_create_school(removed.name)
    known = schools._cache._kept
    merge_two_schools(kept, removed)
    monkeypatch.setattr(schools._cache, "_kept", known)
    assert register(event, school=removed.name).student.school == kept


def test_old_mails_do_not_trouble_the_audit_after_a_merge(fest: Fest) -> None:
    kept = register(build_event(fest), section="A", email="one@example.org")
    removed = register(build_event(fest), section="B", email="")
    merge(removed.student, kept.student)
    assert run() == []
