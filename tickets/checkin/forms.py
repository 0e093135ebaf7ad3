"""Forms of the check-in pages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from registrations.fields import TextField, offer
from registrations.forms import OthersDetailsForm, PlainForm
from registrations.students.fields import SchoolField
from registrations.students.identity import Details
from techfest.core.text_limits import LimitedText
from tickets.checkin import lookup


class ReasonForm(PlainForm):
    """The reason for a re-entry or for undoing a check-in."""

    reason = TextField(
        label=gettext_lazy("Reason"),
        max_characters=300,
        too_long=gettext_lazy("Reason must be 300 characters or less"),
        attrs={"autocomplete": "off"},
        error_messages={"required": gettext_lazy("Enter the reason")},
    )

    def clean_reason(self) -> str:
        """A hand scanner may type into this field: the code of a ticket is kept out of the records."""
        reason: str = self.cleaned_data["reason"]
        if lookup.is_scanned(reason):
            raise forms.ValidationError(_("This is a ticket, not a reason. Scan it into the field above"))
        return reason


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


class WalkInForm(OthersDetailsForm):
    """Registration of a walk-in; short, because people queue."""

    roll_number = None  # type: ignore[assignment]  # Django's way to leave out an inherited field
    email = None  # type: ignore[assignment]
    school = SchoolField(
        help_text="",
        attrs={"autocomplete": "off", "list": "schools", "dir": "auto"},
        error_messages={"required": gettext_lazy("Enter the name of the school")},
    )
    event = forms.ChoiceField(
        label=gettext_lazy("Event"),
        widget=forms.RadioSelect(attrs={"translate": "no"}),
        error_messages={
            "required": gettext_lazy("Select the event"),
            "invalid_choice": gettext_lazy("Select the event"),
        },
    )
    consent = forms.BooleanField(
        label=gettext_lazy("I have seen a parent's or guardian's consent on paper"),
        error_messages={"required": gettext_lazy("A student can only be registered with consent on paper")},
    )

    def __init__(self, *args: Any, events: Sequence[Event], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "event", [(str(event.pk), event.name) for event in events])
        if len(events) == 1:
            self.fields["event"].initial = str(events[0].pk)

    def details(self, language: str) -> Details:
        """The identity of the student; the form must be valid."""
        return Details(
            **self.student_values,
            school=self.cleaned_data["school"],
            language=language,
            is_another=self.is_another,
        )
