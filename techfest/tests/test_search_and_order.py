"""Every search box of the site finds the same names, and every list has the same order."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from events import cache
from events.admin_base import BaseAdmin
from events.models import Event
from registrations import schools
from registrations.models import Registration, School, Student
from registrations.schools import school_names
from registrations.students.names import grouped
from registrations.tests.builders import build_event, build_fest, build_school
from techfest.core.roles import OWNER
from tickets.checkin import lookup
from tickets.models import Delivery, Ticket
from tickets.tests.admin_helpers import in_role, list_path, organiser_client
from tickets.tests.builders.checkin import (
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    phone_of,
    ticket_for,
    volunteer,
)
from tickets.tests.builders.teachers import build_teacher, signed_in

pytestmark = pytest.mark.django_db

NAMES = [
    "Jürgen Müller",
    "Conan O’Brien",
    "Işıl Kaya",
    "Łukasz Nowak",
    "Anna Straße",
    "रवि कुमार",
    "Anne-Marie D'Souza",
]
TYPED = [
    ("muller", "Jürgen Müller"),
    ("Muler", "Jürgen Müller"),
    ("obrien", "Conan O’Brien"),
    ("O'Brien", "Conan O’Brien"),
    ("isil", "Işıl Kaya"),
    ("IŞIL", "Işıl Kaya"),
    ("Lukasz", "Łukasz Nowak"),
    ("strasse", "Anna Straße"),
    ("रवि", "रवि कुमार"),
    ("रवी कुमार", "रवि कुमार"),
    ("annemarie dsouza", "Anne-Marie D'Souza"),
]
OTHERS = ["Joerg Moll", "Ian Brown", "Isha Kale", "Luca Novak", "Anna Stark", "रमा देवी", "Ann Dsa"]
PRINTED = ["{}", "Ref: {}", "reference {}", "#{}"]


class Boxes:
    """The search boxes of a fest with these students."""

    def __init__(self) -> None:
        self.event = open_event(fest_today(), capacity=30)
        for name in (*NAMES, *OTHERS):
            ticket_for(self.event, name=name)
        self.gate = gate_of(self.event.fest, self.event)
        self.phone = phone_of(volunteer(self.gate))
        self.teacher = signed_in(build_teacher())
        self.organiser = organiser_client(in_role(OWNER))

    def door(self, text: str) -> set[str]:
        people = self.phone.post(checkpoint_of(self.gate).url("search"), {"text": text}).context["people"]
        return {row.student.name for row, _ticket, _key in people}

    def teachers(self, text: str) -> set[str]:
        page = self.teacher.get("/teacher/", {"name": text})
        return {row.student.name for row in page.context["grid"].rows}

    def admin(self, model: Any, text: str) -> set[str]:
        rows = self.organiser.get(list_path(model), {"q": text}).context["cl"].result_list
        return {row.name if model is Student else row.student.name for row in rows}

    def found(self, text: str) -> list[set[str]]:
        kinds = (Student, Registration, Ticket, Delivery)
        return [self.door(text), self.teachers(text), *(self.admin(model, text) for model in kinds)]


@pytest.fixture
def boxes() -> Boxes:
    return Boxes()


def test_every_box_finds_a_name_however_it_is_typed(boxes: Boxes) -> None:
    assert {text: boxes.found(text) for text, _name in TYPED} == {text: [{name}] * 6 for text, name in TYPED}


def test_every_box_finds_a_reference_as_it_is_printed(boxes: Boxes) -> None:
    student = Student.objects.get(name=NAMES[0])
    for spelling in (grouped(student.reference), student.reference, student.reference.lower()):
        for text in PRINTED:
            assert boxes.found(text.format(spelling)) == [{student.name}] * 6, text.format(spelling)


def test_wrong_letter_of_a_reference_is_forgiven(boxes: Boxes) -> None:
    Student.objects.filter(name=NAMES[0]).update(reference="ABC2345")
    assert boxes.found("Ref: ABC-2354") == [{NAMES[0]}] * 6
    assert boxes.found("ABC-3254") == [set()] * 6


def test_volunteer_reads_that_names_are_only_similar(boxes: Boxes) -> None:
    page = boxes.phone.post(checkpoint_of(boxes.gate).url("search"), {"text": "jurgan"}).content.decode()
    assert "No one here has exactly this name or reference." in page
    exact = boxes.phone.post(checkpoint_of(boxes.gate).url("search"), {"text": "jurgen"}).content.decode()
    assert "Jürgen Müller" in exact
    assert "No one here" not in exact


def test_short_text_reads_out_no_list_of_names(boxes: Boxes) -> None:
    checkpoint = checkpoint_of(boxes.gate)
    assert [lookup.search(checkpoint, text).rows for text in ("a", "'", "-", "%", "_", "...", " ")] == [
        []
    ] * 7


@pytest.mark.parametrize(
    "text", ["O'Brien", "ABC-2345", "Ref: abc2345", "müller & co", "%", "\\", "((", "a" * 3000]
)
def test_every_list_of_the_admin_can_be_searched(text: str) -> None:
    client = organiser_client()
    ours = [
        model
        for model, one in admin.site._registry.items()
        if isinstance(one, BaseAdmin) and one.search_fields
    ]
    assert len(ours) > 20
    assert {client.get(list_path(model), {"q": text}).status_code for model in ours} == {200}


@pytest.mark.parametrize(
    "text", ["strassenrennen", "Straßenrennen", "STRASENRENNEN", "coding strassen", "strassen-rennen"]
)
def test_catalogue_finds_an_event(client: Client, text: str) -> None:
    fest = build_fest()
    build_event(fest, name="Straßenrennen")
    build_event(fest, name="C++ Contest")
    build_event(fest, name="C# Contest")
    cache.forget()
    page = client.get("/", {"name": text}, follow=True).content.decode()
    assert "Straßenrennen" in page
    assert "Contest" not in page
    assert 'value="' + text + '"' in page
    only = client.get("/", {"name": "c++"}, follow=True).content.decode()
    assert "C++ Contest" in only
    assert "C# Contest" not in only


def test_text_of_the_catalogue_is_no_page_to_keep(client: Client) -> None:
    build_event(build_fest(), name="Quiz")
    cache.forget()
    client.get("/", {"name": "quiz"}, follow=True)
    before = len(cache.cached_fest().pages)
    for number in range(5):
        client.get("/", {"name": f"quiz {number}"}, follow=True)
    assert len(cache.cached_fest().pages) == before


UNSORTED = ["Zoe", "bela", "Émile", "Ärne", "arno", "Ben", "Łena", "mia", "O'Brien", "Oberon", "Élan"]
SORTED = ["Ärne", "arno", "bela", "Ben", "Élan", "Émile", "Łena", "mia", "Oberon", "O'Brien", "Zoe"]


@pytest.fixture
def event() -> Event:
    event = open_event(fest_today(), capacity=30)
    for name in UNSORTED:
        ticket_for(event, name=f"{name} Rao")
    return event


def first_names(names: Any) -> list[str]:
    return [name.removesuffix(" Rao") for name in names]


def test_lists_are_sorted_as_a_dictionary_is(event: Event) -> None:
    owner = organiser_client(in_role(OWNER))
    grid = signed_in(build_teacher()).get("/teacher/").context["grid"]
    door = lookup.search(checkpoint_of(gate_of(event.fest, event)), "rao").rows
    by_name = owner.get(list_path(Student), {"o": "1"}).context["cl"].result_list
    backwards = owner.get(list_path(Student), {"o": "-1"}).context["cl"].result_list
    assert first_names(row.student.name for row in grid.rows) == SORTED
    assert first_names(row.student.name for row in door) == SORTED
    assert first_names(row.name for row in by_name) == SORTED
    assert first_names(row.name for row in backwards) == SORTED[::-1]


def test_column_of_another_table_is_sorted_by_its_name(event: Event) -> None:
    owner = organiser_client(in_role(OWNER))
    rows = owner.get(list_path(Registration), {"o": "1"}).context["cl"].result_list
    assert first_names(row.student.name for row in rows) == SORTED


def test_exported_list_has_the_order_of_the_page(event: Event) -> None:
    owner = organiser_client(in_role(OWNER))
    table: Any = owner.get(list_path(Student) + "download.csv", {"o": "1"})
    lines = b"".join(table.streaming_content).decode().splitlines()
    assert first_names(found[0] for line in lines if (found := re.findall(r"[^,\"]+ Rao", line))) == SORTED


def test_schools_are_offered_in_dictionary_order() -> None:
    for name in UNSORTED:
        build_school(name)
    schools._cache.forget()
    assert school_names() == SORTED
    page = organiser_client(in_role(OWNER)).get(list_path(School)).context["cl"].result_list
    assert [school.name for school in page] == SORTED


@pytest.mark.parametrize(
    "text", ["Ref: abc-2345", "ABC 2345", "reference: ABC‑2345", "Your reference is ABC-2345."]
)
def test_printed_reference_is_read_in_the_field_of_the_scanner(text: str) -> None:
    assert lookup.read(text) == lookup.Reading(lookup.Kind.REFERENCE, "ABC2345")


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/abc/ABC2345",
        "WIFI:S:school;T:WPA;P:ABC2345 DEF6789;;",
        "mailto:ABC2345@example.org",
        "BEGIN:VCARD Rose Butcher, Secretary of ABC-2345 Ltd",
        "ABC-2345 DEF-6789",
        "1234567890128",
    ],
)
def test_code_of_something_else_is_no_guess_at_a_reference(text: str) -> None:
    assert lookup.read(text).kind == lookup.Kind.NOTHING
