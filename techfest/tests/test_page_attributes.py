"""What browsers may do with the text of a page: fill in, and translate."""

from typing import Any

import html5lib
import pytest
from django.test import Client

from events import cache
from registrations.links import my_path
from registrations.models import Student
from registrations.tests.builders import build_event, build_fest, build_submission
from tickets.tests.builders.checkin import checkpoint_of, gate_of, phone_of, volunteer
from tickets.tests.builders.teachers import build_teacher, signed_in

pytestmark = pytest.mark.django_db

OWN_EMAIL = {"name": "off", "school": "off", "section": "off", "roll_number": "off", "email": "email"}
OTHERS = OWN_EMAIL | {"email": "off"}


@pytest.fixture
def student() -> Student:
    event = build_event(build_fest(), name="Robo Race", slug="robo-race")
    student = build_submission(event, name="Asha Rao", section="B", roll_number="12").student
    cache.forget()
    return student


def filled_in(response: Any) -> dict[str, str | None]:
    """The fields of the page's forms, and what a browser may fill into them."""
    assert response.status_code == 200
    tree = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    return {
        one.get("name"): one.get("autocomplete")
        for one in tree.iter("input")
        if one.get("type", "text") in ("text", "email", "search") and one.get("name")
    }


def test_browser_offers_its_user_neither_as_the_child_nor_as_the_school(
    client: Client, student: Student
) -> None:
    form = filled_in(client.get("/register/?event=robo-race"))
    assert form == OWN_EMAIL
    details = filled_in(client.get(f"{my_path(student)}details/"))
    assert details == {name: value for name, value in OWN_EMAIL.items() if name != "school"}
    link = [name for name, value in filled_in(client.get("/link/")).items() if value == "email"]
    assert link == ["email"]


def test_teacher_and_volunteer_are_not_offered_their_own_name(student: Student) -> None:
    teacher = signed_in(build_teacher(student.school.name))
    base = f"/teacher/students/{student.reference}/"
    pages = [teacher.get(path) for path in ("/teacher/students/add/", f"{base}details/", base)]
    for page in pages:
        found = filled_in(page)
        assert "email" in found
        assert {name: OTHERS[name] for name in found if name in OTHERS} == {
            name: value for name, value in found.items() if name in OTHERS
        }
    gate = gate_of(student.fest)
    door = filled_in(phone_of(volunteer(gate)).get(checkpoint_of(gate).url("walk-in")))
    assert {name: door[name] for name in ("name", "school", "section")} == dict.fromkeys(
        ("name", "school", "section"), "off"
    )


def test_teacher_is_offered_what_is_the_teachers(client: Client, student: Student) -> None:
    asked = filled_in(client.get("/accounts/ask/"))
    assert {name: asked[name] for name in ("name", "email", "school")} == {
        "name": "name",
        "email": "email",
        "school": "organization",
    }
