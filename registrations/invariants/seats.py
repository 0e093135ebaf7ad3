"""Invariants of seats and holds, submissions and registrations, checked in a live database."""

from collections.abc import Iterator

from events.models import GRACE
from registrations.booking.state import GRAPH
from techfest.core.invariants import CLOSES_AT, invariant, rows

WHO = """
    SELECT e.name, p.name || ' (' || p.reference || ')', r.state, r.queue_position, r.created_at, r.event_id
    FROM registrations_registration r
    JOIN events_event e ON e.id = r.event_id
    JOIN registrations_student p ON p.id = r.student_id
"""


@invariant(1)
def counts_equal_a_recount() -> Iterator[str]:
    """`taken`, `waiting` and `held` of each event equal a count of its registrations and open holds."""
    sql = """
        SELECT e.name, s.taken, coalesce(n.taken, 0) + coalesce(b.held, 0), s.waiting, coalesce(n.waiting, 0),
            s.held, coalesce(b.held, 0)
        FROM events_seats s JOIN events_event e ON e.id = s.event_id
        LEFT JOIN (
            SELECT event_id, sum(seats - used) AS held FROM registrations_hold
            WHERE held_at IS NOT NULL AND returned_at IS NULL GROUP BY event_id
        ) b ON b.event_id = s.event_id
        LEFT JOIN (
            SELECT event_id,
                count(*) FILTER (WHERE state = 'confirmed') AS taken,
                count(*) FILTER (WHERE state = 'waiting') AS waiting
            FROM registrations_registration GROUP BY event_id
        ) n ON n.event_id = s.event_id
        WHERE (s.taken, s.waiting, s.held)
            <> (coalesce(n.taken, 0) + coalesce(b.held, 0), coalesce(n.waiting, 0), coalesce(b.held, 0))
        ORDER BY e.id
    """
    for event, taken, found, waiting, in_line, held, kept in rows(sql):
        if (taken, waiting) != (found, in_line):
            yield f"{event} counts {taken} taken and {waiting} waiting; it has {found} and {in_line}."
        if held != kept:
            yield f"{event} counts {held} held seats; its holds have {kept}."


@invariant(3)
def a_student_has_an_event_once() -> Iterator[str]:
    """No student has two active registrations for one event."""
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')', n.many
        FROM (SELECT event_id, student_id, count(*) AS many FROM registrations_registration
              WHERE state <> 'cancelled' GROUP BY event_id, student_id HAVING count(*) > 1) n
        JOIN events_event e ON e.id = n.event_id JOIN registrations_student p ON p.id = n.student_id
        ORDER BY e.id, p.id
    """
    for event, student, many in rows(sql):
        yield f"{event}: {student} has {many} active registrations."


@invariant(3)
def a_key_was_answered_once() -> Iterator[str]:
    """No two submissions have one key, and the registrations of a submission are its student's."""
    duplicates = """
        SELECT count(*), string_agg(id::text, ', ' ORDER BY id) FROM registrations_submission
        GROUP BY key HAVING count(*) > 1 ORDER BY min(id)
    """
    for many, numbers in rows(duplicates):
        yield f"{many} submissions have one key: {numbers}."
    join = "JOIN registrations_submission s ON s.id = r.submission_id WHERE s.student_id <> r.student_id"
    for event, student, *_rest in rows(WHO, join, "ORDER BY r.id"):
        yield f"{event}: the registration of {student} belongs to another student's submission."


@invariant(4)
def every_submission_has_what_it_obtained() -> Iterator[str]:
    """Each submission has a registration: a form that obtained nothing leaves no row."""
    sql = """
        SELECT s.id, p.name || ' (' || p.reference || ')', s.created_at
        FROM registrations_submission s JOIN registrations_student p ON p.id = s.student_id
        WHERE NOT EXISTS (SELECT FROM registrations_registration r WHERE r.submission_id = s.id)
        ORDER BY s.id
    """
    for submission_id, student, at in rows(sql):
        yield f"The submission {submission_id} of {student} at {at:%Y-%m-%d %H:%M:%S} has lost its registrations."


@invariant(4)
def every_queue_position_given_is_still_held() -> Iterator[str]:
    """Each event has as many registrations as queue positions it gave: none vanished, not even cancelled ones."""
    sql = """
        SELECT e.name, s.last_queue_position, count(r.id), coalesce(max(r.queue_position), 0)
        FROM events_seats s JOIN events_event e ON e.id = s.event_id
        LEFT JOIN registrations_registration r ON r.event_id = e.id
        GROUP BY e.id, s.last_queue_position
        HAVING s.last_queue_position <> count(r.id)
            OR s.last_queue_position <> coalesce(max(r.queue_position), 0) ORDER BY e.id
    """
    for event, given, many, highest in rows(sql):
        yield f"{event} gave {given} queue positions, but has {many} registrations, the last at {highest}."


