"""Invariants of students: consents, references, conflicts and confirmed addresses, checked in a live database."""

from collections.abc import Iterator

from techfest.core.invariants import invariant, rows


@invariant(16)
def everybody_active_has_consented() -> Iterator[str]:
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
    """Two overlapping active registrations of a student have an open conflict, or one that an organiser settled."""
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
