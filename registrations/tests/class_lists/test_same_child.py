"""A list against the registered students: the same child in another spelling is found before Confirm."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from events.models import Event
from registrations.class_lists.confirm import readiness
from registrations.class_lists.parse import read_draft
from registrations.models import ClassList, Registration, Student
from registrations.tests.builders import build_event, build_fest
from registrations.tests.builders.class_lists import build_list, build_teacher, forecast_of, registered, row

pytestmark = pytest.mark.django_db(transaction=True)

SAME = [
    ("Işıl Yıldız", "IŞIL YILDIZ"),
    ("O'Brien Sean", "O´Brien Sean"),
    ("D'Souza Kevin", "DSouza Kevin"),
    ("നൻസി", "നന്\u200dസി"),
    ("As\u200eha Bose", "Asha Bose"),
]
ALIKE = [
    ("Hélène Müller", "HELENE MULLER"),
    ("Łukasz Żak", "Lukasz Zak"),
    ("Karthik Subramanian", "S Karthik"),
    ("Praveen Natarajan", "Praveen N"),
    ("Mohammed Irfan Khan", "Md. Irfan Khan"),
    ("Asha Menon", "Mr Asha Menon"),
    ("Divya Pillai", "Kum. Divya Pillai"),
    ("Lakshmi Varma", "Lakshmi V."),
    ("Aarav Bhatt", "Aarav Bhatt (10A)"),
    ("Ananya Krishnan Nair", "Ananya Nair"),
    ("Anne-Marie Dcosta", "AnneMarie Dcosta"),
]


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(), capacity=50, name="Quiz")


def listed(event: Event, *names: str, **values: Any) -> ClassList:
    return build_list(event.fest, [row(name, event, grade=10, **values) for name in names])


def test_every_spelling_is_the_same_student_or_asked_about(event: Event) -> None:
    pairs = SAME + ALIKE
    registered(listed(event, *(recorded for recorded, _typed in pairs)))
    class_list = listed(event, *(typed for _recorded, typed in pairs))
    forecast = forecast_of(class_list)
    kinds = [found.kind for found in forecast.rows.values()]
    assert kinds == ["same"] * len(SAME) + ["new"] * len(ALIKE)
    texts = [[problem.text for problem in found.problems] for found in forecast.rows.values()]
    expected = [[f"Did you mean “{name}”, who is registered already?"] for name, _typed in ALIKE]
    assert texts == [[]] * len(SAME) + expected
    assert not any(problem.is_error for found in forecast.rows.values() for problem in found.problems)
    assert readiness(class_list).like_registered == list(range(2 + len(SAME), 2 + len(pairs)))
    assert forecast.missing == []


@pytest.mark.parametrize(("recorded", "typed"), SAME)
def test_same_student_gets_no_second_seat_and_stays_as_recorded(
    event: Event, recorded: str, typed: str
) -> None:
    registered(listed(event, recorded))
    before = Student.objects.values().get()
    registered(listed(event, typed))
    assert Student.objects.values().get() == before
    assert Registration.objects.count() == 1


@pytest.mark.parametrize("again", ["7", "07", "0007", "७", "No. 7"])
def test_roll_number_written_differently_changes_nothing(event: Event, again: str) -> None:
    registered(listed(event, "Rollo Ahuja", roll="007"))
    before = Student.objects.values().get()
    class_list = listed(event, "Rollo Ahuja", roll=again)
    (found,) = forecast_of(class_list).rows.values()
    assert (found.kind, found.words[0], found.problems) == ("same", found.words[0], ())
    registered(class_list)
    assert Student.objects.values().get() == before
    assert before["roll_number"] == "007"


@pytest.mark.parametrize("section", ["", "अ", "A"])
def test_digits_and_letters_of_another_script_are_the_same_student(event: Event, section: str) -> None:
    registered(listed(event, "आशा राव", roll="12", section=section))
    (found,) = forecast_of(listed(event, "आशा राव", roll="१२", section="अ")).rows.values()
    assert (found.kind, found.problems) == ("changed" if not section else "same", ())


def test_roll_numbers_of_the_same_digits_are_two_students(event: Event) -> None:
    registered(listed(event, "Asha Rao", roll="1-12"))
    registered(listed(event, "Asha Rao", roll="11-2"))
    assert Student.objects.count() == Registration.objects.count() == 2


def test_twins_and_classmates_are_not_asked_about(event: Event) -> None:
    registered(listed(event, "Asha Rao", "Karthik R", "Arun Kumar", "María García López"))
    found = forecast_of(listed(event, "Usha Rao", "Karthik S", "Aruna Kumar", "Juan García López"))
    assert [(one.kind, one.problems) for one in found.rows.values()] == [("new", ())] * 4


def test_similar_name_with_another_section_or_roll_number_is_not_asked_about(event: Event) -> None:
    registered(listed(event, "Hélène Müller", section="A", roll="4"))
    for values in ({"section": "B"}, {"roll": "5"}):
        (found,) = forecast_of(listed(event, "Helene Muller", **values)).rows.values()
        assert (found.kind, found.problems) == ("new", ())


def test_rows_of_one_list_in_two_spellings_are_asked_about(event: Event) -> None:
    names = [name for pair in ALIKE for name in pair]
    problems = read_draft(listed(event, *names)).listing.problems
    assert [(one.row, one.other_row, one.is_error) for one in problems] == [
        (number, number - 1, False) for number in range(3, 3 + len(names), 2)
    ]


def test_suggested_name_is_taken_by_its_button(event: Event, client: Client) -> None:
    registered(listed(event, "Hélène Müller", section="B", roll="7"))
    class_list = listed(event, "HELENE MULLER")
    client.force_login(build_teacher().user)
    path = f"/teacher/lists/{class_list.pk}/"
    page = client.get(path).content.decode()
    fields = dict(
        re.findall(r'name="((?:versions|name|section|roll_number|csrf)[^"]*)" value="([^"]*)"', page)
    )
    assert 'name="use_name"' in page
    sent = {name: unescape(value) for name, value in fields.items()} | {"use_name": "2:Hélène Müller"}
    client.post(f"{path}fix/", sent)
    (found,) = forecast_of(class_list).rows.values()
    assert (found.kind, found.problems) == ("same", ())
