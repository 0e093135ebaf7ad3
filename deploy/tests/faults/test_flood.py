"""One program against the public form of the running site: the stranger whose address it types gets few mails, the
owners hear of it, and a school behind one network address is served all the same."""

import datetime as dt
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.auth.models import Group

from deploy.provider_stub.client import StubClient
from deploy.tests.faults.mails import wait_until
from deploy.tests.front import Front, answers, clicks, form_for, kept, running_front, send, taken
from deploy.tests.nginx.house import Answer, ask
from events.models import Event
from registrations import links
from registrations.models import Registration, Student
from registrations.students.names import mailbox_key
from registrations.tests.builders import build_event, build_fest, build_user
from techfest.core.roles import OWNER
from techfest.tests.support.workers import WorkerFactory
from tickets import alerts, tasks, wakeup
from tickets.mail.mailbox_limit import AT_ONCE
from tickets.mail.queue import has_due
from tickets.models import Alert, Delivery
from tickets.tests.audited import run as audit
from tickets.tests.builders import let_time_pass, pretend_rendered
from tickets.tests.providers import environment_of, stub, stub_process

__all__ = ["send", "stub", "stub_process"]

pytestmark = [
    pytest.mark.nginx,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

STRANGER = "stranger@example.org"
SEATS = 48
POSTS = 60
FORM_TYPE = "application/x-www-form-urlencoded"


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(), capacity=SEATS, name="Robo Race")


@pytest.fixture
def owner() -> Any:
    user = build_user(email="owner@example.org", is_staff=True)
    user.groups.add(Group.objects.get(name=OWNER))
    return user


def post(front: Front, path: str, fields: Mapping[str, Any]) -> Answer:
    return ask(
        front.port, path, urlencode(fields, doseq=True).encode(), method="POST", Content_Type=FORM_TYPE
    )


def flood(front: Front, event: Event, send: Callable[..., Future[Answer]]) -> list[int]:
    """Sixty forms with a stranger's address, some of them with a tag; the statuses of the answers."""
    emails = [STRANGER if number % 5 else f"stranger+{number}@example.org" for number in range(POSTS)]
    forms = [{**form_for(event, number=number), "email": email} for number, email in enumerate(emails)]
    return [future.result(timeout=30).status for future in [send(front.post_form, form) for form in forms]]


def go_on(front: Front, event: Event) -> None:
    """Whatever else mails the stranger: cancellations that promote others, links asked for, names tried."""
    for student in Student.objects.order_by("pk")[:10]:
        post(front, "/link/", {"email": student.email})
        tried = {"name": student.name, "email": "other@example.org"}
        post(front, "/register/", dict(form_for(event, number=900)) | tried)
        post(front, f"{links.my_path(student)}cancel/", {})


def mails_to(provider: StubClient, mailbox: str) -> list[dict[str, Any]]:
    """What the provider accepted for this mailbox, however its address was written."""
    return [mail for mail in provider.accepted() if mailbox in map(mailbox_key, mail["recipients"])]


def is_idle() -> bool:
    """Nothing is due and nothing is being sent, asked in this order: what is claimed in between is seen as sending.

    Asked the other way round, a mail that is claimed in between is neither; let time pass then, and its lease
    ends under the worker that sends it, which makes two mails of one.
    """
    return not has_due() and not Delivery.objects.filter(state="sending").exists()


def let_workers_finish() -> None:
    """Watches, then sends wake-ups as beat does until nothing is due; PDFs are not what this is about.

    The watch is over when this returns: a mail that it owes later would be claimed while time passes.
    """
    pretend_rendered()
    tasks.watch()
    wakeup.publish("tickets.send")
    wait_until(is_idle, with_beat=True)


def test_flood_with_a_strangers_address(
    event: Event,
    owner: Any,
    data_folder: Path,
    send: Callable[..., Future[Answer]],
    celery_worker: WorkerFactory,
    stub: StubClient,
) -> None:
    """All seats are gone, as ever; within the hour the stranger has three mails and one more, the owner has one."""
    with running_front(data_folder) as front:
        assert flood(front, event, send) == [302] * POSTS
        assert taken(event) == SEATS
        celery_worker("mail", environment_of("mailgun", stub))
        let_workers_finish()
        assert len(mails_to(stub, STRANGER)) == AT_ONCE
        go_on(front, event)
    let_workers_finish()
    assert len(mails_to(stub, STRANGER)) == AT_ONCE
    assert audit() == []
    for _ in range(11):
        let_time_pass(dt.timedelta(minutes=5))
        let_workers_finish()
    assert len(mails_to(stub, STRANGER)) == AT_ONCE + 1
    (mail,) = mails_to(stub, owner.email)
    alert = Alert.objects.filter(subject__contains="one mailbox").earliest("first_at")
    paths = [alerts.alert_path(alert), alerts.alert_list_path(alert.kind)]
    assert [path for path in paths if f"{settings.SITE_URL}{path}" in mail["text"]]


@pytest.mark.parametrize("rate", [50])
def test_school_behind_one_network_address_is_served_whole(
    event: Event, data_folder: Path, rate: int
) -> None:
    """Five hundred students with names and addresses of their own, from one address, within ten seconds."""
    with running_front(data_folder) as front, clicks(front, event, rate=rate, seconds=500 / rate) as visitors:
        pass
    assert answers(visitors) == {"302": 500}
    assert kept(visitors) == [1] * 500
    assert Registration.objects.filter(state="confirmed").count() == SEATS
