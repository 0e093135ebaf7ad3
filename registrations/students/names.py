"""How names are stored and how they are compared."""

import re
import secrets
import unicodedata

from techfest.core.text import normalized

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Signs that nobody mistakes for one another when reading or typing them."""

_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_SPACE = re.compile(r"\s+")


def clean_text(text: str) -> str:
    """The text as typed, in NFC, without invisible marks and with single spaces.

    Joiners (ZWJ, ZWNJ) stay: Indian scripts and emoji need them.
    """
    return _SPACE.sub(" ", _INVISIBLE.sub("", normalized("NFC", text))).strip()


def name_key(name: str) -> str:
    """What two spellings of one name share: NFKC, case-folded, punctuation and white space collapsed.

    Combining marks stay, since they are vowels in Indian scripts. A name made only of signs is its own key.
    """
    folded = normalized("NFKC", normalized("NFKC", name).casefold())
    words = "".join(" " if _separates(character) else character for character in folded).split()
    return " ".join(words) or clean_text(folded)


def label_key(label: str) -> str:
    """A section or roll number as it is stored and compared: NFKC, upper case, no separators."""
    return "".join(character for character in normalized("NFKC", label).upper() if not _separates(character))


def school_key(name: str) -> str:
    """As `name_key`, and blind to apostrophes and full stops: St. Mary's, St Marys and St Mary’s are one."""
    return name_key(re.sub("['’`.]", "", normalized("NFKC", name)))


def email_key(email: str) -> str:
    """In lower case and not folded: folding makes one of straße.example and strasse.example, which are two."""
    return email.strip().lower()


def mailbox_key(email: str) -> str:
    """The mailbox behind an address: `kid+robotics@x` and `kid@x` are read by one person."""
    local, _, domain = email_key(email).rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def random_reference() -> str:
    """Seven signs that name a student; they grant nothing."""
    return "".join(secrets.choice(ALPHABET) for _ in range(7))


def grouped(reference: str) -> str:
    """Seven signs are typed more surely as three and four."""
    return f"{reference[:3]}-{reference[3:]}" if len(reference) == 7 else reference


def _separates(character: str) -> bool:
    return unicodedata.category(character)[0] in "PZC" and character not in "\u200c\u200d"
