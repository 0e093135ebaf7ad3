"""The forms of a fest's pages in the admin."""

import zoneinfo
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events import images
from events.admin_base import DatedForm
from events.caps import number_of_events
from events.dates import FEST_DATES, YEARS, DateProblem, fest_questions, fest_refusals
from events.images import PictureField
from events.models import Event, Fest, is_time_zone
from registrations.event_changes.zones import same_clock
from registrations.models import Registration
from registrations.querysets import RegistrationQuerySet
from registrations.timetable.days import DAY_FIRST, MONTH_FIRST
from registrations.timetable.new_fest import planned_copy
from techfest.core.admin.native_inputs import NativeDateInput, NativeMomentInput
from techfest.core.db.clock import database_now
from techfest.core.text_limits import LimitedText

_REGISTRATION_TIMES = frozenset({"opens_at", "closes_at"})


class FestForm(DatedForm):
    upload = PictureField(
        label=gettext_lazy("New logo"),
        draw=images.logo,
        help_text=gettext_lazy("PNG or JPEG, at most 2 MB. It is scaled down to 512 × 256 pixels."),
    )
    remove_picture = forms.BooleanField(label=gettext_lazy("Remove the logo"), required=False)

    moved_with_zone: frozenset[str] = frozenset()
    """Registration times that were not edited and keep their clock time in a new time zone."""

    @property
    def keeps_clock(self) -> bool:
        """Whether clock times stay the same in a new time zone, unless the user chose to keep the moments."""
        return self.data.get("keeps") != "moments"

    def clean(self) -> Any:
        cleaned = super().clean()
        self._check_shown_zone()
        self._move_with_zone(cleaned)
        low, high = cleaned.get("grade_min"), cleaned.get("grade_max")
        if low is not None and high is not None and low > high:
            self.add_error("grade_max", _("The highest grade must not be below the lowest."))
        other = Fest.objects.filter(is_current=True).exclude(pk=self.instance.pk).first()
        if cleaned.get("is_current") and other:
            text = _("%(fest)s is the current fest. Remove the mark there first.")
            self.add_error("is_current", text % {"fest": other.name})
        self._check_dates(cleaned)
        return cleaned

    def _check_shown_zone(self) -> None:
        """Refuse times that were typed on a page that showed another time zone than the fest has now."""
        shown = self.data.get("initial-time_zone", self.instance.time_zone)
        if (
            self.instance.pk
            and shown != self.instance.time_zone
            and _REGISTRATION_TIMES & set(self.changed_data)
        ):
            text = _(
                "The time zone was changed by someone else in the meantime. "
                "Reload the page and enter the times again."
            )
            self.add_error(None, text)

    def _move_with_zone(self, cleaned: dict[str, Any]) -> None:
        if self.new_zone and self.keeps_clock:
            old = self.instance.zone
            self.moved_with_zone = _REGISTRATION_TIMES - set(self.changed_data)
            for name in self.moved_with_zone:
                cleaned[name] = same_clock(getattr(self.instance, name), old, self.new_zone)

    @property
    def new_zone(self) -> zoneinfo.ZoneInfo | None:
        """The time zone chosen for an existing fest, if it was changed."""
        name = self.data.get("time_zone", "")
        if self.instance.pk is None or "time_zone" not in self.changed_data or not is_time_zone(name):
            return None
        return zoneinfo.ZoneInfo(name)

    def _check_dates(self, cleaned: dict[str, Any]) -> None:
        wanted: dict[str, Any] = {name: cleaned.get(name) for name in (*FEST_DATES, "time_zone")}
        if None in wanted.values() or not is_time_zone(wanted["time_zone"]):
            return
        fest = Fest(**wanted)
        if self.refuse_dates(fest_refusals(fest)):
            return
        events = self._events()
        erased = self._registrations().filter(student__erased_at=None).count()
        questions = fest_questions(fest, now=database_now(), events=events, registrations=erased)
        if self.instance.is_current and not fest.is_current:
            questions.append(self._unmarked(events))
        self.ask_about_dates([*questions, *self._above_limit(cleaned.get("events_per_student"))])

    def _above_limit(self, most: int | None) -> list[DateProblem]:
        """How many students have more events than a new limit allows."""
        if most is None or "events_per_student" not in self.changed_data:
            return []
        counted = self._registrations().active().values("student").annotate(events=Count("pk"))
        count = counted.filter(events__gt=most).order_by().count()
        words = ngettext(
            "%(count)d student has more than %(events)s. The student keeps all of them, and gets no further one.",
            "%(count)d students have more than %(events)s. They keep all of them, and get no further one.",
            count,
        )
        text = words % {"count": count, "events": number_of_events(most)}
        return [DateProblem("events_per_student", text, frozenset({"events_per_student"}))] if count else []

    def _unmarked(self, events: Sequence[Event]) -> DateProblem:
        """What happens when the current fest loses its mark; another one gets it only afterwards."""
        published = sum(event.state == Event.State.PUBLISHED for event in events)
        registered = self._registrations().active().count()
        events_count = ngettext("%(count)d published event", "%(count)d published events", published)
        registrations_count = ngettext("%(count)d registration", "%(count)d registrations", registered)
        text = _(
            "There would be no current fest: until one is marked, the public pages show no event, teachers do not "
            "see their students, and no ticket is accepted at check-in. This concerns %(events)s with "
            "%(registrations)s."
        )
        text %= {
            "events": events_count % {"count": published},
            "registrations": registrations_count % {"count": registered},
        }
        return DateProblem("is_current", text, frozenset({"is_current"}))

    def _registrations(self) -> RegistrationQuerySet:
        return Registration.objects.filter(event__fest=self.instance.pk)

    def _events(self) -> list[Event]:
        """The fest's events that are not cancelled, at the times at which they would be."""
        if self.instance.pk is None:
            return []
        events = list(self.instance.events.exclude(state=Event.State.CANCELLED))
        if self.keeps_clock and self.new_zone:
            for event in events:
                for name in ("starts_at", "ends_at"):
                    moment = same_clock(getattr(event, name), self.instance.zone, self.new_zone)
                    setattr(event, name, moment)
        return events


