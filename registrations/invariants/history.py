"""Invariants of the history: every event is replayed step by step from its changes.

Steps are ordered by the database clock, which was read under the event's lock, and within a transaction by id. This
assumes that no registration was deleted together with its changes.
"""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows

HISTORY = """
    WITH step AS (
        SELECT c.id, c.at, c.from_state AS was, c.to_state AS becomes, r.event_id, r.queue_position, r.student_id,
            CASE WHEN b.held_at <= c.at AND c.at < coalesce(b.returned_at, 'infinity') THEN 0 ELSE
                (c.to_state = 'confirmed')::int
                - (c.from_state = 'confirmed')::int END AS seats,
            (c.to_state = 'waiting')::int - (c.from_state = 'waiting')::int AS waits,
            c.cause = 'replaced' AS replaced
        FROM registrations_change c JOIN registrations_registration r ON r.id = c.registration_id
        LEFT JOIN registrations_hold b ON b.id = r.hold_id
        WHERE c.from_state <> c.to_state
    ), moment AS (
        SELECT *, NULL::bigint AS school_id, 1 AS turn, false AS refused, false AS reserved FROM step
        UNION ALL
        SELECT id, held_at, '', 'held', event_id, 0, NULL, seats, 0, false, school_id, 2, false,
            school_id IS NULL
        FROM registrations_hold WHERE held_at IS NOT NULL
        UNION ALL
        SELECT b.id, b.returned_at, 'held', '', b.event_id, 0, NULL, (
            SELECT coalesce(sum((c.to_state = 'confirmed')::int
                - (c.from_state = 'confirmed')::int), 0)
            FROM registrations_change c JOIN registrations_registration r ON r.id = c.registration_id
            WHERE r.hold_id = b.id AND c.at < b.returned_at
        ) - b.seats, 0, false, b.school_id, 0, false, b.school_id IS NULL
        FROM registrations_hold b WHERE b.held_at IS NOT NULL AND b.returned_at IS NOT NULL
        UNION ALL
        SELECT f.id, (SELECT max(at) FROM registrations_change c WHERE c.submission_id = f.submission_id),
            '', 'full', f.event_id, 0, s.student_id, 0, 0, false, NULL, 3, true, false
        FROM registrations_refusal f JOIN registrations_submission s ON s.id = f.submission_id
        WHERE f.reason = 'full'
    ), history AS (
        SELECT *,
            sum(seats) OVER life AS taken,
            sum(waits) OVER life AS waiting,
            (SELECT k.capacity FROM events_capacitychange k
                WHERE k.event_id = moment.event_id AND k.at <= moment.at
                ORDER BY k.at DESC, k.id DESC LIMIT 1) AS capacity
        FROM moment
        WINDOW life AS (PARTITION BY event_id ORDER BY at, turn, id)
    )
"""
"""Every step of every event, every hold begun and ended, and every refusal as full, each with the counts after it.

A registration from an open hold takes no seat: the hold took it before. At the same time, seats are returned first,
then registrations change, then seats are held. Substitutions are checked by
`substitutes_took_what_was_given_up` only, since they neither take a seat nor join the waiting list.
"""

DESCRIBED = """
    SELECT e.name, coalesce(p.name || ' (' || p.reference || ')', 'a hold of ' || coalesce(o.name, 'no school')),
        h.at, h.becomes, h.taken, h.waiting, h.capacity
    FROM history h JOIN events_event e ON e.id = h.event_id
    LEFT JOIN registrations_student p ON p.id = h.student_id
    LEFT JOIN registrations_school o ON o.id = h.school_id
"""


@invariant(1)
def no_seat_was_given_above_the_capacity() -> Iterator[str]:
    """No seat was ever given above the capacity of that time.

    More seats may be taken than there are after the capacity was lowered, but no step may then give one.
    """
    sql = "WHERE h.seats > 0 AND NOT h.replaced AND h.taken > coalesce(h.capacity, 0) ORDER BY h.at, h.id"
    for event, student, at, _state, taken, _waiting, capacity in rows(HISTORY, DESCRIBED, sql):
        yield f"{event}: {student} was given seat {taken} of {capacity or 0} at {at:%Y-%m-%d %H:%M:%S}."


@invariant(2)
def no_student_was_refused_a_free_seat() -> Iterator[str]:
    """No student was refused or made to wait while a seat was free and no other student waited."""
    sql = """
        WHERE h.was = '' AND NOT h.replaced AND h.becomes IN ('full', 'waiting')
            AND h.taken < h.capacity AND h.waiting = (NOT h.refused)::int ORDER BY h.at, h.id
    """
    for event, student, at, state, taken, _waiting, capacity in rows(HISTORY, DESCRIBED, sql):
        what = "refused as full" if state == "full" else "made to wait"
        yield (
            f"{event}: {student} was {what} at {at:%Y-%m-%d %H:%M:%S},"
            f" when {taken} of {capacity} seats were taken and no one waited."
        )


@invariant(5)
def no_newcomer_overtook_those_who_waited() -> Iterator[str]:
    """No new registration got a seat while others waited, except at the door; organisers may reserve seats."""
    sql = """
        WHERE h.was = '' AND NOT h.replaced AND NOT h.reserved AND h.seats > 0 AND h.waiting > 0 AND NOT EXISTS (
            SELECT FROM registrations_change c
            WHERE h.student_id IS NOT NULL AND c.id = h.id AND c.cause = 'walk_in' AND c.user_id IS NOT NULL)
        ORDER BY h.at, h.id
    """
    for event, student, at, _state, _taken, waiting, _capacity in rows(HISTORY, DESCRIBED, sql):
        yield f"{event}: {student} had a seat at once at {at:%Y-%m-%d %H:%M:%S}, while {waiting} waited."


