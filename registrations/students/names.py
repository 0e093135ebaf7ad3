"""How names, labels and addresses are normalised for storing and for comparing."""

import re
import unicodedata

from registrations.students.references import (
    random_reference as random_reference,  # the first migration names it
)
from techfest.core.folding import APOSTROPHES
from techfest.core.text import BLANK_LETTERS, IGNORABLES, normalized

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Characters of a reference, which are not mistaken for one another when read or typed; new ones have fewer of them."""

_INVISIBLE = re.compile("[\u00ad\u180e\u200b\u2060-\u206f\ufeff\u202a-\u202e\ufff0-\ufff8]")
_SPACE = re.compile(rf"[\s{BLANK_LETTERS}]+")
_UNDRAWN = re.compile(f"[{IGNORABLES}]")
_APOSTROPHES = re.compile(f"[{re.escape(APOSTROPHES)}]")
_SPELLINGS = {"i\u0307": "i", "ı": "i", "ৎ": "ত্"} | {
    chillu: f"{letter}\u0d4d" for chillu, letter in zip("ൺൻർൽൾൿ", "ണനരലളക", strict=True)
}
_SPELLING = re.compile("|".join(_SPELLINGS))
"""Letters with a second code: ı and I are both the small letter of I, and some final consonants of Malayalam and
Bengali are also typed with a virama.
"""
_UNSPACED = "\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_BETWEEN_UNSPACED = re.compile(f"(?<=[{_UNSPACED}]) (?=[{_UNSPACED}])")
"""A space between Chinese, Japanese or Korean letters; typing it or not is a matter of taste."""
_BETWEEN_DIGITS = re.compile(r"(?<=\d) +(?=\d)")
_AROUND = " \u200e\u200f\u061c"
"""Direction marks are copied along with a text; inside a name of several scripts they may be needed."""


def clean_text(text: str) -> str:
    """Return the text in NFC, without invisible marks and with single spaces, also for letters drawn as a space.

    Joiners (ZWJ, ZWNJ) and variation selectors stay: Indian scripts and emoji need them.
    """
    if text.isascii():
        return " ".join(text.split())
    return _SPACE.sub(" ", _INVISIBLE.sub("", normalized("NFC", text))).strip(_AROUND)


def has_letter(text: str) -> bool:
    """Whether the text has a letter of any script that is drawn; a person's name has one."""
    return any(unicodedata.category(one)[0] == "L" and one not in BLANK_LETTERS for one in text)


def name_key(name: str) -> str:
    """Return the comparison key of a name: NFKC, case-folded, punctuation and white space collapsed.

    Accents and vowel signs stay. What a keyboard or a program adds is dropped: apostrophes, characters that are not
    drawn, joiners, spaces between Chinese letters; letters drawn as a space are one. So two names that look the same
    are the same. A name that consists only of punctuation is its own key.
    """
    if name.isascii():
        words = name.lower().translate(_ASCII_IN_NAMES).split()
        return " ".join(words) or clean_text(name.lower())
    folded = _case_folded(_APOSTROPHES.sub("", name))
    words = "".join(" " if _separates(character) else character for character in folded).split()
    return _BETWEEN_UNSPACED.sub("", " ".join(words)) or clean_text(_case_folded(name))


def _case_folded(name: str) -> str:
    folded = _UNDRAWN.sub("", normalized("NFKC", normalized("NFKC", name).casefold()))
    return _SPELLING.sub(lambda found: _SPELLINGS[found[0]], folded)


def label_key(label: str) -> str:
    """Return a section or roll number as it is stored: NFKC, upper case, separators only between digits.

    Zeros and the digits of other scripts stay as typed; `registrations.students.likeness` compares labels.
    """
    if label.isascii():
        spaced = label.upper().translate(_ASCII_SEPARATORS)
    else:
        folded = _UNDRAWN.sub("", normalized("NFKC", label).upper())
        spaced = "".join(" " if _separates(character) else character for character in folded)
    return _BETWEEN_DIGITS.sub("-", spaced).replace(" ", "")


def school_key(name: str) -> str:
    """Like `name_key`, also ignoring apostrophes and full stops: St. Mary's, St Marys and St Mary’s have one key."""
    return name_key(normalized("NFKC", _APOSTROPHES.sub("", name)).replace(".", ""))


def email_key(email: str) -> str:
    """Return the address in lower case. It is not case-folded: straße.example and strasse.example differ."""
    return email.strip().lower()


def mailbox_key(email: str) -> str:
    """Return the mailbox of an address: `kid+robotics@x` and `kid@x` are the same mailbox."""
    local, _, domain = email_key(email).rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def grouped(reference: str) -> str:
    """Return a reference as three and four characters, which are easier to type."""
    return f"{reference[:3]}-{reference[3:]}" if len(reference) == 7 else reference


def _separates(character: str) -> bool:
    return unicodedata.category(character)[0] in "PZC" or character in BLANK_LETTERS


_ASCII_SEPARATORS: dict[int, str | None] = {number: " " for number in range(128) if _separates(chr(number))}
"""For names and labels in ASCII, whose keys are made six times a registration: a tenth of the time."""
_ASCII_IN_NAMES = _ASCII_SEPARATORS | {ord(one): None for one in APOSTROPHES if one.isascii()}
