"""The usual encodings, and the same cells in each of them, among which a person chooses."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from registrations.spreadsheets.plausibility import implausibility

WHITE = "\t\n\r\f\v"

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
    "iso8859-6": _("Arabic (ISO)"),
    "iso8859-8": _("Hebrew (ISO)"),
    "mac-arabic": _("Arabic (Mac)"),
    "cp720": _("Arabic (DOS)"),
    "mac-latin2": _("Central European (Mac)"),
    "mac-cyrillic": _("Cyrillic (Mac)"),
    "mac-greek": _("Greek (Mac)"),
    "mac-turkish": _("Turkish (Mac)"),
    "cp862": _("Hebrew (DOS)"),
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
MAX_DECODINGS = 6


@dataclass(frozen=True, slots=True)
class Decoding:
    """The same cells in one encoding."""

    encoding: str
    label: str
    texts: tuple[str, ...]


def decodings(cells: Iterable[str], encoding: str) -> list[Decoding]:
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
    ranked = sorted(found.items(), key=lambda item: item[1][0])[:MAX_DECODINGS]
    return [Decoding(code, label_of(code), texts) for texts, (_score, code) in ranked]


def decode_again(cell: str, encoding: str, wanted: str) -> str:
    """Return a cell that was read in one encoding as it is in another; unchanged if that is not possible."""
    raw = _encoded(cell, encoding)
    if raw is None:
        return cell
    try:
        return read_as(raw, wanted)
    except UnicodeDecodeError:
        return cell


def is_ambiguous(cell: str, encoding: str) -> bool:
    """Return whether a cell may read differently in another encoding."""
    return "+" in cell if encoding == "ascii" else not cell.isascii()


def label_of(encoding: str) -> str:
    if encoding.startswith(_MIXED):
        return str(_("UTF-8 mixed with %(other)s")) % {"other": ENCODINGS[_plain(encoding)]}
    return str(ENCODINGS.get(encoding, encoding.upper()))


def read_as(raw: bytes, encoding: str) -> str:
    """Return the text of a cell. Raises `UnicodeDecodeError`."""
    if encoding.startswith(_MIXED) and is_valid(raw, "utf-8"):
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
    if any(not one.isascii() and is_valid(one, "utf-8") for one in raw):
        return [*(f"{_MIXED}{code}" for code in ENCODINGS), *ENCODINGS]
    return list(ENCODINGS)


def _telling(cells: Iterable[str]) -> list[str]:
    """Return cells that show every character beyond ASCII at least once, and no more of them than needed."""
    seen: set[str] = set()
    telling = []
    for cell in dict.fromkeys(cells):
        cell = cell[:MAX_JUDGED_CHARACTERS]
        if (foreign := {one for one in cell if not one.isascii()}) - seen or "+" in cell:
            seen |= foreign
            telling.append(cell)
    return telling[:MAX_JUDGED_CHUNKS]


MAX_JUDGED_CHARACTERS = 200
"""Characters of a cell that are judged."""
MAX_JUDGED_CHUNKS = 200
"""Different chunks beyond ASCII that are judged; a class has hardly more names with accents."""


def is_valid(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _has_controls(text: str) -> bool:
    return any(map(is_control, text))


def is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and character not in WHITE
