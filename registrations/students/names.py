"""How names, labels and addresses are normalised for storing and for comparing."""

import re
import unicodedata

from registrations.students.references import (
    random_reference as random_reference,  # the first migration names it
)
from techfest.core.text import BLANK_LETTERS, IGNORABLES, normalized

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Characters of a reference, which are not mistaken for one another when read or typed; new ones have fewer of them."""

_INVISIBLE = re.compile("[\u00ad\u180e\u200b\u2060-\u206f\ufeff\u202a-\u202e\ufff0-\ufff8]")
_SPACE = re.compile(rf"[\s{BLANK_LETTERS}]+")
_JOINERS = "\u200c\u200d"
_UNDRAWN = re.compile(f"(?![{_JOINERS}])[{IGNORABLES}]")


def clean_text(text: str) -> str:
    """Return the text in NFC, without invisible marks and with single spaces, also for letters drawn as a space.

    Joiners (ZWJ, ZWNJ) and variation selectors stay: Indian scripts and emoji need them.
    """
    if text.isascii():
        return " ".join(text.split())
    return _SPACE.sub(" ", _INVISIBLE.sub("", normalized("NFC", text))).strip()


def name_key(name: str) -> str:
    """Return the comparison key of a name: NFKC, case-folded, punctuation and white space collapsed.

    Combining marks stay, since they are vowels in Indian scripts. Characters that are not drawn are dropped, except
    joiners, and letters drawn as a space are one: two names that look the same are the same. A name that consists
    only of punctuation is its own key.
    """
    if name.isascii():
        folded = name.lower()
        words = folded.translate(_ASCII_SEPARATORS).split()
    else:
        folded = _UNDRAWN.sub("", normalized("NFKC", normalized("NFKC", name).casefold()))
        words = "".join(" " if _separates(character) else character for character in folded).split()
    return " ".join(words) or clean_text(folded)


def label_key(label: str) -> str:
    """Return a section or roll number as it is stored and compared: NFKC, upper case, no separators."""
    if label.isascii():
        return label.upper().translate(_ASCII_SEPARATORS).replace(" ", "")
    folded = _UNDRAWN.sub("", normalized("NFKC", label).upper())
    return "".join(character for character in folded if not _separates(character))


def school_key(name: str) -> str:
    """Like `name_key`, also ignoring apostrophes and full stops: St. Mary's, St Marys and St Mary’s have one key."""
    return name_key(re.sub("['’`.]", "", normalized("NFKC", name)))


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
    is_blank = unicodedata.category(character)[0] in "PZC" and character not in _JOINERS
    return is_blank or character in BLANK_LETTERS


_ASCII_SEPARATORS = {number: " " for number in range(128) if _separates(chr(number))}
"""For names and labels in ASCII, whose keys are made six times a registration: a tenth of the time."""
