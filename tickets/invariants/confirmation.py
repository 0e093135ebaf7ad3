"""Invariants between the time to confirm an address and the mail with the link."""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows


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


CHECKS = (time_to_confirm_runs_from_the_mail,)
