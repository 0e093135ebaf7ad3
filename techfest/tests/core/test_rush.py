"""When the workers step back: while many submissions arrive at once, and never for long."""

import time
from pathlib import Path

import pytest
from django.conf import settings

from techfest.core import rush
from techfest.tests.rushes import begin_rush

LONGEST = 10.0


@pytest.fixture(autouse=True)
def new_process(monkeypatch: pytest.MonkeyPatch, data_folder: Path) -> None:
    rush._recent.clear()
    rush._pages.clear()
    monkeypatch.setattr(rush, "_touched_at", float("-inf"))
    # A slow machine does not end it.
    monkeypatch.setattr(rush, "OVER", 600.0)


def submit_many(count: int = rush.MANY) -> None:
    for _ in range(count):
        rush.note_submission()


def test_many_submissions_at_once_are_a_rush() -> None:
    assert rush.is_on(longest=LONGEST) is False
    submit_many(rush.MANY - 1)
    assert rush.is_on(longest=LONGEST) is False
    submit_many(1)
    assert rush.is_on(longest=LONGEST) is True


def test_confirmation_pages_prolong_a_rush_and_begin_none() -> None:
    """After ten thousand submissions come ten thousand pages, in the same queue."""
    for _ in range(2 * rush.MANY):
        rush.note_page()
    assert rush.is_on(longest=LONGEST) is False
    submit_many()
    begin_rush(began=LONGEST / 2, last=LONGEST / 2)
    rush._touched_at -= rush.LOOK
    rush.note_page()
    times = rush._times()
    assert times is not None
    assert times[1] > time.time() - 5.0


def test_few_confirmation_pages_prolong_nothing() -> None:
    submit_many()
    begin_rush(began=LONGEST / 2, last=LONGEST / 2)
    rush._touched_at -= rush.LOOK
    for _ in range(rush.MANY - 1):
        rush.note_page()
    times = rush._times()
    assert times is not None
    assert times[1] < time.time() - LONGEST / 4


def test_as_many_in_a_longer_time_are_none() -> None:
    rush._recent.extend([time.monotonic() - 5.0] * rush.MANY)
    submit_many(rush.MANY - 1)
    assert rush.is_on(longest=LONGEST) is False


def test_rush_is_over_after_its_last_submission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rush, "OVER", 1.0)
    begin_rush(began=3.0, last=2.0)
    assert rush.is_on(longest=LONGEST) is False


def test_workers_step_back_no_longer_than_they_may() -> None:
    """However long the rush lasts: so everything that it caused is done in time."""
    begin_rush(began=LONGEST)
    submit_many()
    assert (rush.is_on(longest=LONGEST), rush.is_on(longest=2 * LONGEST)) == (False, True)


def test_short_pause_begins_no_new_rush() -> None:
    """Clicks with pauses could otherwise stop the workers again and again."""
    begin_rush(began=LONGEST, last=rush.REST / 2)
    submit_many()
    assert rush.is_on(longest=LONGEST) is False


def test_next_rush_after_a_rest_stops_the_workers_again() -> None:
    begin_rush(began=60.0, last=rush.REST + 1)
    submit_many()
    assert rush.is_on(longest=LONGEST) is True


def test_clock_that_was_set_back_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rush, "OVER", 1.0)
    begin_rush(began=-3600.0, last=-3600.0)
    assert rush.is_on(longest=LONGEST) is False


def test_folder_that_cannot_be_written_stops_no_click(tmp_path: Path) -> None:
    settings.DATA = tmp_path / "missing"
    submit_many()
    assert rush.is_on(longest=LONGEST) is False


def test_worker_that_is_asked_to_stop_waits_no_longer() -> None:
    begin_rush(began=0.0)
    asked = iter([False, True])
    rush.step_back(longest=3600.0, until=float("inf"), is_stopping=asked.__next__)
    assert list(asked) == []
