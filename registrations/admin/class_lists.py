"""Class lists of teachers in the admin, read only: their rows, and the jobs that register them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from events.admin_base import RecordAdmin, RecordInline
from events.admin_sums import Sum
from registrations.models import ClassList, ClassListEntry, ClassListJob, ClassListRow


class JobsInline(RecordInline):
    model = ClassListJob
    fields = ("requested_by", "is_all_or_none", "created_at", "attempts", "finished_at", "undone_at", "error")
    ordering = ("pk",)
    verbose_name_plural = gettext_lazy("registration jobs")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClassListJob]:
        return super().get_queryset(request).select_related("requested_by", "class_list")


class EntriesInline(RecordInline):
    model = ClassListEntry
    fields = ("event", "registration", "is_new", "reason", "other")
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClassListEntry]:
        rows = super().get_queryset(request)
        return rows.select_related("event", "other", "registration__student", "registration__event", "row")


@admin.register(ClassList)
class ClassListAdmin(RecordAdmin):
    list_display = (
        "title",
        "school",
        "owner",
        Sum("rows", gettext_lazy("rows"), "registrations.ClassListRow", "class_list"),
        "created_at",
        "updated_at",
    )
    next_step = gettext_lazy("They appear here when teachers upload a list of their class.")
    list_select_related = ("school", "owner", "fest")
    list_filter = ("school", "fest")
    search_fields = ("title", "school__name", "owner__username", "owner__email")
    fields = ("title", "school", "owner", "fest", "encoding", "is_guess", "created_at", "updated_at")
    ordering = ("-updated_at", "-pk")
    inlines = (JobsInline,)


@admin.register(ClassListJob)
class ClassListJobAdmin(RecordAdmin):
    """A stuck job has no end, many attempts, or an error."""

    list_display = ("class_list", "requested_by", "created_at", "attempts", "finished_at", "error")
    list_select_related = ("class_list", "requested_by", "undone_by")
    list_filter = (("finished_at", admin.EmptyFieldListFilter), "is_all_or_none")
    search_fields = ("class_list__title", "class_list__school__name", "error")
    fields = (
        "class_list",
        "requested_by",
        "is_all_or_none",
        "wants_waiting",
        "created_at",
        "claimed_at",
        "attempts",
        "finished_at",
        "error",
        "undone_at",
        "undone_by",
    )
    ordering = ("-created_at", "-pk")


@admin.register(ClassListRow)
class ClassListRowAdmin(RecordAdmin):
    list_display = ("class_list", "number", "student", "is_left_out", "done_at")
    list_select_related = ("class_list", "student")
    list_filter = ("is_left_out", ("done_at", admin.EmptyFieldListFilter))
    search_fields = ("class_list__title", "student__name", "student__reference")
    fields = ("class_list", "number", "cells", "is_left_out", "job", "student", "done_at")
    ordering = ("-class_list", "number")
    inlines = (EntriesInline,)


@admin.register(ClassListEntry)
class ClassListEntryAdmin(RecordAdmin):
    list_display = ("row", "event", "registration", "is_new", "reason")
    list_select_related = ("row__class_list", "event", "registration__student", "registration__event")
    list_filter = ("reason", "is_new", "event")
    search_fields = ("row__class_list__title", "row__student__name", "event__name")
    fields = ("row", "event", "registration", "is_new", "reason", "other")
    ordering = ("-pk",)
