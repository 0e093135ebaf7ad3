"""The admin of what belongs to a fest. Fests and events are in `registrations/admin`, since they need registrations."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import images
from events.admin_base import BaseAdmin, RecordAdmin
from events.models import (
    AuditEntry,
    CapacityChange,
    Category,
    Picture,
    Seats,
    Venue,
)


def take_picture(form: Any, obj: Any, name: str) -> list[str]:
    """Set the uploaded picture, or remove the old one if that was asked for; return the names of changed fields."""
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
    """Seat counts, read-only. The capacity is changed on the event's page, the rest only by registrations."""

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
