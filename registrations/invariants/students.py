"""Invariants of students and class lists, checked in a live database."""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows


@invariant(16)
def active_students_have_consented() -> Iterator[str]:
    """Each student with an active registration has a consent of some basis, except erased students."""
    sql = """
        SELECT p.name || ' (' || p.reference || ')' FROM registrations_student p
        WHERE p.erased_at IS NULL AND EXISTS (SELECT FROM registrations_registration r
                      WHERE r.student_id = p.id AND r.state <> 'cancelled')
            AND NOT EXISTS (SELECT FROM registrations_consent c WHERE c.student_id = p.id)
        ORDER BY p.id
    """
    for (student,) in rows(sql):
        yield f"{student} has an active registration, but no consent is on record."


@invariant(3)
def references_name_one_person() -> Iterator[str]:
    """The reference of a merged student names one known student, and no student has it as their own."""
    sql = """
        SELECT m.reference, p.name || ' (' || p.reference || ')', p.erased_at IS NOT NULL
        FROM registrations_mergedreference m JOIN registrations_student p ON p.id = m.student_id
        WHERE p.erased_at IS NOT NULL
            OR EXISTS (SELECT FROM registrations_student o WHERE o.reference = m.reference)
        ORDER BY m.reference
    """
    for reference, student, is_erased in rows(sql):
        what = "was erased" if is_erased else "is not the only student with it"
        yield f"The merged reference {reference} names {student}, who {what}."


@invariant(5)
def clashes_have_a_conflict() -> Iterator[str]:
    """Two overlapping active registrations of a student have an open conflict, or one that an organiser resolved."""
    sql = """
        SELECT e.name, o.name, p.name || ' (' || p.reference || ')'
        FROM registrations_registration r JOIN events_event e ON e.id = r.event_id
        JOIN registrations_registration t ON t.student_id = r.student_id AND t.id > r.id
            AND t.state <> 'cancelled'
        JOIN events_event o ON o.id = t.event_id
        JOIN registrations_student p ON p.id = r.student_id
        WHERE r.state <> 'cancelled'
            AND e.starts_at < o.ends_at + o.buffer_minutes * interval '1 minute'
            AND o.starts_at < e.ends_at + e.buffer_minutes * interval '1 minute'
            AND NOT EXISTS (
                SELECT FROM registrations_conflict f
                WHERE f.kind = 'clash'
                    AND (f.registration_id, f.other_id) IN ((r.id, t.id), (t.id, r.id))
                    AND (f.resolved_at IS NULL OR EXISTS (
                        SELECT FROM events_auditentry a WHERE a.subject_kind = 'registrations.conflict'
                            AND a.subject_id = f.id AND a.what = 'settled')))
        ORDER BY r.id, t.id
    """
    for event, other, student in rows(sql):
        yield f"{event} and {other} overlap for {student}, and there is no conflict."


@invariant(5)
def open_conflicts_have_their_reason() -> Iterator[str]:
    """An open conflict has a reason: active registrations that overlap, or a grade outside the event's range."""
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')', f.kind
        FROM registrations_conflict f JOIN registrations_registration r ON r.id = f.registration_id
        JOIN events_event e ON e.id = r.event_id JOIN registrations_student p ON p.id = r.student_id
        LEFT JOIN registrations_registration t ON t.id = f.other_id LEFT JOIN events_event o ON o.id = t.event_id
        WHERE f.resolved_at IS NULL AND (
            r.state = 'cancelled'
            OR f.kind = 'ineligible' AND p.grade BETWEEN e.grade_min AND e.grade_max
            OR f.kind = 'clash' AND (t.student_id <> r.student_id OR t.state = 'cancelled'
                OR e.starts_at >= o.ends_at + o.buffer_minutes * interval '1 minute'
                OR o.starts_at >= e.ends_at + e.buffer_minutes * interval '1 minute'))
        ORDER BY f.id
    """
    for event, student, kind in rows(sql):
        yield f"{event}: {student} has a conflict ({kind}) whose reason is gone."


@invariant(8)
def unconfirmed_registrations_end_in_time() -> Iterator[str]:
    """Unconfirmed registrations were released within five minutes of their deadline, and never before it.

    Those of events that have begun stay. The deadline counts only after the mail with the link was handed over.
    """
    sql = """
        SELECT e.name, p.name || ' (' || p.reference || ')',
            CASE WHEN r.confirm_mailed_at IS NOT NULL THEN r.confirm_by END, c.at
        FROM registrations_registration r JOIN events_event e ON e.id = r.event_id
        JOIN registrations_student p ON p.id = r.student_id
        JOIN events_fest f ON f.id = e.fest_id
        LEFT JOIN registrations_change c ON c.registration_id = r.id AND c.cause = 'unconfirmed'
        WHERE r.state <> 'cancelled' AND r.confirm_mailed_at IS NOT NULL AND f.confirms_addresses
                AND r.confirm_by < clock_timestamp() - interval '5 minutes'
                AND r.confirm_by < e.starts_at - interval '5 minutes'
            OR c.id IS NOT NULL AND (r.confirm_by IS NULL OR r.confirm_mailed_at IS NULL OR c.at < r.confirm_by)
        ORDER BY r.id
    """
    for event, student, confirm_by, at in rows(sql):
        due = f"{confirm_by:%Y-%m-%d %H:%M:%S}" if confirm_by else "never"
        what = f"was released at {at:%Y-%m-%d %H:%M:%S}" if at else "is still active"
        yield f"{event}: {student} was to confirm an address by {due}, but {what}."


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
