"""Idempotency keys are secrets: random, valid for one kind of form, and they reveal no name."""

import re
import uuid

import pytest
from django.test import Client

from events.models import Event, Fest
from registrations import links
from registrations.booking.errors import IdempotencyConflict
from registrations.booking.submit import BookingRequest
from registrations.booking.substitute import Substitution, replace
from registrations.class_lists import jobs
from registrations.models import ClassListJob, ClassListRow, Registration, Student, Submission
from registrations.tests.builders import (
    build_details,
    build_event,
    build_fest,
    build_request,
    build_submission,
    build_teacher,
    submit_now,
)
from registrations.tests.builders.class_lists import build_list, confirmed, pupils, registered
from registrations.tests.form_posts import FORM, text_of, typed
from techfest.core.db.bulk import insert_new
from techfest.core.db.locking import Deadline

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> Event:
    return build_event(build_fest())


def of_a_list(event: Event) -> Submission:
    class_list = build_list(event.fest, pupils(1, event))
    registered(class_list)
    return Submission.objects.get(origin="list", student=class_list.rows.get().student)


def of_a_teacher(event: Event) -> Submission:
    teacher = build_teacher()
    booking_request = build_request(event, school=teacher.school.name)
    return submit_now(
        BookingRequest(
            booking_request.key,
            event.fest_id,
            (event.pk,),
            wants_waiting=True,
            details=booking_request.details,
            teacher=teacher.user,
            school=teacher.school,
            consent_text_id=booking_request.consent_text_id,
        )
    )


def of_a_newcomer(event: Event) -> Submission:
    registration = build_submission(event).registrations.get()
    wanted = Substitution(
        key=Submission.new_key(),
        registration_ids=(registration.pk,),
        actor="teacher",
        user=None,
        consent_text_id=event.fest.consent_texts.get().pk,
        details=build_details(name="Zoya Khan"),
    )
    return replace(wanted, deadline=Deadline(30))


def of_my_registrations(event: Event) -> Submission:
    student = build_submission(build_event(event.fest)).student
    key = Submission.new_key()
    return submit_now(
        BookingRequest(key, event.fest_id, (event.pk,), wants_waiting=True, student_id=student.pk)
    )


KINDS = {
    "list": of_a_list,
    "teacher": of_a_teacher,
    "newcomer": of_a_newcomer,
    "my registrations": of_my_registrations,
}


@pytest.mark.parametrize("kind", KINDS)
def test_public_form_knows_no_key_of_another_place(client: Client, event: Event, kind: str) -> None:
    """Not even where the very details of its student are typed: such a key was never in this form."""
    submission = KINDS[kind](event)
    student, before = submission.student, Registration.objects.count()
    own = {
        "name": student.name,
        "school": student.school.name,
        "grade": str(student.grade),
        "section": student.section,
        "roll_number": student.roll_number,
        "email": student.email,
    }
    for details in ({}, own):
        response = client.post(FORM, typed(event, key=submission.key.hex, **details))
        page = re.sub(r'name="\w+" value="[^"]*"', "", text_of(response))
        assert response.status_code == 409
        for secret in (student.name, student.reference, "/a/", "/my/", "/t/"):
            assert secret not in page
    assert Registration.objects.count() == before


@pytest.mark.parametrize("kind", KINDS)
def test_form_with_a_key_of_another_place_may_be_sent_under_a_new_one(
    client: Client, event: Event, kind: str
) -> None:
    submission = KINDS[kind](event)
    page = text_of(client.post(FORM, typed(event, key=submission.key.hex, name="Ben Rao")))
    assert "This form was already sent" in page
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    assert fields["key"] != submission.key.hex
    assert client.post(FORM, fields).status_code == 302
    assert Student.objects.filter(name="Ben Rao").count() == 1


