"""What the public reads of a name: all of it, the first name, or nothing."""

import unicodedata

from registrations.models import ResultSheet

Names = ResultSheet.Names


def public_name(name: str, form: str) -> str:
    """The name in one of the forms that a sheet may have; empty where none is shown."""
    if form == Names.FULL:
        return name
    return first_name(name) if form == Names.SHORT else ""


def first_name(name: str) -> str:
    """The first word that is more than an initial: Asha of "Asha Rao", Kalam of "A. P. J. Kalam".

    Names in Chinese, Japanese and Korean have no space and begin with the family's: of those the first sign
    is shown, and that there is more.
    """
    words = name.split()
    if len(words) == 1 and len(name) > 1 and all(map(_is_ideogram, name)):
        return f"{name[0]}…"
    return next((word for word in words if _letters(word) > 1), words[0] if words else "")


def _letters(word: str) -> int:
    return sum(unicodedata.category(character)[0] == "L" for character in word)


def _is_ideogram(character: str) -> bool:
    return unicodedata.east_asian_width(character) == "W" and unicodedata.category(character) == "Lo"
