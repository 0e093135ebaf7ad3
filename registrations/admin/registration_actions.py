"""What organisers do to chosen registrations; each step is asked about first, with its counts."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import RecordAdmin
from events.models import Event, Seats
from registrations.booking.cancel import cancel
from registrations.booking.confirmation_deadline import release_before_asking
from registrations.booking.errors import RegistrationError
from registrations.booking.messages import refusal_about
from registrations.booking.promotion import (
    promote_chosen,
    refusal_to_promote,
    reserved_holds_of,
    seats_to_give,
)
from registrations.booking.transfer import Move, move_to
from registrations.locking import Deadline
from registrations.models import Change, Registration
from registrations.students.names import grouped
from techfest.core.admin.confirmation import NotifyForm, Question, answered, ask
from techfest.core.admin.object_tools import ObjectTool, ObjectToolsMixin

if TYPE_CHECKING:
    _Choice = forms.ModelChoiceField[Event]
else:
    _Choice = forms.ModelChoiceField

MAX_AT_ONCE = 200
"""Registrations that one press changes: one transaction, whose locks hold others up."""
State = Registration.State


class CancelForm(NotifyForm):
    """The reason may be left out; who is told of the cancellation reads it."""

    field_order = ("reason", "notify")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False
        self.fields["reason"].label = _("Reason (optional)")
        self.fields["reason"].help_text = _("It stands in the trail and in the mail. Write no names.")


class EventChoice(_Choice):
    def label_from_instance(self, obj: Event) -> str:
        start = timezone.localtime(obj.starts_at, obj.fest.zone)
        return f"{obj.name} · {start:%a %d %b %H:%M} · {obj.seats}"


class MoveForm(NotifyForm):
    """Where to, and whether a place in the new line is better than the old one."""

    event = EventChoice(
        label=gettext_lazy("To which event"),
        queryset=Event.objects.none(),
        error_messages={"required": gettext_lazy("Choose an event")},
    )
    may_wait = forms.ChoiceField(
        label=gettext_lazy("If no seat is free there"),
        choices=[
            ("", gettext_lazy("leave the registration where it is")),
            ("yes", gettext_lazy("move it to the end of the waiting list there")),
        ],
        required=False,
        initial="",
        widget=forms.RadioSelect,
    )
    field_order = ("event", "may_wait", "reason", "notify")

    def __init__(self, *args: Any, events: QuerySet[Event], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["event"]
        field.queryset = events
        self.fields["reason"].help_text = _("It stands in the trail and in the mail. Write no names.")


class RegistrationActions(ObjectToolsMixin, RecordAdmin):
    """The list's actions. Each goes through the one function of its concept, and shows what it came to."""

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registrations.change_registration")

    def get_object_tools(self, request: HttpRequest, obj: Registration) -> Iterable[ObjectTool]:
        if obj.state == State.WAITING:
            yield ObjectTool(_("Give a seat"), action="promote_registrations")
        if obj.is_active:
            yield ObjectTool(_("Move to another event"), action="move_registrations")
            yield ObjectTool(_("Send the mail again"), action="resend_mails")
            yield ObjectTool(_("Cancel"), action="cancel_registrations")

    @admin.action(description=gettext_lazy("Cancel the chosen registrations"), permissions=["cancel"])
    def cancel_registrations(
        self, request: HttpRequest, queryset: QuerySet[Registration]
    ) -> HttpResponseBase | None:
        chosen = list(queryset.exclude(state=State.CANCELLED).order_by("event", "queue_position"))
        form = answered(CancelForm, request)
        if refusal := refusal_of(len(chosen), _("All of these are cancelled already.")):
            self.message_user(request, refusal, messages.WARNING)
        elif form.is_valid():
            self._try(request, lambda: cancel_now(chosen, request.user, form.cleaned_data))
        else:
            return ask(request, self, action="cancel_registrations", question=cancelling(chosen), form=form)
        return None

    @admin.action(description=gettext_lazy("Give the chosen a seat"), permissions=["cancel"])
    def promote_registrations(
        self, request: HttpRequest, queryset: QuerySet[Registration]
    ) -> HttpResponseBase | None:
        release_before_asking(queryset.order_by("event").values_list("event", flat=True).distinct())
        chosen = list(queryset.filter(state=State.WAITING).order_by("event", "queue_position"))
        form = answered(NotifyForm, request)
        if refusal := refusal_of(len(chosen), _("None of these waits.")) or _promotion_refused(chosen):
            self.message_user(request, refusal, messages.WARNING)
        elif form.is_valid():
            self._try(request, lambda: _promote_now(chosen, request.user, form.cleaned_data))
        else:
            question = _promoting(chosen)
            return ask(request, self, action="promote_registrations", question=question, form=form)
        return None

    @admin.action(description=gettext_lazy("Move the chosen to another event"), permissions=["cancel"])
    def move_registrations(
        self, request: HttpRequest, queryset: QuerySet[Registration]
    ) -> HttpResponseBase | None:
        chosen = list(queryset.exclude(state=State.CANCELLED).order_by("event", "queue_position"))
        form = answered(MoveForm, request, events=self._targets(request, chosen))
        if refusal := refusal_of(len(chosen), _("All of these are cancelled.")):
            self.message_user(request, refusal, messages.WARNING)
        elif form.is_valid():
            self._try(request, lambda: _move_now(chosen, request.user, form.cleaned_data))
        else:
            return ask(request, self, action="move_registrations", question=_moving(chosen), form=form)
        return None

    def _targets(self, request: HttpRequest, chosen: Sequence[Registration]) -> QuerySet[Event]:
        """The other events that this organiser may see."""
        events: QuerySet[Event] = self.admin_site.get_model_admin(Event).get_queryset(request)
        fests = {row.event.fest_id for row in chosen}
        left = {row.event_id for row in chosen}
        rows = events.filter(fest__in=fests, state=Event.State.PUBLISHED).order_by("starts_at", "name")
        return rows.exclude(pk__in=left) if len(left) == 1 else rows

    def _try(self, request: HttpRequest, work: Callable[[], list[tuple[str, int]]]) -> None:
        """Does it, and says what it came to."""
        try:
            feedback = work()
        except RegistrationError as error:
            feedback = [(str(error.text), messages.ERROR)]
        for words, level in feedback:
            self.message_user(request, words, level)


