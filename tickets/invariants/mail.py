"""Invariants of mails: what must hold between changes and the mails about them, checked on a live database."""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows
from tickets.mail.queue import GIVE_UP

ADDRESSES = """
    WITH corrected AS (
        SELECT r.student_id, c.at, min(d.to) AS old
        FROM registrations_change c JOIN registrations_registration r ON r.id = c.registration_id
        LEFT JOIN tickets_delivery d ON d.change_id = c.id AND d.kind = 'corrected'
        WHERE 'email' = ANY (c.fields) GROUP BY r.student_id, c.at
    ), period AS (
        SELECT student_id, lag(at, 1, '-infinity') OVER same AS begins, at AS ends, coalesce(old, '') AS email
        FROM corrected WINDOW same AS (PARTITION BY student_id ORDER BY at)
        UNION ALL
        SELECT p.id, coalesce((SELECT max(at) FROM corrected c WHERE c.student_id = p.id), '-infinity'),
            'infinity', p.email
        FROM registrations_student p
    ), merged AS (SELECT student_id, max(at) AS at FROM registrations_mergedreference GROUP BY student_id)
"""
"""The address of each student over time; a former address is known from the mail about its correction.

Students who were `merged` are not checked before the merge: which row had which address is not stored.
"""

DELIVERY = """
    SELECT d.id, d.kind, p.name || ' (' || p.reference || ')', d.created_at
    FROM tickets_delivery d JOIN registrations_student p ON p.id = d.student_id
"""
MAIL = """
    SELECT d.id, d.kind, coalesce(p.name || ' (' || p.reference || ')', 'a teacher'), d.created_at
    FROM tickets_delivery d LEFT JOIN registrations_student p ON p.id = d.student_id
"""
"""Includes mails to users, and to people who are invited to become users."""
CHANGE = """
    SELECT e.name, p.name || ' (' || p.reference || ')', c.at, c.to_state
    FROM registrations_change c JOIN registrations_registration r ON r.id = c.registration_id
    JOIN events_event e ON e.id = r.event_id JOIN registrations_student p ON p.id = r.student_id
"""


@invariant(10)
def each_submission_is_answered_by_one_mail() -> Iterator[str]:
    """One mail answers each submission of a student who had an address then; without an address there is none."""
    sql = """
        SELECT s.id, p.name || ' (' || p.reference || ')', a.email <> '', n.many
        FROM registrations_submission s JOIN registrations_student p ON p.id = s.student_id
        JOIN LATERAL (SELECT min(c.at) AS at FROM registrations_change c WHERE c.submission_id = s.id) m
            ON true
        JOIN period a ON a.student_id = s.student_id AND a.begins < m.at AND m.at <= a.ends
        JOIN LATERAL (SELECT count(*) AS many FROM tickets_delivery d
                      WHERE d.submission_id = s.id AND d.kind = 'registered') n ON true
        WHERE n.many <> (a.email <> '')::int
            AND NOT EXISTS (SELECT FROM merged g WHERE g.student_id = p.id AND m.at <= g.at)
        ORDER BY s.id
    """
    for number, student, has_address, many in rows(ADDRESSES, sql):
        yield f"The submission {number} of {student} has {many} answers by mail, but should have {int(has_address)}."


