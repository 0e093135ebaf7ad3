"""The mail to students who have not answered a question: what is missing, and the link to answer it."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from events.models import Event, Fest
from registrations import hooks
from registrations.models import Question, Registration, Student
from registrations.questions.asked import asked_now, asked_of, unanswered
from registrations.questions.missing import without_answer
from registrations.students.names import mailbox_key
from techfest.core.db.clock import database_now
from tickets.mail.kinds.base import StudentMail
from tickets.models import Delivery


class Questions(StudentMail):
    """It names the questions and never an answer. Dropped once nothing is missing."""

    kind = Delivery.Kind.QUESTIONS
    templates = "mail/questions"
    is_to_many = True

    def __init__(self) -> None:
        super().__init__()
        self._asked: dict[int, tuple[Question, ...]] = {}

    def fetch(self, deliveries: Sequence[Delivery]) -> None:
        self._asked = {}

    def details(self, delivery: Delivery, context: dict[str, Any]) -> dict[str, Any]:
        student, fest = delivery.student, context["fest"]
        if student is None:
            return {"missing": []}
        if fest.pk not in self._asked:
            self._asked[fest.pk] = asked_now(fest, database_now())
        missing = unanswered(student, asked_of(student, self._asked[fest.pk]))
        return {"missing": missing, "answers_url": f"{context['my_url']}answers/"}

    def is_true(self, context: dict[str, Any]) -> bool:
        return bool(context["missing"] and context["my_url"])


def enqueue_question_mails(fest: Fest, *, now: dt.datetime, event: Event | None = None) -> int:
    """Enqueues a mail to each student who has not answered, of one event or of the whole fest; returns how many.

    The database accepts one a student and day, so a second click sends nothing twice.
    """
    day = timezone.localtime(now, fest.zone).date()
    registrations = (
        Registration.objects.filter(event=event) if event else Registration.objects.filter(event__fest=fest)
    )
    rows = without_answer(registrations).values("student")
    students = Student.objects.known().filter(pk__in=rows).exclude(email="")
    had = Delivery.objects.filter(kind=Delivery.Kind.QUESTIONS, day=day).values("student")
    new = [
        Delivery(
            kind=Delivery.Kind.QUESTIONS,
            student=student,
            day=day,
            to=student.email,
            mailbox=mailbox_key(student.email),
            created_at=now,
            queued_at=now,
            due_at=now,
        )
        for student in students.exclude(pk__in=had).order_by("pk")
    ]
    Delivery.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


hooks.mail_questions.register(enqueue_question_mails)
