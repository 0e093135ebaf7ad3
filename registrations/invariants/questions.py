"""Invariants of questions and answers, checked in a live database."""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows


@invariant(21)
def questions_belong_to_the_fest_of_their_event() -> Iterator[str]:
    """The event of a question is of the question's fest."""
    sql = """
        SELECT q.text, e.name FROM registrations_question q JOIN events_event e ON e.id = q.event_id
        WHERE e.fest_id <> q.fest_id ORDER BY q.id
    """
    for question, event in rows(sql):
        yield f"The question “{question}” belongs to {event}, an event of another fest."


@invariant(21)
def answers_are_of_those_who_were_asked() -> Iterator[str]:
    """An answer is of a known student of the question's fest, who registered for the question's event if it has one.

    A cancelled registration counts. The answer itself is not told.
    """
    sql = """
        SELECT q.text, p.reference, CASE
            WHEN p.erased_at IS NOT NULL THEN 'was erased'
            WHEN p.fest_id <> q.fest_id THEN 'is of another fest'
            ELSE 'never registered for its event' END
        FROM registrations_answer a JOIN registrations_question q ON q.id = a.question_id
        JOIN registrations_student p ON p.id = a.student_id
        WHERE p.erased_at IS NOT NULL OR p.fest_id <> q.fest_id
            OR q.event_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM registrations_registration r WHERE r.student_id = p.id AND r.event_id = q.event_id)
        ORDER BY a.id
    """
    for question, reference, what in rows(sql):
        yield f"The question “{question}” has an answer of {reference}, who {what}."


@invariant(21)
def answers_are_erased_on_their_day() -> Iterator[str]:
    """No answer is kept for longer than two days after the day that its question names."""
    sql = """
        SELECT q.text, count(*), f.ends_on + q.erased_after_days FROM registrations_answer a
        JOIN registrations_question q ON q.id = a.question_id JOIN events_fest f ON f.id = q.fest_id
        WHERE (clock_timestamp() AT TIME ZONE f.time_zone)::date > f.ends_on + q.erased_after_days + 2
        GROUP BY q.id, f.id ORDER BY q.id
    """
    for question, count, day in rows(sql):
        yield f"The question “{question}” has {count} answers that were to be erased after {day}."


CHECKS = (
    questions_belong_to_the_fest_of_their_event,
    answers_are_of_those_who_were_asked,
    answers_are_erased_on_their_day,
)
