"""Two organisers edit one result sheet at once: nothing is overwritten unseen, ranks follow from the points."""

import threading
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from events.models import Event
from registrations.models import Registration, Result, ResultSheet
from registrations.results import publish as publish_module
from registrations.results import service
from registrations.results.ranking import ranks_of
from registrations.results.service import SubmittedPage
from registrations.tests.builders import build_event, build_fest, build_submission, build_user
from registrations.tests.races import at_once
from techfest.core.db.locking import Deadline
from techfest.core.errors import UserFacingError
from tickets.tests.audited import run

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def event() -> Event:
    event = build_event(build_fest())
    for name in ("Asha", "Ben", "Chitra"):
        build_submission(event, name=name)
    return event


def who(event: Event, name: str) -> Registration:
    return event.registrations.get(student__name=name)


def type_in(event: Event, user: Any, **points: int) -> list[str]:
    """Saves these points from a page opened when the sheet was empty."""
    values = {who(event, name).pk: Decimal(value) for name, value in points.items()}
    submitted = SubmittedPage(version=0, counting="most", shown=dict.fromkeys(values, ""), values=values)
    return service.save(event, submitted, user=user, deadline=Deadline(30))


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes two saves wait for each other after reading the sheet, for at most half a second."""
    line, read = threading.Barrier(2), service.entries_of

    def entries(event: Event) -> Any:
        found = read(event)
        with suppress(threading.BrokenBarrierError):
            line.wait(0.5)
        return found

    monkeypatch.setattr(service, "entries_of", entries)


def has_ranks_that_follow(event: Event) -> bool:
    rows = Result.objects.filter(registration__event=event)
    points = {row.pk: row.points for row in rows if row.points is not None}
    return {row.pk: row.rank for row in rows} == ranks_of(points, counting="most")


def saved_at_once(event: Event, first: dict[str, int], second: dict[str, int]) -> list[Any]:
    user = build_user()
    return at_once([partial(type_in, event, user, **first), partial(type_in, event, user, **second)])


@pytest.mark.usefixtures("meeting")
def test_different_rows_at_once_are_both_kept_and_ranked_together(event: Event) -> None:
    results = saved_at_once(event, {"Asha": 9}, {"Ben": 12, "Chitra": 9})
    assert not any(isinstance(result, Exception) for result in results)
    assert Result.objects.count() == 3
    assert has_ranks_that_follow(event)
    assert ResultSheet.objects.get().version == 2


@pytest.mark.usefixtures("meeting")
def test_same_row_at_once_is_saved_once_and_refused_once(event: Event) -> None:
    results = saved_at_once(event, {"Asha": 9}, {"Asha": 4, "Ben": 1})
    refused = [isinstance(result, service.SheetChanged) for result in results]
    assert sorted(refused) == [False, True]
    kept = Result.objects.get(registration=who(event, "Asha"))
    assert kept.points == (4 if refused[0] else 9)
    assert has_ranks_that_follow(event)


@pytest.mark.usefixtures("meeting")
def test_without_the_sheets_lock_ranks_contradict_the_points(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    ResultSheet.objects.create(event=event)
    monkeypatch.setattr(service, "locked_sheet", lambda event: ResultSheet.objects.get(event=event))
    saved_at_once(event, {"Asha": 9}, {"Ben": 12})
    assert Result.objects.count() == 2
    assert not has_ranks_that_follow(event)


def test_publishing_while_points_are_saved_shows_what_is_stored(event: Event) -> None:
    user = build_user()
    type_in(event, user, Asha=9)
    publish = partial(publish_module.publish, event, "full", user=user, deadline=Deadline(30))
    results = at_once([publish, partial(type_in, event, user, Ben=12), publish])
    assert not any(isinstance(result, UserFacingError) for result in results)
    assert [row.registration.student.name for row in publish_module.ranked(event)] == ["Ben", "Asha"]
    assert ResultSheet.objects.get().published_at
    assert has_ranks_that_follow(event)
    assert run() == []
