"""The catalogue and the form of the sample fest in a browser: cards, chips, hints, and how long the page is."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from events import cache
from events.models import Fest
from registrations.demo.fest import prepare
from techfest.tests.browser.pages import PHONE, faults_of, text_faults, weight_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TALLEST = 2700
"""CSS pixels of the catalogue on a phone: half of what it was with its cards one below the other (5,151)."""
ROWS = """() => [...document.querySelectorAll('.cards')].map(
    list => Object.values(Object.groupBy(list.children, card => card.offsetTop)).map(row => row.length))"""


@pytest.fixture
def fest(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> Fest:
    fest = prepare(timezone.now())
    Fest.objects.exclude(pk=fest.pk).update(is_current=False)
    cache.forget()
    return fest


def test_catalogue_is_short_on_a_phone_and_has_no_faults(
    fest: Fest, browser: Browser, live_server: Any
) -> None:
    with browser.new_context(viewport=PHONE, base_url=live_server.url) as context:
        page = context.new_page()
        page.goto("/")
        assert page.evaluate("document.documentElement.scrollHeight") <= TALLEST
        assert faults_of(page, Axe()) + text_faults(page) == []
        page.goto("/")
        page.get_by_role("navigation", name="Your grade").get_by_role("link", name="Grade 5").click()
        expect(page.get_by_text("Code Sprint Senior")).to_have_count(0)
        assert faults_of(page, Axe()) == []
        page.get_by_role("link", name="Code Sprint Junior").click()
        page.get_by_role("link", name="Register").click()
        expect(page.get_by_role("group", name="Grade").get_by_label("5", exact=True)).to_be_checked()
        expect(page.get_by_label("Code Sprint Junior")).to_be_checked()


def test_no_card_is_alone_in_its_row(fest: Fest, browser: Browser, live_server: Any) -> None:
    """With seven events a day; then with fewer, by taking cards away."""
    with browser.new_context(viewport={"width": 1280, "height": 800}, base_url=live_server.url) as context:
        page = context.new_page()
        page.goto("/")
        rows = [page.evaluate(ROWS)[0]]
        for _ in range(6):
            page.evaluate("document.querySelector('.card').remove()")
            rows.append(page.evaluate(ROWS)[0])
    assert rows == [[3, 2, 2], [3, 3], [3, 2], [2, 2], [3], [2], [1]]


def test_catalogue_of_the_sample_is_within_budget(fest: Fest, browser: Browser, live_server: Any) -> None:
    with browser.new_context(viewport=PHONE) as context:
        found = weight_of(context.new_page(), f"{live_server.url}/?grade=7", live_server.url)
    assert found == (True, True, True, [], 0)


def hint_of(page: Page, event: str) -> str:
    return page.locator("label", has=page.locator("b", has_text=event)).locator(".hint").inner_text()


def test_form_hints_at_grades_and_overlaps_and_the_server_judges(
    fest: Fest, browser: Browser, live_server: Any
) -> None:
    with browser.new_context(viewport=PHONE, base_url=live_server.url) as context:
        page = context.new_page()
        page.goto("/register/?event=code-sprint-junior&grade=9")
        page.get_by_text("Add another event").click()
        assert hint_of(page, "Code Sprint Junior") == "Not for grade 9"
        assert hint_of(page, "Line Follower Challenge") == "At the same time as Code Sprint Junior"
        page.get_by_label("Line Follower Challenge").check()
        expect(page.locator("[data-clash]")).to_have_text("At the same time as Code Sprint Junior")
        assert faults_of(page, Axe()) + text_faults(page) == []
        page.get_by_role("group", name="Grade").get_by_label("7", exact=True).check()
        assert hint_of(page, "Code Sprint Junior") == "At the same time as Line Follower Challenge"
        page.get_by_role("button", name="Send my registration").click()
        expect(page.locator("#error-summary")).to_contain_text(
            "take place at the same time. Choose one of them."
        )
        expect(page.locator("#error-summary")).to_be_focused()
        page.locator("[value=code-sprint-junior]").uncheck()
        assert hint_of(page, "Line Follower Challenge") == ""
