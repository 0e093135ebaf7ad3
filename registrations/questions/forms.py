"""Forms that ask questions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from registrations.models import Question
from registrations.questions.fields import answer_field, initial, stored
from techfest.core.text_limits import LimitedText


class AsksQuestions(LimitedText, forms.Form):
    """A form with the fields of questions, to be inherited.

    The fields may be shared by many forms, so none of them is changed by a form. Of questions that belong to an event
    only those of `chosen_events` count: whatever was sent for others is ignored.
    """

    questions: Sequence[Question] = ()

    def ask(self, questions: Iterable[Question], answers: Mapping[int, str] | None = None) -> None:
        """Adds the questions, with the answers given before, by the question's id."""
        self.questions = tuple(questions)
        for question in self.questions:
            self.fields[question.field_name] = answer_field(question)
            if answers and question.pk in answers:
                self.initial[question.field_name] = initial(question, answers[question.pk])

    @property
    def chosen_events(self) -> Collection[int]:
        """The ids of the events whose questions count."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        chosen = self.chosen_events if self.questions else ()
        for question in self.questions:
            name = question.field_name
            if question.event_id and question.event_id not in chosen:
                self.errors.pop(name, None)
                self.cleaned_data.pop(name, None)
            elif question.is_required and self._is_empty(question):
                self.add_error(name, _("Answer this question: %(question)s") % {"question": question.text})
        return cleaned

    def _is_empty(self, question: Question) -> bool:
        """Whether nothing was answered; what was not understood has an error of its own."""
        name = question.field_name
        return name in self.cleaned_data and not stored(question, self.cleaned_data[name])

    @property
    def answers(self) -> tuple[tuple[int, str], ...]:
        """What was answered, by the question's id. The form must be valid."""
        values = ((one.pk, stored(one, self.cleaned_data.get(one.field_name))) for one in self.questions)
        return tuple(sorted((pk, value) for pk, value in values if value))

    def questions_of(self, event_id: int | None) -> list[forms.BoundField]:
        """The fields of this event's questions, or of the fest's."""
        return [self[one.field_name] for one in self.questions if one.event_id == event_id]

    @property
    def fest_questions(self) -> list[forms.BoundField]:
        return self.questions_of(None)


class AnswersForm(AsksQuestions):
    """A student's answers, on a page of their own."""

    use_required_attribute = False

    def __init__(
        self, data: QueryDict | None = None, *, questions: Sequence[Question], answers: Mapping[int, str]
    ) -> None:
        super().__init__(data, label_suffix="")
        self.ask(questions, answers)

    @property
    def chosen_events(self) -> Collection[int]:
        return {one.event_id for one in self.questions if one.event_id}

    @property
    def values(self) -> dict[int, str]:
        """The stored form of every answer that was changed, empty where it was taken back; the form must be valid."""
        changed = set(self.changed_data)
        return {
            one.pk: stored(one, self.cleaned_data[one.field_name])
            for one in self.questions
            if one.field_name in changed
        }
