"""Every form of the teacher's pages sent twice, as by a double click: done once, and no page is missing or broken."""

from typing import Any

import pytest
from django.test import Client

from events.models import Fest
from registrations.class_lists import jobs
from registrations.models import ClassListJob, Hold, Registration, Student, Submission, Teacher
from registrations.students.consents import teachers_text
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.builders.class_lists import build_list, pupils
from tickets.models import DocumentJob
from tickets.tests.builders.teachers import build_teacher, signed_in

pytestmark = pytest.mark.django_db

DETAILS = {"name": "Asha Rao", "grade": "7", "section": "", "roll_number": "", "email": ""}


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def teacher() -> Teacher:
    return build_teacher()


@pytest.fixture
def student(fest: Fest) -> Student:
    return build_submission(build_event(fest), build_event(fest), name="Asha Rao", email="").student


@pytest.fixture
def client(student: Student, teacher: Teacher) -> Client:
    build_event(student.fest, slug="more")
    return signed_in(teacher)


def twice(client: Client, path: str, **sent: Any) -> list[int]:
    return [client.post(path, sent).status_code for _ in range(2)]


def key() -> str:
    return Submission.new_key().hex


@pytest.mark.parametrize(
    ("rest", "sent"),
    [
        ("details/", DETAILS | {"section": "B"}),
        ("events/", {"events": "more"}),
        ("address/", {"email": "asha@example.org"}),
        ("cancel/", {}),
        ("cancel/{registration}/", {}),
        ("replace/", DETAILS | {"name": "Zoya Khan", "consent": "on", "known": ""}),
        ("replace/{registration}/", DETAILS | {"name": "Zoya Khan", "consent": "on", "known": ""}),
    ],
)
@pytest.mark.parametrize("is_same_form", [True, False])
def test_forms_of_a_student(
    client: Client, student: Student, rest: str, sent: dict[str, str], is_same_form: bool
) -> None:
    registration = student.registrations.order_by("pk").first()
    assert registration
    path = f"/teacher/students/{student.reference}/{rest.format(registration=registration.pk)}"
    keys = [key()] * 2 if is_same_form else [key(), key()]
    codes = [client.post(path, sent | {"key": one}).status_code for one in keys]
    assert codes[0] == 302
    assert codes[1] in (200, 302)
    assert Registration.objects.active().count() <= 3


def test_forms_of_the_school(client: Client, fest: Fest, teacher: Teacher) -> None:
    new = DETAILS | {"name": "Ben Das", "consent": "on", "events": "more", "key": key()}
    assert twice(client, "/teacher/students/add/", **new) == [302, 302]
    assert Student.objects.filter(name="Ben Das").count() == 1
    assert twice(client, "/teacher/tickets/") == [302, 302]
    assert twice(client, "/teacher/papers/") == [302, 302]
    job = DocumentJob.objects.filter(kind=DocumentJob.Kind.TICKETS).latest("pk")
    assert twice(client, f"/teacher/documents/{job.code}/mail/") == [302, 302]
    assert twice(client, "/teacher/delegation/renew/") == [302, 302]


def test_hold_is_given_back_once(client: Client, student: Student, teacher: Teacher) -> None:
    event = build_event(student.fest)
    hold = Hold.objects.create(
        event=event, school=teacher.school, seats=2, until=event.starts_at, requested_by=teacher.user
    )
    assert twice(client, f"/teacher/blocks/{hold.pk}/give-back/") == [302, 302]


def test_class_list_is_confirmed_and_discarded_once(client: Client, fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    listed = build_list(fest, pupils(3, event), teacher=teacher)
    sent = {
        "how": "good",
        "when_full": "wait",
        "consent": "on",
        "text": str(teachers_text(fest).pk),
        "key": key(),
    }
    assert twice(client, f"/teacher/lists/{listed.pk}/confirm/", **sent) == [302, 302]
    assert ClassListJob.objects.count() == 1
    jobs.run_due()
    assert event.registrations.count() == 3
    assert client.post(f"/teacher/lists/{listed.pk}/confirm/", sent | {"key": key()}).status_code in (
        200,
        302,
    )
    draft = build_list(fest, pupils(2, event), teacher=teacher)
    assert twice(client, f"/teacher/lists/{draft.pk}/fix/", **{"leave-2": "1"}) == [302, 302]
    answers = [client.post(f"/teacher/lists/{draft.pk}/discard/") for _ in range(2)]
    assert answers[0].status_code == 302
    assert answers[1].status_code < 404 or "deleted" in answers[1].content.decode()
