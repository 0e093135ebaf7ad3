"""What browsers may do with the text of a page: fill in, and translate."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import html5lib
import pytest
from django.test import Client

from events import cache
from events.models import Event
from registrations.links import confirmation_path, my_path
from registrations.models import Registration, School, Student
from registrations.students.names import grouped
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.roles import OWNER
from tickets.mail.compose import compose
from tickets.models import Delivery, Ticket
from tickets.tests.admin_helpers import in_role, list_path, organiser_client
from tickets.tests.builders.checkin import (
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    phone_of,
    submit_scan,
    volunteer,
    waiting_for,
)
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


def test_teacher_is_not_offered_as_a_student(student: Student) -> None:
    teacher = signed_in(build_teacher(student.school.name))
    base = f"/teacher/students/{student.reference}/"
    pages = [teacher.get(path) for path in ("/teacher/students/add/", f"{base}details/", base)]
    for page in pages:
        found = filled_in(page)
        assert "email" in found
        assert {name: OTHERS[name] for name in found if name in OTHERS} == {
            name: value for name, value in found.items() if name in OTHERS
        }


def test_volunteer_is_not_offered_a_name_at_the_door() -> None:
    event = open_event(fest_today())
    gate = gate_of(event.fest, event)
    door = filled_in(phone_of(volunteer(gate)).get(checkpoint_of(gate).url("walk_in")))
    assert {door[name] for name in ("name", "school", "section")} == {"off"}


def test_teacher_is_offered_what_is_the_teachers(client: Client, student: Student) -> None:
    asked = filled_in(client.get("/accounts/ask/"))
    assert {name: asked[name] for name in ("name", "email", "school")} == {
        "name": "name",
        "email": "email",
        "school": "organization",
    }


UNTRANSLATED = {"script", "style", "title", "textarea"}
"""The text of a tab and of a text to share is no text of the page."""


def unprotected(page: str, words: list[str]) -> list[str]:
    """Texts of the page with one of the words that a translation would change."""
    return list(
        _texts(html5lib.parse(page, namespaceHTMLElements=False), re.compile("|".join(map(re.escape, words))))
    )


def _texts(element: Any, words: "re.Pattern[str]") -> Iterator[str]:
    if element.get("translate") == "no" or element.tag in UNTRANSLATED:
        return
    parts = [element.text or "", *(child.tail or "" for child in element)]
    yield from (part.strip() for part in parts if words.search(part))
    for child in element:
        yield from _texts(child, words)


def test_page_without_the_attribute_is_noticed() -> None:
    """Negative control."""
    page = '<p>Rose <bdi translate="no">Violet</bdi> May <select translate="no"><option>Rose</select></p>'
    assert unprotected(page, ["Rose", "Violet"]) == ["Rose"]


@pytest.mark.parametrize("file", sorted(Path("templates").rglob("*.html")), ids=str)
def test_names_of_every_template_are_not_translated(file: Path) -> None:
    """What an organiser or volunteer writes may be translated."""
    prose = r"\{\{ (line\.)?(reason|message\.subject)\b"
    assert re.findall(rf'<bdi(?![^>]*\stranslate="no")[^>]*>(?!{prose})', file.read_text()) == []


def test_names_and_codes_of_pages_are_not_translated(client: Client) -> None:
    fest = fest_today(name="Violet Fest", place="Lake Road")
    event = open_event(fest, name="Robo Race", slug="robo-race")
    waiting = open_event(fest, name="Quiz Night", slug="quiz-night", capacity=0, minutes=90)
    submission = build_submission(event, name="Rose Butcher", school="May Hill School")
    student = submission.student
    waiting_for(waiting, name="Violet Grace", school="May Hill School")
    cache.forget()
    code = student.reference
    words = ["Rose", "Butcher", "Violet", "May Hill", "Robo Race", "Quiz Night", code, grouped(code)]
    teacher = signed_in(build_teacher("May Hill School"))
    gate = gate_of(fest, event, waiting)
    volunteers, checkpoint = phone_of(volunteer(gate)), checkpoint_of(gate)
    base = f"/teacher/students/{code}/"
    paths = [
        "/",
        "/events/robo-race/",
        "/register/?event=robo-race",
        confirmation_path(submission),
        my_path(student),
    ]
    paths += [f"{my_path(student)}{part}/" for part in ("details", "add", "cancel")]
    pages = {path: client.get(path, follow=True) for path in paths}
    paths = ["/teacher/", "/teacher/delegation/", "/teacher/students/add/", base]
    pages |= {
        path: teacher.get(path)
        for path in [*paths, *(f"{base}{part}/" for part in ("details", "events", "replace"))]
    }
    pages |= {name: volunteers.get(checkpoint.url(name)) for name in ("scanner", "search", "walk_in")}
    pages["found"] = volunteers.post(checkpoint.url("search"), {"text": "rose"})
    assert {name: page.status_code for name, page in pages.items()} == dict.fromkeys(pages, 200)
    found = {name: unprotected(page.content.decode(), words) for name, page in pages.items()}
    assert {name: texts for name, texts in found.items() if texts} == {}
    scanned = submit_scan(volunteers, checkpoint, code).content.decode()
    assert unprotected(scanned, ["Rose", "May Hill", code, grouped(code)]) == [], (
        "its sentences name the event"
    )


def test_names_and_codes_of_the_lists_of_organisers_are_not_translated() -> None:
    event = build_event(build_fest(), name="Robo Race")
    student = build_submission(event, name="Rose Butcher", school="May Hill School").student
    words = ["Rose", "Butcher", "May Hill", "Robo Race", student.reference, grouped(student.reference)]
    owner = organiser_client(in_role(OWNER))
    for model in (Student, Registration, Ticket, Delivery, School, Event):
        page = owner.get(list_path(model)).content.decode()
        table = page[page.index('id="result_list"') : page.index("</table>", page.index('id="result_list"'))]
        assert any(word in table for word in words)
        assert unprotected(f"<table {table}</table>", words) == [], model
        assert '<td class="field-state' in table or model not in (Registration, Delivery), (
            "states are translated"
        )


def test_names_and_codes_of_mails_are_not_translated() -> None:
    event = build_event(build_fest(name="Violet Fest"), name="Robo Race")
    student = build_submission(event, name="Rose Butcher", school="May Hill School").student
    words = [
        "Rose",
        "Butcher",
        "Violet",
        "May Hill",
        "Robo Race",
        student.reference,
        grouped(student.reference),
    ]
    message: Any = compose(Delivery.objects.get())
    mail = next(str(part.content) for part in message.alternatives if part.mimetype == "text/html")
    assert "Rose" in mail
    assert unprotected(mail, words) == []
