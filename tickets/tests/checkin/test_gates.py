"""Gates in the admin."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from events.models import AuditEntry
from registrations.tests.builders import build_event, build_fest, build_user
from techfest.core import roles
from techfest.core.admin.base import page_of
from tickets.models import Alert, Gate
from tickets.tests.admin_helpers import add_path, filled_in, in_role, list_path, organiser_client
from tickets.tests.builders.checkin import gate_of, volunteer

pytestmark = pytest.mark.django_db


def test_owner_creates_a_gate_and_assigns_volunteers() -> None:
    fest = build_fest()
    event, ravi = build_event(fest), volunteer()
    client = organiser_client(in_role(roles.OWNER))
    sent = filled_in(client, add_path(Gate), name="North gate", events=[event.pk], volunteers=[ravi.pk])
    assert client.post(add_path(Gate), sent).status_code == 302
    gate = Gate.objects.get()
    assert (gate.fest, gate.events.get(), gate.volunteers.get()) == (fest, event, ravi)
    entry = AuditEntry.objects.get(subject_kind="tickets.gate")
    assert (entry.what, "Ravi" in str(entry.after)) == ("added", False)


def test_events_and_volunteers_are_named_groups_of_check_boxes() -> None:
    event, ravi = build_event(build_fest()), volunteer()
    gate = gate_of(event.fest, event)
    gate.volunteers.add(ravi)
    page = organiser_client().get(page_of(gate)).content.decode()
    for label, name, row in (("Events", "events", event), ("Volunteers", "volunteers", ravi)):
        assert f'role="group" aria-label="{label}"' in page
        assert re.search(rf'<input type="checkbox" name="{name}" value="{row.pk}"[^>]* checked', page)
        assert page.count(f'for="id_{name}_0"') == 1


def test_gate_takes_neither_foreign_events_nor_people_who_are_no_volunteers() -> None:
    fest, other = build_fest(), build_fest(is_current=False)
    stranger, nobody = build_event(other), build_user()
    client = organiser_client()
    client.post(reverse("admin:choose_fest"), {"fest": "all"})
    sent = filled_in(client, add_path(Gate), name="North gate", events=[stranger.pk], volunteers=[nobody.pk])
    page = client.post(add_path(Gate), sent).content.decode()
    assert f"{stranger.name} is not of {fest.name}." in page
    assert Gate.objects.count() == 0


def test_lead_sees_the_gates_of_their_events_and_changes_none() -> None:
    event = build_event(build_fest())
    gate, lead = gate_of(event.fest, event), in_role(roles.LEAD)
    event.leads.add(lead)
    client = organiser_client(lead)
    assert client.get(page_of(gate)).status_code == 200
    assert client.post(page_of(gate), {"name": "Mine"}).status_code == 403
    assert Gate.objects.get().name == gate.name


def test_alert_that_was_seen_says_by_whom() -> None:
    alert = Alert.objects.create(
        kind="guessing", subject="192.0.2.1", first_at=timezone.now(), last_at=timezone.now()
    )
    owner = in_role(roles.OWNER)
    organiser_client(owner).post(list_path(Alert), {"action": "see", "_selected_action": [alert.pk]})
    alert.refresh_from_db()
    assert (alert.seen_by, alert.seen_at is not None) == (owner, True)
