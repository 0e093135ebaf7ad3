"""Find the address in what people copy into a field for one: mailto links, display names, full-width characters."""

import html
import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from techfest.core.text import IGNORABLES

MAX_LOCAL_PART = 64
_PLAIN = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+[A-Za-z0-9]")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    ord(one): plain for characters, plain in (("。｡", "."), ("﹫", "@")) for one in characters
}
_UNDRAWN = re.compile(f"[{IGNORABLES}]")
_AT = re.compile(r"\s*[\[({]\s*at\s*[\])}]\s*", re.IGNORECASE)
_DOT = re.compile(r"\s*[\[({]\s*dot\s*[\])}]\s*", re.IGNORECASE)
_LABEL = re.compile(r"^\s*(?:e-?mail(?:\s+id)?|mail|mailto)\s*[:=]\s*", re.IGNORECASE)
_QUERY = re.compile(r"(?<=[A-Za-z0-9])\?[^@]*$")
_NAMED = re.compile(r"<\s*([^<>]*@[^<>]*?)\s*>")
_REMARK = re.compile(r"^\s*[(\[][^@()\[\]]*[)\]]|[(\[][^@()\[\]]*[)\]]\s*$")
_BETWEEN = re.compile(r"[\s,;/|&<>()\[\]\"]+|(?<=\s)(?:or|and|und|et|y|e)(?=\s)", re.IGNORECASE)
_AHEAD, _BEHIND = " \t\"'“”‘’<([{,;:•*", " \t\"'“”‘’>)]}.,;:!?|/\\*•–—-"


def is_email(text: str) -> bool:
    """Whether the text is one address with a dotted domain that is neither local nor an IP address.

    The local part must be ASCII: the validator accepts ſ for s, which would make two mailboxes look the same. Quoted
    local parts are refused, because hardly any mail server takes them.
    """
    try:
        validate_email(text)
    except ValidationError:
        return False
    local, _at, domain = text.rpartition("@")
    is_far = "." in domain and not domain.startswith("[") and not domain.lower().endswith(".localhost")
    return is_far and local.isascii() and '"' not in local and len(local) <= MAX_LOCAL_PART


def addresses_in(text: str) -> tuple[str, ...]:
    """Return the addresses that the text may mean: usually one, which may still be invalid.

    Several are returned for two addresses in one text, and for a word in front of an address, which may belong to it:
    a person must choose, because a ticket must not go to a stranger.
    """
    if _PLAIN.fullmatch(text):
        return (text,)
    text = html.unescape(_UNDRAWN.sub("", text.translate(_WIDE)))
    text = _DOT.sub(".", _AT.sub("@", text))
    if text.count("@") > 1:
        return _several(text)
    if named := _NAMED.search(text):
        text = named[1]
    text = _stripped(_REMARK.sub("", text))
    joined, words = "".join(text.split()), [_stripped(word) for word in text.split()]
    alone = next((word for word in words if len(words) > 1 and is_email(word)), "")
    if alone and is_email(joined):
        return (alone, joined)
    if alone and alone == words[-1]:
        return (alone,)
    return (text if alone else joined,) if text else ()


def _several(text: str) -> tuple[str, ...]:
    """Return the different addresses of the text; the whole text if not all of them are addresses."""
    words = [word for word in map(_stripped, _BETWEEN.split(text)) if "@" in word]
    found = {word.lower(): word for word in reversed(words)}
    return tuple(reversed(found.values())) if all(map(is_email, found)) else ("".join(text.split()),)


def _stripped(text: str) -> str:
    """Return the text without a label, the subject of a mailto link, and punctuation around it."""
    text = _LABEL.sub("", text.strip(_AHEAD))
    return _QUERY.sub("", text).lstrip(_AHEAD).rstrip(_BEHIND)
