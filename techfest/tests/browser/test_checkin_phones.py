"""What phones do to the scanner: decoders that fail, old browsers, pauses, foreign pages, storage that is not kept."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, Route, expect

from events.models import Event
from registrations.models import AccountSession
from techfest.tests.browser.camera import film, film_of_two
from techfest.tests.browser.door import enter, kept, log_in, opened, path_of, url_of, wedge, with_camera, word
from techfest.tests.browser.pages import PHONE
from tickets.models import Alert, CheckIn, Gate, Scan, Ticket
from tickets.tests.builders.checkin import gate_of, ticket_for, volunteer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PATIENCE = 40_000
"""Milliseconds; compiling a decoder takes long on a busy machine."""
ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = sorted((ROOT / "static" / "js" / "checkin").glob("*.js"))
GERMAN = str.maketrans("yzYZ-_/:", "zyZYß?-Ö")
OLD = """
    delete AbortSignal.timeout; delete AbortSignal.any; delete window.structuredClone; delete Object.hasOwn;
    delete Array.prototype.at; delete String.prototype.replaceAll; delete window.BarcodeDetector;
    delete HTMLDialogElement.prototype.showModal; delete Navigator.prototype.wakeLock;
    Object.defineProperty(Navigator.prototype, "storage", { value: undefined });
    window.webkitAudioContext = window.AudioContext; delete window.AudioContext;
"""
DETECTOR = """
    window.BarcodeDetector = class {{
        static getSupportedFormats() {{ return Promise.resolve(["qr_code"]) }}
        detect() {{ return {answer} }}
    }};
"""
NO_STORE = """
    indexedDB.open = () => {{
        const request = {{}};
        {then}
        return request;
    }};
"""
HIDE = """
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
"""
BREAKABLE = """
    const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
    if (open) navigator.mediaDevices.getUserMedia = (wanted) =>
        window.isBroken ? Promise.reject(new DOMException("", "NotReadableError")) : open(wanted);
"""
IS_MOVING = """
    () => {
        const video = document.querySelector("video");
        const time = video.currentTime;
        const [track] = video.srcObject.getTracks();
        if (track?.readyState !== "live" || track.muted) return false;
        return new Promise((done) => setTimeout(() => done(!video.paused && video.currentTime > time), 300));
    }
"""
SHOW = HIDE.replace("hidden", "visible")
COUNT_LOCKS = """
    window.locks = 0;
    Navigator.prototype.__defineGetter__("wakeLock", () => ({ request: async () => (window.locks += 1) }));
"""
Opened = Callable[..., Any]


@pytest.fixture
def with_film(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], live_server: Any, gate: Gate
) -> Opened:
    """Opens the scanner of a phone whose camera shows this film; `before` runs before the scripts of the page."""

    @contextmanager
    def started(path: Path, before: str = "", routes: dict[str, Any] | None = None) -> Iterator[Page]:
        with (
            with_camera(browser_type, browser_type_launch_args, path) as browser,
            browser.new_context(viewport=PHONE, base_url=live_server.url) as context,
        ):
            context.grant_permissions(["camera"])
            context.add_init_script(before)
            for pattern, act in (routes or {}).items():
                context.route(pattern, act)
            log_in(context, gate)
            yield opened(context, gate)

    return started


def status(page: Page) -> Any:
    return page.locator("[data-camera-status]")


# ---- Several codes


def test_one_of_two_codes_in_view_counts_and_once(
    with_film: Opened, event: Event, ticket: Ticket, tmp_path: Path
) -> None:
    other = ticket_for(event, name="Ben Rao")
    with with_film(film_of_two(tmp_path / "two.y4m", url_of(ticket), url_of(other))) as page:
        expect(word(page)).to_have_text("In", timeout=PATIENCE)
        page.wait_for_timeout(6000)
    assert list(Scan.objects.values_list("verdict", flat=True)) == ["in"]


CHOICE = """
    async (views) => {
        const { newChoice } = await import("/static/js/checkin/camera.js");
        const choose = newChoice();
        const size = { width: 1000, height: 600, shownWidth: 600, shownHeight: 600 };
        const box = (x) => ({ x: x - 50, y: 250, width: 100, height: 100 });
        return views.map(([at, codes]) =>
            choose(Object.entries(codes).map(([rawValue, x]) => ({ rawValue, boundingBox: box(x) })), size, at));
    }
