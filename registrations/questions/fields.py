"""The form field of a question, and how its answer is stored and shown."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.fields import LONGEST_TYPED, TextField
from registrations.models import Answer, Question
from registrations.models.questions import MAX_LONG, MAX_SHORT
from techfest.core.admin.native_inputs import NativeDateInput

Kind = Question.Kind
_LINE_END = re.compile(r"\r\n?|\n")
_NOT_OFFERED = gettext_lazy("Choose one of the options on the page")
_LONGEST_NUMBER = 40
"""Characters, spaces included."""


class LinesField(TextField):
    """Text of several lines, each of them cleaned as a line of its own."""

    def to_python(self, value: Any) -> str:
        text = "" if value is None else str(value)
        if len(text) > LONGEST_TYPED * self.max_characters:
            raise ValidationError(self.too_long)
        clean = super().to_python
        return "\n".join(map(clean, _LINE_END.split(text))).strip()


class NumberField(forms.DecimalField):
    """A number of at most twelve digits, four of them behind the point."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "size": "12"})
        super().__init__(max_digits=12, decimal_places=4, widget=widget, **kwargs)

    def to_python(self, value: Any) -> Any:
        if len(str(value or "")) > _LONGEST_NUMBER:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class DayField(forms.DateField):
    """A day, in the browser's own input."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=NativeDateInput({"autocomplete": "off"}), **kwargs)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > _LONGEST_NUMBER:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class Lines(forms.RadioSelect):
    """Radio buttons one below the other."""

    template_name = "django/forms/widgets/multiple_input.html"


def answer_field(question: Question) -> forms.Field:
    """The field of this question. It accepts an empty answer: the form knows whether the question must be answered.

    Its texts are lazy, because pages in several languages share it.
    """
    given: dict[str, Any] = {
        "label": lazy(label_of, str)(question),
        "help_text": lazy(help_of, str)(question),
        "required": False,
    }
    match question.kind:
        case Kind.LONG:
            area = forms.Textarea(attrs={"rows": "3", "autocomplete": "off", "dir": "auto"})
            return LinesField(
                max_characters=MAX_LONG, too_long=_lazy_too_long(MAX_LONG), widget=area, **given
            )
        case Kind.NUMBER:
            words = {"invalid": gettext_lazy("Enter a number in digits, like 12 or 1.5")}
            return NumberField(error_messages=words, **given)
        case Kind.DATE:
            return DayField(**given)
        case Kind.ONE | Kind.YES_NO:
            words = {"invalid_choice": _NOT_OFFERED}
            return forms.ChoiceField(choices=_choices(question), widget=Lines, error_messages=words, **given)
        case Kind.SEVERAL:
            return forms.MultipleChoiceField(
                choices=[(option, option) for option in question.options],
                widget=forms.CheckboxSelectMultiple,
                error_messages={"invalid_choice": _NOT_OFFERED, "invalid_list": _NOT_OFFERED},
                **given,
            )
        case _:
            attrs = {"autocomplete": "off", "dir": "auto"}
            return TextField(
                max_characters=MAX_SHORT, too_long=_lazy_too_long(MAX_SHORT), attrs=attrs, **given
            )


def _too_long(maximum: int) -> str:
    return _("The answer must be %(maximum)d characters or less") % {"maximum": maximum}


_lazy_too_long = lazy(_too_long, str)


def _choices(question: Question) -> list[tuple[str, Any]]:
    """The options. One button takes an answer back, where none is needed: a radio button cannot be switched off."""
    options: list[tuple[str, Any]] = [(option, option) for option in question.options]
    if question.kind == Kind.YES_NO:
        options = [(Answer.YES, gettext_lazy("Yes")), (Answer.NO, gettext_lazy("No"))]
    return options if question.is_required else [*options, ("", gettext_lazy("No answer"))]


def label_of(question: Question) -> str:
    if question.is_required:
        return question.text
    return _("%(question)s (optional)") % {"question": question.text}


def help_of(question: Question) -> str:
    """The explanation, why it is asked, and for how long the answer is kept."""
    words = ngettext(
        "Why we ask: %(purpose)s. Erased %(days)d day after the fest.",
        "Why we ask: %(purpose)s. Erased %(days)d days after the fest.",
        question.erased_after_days,
    )
    why = words % {"purpose": question.purpose.rstrip(" ."), "days": question.erased_after_days}
    return f"{question.help_text} {why}".strip()


def stored(question: Question, cleaned: Any) -> str:
    """The cleaned value of the field as the text that is stored; empty if nothing was answered."""
    if cleaned in (None, "", []):
        return ""
    if question.kind == Kind.SEVERAL:
        return "\n".join(option for option in question.options if option in cleaned)
    if question.kind == Kind.NUMBER:
        return f"{cleaned.normalize() + 0:f}"
    return str(cleaned.isoformat() if question.kind == Kind.DATE else cleaned)


def initial(question: Question, value: str) -> Any:
    """A stored answer as the initial value of the field."""
    return value.split("\n") if question.kind == Kind.SEVERAL and value else value


def shown(question: Question, value: str) -> str:
    """A stored answer as people read it."""
    if question.kind == Kind.YES_NO:
        return {Answer.YES: _("Yes"), Answer.NO: _("No")}.get(value, value)
    if question.kind == Kind.SEVERAL:
        return ", ".join(value.split("\n"))
    if question.kind == Kind.DATE and (day := parse_date(value)):
        return date_format(day)
    return value
