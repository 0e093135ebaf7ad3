"""Unusual requests to the admin get an error page, never a crash."""

import pytest
from django.urls import reverse

from events.models import Fest
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.admin.base import page_of
from tickets.models import Gate
from tickets.tests.admin_helpers import filled_in, organiser_client

pytestmark = pytest.mark.django_db

LISTS = ("registrations/registration", "registrations/school", "tickets/delivery", "events/event")


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.mark.parametrize("query", ["state=%00", "q=%00", "q=Asha%00", "%00=1"])
def test_sign_that_no_text_has_is_a_bad_request(fest: Fest, query: str) -> None:
    client = organiser_client()
    paths = [*(f"/admin/{name}/" for name in LISTS), "/admin/tickets/message/add/"]
    assert {path: client.get(f"{path}?{query}").status_code for path in paths} == dict.fromkeys(paths, 400)


@pytest.mark.parametrize("chosen", ["abc", "-1", "1e999", "\x00", "' OR 1=1 --", "9" * 40, "", "१"])
@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("registrations/registration", "move_registrations"),
        ("registrations/registration", "resend_mails"),
        ("registrations/school", "merge_schools"),
        ("tickets/ticket", "reissue_tickets"),
    ],
)
def test_row_that_is_no_number_is_not_chosen(fest: Fest, name: str, action: str, chosen: str) -> None:
    build_submission(build_event(fest))
    sent = {"action": action, "_selected_action": chosen, "index": "0"}
    assert organiser_client().post(f"/admin/{name}/", sent).status_code in (200, 302, 400)


def test_gate_cannot_take_the_name_of_another(fest: Fest) -> None:
    """The form of an existing gate has no fest, but its name must be unique in its fest."""
    Gate.objects.create(fest=fest, name="Main gate")
    side, client = Gate.objects.create(fest=fest, name="Side gate"), organiser_client()
    response = client.post(page_of(side), filled_in(client, page_of(side), name="Main gate"))
    assert response.status_code == 200
    assert "already exists" in response.content.decode()
    side.refresh_from_db()
    assert side.name == "Side gate"


def test_logout_leaves_no_page_of_the_admin_in_the_browser(fest: Fest) -> None:
    """Unsent scans on a device are no personal data and must not be lost."""
    response = organiser_client().post(reverse("admin:logout"))
    assert (response.status_code, response["Clear-Site-Data"]) == (302, '"cache"')