"""


@pytest.mark.parametrize(
    ("views", "chosen"),
    [
        ([(0, {"A": 480, "B": 600}), (100, {"A": 480, "B": 600})], ["A", ""]),
        ([(0, {"A": 480, "B": 600}), (100, {"A": 420, "B": 540})], ["A", ""]),
        ([(0, {"A": 480, "B": 600}), (100, {"A": 390, "B": 510})], ["A", "B"]),
        ([(0, {"A": 500}), (100, {"B": 500}), (200, {"A": 500}), (300, {"B": 500})], ["A", "B", "", ""]),
        ([(0, {"A": 450}), (500, {"B": 600}), (1100, {"B": 600})], ["A", "", "B"]),
        ([(0, {"A": 500}), (2900, {"A": 500}), (5800, {"A": 500}), (8900, {"A": 500})], ["A", "", "", "A"]),
        ([(0, {"A": 850}), (100, {"A": 850, "B": 250}), (200, {})], ["", "B", ""]),
        ([(0, {"A": 500}), (2000, {"A": 850}), (4000, {"A": 500})], ["A", "", ""]),
    ],
    ids=[
        "the nearer",
        "not the other",
        "moved on",
        "no repeat",
        "alone",
        "out of sight",
        "beyond",
        "at the edge",
    ],
)
def test_code_in_the_middle_counts_once_until_it_is_out_of_sight(
    phone: BrowserContext, gate: Gate, views: list[Any], chosen: list[str]
) -> None:
    assert opened(phone, gate).evaluate(CHOICE, views) == chosen


# ---- Decoders


@pytest.mark.parametrize(
    "answer",
    ["Promise.reject(new Error('unavailable'))", "Promise.resolve([])", "new Promise(() => {})", "null.f()"],
    ids=["rejects", "finds nothing", "hangs", "throws"],
)
def test_other_decoder_reads_when_the_browsers_own_fails(
    with_film: Opened, ticket: Ticket, tmp_path: Path, answer: str
) -> None:
    path = film(tmp_path / "qr.y4m", url_of(ticket))
    with with_film(path, DETECTOR.format(answer=answer)) as page:
        expect(word(page)).to_have_text("In", timeout=PATIENCE)


def test_decoder_that_begins_to_fail_is_replaced(with_film: Opened, ticket: Ticket, tmp_path: Path) -> None:
    answer = (
        "++window.asked === 1 ? Promise.resolve([{ rawValue: 'OK' }]) : Promise.reject(new Error('gone'))"
    )
    path = film(tmp_path / "qr.y4m", url_of(ticket))
    with with_film(path, "window.asked = 0;" + DETECTOR.format(answer=answer)) as page:
        expect(word(page)).to_have_text("In", timeout=PATIENCE)
        assert page.evaluate("window.asked") > 2


def test_reader_that_does_not_come_is_said_and_the_phone_is_not_ready(
    with_film: Opened, ticket: Ticket, tmp_path: Path
) -> None:
    path = film(tmp_path / "qr.y4m", url_of(ticket))
    with with_film(path, routes={"**/*.wasm*": lambda route: route.abort()}) as page:
        expect(status(page)).to_contain_text("cannot read codes", timeout=PATIENCE)
        page.wait_for_timeout(1500)
        expect(page.locator("[data-ready]")).to_be_hidden()
        assert page.locator("video").is_hidden()
        wedge(page, ticket.code)
        expect(word(page)).to_have_text("In")
        page.get_by_role("button", name="Next").click()
        page.context.unroute("**/*.wasm*")
        page.get_by_role("button", name="Start the camera").click()
        expect(word(page)).to_have_text("Already in", timeout=PATIENCE)
        page.get_by_role("button", name="Next").click()
        expect(page.locator("[data-ready]")).to_be_visible()


def test_decoder_reads_without_a_network_once_the_phone_says_ready(
    with_film: Opened, ticket: Ticket, tmp_path: Path
) -> None:
    with with_film(film(tmp_path / "qr.y4m", url_of(ticket))) as page:
        kept(page)
        page.context.set_offline(True)
        page.reload()
        expect(word(page)).to_have_text(re.compile("^(In|Already in)$"), timeout=PATIENCE)
        expect(page.locator("[data-note]")).to_have_text("Not verified online")


# ---- Pauses


def test_camera_goes_on_after_a_pause_and_the_screen_stays_on(
    with_film: Opened, ticket: Ticket, tmp_path: Path
) -> None:
    path = film(tmp_path / "qr.y4m", url_of(ticket))
    with with_film(path, COUNT_LOCKS) as page:
        expect(word(page)).to_have_text("In", timeout=PATIENCE)
        locks = page.evaluate("window.locks")
        page.evaluate(HIDE)
        page.evaluate("document.querySelector('video').pause()")
        page.evaluate(SHOW)
        page.wait_for_function("!document.querySelector('video').paused")
        assert page.evaluate("window.locks") > locks


@pytest.mark.parametrize(
    "happens",
    [
        "video.srcObject.getTracks().forEach((one) => one.stop())",
        "video.srcObject.getTracks()[0].dispatchEvent(new Event('ended'))",
        "video.pause()",
        "Object.defineProperty(video.srcObject.getTracks()[0], 'muted', { value: true })",
        "video.srcObject = new MediaStream()",
    ],
    ids=["ended", "taken away", "paused", "muted", "frozen"],
)
def test_camera_that_stops_is_started_again(
    with_film: Opened, ticket: Ticket, tmp_path: Path, happens: str
) -> None:
    with with_film(film(tmp_path / "qr.y4m", url_of(ticket))) as page:
        expect(word(page)).to_have_text("In", timeout=PATIENCE)
        page.evaluate(
            f"{{ const video = document.querySelector('video'); {happens}; video.dataset.old = 1 }}"
        )
        page.wait_for_function(IS_MOVING, timeout=PATIENCE)
        expect(page.locator("[data-start]")).to_be_hidden()


def test_camera_that_does_not_come_back_is_said(with_film: Opened, ticket: Ticket, tmp_path: Path) -> None:
    with with_film(film(tmp_path / "qr.y4m", url_of(ticket)), BREAKABLE) as page:
        expect(word(page)).to_have_text("In", timeout=PATIENCE)
        page.get_by_role("button", name="Next").click()
        page.evaluate("window.isBroken = true")
        page.evaluate("document.querySelector('video').srcObject.getTracks().forEach((one) => one.stop())")
        expect(status(page)).to_contain_text("The camera has stopped", timeout=PATIENCE)
        expect(page.get_by_role("button", name="Start the camera")).to_be_visible()


# ---- Old browsers


def test_old_browser_is_judged_online(with_film: Opened, ticket: Ticket, tmp_path: Path) -> None:
    with with_film(film(tmp_path / "qr.y4m", url_of(ticket)), OLD) as page:
        expect(word(page)).to_have_text("In", timeout=PATIENCE)
        expect(page.locator("[data-verdict]")).to_contain_text("Asha Raman")
        page.get_by_role("button", name="Next").click()
        kept(page)
        page.context.set_offline(True)
        wedge(page, ticket.code)
        expect(word(page)).to_have_text("Already in")
        page.get_by_role("button", name="Next").click()
        page.get_by_role("button", name="Log out").click()
        expect(page.locator("[data-logout-dialog]")).to_contain_text("not uploaded yet: 1")
        page.get_by_role("button", name="Stay").click()
        expect(page.locator("[data-logout-dialog]")).to_be_hidden()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_need_no_newer_browser_than_safari_14(path: Path) -> None:
    text = re.sub(r"//.*", "", path.read_text())
    newer = (
        r"\?\?=|\|\|=|&&=|\bstatic\s*\{|\s#\w+\s*[=(;]|\.at\(|\.replaceAll\(|hasOwn\b|structuredClone|\.findLast"
        r"|AbortSignal\.|Promise\.any|^await |\.cause\b|crypto\.randomUUID|\(\?<[=!]"
    )
    assert re.findall(newer, text, re.M) == []


# ---- Pages of the network in between


def html(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html", body="<html>Sign in to the school's Wi-Fi</html>")


PORTALS: dict[str, Callable[[Route], None]] = {
    "page": html,
    "redirect": lambda route: route.fulfill(status=302, headers={"Location": "http://portal.example/"}),
    "blocked": lambda route: route.fulfill(status=403, content_type="text/html", body="Blocked"),
    "not found": lambda route: route.fulfill(status=404, content_type="text/html", body="Not here"),
    "must sign in": lambda route: route.fulfill(status=511, content_type="text/html", body="Sign in"),
    "text": lambda route: route.fulfill(status=200, content_type="text/plain", body="OK"),
    "JSON": lambda route: route.fulfill(
        status=200, content_type="application/json", body='{"captive": true}'
    ),
    "empty": lambda route: route.fulfill(status=204),
}


@pytest.mark.parametrize("kind", list(PORTALS))
def test_page_of_the_network_is_no_verdict(
    phone: BrowserContext, gate: Gate, ticket: Ticket, kind: str
) -> None:
    page = opened(phone, gate)
    kept(page)
    page.evaluate("window.isSamePage = true")
    phone.route("**/door/gate/*/*", PORTALS[kind])
    wedge(page, url_of(ticket))
    expect(word(page)).to_have_text("In")
    expect(page.locator("[data-note]")).to_have_text("Not verified online")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("[data-portal]")).to_contain_text("sign in to the Wi-Fi")
    expect(page.locator("[data-expired]")).to_be_hidden()
    expect(page.locator("[data-waiting]")).to_have_text("1 scan is not sent yet")
    assert page.evaluate("window.isSamePage")
    phone.unroute("**/door/gate/*/*")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-waiting]")).to_be_hidden()
    expect(page.locator("[data-portal]")).to_be_hidden()
    assert [(one.ticket, one.is_offline) for one in Scan.objects.all()] == [(ticket, True)]


WORKER = """
    async (portal) => {
        const text = await (await fetch("/static/js/checkin/worker.js")).text();
        const [listeners, stored] = [{}, new Map([["/door/gate/1/", "the cached page"]])];
        const nameOf = (request) => new URL(request.url ?? request, location).pathname;
        const match = async (request) => stored.get(nameOf(request));
        const put = async (request) => stored.set(nameOf(request), "stored");
        const open = async () => ({ match, put, keys: async () => [] });
        const caches = { match, open, keys: async () => ["one"] };
        const reply = (request) => {
            const headers = { "Content-Type": nameOf(request).startsWith("/door/") ? "text/html" : "text/javascript" };
            if (portal) return new Response("Sign in", { headers: { "Content-Type": "text/html" } });
            return new Response("", { headers: { ...headers, "X-Checkin": "page" } });
        };
        const self = { checkin: { cache: "one", files: ["/static/a.js"], home: "/door/", static: "/static/" } };
        const listen = (name, listener) => (listeners[name] = listener);
        const names = ["self", "addEventListener", "caches", "fetch", "skipWaiting"];
        new Function(...names, text)(self, listen, caches, async (one) => reply(one), () => {});
        const happen = async (name, event) => {
            let result;
            const keep = (promise) => (result = promise);
            listeners[name]({ ...event, waitUntil: keep, respondWith: keep });
            return result?.then((one) => (typeof one === "string" ? one : "answer"), () => "failed");
        };
        const posted = [];
        const source = { postMessage: (one) => posted.push(one.isCached) };
        const installed = await happen("install", {});
        await happen("message", { data: { page: "/door/gate/2/", files: ["/static/decoder.js"] }, source });
        const request = { method: "GET", mode: "navigate", url: `${location.origin}/door/gate/1/` };
        return [installed, [...stored.keys()].slice(1), posted, await happen("fetch", { request })];
    }
