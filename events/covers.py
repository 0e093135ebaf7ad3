"""Covers of events, generated: a colour and a sign for the category, and lines drawn from the name of the event.

They are inline SVG, so a card costs no request, and the same event looks the same on every page.
"""

import hashlib
from collections.abc import Callable

from django.utils.safestring import SafeString, mark_safe

from events.models import Event

TONES = ("teal", "crimson", "amber", "forest", "violet", "cobalt", "slate")
"""Classes `accent-…` of site.css. Categories are numbered one after the other, so seven of them differ."""

_SIGNS: tuple[tuple[str, str], ...] = (
    ("robot", "M5 9h14v10H5zM12 9V4.5M9.5 13v.1M14.5 13v.1M9 16.3h6"),
    ("cod|program|software|algorithm|hack", "M8 7l-5 5 5 5M16 7l5 5-5 5M13.8 4.5l-3.6 15"),
    ("quiz|trivia|question", "M8 8.5a4 4 0 1 1 5.6 3.7c-1 .5-1.6 1.2-1.6 2.3M12 18.9v.1"),
    ("design|art|draw|poster|paint|writ", "M4 20l1-4.5L16 4.5 19.5 8l-11 11zM13.5 7l3.5 3.5"),
    (
        "workshop|maker|craft|build|hands",
        "M20 7.5l-3 3-3.5-3.5 3-3a5 5 0 0 0-6.3 6.6L4 16.8 7.2 20l6.2-6.2A5 5 0 0 0 20 7.5z",
    ),
    (
        "gam|sport|chess",
        "M7 8h10a4 4 0 0 1 4 4v3a2 2 0 0 1-4 1L15.5 15h-7L7 16a2 2 0 0 1-4-1v-3a4 4 0 0 1 4-4zM6.5 12h3M16 12v.1",
    ),
    (
        "scien|chem|bio|physic|lab",
        "M10 4v6L4.8 18.5A1 1 0 0 0 5.7 20h12.6a1 1 0 0 0 .9-1.5L14 10V4M8.5 4h7M7.5 15h9",
    ),
    ("math|number|statist", "M18 8V5H6l6.5 7L6 19h12v-3"),
    ("debat|speak|speech|talk|pitch|idea|present", "M4 5h16v11h-9l-4 4v-4H4z"),
    ("photo|film|video|media|cinema", "M4 8h4l1.5-2.5h5L16 8h4v11H4zM12 10.3a3 3 0 1 0 .01 0"),
    ("music|band|sing|dance", "M9 17.5V6l10-2v11.5M6.5 15a2.5 2.5 0 1 0 .01 0M16.5 13a2.5 2.5 0 1 0 .01 0"),
    (
        "web|internet|cyber|network",
        "M12 3a9 9 0 1 0 .01 0M3 12h18M12 3c4 4.5 4 13.5 0 18M12 3c-4 4.5-4 13.5 0 18",
    ),
    (
        "electron|circuit|iot|hardware|chip",
        "M7 7h10v10H7zM10 7V3.5M14 7V3.5M10 20.5V17M14 20.5V17M7 10H3.5M7 14H3.5M20.5 10H17M20.5 14H17",
    ),
    (
        "drone|aero|space|rocket|fly",
        "M12 3c3 2.5 4 6 4 9l2.5 3v3L14 16.5h-4L5.5 18v-3L8 12c0-3 1-6.5 4-9zM12 9.5v.1",
    ),
)
"""The beginnings of words of a category's name, and the outline of its sign."""

_OTHER_SIGNS = (
    "M12 3l2.5 6.5L21 12l-6.5 2.5L12 21l-2.5-6.5L3 12l6.5-2.5z",
    "M13 3L5 14h6l-1 7 8-11h-6z",
    "M12 3l8 4.5v9L12 21l-8-4.5v-9z",
    "M12 4l9 16H3z",
)
"""For categories that no word describes."""


def tone(event: Event) -> str:
    """The colour of the event's category."""
    return TONES[event.category_id % len(TONES)]


def sign(event: Event) -> str:
    """The outline of the sign of the event's category, in a box of 24 by 24."""
    words = event.category.name.lower().replace("-", " ").split()
    for beginnings, outline in _SIGNS:
        if any(word.startswith(tuple(beginnings.split("|"))) for word in words):
            return outline
    return _OTHER_SIGNS[event.category_id % len(_OTHER_SIGNS)]


def cover(event: Event) -> SafeString:
    """The picture of a cover: lines behind a sign. It says nothing that the page does not say in words."""
    seed = hashlib.sha256(f"{event.category.slug}/{event.name}".encode()).digest()
    lines = _MOTIFS[seed[0] % len(_MOTIFS)](seed[1:])
    return mark_safe(  # noqa: S308  # outlines of this module and numbers
        '<svg class="lines" viewBox="0 0 160 96" preserveAspectRatio="xMidYMid slice" aria-hidden="true">'
        f'<path d="{lines}"/></svg>'
        f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{sign(event)}"/></svg>'
    )


def _rings(seed: bytes) -> str:
    x, y, step = 40 + seed[0] % 100, seed[1] % 96, 10 + seed[2] % 6
    circles = ((x - r, r, 2 * r) for r in range(step, 7 * step, step))
    return "".join(
        f"M{left} {y}a{r} {r} 0 1 0 {width} 0a{r} {r} 0 1 0-{width} 0" for left, r, width in circles
    )


def _traces(seed: bytes) -> str:
    """Tracks of a circuit board, each with a bend and a pad."""
    rows = ((8 + 16 * row, 16 + seed[row] % 80, 8 + seed[row + 6] % 12) for row in range(6))
    return "".join(
        f"M0 {y}h{bend}l{rise}-{rise}h24m6 0a3 3 0 1 0-6 0a3 3 0 1 0 6 0" for y, bend, rise in rows
    )


def _rays(seed: bytes) -> str:
    x, step = seed[0] % 160, 14 + seed[1] % 8
    return "".join(f"M{x} 104L{end} -8" for end in range(x - 6 * step, x + 7 * step, step))


def _crosses(seed: bytes) -> str:
    """One plus sign somewhere in each box of a grid."""
    places = ((box % 5 * 32 + seed[box] % 20, box // 5 * 32 + seed[box + 5] % 20) for box in range(15))
    return "".join(f"M{x + 2} {y + 6}h8m-4-4v8" for x, y in places)


def _waves(seed: bytes) -> str:
    width, height = 12 + seed[0] % 14, 6 + seed[1] % 12
    count = 160 // (2 * width) + 1
    return "".join(f"M0 {y}" + f"l{width}-{height} {width} {height}" * count for y in range(10, 120, 16))


_MOTIFS: tuple[Callable[[bytes], str], ...] = (_rings, _traces, _rays, _crosses, _waves)
