"""Today and Documents in a real browser: each state, light and dark, narrow, wide, with large text, and by keys."""

import datetime as dt
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, Page, ViewportSize, expect

from events.models import Event, Fest, Venue
from registrations.models import School, Teacher
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_school,
    build_submission,
    build_teacher,
)
from techfest.core import roles
from techfest.core.db.clock import database_now
from techfest.tests.browser.pages import PHONE, signed_in, violations
from tickets.models import Delivery, Ticket
from tickets.tests.admin_helpers import in_role

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TODAY, DOCUMENTS = reverse("admin:index"), reverse("admin:documents")
WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROWEST = 320
LONG = "Wolfeschlegelsteinhausenbergerdorff Memorial Challenge"


def busy_fest() -> Fest:
    """A fest on its first day: running and coming events, an overlap, a full event, a draft, decisions, a lost mail."""
    now = database_now()
    fest = build_fest(starts_on=now.date(), ends_on=now.date() + dt.timedelta(days=1), time_zone="UTC")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    hour = dt.timedelta(hours=1)
    lab = Venue.objects.create(fest=fest, name="Computer Laboratory")
    whole: dict[str, Any] = {
        "starts_at": midnight,
        "ends_at": midnight + 24 * hour,
        "closes_at": midnight + 24 * hour,
    }
    running = build_event(fest, name=LONG, capacity=2, **whole)
    build_event(fest, name="Quiz", venue=lab, **whole)
    build_event(fest, name="Talk", venue=lab, is_paused=True, **whole)
    build_event(
        fest,
        name="Plan",
        state=Event.State.DRAFT,
        starts_at=midnight + 30 * hour,
        ends_at=midnight + 31 * hour,
    )
    build_event(fest, name="Off", state=Event.State.CANCELLED, **whole)
    for name in ("Asha Rao", "Ben Iyer"):
        build_submission(
            running, name=name, email=f"{name[:3]}@example.org", school=build_school("Alpha School").name
        )
    Ticket.objects.filter(student__name="Asha Rao").update(checked_in_at=now)
    Delivery.objects.filter(student__name="Ben Iyer").update(state=Delivery.State.BOUNCED)
    build_teacher(
        build_school(), is_approved=False, email="teacher@example.org", first_name="Ms Lakshmi Iyer"
    )
    build_school("Rivreside", state=School.State.PENDING)
    return fest


def new_fest() -> Fest:
    now = database_now()
    return build_fest(opens_at=now + dt.timedelta(days=1), closes_at=now + dt.timedelta(days=2))


def faults_of(page: Page, where: str) -> list[str]:
    """Violations in this window, sideways scrolling at 320 px and with text of 200 %."""
    found = [f"{where}: {violation}" for violation in violations(page, Axe())]
    size = page.viewport_size
    assert size
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    if page.evaluate("document.documentElement.scrollWidth") > NARROWEST:
        found.append(f"{where}: scrolls sideways at 320 px")
    page.set_viewport_size(size)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
        found.append(f"{where}: scrolls sideways with large text")
    page.evaluate("document.documentElement.style.fontSize = ''")
    return found


@pytest.mark.parametrize("build", [busy_fest, new_fest])
def test_today_and_documents_have_no_faults(
    beside_a_running_loop: None,
    plain_static: None,
    transactional_db: None,
    browser: Browser,
    live_server: Any,
    build: Any,
) -> None:
    fest = build()
    owner, lead, results = (in_role(role) for role in (roles.OWNER, roles.LEAD, roles.RESULTS))
    for event in fest.events.all():
        event.leads.add(lead)
    visits = [(owner, TODAY), (owner, DOCUMENTS), (lead, TODAY), (results, TODAY)]
    found = []
    for user, path in visits:
        with signed_in(browser, user, live_server.url) as context:
            page = context.new_page()
            for size in (PHONE, WIDE):
                page.set_viewport_size(size)
                page.goto(path)
                found += faults_of(page, f"{user} {path} {size['width']}")
    assert found == []


def test_grid_shows_hours_where_there_is_room_and_a_list_on_a_phone(
    beside_a_running_loop: None,
    plain_static: None,
    transactional_db: None,
    browser: Browser,
    live_server: Any,
) -> None:
    busy_fest()
    with signed_in(browser, in_role(roles.OWNER), live_server.url) as context:
        page = context.new_page()
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(TODAY)
        expect(page.locator(".today-hours")).to_be_visible()
        blocks = [page.get_by_role("link", name=name, exact=True).last for name in ("Quiz", "Talk")]
        places: list[Any] = [block.bounding_box() or {} for block in blocks]
        assert round(places[0]["x"]) == round(places[1]["x"])
        assert places[0]["y"] < places[1]["y"]
        page.set_viewport_size(PHONE)
        expect(page.locator(".today-hours")).to_be_hidden()
        expect(page.get_by_text("Same venue and time as Talk")).to_be_visible()


def test_teacher_is_approved_on_today_without_scripts_and_with_keys_alone(
    beside_a_running_loop: None,
    plain_static: None,
    transactional_db: None,
    browser: Browser,
    live_server: Any,
) -> None:
    busy_fest()
    with signed_in(browser, in_role(roles.OWNER), live_server.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(TODAY)
        page.get_by_role("button", name="Approve").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.url.endswith(TODAY)
        expect(page.get_by_text("1 teacher is approved and gets a mail.")).to_be_visible()
        page.get_by_role("button", name="Merge into another").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert "Merge these schools?" in page.content()
    assert Teacher.objects.get().approved_at is not None


def test_all_badges_are_two_clicks_away(
    beside_a_running_loop: None,
    plain_static: None,
    transactional_db: None,
    browser: Browser,
    live_server: Any,
) -> None:
    busy_fest()
    with signed_in(browser, in_role(roles.OWNER), live_server.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(DOCUMENTS)
        page.get_by_role("button", name="Make all badges").click()
        expect(page.get_by_text("It is waiting for its turn.")).to_be_visible()
