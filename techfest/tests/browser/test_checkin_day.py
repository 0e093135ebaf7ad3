"""A long day at the door: two phones, a wrong clock, a new release, a full storage, strange scanners and pictures."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
import segno
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect

from events.models import Event
from techfest.tests.browser.camera import HEIGHT, WIDTH, written
from techfest.tests.browser.door import enter, kept, log_in, opened, path_of, url_of, wedge, with_camera, word
from techfest.tests.browser.pages import PHONE
from tickets.checkin import offline_views
from tickets.models import Alert, CheckIn, Gate, Scan, Ticket
from tickets.tests.builders.checkin import gate_of, ticket_for, volunteer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PATIENCE = 40_000
DAY = 24 * 60 * 60 * 1000
CLOCK = """
    window.ahead = %d;
    const now = Date.now;
    Date.now = () => now() + window.ahead;
"""
FULL = """
    IDBObjectStore.prototype.put = () => { throw new DOMException("", "QuotaExceededError") };
"""
UPDATE = """
    async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        const before = await caches.keys();
        await registration.update();
        for (let tries = 0; tries < 100; tries += 1) {
            const names = await caches.keys();
            if (names.length === 1 && names[0] !== before[0]) return true;
            await new Promise((done) => setTimeout(done, 100));
        }
        return false;
    }