"""


@pytest.mark.parametrize(
    ("is_portal", "expected"),
    [
        (False, ["answer", ["/static/a.js", "/static/decoder.js", "/door/gate/2/"], [True], "answer"]),
        (True, ["failed", [], [False], "the cached page"]),
    ],
    ids=["server", "portal"],
)
def test_page_of_the_network_is_neither_cached_nor_shown(
    browser: Browser, live_server: Any, event: Event, is_portal: bool, expected: list[Any]
) -> None:
    with browser.new_context(base_url=live_server.url, bypass_csp=True) as context:
        page = context.new_page()
        page.goto("/")
        assert page.evaluate(WORKER, is_portal) == expected


def test_form_whose_token_is_too_old_is_sent_again(phone: BrowserContext, gate: Gate, ticket: Ticket) -> None:
    page = opened(phone, gate)
    kept(page)
    phone.clear_cookies(name="csrftoken")
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    expect(page.locator("[data-verdict]")).to_contain_text("Asha Raman")


# ---- Logins


def test_scan_after_the_login_has_ended_is_kept(phone: BrowserContext, gate: Gate, ticket: Ticket) -> None:
    page = opened(phone, gate)
    kept(page)
    AccountSession.objects.all().delete()
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    expect(page.locator("[data-note]")).to_have_text("Not verified online")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("[data-portal]")).to_be_hidden()
    page.get_by_role("link", name="Open this page again").click()
    enter(page)
    page.wait_for_url(f"**{path_of(gate)}")
    expect(page.locator("[data-counts]")).to_have_text("1 of 1 in")
    assert Scan.objects.get().is_offline


def test_another_volunteer_uploads_what_the_phone_kept(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    page = opened(phone, gate)
    kept(page)
    phone.set_offline(True)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    AccountSession.objects.all().delete()
    back = gate_of(gate.fest, name="Back gate")
    volunteer(back, first_name="Mei", email="mei@example.org")
    phone.set_offline(False)
    page.goto(f"/accounts/login/?next={path_of(back)}")
    enter(page, "mei@example.org")
    page.wait_for_url(f"**{path_of(back)}")
    expect(page.locator("[data-conflict-list]")).to_contain_text("Scans made at Main gate were uploaded")
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert CheckIn.objects.get().gate == gate
    assert Alert.objects.get().subject == "by Mei: Main gate"


ADD_BAD_SCAN = """
    async (checkpoint) => {
        const { put } = await import("/static/js/checkin/store.js");
        await put("queue", { key: "0", digest: "bad", at: "never", device_verdict: "in", checkpoint });
    }
