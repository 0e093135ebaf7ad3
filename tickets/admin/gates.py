"""Gates in the admin: where they are, for which events, and who stands at them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin_base import BaseAdmin
from events.fest_choice import choice_of
from events.models import Event
from techfest.core.admin.concurrent_edits import MergingForm
from techfest.core.roles import VOLUNTEER
from tickets.models import Gate


class GateForm(MergingForm):
    """Events of the gate's own fest, and accounts that are volunteers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        users: Any = self.fields["volunteers"]
        active = get_user_model().objects.filter(is_active=True, groups__name=VOLUNTEER)
        users.queryset = active.order_by("first_name", "username")
        users.label_from_instance = lambda user: user.get_full_name() or user.get_username()
        events: Any = self.fields["events"]
        rows = Event.objects.filter(pk__in=events.queryset).select_related("fest")
        events.queryset = rows.filter(fest=self.instance.fest) if self.instance.pk else rows
        events.label_from_instance = lambda event: f"{event.name} · {event.fest.name}"

    def clean(self) -> Any:
        cleaned = super().clean()
        fest: Any = cleaned.get("fest") or (self.instance.fest if self.instance.pk else None)
        for event in cleaned.get("events", ()) if fest else ():
            if event.fest_id != fest.pk:
                words = _("%(event)s is not of %(fest)s.")
                self.add_error("events", words % {"event": event.name, "fest": fest.name})
                break
        return cleaned


@admin.register(Gate)
class GateAdmin(BaseAdmin):
    """A gate without events is open to all of them. What was scanned there stays when the gate is deleted."""

    form = GateForm
    event_lookup = "events"
    list_display = ("name", "fest", "shown_events", "shown_volunteers")
    list_select_related = ("fest",)
    list_filter = ("fest",)
    search_fields = ("name",)
    fields = ("fest", "name", "events", "volunteers")
    filter_horizontal = ("events", "volunteers")
    redacted_fields = ("volunteers",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("events", "volunteers").distinct()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("fest",) if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Whoever may only look has no choices to narrow."""
        if not self.has_change_permission(request, obj):
            kwargs["form"] = MergingForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        fest = choice_of(request).main
        return {"fest": fest.pk if fest else None, **super().get_changeform_initial_data(request)}

    @admin.display(description=gettext_lazy("events"))
    def shown_events(self, obj: Gate) -> str:
        return ", ".join(event.name for event in obj.events.all()) or _("all")

    @admin.display(description=gettext_lazy("volunteers"))
    def shown_volunteers(self, obj: Gate) -> str:
        return ", ".join(user.get_full_name() or user.get_username() for user in obj.volunteers.all())
