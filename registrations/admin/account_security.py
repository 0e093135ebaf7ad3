"""The security log in the admin, and actions that end sessions and reset a lost second step."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import BaseAdmin, RecordAdmin
from registrations.models import SecurityEvent, TemporaryPassword
from registrations.teachers import second_factor, sessions
from techfest.core import audit_log
from techfest.core.admin.asking import asks_first
from techfest.core.admin.base import MAX_LINES
from techfest.core.admin.confirmation import Confirmation, ReasonForm, confirmation_form, confirmed_action
from techfest.core.admin.pages import ObjectTool, ObjectToolsMixin
from techfest.core.formatting import dated_moment


@admin.register(SecurityEvent)
class SecurityEventAdmin(RecordAdmin):
    list_display = ("at", "kind", "account", "by", "network", "detail")
    list_select_related = ("account", "by")
    list_filter = ("kind",)
    search_fields = ("account__username", "account__email", "network")
    fields = ("at", "kind", "account", "by", "network", "detail")
    ordering = ("-at", "-pk")
    date_hierarchy = "at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SecurityEvent]:
        """Hide events of superusers from everyone but superusers, as the list of accounts does."""
        rows = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.exclude(account__is_superuser=True)


@admin.register(TemporaryPassword)
class TemporaryPasswordAdmin(RecordAdmin):
    """Accounts that still have the password an owner gave them."""

    list_display = ("account", "at")
    list_select_related = ("account",)
    search_fields = ("account__username",)
    fields = ("account", "at")
    ordering = ("-at",)


def lines_about(account: Any) -> list[audit_log.Line]:
    """Return the latest security events of this account as lines of its history page."""
    events = SecurityEvent.objects.filter(account=account).select_related("by").order_by("-at", "-pk")
    return [
        audit_log.Line(
            at=event.at,
            who=audit_log.name_of(event.by or account),
            what=event.get_kind_display(),
            reason=" · ".join(filter(None, (event.detail, event.network))),
        )
        for event in events[:MAX_LINES]
    ]


MAX_CHOSEN = 50


class AccountActions(ObjectToolsMixin, BaseAdmin):
    """Actions of the list and the page of accounts; both are confirmed first and logged."""

    actions = ("end_sessions", "reset_second_factors")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("auth.change_user")

    def get_object_tools(self, request: HttpRequest, obj: Any) -> Iterable[ObjectTool]:
        yield ObjectTool(_("Sessions"), action="end_sessions")
        if second_factor.may_be_reset_by(request.user, obj):
            yield ObjectTool(_("Reset the second step"), action="reset_second_factors")

    @asks_first
    @admin.action(description=gettext_lazy("End the sessions of the chosen accounts"), permissions=["decide"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
        chosen = list(queryset.order_by("username")[:MAX_CHOSEN])
        return confirmed_action(
            self,
            request,
            action="end_sessions",
            confirmation=lambda: _end_confirmation(chosen),
            do=lambda: _end_and_report(chosen),
        )

    @asks_first
    @admin.action(
        description=gettext_lazy("Reset the second step of the chosen accounts"), permissions=["decide"]
    )
    def reset_second_factors(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
        chosen = list(queryset.order_by("username")[:MAX_CHOSEN])
        form = confirmation_form(ReasonForm, request)
        may_reset = chosen and all(second_factor.may_be_reset_by(request.user, one) for one in chosen)
        refusal = _(
            "Your own second step and that of an owner cannot be reset here. "
            "Run manage.py reset_second_factor on the server; it tells all owners."
        )
        return confirmed_action(
            self,
            request,
            action="reset_second_factors",
            refusal="" if may_reset else refusal,
            confirmation=lambda: _reset_confirmation(chosen),
            form=form,
            do=lambda: _reset_and_report(chosen, request.user, form.cleaned_data["reason"]),
        )


def _end_and_report(chosen: Sequence[Any]) -> list[tuple[str, int]]:
    count = sum(sessions.end_sessions(sessions.sessions_of(one), account=one) for one in chosen)
    text = ngettext("%(count)d session was ended.", "%(count)d sessions were ended.", count)
    return [(text % {"count": count}, messages.SUCCESS)]


def _reset_and_report(chosen: Sequence[Any], user: Any, reason: str) -> list[tuple[str, int]]:
    for one in chosen:
        second_factor.reset(one, reason=reason, by=user)
    return [(_("The second step was reset. They set up a new one at the next login."), messages.SUCCESS)]


def _end_confirmation(chosen: Sequence[Any]) -> Confirmation:
    rows = [_session(account, one) for account in chosen for one in sessions.sessions_of(account)]
    text = ngettext(
        "%(count)d session ends at once. Logging in again is possible.",
        "%(count)d sessions end at once. Logging in again is possible.",
        len(rows),
    )
    summary = [text % {"count": len(rows)}]
    return Confirmation(
        title=_("Sessions"),
        submit_label=ngettext("End %(count)d session", "End %(count)d sessions", len(rows))
        % {"count": len(rows)},
        chosen=chosen,
        summary=summary,
        rows=rows,
    )


def _session(account: Any, session: Any) -> str:
    what = session.device or _("Unknown browser")
    since = dated_moment(session.began_at) if session.began_at else "–"
    text = _("since %(when)s") % {"when": since}
    return format_html('<bdi translate="no">{}</bdi>: {} {} ({})', account, what, session.network, text)


def _reset_confirmation(chosen: Sequence[Any]) -> Confirmation:
    return Confirmation(
        title=_("Reset the second step"),
        submit_label=ngettext(
            "Reset the second step of %(count)d account",
            "Reset the second steps of %(count)d accounts",
            len(chosen),
        )
        % {"count": len(chosen)},
        chosen=chosen,
        summary=[
            _(
                "Make sure that the request is really theirs: meet them, or call a number that you knew before."
            ),
            _("The app and the recovery codes stop working, all sessions end, and each of them gets a mail."),
        ],
        rows=[format_html('<bdi translate="no">{}</bdi>', account) for account in chosen],
        is_danger=True,
    )
