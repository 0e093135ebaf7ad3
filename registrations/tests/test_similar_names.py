"""The public form asks about a student with a similar name, without telling who is registered."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from events import cache
from events.models import Event, Fest, Seats
from registrations.models import Registration, Student
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.form_posts import FORM, post_form, text_of, typed
from tickets.models import Delivery

pytestmark = pytest.mark.django_db

PAIRS = [
    ("Işıl Yıldız", "IŞIL YILDIZ"),
    ("Hélène Müller", "HELENE MULLER"),
    ("O'Brien Sean", "O´Brien Sean"),
    ("D'Souza Kevin", "DSouza Kevin"),
    ("നൻസി", "നന്\u200dസി"),
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
    ("As\u200eha Bose", "Asha Bose"),
]


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def event(fest: Fest) -> Event:
    return build_event(fest)


def asked(client: Client, event: Event, name: str, **values: Any) -> str:
    response = post_form(client, event, name=name, **values)
    assert response.status_code == 409
    return unescape(text_of(response))


@pytest.mark.parametrize(("recorded", "name"), PAIRS)
@pytest.mark.parametrize("email", ["other@example.org", ""])
def test_second_spelling_gets_no_second_seat_without_a_question(
    client: Client, event: Event, recorded: str, name: str, email: str
) -> None:
    assert post_form(client, event, name=recorded, grade="10").status_code == 302
    page = asked(client, event, name, grade="10", email=email)
    assert "Is it you?" in page or "so that we can tell you apart" in page
    assert Registration.objects.count() == 1


@pytest.mark.parametrize(
    ("recorded", "name"), [pair for pair in PAIRS if pair[0] in ("Hélène Müller", "Karthik Subramanian")]
)
def test_question_names_nobody_and_keeps_what_was_typed(
    client: Client, event: Event, recorded: str, name: str
) -> None:
    build_submission(event, name=recorded, section="B", roll_number="4711", email="secret@example.net")
    page = asked(client, event, name, email="")
    for secret in (recorded, recorded.split()[-1], "secret", "4711"):
        assert secret not in page
    assert f'value="{name}"' in page
    assert "I am another student" in page


def test_another_student_is_registered_with_one_more_click(client: Client, event: Event) -> None:
    build_submission(event, name="Karthik Subramanian")
    response = post_form(client, event, name="S Karthik", email="")
    key = re.search(r'name="key" value="([^"]+)"', text_of(response))
    assert key
    form = typed(event, name="S Karthik", email="", key=key[1], another="1")
    answers = [client.post(FORM, form) for _ in range(2)]
    assert answers[0].status_code == 302
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Registration.objects.count() == 2


def test_two_rao_twins_with_one_address_are_not_asked(client: Client, event: Event) -> None:
    for name in ("Asha Rao", "Usha Rao", "Anil Rao"):
        assert post_form(client, event, name=name, email="rao@example.org").status_code == 302
    assert Student.objects.count() == 3


def test_other_section_or_school_or_grade_is_not_asked(client: Client, event: Event) -> None:
    post_form(client, event, name="Hélène Müller", section="A")
    for values in ({"section": "B"}, {"grade": "8"}, {"school": "Lotus Valley School"}):
        assert post_form(client, event, name="Helene Muller", **values).status_code == 302


def test_where_nothing_is_to_be_had_a_similar_name_is_refused_like_any(client: Client, event: Event) -> None:
    build_submission(event, name="Karthik Subramanian")
    Event.objects.filter(pk=event.pk).update(waiting_limit=0)
    Seats.objects.filter(event=event).update(capacity=1)
    cache.forget()
    pages = [
        re.sub(r'data-now="[^"]*"|value="[^"]*"', "", asked(client, event, name).replace(name, ""))
        for name in ("S Karthik", "S Unknown")
    ]
    assert pages[0] == pages[1]


@pytest.mark.parametrize(("name", "mails"), [("HELENE MULLER", 1), ("H Müller", 0)])
def test_address_on_record_is_told_of_the_same_name_but_not_of_initials(
    client: Client, event: Event, name: str, mails: int
) -> None:
    build_submission(event, name="Hélène Müller", email="h@example.org")
    asked(client, event, name, email="x@example.net")
    assert Delivery.objects.filter(kind="attempt").count() == mails
