"""Personal data in the admin: export, erasure with confirmation, and missing consents."""

import datetime as dt
import html
import io
import json
import re
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import AuditEntry, Event, Fest
from registrations.models import Erasure, Purge, Registration, Student
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.builders.questions import build_answer, build_question
from techfest.core.admin.base import page_of
from techfest.core.formatting import recorded_moment
from techfest.core.roles import LEAD
from tickets.tests.admin_helpers import in_role, list_path, organiser_client, query_count
from tickets.tests.audited import damage
from tickets.tests.builders import PDF, pretend_rendered

NAME = "Zyxquorvent Plimbathory"


@pytest.fixture
def client() -> Client:
    return organiser_client()


def build_student(**values: Any) -> Student:
    fest = build_fest()
    submission = build_submission(
        build_event(fest), build_event(fest), **({"name": NAME, "grade": 8} | values)
    )
    return submission.student


def text_of(response: Any) -> str:
    """Return the text of the page without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())


def path_of(student: Student, word: str) -> str:
    return reverse(f"admin:registrations_student_{word}", args=[student.pk])


@pytest.mark.django_db
def test_export_of_a_student_is_complete(client: Client) -> None:
    student = build_student(email="asha@example.org", section="B")
    other = build_submission(build_event(student.fest)).student
    build_answer(build_question(student.fest), student)
    pretend_rendered()
    response = client.post(path_of(student, "data"))
    assert response["Content-Disposition"] == f'attachment; filename="data-{student.reference}.zip"'
    assert "no-store" in response["Cache-Control"]
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    data = json.loads(archive.read("data.json"))
    slugs = [row.event.slug for row in Registration.objects.filter(student=student).select_related("event")]
    assert sorted(archive.namelist()) == sorted(
        ["data.html", "data.json", *(f"tickets/{one}.pdf" for one in slugs)]
    )
    assert archive.read(f"tickets/{slugs[0]}.pdf") == PDF
    person = data["person"][0]
    assert [person[name] for name in ("name", "grade", "section", "e-mail")] == [
        NAME,
        8,
        "B",
        "asha@example.org",
    ]
    assert {name: len(rows) for name, rows in data.items()} == {
        "person": 1,
        "registrations": 2,
        "changes": 2,
        "answers": 1,
        "consents": 1,
        "class_lists": 0,
        "conflicts": 0,
        "results": 0,
        "tickets": 2,
        "mails": 1,
        "check_ins": 0,
        "scans": 0,
        "certificates": 0,
    }
    assert (data["consents"][0]["text"], data["consents"][0]["basis"]) == ("I agree.", "ticked in the form")
    page = archive.read("data.html").decode()
    assert (NAME in page, other.name in page, other.reference in json.dumps(data)) == (True, False, False)
    student.refresh_from_db()
    since = student.created_at.astimezone(student.fest.zone).replace(microsecond=0)
    shown = recorded_moment(since, zone=student.fest.zone)
    assert person["since"] == since.isoformat()
    assert (shown in page, since.isoformat() in page) == (True, False)
    entry = AuditEntry.objects.get()
    assert (entry.what, entry.subject_id, entry.after) == ("data exported", student.pk, {})


@pytest.mark.django_db
def test_markup_in_a_name_is_text_in_what_is_handed_out(client: Client) -> None:
    student = build_student(name="<script>alert(1)</script>")
    archive = zipfile.ZipFile(io.BytesIO(client.post(path_of(student, "data")).content))
    assert "<script>" not in archive.read("data.html").decode()
    assert "<script>alert" not in client.get(path_of(student, "data")).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("reference", ["", "BC23DF4", "2345678"])
def test_one_student_is_erased_after_typing_the_reference(client: Client, reference: str) -> None:
    """Also one that is printed with its hyphen between digits."""
    student = build_student()
    if reference:
        Student.objects.filter(pk=student.pk).update(reference=reference)
        student.refresh_from_db()
    page = client.get(path_of(student, "erase")).content.decode()
    assert ("2 registrations for events still ahead are cancelled" in page, NAME in page) == (True, True)
    wrong = client.post(
        path_of(student, "erase"), {"reason": "asked", "typed": "ABC-2345", "confirmed": "yes"}
    )
    assert (wrong.status_code, Student.objects.known().count()) == (200, 1)
    typed = f"{student.reference[:3]}-{student.reference[3:]}".lower()
    response = client.post(path_of(student, "erase"), {"reason": "asked", "typed": typed, "confirmed": "yes"})
    assert (response.status_code, Student.objects.known().count()) == (302, 0)
    erasure = Erasure.objects.get()
    assert (erasure.reference, erasure.reason, str(erasure.user)) == (
        student.reference,
        "asked",
        "organiser",
    )
    assert client.get(path_of(student, "erase")).status_code == 404


@pytest.mark.django_db
def test_several_are_erased_after_typing_how_many(client: Client) -> None:
    first = build_student()
    event = build_event(first.fest)
    second, third = (build_submission(event).student for _one in range(2))
    form = {"action": "erase_students", "_selected_action": [first.pk, second.pk]}
    assert "Type how many students" in client.post(list_path(Student), form, follow=True).content.decode()
    booking_request = form | {"confirmed": "yes", "reason": "asked"}
    client.post(list_path(Student), booking_request | {"typed": "3"})
    assert Student.objects.known().count() == 3
    response = client.post(list_path(Student), booking_request | {"typed": "2"}, follow=True)
    assert [str(one) for one in response.context["messages"]] == ["2 students were erased."]
    assert list(Student.objects.known()) == [third]


@pytest.mark.django_db
def test_readers_without_permission_neither_export_nor_erase() -> None:
    """The lead of an event sees its students, but may neither export nor erase them."""
    submission = build_submission(build_event(build_fest()))
    student, lead = submission.student, in_role(LEAD)
    submission.registrations.get().event.leads.add(lead)
    reader = organiser_client(lead)
    assert reader.get(page_of(student)).status_code == 200
    form = {"reason": "asked", "typed": student.reference, "confirmed": "yes"}
    asked = [reader.get(path_of(student, word)).status_code for word in ("data", "erase")]
    assert (asked, reader.post(path_of(student, "data")).status_code) == ([403, 403], 403)
    assert reader.post(path_of(student, "erase"), form).status_code == 403
    action = {"action": "erase_students", "_selected_action": [student.pk], **form, "typed": "1"}
    reader.post(list_path(Student), action)
    assert Student.objects.known().count() == 1


@pytest.mark.django_db
def test_consents_that_are_missing_are_listed(client: Client) -> None:
    student = build_student()
    other = build_submission(build_event(student.fest)).student
    damage("DELETE FROM registrations_consent WHERE student_id = %s", student.pk)
    found = {
        word: list(client.get(list_path(Student), {"consent": word}).context["cl"].result_list)
        for word in ("missing", "given")
    }
    assert found == {"missing": [student], "given": [other]}
    assert "I agree." in client.get(page_of(other)).content.decode()


@pytest.mark.django_db
def test_page_of_an_erased_student_offers_nothing(client: Client) -> None:
    student = build_student()
    client.post(path_of(student, "erase"), {"reason": "asked", "typed": student.reference})
    page = client.get(page_of(student)).content.decode()
    assert ("/data/" in page, 'name="_save"' in page) == (False, False)


@pytest.mark.django_db
def test_data_page_needs_as_many_queries_for_many_registrations(client: Client) -> None:
    student = build_student()
    few = query_count(client, path_of(student, "data"))
    for _one in range(3):
        build_submission(build_event(student.fest), name=NAME, grade=8, email=student.email)
    assert Registration.objects.filter(student=student).count() == 5
    assert query_count(client, path_of(student, "data")) == few


@pytest.mark.django_db
def test_purge_page_shows_every_fest_and_its_date(client: Client) -> None:
    student = build_student()
    Fest.objects.update(ends_on=dt.date(2030, 1, 1), starts_on=dt.date(2030, 1, 1), retention_days=30)
    Event.objects.update(starts_at=timezone.now(), ends_at=timezone.now() + dt.timedelta(hours=1))
    page = text_of(client.get(list_path(Purge)))
    assert (
        f"{student.fest.name} 1 January 2030 The names are kept until 1 February 2030, and as long as it is "
        "the current fest. (30 days after the fest) 1 2 0 0"
    ) in page
    few = query_count(client, list_path(Purge))
    build_fest(is_current=False)
    build_fest(is_current=False)
    assert query_count(client, list_path(Purge)) == few


@pytest.mark.django_db
def test_report_of_a_purge_is_read_as_tables(client: Client) -> None:
    report = {
        "events": [{"event": "Robo <b>", "registered": 2, "waiting": 1, "cancelled": 3, "came_in": 1}],
        "schools": [{"school": "Lake School", "grade": 7, "students": 4}],
    }
    purge = Purge.objects.create(fest=build_fest(), at=timezone.now(), students=4, report=report)
    page = text_of(client.get(page_of(purge)))
    assert ("Robo <b> 2 1 3 1" in page, "Lake School 7 4" in page) == (True, True)
