"""What a press left behind: read here, written by nobody."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from events.admin_base import RecordAdmin, RecordInline
from registrations.models import Change, Refusal, Registration, Submission


class ObtainedInline(RecordInline):
    model = Registration
    fields = ("event", "state", "queue_position")
    ordering = ("pk",)
    verbose_name_plural = gettext_lazy("obtained")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return super().get_queryset(request).select_related("event", "student")


class RefusalsInline(RecordInline):
    model = Refusal
    fields = ("event", "reason", "other")
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refusal]:
        return super().get_queryset(request).select_related("event", "other")


@admin.register(Submission)
class SubmissionAdmin(RecordAdmin):
    """The key of a press is not shown: it would open the press's answer."""

    list_display = ("created_at", "student", "created_student")
    list_select_related = ("student",)
    list_filter = ("created_student",)
    search_fields = ("student__name", "student__reference")
    fields = ("student", "created_student", "created_at")
    ordering = ("-created_at", "-pk")
    inlines = (ObtainedInline, RefusalsInline)


@admin.register(Change)
class ChangeAdmin(RecordAdmin):
    event_lookup = "registration__event"
    list_display = ("at", "registration", "from_state", "to_state", "cause", "actor", "user")
    list_select_related = ("registration__student", "registration__event", "user")
    list_filter = ("cause", "actor", "to_state", "registration__event")
    search_fields = ("registration__student__name", "registration__student__reference")
    fields = ("registration", "at", "from_state", "to_state", "cause", "actor", "user", "fields")
    ordering = ("-at", "-pk")


@admin.register(Refusal)
class RefusalAdmin(RecordAdmin):
    list_display = ("submission", "event", "reason", "other")
    list_select_related = ("submission__student", "event", "other")
    list_filter = ("reason", "event")
    search_fields = ("submission__student__name", "submission__student__reference", "event__name")
    fields = ("submission", "event", "reason", "other")
    ordering = ("-pk",)
