"""What must hold between scans, check-ins and tickets, asked of a live database."""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows


@invariant(9)
def a_ticket_was_let_in_once() -> Iterator[str]:
    """Each ticket that is in has one check-in that stands; any other has none, nor has one of a given up seat."""
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
        yield f"{event}: {student}, {state}, is {word} and has {stand} check-ins that stand."


@invariant(9)
def nobody_was_shown_more_greens_than_they_came_in() -> Iterator[str]:
    """A student was let in to an event by as many scans as there are check-ins, undone ones among them."""
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
def entries_have_their_moment() -> Iterator[str]:
    """A ticket is in since the moment of its check-in that stands; entering again came after it."""
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
    a_ticket_was_let_in_once,
    nobody_was_shown_more_greens_than_they_came_in,
    entries_have_their_moment,
)
