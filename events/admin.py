"""The admin's pages of the fest and what belongs to it; events themselves stand in registrations."""

import zoneinfo
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import images
from events.admin_base import BaseAdmin, RecordAdmin
from events.date_forms import DatedForm
from events.dates import FEST_DATES, fest_questions, fest_refusals
from events.models import (
    AuditEntry,
    CapacityChange,
    Category,
    Event,
    Fest,
    Picture,
    Seats,
    Venue,
    is_time_zone,
)
from events.uploads import PictureField
from events.zones import same_clock
from techfest.core.db.clock import database_now


class FestForm(DatedForm):
    upload = PictureField(
        label=gettext_lazy("New logo"),
        draw=images.logo,
        help_text=gettext_lazy("PNG or JPEG, at most 2 MB. It is scaled down to 512 × 256 pixels."),
    )
    remove_picture = forms.BooleanField(label=gettext_lazy("Remove the logo"), required=False)

    moved_with_zone: frozenset[str] = frozenset()
    """Opening and closing, where they were not typed and their clock times stay in another time zone."""

    @property
    def keeps_clock(self) -> bool:
        """Whether clock times stay in another zone; it is so unless the page that asks says otherwise."""
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
            words = _("%(fest)s is the current fest. Take the mark away there first.")
            self.add_error("is_current", words % {"fest": other.name})
        self._check_dates(cleaned)
        return cleaned

    def _check_shown_zone(self) -> None:
        """Times that were typed on a page in another zone than the fest has by now would be misread."""
        shown = self.data.get("initial-time_zone", self.instance.time_zone)
        if self.instance.pk and shown != self.instance.time_zone and _HOURS & set(self.changed_data):
            text = _(
                "Somebody else changed the time zone meanwhile. Open the page again and enter the times anew."
            )
            self.add_error(None, text)

    def _move_with_zone(self, cleaned: dict[str, Any]) -> None:
        if self.typed_zone and self.keeps_clock:
            old = self.instance.zone
            self.moved_with_zone = _HOURS - set(self.changed_data)
            for name in self.moved_with_zone:
                cleaned[name] = same_clock(getattr(self.instance, name), old, self.typed_zone)

    @property
    def typed_zone(self) -> zoneinfo.ZoneInfo | None:
        """The new zone of a fest that is there, where its reader has chosen another one."""
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
        events, registrations = self.what_is_there()
        self.ask_about_dates(
            fest_questions(fest, now=database_now(), events=events, registrations=registrations)
        )

    def what_is_there(self) -> tuple[list[Event], int]:
        """The events of the fest that are not cancelled, and its registrations, which a room above can count."""
        if self.instance.pk is None:
            return [], 0
        events = list(self.instance.events.exclude(state=Event.State.CANCELLED))
        if self.keeps_clock and self.typed_zone:
            for event in events:
                for name in ("starts_at", "ends_at"):
                    moment = same_clock(getattr(event, name), self.instance.zone, self.typed_zone)
                    setattr(event, name, moment)
        return events, 0


_HOURS = frozenset({"opens_at", "closes_at"})


class FestAdmin(BaseAdmin):
    """A fest with its looks. It is never deleted here: everything belongs to it.

    The room of tickets puts it on the admin, with what it takes to start a fest.
    """

    form = FestForm
    redacted_fields = ("contact_name", "contact_email")
    list_display = ("name", "is_current", "starts_on", "ends_on", "opens_at", "closes_at", "is_paused")
    search_fields = ("name", "slug", "place")
    list_filter = ("is_current",)
    readonly_fields = ("logo_shown",)
    fieldsets = (
        (None, {"fields": ("name", "slug", "is_current", "place", "starts_on", "ends_on", "time_zone")}),
        (gettext_lazy("Looks"), {"fields": ("accent", "logo_shown", "upload", "remove_picture")}),
        (
            gettext_lazy("Registration"),
            {
                "fields": (
                    *("opens_at", "closes_at", "is_paused", "pause_text", "confirms_addresses"),
                    *("grade_min", "grade_max"),
                )
            },
        ),
        (
            gettext_lazy("Privacy"),
            {"fields": ("contact_name", "contact_email", "privacy_text", "retention_days")},
        ),
    )

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fest]:
        return super().get_queryset(request).select_related("logo").defer("logo__data")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Fest, form: Any, change: bool) -> None:
        """Writes what was changed and nothing else."""
        names = take_picture(form, obj, "logo")
        if change:
            columns = {field.name for field in obj._meta.concrete_fields}
            obj.save(update_fields=columns & {*form.changed_data, *names, *form.moved_with_zone})
        else:
            obj.save()

    @admin.display(description=gettext_lazy("logo"))
    def logo_shown(self, obj: Fest) -> str:
        return shown(obj.logo, height=64)


