"""The content of mails and their recipients."""

import datetime as dt
import email
import re
import unicodedata
from email import policy
from email.message import EmailMessage as Parsed
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Any

import pytest
from anymail.message import AnymailMessage
from django.conf import settings
from django.utils import timezone
from icalendar import Calendar

from registrations import links
from registrations.booking.cancel import cancel
from registrations.models import Student
from registrations.students.names import grouped
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.db.locking import Deadline
from tickets.content import ticket_file_name
from tickets.documents import ticket_pdf
from tickets.mail import mailbox_limit
from tickets.mail.compose import MAX_SENDER_NAME, Composer, sender
from tickets.mail.outbox import enqueue_attempt, enqueue_link
from tickets.mail.queue import claim, record
from tickets.models import Delivery, Ticket
from tickets.querysets import RENDER_ATTEMPTS
from tickets.tests.builders import (
    PDF,
    build_answered,
    delivery_of,
    pretend_rendered,
    registration_of,
    ticket_of,
)

pytestmark = pytest.mark.django_db

ODD_NAMES = [
    "<b>Asha</b>",
    "evil.com",
    "http://evil.com/pay?now=1",
    "www.evil.com",
    "me@evil.com",
    "{{7*7}}",
    "{% now 'Y' %}",
    "{student.__init__}",
    "%s%n %(name)s",
    "${jndi:ldap://evil.com}",
    "' OR 1=1--",
    '"quoted", name',
    "आरव शर्मा",
    "李小龙",
]


def written() -> list[AnymailMessage]:
    """The pending mails, as they would be handed over."""
    pretend_rendered()
    composer = Composer()
    messages = [message for _delivery, message in composer.compose(claim(100).mails)]
    record(composer.take_results())
    return messages


def only(messages: list[AnymailMessage]) -> AnymailMessage:
    (message,) = messages
    return message


def html_of(message: AnymailMessage) -> str:
    return str(message.alternatives[0][0])


def parsed(message: AnymailMessage) -> Parsed:
    raw = message.message().as_bytes(linesep="\r\n")
    read = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(read, Parsed)
    return read


def attached(message: AnymailMessage) -> dict[str, bytes]:
    return {
        part.get_filename() or "": part.get_payload(decode=True)  # type: ignore[misc]  # bytes of a leaf
        for part in parsed(message).iter_attachments()
    }


