"""The scanner in a real browser: camera, hand scanner, no network, logging out."""

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, BrowserType, expect

from events.models import Event
from registrations.booking.cancel import cancel
from registrations.models import AccountSession
from registrations.tests.builders import build_submission
from techfest.core.db.locking import Deadline
from techfest.tests.browser.camera import film
from techfest.tests.browser.door import enter, kept, log_in, opened, path_of, url_of, wedge, with_camera, word
from techfest.tests.browser.pages import PHONE, faults_of
from tickets.models import CheckIn, Gate, Scan, Ticket
from tickets.tests.builders.checkin import (
    checkpoint_of,
    open_event,
    scanned,
    ticket_for,
    volunteer,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROWS = """
    async () => {
        const names = (await indexedDB.databases()).map((one) => one.name);
        const workers = (await navigator.serviceWorker.getRegistrations()).length;
        return { names, workers, caches: await caches.keys(), kept: localStorage.length };
    }
"""


def test_camera_that_is_allowed_reads_a_ticket_once(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    live_server: Any,
    gate: Gate,
    ticket: Ticket,
    tmp_path: Path,
) -> None:
    path = film(tmp_path / "qr.y4m", url_of(ticket))
    with (
        with_camera(browser_type, browser_type_launch_args, path) as browser,
        browser.new_context(viewport=PHONE, base_url=live_server.url) as context,
    ):
        log_in(context, gate)
        page = opened(context, gate)
        expect(page.locator("[data-camera-status]")).to_contain_text("not allowed")
        context.grant_permissions(["camera"])
        page.get_by_role("button", name="Start the camera").click()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        expect(word(page)).to_have_text("In", timeout=15_000)
        expect(page.locator("[data-verdict]")).to_contain_text("Asha Raman")
        page.wait_for_timeout(3500)
    assert list(Scan.objects.values_list("verdict", flat=True)) == ["in"]
    assert [url for url in asked if not url.startswith(live_server.url)] == []


def test_hand_scanner_types_beside_the_camera(phone: BrowserContext, gate: Gate, ticket: Ticket) -> None:
    page = opened(phone, gate)
    expect(page.locator("[data-camera-status]")).to_contain_text("camera")
    page.get_by_role("button", name="Mute").click()
    for text, expected in (
        (url_of(ticket), "In"),
        (ticket.code, "Already in"),
        ("x" * 22, "Unknown"),
        ("?", "Not readable"),
    ):
        wedge(page, text)
        expect(word(page)).to_have_text(expected)
    assert page.locator("[data-say]").inner_text().startswith("Not readable")
    assert Scan.objects.count() == 4


def test_reference_of_two_tickets_asks_which(phone: BrowserContext, gate: Gate, event: Event) -> None:
    other = open_event(event.fest, name="Quiz Bowl", minutes=5, ends_at=event.starts_at)
    gate.events.add(other)
    reference = build_submission(event, other, name="Mina Das").student.reference
    page = opened(phone, gate)
    wedge(page, reference.lower())
    expect(word(page)).to_have_text("Choose")
    page.get_by_role("button", name="Quiz Bowl").click()
    expect(word(page)).to_have_text("In")
    assert CheckIn.objects.get().ticket.registration.event == other


def test_check_in_works_without_scripts(
    browser: Browser, live_server: Any, gate: Gate, ticket: Ticket
) -> None:
    with browser.new_context(viewport=PHONE, base_url=live_server.url, java_script_enabled=False) as context:
        log_in(context, gate)
        page = opened(context, gate)
        assert page.locator("[data-scanner]").is_hidden()
        page.get_by_label("Ticket, reference or name").fill(ticket.code)
        page.get_by_role("button", name="Check").click()
        assert page.get_by_role("heading", level=1).inner_text() == "In"


def test_scans_without_a_network_are_uploaded_and_conflicts_listed(
    phone: BrowserContext, gate: Gate, ticket: Ticket, event: Event
) -> None:
    late = ticket_for(event, name="Ben Rao")
    page = opened(phone, gate)
    kept(page)
    phone.set_offline(True)
    page.goto("/door/")
    page.wait_for_url(f"**{path_of(gate)}")
    for text, expected in ((url_of(ticket), "In"), (ticket.code, "Already in"), ("x" * 22, "Unknown")):
        wedge(page, text)
        expect(word(page)).to_have_text(expected)
        expect(page.locator("[data-note]")).to_have_text("Not verified online")
    assert "Asha" not in page.content()
    wedge(page, late.code)
    expect(page.locator("[data-waiting]")).to_have_text("4 scans are not sent yet")
    assert Scan.objects.count() == 0

    # Meanwhile the same ticket came in at another door.
    scanned(checkpoint_of(gate), late.code, volunteer(gate, first_name="Mei"))
    phone.set_offline(False)
    conflict = "Robo Race, Main gate: the phone showed “in”; correct is “already in”."
    expect(page.locator("[data-conflicts]")).to_contain_text(conflict)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    offline = Scan.objects.filter(is_offline=True).order_by("at")
    assert list(offline.values_list("device_verdict", "verdict", "is_conflict")) == [
        ("in", "in", False),
        ("already", "already", False),
        ("unknown", "unknown", False),
        ("in", "already", True),
    ]
    assert sorted(CheckIn.objects.values_list("ticket__student__name", "how")) == [
        ("Asha Raman", "offline"),
        ("Ben Rao", "scan"),
    ]


def test_scans_stay_queued_when_the_login_has_ended(
    ticket: Ticket, phone: BrowserContext, gate: Gate
) -> None:
    page = opened(phone, gate)
    kept(page)
    phone.set_offline(True)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    AccountSession.objects.all().delete()
    phone.set_offline(False)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("link", name="Open this page again").click()
    assert Scan.objects.count() == 0
    enter(page)
    page.wait_for_url(f"**{path_of(gate)}")
    expect(page.locator("[data-counts]")).to_have_text("1 of 1 in")
    assert Scan.objects.get().is_offline


def test_phone_knows_the_verdicts_without_a_network(
    phone: BrowserContext, gate: Gate, ticket: Ticket, event: Event
) -> None:
    now = timezone.now()
    dead, old = ticket_for(event), ticket_for(event)
    cancel([dead.registration_id], actor="organiser", deadline=Deadline())
    Ticket.objects.filter(pk=old.pk).update(voided_at=now)
    tomorrow = open_event(event.fest, minutes=26 * 60)
    soon = open_event(event.fest, name="Quiz Bowl", doors_open_at=now + dt.timedelta(minutes=2))
    gate.events.add(tomorrow, soon)
    elsewhere = ticket_for(open_event(event.fest, name="Debug Relay"))
    scans = [
        (elsewhere, "red", "Wrong event", "This ticket is for Debug Relay: go to Main Hall"),
        (ticket_for(tomorrow), "red", "Wrong day", "is on another day"),
        (ticket_for(soon), "red", "Not yet open", "The doors of Quiz Bowl open at"),
        (dead, "red", "Cancelled", "was cancelled"),
        (old, "red", "Replaced", "Show the newer ticket"),
        (ticket, "green", "In", "Welcome to Robo Race"),
    ]
    page = opened(phone, gate)
    kept(page)
    phone.set_offline(True)
    for one, tone, expected, sentence in scans:
        wedge(page, one.code)
        expect(word(page)).to_have_text(expected)
        expect(page.locator(f"[data-verdict][data-tone={tone}] [data-sentence]")).to_contain_text(sentence)
    wedge(page, ticket.student.reference)
    expect(page.locator("[data-sentence]")).to_contain_text("only the QR of a ticket can be checked")
    phone.set_offline(False)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert Scan.objects.filter(
        is_offline=True, is_conflict=False, device_verdict=F("verdict")
    ).count() == len(scans)


def test_phone_keeps_nothing_after_logging_out(phone: BrowserContext, gate: Gate, ticket: Ticket) -> None:
    page = opened(phone, gate)
    kept(page)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    phone.set_offline(True)
    page.get_by_role("button", name="Next").click()
    wedge(page, "x" * 22)
    expect(page.locator("[data-waiting]")).to_have_text("1 scan is not sent yet")
    assert page.evaluate(ROWS)["names"] == ["checkin"]

    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("dialog")).to_contain_text("not uploaded yet: 1")
    page.get_by_role("button", name="Stay").click()
    phone.set_offline(False)
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/accounts/login/**")
    assert Scan.objects.filter(is_offline=True).count() == 1
    assert page.evaluate(ROWS) == {"names": [], "workers": 0, "caches": [], "kept": 0}
    assert AccountSession.objects.count() == 0
    page.goto(path_of(gate))
    assert "/accounts/login/" in page.url
    phone.set_offline(True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.goto(path_of(gate))


def test_verdicts_have_no_faults(phone: BrowserContext, gate: Gate, ticket: Ticket, tmp_path: Path) -> None:
    page = opened(phone, gate)
    kept(page)
    faults = {"ready": faults_of(page, Axe())}
    for name, code in (("green", ticket.code), ("amber", ticket.code), ("red", uuid.uuid4().hex[:22])):
        wedge(page, code)
        expect(page.locator(f"[data-verdict][data-tone={name}]")).to_be_visible()
        faults[name] = faults_of(page, Axe())
    phone.set_offline(True)
    wedge(page, ticket.code)
    expect(page.locator("[data-note]")).to_be_visible()
    faults["offline"] = faults_of(page, Axe())
    assert {name: one for name, one in faults.items() if one} == {}
