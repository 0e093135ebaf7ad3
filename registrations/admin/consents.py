"""The wordings that are agreed to: a new one is a new version, and none is ever changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from events.admin_base import RecordAdmin
from events.fest_choice import choice_of
from registrations.models import Consent, ConsentText
from registrations.students.consents import next_version


@admin.register(ConsentText)
class ConsentTextAdmin(RecordAdmin):
    list_display = ("fest", "version", "text", "created_at")
    list_display_links = ("version",)
    list_select_related = ("fest",)
    list_filter = ("fest",)
    search_fields = ("text",)
    ordering = ("-fest", "-version")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_open_to(request) and request.user.has_perm("registrations.add_consenttext")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("fest", "version", "text", "created_at") if obj else ("fest", "text")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The newest wording of the shown fest, to start from."""
        fest = choice_of(request).main
        newest = ConsentText.objects.filter(fest=fest).order_by("-version").first()
        return {"fest": fest.pk if fest else None, "text": newest.text if newest else ""}

    def save_model(self, request: HttpRequest, obj: ConsentText, form: Any, change: bool) -> None:
        obj.version = next_version(obj.fest)
        obj.save()


@admin.register(Consent)
class ConsentAdmin(RecordAdmin):
    list_display = ("student", "text", "basis", "user", "at")
    list_select_related = ("student", "text__fest", "user")
    list_filter = ("basis", "text__fest")
    search_fields = ("student__name", "student__reference")
    fields = ("student", "text", "basis", "user", "at")
    ordering = ("-at", "-pk")
