"""A provider that is down for a real worker: it is asked once a pause, and new mails do not wait for the backlog."""

import datetime as dt

import pytest
from django.db.models import F

from deploy.provider_stub.client import StubClient
from deploy.tests.faults.mails import all_sent, click, copies, wait_until
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.tests.support.workers import WorkerFactory
from tickets.mail import breaker
from tickets.mail.send import IN_FLIGHT
from tickets.models import ProviderOutage
from tickets.tests.builders import delivery_of, let_time_pass, pretend_rendered
from tickets.tests.providers import environment_of, stub, stub_process

__all__ = ["stub", "stub_process"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

BACKLOG = 2 * IN_FLIGHT
TRIES = 4


def failures() -> int:
    outage = ProviderOutage.objects.first()
    return outage.failures if outage else -1


def test_outage_costs_few_calls_and_new_mails_go_before_the_backlog(
    celery_worker: WorkerFactory, stub: StubClient
) -> None:
    click(BACKLOG)
    pretend_rendered()
    let_time_pass(dt.timedelta(minutes=10))
    stub.script(rules=[{"do": "status", "status": 503, "times": None}])
    celery_worker("mail", environment_of("mailgun", stub))
    for tries in range(TRIES):
        wait_until(lambda tries=tries: failures() == tries, with_beat=True)  # type: ignore[misc]  # bound at once
        ProviderOutage.objects.update(until=F("started_at"))
    wait_until(lambda: failures() == TRIES, with_beat=True)
    assert breaker.FAILURES <= stub.status()["counts"]["status_503"] <= IN_FLIGHT + TRIES
    new = delivery_of(build_submission(build_event(build_fest(slug="new"))))
    pretend_rendered()
    stub.script(rules=[])
    ProviderOutage.objects.update(until=F("started_at"))
    wait_until(all_sent, with_beat=True)
    order = [mail["metadata"]["delivery"] for mail in stub.accepted()]
    assert order.index(new.key.hex) <= IN_FLIGHT
    assert copies(stub) == [1] * (BACKLOG + 1)
    assert ProviderOutage.objects.count() == 0
