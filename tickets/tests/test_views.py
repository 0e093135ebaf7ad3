"""Ticket pages: the ticket for its QR code, and nothing for a guessed code."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from icalendar import Calendar

from registrations.booking.cancel import cancel
from registrations.booking.submit import submit
from registrations.tests.builders import build_request
from techfest.core.db.locking import Deadline
from tickets.content import ticket_file_name
from tickets.documents.ticket_pdf import pdf_path
from tickets.models import Ticket
from tickets.tests.builders import PDF, build_answered, pretend_rendered, registration_of, ticket_of

pytestmark = pytest.mark.django_db

SECRET_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


def flipped(code: str) -> str:
    """The code with its first character changed."""
    first = "A" if code[0] != "A" else "B"
    return first + code[1:]


def headers_of(response: Any) -> dict[str, str]:
    return {name: response.headers.get(name, "") for name in SECRET_HEADERS}


def test_valid_ticket_shows_whom_it_lets_in_and_where(client: Client) -> None:
    ticket = ticket_of(build_answered(name="Asha Rao"))
    page = client.get(ticket.get_absolute_url())
    text = page.content.decode()
    assert page.status_code == 200
    for words in ("Asha Rao", ticket.registration.event.name, "<svg"):
        assert words in text
    assert headers_of(page) == SECRET_HEADERS
    assert page.cookies == {}


def test_valid_ticket_keeps_the_name_out_of_its_title_and_previews(client: Client) -> None:
    ticket = ticket_of(build_answered(name="Asha Rao"))
    head = client.get(ticket.get_absolute_url()).content.decode().partition("</head>")[0]
    assert "<title>" in head
    assert "Asha" not in head
    assert ticket.code not in head


def test_void_ticket_says_so(client: Client) -> None:
    submission = build_answered()
    ticket = ticket_of(submission)
    cancel([registration_of(submission).pk], actor="student", deadline=Deadline())
    page = client.get(ticket.get_absolute_url())
    assert (page.status_code, headers_of(page)) == (200, SECRET_HEADERS)
    assert "This ticket is cancelled" in page.content.decode()
    assert client.get(f"/t/{ticket.code}/ticket.pdf").status_code == 302


def test_each_registration_has_a_code_of_its_own(client: Client) -> None:
    """After a cancellation, a new registration has a new code; the old one stays void."""
    submission = build_answered(name="Asha Rao", email="asha@example.org")
    old = ticket_of(submission)
    cancel([registration_of(submission).pk], actor="student", deadline=Deadline())
    booking_request = build_request(old.registration.event, name="Asha Rao", email="asha@example.org")
    new = ticket_of(submit(booking_request, deadline=Deadline()))
    assert "This ticket is cancelled" in client.get(old.get_absolute_url()).content.decode()
    assert "This ticket is cancelled" not in client.get(new.get_absolute_url()).content.decode()


def test_replaced_ticket_says_that_there_is_a_newer_one(client: Client) -> None:
    ticket = ticket_of(build_answered())
    Ticket.objects.update(voided_at=ticket.created_at)
    Ticket.objects.create(
        registration=ticket.registration, student=ticket.student, created_at=ticket.created_at
    )
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert "This ticket was replaced" in page


def test_every_wrong_code_gets_the_same_answer(client: Client) -> None:
    code = ticket_of(build_answered()).code
    wrong = [
        flipped(code),
        code.swapcase(),
        code[:-1],
        f"{code}A",
        "0" * 22,
        "x" * 4096,
        "%00",
        "%F0%9F%8E%AB",
        "' OR 1=1--",
        f"http:%2F%2Flocalhost%2Ft%2F{code}",
    ]
    responses = {client.get(f"/t/{one}/").status_code for one in wrong}
    pages = {client.get(f"/t/{one}/").content for one in wrong}
    assert (responses, len(pages)) == ({404}, 1)
    for part in ("ticket.pdf", "event.ics"):
        assert {client.get(f"/t/{one}/{part}").status_code for one in wrong} == {404}


def test_pdf_is_sent_as_it_was_made(client: Client) -> None:
    ticket = ticket_of(build_answered())
    pretend_rendered()
    response: Any = client.get(f"/t/{ticket.code}/ticket.pdf")
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'inline; filename="{ticket_file_name(ticket.registration)}"'
    assert headers_of(response) == SECRET_HEADERS
    response.close()


def test_pdf_that_is_not_ready_leads_to_the_page(client: Client) -> None:
    ticket = ticket_of(build_answered())
    response = client.get(f"/t/{ticket.code}/ticket.pdf")
    assert (response.status_code, response["Location"]) == (302, ticket.get_absolute_url())
    assert "The PDF is being made" in client.get(response["Location"]).content.decode()


def test_pdf_whose_file_was_lost_is_made_again(client: Client) -> None:
    ticket = ticket_of(build_answered())
    pretend_rendered()
    Path(pdf_path(ticket)).unlink()
    assert client.get(f"/t/{ticket.code}/ticket.pdf").status_code == 302
    assert Ticket.objects.get().rendered_at is None


def test_pdf_that_was_given_up_is_not_promised(client: Client) -> None:
    ticket = ticket_of(build_answered())
    Ticket.objects.update(render_attempts=3)
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert "The PDF is being made" not in page
    assert "The PDF could not be made" in page


def test_calendar_file_holds_the_event(client: Client) -> None:
    ticket = ticket_of(build_answered())
    response = client.get(f"/t/{ticket.code}/event.ics")
    entry: Any = Calendar.from_ical(response.content).walk("vevent")[0]
    event = ticket.registration.event
    assert (str(entry["summary"]), entry["dtstart"].dt) == (event.name, event.starts_at)
    assert str(entry["url"]) == f"{settings.SITE_URL}{ticket.get_absolute_url()}"
    assert (response["Content-Type"], headers_of(response)) == (
        "text/calendar; charset=utf-8",
        SECRET_HEADERS,
    )


def test_calendar_file_of_a_cancelled_registration_takes_it_back(client: Client) -> None:
    submission = build_answered()
    ticket = ticket_of(submission)
    (before,) = Calendar.from_ical(client.get(f"/t/{ticket.code}/event.ics").content).walk("vevent")
    cancel([registration_of(submission).pk], actor="student", deadline=Deadline())
    calendar = Calendar.from_ical(client.get(f"/t/{ticket.code}/event.ics").content)
    (after,) = calendar.walk("vevent")
    assert (str(calendar["method"]), str(after["status"])) == ("CANCEL", "CANCELLED")
    assert after["uid"] == before["uid"]
    assert int(str(after["sequence"])) > int(str(before["sequence"]))


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
@pytest.mark.parametrize("part", ["", "ticket.pdf", "event.ics"])
def test_ticket_is_only_read(client: Client, method: str, part: str) -> None:
    ticket = ticket_of(build_answered())
    assert getattr(client, method)(f"/t/{ticket.code}/{part}").status_code == 405
