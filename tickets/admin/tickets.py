"""Tickets in the admin: their PDFs, failures, and issuing new tickets."""

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
from registrations.admin.history import change_lines
from registrations.students.names import grouped
from techfest.core.admin.asking import asks_first
from techfest.core.admin.confirmation import (
    Confirmation,
    NotifyForm,
    confirmation_form,
    rehearsed_action,
    size_refusal,
)
from techfest.core.admin.pages import ObjectTool, ObjectToolsMixin
from techfest.core.audit_log import Line
from techfest.core.db.locking import Deadline
from tickets.documents.ticket_pdf import render_again
from tickets.models import Ticket
from tickets.querysets import RENDER_ATTEMPTS
from tickets.reissue import reissue
from tickets.wakeup import notify_workers

MAX_AT_ONCE = 200
"""Tickets replaced at once."""


class PdfFilter(admin.SimpleListFilter):
    """Whether the PDFs of live tickets are made, pending, or given up."""

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
    """The code is not shown: knowing it is having the ticket."""

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
        """Return the audit log of the row, with the changes of its registration."""
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

    @asks_first
    @admin.action(description=gettext_lazy("Issue new tickets instead"), permissions=["render"])
    def reissue_tickets(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> HttpResponseBase | None:
        """Replace the chosen valid tickets; their old codes stop working."""
        rows = queryset.filter(voided_at=None).select_related("student", "registration__event")
        chosen = list(rows.order_by("pk"))
        form = confirmation_form(NotifyForm, request)
        return rehearsed_action(
            self,
            request,
            action="reissue_tickets",
            refusal=size_refusal(
                len(chosen),
                MAX_AT_ONCE,
                none=_("None of these tickets works any more."),
                too_many=_("Choose at most %(maximum)d tickets at once."),
            ),
            confirmation=lambda: _reissue_confirmation(chosen),
            form=form,
            do=lambda wanted: _reissue_and_report(chosen, request.user, wanted),
        )


def _reissue_and_report(chosen: list[Ticket], user: Any, wanted: dict[str, Any]) -> list[tuple[str, int]]:
    done = reissue([ticket.pk for ticket in chosen], user=user, deadline=Deadline(), **wanted)
    text = ngettext("%(count)d new ticket is issued.", "%(count)d new tickets are issued.", len(done))
    return [(text % {"count": len(done)}, messages.SUCCESS)]


def _reissue_confirmation(chosen: list[Ticket]) -> Confirmation:
    will = ngettext(
        "%(count)d ticket will be replaced.", "%(count)d tickets will be replaced.", len(chosen)
    ) % {"count": len(chosen)}
    mails = sum(bool(ticket.student.email) for ticket in chosen)
    sentence = ngettext("%(count)d mail brings a new ticket.", "%(count)d mails bring new tickets.", mails)
    then = _("The old codes stop working at once, also where they are printed. Seats stay as they are.")
    line = '<bdi translate="no">{}</bdi> ({}), <bdi translate="no">{}</bdi>'
    return Confirmation(
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
