"""Forms of the check-in pages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from events.models import Event, Fest
from registrations.fields import TextField, offer
from registrations.forms import PlainForm
from registrations.students.identity import Details
from registrations.students.names import label_key, name_key, school_key
from techfest.core.text_limits import LimitedText


class ReasonForm(PlainForm):
    """The reason for a re-entry or for undoing a check-in."""

    reason = TextField(
        label=gettext_lazy("Reason"),
        max_characters=300,
        too_long=gettext_lazy("Reason must be 300 characters or less"),
        attrs={"autocomplete": "off"},
        error_messages={"required": gettext_lazy("Enter the reason")},
    )


class SearchForm(PlainForm):
    text = TextField(
        label=gettext_lazy("Name or reference"),
        max_characters=200,
        too_long=gettext_lazy("Type less than 200 characters"),
        attrs={"autocomplete": "off", "spellcheck": "false", "dir": "auto", "autofocus": "autofocus"},
        error_messages={"required": gettext_lazy("Enter a name or a reference")},
    )


class KeyForm(LimitedText, forms.Form):
    """The idempotency key of one scan, drawn when its form was rendered."""

    key = forms.UUIDField()
    registration = forms.IntegerField(required=False)


class WalkInForm(PlainForm):
    """Registration of a walk-in; short, because people queue."""

    name = TextField(
        label=gettext_lazy("Full name"),
        max_characters=200,
        too_long=gettext_lazy("Full name must be 200 characters or less"),
        key=name_key,
        max_characters_in_key=400,
        attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "words", "dir": "auto"},
        error_messages={"required": gettext_lazy("Enter the full name")},
    )
    school = TextField(
        label=gettext_lazy("School"),
        max_characters=200,
        too_long=gettext_lazy("Name of the school must be 200 characters or less"),
        key=school_key,
        attrs={"autocomplete": "off", "list": "schools", "dir": "auto"},
        error_messages={"required": gettext_lazy("Enter the name of the school")},
    )
    grade = forms.TypedChoiceField(
        label=gettext_lazy("Grade"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Select the grade"),
            "invalid_choice": gettext_lazy("Select the grade"),
        },
    )
    section = TextField(
        label=gettext_lazy("Section (optional)"),
        required=False,
        max_characters=20,
        too_long=gettext_lazy("Section must be 20 characters or less"),
        key=label_key,
        attrs={"autocomplete": "off", "spellcheck": "false"},
    )
    event = forms.ChoiceField(
        label=gettext_lazy("Event"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Select the event"),
            "invalid_choice": gettext_lazy("Select the event"),
        },
    )
    consent = forms.BooleanField(
        label=gettext_lazy("I have seen a parent's or guardian's consent on paper"),
        error_messages={"required": gettext_lazy("A student can only be registered with consent on paper")},
    )

    def __init__(self, *args: Any, fest: Fest, events: Sequence[Event], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "grade", [(grade, str(grade)) for grade in fest.grades])
        offer(self, "event", [(str(event.pk), event.name) for event in events])
        if len(events) == 1:
            self.fields["event"].initial = str(events[0].pk)

    def details(self, language: str) -> Details:
        """The identity of the student; the form must be valid."""
        names = ("name", "school", "grade", "section")
        return Details(**{name: self.cleaned_data[name] for name in names}, language=language)
