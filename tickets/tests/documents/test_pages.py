"""Who sees which document: one rule for its page and its download, for teachers and organisers."""

from typing import Any

import pytest
from django.urls import reverse

from events.models import Event, Fest
from registrations.models import Teacher
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.roles import LEAD
from tickets.documents import jobs, school_tickets
from tickets.models import DocumentJob
from tickets.tests.admin_helpers import in_role, organiser, organiser_client
from tickets.tests.builders.teachers import build_teacher, shut, signed_in

pytestmark = pytest.mark.django_db
Kind = DocumentJob.Kind
OF_SCHOOL = {Kind.TICKETS, Kind.SCHOOL}
OF_EVENT = {Kind.ATTENDANCE, Kind.BADGES, Kind.CERTIFICATES}


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def teacher(fest: Fest) -> Teacher:
    return build_teacher()


@pytest.fixture
def event(fest: Fest, teacher: Teacher) -> Event:
    event = build_event(fest)
    build_submission(event, name="Asha", school=teacher.school.name)
    return event


@pytest.fixture
def documents(fest: Fest, teacher: Teacher, event: Event) -> dict[str, DocumentJob]:
    """One document of each kind, ordered by an owner."""
    user = organiser("owner")
    found = {Kind.TICKETS: school_tickets.order(school=teacher.school, fest=fest, user=user)}
    found[Kind.SCHOOL] = jobs.order(kind=Kind.SCHOOL, fest=fest, user=user, school=teacher.school)
    for kind in OF_EVENT:
        found[kind] = jobs.order(kind=kind, fest=fest, user=user, event=event, options={"kind": "rank"})
    return {str(kind): job for kind, job in found.items()}


def opened_by(client: Any, documents: dict[str, DocumentJob], *pages: str) -> set[str]:
    """The kinds that this user may open. Each page of a document has the same rule."""
    by_page = []
    for page in pages:
        found = {kind: client.get(reverse(page, args=[job.code])) for kind, job in documents.items()}
        by_page.append({kind for kind, response in found.items() if response.status_code in (200, 302)})
        assert {response.status_code for response in found.values()} <= {200, 302, 404}
        for response in found.values():
            shut(response)
    assert all(kinds == by_page[0] for kinds in by_page)
    return by_page[0]


OF_TEACHERS = ("teacher:document", "teacher:document-file")
IN_THE_ADMIN = ("admin:documents_progress", "admin:documents_download")


def test_constraint_and_rules_know_every_kind() -> None:
    assert (set(DocumentJob.OF_SCHOOL), set(Kind)) == (
        OF_SCHOOL,
        OF_SCHOOL | OF_EVENT | {Kind.ALL_TICKETS},
    )


def test_teachers_open_the_documents_of_their_school_only(
    teacher: Teacher, documents: dict[str, DocumentJob]
) -> None:
    assert opened_by(signed_in(teacher), documents, *OF_TEACHERS) == OF_SCHOOL
    assert opened_by(signed_in(build_teacher("Hill School")), documents, *OF_TEACHERS) == set()


def test_owners_open_all_and_leads_those_of_their_events(
    event: Event, documents: dict[str, DocumentJob]
) -> None:
    lead, other = in_role(LEAD, "one"), in_role(LEAD, "other")
    event.leads.add(lead)
    assert opened_by(organiser_client(organiser()), documents, *IN_THE_ADMIN) == OF_SCHOOL | OF_EVENT
    assert opened_by(organiser_client(lead), documents, *IN_THE_ADMIN) == OF_EVENT
    assert opened_by(organiser_client(other), documents, *IN_THE_ADMIN) == set()


def test_only_tickets_are_mailed_to_the_teacher(teacher: Teacher, documents: dict[str, DocumentJob]) -> None:
    client = signed_in(teacher)
    answers = {
        kind: client.post(reverse("teacher:document-mail", args=[documents[kind].code])) for kind in OF_SCHOOL
    }
    assert {kind: response.status_code for kind, response in answers.items()} == {
        Kind.TICKETS: 302,
        Kind.SCHOOL: 404,
    }


@pytest.mark.parametrize("path", ["/teacher/tickets/%s/", "/teacher/papers/%s/"])
def test_former_address_leads_to_the_page(
    teacher: Teacher, documents: dict[str, DocumentJob], path: str
) -> None:
    code = documents[Kind.SCHOOL].code
    response = signed_in(teacher).get(path % code)
    assert (response.status_code, response["Location"]) == (301, f"/teacher/documents/{code}/")
