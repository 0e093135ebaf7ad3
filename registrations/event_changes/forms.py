"""The form on the confirmation page of an edit: a reason, seats to reserve, a deadline for choosing."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.editing import ReservedCapacity
from registrations.booking.conflicts import choose_by_default
from registrations.event_changes.impact import Impact
from techfest.core.text_limits import LimitedText


def _two_fields() -> forms.SplitDateTimeWidget:
    """Returns a text field each for day and time, as everywhere in the admin."""
    return forms.SplitDateTimeWidget(date_format="%Y-%m-%d", time_format="%H:%M")


class ApplyForm(LimitedText, forms.Form):
    """The reason, and, depending on the impact, how many new seats to reserve and until when to choose."""

    use_required_attribute = False

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    seats = forms.IntegerField(
        label=gettext_lazy("Reserve this many of the new seats"),
        min_value=0,
        required=False,
        help_text=gettext_lazy(
            "They are not assigned yet: that many fewer are confirmed, the last names above first."
        ),
    )
    until = forms.SplitDateTimeField(
        label=gettext_lazy("Until"),
        required=False,
        widget=_two_fields(),
        help_text=gettext_lazy("Then they go to the waiting list. You can release them earlier."),
    )
    choose_by = forms.SplitDateTimeField(
        label=gettext_lazy("Choose by"),
        required=False,
        widget=_two_fields(),
        help_text=gettext_lazy(
            "Affected students are asked to choose by then. They keep their seats after that, too."
        ),
    )

    def __init__(self, data: Any, *, impact: Impact, now: dt.datetime, reason: str = "") -> None:
        event = impact.edit.after
        initial = {
            "reason": reason,
            "seats": 0,
            "until": event.promotion_ends_at,
            "choose_by": choose_by_default(event, now),
        }
        super().__init__(data, initial=initial, prefix="hold", label_suffix="")
        self.impact, self.now = impact, now
        if not impact.max_reserved:
            del self.fields["seats"], self.fields["until"]
        if not impact.new_conflicts:
            del self.fields["choose_by"]
        if impact.cancelled:
            self.fields["reason"].help_text = _(
                "It appears in the mail to everyone affected, and in the audit log."
            )
        else:
            self.fields["reason"].help_text = _("For the audit log only.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        event, maximum = self.impact.edit.after, self.impact.max_reserved
        if (cleaned.get("seats") or 0) > maximum:
            self.add_error("seats", _("At most %(maximum)d can be reserved.") % {"maximum": maximum})
        until = cleaned.get("until")
        if cleaned.get("seats") and (not until or not self.now < until <= event.promotion_ends_at):
            self.add_error(
                "until", _("Enter a time before %(end)s.") % {"end": _exact(event.promotion_ends_at)}
            )
        by = cleaned.get("choose_by")
        if "choose_by" in self.fields and "choose_by" not in self.errors and (not by or by <= self.now):
            self.add_error("choose_by", _("Enter a time in the future."))
        return cleaned

    @property
    def reserved(self) -> tuple[int, dt.datetime] | None:
        """The number of reserved seats, and until when."""
        seats = self.cleaned_data.get("seats")
        return (seats, self.cleaned_data["until"]) if seats else None

    def reserved_by(self, user: Any) -> dict[int, ReservedCapacity]:
        """Returns the reserved seats in the form that `apply_edits` takes."""
        if self.reserved is None:
            return {}
        seats, until = self.reserved
        return {self.impact.edit.after.pk: ReservedCapacity(seats, until, user)}


def _exact(when: dt.datetime) -> str:
    return f"{timezone.localtime(when):%Y-%m-%d %H:%M}"
