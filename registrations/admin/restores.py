"""How far this database has come, and whether it was found to be restored; read only."""

from django.contrib import admin

from events.admin_base import RecordAdmin
from registrations.models import DatabaseMarker


@admin.register(DatabaseMarker)
class DatabaseMarkerAdmin(RecordAdmin):
    """Its history says when mails were held, and what an owner decided."""

    list_display = ("installation", "counter", "advanced_at", "held_since", "reason")
    fields = (
        "installation",
        "counter",
        "advanced_at",
        "held_since",
        "reason",
        "cutoff",
        "register_applied_at",
    )
    ordering = ("pk",)