"""


def press(page: Page, name: str) -> None:
    page.locator("[data-verdict]").get_by_role("button", name=name, exact=True).click()


def other_phone(browser: Browser, url: str) -> BrowserContext:
    return browser.new_context(viewport=PHONE, base_url=url)


def test_second_phone_of_a_volunteer_goes_on_when_the_first_logs_out(
    browser: Browser, live_server: Any, phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    first = opened(phone, gate)
    with other_phone(browser, live_server.url) as second:
        second.new_page().goto(f"/accounts/login/?next={path_of(gate)}")
        page = second.pages[0]
        enter(page)
        page.wait_for_url(f"**{path_of(gate)}")
        kept(page)
        first.get_by_role("button", name="Log out").click()
        first.wait_for_url("**/accounts/login/**")
        wedge(page, ticket.code)
        expect(word(page)).to_have_text("In")
        expect(page.locator("[data-note]")).to_be_hidden()


@pytest.mark.parametrize(("before", "after"), [(DAY, DAY), (-DAY, 0), (0, DAY), (DAY, -DAY)])
def test_clock_that_is_wrong_by_a_day_or_set_in_the_middle_does_not_count(
    phone: BrowserContext, gate: Gate, ticket: Ticket, before: int, after: int
) -> None:
    phone.add_init_script(CLOCK % before)
    page = opened(phone, gate)
    kept(page)
    phone.set_offline(True)
    page.evaluate(f"window.ahead = {after}")
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    phone.set_offline(False)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert abs(CheckIn.objects.get().at - timezone.now()) < dt.timedelta(minutes=2)


def test_page_from_the_memory_of_the_browser_shows_nothing_after_the_login(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    page = opened(phone, gate)
    kept(page)
    wedge(page, ticket.code)
    expect(page.locator("[data-verdict]")).to_contain_text("Asha Raman")
    press(page, "Next")
    page.evaluate("HTMLFormElement.prototype.submit = () => {}")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_function("indexedDB.databases().then((all) => all.length === 0)")
    phone.clear_cookies()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    page.wait_for_url("**/accounts/login/**")


def test_page_from_the_memory_of_the_browser_goes_on_during_the_login(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    page = opened(phone, gate)
    kept(page)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(page.locator("[data-verdict]")).to_be_hidden()
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("Already in")


def test_gate_that_the_phone_does_not_know_is_said_without_a_network(
    phone: BrowserContext, gate: Gate
) -> None:
    back = gate_of(gate.fest, name="Back gate")
    page = opened(phone, gate)
    kept(page)
    phone.set_offline(True)
    page.goto(path_of(back))
    expect(page.get_by_role("heading", level=1)).to_have_text("Main gate")
    expect(page.locator("[data-elsewhere]")).to_contain_text("This is Main gate")
    page.goto("/door/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Main gate")
    expect(page.locator("[data-elsewhere]")).to_be_hidden()


def code_picture(text: str, kind: str) -> Image.Image:
    stream = io.BytesIO()
    segno.make(text, error="m", micro=False).save(stream, kind="png", scale=9, border=4)
    code = Image.open(stream).convert("L")
    ground = 255
    if kind == "turned":
        code = code.rotate(20, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    if kind == "pale":
        code = code.point(lambda value: 150 + value // 5)
        ground = 201
    if kind == "inverted":
        code = code.point(lambda value: 255 - value)
        ground = 0
    picture = Image.new("L", (WIDTH, HEIGHT), ground)
    picture.paste(code, ((WIDTH - code.width) // 2, (HEIGHT - code.height) // 2))
    if kind == "screen":
        pixels = picture.load()
        assert pixels
        for y in range(HEIGHT):
            for x in range(WIDTH):
                stripe = 45 if (x + y // 3) % 4 == 0 else 0
                pixels[x, y] = max(0, min(255, pixels[x, y] * 2 // 3 + 40 - stripe + (y % 3) * 8))  # type: ignore[operator]
    return picture


@pytest.mark.parametrize("kind", ["turned", "pale", "inverted", "screen"])
def test_code_in_a_bad_picture_is_read(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    live_server: Any,
    gate: Gate,
    ticket: Ticket,
    tmp_path: Path,
    kind: str,
) -> None:
    data = code_picture(url_of(ticket), kind).tobytes()
    rows = [data[at : at + WIDTH] for at in range(0, len(data), WIDTH)]
    path = written(tmp_path / "qr.y4m", [rows, rows])
    with (
        with_camera(browser_type, browser_type_launch_args, path) as browser,
        browser.new_context(viewport=PHONE, base_url=live_server.url) as context,
    ):
        context.grant_permissions(["camera"])
        log_in(context, gate)
        page = opened(context, gate)
        expect(word(page)).to_have_text("In", timeout=PATIENCE)


def test_verdict_fits_a_phone_on_its_side(phone: BrowserContext, gate: Gate, ticket: Ticket) -> None:
    page = opened(phone, gate)
    page.set_viewport_size({"width": 667, "height": 375})
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    field = page.locator("#id_code").bounding_box()
    assert field
    for part in ("word", "name", "undo", "next"):
        box = page.locator(f"[data-verdict] [data-{part}]").bounding_box()
        assert box
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= field["y"]


def test_scans_go_to_their_own_gate_when_the_volunteer_changes_it(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    back = gate_of(gate.fest, name="Back gate")
    back.volunteers.add(*gate.volunteers.all())
    page = opened(phone, gate)
    kept(page)
    phone.set_offline(True)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    phone.set_offline(False)
    page.goto(path_of(back))
    expect(page.locator("[data-counts]")).to_have_text("1 of 1 in")
    assert CheckIn.objects.get().gate == gate
    assert not Alert.objects.exists()


def test_undo_at_the_second_gate_leaves_the_check_in_of_the_first(
    browser: Browser, live_server: Any, phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    back = gate_of(gate.fest, name="Back gate")
    volunteer(back, first_name="Mei", email="mei@example.org")
    first = opened(phone, gate)
    kept(first)
    with other_phone(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"/accounts/login/?next={path_of(back)}")
        enter(page, "mei@example.org")
        page.wait_for_url(f"**{path_of(back)}")
        kept(page)
        for network in (phone, context):
            network.set_offline(True)
        for one in (first, page):
            wedge(one, ticket.code)
            expect(word(one)).to_have_text("In")
        press(page, "Undo")
        phone.set_offline(False)
        expect(first.locator("[data-waiting]")).to_be_hidden()
        context.set_offline(False)
        expect(page.locator("[data-waiting]")).to_be_hidden()
    row = CheckIn.objects.get()
    assert (row.gate, row.undone_at) == (gate, None)
    assert Scan.objects.filter(is_conflict=True).count() == 1


def test_storage_that_is_full_is_said_and_loses_nothing(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    phone.add_init_script(FULL)
    page = opened(phone, gate)
    expect(page.locator("[data-unkept]")).to_be_visible()
    phone.set_offline(True)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    press(page, "Undo")
    expect(word(page)).to_have_text("Undone")
    phone.set_offline(False)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert CheckIn.objects.get().undo_reason == "no reason given"


def test_phone_opens_without_a_network_after_a_new_release(
    phone: BrowserContext, gate: Gate, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(phone, gate)
    kept(page)
    monkeypatch.setattr(offline_views, "FILES", (*offline_views.FILES, "css/teacher.css"))
    assert page.evaluate(UPDATE)
    phone.set_offline(True)
    page.goto(path_of(gate))
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")


@pytest.mark.parametrize(
    "text", ["]Q1{url}", "\x02{url}\x03", "QR:{url}", "{url}?fbclid=x", "{url}#top", "<{url}>"]
)
def test_scanner_that_adds_signs_is_read(
    phone: BrowserContext, gate: Gate, ticket: Ticket, text: str
) -> None:
    page = opened(phone, gate)
    kept(page)
    code = text.format(url=url_of(ticket))
    for is_offline, expected in ((False, "In"), (True, "Already in")):
        phone.set_offline(is_offline)
        page.locator("#id_code").fill(code)
        page.keyboard.press("Enter")
        expect(word(page)).to_have_text(expected)


def test_undo_pressed_twice_undoes_one(phone: BrowserContext, gate: Gate, event: Event) -> None:
    first, second = ticket_for(event, name="Asha Raman"), ticket_for(event, name="Ben Rao")
    page = opened(phone, gate)
    kept(page)
    for one in (first, second):
        wedge(page, one.code)
        expect(page.locator("[data-verdict] [data-name]")).to_have_text(one.student.name)
    page.locator("[data-undo]").dblclick()
    expect(word(page)).to_have_text("Undone")
    wedge(page, first.code)
    expect(word(page)).to_have_text("Already in")
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert CheckIn.objects.get(undone_at=None).ticket == first


def test_two_tabs_of_a_phone_know_of_each_other(phone: BrowserContext, gate: Gate, ticket: Ticket) -> None:
    one, other = opened(phone, gate), opened(phone, gate)
    for page in (one, other):
        kept(page)
    phone.set_offline(True)
    wedge(one, ticket.code)
    expect(word(one)).to_have_text("In")
    wedge(other, ticket.code)
    expect(word(other)).to_have_text("Already in")
    press(one, "Undo")
    expect(word(one)).to_have_text("Undone")
    wedge(other, ticket.code)
    expect(word(other)).to_have_text("In")
    wedge(one, ticket.code)
    expect(word(one)).to_have_text("Already in")


def test_everything_can_be_reached_with_text_twice_as_large(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    page = opened(phone, gate)
    page.set_viewport_size({"width": 320, "height": 640})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for part in ("undo", "next"):
        page.locator(f"[data-{part}]").scroll_into_view_if_needed()
        box, field = (page.locator(one).bounding_box() for one in (f"[data-{part}]", "#id_code"))
        assert box
        assert field
        assert box["y"] + box["height"] <= field["y"]
    press(page, "Undo")
    expect(word(page)).to_have_text("Undone")
    press(page, "Only a test")
