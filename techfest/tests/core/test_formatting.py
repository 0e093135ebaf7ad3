"""Dates and times as pages, mails and documents write them."""

import ast
import datetime as dt
import gettext
import os
import re
import subprocess
import sys
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
        ("dated_moment", "Sat 5 Dec 2026, 10:05am"),
        ("recorded_moment", "5 Dec 2026, 10:05:00am"),
        ("second_time", "10:05:00am"),
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


def test_one_setting_says_how_hours_are_counted() -> None:
    """In a process of its own: formats are read once."""
    code = (
        "import datetime as dt, django; django.setup()\n"
        "from django.utils.formats import date_format, localize\n"
        "from techfest.core import formatting\n"
        "at = dt.datetime(2026, 12, 5, 22, 5, 30)\n"
        "aware = at.replace(tzinfo=dt.UTC)\n"
        "print([localize(at), localize(at.time()), formatting.moment(aware), formatting.exact_time(aware)])"
    )
    written = {}
    for clock in ("12", "24"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "CLOCK": clock, "DJANGO_SETTINGS_MODULE": "techfest.settings"},
            cwd=settings.BASE_DIR,
            check=True,
            capture_output=True,
            text=True,
        )
        written[clock] = ast.literal_eval(run.stdout)
    assert written == {
        "12": ["5 Dec 2026, 10:05pm", "10:05pm", "Sat 5 Dec, 10:05pm", "10:05:30pm"],
        "24": ["5 Dec 2026, 22:05", "22:05", "Sat 5 Dec, 22:05", "22:05:30"],
    }


def test_clock_is_written_nowhere_else() -> None:
    """A pattern of its own would not follow the setting."""
    pattern = re.compile(r"[gGhH]:i(?![a-z]{2})")
    root = Path(settings.BASE_DIR)
    files = [
        path
        for app in ("events", "registrations", "tickets", "techfest")
        for path in (root / app).rglob("*.py")
    ]
    files = [path for path in files if "tests" not in path.parts]
    files += [path for path in (root / "templates").rglob("*") if path.suffix in {".html", ".txt"}]
    found = {str(path.relative_to(root)) for path in files if pattern.search(path.read_text())}
    assert found == {"techfest/core/formatting.py", "techfest/formats/en/formats.py"}


def test_halves_of_the_day_are_compiled() -> None:
    folder = Path(settings.BASE_DIR, "techfest", "locale", "en", "LC_MESSAGES")
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    written = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', (folder / "django.po").read_text(), re.MULTILINE)
    assert (
        [(text, compiled.gettext(text)) for text, _ in written] == written == [("a.m.", "am"), ("p.m.", "pm")]
    )


def test_day_of_a_date_needs_no_zone() -> None:
    assert formatting.long_day(dt.date(2026, 12, 5)) == "Saturday 5 December"


def test_time_of_the_same_day_has_no_date() -> None:
    before, after = AT - dt.timedelta(days=1), AT + dt.timedelta(hours=1)
    assert formatting.time_or_moment(AT, after, zone=KOLKATA) == "10:05am"
    assert formatting.time_or_moment(before, after, zone=KOLKATA) == "Fri 4 Dec, 10:05am"
