"""Pages of errors and other unusual states: accessibility, widths, colours and print."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect

from events import cache
from events.models import Event, Fest, Seats
from registrations import links
from registrations.models import Registration
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from techfest.tests.browser.pages import PHONE, all_faults_of, fill_form, heading, send
from tickets.models import Ticket

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[3]
ERROR_PAGES = ("400", "403", "403_csrf", "403_foreign", "413", "429", "500", "503")


@pytest.fixture
def fest(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> Fest:
    """One open event, and one for each state that prevents registration."""
    fest = build_fest(name="Riverside Tech Fest")
    build_school()
    build_event(fest, name="Robo Race", slug="open")
    build_event(fest, name="Long Race", slug="clash", starts_at=_start(fest), ends_at=_start(fest, hours=9))
    build_event(fest, name="Seniors' Race", slug="ineligible", grade_min=9)
    full = build_event(fest, name="Quiz of Everything", slug="full", capacity=1, waiting_limit=0)
    build_event(fest, name="Early Bird", slug="soon", opens_at=timezone.now() + dt.timedelta(minutes=5))
    build_event(fest, name="Closing Race", slug="closed")
    build_submission(full)
    return fest


def _start(fest: Fest, hours: float = 0) -> dt.datetime:
    return Event.objects.get(fest=fest, slug="open").starts_at + dt.timedelta(hours=hours)


@pytest.fixture
def page(browser: Browser, live_server: Any) -> Iterator[Page]:
    """A phone with the site open."""
    with browser.new_context(viewport=PHONE, base_url=live_server.url) as context:
        yield context.new_page()


@pytest.fixture(params=["light", "dark"])
def page_in_a_scheme(request: Any, page: Page) -> Page:
    page.emulate_media(color_scheme=request.param)
    return page


def register(page: Page, slug: str, **values: str) -> None:
    page.goto(f"/register/?event={slug}")
    fill_form(page, **values)
    send(page)


@pytest.mark.parametrize("slug", ["full", "ineligible", "soon", "closed", "clash"])
def test_refusal_has_no_faults(fest: Fest, page: Page, slug: str) -> None:
    if slug == "clash":
        register(page, "open", email="ben@example.org")
    page.goto(f"/register/?event={slug}")
    fill_form(page, email="ben@example.org")
    if slug == "closed":
        Event.objects.filter(slug=slug).update(closes_at=timezone.now() - dt.timedelta(minutes=3))
    send(page)
    assert heading(page) == ("Registration is not open yet" if slug == "soon" else "You are not registered")
    assert all_faults_of(page, Axe()) == []
    page.get_by_role("button", name="Change my answers").click()
    assert page.get_by_label("Full name").input_value() == "Ben Rao"


def test_namesake_page_has_no_faults(fest: Fest, page: Page) -> None:
    register(page, "open", email="ben@example.org")
    register(page, "clash", email="other@example.org")
    assert heading(page) == "Which student are you?"
    assert page.evaluate("document.activeElement.id") == "error-summary"
    assert all_faults_of(page, Axe()) == []


def test_other_content_page_has_no_faults(fest: Fest, page: Page) -> None:
    page.goto("/register/?event=open")
    key = page.locator("[name=key]").input_value()
    fill_form(page)
    send(page)
    page.goto("/register/?event=open")
    page.locator("[name=key]").evaluate("(box, key) => box.value = key", key)
    fill_form(page, name="Ada Rao")
    send(page)
    assert heading(page) == "This form was already sent"
    assert all_faults_of(page, Axe()) == []


def test_busy_page_has_no_faults_and_sends_again(fest: Fest, page: Page) -> None:
    page.goto("/register/?event=open")
    fill_form(page)
    with transaction.atomic():
        list(Seats.objects.locked([Event.objects.get(slug="open").pk]))
        send(page)
    assert heading(page) == "Very many people are registering this second"
    assert all_faults_of(page, Axe()) == []
    page.get_by_role("button", name="Send again").click()
    assert heading(page) == "You are registered"


def test_small_forms_with_errors_have_no_faults(fest: Fest, page: Page) -> None:
    my = links.my_path(Registration.objects.get().student)
    faults = {}
    for path, button in (
        ("/link/", "Send my link"),
        (f"{my}add/", "Register for these events"),
        (f"{my}details/", "Save my details"),
    ):
        page.goto(path)
        if page.get_by_label("Full name").count():
            page.get_by_label("Full name").fill("")
        page.get_by_role("button", name=button).click()
        expect(page).to_have_title(re.compile("^Error: "))
        faults[button] = all_faults_of(page, Axe())
    assert {name: found for name, found in faults.items() if found} == {}


def test_error_pages_have_no_faults(fest: Fest, page: Page) -> None:
    """Error pages of Django, and those that nginx serves as files."""
    pages: dict[str, str] = {name: render_to_string(f"{name}.html") for name in ERROR_PAGES}
    pages |= {path.stem + " file": path.read_text() for path in (ROOT / "static" / "errors").glob("*.html")}

    def response(route: Route) -> None:
        route.fulfill(body=pages[name], content_type="text/html; charset=utf-8")

    page.route("**/an-error/", response)
    faults = {}
    for name in pages:
        page.goto("/an-error/")
        faults[name] = all_faults_of(page, Axe())
    assert {name: found for name, found in faults.items() if found} == {}


def test_cancelled_things_have_no_faults(fest: Fest, page: Page) -> None:
    register(page, "open")
    response = page.url
    page.get_by_role("link", name=re.compile("^Cancel")).click()
    page.get_by_role("button", name="Yes, cancel it").click()
    faults = {"cancelled": all_faults_of(page, Axe())}
    void = Ticket.objects.get(student__name="Ben Rao").get_absolute_url()
    for path in (response, void):
        page.goto(path)
        faults[path] = all_faults_of(page, Axe())
    assert {name: found for name, found in faults.items() if found} == {}


def test_ticket_prints_on_one_page(
    fest: Fest, page_in_a_scheme: Page, read_qr: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    """Printed in black on white without buttons; the QR code is readable on paper."""
    page = page_in_a_scheme
    ticket = Ticket.objects.get()
    page.goto(ticket.get_absolute_url())
    page.emulate_media(media="print")
    assert not any(
        box.is_visible() for box in page.locator(".nav, .foot, .button, .back, .act, .no-print").all()
    )
    colours = page.evaluate("[getComputedStyle(document.body)].flatMap(s => [s.color, s.backgroundColor])")
    assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    picture = tmp_path / "print.png"
    page.screenshot(path=picture)
    assert [url.rsplit("/", 2)[-2] for url in read_qr(picture)] == [ticket.code]
    assert page.pdf(format="A4").count(b"/Type /Page\n") == 1


def test_code_is_read_from_a_dim_screen(
    fest: Fest, page_in_a_scheme: Page, read_qr: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    page = page_in_a_scheme
    ticket = Ticket.objects.get()
    page.goto(ticket.get_absolute_url())
    page.evaluate("document.documentElement.style.filter = 'brightness(.5)'")
    picture = tmp_path / "dim.png"
    page.screenshot(path=picture)
    assert [url.rsplit("/", 2)[-2] for url in read_qr(picture)] == [ticket.code]


def test_forced_colours_leave_the_code_alone(fest: Fest, page_in_a_scheme: Page) -> None:
    """With forced colours boxes keep their borders and the QR code stays black on white."""
    page = page_in_a_scheme
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    page.goto(Ticket.objects.get().get_absolute_url())
    style = "getComputedStyle(document.querySelector('{}')).{}"
    assert page.evaluate(style.format(".qr", "backgroundColor")) == "rgb(255, 255, 255)"
    assert page.evaluate(style.format(".ticket", "borderTopStyle")) == "solid"
    page.goto("/register/?event=open")
    assert page.evaluate(style.format(".button", "transitionDuration")) == "0s"


def test_public_pages_have_a_preview_and_secret_ones_tell_nothing(fest: Fest, client: Client) -> None:
    submission = build_submission(Event.objects.get(slug="open"), name="Asha Secret")
    for path in ("/", "/events/open/"):
        response = client.get(path)
        tags = dict(re.findall(r'<meta property="og:([\w:]+)" content="([^"]+)"', response.content.decode()))
        wanted = {"type", "title", "description", "url", "site_name", "locale"}
        assert set(tags) == wanted | {"image", "image:width", "image:height", "image:alt"}
        assert tags["url"].endswith(path)
        assert response.cookies == {}
    for path in (links.confirmation_path(submission), links.my_path(submission.student)):
        head = client.get(path).content.decode().split("</head>")[0]
        assert 'property="og:title" content="Your registration"' in head
        assert "Asha" not in head
        assert "noindex" in head


def test_cancelled_event_does_not_say_when_registration_closes(fest: Fest, client: Client) -> None:
    assert "Registration closes" in client.get("/events/open/").content.decode()
    Event.objects.filter(slug="closed").update(state=Event.State.CANCELLED)
    cache.forget()
    text = client.get("/events/closed/").content.decode()
    assert "Cancelled" in text
    assert "Registration closes" not in text