def refusal_of(count: int, none: str) -> str:
    """Why so many are not changed at once; empty where they may be."""
    if count > MAX_AT_ONCE:
        return _("Choose at most %(maximum)d registrations at once.") % {"maximum": MAX_AT_ONCE}
    return "" if count else none


def line_of(row: Registration) -> str:
    """One registration on a page that asks; names keep their own direction."""
    return format_html(
        "<bdi>{}</bdi> ({}), <bdi>{}</bdi>: {}",
        row.student.name,
        grouped(row.student.reference),
        row.event.name,
        row.get_state_display(),
    )


def mails_of(rows: Sequence[Registration]) -> str:
    count = sum(bool(row.student.email) for row in rows)
    return ngettext("%(count)d mail tells about it.", "%(count)d mails tell about it.", count) % {
        "count": count
    }


def cancelling(chosen: Sequence[Registration]) -> Question:
    will = ngettext(
        "%(count)d registration will be cancelled.", "%(count)d registrations will be cancelled.", len(chosen)
    ) % {"count": len(chosen)}
    then = _("Whoever waits gets the freed seats at once. This cannot be undone.")
    return Question(
        title=_("Cancel these registrations?"),
        submit_label=_("Cancel these registrations"),
        chosen=chosen,
        summary=[f"{will} {mails_of(chosen)} {then}"],
        rows=[line_of(row) for row in chosen],
        is_danger=True,
    )


def cancel_now(chosen: Sequence[Registration], user: Any, wanted: dict[str, Any]) -> list[tuple[str, int]]:
    ids = [row.pk for row in chosen]
    done = cancel(ids, actor=Change.Actor.ORGANISER, user=user, deadline=Deadline(), **wanted)
    words = ngettext(
        "%(count)d registration is cancelled.", "%(count)d registrations are cancelled.", len(done)
    )
    return [(words % {"count": len(done)}, messages.SUCCESS)]


