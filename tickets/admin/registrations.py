"""What this room adds to the list of registrations: their mails once more, and new tickets."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.admin.registration_actions import line_of, refusal_of
from registrations.admin.registrations import RegistrationAdmin
from registrations.models import Registration
from techfest.core.admin.confirmation import Question, ask, is_answered
from tickets.mail.resend import Resent, resend

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]


@admin.action(description=gettext_lazy("Send the mail about the chosen again"), permissions=["cancel"])
def resend_mails(
    model_admin: "_Admin", request: HttpRequest, queryset: QuerySet[Registration]
) -> HttpResponseBase | None:
    """Asks first, since many mails may go; the button of that page queues them."""
    chosen = list(queryset.active().order_by("event", "queue_position"))  # type: ignore[attr-defined]  # the manager's own
    if refusal := refusal_of(len(chosen), _("All of these are cancelled.")):
        model_admin.message_user(request, refusal, messages.WARNING)
    elif is_answered(request):
        for words, level in resend_feedback(resend([row.pk for row in chosen])):
            model_admin.message_user(request, words, level)
    else:
        return ask(request, model_admin, action="resend_mails", question=_question(chosen))
    return None


def _question(chosen: list[Registration]) -> Question:
    count = len({row.submission_id or -row.pk for row in chosen if row.student.email})
    words = ngettext("About %(count)d mail goes once more.", "About %(count)d mails go once more.", count)
    cap = _("One mailbox gets at most three mails within an hour that no new seat caused.")
    return Question(
        title=_("Send these mails again?"),
        submit_label=_("Send them again"),
        chosen=chosen,
        summary=[f"{words % {'count': count}} {cap}"],
        rows=[line_of(row) for row in chosen],
    )


def resend_feedback(result: Resent) -> list[tuple[str, int]]:
    """What it came to, in sentences with their levels."""
    pairs = (
        (result.sent, ngettext("%(n)d mail is sent again.", "%(n)d mails are sent again.", result.sent)),
        (
            result.on_their_way,
            ngettext(
                "%(n)d mail is still on its way.", "%(n)d mails are still on their way.", result.on_their_way
            ),
        ),
        (
            result.over_cap,
            ngettext(
                "%(n)d mail stays: its mailbox has had enough for this hour.",
                "%(n)d mails stay: their mailboxes have had enough for this hour.",
                result.over_cap,
            ),
        ),
        (
            result.no_address,
            ngettext(
                "%(n)d registration has no address.",
                "%(n)d registrations have no address.",
                result.no_address,
            ),
        ),
    )
    return [
        (words % {"n": count}, messages.WARNING if number else messages.SUCCESS)
        for number, (count, words) in enumerate(pairs)
        if count
    ]


RegistrationAdmin.actions = (*RegistrationAdmin.actions, resend_mails)