@invariant(5)
def promotions_kept_the_order_of_the_queue() -> Iterator[str]:
    """Promotions followed the queue positions, except those whose change names the user who chose them."""
    sql = """
        WITH waited AS (
            SELECT r.id, r.event_id, r.queue_position, r.student_id, gone.at AS left_at, gone.to_state,
                gone.cause IN ('chosen', 'walk_in') AND gone.user_id IS NOT NULL AS is_chosen
            FROM registrations_registration r
            JOIN registrations_change came
                ON came.registration_id = r.id AND came.from_state = '' AND came.to_state = 'waiting'
            LEFT JOIN LATERAL (
                SELECT g.at, g.to_state, g.cause, g.user_id FROM registrations_change g
                WHERE g.registration_id = r.id AND g.from_state = 'waiting' AND g.to_state <> 'waiting'
                ORDER BY g.id LIMIT 1
            ) gone ON true
        ), ranked AS (
            SELECT *, max(coalesce(left_at, 'infinity')) OVER (
                PARTITION BY event_id ORDER BY queue_position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS earlier_left_at
            FROM waited
        )
        SELECT e.name, p.name || ' (' || p.reference || ')', k.queue_position, passed.name, passed.queue_position
        FROM ranked k JOIN events_event e ON e.id = k.event_id
        JOIN registrations_student p ON p.id = k.student_id
        CROSS JOIN LATERAL (
            SELECT o.name || ' (' || o.reference || ')' AS name, w.queue_position
            FROM waited w JOIN registrations_student o ON o.id = w.student_id
            WHERE w.event_id = k.event_id AND w.queue_position < k.queue_position
                AND coalesce(w.left_at, 'infinity') > k.left_at
            ORDER BY w.queue_position LIMIT 1
        ) passed
        WHERE k.to_state = 'confirmed' AND k.earlier_left_at > k.left_at AND NOT k.is_chosen
        ORDER BY e.id, k.queue_position
    """
    for event, student, position, passed, passed_position in rows(sql):
        yield f"{event}: {student} at position {position} was promoted before {passed} at position {passed_position}."


@invariant(5)
def substitutes_took_what_was_given_up() -> Iterator[str]:
    """A substitute has exactly the state that the other student gave up at the same time."""
    sql = """
        SELECT e.name, c.at FROM registrations_change c
        JOIN registrations_registration r ON r.id = c.registration_id JOIN events_event e ON e.id = r.event_id
        WHERE c.cause = 'replaced' GROUP BY e.id, c.at
        HAVING array_agg(c.from_state ORDER BY c.from_state) FILTER (WHERE c.to_state = 'cancelled')
            IS DISTINCT FROM array_agg(c.to_state ORDER BY c.to_state) FILTER (WHERE c.from_state = '')
        ORDER BY e.id, c.at
    """
    for event, at in rows(sql):
        yield f"{event}: what was taken over at {at:%Y-%m-%d %H:%M:%S} is not what was given up."


@invariant(7)
def moves_gave_up_another_registration() -> Iterator[str]:
    """A moved student gave up one registration and got one other at the same time, by a named user."""
    sql = """
        SELECT p.name || ' (' || p.reference || ')', c.at
        FROM registrations_change c JOIN registrations_registration r ON r.id = c.registration_id
        JOIN registrations_student p ON p.id = r.student_id
        WHERE c.cause = 'moved' GROUP BY p.id, c.at
        HAVING count(*) FILTER (WHERE c.to_state = 'cancelled') <> count(*) FILTER (WHERE c.from_state = '')
            OR bool_or(c.user_id IS NULL)
        ORDER BY c.at, p.id
    """
    for student, at in rows(sql):
        yield f"{student} was moved at {at:%Y-%m-%d %H:%M:%S}, but not from one event to one other by a user."


@invariant(5)
def seats_at_the_door_are_accounted_for() -> Iterator[str]:
    """Each seat given at the door or taken from a no-show has its volunteer and reason.

    A no-show lost the seat only to someone who was admitted at the same time.
    """
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')', c.cause, c.at, CASE
            WHEN c.user_id IS NULL OR c.reason = '' THEN 'without a name or a reason'
            WHEN c.cause = 'no_show' AND NOT EXISTS (
                SELECT FROM registrations_change w JOIN registrations_registration v ON v.id = w.registration_id
                WHERE w.cause = 'walk_in' AND w.at = c.at AND v.event_id = r.event_id
            ) THEN 'without a student who was admitted'
        END AS what
        FROM registrations_change c JOIN registrations_registration r ON r.id = c.registration_id
        JOIN events_event e ON e.id = r.event_id JOIN registrations_student p ON p.id = r.student_id
        WHERE c.cause IN ('walk_in', 'no_show') ORDER BY c.id
    """
    for event, student, cause, at, what in rows("SELECT * FROM (", sql, ") o WHERE what IS NOT NULL"):
        done = "was admitted at the door" if cause == "walk_in" else "lost the seat as a no-show"
        yield f"{event}: {student} {done} at {at:%Y-%m-%d %H:%M:%S} {what}."


CHECKS = (
    no_seat_was_given_above_the_capacity,
    no_student_was_refused_a_free_seat,
    no_newcomer_overtook_those_who_waited,
    promotions_kept_the_order_of_the_queue,
    substitutes_took_what_was_given_up,
    moves_gave_up_another_registration,
    seats_at_the_door_are_accounted_for,
)
