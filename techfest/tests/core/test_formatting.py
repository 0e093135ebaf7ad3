"""Dates and times as pages, mails and documents write them."""

import datetime as dt
import zoneinfo
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.utils import timezone

from techfest.core import formatting

KOLKATA = zoneinfo.ZoneInfo("Asia/Kolkata")
AT = dt.datetime(2026, 12, 5, 4, 35, tzinfo=dt.UTC)
"""Five past ten in the morning of a Saturday, in Kolkata."""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("clock_time", "10:05am"),
        ("exact_time", "10:05am"),
        ("moment", "Sat 5 Dec, 10:05am"),
        ("exact_moment", "Sat 5 Dec, 10:05am"),
        ("long_moment", "Saturday 5 December, 10:05am"),
        ("short_day", "Sat 5 Dec"),
        ("long_day", "Saturday 5 December"),
        ("full_day", "Saturday 5 December 2026"),
        ("full_date", "5 December 2026"),
    ],
)
def test_function_and_filter_write_the_same(name: str, text: str) -> None:
    function = getattr(formatting, name)
    template = engines["django"].from_string(f"{{{{ at|{name} }}}}{{{{ missing|{name} }}}}")
    with timezone.override(KOLKATA):
        assert (function(AT), template.render({"at": AT})) == (text, text)
    assert function(AT, zone=KOLKATA) == text


def test_only_exact_times_have_seconds() -> None:
    at = AT + dt.timedelta(seconds=30)
    names = ("clock_time", "exact_time", "moment", "exact_moment", "long_moment")
    texts = {name: getattr(formatting, name)(at, zone=KOLKATA) for name in names}
    assert [name for name, text in texts.items() if ":05:30am" in text] == ["exact_time", "exact_moment"]


def test_machines_read_whole_seconds_and_the_offset() -> None:
    with timezone.override(KOLKATA):
        assert formatting.machine_time(AT.replace(microsecond=123_456)) == "2026-12-05T10:05:00+05:30"
        assert formatting.script_time(AT.replace(microsecond=123_456)) == "2026-12-05T10:05:00.123+05:30"
    templates = Path(settings.BASE_DIR, "templates")
    assert [path.name for path in templates.rglob("*.html") if 'date:"c"' in path.read_text()] == []


def test_day_of_a_date_needs_no_zone() -> None:
    assert formatting.long_day(dt.date(2026, 12, 5)) == "Saturday 5 December"


def test_time_of_the_same_day_has_no_date() -> None:
    before, after = AT - dt.timedelta(days=1), AT + dt.timedelta(hours=1)
    assert formatting.time_or_moment(AT, after, zone=KOLKATA) == "10:05am"
    assert formatting.time_or_moment(before, after, zone=KOLKATA) == "Fri 4 Dec, 10:05am"
