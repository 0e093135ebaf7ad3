"""Odd input where details are corrected behind a secret link."""

from typing import Any

import pytest
from django.test import Client

from registrations import links
from registrations.models import Change, Student
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.form_posts import text_of
from tickets.models import Delivery

pytestmark = pytest.mark.django_db


def details(student: Student, **values: Any) -> dict[str, Any]:
    names = ("name", "grade", "section", "roll_number", "email")
    return {name: getattr(student, name) for name in names} | values


def test_corrected_name_is_stored_as_typed_and_told_to_the_address(client: Client) -> None:
    student = build_submission(build_event(build_fest())).student
    response = client.post(f"{links.my_path(student)}details/", details(student, name="<b>आरव</b> {{7*7}}"))
    assert (response.status_code, response["Location"]) == (302, links.my_path(student))
    page = text_of(client.get(response["Location"]))
    assert ("&lt;b&gt;आरव&lt;/b&gt; {{7*7}}" in page, "<b>आरव" in page) == (True, False)
    assert Delivery.objects.get(kind="corrected").to == student.email
    assert Change.objects.latest("pk").fields == ["name"]


@pytest.mark.parametrize(
    "values",
    [
        {"name": "a\x00b"},
        {"name": "a" * 201},
        {"name": "\u200d"},
        {"name": "\U00100000"},
        {"email": "a@b.example\r\nBcc: c@d.example"},
        {"email": "a@b.example,c@d.example"},
        {"email": "a@localhost"},
        {"email": "a@[127.0.0.1]"},
        {"grade": "13"},
        {"grade": "abc"},
        {"section": "\x1b[31m"},
        {"roll_number": "7" * 21},
    ],
)
def test_wrong_correction_changes_nothing_and_keeps_the_text(client: Client, values: dict[str, Any]) -> None:
    student = build_submission(build_event(build_fest())).student
    before = Student.objects.values().get()
    response = client.post(f"{links.my_path(student)}details/", details(student, **values))
    assert (response.status_code, "There is a problem" in text_of(response)) == (200, True)
    assert Student.objects.values().get() == before
    assert Delivery.objects.exclude(kind="registered").count() == 0


@pytest.mark.parametrize("field", ["school", "reference", "link_version", "fest", "consent", "id"])
def test_field_that_may_not_be_corrected_is_left_alone(client: Client, field: str) -> None:
    student = build_submission(build_event(build_fest())).student
    before = Student.objects.values().get()
    client.post(f"{links.my_path(student)}details/", details(student, **{field: "7"}))
    assert Student.objects.values().get() == before


def test_new_address_kills_the_links_that_the_old_one_has(client: Client) -> None:
    submission = build_submission(build_event(build_fest()), email="old@example.org")
    old = [links.my_path(submission.student), links.confirmation_path(submission)]
    path = f"{old[0]}details/"
    response = client.post(path, details(submission.student, email="new@example.org"))
    assert [client.get(one).status_code for one in [*old, path]] == [404] * 3
    assert client.get(response["Location"]).status_code == 200
    notified = {delivery.to: delivery.kind for delivery in Delivery.objects.exclude(kind="registered")}
    assert notified == {"old@example.org": "corrected", "new@example.org": "link"}


def test_further_events_say_with_which_of_the_students_events_they_overlap(client: Client) -> None:
    fest = build_fest()
    student = build_submission(build_event(fest, name="Robo <Race>", hour=10)).student
    build_event(fest, name="Quiz", hour=10.5)
    build_event(fest, name="Clinic", hour=11)
    page = text_of(client.get(f"{links.my_path(student)}add/"))
    hint = '<small class="hint">At the same time as Robo &lt;Race&gt;, which you have</small>'
    assert (page.count('class="hint"'), page.index("Quiz") < page.index(hint) < page.index("Clinic")) == (
        1,
        True,
    )
