"""Clusters of registrations raise one alert with a link to their list, and are not rejected."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Event
from registrations.booking.cancel import cancel
from registrations.models import Change, Registration, School
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from techfest.core.db.locking import Deadline
from tickets import abuse_detection
from tickets.models import Alert
from tickets.tests.admin_helpers import organiser, organiser_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> Event:
    build_school("Hill School")
    return build_event(build_fest(), capacity=40, name="Robo Race")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the limits, so that tests need few registrations."""
    monkeypatch.setattr(abuse_detection, "MIN_REGISTRATIONS", 5)
    monkeypatch.setattr(abuse_detection, "OF_ONE_MAILBOX", 4)


def register_many(event: Event, count: int, **values: Any) -> None:
    for _number in range(count):
        build_submission(event, **values)


def watch() -> list[str]:
    abuse_detection.watch(now=timezone.now())
    return list(Alert.objects.filter(seen_at=None).order_by("subject").values_list("subject", flat=True))


def test_submissions_of_several_schools_do_not_ring(event: Event) -> None:
    for number in range(4):
        register_many(event, 6, school=f"School {number}")
        build_school(f"School {number}")
    School.objects.update(state=School.State.ACCEPTED)
    assert watch() == []


def test_submissions_of_one_school_ring_from_half_of_the_seats_on(event: Event) -> None:
    register_many(event, 19, email="")
    assert watch() == []
    register_many(event, 1, email="")
    assert watch() == ["Robo Race: Riverside Public School"]


def test_many_schools_that_nobody_knows_ring_together(event: Event) -> None:
    for number in range(20):
        register_many(event, 1, school=f"Made Up {number}")
    assert watch() == ["Robo Race: schools that are not accepted yet"]


def test_one_mailbox_rings_and_its_address_stands_nowhere(event: Event) -> None:
    for number in range(4):
        build_submission(event, email=f"bot+{number}@example.org", school=f"School {number}")
    subject = "Robo Race: one mailbox, that of student"
    assert [one[: len(subject)] for one in watch()] == [subject]
    row = Alert.objects.values().get()
    assert "bot" not in str(row)


def test_siblings_of_one_mailbox_do_not_ring(event: Event) -> None:
    register_many(event, 3, email="parent@example.org")
    assert watch() == []


def test_teachers_lists_old_submissions_and_cancelled_ones_do_not_ring(event: Event) -> None:
    register_many(event, 20, email="")
    rows = list(Registration.objects.order_by("pk"))
    cancel([rows[0].pk], actor=Change.Actor.ORGANISER, user=organiser(), deadline=Deadline())
    assert watch() == []
    register_many(event, 1, email="")
    abuse_detection.watch(now=timezone.now() + abuse_detection.SPAN)
    assert Alert.objects.count() == 0
    assert watch() != []


def test_it_rings_once_counts_the_most_and_is_quiet_once_seen(event: Event) -> None:
    register_many(event, 20, email="")
    watch()
    watch()
    register_many(event, 2, email="")
    watch()
    assert Alert.objects.get().count == 22
    Alert.objects.update(seen_at=timezone.now(), seen_by=organiser())
    assert watch() == []
    register_many(event, 1, email="")
    assert watch() == ["Robo Race: Riverside Public School"]


@pytest.mark.parametrize("kind", ["school", "unaccepted", "mailbox"])
def test_alert_leads_to_the_list_of_its_registrations(event: Event, kind: str) -> None:
    other = {"school": "Hill School", "email": "somebody@example.org"}
    build_submission(event, **other)
    for number in range(20 if kind != "mailbox" else 4):
        school = {"school": "Riverside Public School", "unaccepted": f"Made Up {number}"}.get(kind)
        email = f"bot+{number}@example.org" if kind == "mailbox" else f"pupil{number}@example.org"
        build_submission(event, school=school or f"Hill School {number}", email=email)
    if kind == "mailbox":
        School.objects.update(state=School.State.ACCEPTED)
    watch()
    client = organiser_client()
    page = client.get(reverse("admin:tickets_alert_changelist")).content.decode()
    alert = Alert.objects.get()
    path = reverse("admin:registrations_registration_changelist")
    assert f'href="{path}?{alert.filters.replace("&", "&amp;")}"' in page
    listed = client.get(f"{path}?{alert.filters}").context["cl"].queryset
    assert listed.count() == alert.count == (4 if kind == "mailbox" else 20)


def test_mailbox_of_somebody_whom_the_list_does_not_show_finds_nobody(event: Event) -> None:
    build_submission(event, email="parent@example.org")
    client: Client = organiser_client()
    path = reverse("admin:registrations_registration_changelist")
    for value in ("mailbox-999999", "mailbox-", "mailbox-x", "mailbox-99999999999999999999"):
        response = client.get(path, {"similar": value})
        assert response.status_code == 200
    assert client.get(path, {"similar": "mailbox-999999"}).context["cl"].queryset.count() == 0
