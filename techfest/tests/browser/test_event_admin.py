"""The page of one event and the pages that ask before an act, in light and dark, on a phone and a wide screen."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from events.models import Event, Venue
from registrations.admin.event_page import page_path
from registrations.models import Registration
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.admin.base import page_of
from techfest.tests.browser.admin_faults import OF_COLOURS, VIOLATIONS
from techfest.tests.browser.pages import signed_in
from tickets.models import Delivery
from tickets.tests.admin_helpers import organiser

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

NAMES = ("Asha Rao", "Ben Iyer", "Chitra Das", "Dia Sen", "Esha Paul", "Farid Khan", "Gita Nair")


@pytest.fixture
def event(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> Event:
    """Three seats, four who wait, and three people without an address."""
    fest = build_fest(name="Riverside Tech Fest")
    lab = Venue.objects.create(fest=fest, name="Physics lab, ground floor")
    Venue.objects.create(fest=fest, name="Hall B")
    event = build_event(fest, capacity=3, name="Robo Race", venue=lab)
    for number, name in enumerate(NAMES):
        build_submission(event, name=name, email=f"{number}@example.org" if number % 3 else "")
    return event


def _in_scheme(page: Page, scheme: Any, options: Any) -> list[Any]:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    found: list[Any] = Axe().run(page, options=options).response["violations"]
    return found


def faults(page: Page) -> list[Any]:
    found = [
        (scheme, one["id"], [node["target"] for node in one["nodes"]])
        for scheme, options in (("light", VIOLATIONS), ("dark", OF_COLOURS))
        for one in _in_scheme(page, scheme, options)
    ]
    is_wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [*found, *(["scrolls sideways"] if is_wide else [])]


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_pages_have_no_faults(event: Event, browser: Browser, live_server: Any, width: int) -> None:
    size: Any = {"width": width, "height": 800}
    with signed_in(browser, organiser(), live_server.url, viewport=size) as context:
        page = context.new_page()
        found = {}
        for name, path in (
            ("page", page_path(event)),
            ("form", page_of(event)),
            ("fest", page_of(event.fest)),
        ):
            page.goto(path)
            found[name] = faults(page)
        page.goto(page_path(event))
        page.get_by_label("Seats to add").fill("0")
        page.get_by_role("button", name="Add seats").click()
        found["problem"] = faults(page)
        for button in ("Add seats", "Cancel the event…"):
            page.goto(page_path(event))
            page.get_by_role("button", name=button).click()
            found[button] = faults(page)
    assert found == {name: [] for name in found}


@pytest.mark.parametrize("has_scripts", [False, True])
def test_another_venue_is_told_to_everybody_in_three_steps(
    event: Event, browser: Browser, live_server: Any, has_scripts: bool
) -> None:
    """From the event's page: choose the venue, move, save; one more from Today to the page."""
    with signed_in(browser, organiser(), live_server.url, java_script_enabled=has_scripts) as context:
        page = context.new_page()
        page.goto(page_path(event))
        page.get_by_label("Venue", exact=True).select_option("Hall B")
        page.get_by_role("button", name="Move to this venue").click()
        page.get_by_label("Your sentence in the mail (optional)").fill("The lab is flooded.")
        page.get_by_role("button", name="Show the mail with my sentence").click()
        expect(page.locator(".act-text").first).to_contain_text("The lab is flooded.")
        page.get_by_role("button", name="Save and mail 4 people").click()
        expect(page.locator(".messagelist")).to_contain_text("4 mails queued")
        page.go_back()
        expect(page.locator(".messagelist")).to_contain_text("is already as this link would make it")
    assert Event.objects.get().venue.name == "Hall B"
    assert Delivery.objects.filter(kind="changed").count() == 4


def test_seats_are_added_by_keyboard_alone(event: Event, browser: Browser, live_server: Any) -> None:
    with signed_in(browser, organiser(), live_server.url) as context:
        page = context.new_page()
        page.goto(page_path(event))
        page.get_by_label("Seats to add").focus()
        page.keyboard.type("0")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/act/?" in url)
        page.locator(".act-primary").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".messagelist")).to_contain_text("4 promoted, 2 mails queued")
    assert not Registration.objects.filter(state="waiting").exists()


def test_save_never_covers_the_field_in_use(event: Event, browser: Browser, live_server: Any) -> None:
    size: Any = {"width": 1280, "height": 700}
    with signed_in(browser, organiser(), live_server.url, viewport=size) as context:
        page = context.new_page()
        page.goto(page_of(event))
        bar = page.locator(".submit-row")
        expect(bar).to_be_in_viewport()
        for field in ("capacity", "closes_at_0", "rules", "summary", "starts_at_1"):
            page.locator(f"#id_{field}").focus()
            box, below = page.locator(f"#id_{field}").bounding_box(), bar.bounding_box()
            assert box is not None
            assert below is not None
            assert box["y"] < below["y"], field
