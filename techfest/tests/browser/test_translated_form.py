"""A form filled in on a translated copy of the page, and searches, in a real browser."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from events.models import Event
from registrations.models import Registration
from registrations.tests.builders import build_event, build_fest, build_school
from techfest.tests.browser.pages import PHONE, faults_of, fill_form, send, signed_in
from tickets.tests.builders.checkin import checkpoint_of, gate_of, ticket_for, volunteer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

COPY = "http://fest-example.translate.example/"


@pytest.fixture
def event(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> Event:
    fest = build_fest(name="Riverside Tech Fest")
    build_school()
    build_event(fest, name="Quiz")
    return build_event(fest, name="Straßenrennen", slug="race")


@pytest.fixture
def page(browser: Browser, live_server: Any) -> Iterator[Page]:
    with browser.new_context(viewport=PHONE, base_url=live_server.url) as context:
        yield context.new_page()


def open_copy(page: Page, url: str, path: str) -> None:
    """Show the page as a translation service does: from its own host, with forms that lead to the original."""
    page.goto(path)
    copy = re.sub(r"<link[^>]*>|<script.*?</script>", "", page.content()).replace(
        'action="/', f'action="{url}/'
    )

    def respond(route: Route) -> None:
        route.fulfill(body=copy, content_type="text/html; charset=utf-8")

    page.route(f"{COPY}**", respond)
    page.goto(COPY)


def test_form_of_a_translated_copy_ends_in_a_registration(event: Event, page: Page, live_server: Any) -> None:
    open_copy(page, live_server.url, "/register/?event=race")
    fill_form(page, name="Łukasz Müller", roll_number="17")
    send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("The form came from another site")
    expect(page.get_by_role("main")).to_contain_text("Łukasz Müller")
    assert not Registration.objects.exists()
    faults = {"kept": faults_of(page, Axe())}
    page.get_by_role("button", name="Go on to the original page").click()
    assert page.url.startswith(live_server.url)
    expect(page.get_by_label("Full name")).to_have_value("Łukasz Müller")
    expect(page.get_by_label("Roll number")).to_have_value("17")
    faults["form"] = faults_of(page, Axe())
    page.get_by_label("I agree.").check()
    send(page)
    expect(page.get_by_role("main")).to_contain_text("Łukasz Müller")
    assert Registration.objects.get().student.name == "Łukasz Müller"
    assert {name: found for name, found in faults.items() if found} == {}


def test_event_is_searched_by_name(event: Event, page: Page) -> None:
    page.goto("/")
    page.get_by_text("More filters").click()
    page.get_by_label("Name of the event").fill("strassen rennen")
    page.get_by_role("button", name="Show events").click()
    expect(page.get_by_role("heading", name="Straßenrennen")).to_be_visible()
    expect(page.get_by_role("heading", name="Quiz")).to_have_count(0)
    assert faults_of(page, Axe()) == []


def test_volunteer_reads_that_names_are_similar(event: Event, browser: Browser, live_server: Any) -> None:
    ticket_for(event, name="Jürgen Müller")
    gate = gate_of(event.fest, event)
    with signed_in(browser, volunteer(gate), live_server.url, viewport=PHONE) as context:
        page = context.new_page()
        page.goto(checkpoint_of(gate).url("search"))
        page.get_by_label("Name or reference").fill("jurgan")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("main")).to_contain_text("No one here has exactly this name")
        expect(page.get_by_role("main")).to_contain_text("Jürgen Müller")
        assert faults_of(page, Axe()) == []
