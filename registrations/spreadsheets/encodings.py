"""From bytes to text: what a spreadsheet program may have written when it said CSV."""

import codecs
import unicodedata

from registrations.spreadsheets.errors import FileRefused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WHITE = "\t\n\r\f\v"


def decoded(data: bytes) -> tuple[str, str, bool]:
    """The text, its encoding, and whether that is a guess. Raises FileRefused for what is no text.

    A byte order mark or valid UTF-8 settles it: text in another encoding that happens to be valid UTF-8 with
    signs beyond ASCII is next to impossible. Everything else is a guess: UTF-16 by its zero bytes, else Windows-1252.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _text(data[len(mark) :], encoding), encoding, False
    if encoding := _unmarked_utf16(data):
        return _text(data, encoding), encoding, True
    try:
        return checked(data.decode("utf-8")), "utf-8", False
    except UnicodeDecodeError:
        return _text(data, "windows-1252"), "windows-1252", True


def _text(data: bytes, encoding: str) -> str:
    try:
        return checked(data.decode(encoding))
    except UnicodeDecodeError:
        raise FileRefused("kind") from None


def checked(text: str) -> str:
    """The text, unless it holds what no list of names holds: control characters, or markup instead of cells."""
    if text.lstrip("\ufeff" + _WHITE + " ").startswith("<"):
        raise FileRefused("kind")
    if any(unicodedata.category(character) == "Cc" and character not in _WHITE for character in set(text)):
        raise FileRefused("kind")
    return text


def _unmarked_utf16(data: bytes) -> str:
    """UTF-16 without its mark: line ends and separators are ASCII there, so every other byte of them is zero."""
    head = data[:2000]
    if b"\0" not in head or len(data) % 2:
        return ""
    low, high = head[1::2].count(0), head[0::2].count(0)
    return "utf-16-le" if low > high else "utf-16-be"
