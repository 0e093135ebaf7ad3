"""Result sheets and results in the admin; results are entered on pages of `registrations/results`."""

from django.contrib import admin
from django.urls import URLPattern

from events.admin_base import RecordAdmin
from registrations.models import Result, ResultSheet
from registrations.results import admin_views as results_views


@admin.register(ResultSheet)
class ResultSheetAdmin(RecordAdmin):
    event_lookup = "event"
    list_display = ("event", "counting", "names", "published_at", "published_by")
    list_select_related = ("event", "published_by")
    search_fields = ("event__name",)
    fields = ("event", "counting", "names", "published_at", "published_by")
    ordering = ("event__starts_at", "event__name")

    def get_urls(self) -> list[URLPattern]:
        return [*results_views.paths(self.admin_site), *super().get_urls()]


@admin.register(Result)
class ResultAdmin(RecordAdmin):
    event_lookup = "registration__event"
    list_display = ("registration", "points", "rank")
    list_select_related = ("registration__student", "registration__event")
    search_fields = ("registration__student__name", "registration__event__name")
    fields = ("registration", "points", "rank")
    ordering = ("registration__event", "rank", "pk")