@invariant(5)
def no_student_waits_beside_a_free_seat() -> Iterator[str]:
    """While the waiting list is open, no student waits beside a free seat."""
    sql = """
        SELECT e.name, s.capacity - n.taken - s.held, n.waiting
        FROM events_event e JOIN events_seats s ON s.event_id = e.id
        JOIN (
            SELECT event_id, count(*) FILTER (WHERE state = 'confirmed') AS taken,
                count(*) FILTER (WHERE state = 'waiting') AS waiting
            FROM registrations_registration GROUP BY event_id
        ) n ON n.event_id = e.id
        WHERE n.waiting > 0 AND n.taken + s.held < s.capacity AND e.state = 'published'
            AND clock_timestamp() < coalesce(e.promotes_until, e.starts_at - interval '2 hours')
        ORDER BY e.id
    """
    for event, free, waiting in rows(sql):
        yield f"{event} has {free} free, and {waiting} waiting for no recorded reason."


@invariant(5)
def queue_positions_were_given_in_order() -> Iterator[str]:
    """Later registrations have later queue positions, except those that took over another student's."""
    sql = """
        WHERE NOT EXISTS (SELECT FROM registrations_change c
                          WHERE c.registration_id = r.id AND c.cause = 'replaced')
        ) w (name, student, state, queue_position, created_at, event_id)
        WINDOW line AS (PARTITION BY w.event_id ORDER BY w.queue_position)
        ) o WHERE o.before > o.created_at ORDER BY o.event_id, o.queue_position
    """
    head = "SELECT * FROM (SELECT w.*, lag(w.created_at) OVER line AS before FROM ("
    for event, student, _state, queue_position, *_rest in rows(head, WHO, sql):
        yield f"{event}: {student} has queue position {queue_position}, but came before the position ahead."


@invariant(7)
def states_follow_the_graph() -> Iterator[str]:
    """Each change follows the graph and starts from the state of the one before; corrections change no state."""
    sql = """
        SELECT * FROM (
            SELECT e.name, p.name || ' (' || p.reference || ')' AS student, c.from_state, c.to_state,
                coalesce(lag(c.to_state) OVER (PARTITION BY r.id ORDER BY c.id), '') AS before,
                c.from_state = c.to_state AS still, cardinality(c.fields) > 0 AS corrects, c.id
            FROM registrations_change c JOIN registrations_registration r ON r.id = c.registration_id
            JOIN events_event e ON e.id = r.event_id JOIN registrations_student p ON p.id = r.student_id
        ) o
        WHERE o.before <> o.from_state OR o.still <> o.corrects OR NOT o.still AND NOT EXISTS (
            SELECT FROM unnest(%s::text[], %s::text[]) AS edge (tail, head)
            WHERE (edge.tail, edge.head) = (o.from_state, o.to_state)
        )
        ORDER BY o.id
    """
    edges = [(str(tail), str(head)) for tail, heads in GRAPH.items() for head in heads]
    tails, heads = [tail for tail, _head in edges], [head for _tail, head in edges]
    for event, student, tail, head, before, *_related in rows(sql, params=[tails, heads]):
        step = f"{tail or 'nothing'} to {head}"
        yield f"{event}: {student} was {before or 'not registered'} and went from {step}."


@invariant(7)
def the_last_change_is_the_state() -> Iterator[str]:
    """Each registration has the state of its last change and the time of its first."""
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')', r.state, last.to_state, r.created_at, first.at
        FROM registrations_registration r JOIN events_event e ON e.id = r.event_id
        JOIN registrations_student p ON p.id = r.student_id
        LEFT JOIN LATERAL (SELECT to_state FROM registrations_change c WHERE c.registration_id = r.id
                           ORDER BY c.id DESC LIMIT 1) last ON true
        LEFT JOIN LATERAL (SELECT at FROM registrations_change c WHERE c.registration_id = r.id
                           ORDER BY c.id LIMIT 1) first ON true
        WHERE r.state IS DISTINCT FROM last.to_state OR r.created_at IS DISTINCT FROM first.at ORDER BY r.id
    """
    for event, student, state, recorded, made, first in rows(sql):
        yield (
            f"{event}: {student} is {state} since {made}; the changes say {recorded or 'nothing'},"
            f" first at {first or 'no time'}."
        )


@invariant(14)
def registrations_were_made_while_it_was_open() -> Iterator[str]:
    """Each registration was made while registration was open (2 min of grace, not past the event's end).

    Only those made 10 s or more after the hours of the event or its fest last changed are checked: earlier
    hours are not stored. Registrations by organisers and volunteers are exempt; their changes name the user.
    """
    sql = f"""
        JOIN events_fest f ON f.id = e.fest_id
        JOIN registrations_change c ON c.registration_id = r.id AND c.from_state = ''
            AND c.actor IN ('student', 'teacher')
        WHERE r.created_at > coalesce(greatest(e.hours_changed_at, f.hours_changed_at) + interval '10s', '-infinity')
            AND (r.created_at < coalesce(e.opens_at, f.opens_at)
                OR r.created_at >= least({CLOSES_AT} + %s, e.ends_at))
        ORDER BY r.id
    """
    for event, student, _state, _place, made, _event_id in rows(WHO, sql, params=[GRACE]):
        yield f"{event}: {student} was registered at {made:%Y-%m-%d %H:%M:%S}, when it was not open."


@invariant(1)
def holds_count_their_registrations() -> Iterator[str]:
    """`used` of each hold is the number of its active registrations, all of them for its event."""
    sql = """
        SELECT e.name, coalesce(h.name, 'no school'), b.used, n.names, n.strange
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
        SELECT e.name, coalesce(h.name, 'no school'), b.seats - b.used, t.ends
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
