"""Invariants between registrations and tickets."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from techfest.core.invariants import invariant, rows
from tickets.documents.ticket_pdf import pdf_path
from tickets.invariants import certificates, confirmation, mail
from tickets.invariants import checkin as door
from tickets.models import Ticket


@invariant(8)
def the_confirmed_have_one_live_ticket() -> Iterator[str]:
    """Each confirmed registration has exactly one live ticket, its student's; no other registration has one.

    The registrations of erased students are kept for the counts and have no live ticket.
    """
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')', r.state, n.mine, n.strange
        FROM registrations_registration r JOIN events_event e ON e.id = r.event_id
        JOIN registrations_student p ON p.id = r.student_id
        LEFT JOIN LATERAL (
            SELECT count(*) FILTER (WHERE t.student_id = r.student_id) AS mine,
                count(*) FILTER (WHERE t.student_id <> r.student_id) AS strange
            FROM tickets_ticket t WHERE t.registration_id = r.id AND t.voided_at IS NULL
        ) n ON true
        WHERE n.mine <> (r.state = 'confirmed' AND p.erased_at IS NULL)::int OR n.strange > 0 ORDER BY r.id
    """
    for event, student, state, mine, strange in rows(sql):
        of_others = f" and {strange} of another student" if strange else ""
        yield f"{event}: {student} is {state} and has {mine} live tickets{of_others}."


@invariant(11)
def tickets_were_issued_with_the_seat() -> Iterator[str]:
    """Each ticket was issued at the moment its registration was confirmed, or its predecessor was replaced."""
    sql = """
        SELECT t.id, p.name || ' (' || p.reference || ')' FROM tickets_ticket t
        JOIN registrations_student p ON p.id = t.student_id
        WHERE NOT EXISTS (
            SELECT FROM registrations_change c
            WHERE c.registration_id = t.registration_id AND c.to_state = 'confirmed' AND c.at = t.created_at)
            AND NOT EXISTS (
                SELECT FROM tickets_ticket o JOIN events_auditentry a ON a.subject_kind = 'tickets.ticket'
                    AND a.subject_id = o.id AND a.what = 're-issued' AND a.at = o.voided_at
                WHERE o.registration_id = t.registration_id AND o.voided_at = t.created_at)
        ORDER BY t.id
    """
    for pk, student in rows(sql):
        yield f"Ticket {pk} of {student} was not issued with its seat."


@invariant(8)
def rendered_tickets_have_their_file() -> Iterator[str]:
    """Each live ticket that was rendered has its file, which begins like a PDF."""
    rendered = Ticket.objects.live().exclude(rendered_at=None).select_related("student").order_by("pk")
    for ticket in rendered.iterator(chunk_size=1000):
        path = pdf_path(ticket)
        if not path.is_file():
            yield f"Ticket {ticket.pk} of {ticket.student} has lost its PDF below {settings.MEDIA_ROOT}."
        elif not _is_pdf(path):
            yield f"The PDF of ticket {ticket.pk} of {ticket.student} is not a PDF file."


def _is_pdf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"%PDF-"


CHECKS = (
    the_confirmed_have_one_live_ticket,
    tickets_were_issued_with_the_seat,
    *door.CHECKS,
    *certificates.CHECKS,
    *mail.CHECKS,
    *confirmation.CHECKS,
)
FILE_CHECKS = (rendered_tickets_have_their_file,)
"""Checks that read the disk; `manage.py audit --pdf` includes them."""
