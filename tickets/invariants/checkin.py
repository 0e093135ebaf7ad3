"""Consistency of scans, check-ins and tickets in a live database."""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows


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


CHECKS = (
    tickets_have_one_check_in,
    green_scans_match_check_ins,
    check_in_times_match,
)
