"""The names of months and weekdays in the languages of those who write dates into cells."""

import calendar
from collections.abc import Mapping, Sequence
from functools import cache

from django.utils import dates, translation

from techfest.core.text import normalized

_LANGUAGES = ("en", "hi", "mr", "ta", "te", "bn", "kn", "ml", "ur", "de", "fr", "es", "it", "pt", "nl", "pl")


def plain_text(text: str) -> str:
    return " ".join(normalized("NFKC", text).lower().split())


def month_of(word: str) -> int | None:
    """Return the number of the month with this name, in the form of `plain_text`, or None."""
    return _named(word, _names()[0], calendar.month_name[1:], 1)


def weekday_of(word: int | str) -> int | None:
    """Return the number of the weekday with this name, from Monday = 0, or None."""
    return _named(word, _names()[1], list(calendar.day_name), 0) if isinstance(word, str) else None


def _named(word: str, names: Mapping[str, int], english: Sequence[str], start: int) -> int | None:
    """Return the number of a name; of the English ones, any beginning of three letters or more is enough."""
    if len(word) >= 3:
        for number, name in enumerate(english, start):
            if name.lower().startswith(word):
                return number
    return names.get(word)


@cache
def _names() -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return the numbers of months and weekdays by their names; a name with two meanings has none."""
    months: dict[str, set[int]] = {}
    weekdays: dict[str, set[int]] = {}
    for language in _LANGUAGES:
        with translation.override(language):
            for names in (dates.MONTHS, dates.MONTHS_3, dates.MONTHS_AP, dates.MONTHS_ALT):
                _add(months, names)
            for names in (dates.WEEKDAYS, dates.WEEKDAYS_ABBR):
                _add(weekdays, names)
    return _clear(months, weekdays), _clear(weekdays, months)


def _add(found: dict[str, set[int]], names: Mapping[int, object]) -> None:
    for number, name in names.items():
        found.setdefault(plain_text(str(name)).strip("."), set()).add(number)


def _clear(names: Mapping[str, set[int]], others: Mapping[str, set[int]]) -> dict[str, int]:
    return {name: min(numbers) for name, numbers in names.items() if len(numbers) == 1 and name not in others}
