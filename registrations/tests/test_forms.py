"""Odd, hostile and enormous input at the form: stored as typed or refused in words, never a crash."""

import re
import time
import unicodedata
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from events.models import Event
from registrations.models import Consent, Registration, Student, Submission
from registrations.tests.builders import build_event, build_fest
from registrations.tests.form_posts import FORM, post_form, text_of, typed
from tickets.models import Delivery

pytestmark = pytest.mark.django_db

FIELDS = ("name", "school", "section", "roll_number", "email")
NAMES = [
    "O'Brien-Ñandú",
    "李小龙",
    "आरव शर्मा",
    "Nguyễn Văn A",
    unicodedata.normalize("NFD", "Nguyễn Văn A"),
    "தமிழ்ச்செல்வி",
    "عائشة بنت محمد",
    "Asha 👩‍👩‍👧‍👦 🤖",
    "Plato",
    "a" * 200,
    "<script>alert(1)</script>",
    "<img src=http://127.0.0.1:9/x.png>",
    "{{7*7}} {% now 'Y' %}",
    "{event.__init__} %s%n ${jndi:ldap://x}",
    "' OR 1=1--",
    '"><input name=x>',
]


@pytest.fixture
def event() -> Event:
    return build_event(build_fest())


def problems(text: str) -> list[str]:
    """The words of the error summary."""
    return [unescape(words) for words in re.findall(r'<li><a\s+href="#[^"]*">([^<]*)</a>\s*</li>', text)]


def rows() -> int:
    return sum(model.objects.count() for model in (Student, Submission, Registration, Consent, Delivery))


@pytest.mark.parametrize("name", NAMES)
def test_name_is_stored_as_typed_and_shown_literally(client: Client, event: Event, name: str) -> None:
    response = post_form(client, event, name=name)
    assert response.status_code == 302
    stored = unicodedata.normalize("NFC", name)
    assert Student.objects.get().name == stored
    page = text_of(client.get(response["Location"]))
    assert stored in unescape(page)
    assert not re.search(r"<script>alert|<img src=http|<input name=x", page)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "a" * 201}, "Full name must be 200 characters or less"),
        ({"name": "a" * 5000}, "Full name must be 200 characters or less"),
        ({"name": "a" * 200_000}, "Full name must be 200 characters or less"),
        ({"school": "b" * 201}, "Name of the school must be 200 characters or less"),
        ({"section": "c" * 21}, "Section must be 20 characters or less"),
        ({"roll_number": "7" * 21}, "Roll number must be 20 characters or less"),
        ({"email": "d" * 250 + "@example.org"}, "E-mail address must be 254 characters or less"),
        ({"name": ""}, "Enter your full name"),
        ({"name": " \u200b\u00a0\u2060 "}, "Enter your full name"),
        ({"name": "\u200d\ufe0f"}, "Enter your full name"),
        ({"grade": "99"}, "Select your grade"),
        ({"grade": "-1"}, "Select your grade"),
        ({"grade": "7; DROP TABLE"}, "Select your grade"),
        ({"grade": None}, "Select your grade"),
        ({"consent": None}, "Tick the box to agree, or ask a parent or guardian"),
        ({"consent": ""}, "Tick the box to agree, or ask a parent or guardian"),
        ({"events": []}, "Select at least one event"),
    ],
)
def test_wrong_field_is_named_and_nothing_is_written(
    client: Client, event: Event, values: dict[str, Any], words: str
) -> None:
    began = time.process_time()
    response = post_form(client, event, **values)
    assert (response.status_code, problems(text_of(response))) == (200, [words])
    assert time.process_time() - began < 1
    assert rows() == 0


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("character", ["\x00", "\x1b[31m", "\x7f", "\ufffd", "\ue000", "\U00100000"])
def test_sign_that_nobody_types_is_refused_at_its_field(
    client: Client, event: Event, field: str, character: str
) -> None:
    response = post_form(client, event, **{field: f"a{character}b"})
    assert response.status_code == 200
    assert "Remove the control characters from this field" in text_of(response)
    assert rows() == 0


@pytest.mark.parametrize("raw", [b"%ff%fe", b"%ed%a0%80", b"\xff\xfe", b"%c0%af", b"%f4%90%80%80"])
def test_bytes_that_are_no_text_are_refused(client: Client, event: Event, raw: bytes) -> None:
    body = f"key={'0' * 32}&events={event.slug}&grade=7&consent=on&school=S&name=".encode() + raw
    response = client.generic("POST", FORM, body, content_type="application/x-www-form-urlencoded")
    assert response.status_code in {200, 400}
    assert rows() == 0


@pytest.mark.parametrize(
    "address",
    [
        "a",
        "a@b.c\r\nBcc: x@y.example",
        "a@localhost",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@10.0.0.11",
        "a@printer.localhost",
        '"a b"@x.example',
        f"{'a' * 65}@x.example",
        "a@b.example>\r\nX: y",
        "ſam@example.org",
    ],
)
def test_address_that_is_not_one_of_a_real_domain_is_refused(
    client: Client, event: Event, address: str
) -> None:
    response = post_form(client, event, email=address)
    words = "Enter an e-mail address in the correct format, like name@example.com"
    assert (response.status_code, problems(text_of(response))) == (200, [words])
    assert unescape(text_of(response)).count(address.split("\r")[0]) >= 1
    assert rows() == 0


