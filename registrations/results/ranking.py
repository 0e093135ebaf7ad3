"""Points and ranks: parsing, formatting, and the ranks that follow from points."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from registrations.models import ResultSheet
from techfest.core.text import normalized

Counting = ResultSheet.Counting
MAX_RANK = 9999
_POINTS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?")
_TIME = re.compile(r"(?:([0-9]{1,2}):)?([0-9]{1,2}):([0-5]?[0-9](?:\.[0-9]{1,3})?)")
_RANK = re.compile(r"[0-9]{1,4}")


def ranks_of(points: Mapping[int, Decimal], *, counting: str) -> dict[int, int]:
    """Return the rank of each key by its points; equal points share a rank and the next is skipped (1, 2, 2, 4)."""
    order = sorted(points, key=lambda key: points[key], reverse=counting == Counting.MOST)
    ranks: dict[int, int] = {}
    for _points, group in groupby(order, key=lambda key: points[key]):
        rank = len(ranks) + 1
        ranks |= dict.fromkeys(group, rank)
    return ranks


def points_of(text: str, *, counting: str) -> Decimal | None:
    """Parse points; where the shortest time wins, 2:05.3 is 125.3. Empty text is None.

    Raises ValidationError with a text for the field.
    """
    submitted = _plain(text)
    if not submitted:
        return None
    if counting == Counting.LEAST and (time := _TIME.fullmatch(submitted)):
        hours, minutes, seconds = time.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + Decimal(seconds)
    if _POINTS.fullmatch(submitted):
        return Decimal(submitted)
    raise ValidationError(_problem(submitted))


def rank_of(text: str) -> int | None:
    """Parse a rank. Empty text is None. Raises ValidationError with a text for the field."""
    submitted = _plain(text).rstrip(".")
    if not submitted:
        return None
    if _RANK.fullmatch(submitted) and int(submitted) >= 1:
        return int(submitted)
    raise ValidationError(_("Enter a rank from 1 to %(maximum)d") % {"maximum": MAX_RANK})


def formatted(value: Decimal | int | None) -> str:
    """Format a number for a field or a page: no empty decimals, no exponent."""
    if value is None:
        return ""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def _plain(text: str) -> str:
    """Return the text without white space and invisible marks, with the digits of every script as 0 to 9."""
    seen = (
        character for character in normalized("NFKC", text[:200]) if unicodedata.category(character) != "Cf"
    )
    digits = (str(unicodedata.digit(character, character)) for character in seen)
    return "".join("".join(digits).split())


def _problem(submitted: str) -> str:
    if "," in submitted:
        return _("Write decimals with a point, like 12.5, and thousands without a comma")
    if submitted.startswith(("-", "\u2212")):
        return _("Points must be 0 or more")
    return _("Enter points as a number up to 999999.999, like 12 or 12.5")
