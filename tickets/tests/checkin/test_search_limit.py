"""The limit on name searches, per minute and hour."""

import datetime as dt
import threading
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from registrations.models import Student
from registrations.tests.races import at_once
from techfest.core.roles import OWNER
from tickets.checkin import lookup
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.lookup import TooManySearches, count_search
from tickets.models import Alert, SearchCount
from tickets.tests.admin_helpers import in_role, list_path, organiser_client
from tickets.tests.builders.checkin import (
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    phone_of,
    ticket_for,
    volunteer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def checkpoint() -> Checkpoint:
    event = open_event(fest_today())
    ticket_for(event, name="Asha Raman")
    return checkpoint_of(gate_of(event.fest, event))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "MAX_A_MINUTE", 3)
    monkeypatch.setattr(lookup, "MAX_AN_HOUR", 5)


@pytest.fixture
def ravi(checkpoint: Checkpoint) -> Any:
    return volunteer(checkpoint.gate)


def search(phone: Client, checkpoint: Checkpoint, text: str = "asha") -> Any:
    return phone.post(checkpoint.url("search"), {"text": text})


def shown(response: Any) -> tuple[int, bool]:
    return response.status_code, "Asha Raman" in response.content.decode()


def a_minute_later() -> None:
    """Pretends that the searches so far were made in another minute of this hour."""
    row = SearchCount.objects.get()
    SearchCount.objects.update(minute=(row.minute + 30) % 60)


def an_hour_later() -> None:
    SearchCount.objects.update(hour=SearchCount.objects.get().hour - dt.timedelta(hours=1))


def test_list_of_names_cannot_be_read_out_by_searching(checkpoint: Checkpoint, ravi: Any, few: None) -> None:
    phone = phone_of(ravi)
    assert [shown(search(phone, checkpoint)) for _ in range(5)] == [(200, True)] * 3 + [(429, False)] * 2
    a_minute_later()
    assert shown(search(phone, checkpoint)) == (429, False), "six searches in this hour"
    an_hour_later()
    assert shown(search(phone, checkpoint)) == (200, True)


def test_refusal_says_what_to_do_and_keeps_what_was_typed(
    checkpoint: Checkpoint, ravi: Any, few: None
) -> None:
    phone = phone_of(ravi)
    pages = [search(phone, checkpoint, "Raman").content.decode() for _ in range(4)]
    assert "Wait a minute, or scan the ticket." in pages[3]
    assert 'value="Raman"' in pages[3]
    a_minute_later()
    pages = [search(phone, checkpoint).content.decode() for _ in range(2)]
    assert "ask an organiser until the next hour" in pages[1]


def test_owners_are_notified_once_and_see_how_often(checkpoint: Checkpoint, ravi: Any, few: None) -> None:
    phone = phone_of(ravi)
    for _ in range(5):
        search(phone, checkpoint)
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject, alert.count) == ("searching", str(ravi), 2)
    assert "alert to look at" in organiser_client(in_role(OWNER)).get("/admin/").content.decode()


def test_every_search_is_counted_for_its_person_and_hour_without_a_name(
    checkpoint: Checkpoint, ravi: Any, few: None
) -> None:
    other = volunteer(checkpoint.gate)
    for phone, times in ((phone_of(ravi), 4), (phone_of(other), 2)):
        for _ in range(times):
            search(phone, checkpoint)
    rows = SearchCount.objects.order_by("pk").values_list("user", "searches", "refused")
    assert list(rows) == [(ravi.pk, 4, 1), (other.pk, 2, 0)]
    assert {row.hour.minute for row in SearchCount.objects.all()} == {0}
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(c::text, ' ') FROM tickets_searchcount c")
        kept = cursor.fetchone()[0].lower()
    assert Student.objects.get().name.lower() not in kept
    page = organiser_client(in_role(OWNER)).get(list_path(SearchCount)).content.decode()
    assert str(ravi) in page


def test_page_without_a_search_is_not_counted(checkpoint: Checkpoint, ravi: Any) -> None:
    phone = phone_of(ravi)
    phone.get(checkpoint.url("search"))
    search(phone, checkpoint, "")
    assert SearchCount.objects.count() == 0


def test_limits_are_far_above_honest_use() -> None:
    """One person found every 15 seconds, with three tries each, for an hour of 100 lost tickets."""
    assert lookup.MAX_A_MINUTE >= 4 * 3
    assert lookup.MAX_AN_HOUR >= 100 * 3


def searched(user: Any) -> bool:
    try:
        count_search(user)
    except TooManySearches:
        return False
    return True


def read_then_write(user: Any, line: threading.Barrier) -> bool:
    """Negative control: counts in two statements, as a cache would; all read before the first writes."""
    rows = SearchCount.objects.filter(user=user)
    count = rows.get().searches
    line.wait(20)
    rows.update(searches=count + 1)
    return count < lookup.MAX_A_MINUTE


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_searches_at_one_instant_are_all_counted(checkpoint: Checkpoint, ravi: Any, few: None) -> None:
    count_search(ravi)
    assert sorted(at_once([partial(searched, ravi)] * 8)) == [False] * 6 + [True] * 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_that_counts_in_two_steps_lets_more_through(
    checkpoint: Checkpoint, ravi: Any, few: None
) -> None:
    count_search(ravi)
    assert sum(at_once([partial(read_then_write, ravi, threading.Barrier(8))] * 8)) == 8
