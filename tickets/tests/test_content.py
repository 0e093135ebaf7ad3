from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from icalendar import Calendar

from tickets.content import CalendarEntry, ics

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
INDIA = timezone(timedelta(hours=5, minutes=30))
ENTRY = CalendarEntry(
    uid="registration-1@fest.example",
    sequence=2,
    summary="Robo Race",
    description="Ticket of Asha",
    location="Main Hall",
    starts_at=datetime(2026, 12, 12, 10, 0, tzinfo=INDIA),
    ends_at=datetime(2026, 12, 12, 12, 30, tzinfo=INDIA),
    url="https://fest.example/my/abc/",
    organizer="fest@fest.example",
    organizer_name='Tech "Fest"; टेक',
)


def test_entry_published_has_uid_sequence_and_times_in_utc() -> None:
    assert ics([ENTRY], method="PUBLISH", now=NOW).decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Techfest//Tickets//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        "SUMMARY:Robo Race",
        "DTSTART:20261212T043000Z",
        "DTEND:20261212T070000Z",
        "DTSTAMP:20261124T090000Z",
        "UID:registration-1@fest.example",
        "SEQUENCE:2",
        "DESCRIPTION:Ticket of Asha",
        "LOCATION:Main Hall",
        "ORGANIZER;CN=\"Tech 'Fest'; टेक\":mailto:fest@fest.example",
        "STATUS:CONFIRMED",
        "URL:https://fest.example/my/abc/",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


@pytest.mark.parametrize(
    ("method", "cancelled", "status"),
    [
        ("PUBLISH", False, "CONFIRMED"),
        ("PUBLISH", True, "CANCELLED"),
        ("CANCEL", False, "CANCELLED"),
        ("CANCEL", True, "CANCELLED"),
    ],
)
def test_status_of_an_entry(method: str, cancelled: bool, status: str) -> None:
    calendar = Calendar.from_ical(ics([replace(ENTRY, cancelled=cancelled)], method=method, now=NOW))

    assert (calendar["METHOD"], calendar.walk("VEVENT")[0]["STATUS"]) == (method, status)


@pytest.mark.parametrize(
    "hostile",
    [
        "Race\r\nATTENDEE:mailto:x@example.org",
        "Race\nEND:VEVENT\nBEGIN:VALERT",
        "a,b;c\\d:e",
        "👨‍👩‍👧 " * 40,
        "नमस्ते " * 40,
        "\x00\x07bell\x85",
    ],
)
def test_hostile_text_stays_text(hostile: str) -> None:
    file = ics(
        [replace(ENTRY, summary=hostile, description=hostile, location=hostile)], method="PUBLISH", now=NOW
    )
    (event,) = Calendar.from_ical(file).walk("VEVENT")
    quiet = hostile.replace("\x00", "").replace("\x07", "").replace("\x85", "")

    assert (str(event["SUMMARY"]), str(event["LOCATION"])) == (" ".join(quiet.split()),) * 2
    assert str(event["DESCRIPTION"]) == quiet.replace("\r\n", "\n")
    assert len(event.property_items()) == 13
    assert max(map(len, file.split(b"\r\n"))) <= 75


def test_entries_of_one_student_are_one_file() -> None:
    file = ics([ENTRY, replace(ENTRY, uid="registration-2@fest.example")], method="PUBLISH", now=NOW)

    assert [str(event["UID"]) for event in Calendar.from_ical(file).walk("VEVENT")] == [
        "registration-1@fest.example",
        "registration-2@fest.example",
    ]


def test_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="publishes or cancels"):
        ics([ENTRY], method="REQUEST", now=NOW)


def test_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="with a zone"):
        ics([replace(ENTRY, starts_at=datetime(2026, 12, 12))], method="PUBLISH", now=NOW)  # noqa: DTZ001
