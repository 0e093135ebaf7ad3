"""Prepares text and the logo for print: drawable characters, and a size at which each text fits its box."""

import re
import unicodedata
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from io import BytesIO
from itertools import groupby
from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image, UnidentifiedImageError

from techfest.core.text import normalized

FONTS = Path(__file__).resolve().parent.parent / "fonts"
# Characters without a shape that change their neighbours: joiners, variation selectors, emoji tags.
_SHAPELESS = (
    *range(0x200B, 0x2010), *range(0x2060, 0x2065), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE0200),
    0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0,
)  # fmt: skip


# Characters that change the direction of the text after them: they could show one name as another.
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0x206A, 0x2070)}


@cache
def drawable_characters() -> frozenset[int]:
    """Returns the code points that the committed fonts can draw, and those without a shape of their own."""
    lines = (FONTS / "coverage.txt").read_text(encoding="ascii").split()
    spans = (line.split("-") for line in lines)
    shapes = {character for first, last in spans for character in range(int(first, 16), int(last, 16) + 1)}
    return frozenset(shapes | set(_SHAPELESS))


def printable(text: str) -> str:
    """Composes `text` (NFC), puts it on one line and replaces each run of characters that no font has.

    One such character becomes `[U+13080]`, a run of five `[U+13080 +4]`. Control characters and changes of direction
    are removed.
    """
    composed = normalized("NFC", text)
    one_line = " ".join(_quiet(composed).split())
    characters = drawable_characters()
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


# Advance of a character in ems in bold Noto Sans, rounded up. Marks and joiners have no width.
_WIDE, _TALL_SCRIPT, _CAPITAL, _OTHER = 1.05, 0.95, 0.74, 0.62
_LINE = 1.25
# Lines break between words: on average this share of a line is used.
_FILLED = 0.88


@dataclass(frozen=True, slots=True)
class Box:
    """A box for one text: width and height in points, and the permitted font sizes in points, largest first."""

    width: float
    height: float
    sizes: tuple[int, ...]

    def fit(self, text: str) -> tuple[str, int]:
        """Returns the text with the largest size that fits, or shortened with an ellipsis if the smallest does not."""
        for size in self.sizes:
            if self._has_room(text, size):
                return text, size
        smallest = self.sizes[-1]
        while text and not self._has_room(f"{text}…", smallest):
            text = text[: -max(1, len(text) // 20)]
        return f"{text.rstrip()}…", smallest

    def _has_room(self, text: str, size: int) -> bool:
        longest_word = max((width_in_ems(word) for word in text.split()), default=0.0)
        if longest_word * size > self.width and size != self.sizes[-1]:
            return False
        width = width_in_ems(text) * size
        lines = ceil(width / (self.width * _FILLED)) if width > self.width else 1
        return lines * size * _LINE <= self.height


def width_in_ems(text: str) -> float:
    """Returns the width of `text` in ems; the estimate is never too small."""
    return sum(map(_advance, text))


def _advance(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE
    category = unicodedata.category(character)
    if category in {"Mn", "Me", "Cf"}:
        return 0.0
    if 0x0900 <= ord(character) < 0x1200:
        return _TALL_SCRIPT
    return _CAPITAL if category == "Lu" else _OTHER


@dataclass(frozen=True, slots=True)
class FittedText:
    """One text with its font size in points."""

    text: str
    size: int

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, from the first strong character like HTML's `dir="auto"`, which WeasyPrint lacks."""
        strong = (unicodedata.bidirectional(character) for character in self.text)
        first = next((way for way in strong if way in {"L", "R", "AL"}), "L")
        return "ltr" if first == "L" else "rtl"


def fitted(text: str, box: Box) -> FittedText:
    return FittedText(*box.fit(printable(text)))


def zone_name(moment: datetime, time_zone: str) -> str:
    """Returns the short name of the zone where there is one (IST), otherwise its offset from UTC."""
    name = moment.astimezone(ZoneInfo(time_zone)).strftime("%Z")
    return f"UTC{name[:3]}:{name[3:]}".removesuffix(":") if name[:1] in {"+", "-"} else name


# Printed at 40 x 14 mm at most, with 300 dots per inch.
LARGEST = (472, 165)


@lru_cache(maxsize=8)
def logo_address(logo: bytes | None) -> str:
    """Returns a `data:` URL of the logo, scaled down on white; empty without a readable PNG or JPEG."""
    if not logo:
        return ""
    try:
        with Image.open(BytesIO(logo), formats=("PNG", "JPEG")) as image:
            picture = image.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return ""
    picture.thumbnail(LARGEST)
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    file = BytesIO()
    ground.convert("RGB").save(file, "JPEG", quality=85, subsampling=0, optimize=True)
    return f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"
