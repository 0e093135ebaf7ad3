"""Questions and answers for tests."""

from typing import Any

from events.models import Event, Fest
from registrations.models import Answer, Question, Student


def build_question(of: Fest | Event, text: str = "What do you not eat?", **values: Any) -> Question:
    """A question of the fest or of an event, optional and with a short text as its answer."""
    event = of if isinstance(of, Event) else None
    fest = of.fest if isinstance(of, Event) else of
    defaults = {"purpose": "the kitchen plans with it"}
    return Question.objects.create(fest=fest, event=event, text=text, **(defaults | values))


def build_answer(question: Question, student: Student, value: str = "Peanuts") -> Answer:
    return Answer.objects.create(question=question, student=student, value=value)


def answers_to(question: Question) -> list[str]:
    """All answers to the question, the oldest first."""
    return list(question.answers.order_by("pk").values_list("value", flat=True))
