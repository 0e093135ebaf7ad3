"""The text in bytes of unknown encoding, and the readings among which a person chooses.

Nothing is guessed silently: text without a mark that is not UTF-8 is stored in an encoding that loses no byte, and
`readings` shows the same cells in the usual encodings.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

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
_WHITE = "\t\n\r\f\v"
_FILLERS = ("\0", "\x1a")
"""Zero bytes and the end mark of DOS, with which some programs fill up a file."""
_OTHER_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_MAX_CONTROLS = 0.05
"""A file with a larger share of control characters is no text."""
_ENOUGH_ZEROS = 0.05

ENCODINGS = {
    "windows-1252": _("Western European (Windows)"),
    "windows-1250": _("Central European (Windows)"),
    "windows-1251": _("Cyrillic (Windows)"),
    "mac-roman": _("Western European (Mac)"),
    "windows-1254": _("Turkish (Windows)"),
    "windows-1253": _("Greek (Windows)"),
    "windows-1256": _("Arabic (Windows)"),
    "windows-1255": _("Hebrew (Windows)"),
    "windows-1257": _("Baltic (Windows)"),
    "windows-1258": _("Vietnamese (Windows)"),
    "iso8859-2": _("Central European (ISO)"),
    "cp874": _("Thai (Windows)"),
    "cp932": _("Japanese (Shift JIS)"),
    "gb18030": _("Chinese, simplified (GB 18030)"),
    "big5hkscs": _("Chinese, traditional (Big5)"),
    "cp949": _("Korean (Windows)"),
    "euc_jp": _("Japanese (EUC)"),
    "koi8-u": _("Cyrillic (KOI8)"),
    "iso8859-15": _("Western European (ISO)"),
    "iso8859-5": _("Cyrillic (ISO)"),
    "iso8859-7": _("Greek (ISO)"),
    "mac-latin2": _("Central European (Mac)"),
    "mac-cyrillic": _("Cyrillic (Mac)"),
    "mac-greek": _("Greek (Mac)"),
    "mac-turkish": _("Turkish (Mac)"),
    "cp850": _("Western European (DOS)"),
    "cp857": _("Turkish (DOS)"),
    "cp737": _("Greek (DOS)"),
    "cp852": _("Central European (DOS)"),
    "cp866": _("Cyrillic (DOS)"),
    "cp437": _("Western European (old DOS)"),
}
"""The usual encodings without a mark, most common first. The last ones have a character for every byte."""
_MIXED = "utf-8+"
"""Starts the name of an encoding whose cells are UTF-8 where that is possible, and the rest another encoding."""
MAX_READINGS = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """The same cells in one encoding."""

    encoding: str
    label: str
    texts: tuple[str, ...]


def decode(data: bytes) -> tuple[str, str, bool]:
    """Return the text, its encoding, and whether that is a guess. Raises `FileRefused` for binary data.

    A byte order mark or valid UTF-8 is no guess: text of another encoding is practically never valid UTF-8 once it
    has characters beyond ASCII.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark) and not (encoding == "utf-8" and not _is_valid(data, encoding)):
            return _text(data[len(mark) :], encoding), encoding, False
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.strip(b"\0\x1a"):
        raise FileRefused("zeros" if b"\0" in data else "empty")
    if encoding := _unmarked_unicode(data):
        return _text(data, encoding), encoding, True
    data = data[: len(_unfilled(data.decode("latin-1")))]
    if encoding := _in_ascii(data):
        return _text(data, encoding), encoding, True
    if _is_valid(data, "utf-8"):
        return _text(data, "utf-8"), "utf-8", False
    encoding = _best(data)
    return _text(data, encoding), encoding, True


def readings(cells: Iterable[str], encoding: str) -> list[Reading]:
    """Return the cells in each usual encoding, the most plausible first; cells that read the same are shown once.

    The cells were read in `encoding`. A cell that a person has changed since may not be in it; it stays as it is.
    """
    raw = [one for cell in _telling(cells) if (one := _encoded(cell, encoding)) is not None]
    found: dict[tuple[str, ...], tuple[float, str]] = {}
    for code in _candidates(raw, encoding):
        try:
            texts = tuple(read_as(one, code) for one in raw)
        except UnicodeDecodeError:
            continue
        if texts not in found and not any(map(_has_controls, texts)):
            found[texts] = (implausibility(texts, _plain(code)), code)
    ranked = sorted(found.items(), key=lambda item: item[1][0])[:MAX_READINGS]
    return [Reading(code, label_of(code), texts) for texts, (_score, code) in ranked]


def reread(cell: str, encoding: str, wanted: str) -> str:
    """Return a cell that was read in one encoding as it is in another; unchanged if that is not possible."""
    raw = _encoded(cell, encoding)
    if raw is None:
        return cell
    try:
        return read_as(raw, wanted)
    except UnicodeDecodeError:
        return cell


