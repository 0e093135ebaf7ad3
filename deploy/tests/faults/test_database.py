"""PostgreSQL restarted, killed and cut off under clicks: a seat that was shown is there, others can ask again."""

import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.bench.visitors import Visitor
from deploy.tests.front import (
    Front,
    acknowledged,
    answers,
    clicks,
    form_for,
    is_busy_page,
    kept,
    running_front,
    slowest,
    submit_again,
    taken,
    until,
)
from deploy.tests.own_database import Database, Link, running_database
from events.models import Event, Fest
from registrations import links
from registrations.models import Registration, Submission
from registrations.tests.builders import build_event, build_fest
from tickets.tests.audited import run as audit

pytestmark = [pytest.mark.nginx, pytest.mark.slow]

ANSWERED_WITHIN = 10.0
"""Seconds, whatever the database does."""


@pytest.fixture(scope="module")
def database(django_db_blocker: Any) -> Iterator[Database]:
    with django_db_blocker.unblock(), running_database() as started:
        build_fest()
        yield started


@pytest.fixture
def event(database: Database) -> Event:
    return build_event(Fest.objects.get(), capacity=1000)


@pytest.fixture
def front(database: Database, event: Event, data_folder: Path) -> Iterator[Front]:
    with running_front(data_folder, DATABASE_URL=database.cluster.application_url) as started:
        yield started


@pytest.fixture
def link(database: Database) -> Iterator[Link]:
    made = Link(database.cluster)
    yield made
    made.close()


def submitted(front: Front, event: Event, number: int) -> Visitor:
    """One more visitor, who has an answer when this returns."""
    visitor = Visitor(number, event.slug, str(uuid.uuid4()))
    submit_again(front, [visitor])
    return visitor


def check_every_submission(front: Front, event: Event, visitors: list[Any]) -> None:
    """A student who was shown a seat has it once; others learn the truth when the form is sent again."""
    sure = acknowledged(visitors)
    unsure = [visitor for visitor in visitors if visitor not in sure]
    assert kept(sure) == [1] * len(sure)
    assert set(kept(unsure)) <= {0, 1}
    submit_again(front, unsure)
    assert answers(unsure) == {"302": len(unsure)} if unsure else True
    assert kept(visitors) == [1] * len(visitors)
    assert taken(event) == len(visitors)
    assert audit() == []


def test_fast_restart_under_load_is_told_and_heals_by_itself(
    database: Database, front: Front, event: Event
) -> None:
    started = time.monotonic()
    with clicks(front, event, rate=20, seconds=5) as visitors:
        until(started + 1)
        database.end(signal.SIGINT)
        refused = submitted(front, event, 900)
        until(started + 2)
        database.start()
        healed_at = time.monotonic()
        healed = submitted(front, event, 901)
    assert [answers([one]) for one in (refused, healed)] == [{"503": 1}, {"302": 1}]
    assert set(answers(visitors)) <= {"302", "503"}
    assert set(answers([one for one in visitors if one.began > healed_at])) <= {"302"}
    assert slowest(visitors) < 5.0
    check_every_submission(front, event, [*visitors, refused, healed])


def test_hard_stops_under_load_lose_nothing_that_was_shown(
    database: Database, front: Front, event: Event
) -> None:
    """However long a start takes: forms are submitted before each stop and before the start that follows it."""
    started = time.monotonic()
    between: list[Visitor] = []
    with clicks(front, event, rate=20, seconds=7) as visitors:
        for number, stop in enumerate((signal.SIGQUIT, signal.SIGKILL, signal.SIGQUIT)):
            until(started + 0.5 + 2 * number)
            between.append(submitted(front, event, 900 + number))
            database.end(stop)
            between.append(submitted(front, event, 910 + number))
            database.start()
    assert [answers([one]) for one in between] == [{"302": 1}, {"503": 1}] * 3
    assert set(answers(visitors)) <= {"302", "503"}
    check_every_submission(front, event, [*visitors, *between])


@pytest.mark.parametrize(("reply", "seconds"), [("cut", 2.0), ("swallow", ANSWERED_WITHIN)])
def test_lost_reply_to_commit_is_not_guessed_and_the_same_form_tells_the_truth(
    event: Event, link: Link, data_folder: Path, reply: str, seconds: float
) -> None:
    form = form_for(event)
    with running_front(data_folder, DATABASE_URL=link.url) as front:
        link.at_commit = reply
        began = time.monotonic()
        answer = front.post_form(form)
        waited = time.monotonic() - began
        first = Registration.objects.get(event=event)
        again = front.post_form(form)
    submission = Submission.objects.select_related("student").get(key=str(form["key"]))
    assert (answer.status, is_busy_page(answer.body, form), waited < seconds) == (503, True, True)
    assert again.headers["location"] == links.confirmation_path(submission)
    assert Registration.objects.get(event=event) == first
    assert audit() == []


def test_silent_link_ends_in_the_busy_page_and_heals_by_itself(
    event: Event, link: Link, data_folder: Path
) -> None:
    form = form_for(event)
    with running_front(data_folder, DATABASE_URL=link.url) as front:
        assert front.get("/register/").status == 200
        link.is_silent = True
        began = time.monotonic()
        answer = front.post_form(form)
        waited = time.monotonic() - began
        link.is_silent = False
        again = front.post_form(form)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert (is_busy_page(answer.body, form), waited < ANSWERED_WITHIN) == (True, True)
    assert (again.status, Registration.objects.get(event=event).state) == (302, "confirmed")
    assert audit() == []
