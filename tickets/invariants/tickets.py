"""Invariants between registrations, tickets, check-ins and certificates."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from techfest.core.invariants import invariant, rows
from tickets.documents.ticket_pdf import pdf_path
from tickets.invariants import mail, mailboxes
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


@invariant(9)
def tickets_have_one_check_in() -> Iterator[str]:
    """A ticket that is in has one check-in in force; any other, or one of a cancelled registration, has none."""
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')', n.stand, t.checked_in_at IS NOT NULL, r.state
        FROM tickets_ticket t JOIN registrations_registration r ON r.id = t.registration_id
        JOIN events_event e ON e.id = r.event_id JOIN registrations_student p ON p.id = t.student_id
        CROSS JOIN LATERAL (SELECT count(*) AS stand FROM tickets_checkin c
            WHERE c.ticket_id = t.id AND NOT c.is_reentry AND c.undone_at IS NULL) n
        WHERE n.stand <> (t.checked_in_at IS NOT NULL)::int OR n.stand > 0 AND r.state = 'cancelled'
        ORDER BY t.id
    """
    for event, student, stand, is_in, state in rows(sql):
        word = "in" if is_in else "not in"
        yield f"{event}: {student}, {state}, is {word} and has {stand} check-ins in force."


@invariant(9)
def green_scans_match_check_ins() -> Iterator[str]:
    """Each student has as many green scans for an event as check-ins, undone ones included."""
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')', n.greens, n.entries
        FROM (
            SELECT r.event_id, t.student_id,
                sum((SELECT count(*) FROM tickets_scan s WHERE s.ticket_id = t.id AND s.verdict = 'in')) AS greens,
                sum((SELECT count(*) FROM tickets_checkin c WHERE c.ticket_id = t.id AND NOT c.is_reentry)) AS entries
            FROM tickets_ticket t JOIN registrations_registration r ON r.id = t.registration_id
            GROUP BY r.event_id, t.student_id
        ) n
        JOIN events_event e ON e.id = n.event_id JOIN registrations_student p ON p.id = n.student_id
        WHERE n.greens <> n.entries ORDER BY e.id, p.id
    """
    for event, student, greens, entries in rows(sql):
        yield f"{event}: {student} was let in by {greens} scans and has {entries} check-ins."


@invariant(9)
def check_in_times_match() -> Iterator[str]:
    """A ticket has the time of its check-in in force; re-entries have a ticket that is in."""
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')', t.checked_in_at, c.at
        FROM tickets_checkin c JOIN tickets_ticket t ON t.id = c.ticket_id
        JOIN registrations_registration r ON r.id = t.registration_id
        JOIN events_event e ON e.id = r.event_id JOIN registrations_student p ON p.id = t.student_id
        WHERE c.undone_at IS NULL
            AND (NOT c.is_reentry AND t.checked_in_at <> c.at OR c.is_reentry AND t.checked_in_at IS NULL)
        ORDER BY c.id
    """
    for event, student, since, at in rows(sql):
        known = f"{since:%Y-%m-%d %H:%M:%S}" if since else "never"
        yield f"{event}: {student} is in since {known}, but was let in at {at:%Y-%m-%d %H:%M:%S}."


@invariant(17)
def valid_certificates_are_true() -> Iterator[str]:
    """A valid certificate belongs to the student with the seat; while results are public, its rank is the sheet's."""
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')', c.kind, CASE
            WHEN r.student_id <> c.student_id THEN 'the seat belongs to another student'
            WHEN r.state <> 'confirmed' THEN 'the registration is ' || r.state
            WHEN c.kind = 'rank' AND s.published_at IS NOT NULL AND t.rank IS DISTINCT FROM c.rank
                THEN 'it says rank ' || c.rank || ', the sheet ' || coalesce(t.rank::text, 'none')
            END AS what
        FROM tickets_certificate c JOIN registrations_registration r ON r.id = c.registration_id
        JOIN events_event e ON e.id = r.event_id JOIN registrations_student p ON p.id = c.student_id
        LEFT JOIN registrations_resultsheet s ON s.event_id = e.id
        LEFT JOIN registrations_result t ON t.registration_id = r.id
        WHERE c.revoked_at IS NULL ORDER BY c.id
    """
    for event, student, kind, what in rows("SELECT * FROM (", sql, ") o WHERE what IS NOT NULL"):
        yield f"{event}: the certificate ({kind}) of {student} is valid, but {what}."


CHECKS = (
    the_confirmed_have_one_live_ticket,
    tickets_were_issued_with_the_seat,
    tickets_have_one_check_in,
    green_scans_match_check_ins,
    check_in_times_match,
    valid_certificates_are_true,
    *mail.CHECKS,
    *mailboxes.CHECKS,
)
FILE_CHECKS = (rendered_tickets_have_their_file,)
"""Checks that read the disk; `manage.py audit --pdf` includes them."""