def _promotion_refused(chosen: Sequence[Registration]) -> str:
    """What the counts say before anybody is asked; the transaction judges again."""
    events = {row.event_id: row.event for row in chosen}
    seats, reserved = Seats.objects.in_bulk(events), reserved_holds_of(events)
    wanted, now = Counter(row.event_id for row in chosen), timezone.now()
    refusals = (
        refusal_to_promote(event, seats[pk], reserved[pk], wanted[pk], now) for pk, event in events.items()
    )
    return next((words for words in refusals if words), "")


def _promoting(chosen: Sequence[Registration]) -> Question:
    events = {row.event_id: row.event for row in chosen}
    seats, reserved = Seats.objects.in_bulk(events), reserved_holds_of(events)
    summary = [
        _seats_summary(event, seats[pk], seats_to_give(seats[pk], reserved[pk]))
        for pk, event in events.items()
    ]
    will = ngettext(
        "%(count)d registration will be confirmed.", "%(count)d registrations will be confirmed.", len(chosen)
    ) % {"count": len(chosen)}
    order = _("Students ahead of them go on waiting.")
    return Question(
        title=_("Give these a seat?"),
        submit_label=_("Give them a seat"),
        chosen=chosen,
        summary=[f"{will} {mails_of(chosen)} {order}", *summary],
        rows=[line_of(row) for row in chosen],
    )


def _seats_summary(event: Event, seats: Seats, there: int) -> str:
    words = ngettext(
        "%(event)s: %(there)d seat can be given, %(kept)d of them held back; %(waiting)d wait.",
        "%(event)s: %(there)d seats can be given, %(kept)d of them held back; %(waiting)d wait.",
        there,
    )
    return words % {
        "event": event.name,
        "there": there,
        "kept": there - seats.free,
        "waiting": seats.waiting,
    }


def _promote_now(chosen: Sequence[Registration], user: Any, wanted: dict[str, Any]) -> list[tuple[str, int]]:
    done = promote_chosen([row.pk for row in chosen], user=user, deadline=Deadline(), **wanted)
    words = ngettext("%(count)d registration has a seat.", "%(count)d registrations have a seat.", len(done))
    return [(words % {"count": len(done)}, messages.SUCCESS)]


def _moving(chosen: Sequence[Registration]) -> Question:
    will = ngettext(
        "%(count)d registration will be moved, if the other event takes it.",
        "%(count)d registrations will be moved, each if the other event takes it.",
        len(chosen),
    ) % {"count": len(chosen)}
    then = _("Whoever waits gets the freed seats at once. Old tickets stop working, new ones are issued.")
    return Question(
        title=_("Move these to another event?"),
        submit_label=_("Move them"),
        chosen=chosen,
        summary=[f"{will} {mails_of(chosen)} {then}"],
        rows=[line_of(row) for row in chosen],
    )


def _move_now(chosen: Sequence[Registration], user: Any, wanted: dict[str, Any]) -> list[tuple[str, int]]:
    event: Event = wanted.pop("event")
    may_wait = wanted.pop("may_wait") == "yes"
    moves = move_to(
        [row.pk for row in chosen],
        event_id=event.pk,
        user=user,
        deadline=Deadline(),
        may_wait=may_wait,
        **wanted,
    )
    states = Counter(move.successor.state for move in moves if move.successor)
    feedback = []
    if count := states[State.CONFIRMED]:
        words = ngettext("%(count)d has a seat in %(event)s.", "%(count)d have a seat in %(event)s.", count)
        feedback.append((words % {"count": count, "event": event.name}, messages.SUCCESS))
    if count := states[State.WAITING]:
        words = ngettext("%(count)d waits for %(event)s.", "%(count)d wait for %(event)s.", count)
        feedback.append((words % {"count": count, "event": event.name}, messages.SUCCESS))
    if count := len(chosen) - len(moves):
        words = ngettext("%(count)d was cancelled meanwhile.", "%(count)d were cancelled meanwhile.", count)
        feedback.append((words % {"count": count}, messages.WARNING))
    return feedback + [(_stays(move, event), messages.WARNING) for move in moves if not move.successor]


def _stays(move: Move, event: Event) -> str:
    who, decision = move.registration.student.name, move.decision
    return _("%(who)s stays in %(left)s. %(why)s") % {
        "who": who,
        "left": move.registration.event.name,
        "why": refusal_about(event, decision.reason, decision.other, who),
    }
