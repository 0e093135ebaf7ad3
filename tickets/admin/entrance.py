"""The door at the desk: gates, who came in, what was scanned, what was odd."""

from django.contrib import admin

from events.desk import RecordAdmin
from tickets.models import Alarm, CheckIn, Gate, Scan


@admin.register(Gate)
class GateAdmin(RecordAdmin):
    led_through = "events"
    list_display = ("name", "fest")
    list_select_related = ("fest",)
    list_filter = ("fest",)
    search_fields = ("name",)
    fields = ("fest", "name", "events", "volunteers")


@admin.register(CheckIn)
class CheckInAdmin(RecordAdmin):
    led_through = "ticket__registration__event"
    list_display = ("at", "ticket", "where", "user", "how", "is_reentry", "undone_at")
    list_select_related = ("ticket__registration__student", "ticket__registration__event", "user")
    list_filter = ("how", "is_reentry", ("undone_at", admin.EmptyFieldListFilter))
    search_fields = ("ticket__student__name", "ticket__student__reference", "where")
    fields = (
        "ticket",
        "at",
        "recorded_at",
        "where",
        "user",
        "how",
        "is_reentry",
        "reason",
        "undone_at",
        "undone_by",
        "undo_reason",
    )
    ordering = ("-at", "-pk")


@admin.register(Scan)
class ScanAdmin(RecordAdmin):
    led_through = "ticket__registration__event"
    list_display = ("at", "verdict", "ticket", "where", "user", "is_offline", "is_conflict", "settled_at")
    list_select_related = ("ticket__registration__student", "ticket__registration__event", "user")
    list_filter = ("verdict", "is_offline", "is_conflict", ("settled_at", admin.EmptyFieldListFilter))
    search_fields = ("ticket__student__name", "ticket__student__reference", "where")
    fields = (
        "at",
        "received_at",
        "verdict",
        "told",
        "ticket",
        "where",
        "user",
        "is_offline",
        "is_conflict",
        "settled_at",
        "settled_by",
        "note",
    )
    ordering = ("-at", "-pk")


@admin.register(Alarm)
class AlarmAdmin(RecordAdmin):
    list_display = ("last_at", "kind", "subject", "count", "first_at", "seen_at", "seen_by")
    list_select_related = ("seen_by",)
    list_filter = ("kind", ("seen_at", admin.EmptyFieldListFilter))
    search_fields = ("subject",)
    fields = ("kind", "subject", "count", "first_at", "last_at", "seen_at", "seen_by")
    ordering = ("-last_at", "-pk")
