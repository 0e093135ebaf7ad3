"""Invariants between points, ranks and seats."""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows


@invariant(17)
def ranks_follow_from_points() -> Iterator[str]:
    """Where points decide, better points have the better rank, equal points share one, and no rank is too good.

    A rank is at least one more than the number of better results. It may be greater: a seat given up after the sheet
    was saved leaves a gap until the next save.
    """
    sql = """
        SELECT name, student, rank, points, better, mates, worst FROM (
            SELECT e.name, p.name || ' (' || p.reference || ')' AS student, t.rank, t.points,
                count(*) OVER ahead AS better, max(t.rank) OVER ahead AS worst,
                min(t.rank) OVER (PARTITION BY e.id, t.points) AS mates, e.id AS event, t.id
            FROM registrations_result t JOIN registrations_registration r ON r.id = t.registration_id
            JOIN events_event e ON e.id = r.event_id JOIN registrations_student p ON p.id = r.student_id
            JOIN registrations_resultsheet s ON s.event_id = e.id
            WHERE s.counting <> 'rank' AND r.state = 'confirmed'
            WINDOW ahead AS (
                PARTITION BY e.id ORDER BY CASE s.counting WHEN 'most' THEN -t.points ELSE t.points END
                RANGE UNBOUNDED PRECEDING EXCLUDE GROUP)
        ) o
        WHERE points IS NULL OR rank IS NULL OR rank <> mates OR rank <= better OR rank <= worst
        ORDER BY event, id
    """
    for event, student, rank, points, *_rest in rows(sql):
        yield f"{event}: {student} has {points} points and rank {rank}, which do not agree."


@invariant(17)
def results_belong_to_seats() -> Iterator[str]:
    """Each result belongs to an event with a sheet and to a registration that has, or had, a seat in it."""
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')' FROM registrations_result t
        JOIN registrations_registration r ON r.id = t.registration_id
        JOIN events_event e ON e.id = r.event_id JOIN registrations_student p ON p.id = r.student_id
        WHERE NOT EXISTS (SELECT FROM registrations_resultsheet s WHERE s.event_id = e.id)
            OR NOT EXISTS (SELECT FROM registrations_change c
                           WHERE c.registration_id = r.id AND c.to_state = 'confirmed')
        ORDER BY t.id
    """
    for event, student in rows(sql):
        yield f"{event}: {student} has a result, but never had a seat, or there is no sheet."


@invariant(17)
def public_results_say_who_published_them() -> Iterator[str]:
    """A public sheet has a time and a user of publication; a sheet that is not public has neither."""
    sql = """
        SELECT e.name FROM registrations_resultsheet s JOIN events_event e ON e.id = s.event_id
        WHERE (s.published_at IS NULL) <> (s.published_by_id IS NULL) ORDER BY e.id
    """
    for (event,) in rows(sql):
        yield f"{event}: its results are published without a time or a user."


CHECKS = (
    ranks_follow_from_points,
    results_belong_to_seats,
    public_results_say_who_published_them,
)
