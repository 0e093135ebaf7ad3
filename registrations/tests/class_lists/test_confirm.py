"""The pages from confirming a class list to its result, and who can see them."""

import io
import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from events.models import Event, Fest
from registrations.class_lists import jobs
from registrations.models import ClassList, ClassListJob, ConsentText, Registration, Submission, Teacher
from registrations.spreadsheets.reader import read_file
from registrations.students.consents import teachers_text
from registrations.tests.builders import build_event, build_fest, build_school
from registrations.tests.builders.class_lists import (
    build_list,
    build_teacher,
    confirmed,
    pupils,
    registered,
    row,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def event(fest: Fest) -> Event:
    return build_event(fest, capacity=2, name="Robo Race")


@pytest.fixture
def teacher(fest: Fest) -> Teacher:
    return build_teacher()


def signed_in(teacher: Teacher) -> Client:
    client = Client()
    client.force_login(teacher.user)
    return client


@pytest.fixture
def teacher_client(teacher: Teacher) -> Client:
    return signed_in(teacher)


def answers(class_list: ClassList, **values: Any) -> dict[str, Any]:
    """Return the form as it is sent with the declaration ticked and nothing else changed."""
    text = teachers_text(class_list.fest)
    given = {
        "how": "good",
        "when_full": "wait",
        "consent": "on",
        "key": Submission.new_key(),
        "text": text.pk,
    }
    return given | values


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_confirm_page_says_what_would_happen(event: Event, teacher_client: Client) -> None:
    rows = [*pupils(3, event), row("Zoya Khan", event, email="z@example.org"), row("", event)]
    class_list = build_list(event.fest, rows)
    page = text_of(teacher_client.get(reverse("class_lists:confirm", args=[class_list.pk])))
    assert "4 students are registered when you press the button below." in page
    assert "1 row needs fixing and stays in the draft." in page
    assert re.findall(r"<td[^>]*>(\d)</td>", page) == ["2", "2", "0", "4", "2"]
    assert "0 students get a mail. 4 students have no address" not in page
    assert "1 student gets a mail. 3 students have no address: their tickets come to you." in page
    assert "“I agree.”" in page
    assert Registration.objects.count() == 0


def test_submission_leads_to_the_job_and_a_second_submission_to_the_same(
    event: Event, teacher_client: Client
) -> None:
    class_list = build_list(event.fest, pupils(3, event))
    url, sent = reverse("class_lists:confirm", args=[class_list.pk]), answers(class_list)
    first, second = teacher_client.post(url, sent), teacher_client.post(url, sent)
    assert (first.status_code, first["Location"]) == (302, second["Location"])
    page = teacher_client.get(first["Location"])
    assert "0 of 3" in text_of(page)
    assert "http-equiv" not in page.content.decode()
    jobs.run_due()
    page = teacher_client.get(first["Location"])
    assert "3 rows: 2 registered, 1 waiting, 0 registered before, 0 not registered." in text_of(page)
    assert "waiting, rank 1" in text_of(page)
    assert page["Cache-Control"] == "no-store"
    assert teacher_client.post(url, sent)["Location"] == first["Location"]
    assert (ClassListJob.objects.count(), Registration.objects.count()) == (1, 3)


def test_declaration_must_be_ticked(event: Event, teacher_client: Client) -> None:
    class_list = build_list(event.fest, pupils(1, event))
    sent = answers(class_list)
    del sent["consent"]
    page = teacher_client.post(reverse("class_lists:confirm", args=[class_list.pk]), sent)
    assert "Tick the box once the parents have agreed, or nothing can be registered" in text_of(page)
    assert "<title>Error: " in text_of(page)
    assert ClassListJob.objects.count() == 0


def test_declaration_with_another_wording_is_read_again(event: Event, teacher_client: Client) -> None:
    class_list = build_list(event.fest, pupils(1, event))
    sent = answers(class_list)
    ConsentText.objects.create(fest=event.fest, version=9, text="Another sentence.")
    page = teacher_client.post(reverse("class_lists:confirm", args=[class_list.pk]), sent)
    assert "The sentence about the parents has a new wording" in text_of(page)
    assert "“Another sentence.”" in text_of(page)
    assert ClassListJob.objects.count() == 0


def test_refused_all_or_none_says_which_row_and_keeps_the_rest(event: Event, teacher_client: Client) -> None:
    class_list = build_list(event.fest, pupils(3, event))
    sent = answers(class_list, how="all", when_full="refuse")
    url = teacher_client.post(reverse("class_lists:confirm", args=[class_list.pk]), sent)["Location"]
    jobs.run_due()
    page = text_of(teacher_client.get(url))
    assert "The list is not registered" in page
    assert (
        "3 rows: 0 registered, 0 waiting, 0 registered before, 1 not registered, 2 still in the draft."
        in page
    )
    assert "no seat left" in page


def test_all_or_none_of_a_list_with_errors_is_not_begun(event: Event, teacher_client: Client) -> None:
    class_list = build_list(event.fest, [*pupils(2, event), row("", event)])
    page = teacher_client.post(
        reverse("class_lists:confirm", args=[class_list.pk]), answers(class_list, how="all")
    )
    assert "All or none was chosen, and some rows need fixing first." in text_of(page)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_file_of_what_is_left_can_be_corrected_and_sent_again(
    event: Event, teacher_client: Client, kind: str
) -> None:
    seniors = build_event(event.fest, grade_min=9, grade_max=10, name="Seniors")
    rows = [row("Asha Rao", event), row("Ben Khan", seniors), row("=1+1", event, email="nobody@")]
    class_list = build_list(event.fest, rows)
    registered(class_list)
    answer = teacher_client.get(reverse("class_lists:left", args=[class_list.pk, kind]))
    sheet = read_file(io.BytesIO(answer.content).read())
    found = [(row.cells[0], row.cells[-1]) for row in sheet.rows[1:]]
    assert sheet.rows[0].cells[-1] == "Problem"
    assert [name for name, _words in found] == ["Ben Khan", "'=1+1"]
    assert found[0][1] == "Seniors: only for grades 9 to 10."


def test_other_schools_lists_and_jobs_are_not_found(event: Event, teacher_client: Client) -> None:
    class_list = build_list(event.fest, pupils(1, event))
    job = confirmed(class_list)
    other = signed_in(build_teacher(build_school("Hill School"), name="Omar Ali"))
    urls = [
        reverse("class_lists:confirm", args=[class_list.pk]),
        reverse("class_lists:job", args=[job.link_id]),
        reverse("class_lists:left", args=[class_list.pk, "csv"]),
    ]
    assert [teacher_client.get(url).status_code for url in urls] == [200] * 3
    assert [other.get(url).status_code for url in urls] == [404] * 3
    assert other.post(urls[0], answers(class_list)).status_code == 404
    assert other.get(reverse("class_lists:job", args=[uuid.uuid4()])).status_code == 404
    assert [Client().get(url).status_code for url in urls] == [302] * 3


def test_queries_of_the_pages_do_not_grow_with_the_rows(event: Event, teacher_client: Client) -> None:
    def asked(name: str, *arguments: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert teacher_client.get(reverse(f"class_lists:{name}", args=arguments)).status_code == 200
        return len(queries)

    teacher_client.get(reverse("class_lists:confirm", args=[build_list(event.fest, []).pk]))
    seen = []
    for start, many in ((1, 1), (50, 3)):
        class_list = build_list(event.fest, pupils(many, event, start=start))
        counted = [asked("confirm", class_list.pk)]
        key = registered(class_list).link_id
        seen.append([*counted, asked("job", key), asked("left", class_list.pk, "csv")])
    assert seen[0] == seen[1]
    assert seen[0] == [13, 16, 9]


def test_result_is_found_again_on_the_page_of_all_lists(event: Event, teacher_client: Client) -> None:
    job = registered(build_list(event.fest, pupils(2, event)))
    page = teacher_client.get("/teacher/lists/").content.decode()
    assert (f"/teacher/lists/jobs/{job.link_id}/" in page, "2 rows" in page) == (True, True)


def test_preview_of_a_finished_list_shows_its_result(event: Event, teacher_client: Client) -> None:
    class_list = build_list(event.fest, pupils(2, event))
    job = registered(class_list)
    answer = teacher_client.get(reverse("class_lists:preview", args=[class_list.pk]))
    assert answer["Location"] == reverse("class_lists:job", args=[job.link_id])


def test_lists_of_an_earlier_fest_are_not_found(event: Event, teacher_client: Client) -> None:
    class_list = build_list(event.fest, pupils(1, event))
    job = registered(class_list)
    Fest.objects.update(is_current=False)
    build_fest(is_current=True)
    urls = [
        reverse("class_lists:confirm", args=[class_list.pk]),
        reverse("class_lists:job", args=[job.link_id]),
        reverse("class_lists:left", args=[class_list.pk, "csv"]),
    ]
    assert [teacher_client.get(url).status_code for url in urls] == [404] * 3
