"""The admin looks like the site: the same tokens in light and dark, and no other words for them."""

import re
from pathlib import Path

import pytest

from techfest.tests.support.accents import ACCENTS

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
SITE, ADMIN = ((CSS / name).read_text() for name in ("site.css", "admin.css"))


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", block))


def block(css: str, selector: str) -> dict[str, str]:
    """The custom properties that the first rule with this selector declares."""
    found = re.search(rf"(?:^|\n)\s*{re.escape(selector)} \{{(.*?)\}}", css, re.S)
    assert found, f"no rule {selector}"
    return tokens(found[1])


def dark_of(css: str, selector: str) -> dict[str, str]:
    return block(css.split("@media (prefers-color-scheme: dark) {", 1)[1], selector)


def test_light_tokens_are_those_of_the_site() -> None:
    site = block(SITE, ":root")
    own = block(ADMIN, ":root") | block(ADMIN, 'html[data-theme="light"] body, body')
    assert own == {name: value for name, value in site.items() if name in own}
    assert site.keys() - own.keys() == {"s7", "pad"}


@pytest.mark.parametrize("chosen", ["by the system", "by the button"])
def test_dark_tokens_are_those_of_the_site(chosen: str) -> None:
    own = (
        dark_of(ADMIN, "body") if chosen == "by the system" else block(ADMIN, 'html[data-theme="dark"] body')
    )
    assert own == dark_of(SITE, ":root")


@pytest.mark.parametrize("accent", [accent for accent in ACCENTS if accent != "indigo"])
def test_accents_are_those_of_the_site(accent: str) -> None:
    assert block(ADMIN, f".accent-{accent}") == block(SITE, f".accent-{accent}")


def test_no_caption_or_button_is_put_in_capitals() -> None:
    assert "text-transform: uppercase" not in ADMIN