"""


def test_scan_that_the_server_refuses_keeps_no_other_from_being_uploaded(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    page = opened(phone, gate)
    kept(page)
    phone.set_offline(True)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    page.evaluate(ADD_BAD_SCAN, path_of(gate))
    phone.set_offline(False)
    expect(page.locator("[data-conflict-list]")).to_contain_text("Scan 1 is not complete.")
    expect(page.locator("[data-waiting]")).to_have_text("1 scan is not sent yet")
    assert Scan.objects.get().ticket == ticket


def test_undo_waits_on_the_phone_for_the_upload_of_its_scan(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    page, bodies = opened(phone, gate), []
    kept(page)

    def refuse(route: Route) -> None:
        bodies.append(json.loads(route.request.post_data or "")["scans"])
        route.fulfill(status=400, json={"error": "Not now."})

    phone.set_offline(True)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    page.locator("[data-undo]").click()
    expect(word(page)).to_have_text("Undone")
    page.route("**/upload", refuse)
    phone.set_offline(False)
    page.reload()
    expect(page.locator("[data-conflict-list]")).to_contain_text("Not now.")
    shapes = [["undoes" in row for row in rows] for rows in bodies]
    assert ([False, True] in shapes, [False] in shapes, [True] in shapes) == (True, True, False)
    page.unroute("**/upload")
    with page.expect_response("**/upload"):
        page.reload()
    expect(page.locator("[data-counts]")).to_have_text("0 of 1 in")
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert CheckIn.objects.get().undone_at is not None


def test_what_is_queued_while_the_phone_is_sending_is_sent_right_after(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    page, held = opened(phone, gate), list[Route]()
    kept(page)

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(f"**{path_of(gate)}live*", hold)
    with page.expect_request(f"**{path_of(gate)}live*"):
        page.evaluate("dispatchEvent(new Event('online'))")
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    page.locator("[data-undo]").click()
    expect(page.locator("[data-waiting]")).to_have_text("1 scan is not sent yet")
    held[0].continue_()
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert CheckIn.objects.get().undone_at is not None


def test_ticket_typed_into_the_reason_with_another_keyboard_is_scanned(
    phone: BrowserContext, gate: Gate, event: Event, ticket: Ticket
) -> None:
    other = ticket_for(event, name="Ben Rao")
    page = opened(phone, gate)
    kept(page)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    page.locator("[data-undo]").click()
    page.locator("[data-reasons] [name=reason]").click()
    wedge(page, url_of(other).translate(GERMAN))
    expect(page.locator("[data-verdict] [data-name]")).to_have_text("Ben Rao")
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert CheckIn.objects.get(ticket=ticket).undo_reason == "no reason given"


# ---- Storage


@pytest.mark.parametrize(
    "then",
    ["setTimeout(() => request.onerror());", "throw new DOMException('', 'SecurityError');", ""],
    ids=["fails", "forbidden", "hangs"],
)
def test_phone_that_stores_nothing_goes_on_and_says_so(
    phone: BrowserContext, gate: Gate, ticket: Ticket, then: str
) -> None:
    phone.add_init_script(NO_STORE.format(then=then))
    page = opened(phone, gate)
    expect(page.locator("[data-unkept]")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("[data-ready]")).to_be_hidden()
    expect(page.locator("[data-offline]")).to_be_hidden()
    phone.set_offline(True)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In", timeout=PATIENCE)
    page.get_by_role("button", name="Next").click()
    expect(page.locator("[data-waiting]")).to_have_text("1 scan is not sent yet")
    phone.set_offline(False)
    expect(page.locator("[data-waiting]")).to_be_hidden(timeout=PATIENCE)
    assert Scan.objects.get().is_offline


def test_storage_that_is_deleted_meanwhile_loses_no_scan(
    phone: BrowserContext, gate: Gate, ticket: Ticket
) -> None:
    page = opened(phone, gate)
    kept(page)
    phone.set_offline(True)
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("In")
    page.evaluate("new Promise((done) => (indexedDB.deleteDatabase('checkin').onsuccess = done))")
    wedge(page, ticket.code)
    expect(word(page)).to_have_text("Already in")
    phone.set_offline(False)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert Scan.objects.filter(is_offline=True).count() == 2


@pytest.mark.parametrize("is_kept", [True, False])
def test_browser_is_asked_to_keep_what_is_stored(phone: BrowserContext, gate: Gate, is_kept: bool) -> None:
    answer = str(is_kept).lower()
    phone.add_init_script(
        f"StorageManager.prototype.persisted = async () => false;"
        f"StorageManager.prototype.persist = async () => {{ window.wasAsked = true; return {answer} }};"
    )
    page = opened(phone, gate)
    kept(page)
    assert page.evaluate("window.wasAsked")
    assert page.locator("[data-unkept]").is_visible() == (not is_kept)


# ---- Keyboards, with and without a network


def test_scanner_of_another_layout_is_explained(phone: BrowserContext, gate: Gate, ticket: Ticket) -> None:
    page = opened(phone, gate)
    wedge(page, url_of(ticket).translate(GERMAN))
    expect(word(page)).to_have_text("In")
    wedge(page, "https://other.example/menu".translate(GERMAN))
    expect(word(page)).to_have_text("Not readable")
    expect(page.locator("[data-sentence]")).to_contain_text("another keyboard layout: this device has German")


def test_other_layout_is_read_without_a_network(phone: BrowserContext, gate: Gate, ticket: Ticket) -> None:
    page = opened(phone, gate)
    kept(page)
    phone.set_offline(True)
    for text, expected in (
        (url_of(ticket).translate(GERMAN), "In"),
        (url_of(ticket).swapcase(), "Already in"),
        (url_of(ticket).upper(), "Not readable"),
    ):
        wedge(page, text)
        expect(word(page)).to_have_text(expected)
    expect(page.locator("[data-sentence]")).to_contain_text("Caps Lock")
    wedge(page, "https://other.example/menu".translate(GERMAN))
    expect(page.locator("[data-sentence]")).to_contain_text("another keyboard layout")
    wedge(page, ticket.code.swapcase())
    expect(word(page)).to_have_text("Unknown")
