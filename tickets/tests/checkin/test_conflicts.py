"""Conflicts of offline scans, listed in the admin and resolved with a note."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tickets.checkin.offline import resolve
from tickets.checkin.scan import Offline
from tickets.models import Scan
from tickets.tests.admin_helpers import organiser, organiser_client
from tickets.tests.builders.checkin import (
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    scanned,
    ticket_for,
    volunteer,
)

pytestmark = pytest.mark.django_db

LIST = reverse("admin:tickets_scan_changelist")


@pytest.fixture
def conflict() -> Scan:
    """A ticket checked in at one checkpoint, and admitted again by an offline phone."""
    event = open_event(fest_today())
    gate = gate_of(event.fest, event)
    checkpoint, ticket, now = checkpoint_of(gate), ticket_for(event), timezone.now()
    scanned(checkpoint, ticket.code, volunteer(gate))
    scan = scanned(checkpoint, ticket.code, volunteer(gate), offline=Offline(at=now, device_verdict="in"))
    assert scan.is_conflict
    return scan


def settled(client: Client, *scans: Scan, **values: Any) -> Any:
    given = {"action": "resolve_conflicts", "_selected_action": [scan.pk for scan in scans], **values}
    return client.post(LIST, given, follow=True)


def test_open_conflicts_are_listed(conflict: Scan) -> None:
    page = (
        organiser_client()
        .get(LIST, {"is_conflict__exact": "1", "resolved_at__isempty": "1"})
        .content.decode()
    )
    assert re.findall(r'name="_selected_action" value="(\d+)"', page) == [str(conflict.pk)]


def test_conflict_is_settled_with_a_note_and_once(conflict: Scan) -> None:
    mira = organiser("mira")
    client, fine = organiser_client(mira), Scan.objects.exclude(pk=conflict.pk).get()
    page = settled(client, conflict, fine).content.decode()
    assert "the phone showed “in”; correct is “already in”" in page
    assert "Enter the reason" in settled(client, conflict, confirmed="yes", reason="").content.decode()
    conflict.refresh_from_db()
    assert conflict.resolved_at is None
    assert (
        "1 conflict is resolved."
        in settled(client, conflict, fine, confirmed="yes", reason="One person, two phones").content.decode()
    )
    conflict.refresh_from_db()
    assert (conflict.resolved_by, conflict.note) == (mira, "One person, two phones")
    later = timezone.now() + dt.timedelta(hours=1)
    assert resolve([conflict.pk, fine.pk], user=mira, note="Again", now=later) == 0
    assert "None of these is an open conflict." in settled(client, conflict, fine).content.decode()


def test_user_with_view_permission_only_resolves_nothing(conflict: Scan) -> None:
    client = organiser_client(organiser("lead", is_superuser=False))
    settled(client, conflict, confirmed="yes", reason="Mine")
    conflict.refresh_from_db()
    assert conflict.resolved_at is None
