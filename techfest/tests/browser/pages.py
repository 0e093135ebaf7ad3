"""Helpers for browser tests: filling in the registration form, and finding faults of a page."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Response, ViewportSize

PHONE: ViewportSize = {"width": 360, "height": 740}
NARROWEST: ViewportSize = {"width": 320, "height": 640}
OF_COLOURS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
"""The rules whose outcome depends on the colour scheme."""
MAX_NODES = 600
MAX_HTML, MAX_REQUESTS, MAX_BYTES = 14 * 1024, 4, 40 * 1024


def violations(page: Page, axe: Axe) -> list[str]:
    """The rules that the open page violates: all of them in light, those about colours in the dark as well.

    Nothing but colours differs in the dark (test_look.py).
    """
    found = [violation["id"] for violation in axe.run(page).response["violations"]]
    with in_the_dark(page):
        response = axe.run(page, options=OF_COLOURS).response
    return found + [f"{violation['id']} in the dark" for violation in response["violations"]]


@contextmanager
def in_the_dark(page: Page) -> Iterator[None]:
    """Show the page in the dark; without motion, so that no colour is on its way."""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    yield
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")


def faults_of(page: Page, axe: Axe) -> list[str]:
    """Faults of the open page for screen readers, in both schemes, on narrow phones and slow networks."""
    found = violations(page, axe)
    page.set_viewport_size(NARROWEST)
    if page.evaluate("document.documentElement.scrollWidth") > NARROWEST["width"]:
        found.append("scrolls sideways at 320 px")
    page.set_viewport_size(PHONE)
    if page.evaluate("document.querySelectorAll('*').length") > MAX_NODES:
        found.append("more than 600 nodes")
    if page.locator("footer footer, header header, main main").count():
        found.append("nested landmarks")
    if page.locator("h1").count() != 1:
        found.append("not one h1")
    return found


def all_faults_of(page: Page, axe: Axe) -> list[str]:
    """Those, and the faults that show with text of twice the size."""
    return faults_of(page, axe) + text_faults(page)


def fill_form(
    page: Page, *, name: str = "Ben Rao", email: str = "", grade: str = "7", roll_number: str = ""
) -> None:
    """Fill in the whole registration form as a mouse user does."""
    page.get_by_label("Full name").fill(name)
    page.get_by_label("School").fill("Riverside Public School")
    page.get_by_role("group", name="Grade").get_by_label(grade, exact=True).check()
    page.get_by_label("Roll number").fill(roll_number)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("I agree.").check()


def send(page: Page) -> None:
    page.get_by_role("button", name="Send my registration").click()


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def signed_in(browser: Browser, user: Any, url: str, **options: Any) -> BrowserContext:
    client = Client()
    client.force_login(user)
    context = browser.new_context(base_url=url, **options)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])
    return context


SHORT_WORD = 12
"""Letters; a longer word may be broken where the text is twice as large."""
_BROKEN = """(longest) => {
  const skipped = ".hidden, .skip, .code, [href^=mailto], script, datalist, [hidden],"
    + "details:not([open]) > :not(summary)";
  // Words, but no parts of an address.
  const whole = /(?<![\\p{L}\\p{N}@._-])[\\p{L}\\p{N}]+(?![\\p{L}\\p{N}@]|[._-][\\p{L}])/gu;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = new Set(), range = new Range();
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (text.parentElement.closest(skipped)) continue;
    for (const { index, 0: word } of text.data.matchAll(whole)) {
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (word.length <= longest && lines.size > 1) found.add(word);
    }
  }
  return [...found];
}"""


def text_faults(page: Page) -> list[str]:
    """Faults of the open page where text is as large as WCAG 1.4.4 asks for: sideways scrolling, words in pieces."""
    found = []
    for percent, width in ((175, 1280), (200, 1280), (200, 360)):
        page.set_viewport_size({"width": width, "height": 740})
        page.evaluate("(percent) => document.documentElement.style.fontSize = `${percent}%`", percent)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"scrolls sideways at {percent} % text and {width} px")
        found += [
            f"breaks {word!r} at {percent} % text and {width} px"
            for word in page.evaluate(_BROKEN, SHORT_WORD)
        ]
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size(PHONE)
    return found


def weight_of(page: Page, url: str, own: str) -> tuple[bool, bool, bool, list[str], int]:
    """Size of the HTML, number of requests and bytes, failed or external requests, and cookies."""
    responses: list[Response] = []

    def keep(response: Response) -> None:
        responses.append(response)

    page.on("response", keep)
    page.goto(url, wait_until="networkidle")
    bodies = [gzip.compress(response.body()) for response in responses]
    return (
        len(bodies[0]) <= MAX_HTML,
        len(bodies) <= MAX_REQUESTS,
        sum(map(len, bodies)) <= MAX_BYTES,
        [
            response.url
            for response in responses
            if response.status != 200 or not response.url.startswith(own)
        ],
        len(page.context.cookies()),
    )
