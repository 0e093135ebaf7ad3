"""Events at the desk. They stand in this room since their seats belong to those who registered."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events import editing
from events.admin import shown, take_picture
from events.desk import DeskAdmin
from events.models import Event, Fest
from events.roles import is_owner
from events.trail import Line
from registrations.admin.changes import change_lines
from registrations.admin.eventform import EventForm
from registrations.blocks.tending import end_all
from registrations.waitinglist import promote_after_change


@admin.register(Event)
class EventAdmin(DeskAdmin):
    """One event. A post reads it only after its Seats row is locked, so nothing is judged by old rows."""

    led_through = ""
    form = EventForm
    list_display = ("name", "seats_taken", "waiting", "starts_at", "state", "venue", "is_paused")
    list_filter = ("state", "category", "venue", "fest")
    search_fields = ("name", "slug", "summary")
    readonly_fields = ("registered", "picture_shown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return super().get_queryset(request).select_related("fest", "category", "venue", "seats")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Event | None:
        if request.method == "POST" and object_id.isdecimal():
            editing.lock(int(object_id))
        found: Event | None = super().get_object(request, object_id, from_field)
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who leads an event is the owners' to say."""
        leads = () if is_owner(request.user) else ("leads",)
        return (*(("fest",) if obj else ()), *leads, *self.readonly_fields)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else {"slug": ("name",)}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        fest = Fest.objects.filter(is_current=True).first()
        if fest is None:
            return super().get_changeform_initial_data(request)
        grades = {"grade_min": fest.grade_min, "grade_max": fest.grade_max}
        return {"fest": fest.pk, **grades} | super().get_changeform_initial_data(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        again = ("takes_place",) if obj and obj.state == Event.State.CANCELLED else ()
        seats = ("registered",) if obj else ()
        looks = ("picture_shown", "upload", "remove_picture") if obj else ("upload",)
        return (
            (None, {"fields": ("fest", "name", "slug", "category", "state", *again)}),
            (
                gettext_lazy("Seats"),
                {"fields": (*seats, "capacity", "waiting_limit", "promotes_until", "grade_min", "grade_max")},
            ),
            (
                gettext_lazy("Time and place"),
                {"fields": ("starts_at", "ends_at", "buffer_minutes", "venue")},
            ),
            (gettext_lazy("Text"), {"fields": ("summary", "description", "rules", "bring", *looks)}),
            (
                gettext_lazy("Registration"),
                {
                    "fields": ("opens_at", "closes_at", "is_paused", "pause_text"),
                    "description": gettext_lazy("Empty times are those of the fest."),
                },
            ),
            (gettext_lazy("People"), {"fields": ("leads",)}),
        )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "leads":
            kwargs["queryset"] = db_field.remote_field.model._default_manager.filter(is_staff=True)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Event, form: Any, change: bool) -> None:
        names = take_picture(form, obj, "picture")
        is_new_capacity = not change or "capacity" in form.changed_data
        capacity = form.cleaned_data["capacity"] if is_new_capacity else None
        editing.write(obj, changed={*form.changed_data, *names}, capacity=capacity)
        if change:
            promote_after_change(obj)
            if "state" in form.changed_data and obj.state == Event.State.CANCELLED:
                end_all(obj)
                self._tell_what_is_left(request, obj)

    def _tell_what_is_left(self, request: HttpRequest, obj: Event) -> None:
        count = obj.registrations.active().count()
        if count:
            words = ngettext(
                "The event is cancelled. It still has %(count)d registration: cancel it to tell the student.",
                "The event is cancelled. It still has %(count)d registrations: cancel them to tell the students.",
                count,
            )
            link = format_html('<a href="{}">{}</a>', registrations_path(obj), words % {"count": count})
            self.message_user(request, link, messages.WARNING)

    def lines_of(self, request: HttpRequest, obj: Event) -> list[Line]:
        """The Changes of its registrations as well."""
        changes = change_lines(request, self.admin_site, about="student", registration__event=obj)
        return [*super().lines_of(request, obj), *changes]

    def refusal_to_delete(self, obj: Event) -> str:
        count = obj.registrations.count()
        if not count and obj.blocks.exists():
            words = _(
                "%(event)s had seats held for schools and cannot be deleted. Set its state to cancelled."
            )
            return words % {"event": obj.name}
        if not count:
            return ""
        words = ngettext(
            "%(event)s has %(count)d registration and cannot be deleted. Set its state to cancelled instead.",
            "%(event)s has %(count)d registrations and cannot be deleted. Set its state to cancelled instead.",
            count,
        )
        return words % {"event": obj.name, "count": count}

    @admin.display(description=gettext_lazy("seats taken"), ordering="seats__taken")
    def seats_taken(self, obj: Event) -> str:
        return _("%(taken)d of %(capacity)d") % {"taken": obj.seats.taken, "capacity": obj.seats.capacity}

    @admin.display(description=gettext_lazy("waiting"), ordering="seats__waiting")
    def waiting(self, obj: Event) -> int:
        return obj.seats.waiting

    @admin.display(description=gettext_lazy("registrations"))
    def registered(self, obj: Event) -> str:
        words = _("%(taken)d of %(capacity)d seats taken, %(waiting)d waiting")
        counts = {name: getattr(obj.seats, name) for name in ("taken", "capacity", "waiting")}
        link = format_html('<a href="{}">{}</a>', registrations_path(obj), words % counts)
        if not obj.seats.held:
            return link
        held = ngettext("%(count)d held", "%(count)d held", obj.seats.held) % {"count": obj.seats.held}
        return format_html('{}, <a href="{}">{}</a>', link, blocks_path(obj), held)

    @admin.display(description=gettext_lazy("picture"))
    def picture_shown(self, obj: Event) -> str:
        return shown(obj.picture, height=158)


def registrations_path(event: Event) -> str:
    """The list of the event's registrations at the desk."""
    return f"{reverse('admin:registrations_registration_changelist')}?event__id__exact={event.pk}"


def blocks_path(event: Event) -> str:
    """The list of the event's blocks at the desk."""
    return f"{reverse('admin:registrations_block_changelist')}?event__id__exact={event.pk}"
