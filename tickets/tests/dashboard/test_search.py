"""The search box in the header: what each role finds, where a reference leads, and that it costs a constant."""

import re
from typing import Any

import pytest

from events.models import Event
from registrations.models import MergedReference, Student
from registrations.students.names import grouped
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher
from techfest.core import roles
from techfest.core.admin.base import page_of
from techfest.core.db.clock import database_now
from tickets.tests.admin_helpers import in_role, organiser, organiser_client, query_count

pytestmark = pytest.mark.django_db

SEARCH = "/admin/search/"


@pytest.fixture
def student() -> Student:
    event = build_event(build_fest(), name="Robo Race", hour=9)
    found: Student = build_submission(
        event, name="Asha Raman", school="Hill School", email="asha@example.org"
    ).student
    return found


def found(client: Any, text: str) -> dict[str, list[str]]:
    page = client.get(SEARCH, {"q": text})
    assert page.status_code == 200
    return {str(group.label): [hit.name for hit in group.hits] for group in page.context["groups"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("raman", {"Students": ["Asha Raman"]}),
        ("ramam", {"Students": ["Asha Raman"]}),
        ("asha@example.org", {"Students": ["Asha Raman"]}),
        ("robo race", {"Events": ["Robo Race"]}),
        ("example", {}),
        ("hill", {"Schools": ["Hill School"]}),
        ("meera", {"Teachers": ["Meera Rao"], "Accounts": ["Meera Rao"]}),
        ("nobody of this name", {}),
        ("", {}),
        ("'%_\\", {}),
    ],
)
def test_text_finds_people_and_things_by_kind(
    student: Student, text: str, expected: dict[str, list[str]]
) -> None:
    user = build_teacher(student.school, email="meera@example.org").user
    user.first_name, user.last_name = "Meera", "Rao"
    user.save()
    assert found(organiser_client(), text) == expected


def test_category_and_venue_lead_to_their_events(student: Student) -> None:
    event = Event.objects.get()
    client = organiser_client()
    for label, row in (("Categories", event.category), ("Venues", event.venue)):
        page = client.get(SEARCH, {"q": row.name})
        [group] = [group for group in page.context["groups"] if group.label == label]
        [(_label, path)] = group.hits[0].links
        assert list(client.get(path).context["cl"].result_list) == [event]


@pytest.mark.parametrize("typed", ["{}", "{lower}", "{hyphen}", "ref: {hyphen}", " {spaced} "])
def test_whole_reference_leads_to_its_student(student: Student, typed: str) -> None:
    code, hyphen = student.reference, grouped(student.reference)
    text = typed.format(code, lower=code.lower(), hyphen=hyphen, spaced=hyphen.replace("-", " "))
    answer = organiser_client().get(SEARCH, {"q": text})
    assert (answer.status_code, answer["Location"]) == (302, page_of(student))


def test_reference_from_before_a_merge_leads_to_the_student_who_stayed(student: Student) -> None:
    MergedReference.objects.create(reference="BCD2567", student=student, at=database_now())
    assert organiser_client().get(SEARCH, {"q": "bcd-2567"})["Location"] == page_of(student)


def test_lead_finds_own_students_only_and_results_helpers_find_events(student: Student) -> None:
    lead = in_role(roles.LEAD)
    client = organiser_client(lead)
    assert (found(client, "raman"), found(client, "robo race")) == ({}, {})
    assert client.get(SEARCH, {"q": student.reference}).status_code == 200, "as if there were none"
    Event.objects.get().leads.add(lead)
    assert found(client, "raman") == {"Students": ["Asha Raman"]}
    results = organiser_client(in_role(roles.RESULTS))
    assert (found(results, "raman"), found(results, "robo")) == ({}, {"Events": ["Robo Race"]})
    assert organiser_client(in_role(roles.VOLUNTEER)).get(SEARCH, {"q": "raman"}).status_code == 403


def test_long_lists_end_with_a_link_to_all_of_them(student: Student) -> None:
    for number in range(9):
        build_event(student.fest, name=f"Robo Cup {number}")
    [group] = organiser_client().get(SEARCH, {"q": "robo"}).context["groups"]
    assert len(group.hits) == 8
    assert organiser_client(organiser("second")).get(group.more).context["cl"].result_count == 10


def test_number_of_queries_depends_on_neither_the_text_nor_the_rows(student: Student) -> None:
    client = organiser_client()
    few = query_count(client, f"{SEARCH}?q=r")
    for number in range(5):
        build_event(student.fest, name=f"Robo Cup {number}")
    assert query_count(client, f"{SEARCH}?q=r") == few
    assert query_count(client, f"{SEARCH}?q=zzzzzzzz+yyyyyyy+xxxxxxx") <= few + 10, (
        "once more for similar words"
    )


def test_every_page_has_the_box_and_it_keeps_what_was_typed(student: Student) -> None:
    client = organiser_client()
    boxes = [
        re.findall(r'<form class="find" method="get" action="([^"]+)"', client.get(path).content.decode())
        for path in ("/admin/", page_of(student))
    ]
    assert boxes == [[SEARCH], [SEARCH]]
    assert 'value="&lt;raman&gt;"' in client.get(SEARCH, {"q": "<raman>"}).content.decode()
