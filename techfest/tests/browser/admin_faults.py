"""What is wrong with an open page of the admin: for screen readers, in the dark, on a phone, with large text."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

DESK: ViewportSize = {"width": 1280, "height": 900}
NARROWEST: ViewportSize = {"width": 320, "height": 640}
VIOLATIONS = {"resultTypes": ["violations"], "preload": False}
OF_COLOURS = VIOLATIONS | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""All rules whose outcome depends on the colour scheme."""
OVERFLOW = """() => {
  const table = document.querySelector(".results");
  return [document.documentElement.scrollWidth - innerWidth, table ? table.scrollWidth - table.clientWidth : 0]
}"""
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => `${one.tagName}.${one.className}`).slice(-4)"""
COLONS = """() => [...document.querySelectorAll("label, legend")].map((one) => one.textContent.trim())
  .filter((text) => text.endsWith(":"))"""
_AXE = Axe()


def violations(page: Page, name: str, options: Any = VIOLATIONS) -> list[str]:
    found = _AXE.run(page, options=options).response["violations"]
    return [f"{name}: {one['id']} of {[node['target'] for node in one['nodes']][:2]}" for one in found]


def faults_at(page: Page, name: str, size: ViewportSize) -> list[str]:
    """Violations in both schemes, and sideways scrolling of the page or its table."""
    page.set_viewport_size(size)
    name = f"{name} at {size['width']}"
    found = violations(page, name)
    page.emulate_media(color_scheme="dark")
    found += violations(page, f"{name} in the dark", OF_COLOURS)
    page.emulate_media(color_scheme="light")
    return found + overflows(page, name)


def overflows(page: Page, name: str) -> list[str]:
    over, table_over = page.evaluate(OVERFLOW)
    found = [f"{name}: scrolls sideways: {page.evaluate(TOO_WIDE)}"] if over > 0 else []
    return found + ([f"{name}: its table scrolls sideways"] if table_over > 0 else [])


def narrow_and_large_faults(page: Page, name: str, sizes: tuple[ViewportSize, ...]) -> list[str]:
    """Sideways scrolling at 320 px, and in each of the sizes with text of 200 %."""
    page.set_viewport_size(NARROWEST)
    found = overflows(page, f"{name} at 320")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for size in sizes:
        page.set_viewport_size(size)
        if page.evaluate(OVERFLOW)[0] > 0:
            found.append(
                f"{name}: scrolls sideways at {size['width']} with large text: {page.evaluate(TOO_WIDE)}"
            )
    page.evaluate("document.documentElement.style.fontSize = ''")
    return found
