"""How large a text may be printed so that it stays in its box, whatever was typed."""

import unicodedata
from dataclasses import dataclass
from math import ceil

# Advance of a sign in ems: bold Noto Sans, rounded up. Marks and joiners stand on their neighbour.
_WIDE, _TALL_SCRIPT, _CAPITAL, _OTHER = 1.05, 0.95, 0.74, 0.62
_LINE = 1.25
# Lines end early at words: this much of a line is used on average.
_FILLED = 0.88


@dataclass(frozen=True, slots=True)
class Box:
    """Room for one text: width and height in points, and the sizes it may have, largest first, in points."""

    width: float
    height: float
    sizes: tuple[int, ...]

    def fit(self, text: str) -> tuple[str, int]:
        """The text and the largest size at which it fits; cut with an ellipsis where even the smallest does not."""
        for size in self.sizes:
            if self._has_room(text, size):
                return text, size
        smallest = self.sizes[-1]
        while text and not self._has_room(f"{text}…", smallest):
            text = text[: -max(1, len(text) // 20)]
        return f"{text.rstrip()}…", smallest

    def _has_room(self, text: str, size: int) -> bool:
        longest_word = max((ems(word) for word in text.split()), default=0.0)
        if longest_word * size > self.width and size != self.sizes[-1]:
            return False
        lines = ceil(ems(text) * size / (self.width * _FILLED)) if ems(text) * size > self.width else 1
        return lines * size * _LINE <= self.height


def ems(text: str) -> float:
    """The width of `text` in ems, estimated from above."""
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
