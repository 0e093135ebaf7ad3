"""The text in bytes of unknown encoding.

Nothing is guessed silently: text without a mark that is not UTF-8 is stored in an encoding that loses no byte, so that
a person can choose another one (`encodings.readings`).
"""

import codecs
import re
import unicodedata

from registrations.spreadsheets.encodings import (
    ENCODINGS,
    MAX_JUDGED_CHARACTERS,
    MAX_JUDGED_CHUNKS,
    WHITE,
    is_control,
    is_valid,
)
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.plausibility import implausibility

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_FILLERS = ("\0", "\x1a")
"""Zero bytes and the end mark of DOS, with which some programs fill up a file."""
_OTHER_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_MAX_CONTROLS = 0.05
"""A file with a larger share of control characters is no text."""
_ENOUGH_ZEROS = 0.05


def decode(data: bytes) -> tuple[str, str, bool]:
    """Return the text, its encoding, and whether that is a guess. Raises `FileRefused` for binary data.

    A byte order mark or valid UTF-8 is no guess: text of another encoding is practically never valid UTF-8 once it
    has characters beyond ASCII.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark) and not (encoding == "utf-8" and not is_valid(data, encoding)):
            return _text(data[len(mark) :], encoding), encoding, False
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.strip(b"\0\x1a"):
        raise FileRefused("zeros" if b"\0" in data else "empty")
    if encoding := _unmarked_unicode(data):
        return _text(data, encoding), encoding, True
    data = data[: len(_unfilled(data.decode("latin-1")))]
    if encoding := _in_ascii(data):
        return _text(data, encoding), encoding, True
    if is_valid(data, "utf-8"):
        return _text(data, "utf-8"), "utf-8", False
    encoding = _best(data)
    return _text(data, encoding), encoding, True


def _best(data: bytes) -> str:
    """Return the most plausible encoding that gives back exactly these bytes; the last ones always do."""
    chunks = dict.fromkeys(one for one in re.split(rb'[\r\n,;\t"]', data) if not one.isascii())
    foreign = [one for one in chunks if not is_valid(one, "utf-8")]
    sample = [one[:MAX_JUDGED_CHARACTERS] for one in (foreign or [*chunks])[:MAX_JUDGED_CHUNKS]]
    scores: dict[str, float] = {}
    for code in ENCODINGS:
        try:
            text = data.decode(code)
            if text.encode(code) == data and not any(map(_is_late_control, set(text))):
                scores[code] = implausibility([one.decode(code, "ignore") for one in sample], code)
        except UnicodeError:
            continue
    return min(scores, key=lambda code: scores[code])


def _is_late_control(character: str) -> bool:
    """Return whether an encoding has no letter for this byte, as the ISO ones from 0x80 to 0x9f."""
    return "\x80" <= character <= "\x9f"


_ESCAPES = re.compile(rb"\x1b[$(]")
_UTF7 = re.compile(rb"\+[A-Za-z0-9+/]{2,}+(-?)")


def _in_ascii(data: bytes) -> str:
    """Detect encodings that write every letter in ASCII: of Japanese mail, and UTF-7."""
    if not data.isascii():
        return ""
    if _ESCAPES.search(data) and is_valid(data, "iso2022_jp"):
        return "iso2022_jp"
    if any(found[1] for found in _UTF7.finditer(data)) and is_valid(data, "utf-7"):
        letters = {one for one in data.decode("utf-7") if not one.isascii()}
        if letters and all(unicodedata.category(one)[0] in "LMP" for one in letters):
            return "ascii"
    return ""


def _unmarked_unicode(data: bytes) -> str:
    """Detect UTF-16 and UTF-32 without a mark: separators and line ends are ASCII, so their other bytes are zero."""
    head = data[:4000].rstrip(b"\0\x1a")
    if b"\0" not in head:
        return ""
    zeros = [head[at::4].count(0) / max(1, len(head[at::4])) for at in range(4)]
    if min(zeros[2], zeros[3]) > 1 - _ENOUGH_ZEROS:
        return "utf-32-le"
    if min(zeros[0], zeros[1]) > 1 - _ENOUGH_ZEROS:
        return "utf-32-be"
    high, low = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if max(high, low) < 2 * _ENOUGH_ZEROS or min(high, low) > max(high, low) / 4:
        return ""
    return "utf-16-le" if low > high else "utf-16-be"


def _text(data: bytes, encoding: str) -> str:
    try:
        return plain_text(_unfilled(data.decode(encoding)), is_unicode=encoding.startswith("utf-"))
    except UnicodeDecodeError:
        raise FileRefused("damaged" if encoding.startswith("utf-") else "kind") from None


def _unfilled(text: str) -> str:
    """Return the text without the filler at its end, among which may be line ends."""
    kept = len(text.rstrip("\0\x1a" + WHITE + " "))
    found = [at for filler in _FILLERS if (at := text.find(filler, kept)) >= 0]
    return text[: min(found)] if found else text


def plain_text(text: str, *, is_unicode: bool = True) -> str:
    """Return the text without marks, and with a replacement for each control character, which its row reports.

    In Unicode the controls from U+0080 stay: programs make them of bytes that their encoding does not have, so they
    help to repair a name. Raises `FileRefused` for text of many control characters.
    """
    # Files that were joined have a mark in the middle.
    text = text.replace("\ufeff", "")
    if "\n" not in text and "\r" not in text:
        text = _OTHER_LINE_ENDS.sub("\n", text)
    controls = {one for one in set(text) if is_control(one) and not (is_unicode and one >= "\x80")}
    if not controls:
        return text
    if sum(text.count(one) for one in controls) > _MAX_CONTROLS * len(text):
        raise FileRefused("kind")
    return text.translate({ord(one): "\ufffd" for one in controls})
