"""What owners do to accounts beside changing them: end sessions, and reset a second step whose phone is lost."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import BaseAdmin
from registrations.teachers import second_factor, sessions
from techfest.core.admin.confirmation import Question, ReasonForm, answered, ask, is_answered
from techfest.core.admin.object_tools import ObjectTool, ObjectToolsMixin

MAX_CHOSEN = 50


class AccountActions(ObjectToolsMixin, BaseAdmin):
    """Both are asked about first, and logged."""

    actions = ("end_sessions", "reset_second_factors")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("auth.change_user")

    def get_object_tools(self, request: HttpRequest, obj: Any) -> Iterable[ObjectTool]:
        yield ObjectTool(_("Sessions"), action="end_sessions")
        if second_factor.may_be_reset_by(request.user, obj):
            yield ObjectTool(_("Reset the second step"), action="reset_second_factors")

    @admin.action(description=gettext_lazy("End the sessions of the chosen accounts"), permissions=["decide"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
        chosen = list(queryset.order_by("username")[:MAX_CHOSEN])
        if not is_answered(request):
            return ask(request, self, action="end_sessions", question=_sessions(chosen))
        count = sum(sessions.end_sessions(sessions.sessions_of(one), account=one) for one in chosen)
        words = ngettext("%(count)d session is ended.", "%(count)d sessions are ended.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
        return None

    @admin.action(
        description=gettext_lazy("Reset the second step of the chosen accounts"), permissions=["decide"]
    )
    def reset_second_factors(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
        chosen = list(queryset.order_by("username")[:MAX_CHOSEN])
        if not chosen or not all(second_factor.may_be_reset_by(request.user, one) for one in chosen):
            words = _(
                "Your own second step and that of an owner are not reset here. "
                "Run manage.py reset_second_factor on the machine; it tells all owners."
            )
            self.message_user(request, words, messages.ERROR)
            return None
        form = answered(ReasonForm, request)
        if not form.is_valid():
            question = _resetting(chosen)
            return ask(request, self, action="reset_second_factors", question=question, form=form)
        for one in chosen:
            second_factor.reset(one, reason=form.cleaned_data["reason"], by=request.user)
        self.message_user(
            request, _("It is reset. They set up a new one at the next login."), messages.SUCCESS
        )
        return None


def _sessions(chosen: Sequence[Any]) -> Question:
    rows = [_session(account, one) for account in chosen for one in sessions.sessions_of(account)]
    words = ngettext(
        "%(count)d session ends at once; they can sign in again.",
        "%(count)d sessions end at once; they can sign in again.",
        len(rows),
    )
    summary = [words % {"count": len(rows)}]
    return Question(
        title=_("Sessions"), submit_label=_("End them"), chosen=chosen, summary=summary, rows=rows
    )


def _session(account: Any, session: Any) -> str:
    what = session.device or _("Unknown browser")
    since = f"{localtime(session.began_at):%Y-%m-%d %H:%M}" if session.began_at else "–"
    words = _("since %(when)s") % {"when": since}
    return format_html("<bdi>{}</bdi>: {} {} ({})", account, what, session.network, words)


def _resetting(chosen: Sequence[Any]) -> Question:
    return Question(
        title=_("Reset the second step"),
        submit_label=_("Reset it"),
        chosen=chosen,
        summary=[
            _("Make sure that it is really them who ask: see them, or call a number that you had before."),
            _("App and recovery codes count no more, all sessions end, and each is told by mail."),
        ],
        rows=[format_html("<bdi>{}</bdi>", account) for account in chosen],
        is_danger=True,
    )
