"""Alerts are mailed to the owners, at most one mail per kind and hour, with a link to the page that acts on it."""

import datetime as dt
import threading
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from events.models import Fest
from registrations.models import Registration
from registrations.tests.builders import build_event, build_fest, build_school, build_submission, build_user
from registrations.tests.races import in_threads
from techfest.core.roles import LEAD, OWNER
from tickets import alerts, tasks
from tickets.mail import owner_alerts
from tickets.mail.compose import Composer
from tickets.mail.owner_alerts import mail_owners
from tickets.mail.queue import claim
from tickets.models import Alert, Delivery, Notice
from tickets.tests.admin_helpers import organiser_client, post_as_shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Any:
    build_fest()
    return build_owner(email="owner@example.org")


def build_owner(**values: Any) -> Any:
    user = build_user(is_staff=True, **values)
    user.groups.add(Group.objects.get(name=OWNER))
    return user


def mail_now() -> int:
    return mail_owners(now=timezone.now())


def let_hours_pass(hours: float) -> None:
    Alert.objects.update(notified_at=F("notified_at") - dt.timedelta(hours=hours))


@pytest.mark.usefixtures("owner")
def test_alert_is_mailed_once_to_each_owner_and_to_nobody_else() -> None:
    build_owner(email="second@example.org")
    build_owner(email="former@example.org", is_active=False)
    build_user(email="lead@example.org", is_staff=True).groups.add(Group.objects.get(name=LEAD))
    build_user(email="root@example.org", is_superuser=True, is_staff=True)
    alerts.raise_alert("guessing", "Ravi")
    assert [mail_now(), mail_now()] == [3, 0]
    mails = Delivery.objects.order_by("to").values_list("to", flat=True)
    assert list(mails) == ["owner@example.org", "root@example.org", "second@example.org"]


@pytest.mark.usefixtures("owner")
def test_each_kind_is_mailed_once_an_hour() -> None:
    alerts.raise_alert("guessing", "Ravi")
    assert mail_now() == 1
    alerts.raise_alert("guessing", "Asha")
    alerts.raise_alert("cluster", "Robo Race: Riverside", count=22)
    assert mail_now() == 1
    let_hours_pass(0.9)
    assert mail_now() == 0
    let_hours_pass(0.2)
    assert mail_now() == 1
    assert [one.split(":")[0] for one in Notice.objects.order_by("pk").values_list("text", flat=True)] == [
        "Ravi",
        "Robo Race",
        "Asha",
    ]


@pytest.mark.usefixtures("owner")
def test_alert_that_goes_on_is_mailed_again_and_one_that_stands_still_is_not() -> None:
    alerts.raise_alert("cluster", "Robo Race: Riverside", count=22)
    mail_now()
    let_hours_pass(2)
    alerts.raise_alert("cluster", "Robo Race: Riverside", count=22)
    assert mail_now() == 0
    alerts.raise_alert("cluster", "Robo Race: Riverside", count=23)
    assert mail_now() == 1


@pytest.mark.usefixtures("owner")
def test_alert_that_somebody_has_seen_is_not_mailed() -> None:
    alerts.raise_alert("guessing", "Ravi")
    Alert.objects.update(seen_at=timezone.now())
    assert mail_now() == 0


def test_alert_waits_until_an_owner_can_be_mailed() -> None:
    build_fest()
    alerts.raise_alert("guessing", "Ravi")
    assert mail_now() == 0
    build_owner(email="owner@example.org")
    assert mail_now() == 1


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("kind", Alert.Kind.values)
def test_every_kind_leads_to_a_page_that_opens(kind: str) -> None:
    alerts.raise_alert(kind, "one")
    alerts.raise_alert(kind, "another")
    mail_now()
    composed = Composer().compose(claim(10).mails)
    ((_delivery, message),) = composed
    link = Notice.objects.get().link
    assert link in message.body
    assert organiser_client().get(link.removeprefix(settings.SITE_URL)).status_code == 200
    assert "one" in message.body
    assert "another" in message.body


def test_flood_is_released_in_one_go_from_the_mail_and_the_next_have_the_seats(owner: Any) -> None:
    """All seats are taken with one address and many school names, while two honest students wait."""
    event = build_event(Fest.objects.get(), capacity=12, name="Robo Race")
    for number in range(12):
        build_submission(event, email="stranger@example.org", school=build_school(f"School {number}").name)
    for number in range(2):
        build_submission(event, name=f"Honest {number}")
    tasks.watch()
    assert Delivery.objects.get(kind="notice").to == owner.email
    path = Notice.objects.get().link.removeprefix(settings.SITE_URL)
    client = organiser_client()
    chosen = list(client.get(path).context["cl"].queryset.values_list("pk", flat=True))
    assert len(chosen) == 12
    data = {"action": "cancel_registrations", "_selected_action": chosen, "confirmed": "yes"}
    post_as_shown(client, path, data)
    states = Registration.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["cancelled"] * 12 + ["confirmed"] * 2


@pytest.mark.usefixtures("owner")
def test_statements_do_not_grow_with_the_alerts() -> None:
    """If no organiser looks for months, there may be hundreds."""
    counted = []
    for number in (1, 30):
        for one in range(number):
            alerts.raise_alert("guessing", f"Person {number} {one}")
        with CaptureQueriesContext(connection) as queries:
            mail_now()
        counted.append(len(queries))
        let_hours_pass(2)
    assert counted[0] == counted[1]
    assert Alert.objects.filter(notified_count=1).count() == 31


@pytest.mark.parametrize("kind", Alert.Kind.values)
def test_every_kind_says_what_to_do(kind: str) -> None:
    assert kind in owner_alerts._ADVICE


@pytest.mark.usefixtures("owner")
def test_dashboard_still_shows_the_alert_after_it_was_mailed() -> None:
    alerts.raise_alert("guessing", "Ravi")
    mail_now()
    page = organiser_client().get(reverse("admin:index")).content.decode()
    assert "alert to look at" in page


def mail_from_two(monkeypatch: pytest.MonkeyPatch, *, patience: float) -> int:
    """Run two tasks concurrently, each waiting for the other between reading and writing; return the mail count."""
    build_fest()
    build_owner(email="owner@example.org")
    alerts.raise_alert("guessing", "Ravi")
    new_by_kind = owner_alerts._new_by_kind

    def slowly(now: dt.datetime) -> Any:
        found = new_by_kind(now)
        with suppress(threading.BrokenBarrierError):
            line.wait(patience)
        return found

    line = threading.Barrier(2)
    monkeypatch.setattr(owner_alerts, "_new_by_kind", slowly)
    in_threads(mail_now, 2)
    return Delivery.objects.count()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_mail_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mail_from_two(monkeypatch, patience=0.5) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_beats_without_the_lock_mail_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(owner_alerts, "_LOCK", "SELECT 1")
    assert mail_from_two(monkeypatch, patience=20) == 2
