"""Moving chosen registrations to another event: the form, the page that asks, and the report."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.models import Event
from registrations.booking.messages import refusal_about
from registrations.booking.transfer import Move, move_to
from registrations.models import Registration
from registrations.students.names import grouped
from techfest.core.admin.confirmation import Confirmation, TellForm
from techfest.core.db.locking import Deadline
from techfest.core.formatting import moment

if TYPE_CHECKING:
    _Choice = forms.ModelChoiceField[Event]
else:
    _Choice = forms.ModelChoiceField

State = Registration.State


class EventChoice(_Choice):
    def label_from_instance(self, obj: Event) -> str:
        return f"{obj.name} · {moment(obj.starts_at, zone=obj.fest.zone)} · {obj.seats}"


class MoveForm(TellForm):
    """To which event, and what happens where it has no free seat."""

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


def move_confirmation(chosen: Sequence[Registration]) -> Confirmation:
    count = len(chosen)
    title = ngettext(
        "Move %(count)d registration to another event?",
        "Move %(count)d registrations to another event?",
        count,
    )
    label = ngettext("Move %(count)d", "Move %(count)d", count)
    return Confirmation(
        title=title % {"count": count},
        submit_label=label % {"count": count},
        chosen=chosen,
        summary=[
            _("Freed seats go to the waiting list at once. Old tickets stop working, new ones are issued.")
        ],
        rows=[line_of(row) for row in chosen],
    )


def move_and_report(
    chosen: Sequence[Registration], user: Any, wanted: dict[str, Any]
) -> list[tuple[str, int]]:
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
    report = []
    if count := states[State.CONFIRMED]:
        text = ngettext("%(count)d has a seat in %(event)s.", "%(count)d have a seat in %(event)s.", count)
        report.append((text % {"count": count, "event": event.name}, messages.SUCCESS))
    if count := states[State.WAITING]:
        text = ngettext(
            "%(count)d is on the waiting list of %(event)s.",
            "%(count)d are on the waiting list of %(event)s.",
            count,
        )
        report.append((text % {"count": count, "event": event.name}, messages.SUCCESS))
    if count := len(chosen) - len(moves):
        text = ngettext(
            "%(count)d was cancelled in the meantime.", "%(count)d were cancelled in the meantime.", count
        )
        report.append((text % {"count": count}, messages.WARNING))
    return report + [(_stays(move, event), messages.WARNING) for move in moves if not move.successor]


def _stays(move: Move, event: Event) -> str:
    who, decision = move.registration.student.name, move.decision
    return _("%(who)s stays in %(left)s. %(why)s") % {
        "who": who,
        "left": move.registration.event.name,
        "why": refusal_about(event, decision.reason, decision.other, who),
    }


def line_of(row: Registration) -> str:
    """Return one registration as a line of a confirmation page."""
    return format_html(
        '<bdi translate="no">{}</bdi> ({}), <bdi translate="no">{}</bdi>: {}',
        row.student.name,
        grouped(row.student.reference),
        row.event.name,
        row.get_state_display(),
    )