class Seen(HTMLParser):
    """The visible text of the HTML, and the targets of its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.hrefs: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.hrefs += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def test_answer_has_all_tickets_their_calendar_files_and_the_name_in_its_subject() -> None:
    fest = build_fest()
    events = [build_event(fest) for _ in range(3)]
    submission = build_submission(*events, name="Asha Rao")
    message = only(written())
    names = [ticket_file_name(row) for row in submission.registrations.order_by("event")]
    calendars = [f"{event.slug}.ics" for event in events]
    assert attached(message).keys() == {*names, *calendars}
    assert [attached(message)[name] for name in names] == [PDF] * 3
    assert message.subject == "Asha Rao: you are registered for 3 events"
    entries = [Calendar.from_ical(attached(message)[name]).walk("vevent") for name in calendars]
    assert [[str(entry["summary"]) for entry in file] for file in entries] == [
        [event.name] for event in events
    ]


def test_subject_of_one_event_says_which_and_when() -> None:
    submission = build_answered(name="Asha Rao")
    event = registration_of(submission).event
    day = timezone.localtime(event.starts_at, event.fest.zone).strftime("%a %-d %b")
    assert only(written()).subject == f"Asha Rao: you are registered: {event.name}, {day}"


def test_answer_of_a_waiting_student_has_number_and_no_ticket() -> None:
    event = build_event(build_fest(), capacity=1)
    build_submission(event)
    build_submission(event, name="Ravi Nair")
    message = written()[1]
    assert message.subject == f"Ravi Nair: rank 1 on the waiting list: {event.name}"
    assert attached(message) == {}
    assert "Waiting list, rank 1" in str(message.body)


def test_partly_waiting_answer_says_so() -> None:
    fest = build_fest()
    full, free = build_event(fest, capacity=1), build_event(fest)
    build_submission(full)
    submission = build_submission(free, full, name="Ravi Nair")
    message = written()[1]
    assert message.subject == f"Ravi Nair: you are registered: {free.name}, and on a waiting list"
    assert attached(message).keys() == {
        ticket_file_name(submission.registrations.get(event=free)),
        f"{free.slug}.ics",
    }


def test_text_and_html_say_the_same() -> None:
    submission = build_answered(name="Asha Rao")
    message = only(written())
    ticket, student = ticket_of(submission), submission.student
    urls = {f"{settings.SITE_URL}{ticket.get_absolute_url()}", f"{settings.SITE_URL}{links.my_path(student)}"}
    seen = Seen(html_of(message))
    assert set(seen.hrefs) == urls
    assert set(re.findall(r"https?://\S+", str(message.body))) == urls
    for words in (student.name, grouped(student.reference), ticket.registration.event.name):
        assert words in str(message.body)
        assert words in seen.text


def test_plain_text_has_no_ragged_lines() -> None:
    fest = build_fest()
    build_submission(build_event(fest), build_event(fest))
    body = str(only(written()).body)
    assert "\n\n\n" not in body
    assert [line for line in body.split("\n") if line != line.rstrip() and line != "-- "] == []
    assert body == body.strip("\n") + "\n"


def test_every_mail_stays_within_thirty_kilobytes(monkeypatch: pytest.MonkeyPatch) -> None:
    fest = build_fest(name="F" * 100, place="P" * 200, contact_name="C" * 100)
    event = build_event(fest, capacity=1, name="E" * 120)
    first = build_submission(event, *[build_event(fest, name="E" * 120) for _ in range(7)], name="N" * 200)
    build_submission(event)
    messages = written()
    cancel([row.pk for row in first.registrations.all()], actor="student", deadline=Deadline())
    enqueue_link([first.student], now=timezone.now())
    enqueue_attempt(first.student, now=timezone.now())
    monkeypatch.setattr(mailbox_limit, "AT_ONCE", 20)
    messages += written()
    assert len(messages) == 13
    assert max(len(html_of(message).encode()) for message in messages) <= 30_000


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_name_is_text_everywhere_and_never_a_link(name: str) -> None:
    build_answered(name=name)
    message = only(written())
    read = parsed(message)
    seen = Seen(html_of(message))
    assert str(read["subject"]).strip().replace("\u2060", "").startswith(f"{name}: you are registered")
    for text in (seen.text, str(message.body)):
        assert name in text.replace("\u2060", "")
    assert {href.startswith(settings.SITE_URL) for href in seen.hrefs} == {True}
    assert not re.search(r"evil\.com|https?://evil|www\.evil|me@evil", html_of(message) + str(message.body))
    assert not {"b", "script", "img"} & set(seen.tags)


def test_files_and_subjects_of_twins_differ() -> None:
    """Also where a name has no Latin letter: the reference is part of the file's name."""
    event = build_event(build_fest())
    twins = ["Asha Rao", "Anu Rao", "आशा राव", "अनु राव"]
    for name in twins:
        build_submission(event, name=name, email="parent@example.org")
    messages = written()
    names = [name for message in messages for name in attached(message) if name.startswith("ticket-")]
    assert (len(set(names)), len({message.subject for message in messages})) == (len(messages), len(messages))
    assert names[0].startswith(f"ticket-{event.slug}-asha-rao-")


@pytest.mark.parametrize("kind", ["registered", "promoted", "cancelled"])
def test_addresses_and_phone_numbers_of_a_name_are_no_links_in_the_subject(kind: str) -> None:
    event = build_event(build_fest(), capacity=1 if kind == "promoted" else 9)
    if kind == "promoted":
        first = build_submission(event, name="First")
    submission = build_submission(
        event, name="Call 98765 43210 or evil.com me@evil.com", email="a@example.org"
    )
    written()
    if kind == "promoted":
        cancel([registration_of(first).pk], actor="student", deadline=Deadline())
    elif kind == "cancelled":
        cancel([registration_of(submission).pk], actor="student", deadline=Deadline())
    else:
        Delivery.objects.update(state="queued", due_at=timezone.now())
    message = next(message for message in written() if message.to == ["a@example.org"])
    assert message.subject.replace("\u2060", "").startswith("Call 98765 43210 or evil.com me@evil.com: ")
    for text in (message.subject, str(message.body), html_of(message)):
        assert not re.search(r"98765|43210|evil\.com|@evil", text)


