"""The dashboard: what it shows to whom, and with how many queries."""

import datetime as dt

import pytest
from django.urls import reverse

from registrations.models import Registration
from registrations.tests.builders import build_fest
from techfest.core.db.clock import database_now
from tickets import heartbeats
from tickets.models import Heartbeat, ProviderOutage
from tickets.tests.admin_helpers import list_path, organiser_client, query_count
from tickets.tests.builders.everything import build_row_of_everything

pytestmark = pytest.mark.django_db
DASHBOARD = reverse("admin:index")


def test_dashboard_asks_as_often_for_few_rows_as_for_many() -> None:
    client = organiser_client()
    build_row_of_everything(1)
    few = query_count(client, DASHBOARD)
    build_row_of_everything(2)
    build_row_of_everything(3)
    assert (few, query_count(client, DASHBOARD)) == (27, 27)


def test_dashboard_tells_of_a_provider_that_takes_no_mails_and_of_dead_workers() -> None:
    client, now = organiser_client(), database_now()
    for kind in heartbeats.KINDS:
        heartbeats.write(kind)
    assert "does not run" not in client.get(DASHBOARD).content.decode()
    ProviderOutage.objects.create(
        pk=1, started_at=now - dt.timedelta(minutes=7), until=now, failures=3, reason="status 503"
    )
    Heartbeat.objects.filter(kind="pdf").delete()
    page = client.get(DASHBOARD).content.decode()
    assert "The mail provider has taken no mails for 7\xa0minutes (status 503)." in page
    assert "The worker that makes PDFs does not run" in page
    assert "The worker that sends mails does not run" not in page


def test_choice_of_a_fest_is_visible_only_where_there_is_one() -> None:
    client = organiser_client()
    build_fest()
    assert "Fest shown" not in client.get(DASHBOARD).content.decode()
    other = build_fest(is_current=False, name="Next year")
    page = client.get(list_path(Registration)).content.decode()
    assert ("Fest shown" in page, f'<option value="{other.pk}">Next year' in page) == (True, True)
