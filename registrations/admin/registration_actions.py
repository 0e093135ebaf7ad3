"""What organisers do with chosen registrations; every action shows a page with its effects first."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import RecordAdmin
from events.models import Event, Seats
from registrations import hooks
from registrations.admin.move_registrations import (
    MoveForm,
    line_of,
    move_and_report,
    move_confirmation,
)
from registrations.booking.cancel import cancel
from registrations.booking.confirmation_deadline import release_before_asking
from registrations.booking.promotion import (
    promote_chosen,
    refusal_to_promote,
    reserved_holds_of,
    seats_to_give,
)
from registrations.models import Change, Registration
from techfest.core.admin.asking import asks_first
from techfest.core.admin.confirmation import (
    Confirmation,
    TellForm,
    confirmation_form,
    confirmed_action,
    rehearsed_action,
    size_refusal,
)
from techfest.core.admin.pages import ObjectTool, ObjectToolsMixin
from techfest.core.db.locking import Deadline

if TYPE_CHECKING:
    from techfest.core.admin.confirmation import Text

MAX_AT_ONCE = 200
"""Registrations that one action changes in a single transaction, whose locks make others wait."""
State = Registration.State


class CancelForm(TellForm):
    """The reason is optional; it is part of the mail about the cancellation."""

    field_order = ("reason", "notify")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False
        self.fields["reason"].label = _("Your sentence in the mail (optional)")


class RegistrationActions(ObjectToolsMixin, RecordAdmin):
    """The actions of the list and of the page of registrations. Each goes through one function of `booking`."""

    actions = ("cancel_registrations", "promote_registrations", "move_registrations", "resend_mails")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registrations.change_registration")

    def get_object_tools(self, request: HttpRequest, obj: Registration) -> Iterable[ObjectTool]:
        if obj.state == State.WAITING:
            yield ObjectTool(_("Give a seat"), action="promote_registrations")
        if obj.is_active:
            yield ObjectTool(_("Move to another event"), action="move_registrations")
            yield ObjectTool(_("Send the mail again"), action="resend_mails")
            yield ObjectTool(_("Cancel"), action="cancel_registrations")

    @asks_first
    @admin.action(description=gettext_lazy("Cancel registrations"), permissions=["cancel"])
    def cancel_registrations(
        self, request: HttpRequest, queryset: QuerySet[Registration]
    ) -> HttpResponseBase | None:
        chosen = _in_line(queryset.exclude(state=State.CANCELLED))
        form = confirmation_form(CancelForm, request)
        return rehearsed_action(
            self,
            request,
            action="cancel_registrations",
            refusal=refusal_of(len(chosen), _("All of these are cancelled already.")),
            confirmation=lambda: cancel_confirmation(chosen),
            form=form,
            do=lambda wanted: cancel_and_report(chosen, request.user, wanted),
        )

    @asks_first
    @admin.action(description=gettext_lazy("Give a seat"), permissions=["cancel"])
    def promote_registrations(
        self, request: HttpRequest, queryset: QuerySet[Registration]
    ) -> HttpResponseBase | None:
        release_before_asking(queryset.order_by("event").values_list("event", flat=True).distinct())
        chosen = _in_line(queryset.filter(state=State.WAITING))
        form = confirmation_form(TellForm, request)
        none_waits = _("None of these is on a waiting list.")
        return rehearsed_action(
            self,
            request,
            action="promote_registrations",
            refusal=refusal_of(len(chosen), none_waits) or _promotion_refused(chosen),
            confirmation=lambda: _promote_confirmation(chosen),
            form=form,
            do=lambda wanted: _promote_and_report(chosen, request.user, wanted),
        )

    @asks_first
    @admin.action(description=gettext_lazy("Move to another event"), permissions=["cancel"])
    def move_registrations(
        self, request: HttpRequest, queryset: QuerySet[Registration]
    ) -> HttpResponseBase | None:
        chosen = _in_line(queryset.exclude(state=State.CANCELLED))
        form = confirmation_form(MoveForm, request, events=self._targets(request, chosen))
        return rehearsed_action(
            self,
            request,
            action="move_registrations",
            refusal=refusal_of(len(chosen), _("All of these are cancelled.")),
            confirmation=lambda: move_confirmation(chosen),
            form=form,
            do=lambda wanted: move_and_report(chosen, request.user, wanted),
        )

    @asks_first
    @admin.action(description=gettext_lazy("Send the mail again"), permissions=["cancel"])
    def resend_mails(self, request: HttpRequest, queryset: QuerySet[Registration]) -> HttpResponseBase | None:
        chosen = _in_line(queryset.active())  # type: ignore[attr-defined]  # RegistrationQuerySet
        ids = [row.pk for row in chosen]
        return confirmed_action(
            self,
            request,
            action="resend_mails",
            refusal=refusal_of(len(chosen), _("All of these are cancelled.")) or _nobody_mailed(chosen),
            confirmation=lambda: _resend_confirmation(chosen),
            do=lambda: hooks.resend_mails.call(ids),
        )

    def _targets(self, request: HttpRequest, chosen: Sequence[Registration]) -> QuerySet[Event]:
        """Return the other events that the user may see."""
        events: QuerySet[Event] = self.admin_site.get_model_admin(Event).get_queryset(request)
        fests = {row.event.fest_id for row in chosen}
        left = {row.event_id for row in chosen}
        rows = events.filter(fest__in=fests, state=Event.State.PUBLISHED).order_by("starts_at", "name")
        return rows.exclude(pk__in=left) if len(left) == 1 else rows


def _in_line(rows: QuerySet[Registration]) -> list[Registration]:
    return list(rows.order_by("event", "queue_position"))


def refusal_of(count: int, none: str) -> "Text":
    """Return why so many registrations are not changed at once, "" where they may be."""
    too_many = _("Choose at most %(maximum)d registrations at once.")
    return size_refusal(count, MAX_AT_ONCE, none=none, too_many=too_many)


def cancel_confirmation(chosen: Sequence[Registration]) -> Confirmation:
    count = len(chosen)
    title = ngettext("Cancel %(count)d registration?", "Cancel %(count)d registrations?", count)
    label = ngettext("Cancel %(count)d registration", "Cancel %(count)d registrations", count)
    return Confirmation(
        title=title % {"count": count},
        submit_label=label % {"count": count},
        chosen=chosen,
        summary=[_("Freed seats go to the waiting list at once. This cannot be undone.")],
        is_danger=True,
    )


def cancel_and_report(
    chosen: Sequence[Registration], user: Any, wanted: dict[str, Any]
) -> list[tuple[str, int]]:
    """Cancel them; what has happened is counted from the changes."""
    ids = [row.pk for row in chosen]
    cancel(ids, actor=Change.Actor.ORGANISER, user=user, deadline=Deadline(), **wanted)
    return []


def _promotion_refused(chosen: Sequence[Registration]) -> str:
    """Return why the seats do not suffice, by the present counts; the transaction checks again."""
    events = {row.event_id: row.event for row in chosen}
    seats, reserved = Seats.objects.in_bulk(events), reserved_holds_of(events)
    wanted, now = Counter(row.event_id for row in chosen), timezone.now()
    refusals = (
        refusal_to_promote(event, seats[pk], reserved[pk], wanted[pk], now) for pk, event in events.items()
    )
    return next((text for text in refusals if text), "")


def _promote_confirmation(chosen: Sequence[Registration]) -> Confirmation:
    events = {row.event_id: row.event for row in chosen}
    seats, reserved = Seats.objects.in_bulk(events), reserved_holds_of(events)
    summary = [
        _seats_summary(event, seats[pk], seats_to_give(seats[pk], reserved[pk]))
        for pk, event in events.items()
    ]
    count = len(chosen)
    title = ngettext("Give %(count)d person a seat?", "Give %(count)d people a seat?", count)
    label = ngettext("Promote %(count)d", "Promote %(count)d", count)
    return Confirmation(
        title=title % {"count": count},
        submit_label=label % {"count": count},
        chosen=chosen,
        summary=[*summary, _("Those before them stay on the waiting list.")],
    )


def _seats_summary(event: Event, seats: Seats, there: int) -> str:
    text = ngettext(
        "%(event)s: %(there)d seat can be given, %(kept)d of them held back; %(waiting)d waiting.",
        "%(event)s: %(there)d seats can be given, %(kept)d of them held back; %(waiting)d waiting.",
        there,
    )
    return text % {
        "event": event.name,
        "there": there,
        "kept": there - seats.free,
        "waiting": seats.waiting,
    }


def _promote_and_report(
    chosen: Sequence[Registration], user: Any, wanted: dict[str, Any]
) -> list[tuple[str, int]]:
    """Promote them; what has happened is counted from the changes."""
    promote_chosen([row.pk for row in chosen], user=user, deadline=Deadline(), **wanted)
    return []


def _nobody_mailed(chosen: Sequence[Registration]) -> "Text":
    if any(row.student.email for row in chosen):
        return ""
    return ngettext(
        "The student has no e-mail address, so no mail can be sent.",
        "These students have no e-mail address, so no mail can be sent.",
        len({row.student_id for row in chosen}),
    )


def _resend_confirmation(chosen: Sequence[Registration]) -> Confirmation:
    count = len({row.submission_id or -row.pk for row in chosen if row.student.email})
    will = ngettext("About %(count)d mail goes once more.", "About %(count)d mails go once more.", count)
    limit = _("One mailbox gets at most three such mails within an hour.")
    return Confirmation(
        title=_("Send these mails again?"),
        submit_label=_("Send them again"),
        chosen=chosen,
        summary=[f"{will % {'count': count}} {limit}"],
        rows=[line_of(row) for row in chosen],
    )