@pytest.mark.parametrize(
    "name", ["T" * 100, "टेक फेस्ट " * 20, "e\u0301" * 80, 'Short, "quoted" fest', "फेस्ट, 2026"]
)
def test_name_of_the_sender_is_plain_unicode_within_the_limit(name: str) -> None:
    written_name = parseaddr(sender(name))[0]
    assert written_name
    assert len(written_name) <= MAX_SENDER_NAME
    whole = " ".join((name if name.isascii() else name.replace(",", " ")).split())
    assert whole.startswith(written_name)
    assert "=?" not in sender(name)
    assert not unicodedata.combining(whole[len(written_name) : len(written_name) + 1] or "x")


def test_mails_say_that_a_program_sent_them() -> None:
    build_answered()
    read = parsed(only(written()))
    assert (read["auto-submitted"], read["x-auto-response-suppress"]) == ("auto-generated", "All")


def test_line_breaks_of_organisers_make_no_header() -> None:
    fest = build_fest(name="Fest\r\nBcc: x@evil.example", contact_name="Desk\r\nX: y")
    build_submission(build_event(fest, name="Quiz\r\nBcc: y@evil.example"))
    read = parsed(only(written()))
    assert (read.get_all("bcc"), read.get_all("cc"), len(read.get_all("to", []))) == (None, None, 1)
    assert "\n" not in str(read["subject"])
    assert str(read["from"]).count("@") >= 1


def test_long_subject_is_folded_into_lines_that_travel() -> None:
    build_answered(name="आरव " * 45)
    raw = only(written()).message().as_bytes(linesep="\r\n")
    head = raw.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert head.isascii()


def test_mail_has_exactly_one_recipient() -> None:
    submission = build_answered()
    message = only(written())
    assert (message.to, message.cc, message.bcc) == ([submission.student.email], [], [])
    assert message.reply_to == [submission.student.fest.contact_email]


def test_links_are_built_from_a_setting(settings: Any) -> None:
    settings.SITE_URL = "https://fest.example"
    build_answered()
    assert {href[:21] for href in Seen(html_of(only(written()))).hrefs} == {"https://fest.example/"}


def test_answer_is_dropped_when_cancelled_before_it_was_sent() -> None:
    submission = build_answered()
    cancel([registration_of(submission).pk], actor="student", deadline=Deadline())
    messages = written()
    assert [message.subject.split(": ")[1] for message in messages] == ["registration cancelled"]
    assert delivery_of(submission).state == Delivery.State.DROPPED


def test_promotion_is_dropped_when_cancelled_before_it_was_sent() -> None:
    event = build_event(build_fest(), capacity=1)
    first, second = build_submission(event), build_submission(event)
    cancel([registration_of(first).pk], actor="student", deadline=Deadline())
    cancel([registration_of(second).pk], actor="student", deadline=Deadline())
    written()
    states = dict(Delivery.objects.values_list("kind", "state"))
    assert states["promoted"] == Delivery.State.DROPPED


def test_promoted_mail_brings_the_ticket() -> None:
    event = build_event(build_fest(), capacity=1)
    first, second = build_submission(event), build_submission(event, name="Ravi Nair")
    written()
    cancel([registration_of(first).pk], actor="student", deadline=Deadline())
    promoted = next(message for message in written() if message.to == [second.student.email])
    assert promoted.subject.startswith(f"Ravi Nair: a seat became free, you are registered: {event.name}")
    assert attached(promoted).keys() == {ticket_file_name(registration_of(second)), f"{event.slug}.ics"}


