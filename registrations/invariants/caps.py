"""Invariants of the limits that a fest sets to its students and schools."""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows


@invariant(18)
def no_student_got_more_events_than_allowed() -> Iterator[str]:
    """No student got an event beyond the fest's limit of events for each student.

    Only registrations made 10 s or more after the limit last changed are checked: earlier limits are not stored.
    Students who were merged keep what both had, and an event for which another one was given up counts as that one.
    """
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')', o.nth, f.events_per_student, o.created_at
        FROM (
            SELECT r.*, row_number() OVER (PARTITION BY r.student_id ORDER BY r.created_at, r.id) AS nth
            FROM registrations_registration r WHERE r.state <> 'cancelled'
        ) o
        JOIN events_event e ON e.id = o.event_id JOIN events_fest f ON f.id = e.fest_id
        JOIN registrations_student p ON p.id = o.student_id
        WHERE o.nth > f.events_per_student
            AND o.created_at > coalesce(f.caps_changed_at + interval '10s', '-infinity')
            AND NOT EXISTS (SELECT FROM registrations_mergedreference m
                            WHERE m.student_id = p.id AND m.at >= o.created_at)
            AND NOT EXISTS (SELECT FROM registrations_change c
                            WHERE c.registration_id = o.id AND c.from_state = '' AND c.cause = 'moved')
        ORDER BY o.id
    """
    for event, student, nth, most, made in rows(sql):
        yield (
            f"{event}: {student} got event number {nth} at {made:%Y-%m-%d %H:%M:%S}, where {most} are allowed."
        )
