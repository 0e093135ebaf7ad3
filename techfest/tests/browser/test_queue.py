"""A form that waits in the queue of a rush, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, Page, Route, expect

from deploy.nginx.render import Site
from events.models import Event
from registrations.models import Registration
from registrations.tests.builders import build_event, build_fest, build_school
from techfest.tests.browser.pages import PHONE, faults_of, fill_form

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

AGAIN_AFTER = 12_000
"""Milliseconds that the busy page waits at most."""
SCRIPT = Path(settings.BASE_DIR) / "static" / "js" / "form.js"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Its clock can be put forward."""
    with browser.new_context(viewport=PHONE) as context:
        context.clock.install()
        yield context.new_page()


@pytest.fixture
def held(
    beside_a_running_loop: None, plain_static: None, transactional_db: None, page: Page, live_server: Any
) -> list[Route]:
    """The form is filled in; each submission waits until its route is continued."""
    build_school()
    event: Event = build_event(build_fest(), slug="robo-race")
    found: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            found.append(route)
        else:
            route.continue_()

    page.route("**/register/*", hold)
    page.route("**/register/", hold)
    page.goto(f"{live_server.url}/register/?event={event.slug}")
    fill_form(page)
    return found


def wait_for_submissions(page: Page, held: list[Route], many: int) -> None:
    """Until so many have been sent; a busy machine takes its time."""
    for _ in range(100):
        if len(held) >= many:
            break
        page.wait_for_timeout(200)
    assert len(held) == many


# Playwright waits for a navigation under way before it looks at a page, so the page looks at itself.
SEND_TWICE = """
    const form = document.querySelector("form[data-queue]"), notice = form.querySelector("[data-in-queue]");
    const button = form.querySelector("button");
    const look = (when) => sessionStorage.setItem(when, `${!notice.hidden} ${form.elements.name.value}`);
    button.click();
    setTimeout(() => look("early"), 2000);
    setTimeout(() => { look("late"); button.click(); }, 4000);
"""


def test_form_in_the_queue_says_so_keeps_its_turn_and_goes_on_by_itself(
    held: list[Route], page: Page
) -> None:
    page.evaluate(f"() => {{ {SEND_TWICE} }}")
    page.wait_for_timeout(5_000)
    assert len(held) == 1
    held[0].continue_()
    expect(page.get_by_role("heading", name="You are registered")).to_be_visible()
    seen = page.evaluate("[sessionStorage.getItem('early'), sessionStorage.getItem('late')]")
    assert seen == ["false Ben Rao", "true Ben Rao"]
    assert Registration.objects.count() == 1


def test_form_may_be_sent_again_when_the_browser_returns_to_it(held: list[Route], page: Page) -> None:
    """It is filled in anew: browsers restore no field with `autocomplete="off"`, such as a child's name."""
    page.evaluate("document.querySelector('form[data-queue] button').click()")
    wait_for_submissions(page, held, 1)
    held[0].fulfill(status=200, content_type="text/html", body="<h1>Left</h1>")
    expect(page.get_by_role("heading", name="Left")).to_be_visible()
    page.go_back()
    fill_form(page)
    page.evaluate("document.querySelector('form[data-queue] button').click()")
    wait_for_submissions(page, held, 2)
    held[1].continue_()
    expect(page.get_by_role("heading", name="You are registered")).to_be_visible()


SEND_AND_SHOW = """
    (persisted) => {
        const button = document.querySelector("form[data-queue] button");
        button.click();
        setTimeout(() => {
            dispatchEvent(new PageTransitionEvent("pageshow", { persisted }));
            button.click();
        }, 500);
    }
"""


@pytest.mark.parametrize(("persisted", "sent"), [(False, 1), (True, 2)])
def test_form_sent_before_its_page_is_loaded_keeps_its_turn(
    held: list[Route], page: Page, persisted: bool, sent: int
) -> None:
    """Only a page from the browser's memory may send again; loading ends with the same event."""
    page.evaluate(SEND_AND_SHOW, persisted)
    page.wait_for_timeout(1_500)
    assert len(held) == sent
    held[-1].abort()