def test_cancellation_takes_the_calendar_entry_back() -> None:
    submission = build_answered()
    slug = registration_of(submission).event.slug
    (before,) = Calendar.from_ical(attached(only(written()))[f"{slug}.ics"]).walk("vevent")
    cancel([registration_of(submission).pk], actor="student", deadline=Deadline())
    message = only(written())
    assert "removes the event from your calendar" in str(message.body)
    calendar = Calendar.from_ical(attached(message)[f"cancelled-{slug}.ics"])
    (after,) = calendar.walk("vevent")
    assert (calendar["method"], after["status"], after["uid"]) == ("CANCEL", "CANCELLED", before["uid"])
    assert int(str(after["sequence"])) > int(str(before["sequence"]))


def test_answer_without_pdf_says_so_and_links_the_ticket() -> None:
    submission = build_answered()
    Ticket.objects.update(render_attempts=RENDER_ATTEMPTS)
    composer = Composer()
    ((_delivery, message),) = composer.compose(claim(1).mails)
    assert attached(message).keys() == {f"{registration_of(submission).event.slug}.ics"}
    for text in (Seen(html_of(message)).text, str(message.body)):
        assert "The PDF could not be attached" in text
    assert ticket_of(submission).get_absolute_url() in str(message.body)


def test_lost_pdf_file_holds_no_mail_up_and_is_made_anew() -> None:
    submission = build_answered()
    pretend_rendered()
    ticket_pdf.pdf_path(ticket_of(submission)).unlink()
    composer = Composer()
    ((_delivery, message),) = composer.compose(claim(1).mails)
    assert "The PDF could not be attached" in str(message.body)
    assert (ticket_of(submission).rendered_at, composer.take_results()) == (None, [])


def test_link_mail_lists_all_siblings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_limit, "AT_ONCE", 4)
    event = build_event(build_fest())
    family = [build_submission(event, name=name, email="p@example.org") for name in ("Asha", "Ravi", "Tara")]
    other = build_submission(event, name="Other")
    written()
    enqueue_link([one.student for one in family], now=timezone.now())
    message = only(written())
    paths = [f"{settings.SITE_URL}{links.my_path(one.student)}" for one in family]
    assert Seen(html_of(message)).hrefs == paths
    assert re.findall(r"https?://\S+", str(message.body)) == paths
    assert grouped(other.student.reference) not in str(message.body)


def test_link_asked_for_at_an_address_that_was_corrected_is_dropped() -> None:
    student = build_answered().student
    enqueue_link([student], now=timezone.now())
    Student.objects.update(email="new@example.org", email_key="new@example.org")
    messages = written()
    assert [message.to for message in messages] == [["new@example.org"]]
    assert Delivery.objects.get(kind="link").state == Delivery.State.DROPPED


def test_mail_to_an_address_that_was_taken_away_is_dropped() -> None:
    submission = build_answered()
    Student.objects.update(email="", email_key="")
    assert written() == []
    assert delivery_of(submission).state == Delivery.State.DROPPED


def test_word_to_the_old_address_holds_no_link() -> None:
    submission = build_answered(email="old@example.org")
    written()
    student = submission.student
    values = {name: getattr(student, name) for name in ("name", "grade", "section", "roll_number")} | {
        "email": "new@example.org"
    }
    from registrations.students.corrections import correct

    correct(student.pk, values=values, actor="student", deadline=Deadline())
    messages = {message.to[0]: message for message in written()}
    old = messages["old@example.org"]
    assert Seen(html_of(old)).hrefs == []
    assert not re.search(r"https?://", str(old.body))
    assert "new@example.org" not in html_of(old) + str(old.body)


def test_times_are_those_of_the_fest() -> None:
    fest = build_fest(time_zone="Asia/Kolkata")
    start = dt.datetime.combine(fest.starts_on, dt.time(23, 30), fest.zone)
    event = build_event(fest, starts_at=start, ends_at=start + dt.timedelta(hours=1))
    build_submission(event)
    body = str(only(written()).body)
    assert f"{start:%A} {start.day} {start:%B %Y}" in body
    assert "11:30" in body


def test_queries_of_a_batch_do_not_grow_with_it() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for count in (1, 3):
        event = build_event(build_fest(), capacity=count)
        for _ in range(count):
            build_submission(event)
        pretend_rendered()
        claimed = claim(10).mails
        with CaptureQueriesContext(connection) as captured:
            assert len(list(Composer().compose(claimed))) == count
        counts.append(len(captured))
    assert counts[0] == counts[1]