def is_doubtful(cell: str, encoding: str) -> bool:
    """Return whether a cell may read differently in another encoding."""
    return "+" in cell if encoding == "ascii" else not cell.isascii()


def label_of(encoding: str) -> str:
    if encoding.startswith(_MIXED):
        return str(_("UTF-8 mixed with %(other)s")) % {"other": ENCODINGS[_plain(encoding)]}
    return str(ENCODINGS.get(encoding, encoding.upper()))


def read_as(raw: bytes, encoding: str) -> str:
    """Return the text of a cell. Raises `UnicodeDecodeError`."""
    if encoding.startswith(_MIXED) and _is_valid(raw, "utf-8"):
        return raw.decode("utf-8")
    return raw.decode(_plain(encoding))


def _plain(encoding: str) -> str:
    return encoding.removeprefix(_MIXED)


def _encoded(cell: str, encoding: str) -> bytes | None:
    try:
        return cell.encode(encoding)
    except UnicodeEncodeError:
        return None


def _candidates(raw: Sequence[bytes], encoding: str) -> list[str]:
    if encoding == "ascii":
        return ["utf-7", "ascii"]
    if encoding not in ENCODINGS:
        return [encoding]
    if any(not one.isascii() and _is_valid(one, "utf-8") for one in raw):
        return [*(f"{_MIXED}{code}" for code in ENCODINGS), *ENCODINGS]
    return list(ENCODINGS)


def _best(data: bytes) -> str:
    """Return the most plausible encoding that gives back exactly these bytes; the last ones always do."""
    chunks = dict.fromkeys(one for one in re.split(rb'[\r\n,;\t"]', data) if not one.isascii())
    foreign = [one for one in chunks if not _is_valid(one, "utf-8")]
    sample = [one[:_LONGEST] for one in (foreign or [*chunks])[:_SAMPLE]]
    scores: dict[str, float] = {}
    for code in ENCODINGS:
        try:
            if data.decode(code).encode(code) == data:
                scores[code] = implausibility([one.decode(code, "ignore") for one in sample], code)
        except UnicodeError:
            continue
    return min(scores, key=lambda code: scores[code])


def _telling(cells: Iterable[str]) -> list[str]:
    """Return cells that show every character beyond ASCII at least once, and no more of them than needed."""
    seen: set[str] = set()
    telling = []
    for cell in dict.fromkeys(cells):
        cell = cell[:_LONGEST]
        if (foreign := {one for one in cell if not one.isascii()}) - seen or "+" in cell:
            seen |= foreign
            telling.append(cell)
    return telling[:_SAMPLE]


_LONGEST = 200
"""Characters of a cell that are judged."""
_SAMPLE = 200
"""Different chunks beyond ASCII that are judged; a class has hardly more names with accents."""


def _is_valid(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


_ESCAPES = re.compile(rb"\x1b[$(]")
_UTF7 = re.compile(rb"\+[A-Za-z0-9+/]{2,}+(-?)")


def _in_ascii(data: bytes) -> str:
    """Detect encodings that write every letter in ASCII: of Japanese mail, and UTF-7."""
    if not data.isascii():
        return ""
    if _ESCAPES.search(data) and _is_valid(data, "iso2022_jp"):
        return "iso2022_jp"
    if any(found[1] for found in _UTF7.finditer(data)) and _is_valid(data, "utf-7"):
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
        return plain_text(_unfilled(data.decode(encoding)))
    except UnicodeDecodeError:
        raise FileRefused("damaged" if encoding.startswith("utf-") else "kind") from None


def _unfilled(text: str) -> str:
    """Return the text without the filler at its end, among which may be line ends."""
    kept = len(text.rstrip("\0\x1a" + _WHITE + " "))
    found = [at for filler in _FILLERS if (at := text.find(filler, kept)) >= 0]
    return text[: min(found)] if found else text


def plain_text(text: str) -> str:
    """Return the text without marks, and with a replacement for each control character, which its row reports.

    Raises `FileRefused` for text of many control characters.
    """
    # Files that were joined have a mark in the middle.
    text = text.replace("\ufeff", "")
    if "\n" not in text and "\r" not in text:
        text = _OTHER_LINE_ENDS.sub("\n", text)
    controls = {one for one in set(text) if _is_control(one)}
    if not controls:
        return text
    if sum(text.count(one) for one in controls) > _MAX_CONTROLS * len(text):
        raise FileRefused("kind")
    return text.translate({ord(one): "\ufffd" for one in controls})


def _has_controls(text: str) -> bool:
    return any(map(_is_control, text))


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and character not in _WHITE