def take_picture(form: Any, obj: Any, name: str) -> list[str]:
    """Puts the uploaded picture in its place, or takes the old one away; the names of what changed."""
    picture = form.cleaned_data.get("upload")
    if picture:
        setattr(obj, name, images.keep(picture))
    elif form.cleaned_data.get("remove_picture"):
        setattr(obj, name, None)
    else:
        return []
    return [name]


def shown(picture: Picture | None, *, height: int) -> str:
    if picture is None:
        return _("none")
    return format_html('<img src="{}" height="{}" alt="">', picture.get_absolute_url(), height)


@admin.register(Venue)
class VenueAdmin(BaseAdmin):
    event_lookup = "fest__events"
    list_display = ("name", "directions", "fest")
    list_select_related = ("fest",)
    list_filter = ("fest",)
    search_fields = ("name", "directions")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def refusal_to_delete(self, obj: Venue) -> str:
        return _in_use(obj)


@admin.register(Category)
class CategoryAdmin(BaseAdmin):
    event_lookup = "fest__events"
    list_display = ("name", "position", "fest")
    list_select_related = ("fest",)
    list_filter = ("fest",)
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}

    def refusal_to_delete(self, obj: Category) -> str:
        return _in_use(obj)


def _in_use(obj: Venue | Category) -> str:
    event = obj.events.first()
    if event is None:
        return ""
    words = _("%(name)s cannot be deleted: %(event)s uses it.")
    return words % {"name": obj.name, "event": event.name}


@admin.register(Seats)
class SeatsAdmin(RecordAdmin):
    """The counts to look at. The capacity is changed on the event's page, the rest only by registrations."""

    event_lookup = "event"
    list_display = ("event", "capacity", "taken", "free", "waiting", "filled_at")
    list_select_related = ("event",)
    list_filter = ("event__fest",)
    search_fields = ("event__name",)
    fields = ("event", "capacity", "taken", "free", "waiting", "last_queue_position", "filled_at")
    readonly_fields = ("free",)
    ordering = ("event__starts_at", "event__name")

    @admin.display(description=gettext_lazy("free"))
    def free(self, obj: Seats) -> int:
        return obj.free


@admin.register(CapacityChange)
class CapacityChangeAdmin(RecordAdmin):
    event_lookup = "event"
    list_display = ("event", "capacity", "at")
    list_select_related = ("event",)
    list_filter = ("event__fest",)
    search_fields = ("event__name",)
    fields = ("event", "capacity", "at")
    ordering = ("-at", "-pk")


@admin.register(AuditEntry)
class AuditEntryAdmin(RecordAdmin):
    list_display = ("at", "user", "subject_kind", "subject_id", "what", "reason")
    list_select_related = ("user",)
    list_filter = ("subject_kind", "what")
    search_fields = ("what", "reason", "user__username")
    fields = ("at", "user", "subject_kind", "subject_id", "what", "before", "after", "reason")
    ordering = ("-at", "-pk")
    date_hierarchy = "at"


@admin.register(Picture)
class PictureAdmin(RecordAdmin):
    list_display = ("digest", "kind", "width", "height")
    list_filter = ("kind",)
    search_fields = ("digest",)
    fields = ("digest", "kind", "width", "height", "picture")
    readonly_fields = ("picture",)
    ordering = ("digest",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Picture]:
        return super().get_queryset(request).defer("data")

    @admin.display(description=gettext_lazy("picture"))
    def picture(self, obj: Picture) -> str:
        return shown(obj, height=min(obj.height, 315))
