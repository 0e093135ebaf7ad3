"""The pages after Confirm: the result by outcome, and undoing the list."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Event
from registrations.class_lists.undo import UNDO_FOR
from registrations.models import ClassListJob
from registrations.tests.builders import build_event, build_fest, build_school
from registrations.tests.builders.class_list_uploads import browser
from registrations.tests.builders.class_lists import build_list, build_teacher, pupils, registered, row

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(), capacity=2, name="Robo Race")


@pytest.fixture
def job(event: Event) -> ClassListJob:
    quiz = build_event(event.fest, capacity=9, name="Quiz Bowl")
    return registered(build_list(event.fest, [*pupils(3, event), row("Zoya Khan", event, quiz)]))


@pytest.fixture
def client(job: ClassListJob) -> Client:
    return browser(build_teacher())


def text_of(answer: Any) -> str:
    """The page in one line, with its tags."""
    return " ".join(answer.content.decode().split())


def page_of(client: Client, job: ClassListJob, query: str = "") -> str:
    return text_of(client.get(reverse("class_lists:job", args=[job.link_id]) + query))


def shown(page: str) -> list[str]:
    return [
        part.partition("<bdi")[2].partition(">")[2].partition("<")[0]
        for part in page.split('<th scope="row">')[1:]
    ]


def test_outcome_has_its_column_and_events_are_told_apart_only_where_they_differ(
    client: Client, job: ClassListJob
) -> None:
    page = page_of(client, job)
    assert '<th scope="col">Outcome</th>' in page
    assert page.count("waiting, rank") == 2
    last = page.split('<th scope="row">')[-1]
    assert "registered</span></td>" in last.replace("> <", "><")
    assert "waiting, rank 2" in last


@pytest.mark.parametrize(
    ("query", "rows"),
    [("", 4), ("?show=registered", 3), ("?show=waiting", 1), ("?show=refused", 4), ("?show=x", 4)],
)
def test_result_is_filtered_by_outcome(client: Client, job: ClassListJob, query: str, rows: int) -> None:
    assert len(shown(page_of(client, job, query))) == rows


def test_undo_asks_first_and_then_says_who_took_the_list_back(client: Client, job: ClassListJob) -> None:
    path = reverse("class_lists:undo", args=[job.link_id])
    assert "Undo this list" in page_of(client, job)
    asked = text_of(client.get(path))
    assert "5 registrations are cancelled." in asked
    job.refresh_from_db()
    assert job.undone_at is None
    for _ in range(2):
        assert client.post(path)["Location"] == reverse("class_lists:job", args=[job.link_id])
    page = page_of(client, job)
    assert "The list is undone" in page
    assert "Meera Rao</bdi> undid it at" in page
    assert "4 cancelled since" in page
    assert "Undo this list" not in page
    assert client.get(path).status_code == 302


def test_after_ten_minutes_undo_is_refused_with_what_to_do(client: Client, job: ClassListJob) -> None:
    ClassListJob.objects.update(finished_at=timezone.now() - UNDO_FOR - dt.timedelta(seconds=1))
    assert "Undo this list" not in page_of(client, job)
    page = text_of(client.post(reverse("class_lists:undo", args=[job.link_id]), follow=True))
    assert "Cancel single registrations under “My students”." in page


def test_teacher_of_another_school_finds_no_list_to_undo(client: Client, job: ClassListJob) -> None:
    other: Any = browser(build_teacher(build_school("Lake School"), name="Omar Sheikh"))
    assert other.post(reverse("class_lists:undo", args=[job.link_id])).status_code == 404
    job.refresh_from_db()
    assert job.undone_at is None
