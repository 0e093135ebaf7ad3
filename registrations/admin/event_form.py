"""The form of an event in the admin, and that of the page which asks about its impact."""

import datetime as dt
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import images
from events.admin_base import DatedForm
from events.dates import EVENT_DATES, event_questions, event_refusals
from events.editing import ReservedCapacity
from events.images import PictureField
from events.models import Event, Picture
from events.venues import bookings_of, venue_questions
from registrations.booking.conflicts import choose_by_default
from registrations.event_changes.impact import Impact
from techfest.core.admin.native_inputs import NativeDateTimeInput
from techfest.core.db.clock import database_now
from techfest.core.formatting import exact_moment
from techfest.core.text_limits import LimitedText

MAX_SEATS = 100_000
KEPT_PICTURE = "kept_picture"
_SIGNER = signing.Signer(salt="registrations.admin.eventform.picture")


class EventForm(DatedForm):
    """All of an event except its seat counts: as they are no fields, an old page cannot reset them."""

    capacity = forms.IntegerField(
        label=gettext_lazy("Capacity"),
        min_value=0,
        max_value=MAX_SEATS,
        help_text=gettext_lazy(
            "Added seats go to the waiting list at once. If you enter fewer than are taken, all keep their seats."
        ),
    )
    upload = PictureField(
        label=gettext_lazy("New picture"),
        draw=images.event_picture,
        help_text=gettext_lazy("PNG or JPEG, at most 2 MB. It is cropped to 1200 × 630 pixels."),
    )
    remove_picture = forms.BooleanField(label=gettext_lazy("Remove the picture"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=gettext_lazy(
            "The audit log keeps it, and the mails about the change quote it. You see them before they go."
        ),
    )
    takes_place = forms.BooleanField(label=gettext_lazy("It takes place after all"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None or "venue" not in self.fields:
            return
        seats = getattr(self.instance, "seats", None)
        self.fields["capacity"].initial = seats.capacity if seats else None
        fest = self.instance.fest
        show_inherited(self, self.instance)
        for name, rows in (("venue", fest.venues.all()), ("category", fest.categories.all())):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows

    def clean(self) -> Any:
        cleaned = super().clean()
        self._take_kept_picture(cleaned)
        low, high = cleaned.get("grade_min"), cleaned.get("grade_max")
        if low and high and low > high:
            self.add_error("grade_max", _("The highest grade must not be below the lowest."))
        self._check_fest(cleaned)
        self._check_dates(cleaned)
        if self.instance.pk is not None and "state" in cleaned:
            self._check_state(cleaned)
        return cleaned

    def _take_kept_picture(self, cleaned: dict[str, Any]) -> None:
        """Use the picture uploaded before the confirmation page, which sends its signed digest back."""
        try:
            digest = _SIGNER.unsign(self.data.get(KEPT_PICTURE, ""))
        except signing.BadSignature:
            return
        if not cleaned.get("upload"):
            cleaned["upload"] = Picture.objects.filter(pk=digest).first()

    def kept_picture(self) -> list[tuple[str, str]]:
        """Return the hidden field that carries the uploaded picture over the confirmation page."""
        picture = self.cleaned_data.get("upload")
        return [(KEPT_PICTURE, _SIGNER.sign(images.keep(picture).pk))] if picture else []

    def _check_fest(self, cleaned: dict[str, Any]) -> None:
        """Refuse a venue, a category or a slug that does not fit the event's fest."""
        fest = cleaned.get("fest") or (self.instance.fest if self.instance.pk else None)
        for name in ("venue", "category"):
            if fest and name in cleaned and cleaned[name].fest_id != fest.pk:
                self.add_error(name, _("Choose one of %(fest)s.") % {"fest": fest.name})
        namesakes = Event.objects.filter(fest=fest, slug=cleaned.get("slug")).exclude(pk=self.instance.pk)
        if fest and namesakes.exists():
            self.add_error("slug", _("Another event of the fest has this slug."))

    def _check_dates(self, cleaned: dict[str, Any]) -> None:
        """Ask about dates and venue of a new event; for existing events the confirmation page asks."""
        fest = cleaned.get("fest") or (self.instance.fest if self.instance.pk else None)
        times = {name: cleaned.get(name) for name in EVENT_DATES}
        if fest is None or EVENT_DATES & set(self.errors) or not (times["starts_at"] and times["ends_at"]):
            return
        event = Event(fest=fest, name=cleaned.get("name") or "", **times)
        if not self.refuse_dates(event_refusals(event)) and self.instance.pk is None:
            questions = event_questions(event, now=database_now())
            if (venue := cleaned.get("venue")) and venue.fest_id == fest.pk:
                event.venue = venue
                questions += venue_questions(event, bookings_of(fest))
            self.ask_about_dates(questions)

    def _check_state(self, cleaned: dict[str, Any]) -> None:
        before, after = self.instance.state, cleaned["state"]
        cancelled, draft = Event.State.CANCELLED, Event.State.DRAFT
        if before == cancelled != after and not cleaned.get("takes_place"):
            self.add_error(
                "state", _("This event was cancelled. Tick “It takes place after all” if you mean it.")
            )
        elif after == draft != before and self.instance.registrations.exists():
            self.add_error("state", _("It has registrations and cannot be hidden. Cancel it instead."))
        elif after == draft != before and self.instance.holds.unreturned().exists():
            self.add_error(
                "state", _("Seats are held for schools, so it cannot be hidden. Cancel it instead.")
            )


def show_inherited(form: forms.BaseForm, event: Event) -> None:
    """Say in the help of each field what applies while it is empty, with the time that follows for this event."""
    fest = event.fest
    closes_first = (
        _("closes with the fest, %(when)s")
        if fest.closes_at <= event.starts_at
        else _("closes when the event starts, %(when)s")
    )
    texts = {
        "opens_at": (_("opens with the fest, %(when)s"), fest.opens_at),
        "closes_at": (closes_first, min(fest.closes_at, event.starts_at)),
        "promotes_until": (
            _("free seats go to the waiting list until two hours before the start, %(when)s"),
            event.starts_at - dt.timedelta(hours=2),
        ),
        "doors_open_at": (
            _("check-in begins one hour before the start, %(when)s"),
            event.starts_at - dt.timedelta(hours=1),
        ),
        "seats_kept_until": (
            _("seats of students who have not come are kept until the start, %(when)s"),
            max(event.starts_at, event.promotion_ends_at),
        ),
    }
    for name, (words, when) in texts.items():
        if name in form.fields:
            inherited = words % {"when": exact_moment(when, zone=fest.zone)}
            form.fields[name].help_text = _("Empty: %(inherited)s.") % {"inherited": inherited}


class ApplyForm(LimitedText, forms.Form):
    """A sentence for the mails and, depending on the impact, how many seats to reserve and until when to choose."""

    use_required_attribute = False

    reason = forms.CharField(
        label=gettext_lazy("Your sentence in the mail (optional)"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField", "dir": "auto"}),
    )
    tell_teachers = forms.BooleanField(
        label=gettext_lazy("Mail their teachers, who can tell them"), required=False, initial=True
    )
    notify = forms.BooleanField(label=gettext_lazy("Mail the new name"), required=False)
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
        widget=NativeDateTimeInput,
        help_text=gettext_lazy("Then they go to the waiting list. You can release them earlier."),
    )
    choose_by = forms.SplitDateTimeField(
        label=gettext_lazy("Choose by"),
        required=False,
        widget=NativeDateTimeInput,
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
        for field in self.fields.values():
            if isinstance(field.widget, NativeDateTimeInput):
                field.widget.name_parts(field.label)
        if not impact.max_reserved:
            del self.fields["seats"], self.fields["until"]
        if not impact.new_conflicts:
            del self.fields["choose_by"]
        if impact.notified or not impact.renamed:
            del self.fields["notify"]
        if impact.renamed or impact.promoted or impact.notified or impact.cancelled:
            self.fields["reason"].help_text = _(
                "The mail quotes it as it is, without markup or links, and the audit log keeps it."
            )
        else:
            self.fields["reason"].label = _("Reason (optional)")
            self.fields["reason"].help_text = _("For the audit log only.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        event, maximum = self.impact.edit.after, self.impact.max_reserved
        if (cleaned.get("seats") or 0) > maximum:
            self.add_error("seats", _("At most %(maximum)d can be reserved.") % {"maximum": maximum})
        until = cleaned.get("until")
        if cleaned.get("seats") and (not until or not self.now < until <= event.promotion_ends_at):
            self.add_error(
                "until", _("Enter a time before %(end)s.") % {"end": exact_moment(event.promotion_ends_at)}
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
        """Return the reserved seats in the form that `apply_edits` takes."""
        if self.reserved is None:
            return {}
        seats, until = self.reserved
        return {self.impact.edit.after.pk: ReservedCapacity(seats, until, user)}
