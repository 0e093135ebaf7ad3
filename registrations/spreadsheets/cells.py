"""Marks and empty cells as people write them: a tick under the name of an event, n/a, a dash."""

from registrations.students.names import clean_text, name_key

_YES = frozenset(
    ["x", "xx", "yes", "y", "1", "true", "t", "✓", "✔", "√", "✅", "☑", "ok", "ha", "हाँ", "हां", "ஆம்"]
)
_NO = frozenset(
    ["", "no", "n", "0", "false", "f", "✗", "✘", "❌", "☐", "na", "n a", "nil", "none", "नहीं", "இல்லை"]
)
_NOTHING = frozenset(["na", "n a", "nil", "none", "null"])
_LONGEST_NOTHING = 20
_LONGEST_MARK = 200
_DASHES = "-–—. \t"


def read_mark(text: str) -> bool | None:
    """Return whether a cell under an event's name says yes; None if it says neither yes nor no."""
    key = clean_text(text[:_LONGEST_MARK]).casefold()
    if key in _YES:
        return True
    return None if is_given(text) and key not in _NO else False


def is_given(text: str) -> bool:
    """Return whether a cell is filled; a dash, "n/a" and "nil" do not count."""
    text = text.strip(_DASHES)
    if not text or not clean_text(text).strip(_DASHES):
        return False
    return len(text) > _LONGEST_NOTHING or name_key(text) not in _NOTHING