class CopyForm(DatedForm):
    """What differs from the copied fest; all other times move by as many days as the first day."""

    class Meta:
        model = Fest
        fields = ("name", "slug", "starts_on", "opens_at", "closes_at")
        widgets: ClassVar = {
            "starts_on": NativeDateInput,
            "opens_at": NativeMomentInput,
            "closes_at": NativeMomentInput,
        }

    def __init__(self, data: Any, *, source: Fest) -> None:
        super().__init__(data)
        self.source = source

    def clean_starts_on(self) -> Any:
        """Refuse years so far away that the other dates cannot be computed."""
        day = self.cleaned_data["starts_on"]
        if day.year not in YEARS:
            raise forms.ValidationError(_("Check the year: %(year)d."), params={"year": day.year})
        return day

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if {"starts_on", "opens_at", "closes_at"} <= cleaned.keys():
            fest, events = planned_copy(self.source, cleaned)
            if not self.refuse_dates(fest_refusals(fest)):
                self.ask_about_dates(fest_questions(fest, now=database_now(), events=events))
        return cleaned


class OrderForm(LimitedText, forms.Form):
    """Which number comes first in dates such as 12/11/2026; asked where neither the fest nor the cell says it."""

    order = forms.ChoiceField(
        label=gettext_lazy("Dates such as 12/11/2026"),
        choices=[
            ("", gettext_lazy("Choose")),
            (DAY_FIRST, gettext_lazy("Day first: 12 November")),
            (MONTH_FIRST, gettext_lazy("Month first: 11 December")),
        ],
        required=False,
    )


class PasteForm(OrderForm):
    text = forms.CharField(
        label=gettext_lazy("Events"),
        widget=forms.Textarea(attrs={"rows": 12, "cols": 100, "spellcheck": "false"}),
        strip=False,
    )
