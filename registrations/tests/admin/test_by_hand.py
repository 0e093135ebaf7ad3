"""What an organiser does by hand: a registration after closing, and another school for a student."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from events.models import AuditEntry, Event, Fest
from registrations.models import Change, Consent, Hold, Registration, School, Student, Submission
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_school,
    build_submission,
    build_teacher,
)
from registrations.tests.builders.class_lists import build_list, pupils
from registrations.tests.counting import counts
from techfest.core.admin.base import page_of
from techfest.core.db.clock import database_now
from techfest.core.roles import LEAD, RESULTS
from tickets.models import Delivery, Ticket
from tickets.tests.admin_helpers import act, in_role, organiser_client, said, sent_by
from tickets.tests.audited import offenders

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:registrations_registration_add_by_hand")
NEW = {"name": "Zoya Khan", "grade": "7", "school": "Riverside Public School", "consent": "on"}
WHY = {"reason": "The form was lost"}


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    now = database_now()
    return build_fest(opens_at=now - dt.timedelta(days=9), closes_at=now - dt.timedelta(days=1))


@pytest.fixture
def event(fest: Fest) -> Event:
    return build_event(fest, capacity=1)


@pytest.fixture(autouse=True)
def audited(db: None) -> Any:
    yield
    assert offenders() == []


def add(client: Client, event: Event, path: str = PAGE, **values: str) -> Any:
    sent = sent_by(client.get(path)) | {"event": str(event.pk)} | WHY
    return client.post(path, sent | values)


def errors(response: Any) -> list[str]:
    return [text for texts in response.context["form"].errors.values() for text in texts]


def test_new_student_is_registered_after_closing(client: Client, event: Event) -> None:
    answer = add(client, event, **NEW, email="zoya@example.org")
    registration = Registration.objects.get()
    assert answer["Location"] == page_of(registration)
    assert (registration.state, counts(event)) == ("confirmed", (1, 0, 1))
    assert Ticket.objects.live().get().registration == registration
    assert Delivery.objects.get().kind == "registered"
    change = Change.objects.get()
    assert (change.actor, change.reason, change.user is not None) == ("organiser", "The form was lost", True)
    assert Consent.objects.get().basis == "paper"
    assert Submission.objects.get().origin == "organiser"


def test_form_sent_twice_registers_once(client: Client, event: Event) -> None:
    sent = sent_by(client.get(PAGE)) | NEW | WHY | {"event": str(event.pk)}
    answers = [client.post(PAGE, sent) for _ in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"] == page_of(Registration.objects.get())


def test_known_student_gets_a_further_event_from_the_students_page(client: Client, event: Event) -> None:
    other = build_event(event.fest)
    add(client, other, **NEW)
    student = Student.objects.get()
    path = f"{PAGE}?student={student.pk}"
    assert path in client.get(page_of(student)).content.decode()
    assert add(client, event, path).status_code == 302
    assert student.registrations.active().count() == 2


def test_full_event_gives_a_rank_only_if_that_is_chosen(client: Client, event: Event) -> None:
    add(client, event, **NEW)
    refused = add(client, event, **(NEW | {"name": "Ben Das"}))
    assert (refused.status_code, Registration.objects.count()) == (200, 1)
    assert "full" in errors(refused)[0]
    add(client, event, **(NEW | {"name": "Ben Das"}), may_wait="on")
    assert counts(event) == (1, 1, 2)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"reason": ""}, "Enter the reason"),
        ({"consent": ""}, "Tick the box once the consent is there"),
        ({"grade": "5"}, "is for grade"),
        ({"name": ""}, "Enter the full name"),
    ],
)
def test_rules_that_bind_organisers_are_explained(
    client: Client, fest: Fest, values: dict[str, str], words: str
) -> None:
    event = build_event(fest, grade_min=6)
    sent = NEW | WHY | values
    refused = add(
        client, event, **{name: value for name, value in sent.items() if value or name != "consent"}
    )
    assert any(words in text for text in errors(refused)), errors(refused)
    assert not Registration.objects.exists()


def test_event_that_is_over_or_cancelled_is_not_offered(client: Client, fest: Fest) -> None:
    now = database_now()
    over = build_event(fest, starts_at=now - dt.timedelta(hours=2), ends_at=now - dt.timedelta(hours=1))
    off = build_event(fest, state=Event.State.CANCELLED)
    for event in (over, off):
        assert add(client, event, **NEW).status_code == 200
    assert not Registration.objects.exists()


def test_namesake_is_not_mixed_up(client: Client, event: Event) -> None:
    other = build_event(event.fest)
    add(client, other, **NEW)
    refused = add(client, event, **(NEW | {"email": "other@example.org"}))
    assert "is a student of this school already" in errors(refused)[0]
    add(client, event, **(NEW | {"roll_number": "12", "another": "on"}))
    assert Student.objects.count() == 2


def test_page_needs_the_right_to_change_registrations_and_shows_own_events(event: Event) -> None:
    assert organiser_client(in_role(RESULTS)).get(PAGE).status_code == 403
    lead = in_role(LEAD)
    mine = build_event(event.fest)
    mine.leads.add(lead)
    browser = organiser_client(lead)
    page = browser.get(PAGE)
    if page.status_code == 200:
        assert list(page.context["form"].fields["event"].queryset) == [mine]
        assert add(browser, event, **NEW).status_code == 200
        assert not Registration.objects.exists()


# ---- The school of a student --------------------------------------------------------------------------


def correct(client: Client, student: Student, school: School, **values: str) -> Any:
    sent = {"confirmed": "yes", "school": school.pk, "reason": "Typed the wrong one"} | values
    return act(client, "correct_school", student, **sent)


@pytest.fixture
def student() -> Student:
    event = build_event(build_fest())
    return build_submission(event, name="Asha Rao", school="Riverside Public School").student


def test_school_of_a_student_is_corrected(client: Client, student: Student) -> None:
    school = build_school("Hill School")
    assert "Correct the school" in client.get(page_of(student)).content.decode()
    answer = correct(client, student, school)
    assert said(answer) == ["Asha Rao is a student of Hill School now."]
    student.refresh_from_db()
    assert (student.school, student.registrations.get().state) == (school, "confirmed")
    change = Change.objects.latest("pk")
    assert (change.cause, change.fields, change.reason) == ("corrected", ["school"], "Typed the wrong one")
    assert AuditEntry.objects.get(what="school corrected").after == {"school": school.pk}


def test_school_is_not_corrected_without_a_reason_or_for_two(client: Client, student: Student) -> None:
    school = build_school("Hill School")
    correct(client, student, school, reason="")
    other = build_submission(build_event(student.fest), name="Ben Das").student
    act(client, "correct_school", student, other, confirmed="yes", school=school.pk, reason="x")
    assert not Student.objects.filter(school=school).exists()


def test_same_student_at_the_other_school_is_named(client: Client, student: Student) -> None:
    school = build_school("Hill School")
    build_submission(build_event(student.fest), name="Asha Rao", school="Hill School", grade=student.grade)
    answer = correct(client, student, school)
    assert "A student with these details is registered for Hill School already." in said(answer)[0]


def test_student_of_a_class_list_or_a_hold_stays_with_its_school(client: Client, student: Student) -> None:
    school, event = build_school("Hill School"), build_event(student.fest)
    teacher = build_teacher(student.school, email="t@example.org")
    class_list = build_list(student.fest, pupils(1, event), teacher=teacher)
    class_list.rows.update(student=student)
    assert "is in the class list" in said(correct(client, student, school))[0]
    class_list.rows.update(student=None)
    hold = Hold.objects.create(
        event=event, school=student.school, seats=1, until=event.starts_at, requested_by=teacher.user
    )
    registration = student.registrations.get()
    Registration.objects.filter(pk=registration.pk).update(hold=hold)
    assert "is held for Riverside Public School" in said(correct(client, student, school))[0]
    Registration.objects.filter(pk=registration.pk).update(hold=None)


def test_lead_is_not_told_of_a_student_of_other_events(event: Event) -> None:
    other = build_event(event.fest)
    add(organiser_client(), other, **NEW)
    student = Student.objects.get()
    lead = in_role(LEAD)
    event.leads.add(lead)
    (text,) = errors(add(organiser_client(lead), event, **NEW))
    assert "A student with this name" in text
    assert student.reference[:3] not in text
