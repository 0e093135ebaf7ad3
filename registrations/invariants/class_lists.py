"""Invariants of class lists, their rows and entries, checked in a live database."""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows


@invariant(12)
def class_lists_add_up() -> Iterator[str]:
    """Each finished row belongs to a job and has the entries that say its outcome; a finished job left no row.

    An entry is a new registration of the row's student and submission, or a reason. An erased registration
    leaves its entry.
    """
    sql = """
        SELECT l.title, w.number, CASE
            WHEN w.done_at IS NOT NULL AND w.job_id IS NULL THEN 'is done without a job'
            WHEN w.done_at IS NULL AND w.submission_id IS NOT NULL THEN 'has a submission and is not done'
            WHEN w.done_at IS NULL AND j.finished_at IS NOT NULL AND j.error = ''
                THEN 'was left by a job that is finished'
            WHEN (j.finished_at IS NULL OR j.error = '') AND e.id IS NOT NULL AND w.done_at IS NULL
                THEN 'came to something and is not done'
            WHEN e.is_new AND e.reason <> '' OR NOT e.is_new AND e.reason = ''
                THEN 'has an entry that is neither a registration nor a reason'
            WHEN e.is_new AND r.id IS NOT NULL AND (r.student_id, r.submission_id, r.event_id)
                IS DISTINCT FROM (w.student_id, w.submission_id, e.event_id)
                THEN 'has the registration of another student'
            WHEN s.id IS NOT NULL AND NOT EXISTS (
                SELECT FROM registrations_classlistrow o
                JOIN registrations_classlistentry n ON n.row_id = o.id AND n.is_new
                WHERE o.submission_id = s.id
            ) THEN 'has a submission that obtained nothing'
            END AS what
        FROM registrations_classlistrow w JOIN registrations_classlist l ON l.id = w.class_list_id
        LEFT JOIN registrations_classlistjob j ON j.id = w.job_id
        LEFT JOIN registrations_classlistentry e ON e.row_id = w.id
        LEFT JOIN registrations_registration r ON r.id = e.registration_id
        LEFT JOIN registrations_submission s ON s.id = w.submission_id
        ORDER BY l.id, w.number, e.id
    """
    for title, number, what in dict.fromkeys(rows("SELECT * FROM (", sql, ") o WHERE what IS NOT NULL")):
        yield f"{title}, row {number} {what}."


@invariant(12)
def submissions_of_lists_are_known_by_their_rows() -> Iterator[str]:
    """Each registration that a row's submission obtained has an entry in one of the submission's rows.

    A registration that an organiser moved it to belongs to the submission and has no entry.
    """
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')' FROM registrations_registration r
        JOIN events_event e ON e.id = r.event_id JOIN registrations_student p ON p.id = r.student_id
        WHERE EXISTS (SELECT FROM registrations_classlistrow w WHERE w.submission_id = r.submission_id)
            AND NOT EXISTS (SELECT FROM registrations_classlistentry n WHERE n.registration_id = r.id AND n.is_new)
            AND NOT EXISTS (SELECT FROM registrations_change c
                            WHERE c.registration_id = r.id AND c.from_state = '' AND c.cause = 'moved')
        ORDER BY r.id
    """
    for event, student in rows(sql):
        yield f"{event}: the registration of {student} by a class list has no entry in it."


@invariant(13)
def rows_carry_the_school_of_their_list() -> Iterator[str]:
    """The student of a row belongs to the school and fest of its list."""
    sql = """
        SELECT l.title, w.number, p.name || ' (' || p.reference || ')'
        FROM registrations_classlistrow w JOIN registrations_classlist l ON l.id = w.class_list_id
        JOIN registrations_student p ON p.id = w.student_id
        WHERE (p.school_id, p.fest_id) <> (l.school_id, l.fest_id) ORDER BY l.id, w.number
    """
    for title, number, student in rows(sql):
        yield f"{title}, row {number}: {student} is of another school than the list."


CHECKS = (
    class_lists_add_up,
    submissions_of_lists_are_known_by_their_rows,
    rows_carry_the_school_of_their_list,
)
