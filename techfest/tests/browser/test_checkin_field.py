"""Undo on the verdict, the last scans, the one field, and verdicts that are known without their colour."""

import io
from itertools import combinations
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect

from events.models import AuditEntry, Event
from registrations.booking.cancel import cancel
from techfest.core.db.locking import Deadline
from techfest.tests.browser.camera import film
from techfest.tests.browser.door import kept, log_in, opened, path_of, url_of, wedge, with_camera, word
from techfest.tests.browser.pages import PHONE, faults_of
from tickets.models import CheckIn, Gate, Scan, Ticket
from tickets.tests.builders.checkin import ticket_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ACHROMATOPSIA = {"type": "achromatopsia"}


def press(page: Page, name: str) -> None:
    page.locator("[data-verdict]").get_by_role("button", name=name, exact=True).click()


def strip(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.locator("[data-recent] li").all_inner_texts()]


# ---- Undo


def test_undo_on_the_verdict_and_the_reason_afterwards(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    page = opened(phone, gate)
    kept(page)
    wedge(page, url_of(ticket))
    expect(word(page)).to_have_text("In")
    press(page, "Undo")
    expect(word(page)).to_have_text("Undone")
    expect(page.locator("[data-counts]")).to_have_text("0 of 1 in")
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert CheckIn.objects.get().undo_reason == "no reason given"
    press(page, "Wrong person")
    expect(page.locator("[data-verdict]")).to_be_hidden()
    expect(page.locator("[data-waiting]")).to_be_hidden()
    page.wait_for_function("!navigator.onLine || true")
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_visible()
    assert list(AuditEntry.objects.order_by("pk").values_list("what", "reason")) == [
        ("check-in undone", "no reason given"),
        ("reason for undoing a check-in", "Wrong person"),
    ]


def test_undo_is_offered_for_green_only_and_leaves_with_the_verdict(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    phone.clock.install()
    page = opened(phone, gate)
    undo = page.get_by_role("button", name="Undo", exact=True)
    wedge(page, ticket.code)
    expect(undo).to_be_visible()
    page.clock.fast_forward(8_000)
    expect(undo).to_be_visible()
    page.clock.fast_forward(4_000)
    expect(undo).to_be_hidden()
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("Already in")
    expect(undo).to_be_hidden()


def test_undo_without_a_network_goes_through_the_queue(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    page = opened(phone, gate)
    kept(page)
    phone.set_offline(True)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    press(page, "Undo")
    expect(word(page)).to_have_text("Undone")
    page.get_by_label("Another reason").fill("Sister's ticket")
    press(page, "Save")
    expect(page.locator("[data-waiting]")).to_have_text("2 scans are not sent yet")
    for expected in ("In", "Already in"):
        wedge(page, url_of(ticket))
        expect(word(page)).to_have_text(expected)
    phone.set_offline(False)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    expect(page.locator("[data-conflicts]")).to_be_hidden()
    found = CheckIn.objects.order_by("at").values_list("how", "undo_reason")
    assert list(found) == [("offline", "Sister's ticket"), ("offline", "")]
    assert CheckIn.objects.get(undone_at=None).undo_reason == ""


def test_undo_of_an_online_scan_waits_for_the_network_and_is_asked_about_later(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    page = opened(phone, gate)
    kept(page)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    phone.set_offline(True)
    press(page, "Undo")
    press(page, "Next")
    expect(page.locator("[data-waiting]")).to_have_text("1 scan is not sent yet")
    assert CheckIn.objects.get().undone_at is None
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    phone.set_offline(False)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    page.reload()
    expect(page.locator("[data-unexplained]")).to_contain_text("Asha Raman")
    page.locator("[data-unexplained]").get_by_role("link").click()
    page.get_by_role("button", name="Left the queue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Undone")
    assert sorted(CheckIn.objects.values_list("undo_reason", flat=True)) == ["", "Left the queue"]


def test_ticket_scanned_into_the_reason_is_a_scan(phone: BrowserContext, gate: Gate, event: Event) -> None:
    first, second = ticket_for(event, name="Asha Raman"), ticket_for(event, name="Ben Rao")
    page = opened(phone, gate)
    wedge(page, first.code)
    press(page, "Undo")
    page.get_by_label("Another reason").focus()
    wedge(page, url_of(second))
    expect(word(page)).to_have_text("In")
    expect(page.locator("[data-verdict]")).to_contain_text("Ben Rao")
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert list(CheckIn.objects.exclude(undo_reason="").values_list("undo_reason", flat=True)) == [
        "no reason given"
    ]


def test_undo_without_scripts(browser: Browser, live_server: Any, gate: Gate, ticket: Ticket) -> None:
    with browser.new_context(viewport=PHONE, base_url=live_server.url, java_script_enabled=False) as context:
        log_in(context, gate)
        page = opened(context, gate)
        page.get_by_label("Ticket, reference or name").fill(ticket.code)
        page.get_by_role("button", name="Check").click()
        page.get_by_role("button", name="Undo this check-in").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Undone"
        assert strip(page) == ["Undone Asha Raman"]
        page.get_by_role("button", name="Only a test").click()
        assert page.get_by_role("button", name="Only a test").count() == 0
        page.get_by_label("Ticket, reference or name").fill("raman")
        page.get_by_role("button", name="Check", exact=True).click()
        page.get_by_role("button", name="Check in").click()
        assert page.get_by_role("heading", level=1).inner_text() == "In"


# ---- The last scans


def test_last_scans_are_a_strip_that_no_one_sees_after_the_login(
    phone: BrowserContext, gate: Gate, event: Event
) -> None:
    page = opened(phone, gate)
    kept(page)
    for name in ("A", "B", "C", "D", "E", "F"):
        wedge(page, ticket_for(event, name=f"Asha {name}").code)
        expect(page.locator("[data-verdict] [data-name]")).to_have_text(f"Asha {name}")
    press(page, "Undo")
    assert strip(page) == ["Undone Asha F", *(f"In Asha {name}" for name in "EDCB")]
    press(page, "Next")
    expect(page.locator("[data-waiting]")).to_be_hidden()
    page.reload()
    expect(page.locator("[data-recent] li")).to_have_count(5)
    expect(page.locator("[data-unexplained]")).to_contain_text("Asha F")
    phone.clear_cookies()
    wedge(page, "x" * 22)
    press(page, "Next")
    expect(page.locator("[data-expired]")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("Asha")


# ---- One field


def test_name_in_the_field_finds_people_and_what_was_cancelled_is_red(
    phone: BrowserContext, gate: Gate, ticket: Ticket, event: Event
) -> None:
    gone = ticket_for(event, name="Asha Sundaram")
    cancel([gone.registration_id], actor="student", deadline=Deadline())
    page = opened(phone, gate)
    wedge(page, "asha")
    expect(word(page)).to_have_text("Who is it?")
    page.locator("[data-choices] button.is-cancelled", has_text="Asha Sundaram").click()
    expect(page.locator("[data-verdict][data-tone=red] [data-word]")).to_have_text("Cancelled")
    expect(page.locator("[data-sentence]")).to_contain_text("Do not let in.")
    wedge(page, "Asha Raman")
    page.locator("[data-choices] button", has_text="Asha Raman").click()
    expect(word(page)).to_have_text("In")
    assert CheckIn.objects.get().how == "search"
    wedge(page, "zubin")
    expect(word(page)).to_have_text("Not found")


def test_hand_scanner_that_ends_with_a_tab_is_read(phone: BrowserContext, gate: Gate, ticket: Ticket) -> None:
    page = opened(phone, gate)
    kept(page)
    page.keyboard.type(url_of(ticket))
    page.keyboard.press("Tab")
    expect(word(page)).to_have_text("In")
    press(page, "Next")
    page.keyboard.type("asha")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") != "id_code"


# ---- Known without the colour


def edge_of(page: Page) -> list[bool]:
    """Light and dark along the frame of the verdict, from the top to the bottom."""
    box = page.locator("[data-verdict]").bounding_box()
    assert box
    picture = Image.open(io.BytesIO(page.screenshot())).convert("L")
    across = [int(box["x"]) + x for x in (4, 10, 20)]
    light = [picture.getpixel((x, y)) for x in across for y in range(4, int(box["height"]) - 4)]
    middle = (min(light) + max(light)) / 2  # type: ignore[operator, type-var]
    return [max(light) - min(light) > 60 and one > middle for one in light]  # type: ignore[operator, type-var]


@pytest.mark.parametrize("kind", ["protanopia", "deuteranopia", "tritanopia", "achromatopsia", "forced"])
def test_verdicts_differ_without_their_colour(
    phone: BrowserContext, gate: Gate, ticket: Ticket, kind: str
) -> None:
    page = opened(phone, gate)
    if kind == "forced":
        page.emulate_media(forced_colors="active")
    else:
        session = phone.new_cdp_session(page)
        session.send("Emulation.setEmulatedVisionDeficiency", {"type": kind})
    edges: dict[str, list[bool]] = {}
    signs = {}
    for tone, code in (("green", ticket.code), ("amber", ticket.code), ("red", "x" * 22)):
        wedge(page, code)
        expect(page.locator(f"[data-verdict][data-tone={tone}]")).to_be_visible()
        signs[tone] = page.locator(f".of-{tone} .shape path").get_attribute("d")
        assert page.locator(".sign:visible").count() == 1
        edges[tone] = edge_of(page)
    assert len(set(signs.values())) == 3
    for one, other in combinations(edges.values(), 2):
        differing = sum(a != b for a, b in zip(one, other, strict=True)) / len(one)
        assert differing > 0.15


# ---- The whole screen


def test_camera_fills_the_screen_and_remembers_it(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    live_server: Any,
    gate: Gate,
    ticket: Ticket,
    tmp_path: Any,
) -> None:
    path = film(tmp_path / "qr.y4m", url_of(ticket))
    with (
        with_camera(browser_type, browser_type_launch_args, path) as browser,
        browser.new_context(viewport=PHONE, base_url=live_server.url) as context,
    ):
        context.grant_permissions(["camera"])
        log_in(context, gate)
        page = opened(context, gate)
        expect(word(page)).to_have_text("In", timeout=40_000)
        press(page, "Next")
        page.get_by_role("button", name="Full screen").click()
        box = page.locator(".scanner-view").bounding_box()
        assert box
        assert (box["width"], box["height"]) == (page.evaluate("innerWidth"), page.evaluate("innerHeight"))
        assert [fault for fault in faults_of(page, Axe()) if "color-contrast" in fault] == []
        wedge(page, "x" * 22)
        expect(word(page)).to_have_text("Unknown")
        press(page, "Next")
        page.goto(path_of(gate))
        expect(page.locator("body.camera-full")).to_have_count(1, timeout=40_000)
        page.keyboard.press("Escape")
        page.locator("[data-full]").dispatch_event("click")
        expect(page.locator("body.camera-full")).to_have_count(0)
    assert Scan.objects.exists()


def test_new_states_have_no_faults(phone: BrowserContext, gate: Gate, ticket: Ticket, event: Event) -> None:
    gone = ticket_for(event, name="Asha Sundaram")
    cancel([gone.registration_id], actor="student", deadline=Deadline())
    page = opened(phone, gate)
    kept(page)
    faults = {}
    wedge(page, "asha")
    expect(word(page)).to_have_text("Who is it?")
    faults["people"] = faults_of(page, Axe())
    wedge(page, ticket.code)
    press(page, "Undo")
    faults["undone"] = faults_of(page, Axe())
    press(page, "Next")
    page.reload()
    kept(page)
    expect(page.locator("[data-unexplained]")).to_be_visible()
    faults["strip"] = faults_of(page, Axe())
    page.locator("[data-unexplained] a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Undone")
    faults["verdict"] = faults_of(page, Axe())
    page.goto(f"{path_of(gate)}search")
    page.get_by_label("Name or reference").fill("asha")
    page.locator("main button.button").first.click()
    faults["search"] = faults_of(page, Axe())
    assert {name: one for name, one in faults.items() if one} == {}
