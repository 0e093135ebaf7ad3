"""Invariants of mails that no change of a registration causes, of limits per mailbox, and of confirmed addresses."""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows
from tickets.invariants.mail import MAIL
from tickets.mail.mailbox_limit import AT_ONCE


@invariant(11)
def mails_to_teachers_are_whole() -> Iterator[str]:
    """A notice has its text exactly as long as its mail is pending; only notices and class mails have no student.

    A mail with the tickets of a class belongs to a user. Neither has a submission or a change.
    """
    sql = """
        LEFT JOIN tickets_notice l ON l.delivery_id = d.id
        WHERE d.kind = 'class' AND d.user_id IS NULL
            OR d.kind IN ('class', 'notice') AND num_nonnulls(d.submission_id, d.change_id) > 0
            OR (l.id IS NOT NULL) <> (d.kind = 'notice' AND d.state IN ('queued', 'sending'))
        ORDER BY d.id
    """
    for pk, kind, whose, at in rows(MAIL, sql):
        yield f"Delivery {pk} ({kind}, {at:%Y-%m-%d %H:%M:%S}) to {whose} is incomplete, or its text was not deleted."


@invariant(10)
def messages_go_as_they_were_confirmed() -> Iterator[str]:
    """No message has more mails than were confirmed, apart from trials; an unconfirmed one has none."""
    sql = """
        SELECT m.subject, count(d.id), m.total FROM tickets_message m
        JOIN tickets_delivery d ON d.message_id = m.id AND d.user_id IS NULL
        GROUP BY m.id HAVING m.confirmed_at IS NULL OR count(d.id) > m.total ORDER BY m.id
    """
    for subject, many, confirmed in rows(sql):
        yield f"The message “{subject}” has {many} mails, but {confirmed} were confirmed."


@invariant(10)
def no_mailbox_is_flooded() -> Iterator[str]:
    """No mailbox was sent more mails at once within an hour than the limit, and its digests are an hour apart."""
    sql = """
        SELECT mailbox, at, many, is_digest FROM (
            SELECT mailbox, admitted_at AS at, false AS is_digest, count(*) OVER (
                PARTITION BY mailbox ORDER BY admitted_at
                RANGE BETWEEN interval '1 hour' - interval '1 microsecond' PRECEDING AND CURRENT ROW) AS many
            FROM tickets_delivery WHERE admitted_at IS NOT NULL AND state <> 'dropped'
            UNION ALL
            SELECT mailbox, created_at, true, count(*) OVER (
                PARTITION BY mailbox ORDER BY created_at
                RANGE BETWEEN interval '1 hour' - interval '1 microsecond' PRECEDING AND CURRENT ROW)
            FROM tickets_delivery WHERE kind = 'digest'
        ) went WHERE many > CASE WHEN is_digest THEN 1 ELSE %s END ORDER BY at
    """
    for mailbox, at, many, is_digest in rows(sql, params=[AT_ONCE]):
        what = "digests" if is_digest else "mails at once"
        yield f"{mailbox} got {many} {what} within the hour before {at:%Y-%m-%d %H:%M:%S}."


@invariant(11)
def gathered_mails_are_in_their_digest() -> Iterator[str]:
    """A gathered mail is part of a digest to its mailbox; a pending digest is addressed to the address of a part."""
    sql = """
        LEFT JOIN tickets_delivery g ON g.id = d.gathered_into_id
        WHERE d.state = 'gathered' AND (g.kind IS DISTINCT FROM 'digest' OR g.mailbox <> d.mailbox)
            OR d.kind = 'digest' AND (d.gathered_into_id IS NOT NULL
                OR d.state IN ('queued', 'sending') AND NOT EXISTS (
                    SELECT FROM tickets_delivery o WHERE o.gathered_into_id = d.id
                        AND lower(o."to") = lower(d."to"))
                AND EXISTS (SELECT FROM tickets_delivery o WHERE o.gathered_into_id = d.id))
        ORDER BY d.id
    """
    for pk, kind, _whose, at in rows(MAIL, sql):
        yield f"Delivery {pk} ({kind}, {at:%Y-%m-%d %H:%M:%S}) does not match its digest or its parts."


@invariant(8)
def time_to_confirm_runs_from_the_mail() -> Iterator[str]:
    """The time to confirm runs from the hand-over of the mail about the registration, within five minutes.

    It never runs before, and sending that mail again later does not change it.
    """
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')', r.confirm_mailed_at IS NOT NULL
        FROM registrations_registration r JOIN events_event e ON e.id = r.event_id
        JOIN registrations_student p ON p.id = r.student_id
        JOIN tickets_delivery d ON d.submission_id = r.submission_id AND d.kind = 'registered'
        JOIN tickets_delivery m ON m.id = coalesce(d.gathered_into_id, d.id)
        JOIN events_fest f ON f.id = e.fest_id
        WHERE r.confirm_by IS NOT NULL AND r.state <> 'cancelled' AND f.confirms_addresses AND CASE
            WHEN r.confirm_mailed_at IS NOT NULL THEN m.state IN ('queued', 'sending')
                AND least(d.queued_at, d.held_at) < r.confirm_mailed_at
            ELSE m.state NOT IN ('queued', 'sending')
                AND coalesce(m.sent_at, m.due_at) < clock_timestamp() - interval '5 minutes'
            END
        ORDER BY r.id
    """
    for event, student, is_running in rows(sql):
        what = "runs, although its mail was not" if is_running else "does not run, although its mail was"
        yield f"{event}: the time of {student} to confirm an address {what} handed over."


CHECKS = (
    mails_to_teachers_are_whole,
    messages_go_as_they_were_confirmed,
    no_mailbox_is_flooded,
    gathered_mails_are_in_their_digest,
    time_to_confirm_runs_from_the_mail,
)
