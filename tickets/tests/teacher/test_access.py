"""Every URL of the teachers' pages, for users who are not the school's approved teacher."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver, reverse

from events.models import Fest
from registrations.models import Change, ClassList, Registration, Student, Submission, Teacher
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.tests.support.kept_rows import KeepRows
from tickets import delegations
from tickets.documents import jobs, school_tickets, ticket_pdf
from tickets.models import Delegation, Delivery, DocumentJob, Ticket
from tickets.teacher import urls
from tickets.tests.builders.teachers import build_teacher, shut, signed_in

pytestmark = pytest.mark.django_db

NAMES = sorted(str(pattern.name) for pattern in urls.urlpatterns)
OF_A_DOCUMENT = ("document", "document-file", "document-mail", "tickets-moved", "documents-moved")
OF_SOMEBODY = {"student", "details", "add-events", "address", "share", "cancel", "cancel-all", "replace"} | {
    "replace-all",
    "answers",
    *OF_A_DOCUMENT,
}


@pytest.fixture(scope="module", autouse=True)
def school(keep_rows: KeepRows) -> dict[str, str]:
    """The URL of every page of a school, with one row of each kind."""
    made: dict[str, str] = keep_rows(build_school_pages)
    return made


def build_school_pages() -> dict[str, str]:
    fest = build_fest()
    teacher = build_teacher()
    submission = build_submission(build_event(fest), name="Asha Raman", section="Q")
    ClassList.objects.create(
        fest=fest, school=teacher.school, owner=teacher.user, title="Class 7 Q", digest=b"x"
    )
    delegations.renew(teacher.school, fest)
    document = school_tickets.order(school=teacher.school, fest=fest, user=teacher.user)
    ticket_pdf.store(jobs.document_path(document), b"%PDF-1.7 of Asha Raman")
    reference, number = submission.student.reference, submission.registrations.get().pk
    arguments: dict[str, list[Any]] = {name: [reference] for name in OF_SOMEBODY}
    arguments |= {name: [reference, number] for name in ("cancel", "replace")}
    arguments |= {name: [document.code] for name in OF_A_DOCUMENT}
    return {name: reverse(f"teacher:{name}", args=arguments.get(name, [])) for name in NAMES}


@pytest.fixture
def fest() -> Fest:
    return Fest.objects.get()


def world() -> list[Any]:
    models = (
        Student,
        Submission,
        Registration,
        Change,
        Ticket,
        Delivery,
        DocumentJob,
        Delegation,
        ClassList,
    )
    return [list(model.objects.order_by("pk").values()) for model in models]


def asked(client: Client, path: str) -> list[Any]:
    form = {
        "email": "x@y.example",
        "key": Submission.new_key().hex,
        "consent": "on",
        "name": "Eve",
        "grade": "7",
    }
    return [client.get(path), client.head(path), client.post(path, form)]


def test_every_address_is_a_teachers(school: dict[str, str]) -> None:
    reached = {
        str(name) for name in get_resolver("tickets.teacher.urls").reverse_dict if isinstance(name, str)
    }
    assert set(school) == reached


@pytest.mark.parametrize("name", NAMES)
def test_teacher_of_another_school_finds_nothing(school: dict[str, str], name: str) -> None:
    client = signed_in(build_teacher("Hill School"))
    before = world()
    for response in asked(client, school[name]):
        if name in OF_SOMEBODY:
            assert response.status_code in (404, 405)
        assert "Asha" not in response.content.decode()
        assert "Class 7 Q" not in response.content.decode()
    if name in OF_SOMEBODY:
        assert world() == before


@pytest.mark.parametrize("name", sorted(OF_SOMEBODY))
def test_students_of_other_schools_do_not_exist_for_a_teacher(school: dict[str, str], name: str) -> None:
    client = signed_in(build_teacher("Hill School"))
    part = school[name].split("/")[3]
    made_up = school[name].replace(part, part[::-1])
    theirs, nobodys = client.get(school[name]), client.get(made_up)
    assert (theirs.status_code, theirs.content) == (nobodys.status_code, nobodys.content)


@pytest.mark.parametrize("name", NAMES)
def test_only_approved_teachers_get_in(school: dict[str, str], name: str) -> None:
    before = world()
    stranger = Client()
    stranger.force_login(User.objects.create_user("student"))
    for response in asked(Client(), school[name]):
        assert (response.status_code, response["Location"].startswith("/accounts/login/")) == (302, True)
    for response in asked(stranger, school[name]):
        assert response.status_code == 404
    assert world() == before


@pytest.mark.parametrize("name", NAMES)
def test_teacher_of_the_school_gets_every_page_and_none_is_cached(
    school: dict[str, str], name: str, fest: Fest
) -> None:
    client = signed_in(Teacher.objects.get())
    response = client.get(school[name])
    expected = {"tickets-moved": 301, "documents-moved": 301}
    expected |= dict.fromkeys(("address", "delegation-renew", "document-mail"), 405)
    assert response.status_code == expected.get(name, 200)
    assert response["Cache-Control"] == "no-store"
    shut(response)


@pytest.mark.parametrize("name", NAMES)
def test_reading_changes_nothing(school: dict[str, str], name: str) -> None:
    client = signed_in(Teacher.objects.get())
    before = world()
    for response in (client.get(school[name]), client.head(school[name])):
        shut(response)
    assert world() == before


@pytest.mark.parametrize("name", NAMES)
def test_post_without_its_token_does_nothing(school: dict[str, str], name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(Teacher.objects.get().user)
    before = world()
    assert client.post(school[name]).status_code in (403, 405)
    assert world() == before


def test_registration_of_a_classmate_is_not_cancelled_by_another_ones_page(
    school: dict[str, str], fest: Fest
) -> None:
    client = signed_in(Teacher.objects.get())
    other = build_submission(build_event(fest)).registrations.get()
    for name in ("cancel", "replace"):
        number = school[name].split("/")[-2]
        path = school[name].replace(f"/{number}/", f"/{other.pk}/")
        assert [response.status_code for response in asked(client, path)] == [404] * 3
    assert other.changes.count() == 1
