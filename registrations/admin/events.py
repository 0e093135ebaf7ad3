"""Events in the admin; saving them shows the consequences for registrations first."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events import editing
from events.admin import shown, take_picture
from events.admin_base import BaseAdmin
from events.fest_choice import choice_of
from events.models import Event
from registrations.admin import event_page, exports, timetable
from registrations.admin.event_form import EventForm
from registrations.admin.event_save import handle_save
from registrations.admin.history import change_lines
from registrations.admin.publish_events import PublishEvents
from registrations.admin.sums import registrations_of
from registrations.booking.waitlist import why_nobody
from techfest.core.admin.export import Column
from techfest.core.admin.marks import Tone, mark
from techfest.core.admin.pages import ObjectTool, ObjectToolsMixin
from techfest.core.audit_log import Line
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.roles import LEAD, OWNER, is_owner

_TONES: dict[str, Tone] = {
    Event.State.DRAFT: "wait",
    Event.State.PUBLISHED: "ok",
    Event.State.CANCELLED: "stop",
}


@admin.register(Event)
class EventAdmin(PublishEvents, ObjectToolsMixin, BaseAdmin):
    """A post locks the event's Seats row before it reads the event, so that no decision uses stale rows."""

    event_lookup = ""
    form = EventForm
    export_columns: Sequence[Column] = exports.EVENTS
    list_display = (
        "title",
        "starts_at",
        "venue",
        "state_shown",
        "free",
        "capacity",
        *registrations_of("event"),
        "held",
    )
    next_step = gettext_lazy("Add one, or paste a whole timetable on the page of the fest.")
    list_filter = ("state", "category", "venue", "fest")
    search_fields = ("name", "slug", "summary")
    readonly_fields = ("registered", "waitlist_status", "picture_shown")

    def get_urls(self) -> list[URLPattern]:
        """Add the page of each event, and the buttons on it."""
        view = self.admin_site.admin_view
        own = [
            path("<int:event_id>/", view(self.page_view), name="events_event_page"),
            path("<int:event_id>/act/", view(self.act_view), name="events_event_act"),
        ]
        return [*timetable.paths(self), *own, *super().get_urls()]

    def path_of_row(self, row: Event) -> str:
        return event_page.page_path(row)

    def page_view(self, request: HttpRequest, event_id: int) -> HttpResponseBase:
        return event_page.show(self, request, event_id)

    def act_view(self, request: HttpRequest, event_id: int) -> HttpResponseBase:
        return event_page.act(self, request, event_id)

    def response_post_save_change(self, request: HttpRequest, obj: Event) -> HttpResponseRedirect:
        """Return to the event's page, which shows what was changed."""
        return HttpResponseRedirect(event_page.page_path(obj))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return super().get_queryset(request).select_related("fest", "category", "venue", "seats")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Event | None:
        if request.method == "POST" and object_id.isdecimal():
            editing.lock(int(object_id))
        found: Event | None = super().get_object(request, object_id, from_field)
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only owners choose the leads of an event."""
        leads = () if is_owner(request.user) else ("leads",)
        return (*(("fest",) if obj else ()), *leads, *self.readonly_fields)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else {"slug": ("name",)}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        fest = choice_of(request).main
        if fest is None:
            return super().get_changeform_initial_data(request)
        grades = {"grade_min": fest.grade_min, "grade_max": fest.grade_max}
        return {"fest": fest.pk, **grades} | super().get_changeform_initial_data(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        again = ("takes_place",) if obj and obj.state == Event.State.CANCELLED else ()
        seats = ("registered", "waitlist_status") if obj else ()
        looks = ("picture_shown", "upload", "remove_picture") if obj else ("upload",)
        times = ("starts_at", "ends_at", "buffer_minutes", "venue", "doors_open_at", "seats_kept_until")
        return (
            (
                gettext_lazy("What it is"),
                {
                    "fields": (
                        *("fest", "name", "slug", "category"),
                        *("grade_min", "grade_max", "state"),
                        *again,
                    )
                },
            ),
            (gettext_lazy("Time and venue"), {"fields": times}),
            (gettext_lazy("Seats"), {"fields": (*seats, "capacity", "waiting_limit", "promotes_until")}),
            (gettext_lazy("Registration"), {"fields": ("opens_at", "closes_at", "is_paused", "pause_text")}),
            (
                gettext_lazy("Text and picture"),
                {"fields": ("summary", "description", "rules", "bring", *looks)},
            ),
            (gettext_lazy("People"), {"fields": ("leads",)}),
            (gettext_lazy("Reason for the change"), {"fields": ("reason",)}),
        )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "leads":
            accounts = db_field.remote_field.model._default_manager.filter(is_active=True)
            may_lead = Q(groups__name__in=(LEAD, OWNER)) | Q(is_superuser=True)
            kwargs["queryset"] = accounts.filter(may_lead).distinct()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Save changes through `handle_save`; leave new events, invalid forms and GET to Django."""
        if request.method == "POST" and object_id is not None:
            deadline = Deadline()
            answer = in_transaction(
                lambda: handle_save(self, request, object_id, deadline), deadline=deadline
            )
            if answer is not None:
                return answer
        buttons = {"show_save_and_add_another": object_id is None}
        return super().changeform_view(request, object_id, form_url, buttons | (extra_context or {}))

    def save_model(self, request: HttpRequest, obj: Event, form: Any, change: bool) -> None:
        """Save a new event; `handle_save` saves existing ones."""
        names = take_picture(form, obj, "picture")
        editing.write(obj, changed={*form.changed_data, *names}, capacity=form.cleaned_data["capacity"])

    def lines_of(self, request: HttpRequest, obj: Event) -> list[Line]:
        """Return the audit log of the event, with the changes of its registrations."""
        changes = change_lines(request, self.admin_site, about="student", registration__event=obj)
        return [*super().lines_of(request, obj), *changes]

    def get_object_tools(self, request: HttpRequest, obj: Event) -> Iterable[ObjectTool]:
        if request.user.has_perm("tickets.add_message"):
            query = f"?event__id__exact={obj.pk}"
            yield ObjectTool(_("Message everyone"), url=reverse("admin:tickets_message_add") + query)

    def refusal_to_delete(self, obj: Event) -> str:
        count = obj.registrations.count()
        if not count and obj.holds.exists():
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

    @admin.display(description=gettext_lazy("event"), ordering="name")
    def title(self, obj: Event) -> SafeString:
        return format_html('{} <span class="quiet">{}</span>', obj.name, obj.category or "")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, obj: Event) -> SafeString:
        if obj.is_paused and obj.state == Event.State.PUBLISHED:
            return mark("wait", _("registration paused"))
        return mark(_TONES[obj.state], obj.get_state_display())

    @admin.display(description=gettext_lazy("capacity"), ordering="seats__capacity")
    def capacity(self, obj: Event) -> int:
        return obj.seats.capacity

    @admin.display(description=gettext_lazy("seats held"), ordering="seats__held")
    def held(self, obj: Event) -> Any:
        """The seats held for schools, with a link to their holds."""
        if not obj.seats.held:
            return 0
        return format_html('<a href="{}&amp;state=held">{}</a>', holds_path(obj), obj.seats.held)

    @admin.display(description=gettext_lazy("free"), ordering=F("seats__capacity") - F("seats__taken"))
    def free(self, obj: Event) -> Any:
        """The free seats; of an event that is over its capacity, by how many."""
        over = obj.seats.taken - obj.seats.capacity
        return mark("stop", _("%(count)d over") % {"count": over}) if over > 0 else -over

    @admin.display(description=gettext_lazy("registrations"))
    def registered(self, obj: Event) -> str:
        words = _("%(taken)d of %(capacity)d seats taken, %(waiting)d waiting")
        counts = {name: getattr(obj.seats, name) for name in ("taken", "capacity", "waiting")}
        link = format_html('<a href="{}">{}</a>', registrations_path(obj), words % counts)
        if not obj.seats.held:
            return link
        held = ngettext("%(count)d held", "%(count)d held", obj.seats.held) % {"count": obj.seats.held}
        return format_html('{}, <a href="{}">{}</a>', link, holds_path(obj), held)

    @admin.display(description=gettext_lazy("status of the waiting list"))
    def waitlist_status(self, obj: Event) -> str:
        return why_nobody(obj, obj.seats, now=database_now()) or _("Free seats go to it.")

    @admin.display(description=gettext_lazy("picture"))
    def picture_shown(self, obj: Event) -> str:
        return shown(obj.picture, height=158)


def registrations_path(event: Event) -> str:
    """Return the path of the list of the event's registrations."""
    return f"{reverse('admin:registrations_registration_changelist')}?event__id__exact={event.pk}"


def holds_path(event: Event) -> str:
    """Return the path of the list of the event's holds."""
    return f"{reverse('admin:registrations_hold_changelist')}?event__id__exact={event.pk}"
