"""Repair names that a program has damaged: UTF-8 read in another encoding (JosÃ©), and HTML entities (O&#39;Brien).

Only a suggestion: the person decides, because the text is a person's name.
"""

import html
import re
import unicodedata

from registrations.spreadsheets.plausibility import implausibility
from registrations.students.names import clean_text

_ENCODINGS = ("cp1252", "mac_roman", "cp1251", "cp1250", "cp1254", "cp1256", "cp1253", "cp437", "cp850")
"""Encodings in which programs read a file of another one, the most frequent first."""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8}\d{0,2});", re.IGNORECASE)
_MAX_TIMES = 3
_OTHER_SCRIPTS = ("cp1251", "cp1256", "iso8859-6", "cp1253", "cp1255", "koi8-r", "cp874")
_MIN_LETTERS, _MAX_LETTERS, _MIN_ACCENTED, _MAX_IMPLAUSIBILITY = 4, 80, 0.8, 1.5
_MARKS = "‘’“”–—…·´"
_LETTERS = re.compile(
    "[\u00c0-\u017f\u01a0\u01a1\u01af\u01b0\u0218-\u021b\u0386-\u03ce\u0400-\u045f\u0490\u0491\u0531-\u0587"
    "\u05d0-\u05ea\u0621-\u0652\u0671-\u06d3\u0900-\uffff]"
)
"""Letters of living scripts. Phonetic letters and the like come up when a true name is decoded once more."""
_MIXED = re.compile(r"[A-Za-z][\u0370-\u1dff]|[\u0370-\u1dff][A-Za-z]")


def repaired_name(text: str) -> str:
    """Return the name that was probably meant, or an empty string if nothing can be repaired."""
    meant = html.unescape(html.unescape(text)) if _ENTITY.search(text) else text
    meant = clean_text(_decoded(meant) or meant)
    return meant if meant != clean_text(text) else ""


def names_in_other_scripts(text: str) -> tuple[str, ...]:
    """Return the names that a text of accented Latin letters alone may be, if a program took their encoding for Latin.

    “Èâàí” is “Иван”. A name in the Latin script is mostly of letters without accents.
    """
    letters = [one for one in text if one.isalpha()]
    accented = sum("\u00c0" <= one <= "\u00ff" for one in letters)
    if not _MIN_LETTERS <= len(letters) <= _MAX_LETTERS or accented < _MIN_ACCENTED * len(letters):
        return ()
    found = [
        (one, code) for code in _OTHER_SCRIPTS if (one := _from_latin(text, code)) and _is_one_script(one)
    ]
    ranked = sorted((implausibility([one], code), one) for one, code in found)
    return tuple(dict.fromkeys(one for score, one in ranked if score < _MAX_IMPLAUSIBILITY))[:3]


def _from_latin(text: str, encoding: str) -> str:
    try:
        return clean_text(b"".join(_byte(character, "cp1252") for character in text).decode(encoding))
    except UnicodeError:
        return ""


def _is_one_script(text: str) -> bool:
    scripts = {unicodedata.name(one, "?").split()[0] for one in text if one.isalpha()}
    return len(scripts) == 1 and all(map(_may_be_in_a_name, text))


def is_damaged(text: str) -> bool:
    """Whether the text or one of its words shows damage, even if the whole cannot be repaired."""
    return bool(repaired_name(text)) or any(_decoded(word) for word in text.split())


def _decoded(text: str, times: int = _MAX_TIMES) -> str:
    """Return the text read as UTF-8, as which a true name is practically never valid; programs do it repeatedly."""
    if text.isascii() or not times:
        return ""
    for encoding in _ENCODINGS:
        if meant := _reread(text, encoding):
            if deeper := _decoded(meant, times - 1):
                return deeper
            if _is_name(meant, text, encoding):
                return meant
    return ""


def _is_name(meant: str, text: str, encoding: str) -> bool:
    """Whether the repaired text looks like a name; one pair of Cyrillic letters is too little to tell."""
    is_mixed = any(character.isascii() and character.isalpha() for character in text)
    is_short = encoding == "cp1251" and len(text) < 4 and not is_mixed
    return not is_short and not _MIXED.search(meant) and all(map(_may_be_in_a_name, meant))


def _reread(text: str, encoding: str) -> str:
    try:
        return b"".join(_byte(character, encoding) for character in text).decode("utf-8")
    except UnicodeError:
        return ""


def _byte(character: str, encoding: str) -> bytes:
    """Return the byte of this character; a byte without a character was kept as a control character."""
    try:
        return character.encode(encoding)
    except UnicodeEncodeError:
        if "\x80" <= character <= "\x9f":
            return character.encode("latin-1")
        raise


def _may_be_in_a_name(character: str) -> bool:
    if character.isascii() or character in _MARKS or character.isspace():
        return character.isprintable() or character.isspace()
    is_letter = unicodedata.category(character)[0] in "LM" or character in "\u200c\u200d"
    return is_letter and _LETTERS.match(character) is not None
