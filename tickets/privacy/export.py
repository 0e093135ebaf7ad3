"""The tables of this app in the export of a student's data."""

from django.dispatch import receiver
from django.utils.translation import gettext as _

from registrations.models import Student
from registrations.privacy.export import ExportTable, Row, local_time
from registrations.signals import student_data_requested
from tickets.content import absolute
from tickets.documents.ticket_pdf import stored_pdf
from tickets.models import Certificate, CheckIn, Delivery, Scan, Ticket


@receiver(student_data_requested)
def export_parts(*, student: Student, **_kwargs: object) -> list[ExportTable]:
    tickets = list(Ticket.objects.with_related().filter(student=student).order_by("created_at", "pk"))
    return [
        ExportTable("tickets", _("Your tickets"), [_ticket(row, student) for row in tickets], _pdfs(tickets)),
        ExportTable("mails", _("Mails to you"), _mails(student)),
        ExportTable("check_ins", _("Check-ins"), _check_ins(student)),
        ExportTable("scans", _("Scans at check-in"), _scans(student)),
        ExportTable("certificates", _("Certificates"), _certificates(student)),
    ]


def _ticket(ticket: Ticket, student: Student) -> Row:
    return {
        "event": ticket.registration.event.name,
        "issued": local_time(ticket.created_at, student),
        "void since": local_time(ticket.voided_at, student),
        "checked in": local_time(ticket.checked_in_at, student),
        "address": absolute(ticket.get_absolute_url()) if ticket.is_live else "",
    }


def _pdfs(tickets: list[Ticket]) -> dict[str, bytes]:
    """Return the PDFs that exist; of the others the table has the address."""
    live = {f"tickets/{ticket.registration.event.slug}.pdf": ticket for ticket in tickets if ticket.is_live}
    return {name: content for name, ticket in live.items() if (content := stored_pdf(ticket))}


def _mails(student: Student) -> list[Row]:
    rows = Delivery.objects.filter(student=student).select_related("gathered_into")
    rows = rows.prefetch_related("events", "gathered_into__events").order_by("created_at", "pk")
    return [
        {
            "queued": local_time(row.created_at, student),
            "what": str(row.get_kind_display()),
            "to": row.to,
            "state": str(row.sent_in.get_state_display()),
            "sent": local_time(row.sent_in.sent_at, student),
            "delivery reports": "; ".join(
                f"{one.kind} {local_time(one.happened_at, student)} {one.detail}".strip()
                for one in sorted(row.sent_in.events.all(), key=lambda one: one.happened_at)
            ),
        }
        for row in rows
    ]


def _check_ins(student: Student) -> list[Row]:
    rows = CheckIn.objects.filter(ticket__student=student).select_related("ticket__registration__event")
    return [
        {
            "at": local_time(row.at, student),
            "event": row.ticket.registration.event.name,
            "where": row.where,
            "how": str(row.get_how_display()),
            "reason": row.reason,
            "undone": local_time(row.undone_at, student),
            "why undone": row.undo_reason,
        }
        for row in rows.order_by("at", "pk")
    ]


def _scans(student: Student) -> list[Row]:
    return [
        {
            "at": local_time(row.at, student),
            "where": row.where,
            "verdict": str(row.get_verdict_display()),
            "note": row.note,
        }
        for row in Scan.objects.filter(ticket__student=student).order_by("at", "pk")
    ]


def _certificates(student: Student) -> list[Row]:
    rows = Certificate.objects.filter(student=student).select_related("registration__event")
    return [
        {
            "event": row.registration.event.name,
            "what": str(row.get_kind_display()),
            "rank": row.rank or "",
            "issued": local_time(row.issued_at, student),
            "no longer valid since": local_time(row.revoked_at, student),
        }
        for row in rows.order_by("issued_at", "pk")
    ]
