"""Writing answers: with a registration, by the student later, and erasing them on their day."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Subquery

from registrations.models import Answer, Question, Student
from techfest.core.audit_log import record
from techfest.core.db.batch import Batch
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction

_INSERT = """
    INSERT INTO registrations_answer (question_id, student_id, value)
    SELECT q.id, $1::bigint, given.value FROM unnest($2::bigint[], $3::text[]) AS given (id, value)
    JOIN registrations_question q ON q.id = given.id
    WHERE q.is_asked AND q.fest_id = $4::bigint AND (q.event_id IS NULL OR q.event_id = ANY($5::bigint[]))
    ORDER BY q.id FOR KEY SHARE OF q
    ON CONFLICT (student_id, question_id) DO NOTHING
"""
"""A question that was deleted or switched off since the page was rendered gets no answer, and raises no error."""
_INSERT_OF_LIST = """
    INSERT INTO registrations_answer (question_id, student_id, value)
    SELECT q.id, given.student, given.value
    FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS given (student, id, value)
    JOIN registrations_question q ON q.id = given.id
    WHERE q.is_asked AND q.fest_id = $4::bigint AND EXISTS (
        SELECT FROM registrations_registration r JOIN events_event e ON e.id = r.event_id
        WHERE r.student_id = given.student AND r.state <> 'cancelled'
            AND e.fest_id = q.fest_id AND (q.event_id IS NULL OR q.event_id = r.event_id))
    ORDER BY given.student, q.id FOR KEY SHARE OF q
    ON CONFLICT (student_id, question_id) DO NOTHING
"""
_ERASE = """
    DELETE FROM registrations_answer USING registrations_question q JOIN events_fest f ON f.id = q.fest_id
    WHERE q.id = question_id AND (clock_timestamp() AT TIME ZONE f.time_zone)::date > f.ends_on + q.erased_after_days
"""


def queue_answers(
    batch: Batch, answers: Sequence[tuple[int, str]], *, student: Student, event_ids: Collection[int]
) -> None:
    """Adds the answers of a submission to its batch, those to questions of other events left out.

    An answer that the student gave before stays: whoever knows a student's name could send a form.
    """
    ids, values = [pk for pk, _value in answers], [value for _pk, value in answers]
    batch.add(_INSERT, [student.pk, ids, values, student.fest_id, list(event_ids)])


def queue_answers_of_list(batch: Batch, given: Mapping[tuple[int, int], str], *, fest_id: int) -> None:
    """Adds the answers of a class list's rows to a batch, by student and question: one statement for all rows.

    Those to questions of events that the student is not in are left out, and an answer that was given before stays.
    """
    if given:
        students, ids = ([key[at] for key in given] for at in (0, 1))
        batch.add(_INSERT_OF_LIST, [students, ids, list(given.values()), fest_id])


def save_answers(
    student: Student, values: Mapping[int, str], *, deadline: Deadline, user: Any = None
) -> None:
    """Writes these answers of the student, by the question's id; an empty one is deleted.

    The audit log records which questions, never an answer. Locks the student. Does nothing for one who was erased or
    merged meanwhile.
    """
    in_transaction(lambda: _save(student.pk, values, user, deadline), deadline=deadline)


def _save(student_id: int, values: Mapping[int, str], user: Any, deadline: Deadline) -> None:
    deadline.limit_locks()
    locked = list(Student.objects.known().filter(pk=student_id).locked())
    if not locked or not values:
        return
    now, (student,) = database_now(), locked
    gone = [pk for pk, value in values.items() if not value]
    Answer.objects.filter(student=student, question__in=gone).delete()
    asked = Question.objects.filter(pk__in=values, fest=student.fest_id, is_asked=True).order_by("pk")
    questions = list(asked)
    Answer.objects.bulk_create(
        [
            Answer(question=one, student=student, value=values[one.pk], answered_at=now)
            for one in questions
            if values[one.pk]
        ],
        update_conflicts=True,
        unique_fields=["student", "question"],
        update_fields=["value", "answered_at"],
    )
    names = [one.text for one in questions]
    record(student, what="answers changed", now=now, user=user, after={"questions": names})


def move_answers(kept: Student, removed: Student) -> None:
    """Moves the answers of a student who is merged into another one; of two to one question the later one stays."""
    own = Answer.objects.filter(student=kept, question=OuterRef("question")).values("answered_at")[:1]
    theirs = Answer.objects.filter(student=removed)
    later = theirs.filter(answered_at__gt=Subquery(own)).values("question")
    Answer.objects.filter(student=kept, question__in=list(later.values_list("question", flat=True))).delete()
    left = Answer.objects.filter(student=kept).values("question")
    theirs.filter(question__in=left).delete()
    theirs.update(student=kept)


def erase_due() -> int:
    """Deletes the answers whose last day is over, and returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_ERASE)
        return int(cursor.rowcount)