@invariant(10)
def each_turn_has_one_mail() -> Iterator[str]:
    """Each promotion, cancellation, move and event change has one mail to the address that the student had then.

    A move is announced by the registration it created, not as a cancellation as well; a seat given at the door is
    announced like a promotion. A duplicate registration cancelled by a merge has no mail, because the student keeps
    the seat.
    """
    sql = """
        JOIN period a ON a.student_id = r.student_id AND a.begins < c.at AND c.at <= a.ends
        WHERE (c.from_state <> '' AND c.from_state <> 'confirmed' AND c.to_state = 'confirmed'
               OR c.from_state <> '' AND c.to_state = 'cancelled' AND c.from_state <> c.to_state
               OR c.from_state = '' AND c.cause IN ('moved', 'walk_in') OR c.cause = 'event_changed')
            AND (a.email <> '' AND (c.cause <> 'moved' OR c.from_state = '') AND c.cause <> 'merged')::int <> (
                SELECT count(*) FROM tickets_delivery d WHERE d.change_id = c.id
                AND d.kind = CASE WHEN c.cause = 'moved' THEN 'moved'
                    WHEN c.cause = 'event_changed' THEN 'changed'
                    WHEN c.to_state = 'confirmed' THEN 'promoted' ELSE 'cancelled' END)
            AND NOT EXISTS (SELECT FROM merged g WHERE g.student_id = p.id AND c.at <= g.at)
        ORDER BY c.id
    """
    for event, student, at, state in rows(ADDRESSES, CHANGE, sql):
        yield f"{event}: {student} was {state} at {at:%Y-%m-%d %H:%M:%S}, and the mails about it are not right."


@invariant(10)
def each_correction_has_its_mails() -> Iterator[str]:
    """Each new address gets the link, and the old one a mail about a new name or address; dropped over the cap."""
    sql = """, corrected_once AS (
            SELECT r.student_id, c.at, bool_or('email' = ANY (c.fields)) AS moved,
                bool_or('name' = ANY (c.fields)) AS renamed, array_agg(c.id) AS changes
            FROM registrations_change c JOIN registrations_registration r ON r.id = c.registration_id
            WHERE c.cause = 'corrected' GROUP BY r.student_id, c.at
        )
        SELECT p.name || ' (' || p.reference || ')', o.at
        FROM corrected_once o JOIN registrations_student p ON p.id = o.student_id
        JOIN period old ON old.student_id = p.id AND old.begins < o.at AND o.at <= old.ends
        JOIN period new ON new.student_id = p.id AND new.begins <= o.at AND o.at < new.ends
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE d.kind = 'link') AS links,
                count(*) FILTER (WHERE d.kind = 'corrected') AS notified
            FROM tickets_delivery d WHERE d.change_id = ANY (o.changes)) n
        WHERE (n.links <> (o.moved AND new.email <> '')::int
            OR n.notified <> ((o.moved OR o.renamed) AND old.email <> '')::int)
            AND NOT EXISTS (SELECT FROM merged g WHERE g.student_id = p.id AND o.at <= g.at)
        ORDER BY o.at
    """
    for student, at in rows(ADDRESSES, sql):
        yield f"{student} was corrected at {at:%Y-%m-%d %H:%M:%S}, and the mails about it are not right."


@invariant(10)
def mails_go_to_an_address_of_the_student() -> Iterator[str]:
    """Each mail is addressed to an address that its student had when it was enqueued, or later.

    Mails on request (a link, a warning) are timed outside the locks, so any address that the student ever had is
    right.
    """
    sql = """
        WHERE NOT EXISTS (
            SELECT FROM period a WHERE a.student_id = d.student_id AND a.email = d.to AND (
                d.change_id IS NULL AND d.kind <> 'registered'
                OR d.kind = 'link' AND a.begins <= d.created_at AND d.created_at < a.ends
                OR d.kind = 'corrected' AND a.begins < d.created_at AND d.created_at <= a.ends
                OR d.kind NOT IN ('link', 'corrected') AND d.created_at <= a.ends))
            AND NOT EXISTS (SELECT FROM merged g WHERE g.student_id = p.id AND d.created_at <= g.at)
        ORDER BY d.id
    """
    for pk, kind, student, at in rows(ADDRESSES, DELIVERY, sql):
        yield f"Delivery {pk} ({kind}, {at:%Y-%m-%d %H:%M:%S}) does not go to an address of {student}."


