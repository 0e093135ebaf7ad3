"""The lists of the admin on a desk and on a phone: light and dark, with rows, filters and a selection, large text."""

from typing import Any

import pytest
from django.contrib import admin
from playwright.sync_api import Browser, Page, ViewportSize, expect

from events.models import Event
from registrations.models import Registration, Student
from registrations.tests.builders import build_event, build_submission
from techfest.tests.browser.admin_faults import DESK, faults_at, narrow_and_large_faults
from techfest.tests.browser.pages import PHONE, signed_in
from tickets.tests.admin_helpers import current_fest, list_path, organiser
from tickets.tests.builders.everything import build_row_of_everything

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LONG_NAMES = ("W" * 200, "Wolfeschlegelsteinhausenbergerdorff Jr", "Maria " * 33)
LONG_SCHOOL = "Government Higher Secondary School for Science and Technology, Thiruvananthapuram North"


@pytest.fixture
def owner(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> Any:
    """An owner, rows of every model, long names, and more events than a select offers."""
    for number in (1, 2):
        build_row_of_everything(number)
    fest = current_fest()
    event = build_event(fest, name="Robo Race", capacity=2)
    for number, name in enumerate(("Asha Rao", "Ben Iyer", *LONG_NAMES)):
        address = f"someone.with.a.long.address.{number}@a-rather-long-domain.example.org"
        build_submission(event, name=name, email=address, school=LONG_SCHOOL)
    for number in range(32):
        build_event(fest, name=f"Event {number}")
    return organiser()


def faults_of(page: Page, name: str) -> list[str]:
    """Faults of the open list at both widths in both schemes, and with text of twice the size."""
    found = [fault for size in (DESK, PHONE) for fault in faults_at(page, name, size)]
    return found + narrow_and_large_faults(page, name, (PHONE, DESK))


def test_every_list_has_no_faults(owner: Any, browser: Browser, live_server: Any) -> None:
    found = []
    with signed_in(browser, owner, live_server.url, viewport=DESK) as context:
        page = context.new_page()
        for model in admin.site._registry:
            page.goto(list_path(model))
            found += faults_of(page, model.__name__)
    assert found == []


def test_states_of_the_list_of_registrations_have_no_faults(
    owner: Any, browser: Browser, live_server: Any
) -> None:
    found = []
    path = list_path(Registration)
    event = Event.objects.get(name="Robo Race")
    states = {
        "filtered": f"{path}?event__id__exact={event.pk}&state__exact=waiting",
        "named": f"{path}?named-event=Event",
        "searched": f"{path}?q={'W' * 120}",
        "empty": f"{path}?q=Xylophone",
        "sorted": f"{path}?o=-3.1",
    }
    with signed_in(browser, owner, live_server.url, viewport=DESK) as context:
        page = context.new_page()
        for name, address in states.items():
            page.goto(address)
            found += faults_of(page, name)
        page.goto(path)
        page.locator(".action-select").first.check()
        found += faults_of(page, "selected")
    assert found == []


@pytest.mark.parametrize("has_scripts", [True, False])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_filter_select_and_act(
    owner: Any, browser: Browser, live_server: Any, size: ViewportSize, has_scripts: bool
) -> None:
    options = {"viewport": size, "java_script_enabled": has_scripts}
    with signed_in(browser, owner, live_server.url, **options) as context:
        page = context.new_page()
        page.goto(list_path(Registration))
        page.get_by_label("Event", exact=True).fill("robo race")
        page.get_by_label("State", exact=True).select_option("Waiting")
        page.get_by_role("button", name="Show", exact=True).last.click()
        rows = page.locator("#result_list tbody tr")
        expect(rows).to_have_count(3)
        expect(page.get_by_label("Event", exact=True)).to_have_value("Robo Race")
        rows.filter(has_text="Wolfeschlegel").get_by_role("checkbox").check()
        bar = page.get_by_role("group", name="Actions for the selected rows")
        expect(bar).to_be_in_viewport()
        expect(bar).to_contain_text("Selected: 1" if has_scripts else "With the selected:")
        bar.get_by_role("button", name="Cancel").click()
        expect(page.locator("form .admin-actions")).to_be_visible()
        page.go_back()
        page.get_by_role("link", name="Remove State: waiting").click()
        expect(rows).to_have_count(5)


def test_page_of_a_list_is_light(owner: Any, browser: Browser, live_server: Any) -> None:
    """No script of another page comes along; the style sheets are few."""
    with signed_in(browser, owner, live_server.url, viewport=DESK) as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(list_path(Student))
        page.wait_for_load_state("networkidle")
    scripts = {one.rpartition("/")[2] for one in asked if one.endswith(".js")}
    assert scripts <= {"theme.js", "nav_sidebar.js", "lists.js", "admin.js"}
