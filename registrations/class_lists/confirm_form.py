"""What a teacher decides before a list is registered."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Fest
from registrations.forms import PlainForm, Sentences
from registrations.models import Submission
from registrations.students.consents import current_text

GOOD, ALL = "good", "all"


class ConfirmForm(PlainForm):
    """How much, what if it is full, and the declaration without which nothing is registered."""

    how = forms.ChoiceField(
        label=gettext_lazy("How much of the list"),
        widget=Sentences,
        choices=[
            (GOOD, gettext_lazy("Register the good rows, keep the rest as a draft")),
            (ALL, gettext_lazy("All or none: if one row would be refused, register nothing")),
        ],
        initial=GOOD,
        error_messages={"required": gettext_lazy("Select how much of the list is registered")},
    )
    when_full = forms.ChoiceField(
        label=gettext_lazy("If an event is full"),
        widget=Sentences,
        choices=[
            ("wait", gettext_lazy("Put the others on the waiting list, in the order of the list")),
            ("refuse", gettext_lazy("No waiting list: register as many as fit")),
        ],
        initial="wait",
        error_messages={"required": gettext_lazy("Select what happens if an event is full")},
    )
    consent = forms.BooleanField(
        error_messages={"required": gettext_lazy("Tick the declaration, or nothing can be registered")}
    )
    key = forms.UUIDField(widget=forms.HiddenInput)
    text = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, fest: Fest, **kwargs: Any) -> None:
        self.consent_text = current_text(fest)
        initial = {"key": Submission.new_key(), "text": self.consent_text.pk}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["consent"].label = _(
            "I declare for each of these students, and have asked their parents or guardians: “%(text)s”"
        ) % {"text": self.consent_text.text}

    def clean_text(self) -> int:
        if self.cleaned_data["text"] != self.consent_text.pk:
            raise forms.ValidationError(_("The declaration has a new wording. Read it and tick it again."))
        return self.consent_text.pk

    @property
    def choices(self) -> dict[str, Any]:
        """As `confirming.confirm` takes them."""
        key: uuid.UUID = self.cleaned_data["key"]
        return {
            "key": key,
            "consent_text": self.consent_text,
            "is_all_or_none": self.cleaned_data["how"] == ALL,
            "wants_waiting": self.cleaned_data["when_full"] == "wait",
        }
