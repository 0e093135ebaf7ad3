"""Mails in the admin: pending and sent ones, failures, and sending a mail again."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import RecordAdmin, RecordInline
from registrations import hooks
from registrations.models import Registration
from techfest.core.admin.export import Column
from techfest.core.admin.marks import Tone, mark
from techfest.core.db.clock import database_now
from tickets.mail import provider_limits
from tickets.mail.resend import newest_mails, resend, send_again
from tickets.models import Delivery, DeliveryEvent, Notice
from tickets.wakeup import notify_workers

EXPORT_COLUMNS = (
    Column(gettext_lazy("To"), "to", is_owners_only=True),
    Column(gettext_lazy("Kind"), "kind", choices=Delivery.Kind.choices),
    Column(gettext_lazy("Student"), "student__name"),
    Column(gettext_lazy("State"), "state", choices=Delivery.State.choices),
    Column(gettext_lazy("Error"), "error"),
    Column(gettext_lazy("Tries"), "attempts"),
    Column(gettext_lazy("Queued at"), "created_at"),
    Column(gettext_lazy("Sent at"), "sent_at"),
)


State = Delivery.State
TONES: dict[str, Tone] = {
    State.QUEUED: "wait",
    State.SENDING: "wait",
    State.SENT: "ok",
    State.DELIVERED: "ok",
    State.DROPPED: "quiet",
    State.GATHERED: "ok",
}
"""The tones of states; all others need a look."""
_RELEASE = {
    "mailgun": gettext_lazy("in Mailgun under Sending, Suppressions"),
    "brevo": gettext_lazy("in Brevo under Transactional, Settings, Blocked contacts"),
}


def advice_on(delivery: Delivery) -> str:
    """What an organiser does about a mail that did not arrive; "-" for one that needs nothing."""
    state = delivery.state
    if state == State.SUPPRESSED:
        return _(
            "The provider sends nothing to this address, because an earlier mail bounced or was marked as spam. "
            "Ask whether the address is right, remove it from the list %(where)s, then use “Send again”."
        ) % {"where": _RELEASE.get(settings.EMAIL_PROVIDER, _("of suppressed addresses at your provider"))}
    if state == State.BOUNCED:
        return _(
            "The address does not exist or its mailbox is full. Correct the student's address: that sends again."
        )
    if state == State.COMPLAINED:
        return _(
            "The recipient marked a mail as spam. Reach the family in another way; the ticket page stays valid."
        )
    return _("Use “Send again” once the error above is fixed.") if state == State.FAILED else "-"


class TroubleFilter(admin.SimpleListFilter):
    """Mails that need attention."""

    title = gettext_lazy("trouble")
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", _("needs a check"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.in_trouble() if self.value() == "yes" else queryset


class DeliveryEventsInline(RecordInline):
    model = DeliveryEvent
    fields = ("kind", "happened_at", "received_at", "detail")
    ordering = ("happened_at", "pk")
    show_change_link = False
    verbose_name_plural = gettext_lazy("what the provider reported")


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin):
    export_columns = EXPORT_COLUMNS
    list_display = ("to", "kind", "student", "state_shown", "error", "attempts", "created_at", "sent_at")
    next_step = gettext_lazy("A mail appears here with the first registration of a student with an address.")
    list_select_related = ("student",)
    list_filter = (TroubleFilter, "state", "kind")
    search_fields = ("to", "student__name", "student__reference", "provider_id")
    fields = (
        "kind",
        "student",
        "to",
        "state",
        "error",
        "what_to_do",
        "attempts",
        "created_at",
        "due_at",
        "sent_at",
        "gathered_into",
        "provider_id",
    )
    ordering = ("-created_at", "-pk")
    inlines = (DeliveryEventsInline,)
    actions = ("queue_again",)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, delivery: Delivery) -> SafeString:
        return mark(TONES.get(delivery.state, "stop"), delivery.get_state_display())

    @admin.display(description=gettext_lazy("what to do"))
    def what_to_do(self, delivery: Delivery) -> str:
        return advice_on(delivery)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show a warning when a limit of the mail provider is near."""
        if request.method == "GET":
            for words in provider_limits.warnings(database_now()):
                self.message_user(request, words, messages.WARNING)
        return super().changelist_view(request, extra_context)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tickets.change_delivery")

    @admin.action(description=gettext_lazy("Send again"), permissions=["send"])
    def queue_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Queue failed and bounced mails again; all others, and notices whose text is no longer kept, stay."""
        chosen = list(queryset.values_list("pk", flat=True))
        count = send_again(chosen)
        transaction.on_commit(notify_workers, robust=True)
        words = ngettext("%(count)d mail is sent again.", "%(count)d mails are sent again.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
        if left := len(chosen) - count:
            words = ngettext(
                "%(count)d mail stays as it is: it had not failed, or its words are not kept.",
                "%(count)d mails stay as they are: they had not failed, or their words are not kept.",
                left,
            )
            self.message_user(request, words % {"count": left}, messages.WARNING)


@admin.register(DeliveryEvent)
class DeliveryEventAdmin(RecordAdmin):
    list_display = ("happened_at", "kind", "delivery", "detail")
    list_select_related = ("delivery__student",)
    list_filter = ("kind",)
    search_fields = ("delivery__to", "delivery__student__name", "detail")
    fields = ("delivery", "kind", "happened_at", "received_at", "detail")
    ordering = ("-happened_at", "-pk")


@admin.register(Notice)
class NoticeAdmin(RecordAdmin):
    """Notices that are still pending. Their text is not shown: its link may open an account."""

    list_display = ("subject", "delivery")
    list_select_related = ("delivery__student",)
    search_fields = ("subject", "delivery__to")
    fields = ("subject", "delivery")
    ordering = ("-pk",)


def resend_mails(registration_ids: Sequence[int]) -> list[tuple[str, int]]:
    """Queue the newest mail about each registration again, and say what came of it."""
    result = resend(registration_ids)
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
                "%(n)d mail is not sent: its mailbox got enough mails within this hour.",
                "%(n)d mails are not sent: their mailboxes got enough mails within this hour.",
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
        (text % {"n": count}, messages.WARNING if number else messages.SUCCESS)
        for number, (count, text) in enumerate(pairs)
        if count
    ]


hooks.resend_mails.register(resend_mails)


def mail_marks(registrations: Sequence[Registration]) -> dict[int, SafeString]:
    """What became of the newest mail that brought each registration; "no address" where there is none to send to."""
    newest = newest_mails(registrations)
    return {row.pk: _mail_mark(row, newest.get(row.pk)) for row in registrations}


def _mail_mark(registration: Registration, mail: Delivery | None) -> SafeString:
    if mail is None:
        return mark("quiet", _("none") if registration.student.email else _("no address"))
    sent = mail.sent_in
    return mark(TONES.get(sent.state, "stop"), sent.get_state_display())


hooks.mail_marks.register(mail_marks)