def test_my_registrations_know_no_key_of_the_public_form(event: Event) -> None:
    mine, theirs = build_submission(build_event(event.fest)).student, build_submission(event)
    booking_request = BookingRequest(
        theirs.key, event.fest_id, (event.pk,), wants_waiting=True, student_id=mine.pk
    )
    with pytest.raises(IdempotencyConflict) as refused:
        submit_now(booking_request)
    assert refused.value.submission is None
    assert mine.registrations.count() == 1


def test_keys_of_a_list_follow_from_nothing_that_stands_in_an_address(event: Event) -> None:
    registered(build_list(event.fest, pupils(5, event)))
    job = ClassListJob.objects.get()
    keys = set(Submission.objects.values_list("key", flat=True))
    assert len(keys) == 5
    spaces = (job.key, uuid.NAMESPACE_URL, uuid.NAMESPACE_OID, uuid.NAMESPACE_DNS)
    names = [f"{prefix}{number}" for number in range(200) for prefix in ("", f"{job.pk}/", f"{job.key}/")]
    made = {make(space, name) for make in (uuid.uuid3, uuid.uuid5) for space in spaces for name in names}
    assert not keys & made
    assert keys == set(ClassListRow.objects.values_list("key", flat=True))


def test_key_of_a_row_is_given_at_confirm_and_stays_over_a_crash(event: Event) -> None:
    class_list = build_list(event.fest, pupils(3, event))
    assert set(class_list.rows.values_list("key", flat=True)) == {None}
    confirmed(class_list)
    given = set(class_list.rows.values_list("key", flat=True))
    assert (len(given), None in given) == (3, False)
    job = jobs.claim()
    assert job is not None
    ClassListJob.objects.update(claimed_at=None)  # its worker is dead
    jobs.run_due()
    assert set(Submission.objects.values_list("key", flat=True)) == given


def test_rows_that_a_job_gave_back_get_new_keys_with_the_next_one(event: Event) -> None:
    class_list = build_list(event.fest, pupils(2, event))
    Event.objects.filter(pk=event.pk).update(grade_min=9)
    job = registered(class_list, is_all_or_none=True)
    assert "Nothing was registered" in job.error
    before = set(class_list.rows.values_list("key", flat=True))
    Event.objects.filter(pk=event.pk).update(grade_min=1)
    registered(class_list)
    keys = set(Submission.objects.values_list("key", flat=True))
    assert (len(keys), keys & before) == (2, set())


def test_key_of_another_kind_obtains_nothing_new(event: Event) -> None:
    """One key is one submission, wherever it is sent."""
    submission = of_a_list(event)
    with pytest.raises(IdempotencyConflict):
        submit_now(build_request(event, key=submission.key))
    assert Submission.objects.count() == 1


def test_insert_of_a_taken_key_changes_nothing_and_says_so(event: Event) -> None:
    first = build_submission(event)
    duplicate = Submission(key=first.key, origin="teacher", digest=bytes(32), student=first.student)
    assert not insert_new([duplicate])
    other = Submission(key=Submission.new_key(), origin="teacher", digest=bytes(32), student=first.student)
    assert insert_new([other])
    assert Submission.objects.get(pk=other.pk).created_at == other.created_at
    many = [
        Submission(key=Submission.new_key(), origin="teacher", digest=bytes(32), student=first.student)
        for _ in range(20)
    ]
    assert insert_new(many)
    assert not insert_new([*many, duplicate])


def test_answer_of_the_public_form_is_found_by_its_own_key(client: Client, event: Event) -> None:
    values = typed(event)
    responses = [client.post(FORM, values)["Location"] for _ in range(2)]
    submission = Submission.objects.get()
    assert (submission.origin, responses) == ("form", [links.confirmation_path(submission)] * 2)


def test_origin_says_where_each_submission_came_from(event: Event) -> None:
    fest: Fest = event.fest
    build_submission(event)
    for build in KINDS.values():
        build(build_event(fest))
    origins = list(Submission.objects.order_by("pk").values_list("origin", flat=True))
    assert origins == ["form", "list", "teacher", "form", "teacher", "form", "student"]
