"""Dates and times as pages, mails and documents write them.

Datetimes are shown in the active time zone, or in `zone` where one is given; the setting `CLOCK` says whether hours
are counted to 12, as in the examples below, or to 24. Each function is a template filter of the same name as well;
templates need not load it.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

register = template.Library()

_WITH_SECONDS = "H:i:s" if settings.CLOCK == "24" else "g:i:sa"


def clock_time(at: dt.datetime, *, zone: dt.tzinfo | None = None) -> str:
    """10:00am."""
    return date_format(timezone.localtime(at, zone), "TIME_FORMAT")


def second_time(at: dt.datetime, *, zone: dt.tzinfo | None = None) -> str:
    """10:00:00am."""
    return date_format(timezone.localtime(at, zone), _WITH_SECONDS)


def exact_time(at: dt.datetime, *, zone: dt.tzinfo | None = None) -> str:
    """10:00am, or 10:00:30am: seconds appear only if they are not zero. For times that decide something."""
    return second_time(at, zone=zone) if at.second else clock_time(at, zone=zone)


def moment(at: dt.datetime, *, zone: dt.tzinfo | None = None) -> str:
    """Sat 5 Dec, 10:00am."""
    return f"{short_day(at, zone=zone)}, {clock_time(at, zone=zone)}"


def exact_moment(at: dt.datetime, *, zone: dt.tzinfo | None = None) -> str:
    """Sat 5 Dec, 10:00am, with seconds as in `exact_time`."""
    return f"{short_day(at, zone=zone)}, {exact_time(at, zone=zone)}"


def dated_moment(at: dt.datetime, *, zone: dt.tzinfo | None = None) -> str:
    """Sat 5 Dec 2026, 10:00am."""
    return f"{date_format(_day(at, zone), 'D j M Y')}, {clock_time(at, zone=zone)}"


def recorded_moment(at: dt.datetime, *, zone: dt.tzinfo | None = None) -> str:
    """5 Dec 2026, 10:00:00am."""
    return f"{date_format(_day(at, zone), 'DATE_FORMAT')}, {second_time(at, zone=zone)}"


def long_moment(at: dt.datetime, *, zone: dt.tzinfo | None = None) -> str:
    """Saturday 5 December, 10:00am."""
    return f"{long_day(at, zone=zone)}, {clock_time(at, zone=zone)}"


def time_or_moment(at: dt.datetime, now: dt.datetime, *, zone: dt.tzinfo | None = None) -> str:
    """The clock time if `at` is on the same day as `now`, otherwise day and time."""
    same_day = timezone.localtime(at, zone).date() == timezone.localtime(now, zone).date()
    return clock_time(at, zone=zone) if same_day else moment(at, zone=zone)


def short_day(day: dt.date, *, zone: dt.tzinfo | None = None) -> str:
    """Sat 5 Dec."""
    return date_format(_day(day, zone), "D j M")


def long_day(day: dt.date, *, zone: dt.tzinfo | None = None) -> str:
    """Saturday 5 December."""
    return date_format(_day(day, zone), "l j F")


def full_day(day: dt.date, *, zone: dt.tzinfo | None = None) -> str:
    """Saturday 5 December 2026."""
    return date_format(_day(day, zone), "l j F Y")


def full_date(day: dt.date, *, zone: dt.tzinfo | None = None) -> str:
    """5 December 2026."""
    return date_format(_day(day, zone), "j F Y")


def machine_time(at: dt.datetime) -> str:
    """2026-12-05T10:00:00+05:30, for the `datetime` attribute of a `time` element."""
    return timezone.localtime(at).isoformat(timespec="seconds")


def script_time(at: dt.datetime) -> str:
    """2026-12-05T10:00:00.250+05:30, for a script that counts down: whole seconds would end it too early."""
    return timezone.localtime(at).isoformat(timespec="milliseconds")


def _day(day: dt.date, zone: dt.tzinfo | None) -> dt.date:
    return timezone.localtime(day, zone) if isinstance(day, dt.datetime) else day


def _filter(function: Callable[[Any], str]) -> None:
    def shown(value: Any) -> str:
        return function(value) if value else ""

    register.filter(function.__name__, shown)


for _function in (
    clock_time,
    second_time,
    exact_time,
    moment,
    exact_moment,
    dated_moment,
    recorded_moment,
    long_moment,
    short_day,
    long_day,
    full_day,
    full_date,
    machine_time,
    script_time,
):
    _filter(_function)
