"""Which signs the committed fonts can draw, and what stands for the others."""

import re
import unicodedata
from functools import cache
from itertools import groupby
from pathlib import Path

from techfest.core.text import normalized

FONTS = Path(__file__).resolve().parent.parent / "fonts"

# Signs that have no shape of their own but steer their neighbours: joiners, variation selectors, emoji tags.
_SHAPELESS = (
    *range(0x200B, 0x2010), *range(0x2060, 0x2065), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE0200),
    0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0,
)  # fmt: skip
# Signs that turn the direction of all that follows: they could show one name as another.
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0x206A, 0x2070)}


@cache
def drawable() -> frozenset[int]:
    """The code points that never come out as an empty box."""
    lines = (FONTS / "coverage.txt").read_text(encoding="ascii").split()
    spans = (line.split("-") for line in lines)
    shapes = {character for first, last in spans for character in range(int(first, 16), int(last, 16) + 1)}
    return frozenset(shapes | set(_SHAPELESS))


def printable(text: str) -> str:
    """`text` composed (NFC), on one line, with a named substitute for each run of signs that no font has.

    One such sign becomes `[U+13080]`, a run of five `[U+13080 +4]`. Control signs and turns of direction go.
    """
    composed = normalized("NFC", text)
    one_line = " ".join(_quiet(composed).split())
    characters = drawable()
    runs = groupby(one_line, lambda character: ord(character) in characters)
    return "".join("".join(run) if is_drawn else _substitute("".join(run)) for is_drawn, run in runs)


def has_substitute(text: str) -> bool:
    return re.search(r"\[U\+[0-9A-F]{4,6}(?: \+\d+)?\]", text) is not None


def _quiet(text: str) -> str:
    return "".join(
        " " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character
        for character in text
        if ord(character) not in _TURNING
    )


def _substitute(run: str) -> str:
    first, others = f"U+{ord(run[0]):04X}", len(run) - 1
    return f"[{first} +{others}]" if others else f"[{first}]"
