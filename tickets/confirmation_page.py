"""The confirmation page and My registrations: registrations with their tickets, as they are now."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from events.cache import cached_fest, known_events, known_fest
from events.models import Event
from registrations import links
from registrations.booking.conflicts import conflicts_of, sentence
from registrations.booking.messages import ConfirmationEntry, refusal_entry, waiting_text
from registrations.fields import suggested_email
from registrations.models import Refusal, Registration, Student
from registrations.questions.asked import cached_questions
from registrations.questions.views import shown_answers
from registrations.students.names import grouped
from techfest.core.formatting import clock_time
from techfest.core.page_template import PageTemplate
from tickets import qr, registration_summary
from tickets.content import absolute
from tickets.documents.ticket_pdf import has_given_up
from tickets.models import Delivery, Ticket
from tickets.querysets import RENDER_ATTEMPTS
from tickets.registration_summary import RegistrationSummary, SubmissionSummary

State = Registration.State
Slot = Callable[[Any], Any]
"""Puts a slot of a page template into the place of personal data, or keeps the data for a page of one person."""


@dataclass(frozen=True, slots=True)
class ShownTicket:
    """A live ticket on a page. Its QR code is part of the page, so the page itself can be shown at the door."""

    reference: str
    qr_svg: str
    pdf_url: str
    ics_url: str
    pdf_ready: bool
    pdf_given_up: bool


def shown(ticket: Ticket) -> ShownTicket:
    """The ticket as a page shows it. Its student must be loaded."""
    is_ready = ticket.rendered_at is not None
    return _ticket(ticket.code, ticket.student.reference, _unchanged, is_ready, has_given_up(ticket))


def _ticket(code: str, reference: str, slot: Slot, is_ready: bool, has_given_up: bool) -> ShownTicket:
    url = links.secret_path("tickets:ticket", code)
    return ShownTicket(
        reference=slot(grouped(reference)),
        qr_svg=slot(SafeString(qr.ticket_svg(absolute(url), code))),
        pdf_url=slot(links.secret_path("tickets:pdf", code)),
        ics_url=slot(links.secret_path("tickets:ics", code)),
        pdf_ready=is_ready,
        pdf_given_up=has_given_up,
    )


def prepare() -> None:
    """Draw what the QR codes of all tickets share, before the web workers are forked: it takes 0.1 s."""
    code = "0" * qr.CODE_LENGTH
    qr.ticket_svg(absolute(links.secret_path("tickets:ticket", code)), code)


def _unchanged(part: Any) -> Any:
    return part


def _entries_of_submission(
    submission: SubmissionSummary, token: str, slot: Slot
) -> tuple[ConfirmationEntry, ...]:
    """All entries of one submission as they are now, by start, followed by what was refused."""
    entries = [
        _entry(
            held,
            submission.reference,
            links.secret_path("tickets:confirmation-cancel", token, held.event.slug),
            slot,
        )
        for held in sorted(submission.registrations, key=_start)
    ]
    if submission.has_refusals:
        entries += _refused_entries(submission.submission_id, slot)
    return tuple(entries)


def _refused_entries(submission_id: int, slot: Slot) -> list[ConfirmationEntry]:
    refusals = list(Refusal.objects.filter(submission=submission_id).order_by("pk"))
    events = known_events(key for row in refusals for key in (row.event_id, row.other_id) if key)
    entries = [
        refusal_entry(events[row.event_id], row.reason, events.get(row.other_id or 0)) for row in refusals
    ]
    return [replace(entry, heading=slot(entry.heading), text=slot(entry.text)) for entry in entries]


def _start(held: RegistrationSummary) -> tuple[datetime, int]:
    return held.event.starts_at, held.registration_id


def of_student(student: Student, token: str) -> list[ConfirmationEntry]:
    """All entries of one student with their conflicts: active ones first, each group by start."""
    held = registration_summary.of_student(student.pk)
    held.sort(key=lambda one: (one.state == State.CANCELLED, *_start(one)))
    conflicts = conflicts_of(one.registration_id for one in held)
    entries = []
    for one in held:
        key = one.registration_id
        cancel_url = links.secret_path("registrations:cancel", token, one.event.slug)
        entry = _entry(one, student.reference, cancel_url, _unchanged)
        entries.append(
            replace(entry, conflicts=tuple(sentence(conflict, key) for conflict in conflicts.get(key, ())))
        )
    return entries


def _entry(held: RegistrationSummary, reference: str, cancel_url: str, slot: Slot) -> ConfirmationEntry:
    if held.state == State.CANCELLED:
        text = _("This registration was cancelled.")
        return ConfirmationEntry(event=held.event, result=held.state, heading=_("Cancelled"), text=text)
    if held.event.state == Event.State.CANCELLED:
        text = _("It does not take place. You no longer need your ticket for it.")
        return ConfirmationEntry(
            event=held.event, result=State.CANCELLED, heading=_("This event is cancelled"), text=text
        )
    if held.state == State.WAITING:
        return ConfirmationEntry(
            event=held.event,
            result=held.state,
            heading=slot(_("Rank %(number)d on the waiting list") % {"number": held.number}),
            text=slot(waiting_text(held.number, held.filled_at)),
            cancel_url=slot(cancel_url),
            confirm_text=slot(_confirm_text(held)),
        )
    given_up = not held.is_rendered and held.render_attempts >= RENDER_ATTEMPTS
    return ConfirmationEntry(
        event=held.event,
        result=held.state,
        heading=_("Registered"),
        text=_("Show the code at the door."),
        ticket=_ticket(held.code, reference, slot, held.is_rendered, given_up) if held.code else None,
        cancel_url=slot(cancel_url),
        confirm_text=slot(_confirm_text(held)),
    )


def _confirm_text(held: RegistrationSummary) -> str:
    """The deadline for confirming the address, in words; empty if there is none."""
    if held.confirm_by is None or not known_fest(held.event.fest_id).confirms_addresses:
        return ""
    if held.confirm_mailed_at is None:
        words = _(
            "Confirm your e-mail address: open the link in our mail within 30 minutes after we send it."
        )
    else:
        words = _("Confirm your e-mail address by %(time)s: open the link in our mail.")
        words = words % {"time": clock_time(held.confirm_by)}
    if held.state == State.WAITING:
        return f"{words} {_('After that, you lose your rank on the waiting list.')}"
    return f"{words} {_('After that, your seat is given to the next person.')}"


class StudentSlots(NamedTuple):
    name: str
    school: str
    grade: str
    section: str
    reference: str


def page_context(submission: SubmissionSummary, token: str, template: PageTemplate) -> dict[str, Hashable]:
    """What the confirmation page shows, with slots for all data of the student."""
    slot, is_theirs = template.slot, submission.shows_my_link
    return {
        "student": StudentSlots(
            name=slot(submission.name),
            school=slot(submission.school),
            grade=slot(submission.grade),
            section=slot(submission.section),
            reference=slot(grouped(submission.reference)),
        ),
        "entries": _entries_of_submission(submission, token, slot),
        "masked_email": slot(masked(submission.email)),
        "suggested_email": slot(suggested_email(submission.email)) if is_theirs else "",
        "my_url": slot(links.my_path(submission)) if is_theirs else "",
        "answers": slot(_answers(submission)) if is_theirs else "",
    }


def _answers(submission: SubmissionSummary) -> str:
    """The answers and the link to change them, for the submission that created the student: nobody else reads them.

    Where the fest asks nothing it costs no query.
    """
    current = cached_fest()
    if not current.fest or current.fest.pk != submission.fest_id or not cached_questions(current):
        return ""
    student = Student.objects.get(submissions=submission.submission_id)
    context = {"answers": shown_answers(student), "answers_url": f"{links.my_path(submission)}answers/"}
    return render_to_string("registrations/_answers.html", context)


def share_text(fest_id: int) -> str:
    """What a student may send to friends."""
    return _("I am going to %(fest)s: %(url)s") % {"fest": known_fest(fest_id).name, "url": absolute("/")}


def masked(email: str) -> str:
    """The address with its local part hidden: enough to recognise it, too little to learn it."""
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}•••{at}{domain}" if at else ""


def mail_state(student: Student) -> str:
    """A sentence about the delivery of the student's newest mail."""
    if not student.email:
        return _("We cannot mail you. Photograph or print this page: it is your ticket.")
    mails = Delivery.objects.filter(student=student, to=student.email).select_related("gathered_into")
    newest = mails.order_by("-created_at", "-pk").first()
    return _mail_words(newest, masked(student.email))


def _mail_words(delivery: Delivery | None, address: str) -> str:
    states = Delivery.State
    words = _("Mails go to %(address)s.")
    match delivery.sent_in.state if delivery else None:
        case states.QUEUED if delivery and delivery.held_at:
            words = _(
                "There were several mails to %(address)s; the next ones come together within about an hour."
                " Your tickets here are valid."
            )
        case states.QUEUED | states.SENDING:
            words = _("A mail to %(address)s is on its way. It may be delayed; your tickets here are valid.")
        case states.SENT:
            words = _("The last mail was sent to %(address)s.")
        case states.DELIVERED:
            words = _("The last mail was delivered to %(address)s.")
        case states.FAILED:
            words = _(
                "The last mail to %(address)s could not be sent. The organisers see it; your tickets here are valid."
            )
        case states.SUPPRESSED:
            words = _(
                "The mail provider blocks mails to %(address)s, because an earlier one did not arrive. An organiser"
                " must release the address. Your tickets here are valid."
            )
        case states.BOUNCED | states.COMPLAINED:
            words = _("The last mail to %(address)s did not arrive. Check the address in your details.")
    return words % {"address": address}
