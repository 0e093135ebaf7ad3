"""Admin pages on a phone: not wider than the screen, readable in light and dark, usable by keyboard."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page

from events.models import Fest
from registrations.models import DatabaseMarker, Purge, PurgePlan, SecurityEvent, TemporaryPassword
from registrations.restore import hold
from registrations.tests.builders import build_user
from techfest.core.admin.base import page_of
from techfest.tests.browser.pages import PHONE, signed_in, violations
from tickets.models import Alert, SearchCount
from tickets.tests.admin_helpers import current_fest, list_path, organiser
from tickets.tests.builders.everything import build_row_of_everything

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

HELD = "/admin/held-mails/"
MAX_STEPS = 80


@pytest.fixture
def owner(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> Any:
    """An owner, with two fests that have rows of every model, and mails that are held after a restore."""
    for number in (1, 2):
        build_row_of_everything(number)
    Fest.objects.update(privacy_text="We keep it for some weeks.")
    Fest.objects.filter(is_current=False).update(name="Wolfeschlegelsteinhausenbergerdorff Winter Fest")
    with transaction.atomic():
        hold.hold(hold.locked_marker(), "older", None)
    return organiser()


def faults_of(page: Page) -> list[str]:
    found = violations(page, Axe())
    if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
        found.append("scrolls sideways at 360 px")
    return found


def tab_to(page: Page, wanted: Locator) -> None:
    """Move the focus with the Tab key."""
    for _ in range(MAX_STEPS):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    pytest.fail(f"{wanted} is not reached with {MAX_STEPS} steps")


def test_admin_pages_fit_a_phone(owner: Any, browser: Browser, live_server: Any) -> None:
    tables = (SecurityEvent, TemporaryPassword, Alert, SearchCount, Purge, PurgePlan)
    account = build_user(is_staff=True)
    paths = [reverse("admin:index"), HELD, *map(list_path, tables), page_of(account), page_of(current_fest())]
    faults = {}
    with signed_in(browser, owner, live_server.url, viewport=PHONE) as context:
        page = context.new_page()
        for path in paths:
            page.goto(path)
            faults[path] = faults_of(page)
        page.get_by_label("Time zone").fill("America/New_York")
        page.get_by_role("button", name="Save", exact=True).click()
        faults["zone"] = faults_of(page)
    assert {path: found for path, found in faults.items() if found} == {}


def test_held_mails_and_the_shown_fest_are_chosen_with_keys_alone(
    owner: Any, browser: Browser, live_server: Any
) -> None:
    DatabaseMarker.objects.update(register_applied_at="2026-12-01T00:00Z")
    with signed_in(browser, owner, live_server.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(HELD)
        tab_to(page, page.get_by_label("Fest shown"))
        page.keyboard.press("W")
        tab_to(page, page.get_by_role("button", name="Show"))
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.url.endswith(HELD)
        tab_to(page, page.get_by_role("button", name="Send the chosen mails"))
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/")
        assert "Winter Fest" in page.locator("#site-name").inner_text()
    assert hold.current_hold() is None
