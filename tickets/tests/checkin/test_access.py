"""Access to the check-in pages by role, gate, event and time."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import cache
from events.models import Event, Fest
from registrations.tests.builders import PASSWORD, build_event, build_fest, build_teacher, build_user
from techfest.core.roles import LEAD
from tickets.models import Gate
from tickets.tests.admin_helpers import in_role
from tickets.tests.builders.checkin import (
    fest_today,
    gate_of,
    open_event,
    owner,
    phone_of,
    ticket_for,
    volunteer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return fest_today()


@pytest.fixture
def event(fest: Fest) -> Event:
    return open_event(fest, name="Robo Race")


@pytest.fixture
def gate(event: Event) -> Gate:
    return gate_of(event.fest, event)


def path_of(checkpoint: Gate | Event) -> str:
    if isinstance(checkpoint, Gate):
        return reverse("checkin:scanner-gate", args=[checkpoint.pk])
    return reverse("checkin:scanner-event", args=[checkpoint.slug])


def test_each_role_opens_only_its_checkpoints(event: Event, gate: Gate) -> None:
    other_gate, other_event = gate_of(event.fest, name="Back door"), open_event(event.fest)
    lead, former_lead = in_role(LEAD), build_user()
    other_event.leads.add(lead, former_lead)
    table = {
        "volunteer": (volunteer(gate), {gate}),
        "lead": (lead, {other_event}),
        "former lead": (former_lead, set()),
        "owner": (owner(), {gate, other_gate, event, other_event}),
        "teacher": (build_teacher().user, set()),
        "nobody": (build_user(), set()),
    }
    checkpoints = (gate, other_gate, event, other_event)
    for name, (user, own) in table.items():
        phone = phone_of(user)
        opened = {one for one in checkpoints if phone.get(path_of(one)).status_code == 200}
        assert opened == own, name
        assert phone.get("/door/").status_code == (
            404 if name in ("teacher", "nobody", "former lead") else 200 if len(own) > 1 else 302
        )


def test_anonymous_user_is_sent_to_the_login(gate: Gate) -> None:
    for path in ("/door/", path_of(gate)):
        response = Client().get(path)
        assert (response.status_code, response["Location"]) == (302, f"/accounts/login/?next={path}")


def test_volunteer_who_left_the_group_or_the_gate_is_out(gate: Gate) -> None:
    left_group, left_gate = volunteer(gate), volunteer(gate)
    assert {phone_of(one).get(path_of(gate)).status_code for one in (left_group, left_gate)} == {200}
    left_group.groups.clear()
    gate.volunteers.remove(left_gate)
    for one in (left_group, left_gate):
        assert phone_of(type(one).objects.get(pk=one.pk)).get(path_of(gate)).status_code == 404


@pytest.mark.parametrize(("days_over", "status"), [(1, 200), (2, 404)])
def test_doors_close_a_day_after_the_fest(gate: Gate, days_over: int, status: int) -> None:
    last = timezone.localtime(timezone.now(), gate.fest.zone).date() - dt.timedelta(days=days_over)
    Fest.objects.update(starts_on=last, ends_on=last)
    for user in (volunteer(gate), owner()):
        assert phone_of(user).get(path_of(gate)).status_code == status


def test_gate_of_another_fest_does_not_open(gate: Gate) -> None:
    other = build_fest(is_current=False)
    theirs = gate_of(other, build_event(other))
    assert phone_of(owner()).get(path_of(theirs)).status_code == 404


def test_volunteer_reaches_nothing_but_the_door(event: Event, gate: Gate) -> None:
    phone = phone_of(volunteer(gate))
    ticket = ticket_for(event)
    registration = reverse("admin:registrations_registration_change", args=[ticket.registration_id])
    for path in (
        "/admin/",
        registration,
        reverse("admin:tickets_gate_changelist"),
        "/teacher/",
        "/teacher/lists/",
    ):
        assert phone.get(path).status_code in (302, 403, 404), path
        assert ticket.student.name not in phone.get(path, follow=True).content.decode()


def test_page_of_the_door_is_neither_stored_nor_indexed(gate: Gate) -> None:
    response = phone_of(volunteer(gate)).get(path_of(gate))
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")


def test_volunteer_lands_at_the_door_after_the_login(gate: Gate) -> None:
    user = volunteer(gate)
    user.emailaddress_set.all().delete()
    phone = Client()
    response = phone.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/door/")


def test_scan_needs_the_csrf_token_of_its_form(gate: Gate) -> None:
    phone = Client(enforce_csrf_checks=True)
    phone.force_login(volunteer(gate))
    data = {"code": "x", "key": "0" * 32}
    assert phone.post(reverse("checkin:scan-gate", args=[gate.pk]), data).status_code == 403
    page: Any = phone.get(path_of(gate))
    data["csrfmiddlewaretoken"] = page.context["csrf_token"]
    assert phone.post(reverse("checkin:scan-gate", args=[gate.pk]), data).status_code == 303


def test_fest_that_was_made_a_moment_ago_opens_at_once(gate: Gate, event: Event) -> None:
    """The cached fest may be some seconds old, so a refusal is checked against the database."""
    phone = phone_of(volunteer(gate))
    Fest.objects.update(is_current=False)
    cache.forget()
    assert phone.get(path_of(gate)).status_code == 404
    Fest.objects.update(is_current=True)
    assert phone.get(path_of(gate)).status_code == 200
