"""Helpers for tests of the scanner in a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect

from registrations.tests.builders import PASSWORD
from techfest.tests.support.programs import find_program
from tickets.models import Gate, Ticket
from tickets.tests.builders.checkin import volunteer


def log_in(context: BrowserContext, gate: Gate) -> None:
    volunteer(gate, email="ravi@example.org")
    with context.new_page() as page:
        page.goto(f"/accounts/login/?next={path_of(gate)}")
        enter(page)
        page.wait_for_url(f"**{path_of(gate)}")


def enter(page: Page, email: str = "ravi@example.org") -> None:
    page.get_by_label("E-mail address or user name").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main button.button").click()


def path_of(gate: Gate) -> str:
    return f"/door/gate/{gate.pk}/"


def url_of(ticket: Ticket) -> str:
    return f"http://localhost{ticket.get_absolute_url()}"


def opened(context: BrowserContext, gate: Gate) -> Page:
    page = context.new_page()
    page.goto(path_of(gate))
    return page


def kept(page: Page) -> None:
    """Waits until the phone is ready to work offline."""
    expect(page.locator("[data-ready]")).to_be_visible()


def wedge(page: Page, text: str) -> None:
    """Types like a hand scanner, ending with Enter."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def word(page: Page) -> Any:
    return page.locator("[data-verdict] [data-word]")


@contextmanager
def with_camera(browser_type: BrowserType, launch: dict[str, Any], path: Path) -> Iterator[Browser]:
    """A browser that films this; the shell without windows has no camera."""
    camera = [
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={path}",
    ]
    own = {
        "executable_path": find_program("chromium", "chromium-browser"),
        "args": [*launch["args"], *camera],
    }
    browser = browser_type.launch(**{**launch, **own})
    try:
        yield browser
    finally:
        browser.close()
