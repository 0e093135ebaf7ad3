"""Pages of actions that ask first have an address, which shows what would happen and does nothing."""

import pytest
from django.contrib import admin
from django.test import Client

from events.models import Event
from registrations.models import Registration, School
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.counting import states
from techfest.core import roles
from techfest.core.admin.base import StaffAdmin
from tickets.tests.admin_helpers import act, in_role, list_path, organiser_client, said, sent_by

pytestmark = pytest.mark.django_db
LIST = "/admin/registrations/registration/"


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def event() -> Event:
    event = build_event(build_fest(), capacity=1)
    for name in ("Asha", "Ben"):
        build_submission(event, name=name, grade=7, email=f"{name}@example.org")
    return event


def address(event: Event, action: str = "cancel_registrations") -> str:
    pk = event.registrations.order_by("queue_position")[0].pk
    return f"{list_path(Registration)}?state__exact=confirmed&ask={action}&rows={pk}"


def test_page_is_opened_again_and_does_nothing(client: Client, event: Event) -> None:
    page = act(client, "cancel_registrations", event.registrations.order_by("queue_position")[0])
    (where, status) = page.redirect_chain[0]
    assert (where.startswith(f"{LIST}?ask=cancel_registrations&rows="), status) == (True, 302)
    for _ in range(2):
        page = client.get(where)
        assert "Cancel 1 registration and mail 2 people" in " ".join(page.content.decode().split())
    assert states(event) == ["confirmed", "waiting"]
    done = client.post(where, sent_by(page) | {"notify": "on"})
    assert (done["Location"], states(event)) == (LIST, ["cancelled", "confirmed"])


def test_back_after_the_act_leads_to_the_list(client: Client, event: Event) -> None:
    where = address(event).replace("state__exact=confirmed&", "")
    page = client.get(where)
    client.post(where, sent_by(page) | {"notify": "on"})
    again = client.get(where, follow=True)
    assert (again.redirect_chain, said(again)[-1]) == ([(LIST, 302)], "All of these are cancelled already.")


def test_way_back_and_filters_are_those_of_the_list(client: Client, event: Event) -> None:
    page = client.get(address(event)).content.decode()
    assert f'<a href="{LIST}?state__exact=confirmed" class="button cancel-link">' in page


def test_actions_that_act_at_once_are_never_run_by_a_link(client: Client) -> None:
    build_fest()
    school = School.objects.create(name="New School", key="new school")
    answer = client.get(f"{list_path(School)}?ask=accept&rows={school.pk}")
    school.refresh_from_db()
    assert (answer.status_code, school.state) == (302, School.State.PENDING)


def test_link_shows_no_more_than_the_list(event: Event) -> None:
    other = build_event(event.fest, name="Quiz")
    lead = in_role(roles.LEAD)
    other.leads.add(lead)
    for who, status in ((lead, 302), (in_role(roles.RESULTS), 403)):
        answer = organiser_client(who).get(address(event))
        assert (answer.status_code, b"Asha" in answer.content) == (status, False)


@pytest.mark.parametrize("rows", ["x", "1 OR 1=1", "9" * 30, "²", ""])
def test_wrong_rows_are_refused(client: Client, event: Event, rows: str) -> None:
    assert (
        client.get(list_path(Registration), {"ask": "cancel_registrations", "rows": rows}).status_code == 400
    )


def test_login_that_ended_leads_back_to_the_page(client: Client, event: Event) -> None:
    where = address(event)
    sent = sent_by(client.get(where)) | {"notify": "on"}
    client.logout()
    answer = client.post(where, sent)
    assert (answer.status_code, "ask%3Dcancel_registrations" in answer["Location"]) == (302, True)
    assert states(event) == ["confirmed", "waiting"]


def test_every_action_with_a_page_is_marked(client: Client) -> None:
    """Those that act at once are named here, so that a new one is thought about."""
    at_once = {
        f"{model._meta.model_name}.{name}"
        for model, its_admin in admin.site._registry.items()
        if isinstance(its_admin, StaffAdmin)
        for name in its_admin.actions or ()
        if isinstance(name, str) and not getattr(getattr(type(its_admin), name), "asks_first", False)
    }
    assert at_once == {
        "alert.see",
        "delivery.queue_again",
        "school.accept",
        "teacher.approve",
        "ticket.make_again",
    }
