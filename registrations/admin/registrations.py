"""Registrations in the admin: read, and changed by actions that go through the same functions as everywhere."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from events.admin_base import RecordInline
from registrations.admin import columns
from registrations.admin.changes import change_lines
from registrations.admin.registration_actions import RegistrationActions
from registrations.admin.similar_filter import SimilarFilter, UnconfirmedFilter
from registrations.booking.waitlist import why_waiting
from registrations.models import Change, Registration
from techfest.core.admin.export import Column
from techfest.core.audit_log import Line
from techfest.core.db.clock import database_now


class ChangesInline(RecordInline):
    """What happened to one registration, oldest first."""

    model = Change
    fields = ("at", "from_state", "to_state", "cause", "actor", "user", "reason", "fields")
    ordering = ("at", "pk")
    show_change_link = False
    verbose_name_plural = gettext_lazy("what happened")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        rows = super().get_queryset(request)
        return rows.select_related("user", "registration__student", "registration__event")


@admin.register(Registration)
class RegistrationAdmin(RegistrationActions):
    event_lookup = "event"
    export_columns: Sequence[Column] = columns.REGISTRATIONS
    list_display: tuple[str, ...] = (
        "student",
        "event",
        "state",
        "queue_position",
        "student__grade",
        "student__school",
        "created_at",
        "confirm_by",
    )
    list_select_related = ("student__school", "event")
    list_filter: ClassVar[tuple[Any, ...]] = (
        "state",
        "event",
        "student__school",
        SimilarFilter,
        UnconfirmedFilter,
    )
    search_fields = ("student__name", "student__reference", "student__email", "event__name")
    fields = (
        "student",
        "event",
        "state",
        "queue_position",
        "waitlist_status",
        "created_at",
        "confirm_by",
        "confirm_mailed_at",
        "submission",
    )
    readonly_fields = ("waitlist_status",)
    ordering = ("-created_at", "-pk")
    inlines = (ChangesInline,)
    actions: Sequence[Any] = ("cancel_registrations", "promote_registrations", "move_registrations")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return super().get_queryset(request).select_related("student__school", "event", "submission__student")

    @admin.display(description=gettext_lazy("why no seat yet"), empty_value="-")
    def waitlist_status(self, obj: Registration) -> str:
        return why_waiting(obj, now=database_now())

    def lines_of(self, request: HttpRequest, obj: Registration) -> list[Line]:
        """Its Changes as well."""
        changes = change_lines(request, self.admin_site, registration=obj)
        return [*super().lines_of(request, obj), *changes]