def test_script_waits_as_long_as_nginx() -> None:
    site = Site(upstream="", static_root=SCRIPT, errors=SCRIPT, run=SCRIPT, logs=SCRIPT)
    (seconds,) = re.findall(r"LONGEST_SECONDS = (\d+);", SCRIPT.read_text())
    assert int(seconds) == site.answer_seconds


def test_form_that_finds_no_place_in_the_queue_is_sent_again_by_itself(held: list[Route], page: Page) -> None:
    """The busy page of nginx in its place; the answers are those that were typed, and then they are forgotten."""
    page.evaluate("document.querySelector('form[data-queue] button').click()")
    wait_for_submissions(page, held, 1)
    busy = (Path(settings.BASE_DIR) / "static" / "errors" / "503-sent.html").read_text()
    held[0].fulfill(status=503, content_type="text/html", body=busy)
    expect(page.get_by_text("Your answers are kept")).to_be_visible()
    expect(page.get_by_text("load the page again")).to_be_hidden()
    assert faults_of(page, Axe()) == []
    assert len(held) == 1
    page.clock.fast_forward(AGAIN_AFTER)
    wait_for_submissions(page, held, 2)
    assert held[1].request.post_data_json == held[0].request.post_data_json
    held[1].continue_()
    expect(page.get_by_role("heading", name="You are registered")).to_be_visible()
    assert Registration.objects.get().student.name == "Ben Rao"
    page.wait_for_function("sessionStorage.getItem('unanswered') === null")


def test_busy_page_sends_nothing_that_was_not_typed_in_its_tab(page: Page, live_server: Any) -> None:
    body = (Path(settings.BASE_DIR) / "static" / "errors" / "503-sent.html").read_text()
    page.route("**/register/", lambda route: route.fulfill(status=503, content_type="text/html", body=body))
    page.goto(f"{live_server.url}/register/")
    expect(page.get_by_text("load the page again")).to_be_visible()
    expect(page.get_by_text("Your answers are kept")).to_be_hidden()


def is_loaded_again(page: Page, url: str) -> None:
    body = (Path(settings.BASE_DIR) / "static" / "errors" / "503.html").read_text()
    answers = [(503, body), (200, "<h1>All events</h1>")]

    def answer(route: Route) -> None:
        status, page_of_it = answers.pop(0)
        route.fulfill(status=status, content_type="text/html", body=page_of_it)

    page.route(f"{url}/", answer)
    page.goto(url)
    expect(page.get_by_text("This page tries again every ten seconds")).to_be_visible()
    assert faults_of(page, Axe()) == []
    assert len(answers) == 1
    page.clock.fast_forward(AGAIN_AFTER)
    expect(page.get_by_role("heading", name="All events")).to_be_visible()


@pytest.mark.usefixtures("plain_static")
def test_page_that_finds_no_place_in_the_queue_is_loaded_again_by_itself(
    page: Page, live_server: Any
) -> None:
    is_loaded_again(page, live_server.url)


BLOCKED = """
    Object.defineProperty(window, "sessionStorage", { get() { throw new DOMException("blocked", "SecurityError"); } });
"""


@pytest.mark.usefixtures("plain_static")
def test_busy_page_works_where_the_browser_blocks_storage(page: Page, live_server: Any) -> None:
    page.add_init_script(BLOCKED)
    is_loaded_again(page, live_server.url)


def test_answers_are_taken_out_of_the_tab_while_the_busy_page_waits(held: list[Route], page: Page) -> None:
    """A page that is left open at a school's computer shows them to nobody."""
    page.evaluate("document.querySelector('form[data-queue] button').click()")
    wait_for_submissions(page, held, 1)
    busy = (Path(settings.BASE_DIR) / "static" / "errors" / "503-sent.html").read_text()
    held[0].fulfill(status=503, content_type="text/html", body=busy)
    expect(page.get_by_text("Your answers are kept")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('unanswered')") is None
    page.clock.fast_forward(AGAIN_AFTER)
    wait_for_submissions(page, held, 2)
    held[1].abort()
