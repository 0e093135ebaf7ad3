"""Invariants between certificates, seats and ranks."""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows


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


CHECKS = (valid_certificates_are_true,)
