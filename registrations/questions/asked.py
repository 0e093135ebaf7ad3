"""Which questions are asked, of whom."""

import datetime as dt
from collections.abc import Iterable, Sequence

from events.cache import CachedFest
from events.models import Fest
from registrations.models import Answer, Question, Student


def cached_questions(current: CachedFest) -> tuple[Question, ...]:
    """The questions of the current fest, read once a snapshot."""
    return current.derive("questions", lambda: asked_now(current.fest, current.now))


def asked_now(fest: Fest | None, now: dt.datetime) -> tuple[Question, ...]:
    """The questions that the fest asks: switched on, and before the day on which their answers are erased."""
    if fest is None:
        return ()
    today = now.astimezone(fest.zone).date()
    rows = list(Question.objects.filter(fest=fest, is_asked=True).select_related("event"))
    for question in rows:
        question.fest = fest
    return tuple(question for question in rows if question.last_day >= today)


def asked_of(student: Student, questions: Iterable[Question]) -> list[Question]:
    """Those of the questions that concern the student: the fest's, then those of events with an active registration."""
    events = set(student.registrations.active().values_list("event_id", flat=True))
    if not events:
        return []
    own = [one for one in questions if one.event_id is None or one.event_id in events]
    return sorted(own, key=lambda one: one.event_id or 0)


def unanswered(student: Student, questions: Sequence[Question]) -> list[Question]:
    """Those of the questions that the student has not answered. Without a question it costs no query."""
    answered = answers_of(student) if questions else {}
    return [one for one in questions if one.pk not in answered and one.fest_id == student.fest_id]


def are_changes_open(student: Student, now: dt.datetime) -> bool:
    """Whether answers may still be changed: until registration has closed for all the student's events."""
    rows = student.registrations.active().select_related("event__fest")
    return any(now < row.event.registration_accepted_until for row in rows)


def answers_of(student: Student) -> dict[int, str]:
    """The student's answers by the question's id."""
    return dict(Answer.objects.filter(student=student).values_list("question_id", "value"))
