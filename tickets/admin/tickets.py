"""Tickets in the admin: what is there, what went wrong, and making it again."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import RecordAdmin
from registrations.admin.changes import change_lines
from registrations.booking.errors import RegistrationError
from registrations.locking import Deadline
from registrations.students.names import grouped
from techfest.core.admin.confirmation import NotifyForm, Question, answered, ask
from techfest.core.admin.object_tools import ObjectTool, ObjectToolsMixin
from techfest.core.audit_log import Line
from tickets.documents.ticket_pdf import render_again
from tickets.models import Ticket
from tickets.querysets import RENDER_ATTEMPTS
from tickets.reissue import reissue
from tickets.wakeup import notify_workers

MAX_AT_ONCE = 200
"""Tickets that one press replaces."""


class PdfFilter(admin.SimpleListFilter):
    """Where the PDFs of live tickets stand."""

    title = gettext_lazy("PDF")
    parameter_name = "pdf"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("made", _("made")), ("pending", _("to be made")), ("given_up", _("given up"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "made":
                return queryset.live().filter(rendered_at__isnull=False)
            case "pending":
                return queryset.to_render()
            case "given_up":
                return queryset.live().filter(rendered_at=None, render_attempts__gte=RENDER_ATTEMPTS)
        return queryset


@admin.register(Ticket)
class TicketAdmin(ObjectToolsMixin, RecordAdmin):
    """The code is not shown: whoever knows it has the ticket."""

    event_lookup = "registration__event"
    list_display = (
        "student",
        "event",
        "is_live",
        "created_at",
        "rendered_at",
        "render_attempts",
        "render_error",
    )
    list_select_related = ("student", "registration__event", "registration__student")
    list_filter = (PdfFilter, ("voided_at", admin.EmptyFieldListFilter), "registration__event")
    search_fields = ("student__name", "student__reference", "registration__event__name")
    fields = (
        "registration",
        "student",
        "created_at",
        "voided_at",
        "rendered_at",
        "render_attempts",
        "render_error",
    )
    ordering = ("-created_at", "-pk")
    view_on_site = False
    actions = ("make_again", "reissue_tickets")

    @admin.display(description=gettext_lazy("event"), ordering="registration__event__name")
    def event(self, obj: Ticket) -> str:
        return obj.registration.event.name

    @admin.display(description=gettext_lazy("live"), boolean=True)
    def is_live(self, obj: Ticket) -> bool:
        return obj.is_live

    def lines_of(self, request: HttpRequest, obj: Ticket) -> list[Line]:
        """The Changes of its registration as well."""
        changes = change_lines(request, self.admin_site, registration=obj.registration)
        return [*super().lines_of(request, obj), *changes]

    def get_object_tools(self, request: HttpRequest, obj: Ticket) -> Iterable[ObjectTool]:
        if obj.is_live:
            yield ObjectTool(_("Issue a new ticket instead"), action="reissue_tickets")

    def has_render_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tickets.change_ticket")

    @admin.action(description=gettext_lazy("Make the PDF again"), permissions=["render"])
    def make_again(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> None:
        count = render_again(list(queryset.values_list("pk", flat=True)))
        transaction.on_commit(notify_workers, robust=True)
        words = ngettext("%(count)d PDF is made again.", "%(count)d PDFs are made again.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Issue new tickets instead"), permissions=["render"])
    def reissue_tickets(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> HttpResponseBase | None:
        """Asks first; the old codes die with the button of that page."""
        rows = queryset.filter(voided_at=None).select_related("student", "registration__event")
        chosen = list(rows.order_by("pk"))
        form = answered(NotifyForm, request)
        if not chosen or len(chosen) > MAX_AT_ONCE:
            self.message_user(request, _refusal(len(chosen)), messages.WARNING)
        elif form.is_valid():
            self._reissue(request, chosen, form.cleaned_data)
        else:
            return ask(request, self, action="reissue_tickets", question=_reissuing(chosen), form=form)
        return None

    def _reissue(self, request: HttpRequest, chosen: list[Ticket], wanted: dict[str, Any]) -> None:
        try:
            ids = [ticket.pk for ticket in chosen]
            done = reissue(ids, user=request.user, deadline=Deadline(), **wanted)
        except RegistrationError as error:
            self.message_user(request, str(error.text), messages.ERROR)
            return
        words = ngettext("%(count)d new ticket is issued.", "%(count)d new tickets are issued.", len(done))
        self.message_user(request, words % {"count": len(done)}, messages.SUCCESS)


def _refusal(count: int) -> str:
    if count:
        return _("Choose at most %(maximum)d tickets at once.") % {"maximum": MAX_AT_ONCE}
    return _("None of these is valid any more.")


def _reissuing(chosen: list[Ticket]) -> Question:
    will = ngettext(
        "%(count)d ticket will be replaced.", "%(count)d tickets will be replaced.", len(chosen)
    ) % {"count": len(chosen)}
    mails = sum(bool(ticket.student.email) for ticket in chosen)
    sentence = ngettext("%(count)d mail brings a new one.", "%(count)d mails bring new ones.", mails)
    then = _("The old codes stop working at once, also where they are printed. Seats stay as they are.")
    line = "<bdi>{}</bdi> ({}), <bdi>{}</bdi>"
    return Question(
        title=_("Issue new tickets instead of these?"),
        submit_label=_("Issue new tickets"),
        chosen=chosen,
        summary=[f"{will} {sentence % {'count': mails}} {then}"],
        rows=[
            format_html(line, one.student.name, grouped(one.student.reference), one.registration.event.name)
            for one in chosen
        ],
        is_danger=True,
    )
