"""The form in which a teacher requests held seats."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.availability import Availability
from events.models import Event
from registrations.fields import offer
from registrations.forms import PlainForm, Sentences
from registrations.holds.service import MAX_AT_ONCE, latest
from techfest.core.formatting import exact_moment, exact_time

DAYS = (1, 2, 3, 5, 7, 10, 14)
"""The offered numbers of days until the names must be given, at `HOUR` of that day."""
HOUR = 18
CLOSING = "closing"
MAX_DIGITS = 4


class HoldForm(PlainForm):
    event = forms.ChoiceField(
        label=gettext_lazy("Event"),
        widget=Sentences,
        error_messages={
            "required": gettext_lazy("Select an event"),
            "invalid_choice": gettext_lazy("Registration for this event is closed"),
        },
    )
    seats = forms.CharField(
        label=gettext_lazy("How many seats"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": "12"}),
        error_messages={"required": gettext_lazy("Enter how many seats you need")},
    )
    until = forms.ChoiceField(
        label=gettext_lazy("I will send the names by"),
        widget=Sentences,
        help_text=gettext_lazy(
            "Seats without a name then become free for everyone. We remind you at half time."
        ),
        error_messages={
            "required": gettext_lazy("Select a day"),
            "invalid_choice": gettext_lazy("Select one of these days"),
        },
    )

    def __init__(self, *args: Any, events: Sequence[Event], now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.events = {event.slug: event for event in events}
        self.days = _days(events, now)
        offer(self, "event", [(event.slug, _label(event)) for event in events])
        closing = (CLOSING, _("When registration closes"))
        offer(self, "until", [*((day.date().isoformat(), _day(day)) for day in self.days), closing])
        self.fields["seats"].help_text = ngettext(
            "Up to %(count)d seat of an event is held at once. For more, an organiser decides first.",
            "Up to %(count)d seats of an event are held at once. For more, an organiser decides first.",
            MAX_AT_ONCE,
        ) % {"count": MAX_AT_ONCE}

    def clean_event(self) -> Event:
        return self.events[self.cleaned_data["event"]]

    def clean_seats(self) -> int:
        typed = "".join(self.cleaned_data["seats"].split())
        if not (typed.isdecimal() and len(typed) <= MAX_DIGITS and int(typed)):
            raise forms.ValidationError(_("Enter a number of seats, like 20"))
        return int(typed)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        event, until = cleaned.get("event"), cleaned.get("until")
        if event and until:
            cleaned["until"] = self._moment(event, until)
        return cleaned

    def _moment(self, event: Event, until: str) -> dt.datetime:
        """The end of the chosen day. Adds an error with the last possible time if that is too late for the event."""
        if until == CLOSING:
            return latest(event)
        day = next(day for day in self.days if day.date().isoformat() == until)
        if day > latest(event):
            self.add_error(
                "until", _("The names must come by %(when)s.") % {"when": exact_moment(latest(event))}
            )
        return day


def offered(events: Sequence[Event], now: dt.datetime) -> list[Event]:
    """The events whose seats may be requested, also before registration opens."""
    return [
        event
        for event in events
        if event.state == Event.State.PUBLISHED
        and now < latest(event)
        and Availability(event, now).state != "paused"
    ]


def _days(events: Sequence[Event], now: dt.datetime) -> list[dt.datetime]:
    """Days that are early enough for at least one of these events, in the active time zone."""
    today = timezone.localtime(now).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    ends = max((latest(event) for event in events), default=now)
    return [day for day in (today + dt.timedelta(days=days) for days in DAYS) if day <= ends]


def _day(day: dt.datetime) -> str:
    return f"{date_format(day, 'l j F')}, {exact_time(day)}"


def _label(event: Event) -> str:
    seats = event.seats
    if seats.waiting:
        words = ngettext("%(count)d person is waiting", "%(count)d people are waiting", seats.waiting)
        free = words % {"count": seats.waiting}
    else:
        free = ngettext("%(count)d seat free", "%(count)d seats free", seats.free) % {"count": seats.free}
    return f"{event.name} · {exact_moment(event.starts_at)} · {free}"
