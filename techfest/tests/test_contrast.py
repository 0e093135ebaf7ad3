"""Contrast of the eight accent colours in light and dark, computed from the stylesheet by WCAG 2.2."""

import re
from pathlib import Path

import pytest

from techfest.tests.support.accents import ACCENTS

STYLESHEET = Path(__file__).resolve().parents[2] / "static" / "css" / "site.css"
SCHEMES = ("light", "dark")

TEXT, SHAPE = 4.5, 3.0
PAIRS = (
    *((front, back, TEXT) for front in ("ink", "quiet", "accent", "stop") for back in ("page", "surface")),
    *((front, "tint", TEXT) for front in ("ink", "quiet", "accent")),
    *((state, f"{state}-soft", TEXT) for state in ("ok", "wait", "stop")),
    *(("ink", f"{state}-soft", TEXT) for state in ("ok", "wait", "stop")),
    *(("surface", tone, TEXT) for tone in ("ok", "wait", "stop", "accent")),
    ("on-accent", "accent", TEXT),
    ("white", "brand", TEXT),
    ("white", "band", TEXT),
    ("white", "danger", TEXT),
    *(("edge", back, SHAPE) for back in ("page", "surface")),
)


def tokens_of(hold: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", hold))


def palette(accent: str, scheme: str) -> dict[str, str]:
    """The colour tokens as a browser resolves them for this accent and colour scheme."""
    screen = STYLESHEET.read_text().split("@media print")[0]
    roots = re.findall(r":root \{(.*?)\}", screen, re.S)
    tokens = {"white": "#fff", "danger": re.findall(r"\.danger \{ background: (#\w+)", screen)[0]}
    tokens |= tokens_of(roots[0])
    tokens |= tokens_of(roots[1]) if scheme == "dark" else {}
    for hold in re.findall(rf"^\.accent-{accent} \{{(.*?)\}}", screen, re.M):
        tokens |= tokens_of(hold)
    return {name: resolved(name, tokens) for name in tokens}


def resolved(name: str, tokens: dict[str, str]) -> str:
    value = tokens[name]
    reference = re.fullmatch(r"var\(--([\w-]+)\)", value)
    return resolved(reference[1], tokens) if reference else value


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_known_pairs() -> None:
    assert round(contrast("#000", "#fff"), 2) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("accent", ACCENTS)
def test_accent_is_readable(accent: str, scheme: str) -> None:
    colours = palette(accent, scheme)
    weak = {
        f"{front} on {back}": round(contrast(colours[front], colours[back]), 2)
        for front, back, least in PAIRS
        if contrast(colours[front], colours[back]) < least
    }
    assert weak == {}


def test_accents_differ_from_each_other() -> None:
    assert len({palette(accent, "light")["brand"] for accent in ACCENTS}) == len(ACCENTS)


def test_pale_grey_text_is_caught() -> None:
    colours = palette("slate", "light") | {"quiet": "#999999"}
    assert contrast(colours["quiet"], colours["page"]) < TEXT