@invariant(10)
def sent_means_sent() -> Iterator[str]:
    """A sent mail has its time, a reported one was sent or has a provider event, and none is overdue."""
    sql = """
        WHERE d.state = 'sent' AND d.sent_at IS NULL
            OR d.state IN ('delivered', 'suppressed', 'bounced', 'complained') AND d.sent_at IS NULL
                AND NOT EXISTS (SELECT FROM tickets_deliveryevent v WHERE v.delivery_id = d.id)
            OR d.sent_at < d.created_at
            OR d.state IN ('queued', 'sending') AND d.due_at < clock_timestamp() - %s
        ORDER BY d.id
    """
    for pk, kind, student, at in rows(MAIL, sql, params=[GIVE_UP]):
        yield f"Delivery {pk} ({kind}, {at:%Y-%m-%d %H:%M:%S}) to {student}: its state and times contradict."


@invariant(10)
def no_ticket_is_mailed_after_its_end() -> Iterator[str]:
    """No mail with tickets was sent more than 60 s after all of its registrations were cancelled."""
    sql = """
        CROSS JOIN LATERAL (
            SELECT max(c.at) FILTER (WHERE c.to_state = 'cancelled') AS ended_at,
                bool_and(r.state = 'cancelled') AS has_ended
            FROM registrations_registration r JOIN registrations_change c ON c.registration_id = r.id
                AND c.from_state <> c.to_state
            WHERE d.kind = 'registered' AND r.submission_id = d.submission_id
                OR d.kind IN ('promoted', 'changed', 'moved')
                AND r.id = (SELECT k.registration_id FROM registrations_change k WHERE k.id = d.change_id)
        ) about
        WHERE d.kind IN ('registered', 'promoted', 'changed', 'moved') AND about.has_ended
            AND coalesce(d.sent_at, (SELECT g.sent_at FROM tickets_delivery g WHERE g.id = d.gathered_into_id
                AND (SELECT count(*) FROM tickets_delivery o WHERE o.gathered_into_id = g.id) = 1))
                > about.ended_at + interval '60 seconds'
        ORDER BY d.id
    """
    for pk, kind, student, at in rows(DELIVERY, sql):
        yield f"Delivery {pk} ({kind}, {at:%Y-%m-%d %H:%M:%S}) took a cancelled ticket to {student}."


@invariant(11)
def deliveries_belong_to_their_cause() -> Iterator[str]:
    """Each mail has the submission or change that caused it, of the same student and time, and of a matching kind."""
    sql = """
        LEFT JOIN registrations_submission s ON s.id = d.submission_id
        LEFT JOIN registrations_change c ON c.id = d.change_id
        LEFT JOIN registrations_registration r ON r.id = c.registration_id
        WHERE s.student_id <> d.student_id OR r.student_id <> d.student_id OR c.at <> d.created_at
            OR CASE d.kind
                WHEN 'registered' THEN s.id IS NULL OR NOT EXISTS (
                    SELECT FROM registrations_change o WHERE o.submission_id = s.id AND o.at = d.created_at)
                WHEN 'promoted' THEN c.to_state IS DISTINCT FROM 'confirmed'
                WHEN 'cancelled' THEN c.to_state IS DISTINCT FROM 'cancelled'
                WHEN 'corrected' THEN c.cause IS DISTINCT FROM 'corrected'
                WHEN 'changed' THEN c.cause IS DISTINCT FROM 'event_changed'
                WHEN 'moved' THEN c.cause IS DISTINCT FROM 'moved' OR c.from_state <> ''
                WHEN 'reissued' THEN d.ticket_id IS NULL
                ELSE c.cause <> 'corrected'
            END
        ORDER BY d.id
    """
    for pk, kind, student, at in rows(DELIVERY, sql):
        yield f"Delivery {pk} ({kind}, {at:%Y-%m-%d %H:%M:%S}) to {student} has no cause that fits it."


CHECKS = (
    each_submission_is_answered_by_one_mail,
    each_turn_has_one_mail,
    each_correction_has_its_mails,
    mails_go_to_an_address_of_the_student,
    sent_means_sent,
    no_ticket_is_mailed_after_its_end,
    deliveries_belong_to_their_cause,
)
