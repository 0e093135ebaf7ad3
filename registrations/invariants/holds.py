"""Invariants of held seats, checked in a live database."""

from collections.abc import Iterator

from techfest.core.invariants import CLOSES_AT, invariant, rows


@invariant(1)
def holds_know_their_names() -> Iterator[str]:
    """`used` of each hold is the number of its active registrations, all of them for its event."""
    sql = """
        SELECT e.name, coalesce(h.name, 'nobody'), b.used, n.names, n.strange
        FROM registrations_hold b JOIN events_event e ON e.id = b.event_id
        LEFT JOIN registrations_school h ON h.id = b.school_id
        LEFT JOIN LATERAL (
            SELECT count(*) FILTER (WHERE r.event_id = b.event_id) AS names,
                count(*) FILTER (WHERE r.event_id <> b.event_id) AS strange
            FROM registrations_registration r WHERE r.hold_id = b.id AND r.state = 'confirmed'
        ) n ON true
        WHERE b.used <> n.names OR n.strange > 0 ORDER BY b.id
    """
    for event, school, used, names, strange in rows(sql):
        of_others = f" and {strange} of another event" if strange else ""
        yield f"{event}: the hold of {school} says {used} used, but has {names} registrations{of_others}."


@invariant(1)
def no_hold_outlives_its_time() -> Iterator[str]:
    """No hold or request is open ten minutes after its time: the worker or a request has ended it."""
    sql = f"""
        SELECT e.name, coalesce(h.name, 'nobody'), b.seats - b.used, t.ends
        FROM registrations_hold b JOIN events_event e ON e.id = b.event_id
        JOIN events_fest f ON f.id = e.fest_id LEFT JOIN registrations_school h ON h.id = b.school_id
        CROSS JOIN LATERAL (SELECT least(b.until,
            CASE WHEN b.school_id IS NOT NULL THEN {CLOSES_AT} END,
            coalesce(e.promotes_until, e.starts_at - interval '2 hours')) AS ends) t
        WHERE b.returned_at IS NULL AND clock_timestamp() > t.ends + interval '10 minutes' ORDER BY b.id
    """  # noqa: S608 - a constant of ours
    for event, school, unused, until in rows(sql):
        when = f"{until:%Y-%m-%d %H:%M:%S}"
        yield f"{event}: the hold of {school} with {unused} unused seats should have ended at {when}."


CHECKS = (
    holds_know_their_names,
    no_hold_outlives_its_time,
)
