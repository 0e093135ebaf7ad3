"""Who has not answered: of each question how many students, and their registrations."""

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from registrations.models import Answer, Question, Registration

_COUNTS = """
    SELECT q.id, count(DISTINCT r.student_id) FROM registrations_question q
    JOIN events_event e ON e.fest_id = q.fest_id AND (q.event_id IS NULL OR q.event_id = e.id)
    JOIN registrations_registration r ON r.event_id = e.id AND r.state <> 'cancelled'
    WHERE q.fest_id = %s AND NOT EXISTS (
        SELECT FROM registrations_answer a WHERE a.question_id = q.id AND a.student_id = r.student_id)
    GROUP BY q.id
"""


def missing_counts(fest_id: int) -> dict[int, int]:
    """How many students with an active registration have not answered each question; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [fest_id])
        return {int(pk): int(count) for pk, count in cursor.fetchall()}


def without_answer(
    registrations: "QuerySet[Registration]", question_id: int | None = None
) -> "QuerySet[Registration]":
    """The active ones of these registrations whose student has not answered the question, or any that is asked."""
    answered = Answer.objects.filter(question=OuterRef("pk"), student=OuterRef(OuterRef("student")))
    concerned = Q(event=None, fest=OuterRef("event__fest")) | Q(event=OuterRef("event"))
    asked = Question.objects.filter(concerned, ~Exists(answered))
    asked = asked.filter(is_asked=True) if question_id is None else asked.filter(pk=question_id)
    return registrations.filter(Exists(asked)).exclude(state=Registration.State.CANCELLED)