@pytest.mark.parametrize(
    "address", ["mailto:a@b.example", "\u200ea@b.example", "A <a@b.example>", "a＠b.example", "a@b.example."]
)
def test_address_with_what_was_copied_along_is_taken(client: Client, event: Event, address: str) -> None:
    assert post_form(client, event, email=address).status_code == 302
    assert Student.objects.get().email == "a@b.example"


@pytest.mark.parametrize("address", ["a@b.example,c@d.example", "a@b.example / c@d.example"])
def test_one_of_two_addresses_has_to_be_chosen(client: Client, event: Event, address: str) -> None:
    response = post_form(client, event, email=address)
    words = "Enter one e-mail address only: a@b.example or c@d.example"
    assert (problems(text_of(response)), rows()) == ([words], 0)


@pytest.mark.parametrize("name", ["????", "0", "...", "\u3164", "\u200e", "😀", "🤖 2"])
def test_name_without_a_letter_is_refused(client: Client, event: Event, name: str) -> None:
    response = post_form(client, event, name=name)
    assert response.status_code == 200
    assert len(problems(text_of(response))) == 1
    assert rows() == 0


@pytest.mark.parametrize("section", ["9A", "Section A", "A section", "9-A", "Sec. A", "IX A", "a"])
def test_section_is_stored_without_the_grade_and_words(client: Client, event: Event, section: str) -> None:
    assert post_form(client, event, section=section, grade="9").status_code == 302
    assert Student.objects.get().section == "A"


@pytest.mark.parametrize(("section", "stored"), [("TH", "TH"), ("7B", "7B"), ("Rose", "ROSE"), ("A9", "A9")])
def test_other_sections_stay_as_typed(client: Client, event: Event, section: str, stored: str) -> None:
    assert post_form(client, event, section=section, grade="9").status_code == 302
    assert Student.objects.get().section == stored


@pytest.mark.parametrize("field", ["name", "school"])
def test_line_break_in_a_name_becomes_a_space(client: Client, event: Event, field: str) -> None:
    assert post_form(client, event, **{field: "Asha\r\nBcc: x@y.example"}).status_code == 302
    student = Student.objects.select_related("school").get()
    stored = {"name": student.name, "school": student.school.name}
    assert stored[field] == "Asha Bcc: x@y.example"


def test_address_is_shown_as_typed_and_compared_without_case(client: Client, event: Event) -> None:
    other = build_event(event.fest)
    post_form(client, event, name="Asha Rao", email="Foo@Example.ORG")
    assert post_form(client, other, name="Asha Rao", email="foo@example.org").status_code == 302
    assert list(Student.objects.values_list("email", flat=True)) == ["Foo@Example.ORG"]


def test_tagged_address_is_another_identity(client: Client, event: Event) -> None:
    other = build_event(event.fest)
    post_form(client, event, name="Asha Rao", email="kid@example.org")
    assert post_form(client, other, name="Asha Rao", email="kid+robotics@example.org").status_code == 409
    assert Student.objects.count() == 1


def test_form_beyond_the_limit_of_a_request_is_refused_in_our_words(client: Client, event: Event) -> None:
    large = [{"name": "a" * 1_000_000}, {"name": "a" * 3_000_000}, {f"f{n}": "" for n in range(600)}]
    for fields in large:
        sent = typed(event) | fields
        urlencoded = client.generic(
            "POST", FORM, urlencode(sent, doseq=True), content_type="application/x-www-form-urlencoded"
        )
        for response in (urlencoded, client.post(FORM, sent)):
            assert (response.status_code, "This request could not be read" in text_of(response)) == (
                400,
                True,
            )
    assert rows() == 0


def test_million_signs_are_refused_quickly(client: Client, event: Event) -> None:
    began = time.process_time()
    assert post_form(client, event, name="👩‍👩‍👧" * 200_000).status_code == 400
    assert time.process_time() - began < 1


def test_form_that_is_wrong_keeps_every_value(client: Client, event: Event) -> None:
    values = {"name": "आरव <b>", "school": "St. Mary's", "section": "B", "roll_number": "17", "email": "no"}
    page = unescape(text_of(post_form(client, event, **values)))
    for value in values.values():
        assert f'value="{value}"' in page


@pytest.mark.parametrize("extra", ["created_student", "student_id", "state", "place", "fest_id", "is_staff"])
def test_field_that_the_form_does_not_have_changes_nothing(client: Client, event: Event, extra: str) -> None:
    full = build_event(event.fest, capacity=0)
    assert post_form(client, full, **{extra: "1"}).status_code == 302
    assert Registration.objects.get().state == "waiting"
