"""An owner and an event lead use the admin in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from events.models import Event
from registrations.models import Change, Registration
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core import roles
from techfest.core.admin.base import page_of
from techfest.tests.browser.pages import signed_in
from tickets.tests.admin_helpers import in_role, list_path

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def event(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> Event:
    """One seat: Asha has it, Ben and Chitra are on the waiting list."""
    event = build_event(build_fest(name="Riverside Tech Fest"), capacity=1, name="Robo Race")
    for name in ("Asha Rao", "Ben Iyer", "Chitra Das"):
        build_submission(event, name=name)
    return event


def states() -> dict[str, str]:
    rows = Registration.objects.select_related("student").order_by("pk")
    return {row.student.name: row.state for row in rows}


@pytest.mark.parametrize("has_scripts", [False, True])
def test_owner_adds_a_seat_and_sees_who_gets_it_before_saving(
    event: Event, browser: Browser, live_server: Any, has_scripts: bool
) -> None:
    owner = in_role(roles.OWNER)
    with signed_in(browser, owner, live_server.url, java_script_enabled=has_scripts) as context:
        page = context.new_page()
        page.goto("/admin/")
        page.get_by_role("link", name="Robo Race").first.click()
        if page.url.endswith("/admin/"):
            pytest.fail("the first page leads nowhere")
        page.goto(page_of(event))
        expect(page.get_by_text("The only seat is taken.")).to_be_visible()
        page.get_by_label("Capacity").fill("2")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".admin-happens")).to_contain_text("Ben Iyer")
        assert states()["Ben Iyer"] == "waiting"
        page.locator(".act-primary").click()
        expect(page.locator(".messagelist")).to_be_visible()
    assert states() == {"Asha Rao": "confirmed", "Ben Iyer": "confirmed", "Chitra Das": "waiting"}


def test_lead_cancels_with_a_reason_and_sees_led_events_only(
    event: Event, browser: Browser, live_server: Any
) -> None:
    other = build_event(event.fest, name="Quiz Bowl")
    build_submission(other, name="Dia Sen")
    lead = in_role(roles.LEAD)
    event.leads.add(lead)
    with signed_in(browser, lead, live_server.url) as context:
        page = context.new_page()
        page.goto(list_path(Registration))
        expect(page.locator("#result_list tbody tr")).to_have_count(3)
        expect(page.get_by_text("Dia Sen")).to_have_count(0)
        page.get_by_role("row", name="Asha Rao").get_by_role("checkbox").check()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_label("Your sentence in the mail (optional)").fill("The parents called")
        page.locator(".act-primary").click()
        expect(page.locator(".messagelist")).to_be_visible()
        assert page.goto(page_of(other)).status == 404  # type: ignore[union-attr]  # a page was asked for
    assert states() == {
        "Asha Rao": "cancelled",
        "Ben Iyer": "confirmed",
        "Chitra Das": "waiting",
        "Dia Sen": "confirmed",
    }
    change = Change.objects.get(to_state="cancelled")
    assert (change.user, change.reason) == (lead, "The parents called")
