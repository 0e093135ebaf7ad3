"""Waking up workers never delays a request, whatever the broker does."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import current_app
from django.test import Client

from registrations import links
from registrations.booking.idempotency import new_key
from registrations.models import Registration, Submission
from registrations.tests.builders import build_event, build_fest, build_school
from techfest import beat
from techfest.celery import app
from techfest.core.db import wakeups
from tickets import tasks, wakeup
from tickets.models import Delivery
from tickets.tests.brokers import broker_at, hanging_url, refusing_url
from tickets.tests.builders import build_answered
from tickets.wakeup import Notifier

ANSWERED_WITHIN = 5.0
"""Generous: a response that waited for the broker would never arrive."""


@contextlib.contextmanager
def hanging_broker() -> Iterator[None]:
    with hanging_url() as url, broker_at(url):
        yield


@contextlib.contextmanager
def refusing_broker() -> Iterator[None]:
    with broker_at(refusing_url()):
        yield


def depths(redis: Any) -> list[int]:
    return [redis.llen(queue) for queue in ("pdf", "mail")]


def wait_until(is_so: Callable[[], bool], *, seconds: float = 10.0) -> bool:
    ends = time.monotonic() + seconds
    while not is_so() and time.monotonic() < ends:
        time.sleep(0.02)
    return is_so()


def test_ring_puts_one_message_for_each_kind_of_worker(flushed_redis: Any) -> None:
    assert wakeup.publish() is True
    assert depths(flushed_redis) == [1, 1]


def test_task_that_nobody_has_begun_is_rung_for_once(flushed_redis: Any) -> None:
    assert [wakeup.publish() for _ in range(50)] == [True] * 50
    assert depths(flushed_redis) == [1, 1]
    wakeups.begin(current_app, "tickets.send")
    wakeup.publish()
    wakeup.publish()
    assert depths(flushed_redis) == [1, 2]


def test_broker_that_forgot_everything_is_rung_again(flushed_redis: Any) -> None:
    wakeup.publish()
    flushed_redis.flushdb()
    wakeup.publish()
    assert depths(flushed_redis) == [1, 1]


def test_ring_of_a_dead_worker_is_forgotten_when_its_message_expires(flushed_redis: Any) -> None:
    wakeup.publish()
    flushed_redis.delete("mail", "pdf")
    conflicts = flushed_redis.keys("techfest:wakeup:*")
    assert len(conflicts) == 2
    assert all(0 < flushed_redis.pttl(conflict) <= 1000 * wakeup.LIFETIME for conflict in conflicts)
    flushed_redis.delete(*conflicts)  # as they expire
    wakeup.publish()
    assert depths(flushed_redis) == [1, 1]


def test_beat_rings_once_for_what_nobody_has_begun(flushed_redis: Any) -> None:
    scheduler = beat.WakeupScheduler(app=app)
    for entry in [*scheduler.schedule.values()] * 3:
        scheduler.apply_async(entry)
    names = {entry.task for entry in scheduler.schedule.values()}
    assert sum(flushed_redis.llen(queue) for queue in ("mail", "pdf", "lists")) == len(names)


def test_message_says_nothing_but_that_there_is_work(flushed_redis: Any) -> None:
    wakeup.publish()
    message = flushed_redis.lindex("mail", 0).decode()
    assert '"expires"' in message
    assert "W1tdLCB7fSwg" in message  # `[[], {}, ` in base64: no arguments


def test_hundred_rings_at_once_are_few_messages(flushed_redis: Any) -> None:
    notifier = Notifier()
    for _ in range(100):
        notifier.notify()
    assert wait_until(lambda: depths(flushed_redis) >= [1, 1]) is True
    assert max(depths(flushed_redis)) <= 3


@pytest.mark.parametrize("broken", [hanging_broker, refusing_broker])
def test_broker_that_does_not_answer_is_told_apart(broken: Any) -> None:
    with broken():
        assert wakeup.publish() is False


@pytest.mark.parametrize("broken", [hanging_broker, refusing_broker])
def test_ring_never_waits_for_the_broker(broken: Any) -> None:
    notifier = Notifier()
    with broken():
        before = time.monotonic()
        for _ in range(1000):
            notifier.notify()
        assert time.monotonic() - before < 0.5
        assert wait_until(lambda: not notifier._wanted.is_set()) is True


def test_broker_without_memory_or_with_another_password_is_no_error(
    flushed_redis: Any, redis_url: str
) -> None:
    flushed_redis.config_set("maxmemory", 1)
    try:
        assert wakeup.publish() is False
    finally:
        flushed_redis.config_set("maxmemory", 0)
    assert wakeup.publish() is True


def test_bell_rings_again_once_the_broker_is_back(
    flushed_redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeup, "SILENCE", 0.1)
    notifier = Notifier()
    with refusing_broker():
        notifier.notify()
        assert wait_until(lambda: not notifier._wanted.is_set()) is True
    assert depths(flushed_redis) == [0, 0]

    def notified() -> bool:
        notifier.notify()
        return min(depths(flushed_redis)) > 0

    assert wait_until(notified) is True


def test_bell_of_a_forked_process_is_its_own(flushed_redis: Any) -> None:
    notifier = Notifier()
    notifier.notify()
    first = notifier._thread
    notifier._pid = -1
    notifier.notify()
    assert isinstance(first, threading.Thread)
    assert notifier._thread is not first


def booking_request(client: Client) -> Any:
    event = build_event(build_fest())
    school = build_school()
    form = {
        "key": new_key(),
        "events": [event.slug],
        "name": "Asha Rao",
        "school": school.name,
        "grade": "7",
        "email": "asha@example.org",
        "consent": "on",
        "want_waiting": "on",
    }
    return client.post("/register/", form)


@pytest.mark.parametrize("broken", [hanging_broker, refusing_broker])
@pytest.mark.django_db(transaction=True)
def test_click_is_answered_while_the_broker_is_gone(broken: Any, client: Client, flushed_redis: Any) -> None:
    with broken():
        before = time.monotonic()
        response = booking_request(client)
        page = client.get(response["Location"])
        assert time.monotonic() - before < ANSWERED_WITHIN
    submission = Submission.objects.select_related("student").get()
    assert response["Location"] == links.confirmation_path(submission)
    assert page.status_code == 200
    assert Registration.objects.get().state == Registration.State.CONFIRMED
    assert Delivery.objects.get().state == Delivery.State.QUEUED
    assert tasks.sweep() is True
    assert min(depths(flushed_redis)) >= 1


@pytest.mark.django_db
def test_sweep_notifies_for_what_is_pending_and_for_nothing_else(flushed_redis: Any) -> None:
    assert tasks.sweep() is False
    assert depths(flushed_redis) == [0, 0]
    build_answered()
    flushed_redis.flushdb()
    assert tasks.sweep() is True
    assert depths(flushed_redis) == [1, 1]
