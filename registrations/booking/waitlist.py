"""The waiting list: ranks, promotion of the next, and the reason why nobody is promoted."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.db.models import (
    BooleanField,
    Case,
    Count,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event, Seats
from registrations.booking.ledger import change_ledger
from registrations.booking.state import Origin, move
from registrations.models import Change, Hold, Registration
from registrations.querysets import RegistrationQuerySet
from techfest.core.db.clock import database_now
from techfest.core.formatting import clock_time

State = Registration.State


LONG_LIST = 100
"""Ranks of a waiting list that is longer are counted from the other side if that is shorter."""


def with_number(registrations: RegistrationQuerySet) -> RegistrationQuerySet:
    """Annotates `number`: the rank of each waiting registration, counted and never stored; 0 for others.

    To count ten thousand who wait takes 2 ms, for each page and each mail of a rush. Positions have no gaps (I4), so
    where most of a long list still wait, those ahead who do not wait any more are subtracted instead.
    """
    last = F("event__seats__last_queue_position")
    is_long = Q(event__seats__waiting__gt=LONG_LIST) & Q(event__seats__waiting__gt=last / 2)
    gone = _count(~Q(state=State.WAITING), queue_position__lt=OuterRef("queue_position"))
    waiting = _count(Q(state=State.WAITING), queue_position__lte=OuterRef("queue_position"))
    number = Case(
        When(~Q(state=State.WAITING), then=0),
        When(is_long, then=F("queue_position") - gone),
        default=waiting,
        output_field=IntegerField(),
    )
    counted = {"number": number}
    return registrations.annotate(**counted)


def _count(which: Q, **positions: OuterRef) -> Coalesce:
    """How many of the same event's registrations there are."""
    rows = Registration.objects.filter(which, event=OuterRef("event"), **positions).order_by().values("event")
    count = rows.annotate(count=Count("*")).values("count")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)


_quoted: ContextVar[str] = ContextVar("promotions_quote", default="")


@contextmanager
def promotions_quote(words: str) -> Iterator[None]:
    """Let the mails of promotions in this block quote an organiser's words."""
    token = _quoted.set(words)
    try:
        yield
    finally:
        _quoted.reset(token)


_sample: ContextVar[int | None] = ContextVar("promotions_sample", default=None)


@contextmanager
def promotions_sample(pk: int | None) -> Iterator[None]:
    """Let a rehearsal in this block promote only this registration, which stands for many."""
    token = _sample.set(pk)
    try:
        yield
    finally:
        _sample.reset(token)


def promote(seats: Seats, *, cause: str, now: datetime) -> list[Change]:
    """Gives the free seats of this event to the waiting list, in its order.

    Needs the lock of `seats`, which must be as stored, and an open `change_ledger`. After `promotion_ends_at`
    nobody is promoted: free seats are given at the door. A waiting registration occupies the event's time from
    the start, so a promotion never causes a clash.
    """
    event = Event.objects.select_related("fest").get(pk=seats.pk)
    if not seats.free or not seats.waiting or not is_moving(event, now):
        return []
    waiting = Registration.objects.filter(event=event).waiting().with_related()
    if (sample := _sample.get()) is not None:
        waiting = waiting.filter(pk=sample)
    promoted = list(waiting.select_for_update(no_key=True, of=("self",))[: seats.free])
    changes = move(
        promoted, to=State.CONFIRMED, origin=Origin(cause, Change.Actor.SYSTEM, now, reason=_quoted.get())
    )
    added = len(promoted)
    seats.taken += added
    seats.waiting -= added
    filled = {"filled_at": now} if not seats.free else {}
    Seats.objects.filter(pk=seats.pk).update(taken=F("taken") + added, waiting=F("waiting") - added, **filled)
    return changes


def is_moving(event: Event, now: datetime) -> bool:
    """Whether a free seat goes to the waiting list at this time."""
    return event.state == Event.State.PUBLISHED and now < event.promotion_ends_at


def promote_after_change(event: Event) -> None:
    """Promotes after an event was restored or its waiting list is open for longer.

    Part of the caller's transaction. Locks the event's Seats row.
    """
    for seats in Seats.objects.locked([event.pk]):
        with change_ledger():
            promote(seats, cause=Change.Cause.PROMOTED, now=database_now())


UnusedSeats = Mapping[int, Mapping[bool, tuple[int, datetime]]]
"""By event, seats that are held without a name and until when: False for schools, True reserved by organisers."""


def unused_seats(event_ids: Iterable[int]) -> UnusedSeats:
    """The held seats without a name of these events, in one query."""
    held = Hold.objects.filter(event__in=list(event_ids)).held()
    is_reserved = ExpressionWrapper(Q(school=None), output_field=BooleanField())
    rows = held.annotate(is_reserved=is_reserved).order_by().values_list("event", "is_reserved")
    found: dict[int, dict[bool, tuple[int, datetime]]] = {}
    for event_id, reserved, seats, until in rows.annotate(
        without_name=Sum(F("seats") - F("used")), last=Max("until")
    ):
        found.setdefault(event_id, {})[reserved] = (seats, until)
    return found


def why_nobody(event: Event, seats: Seats, *, now: datetime, unused: UnusedSeats | None = None) -> str:
    """The reason why the first person on the list has no seat; empty if `promote` would give one.

    Of a full event it also says which seats are held. At most one query, none if they are given; no lock.
    """
    if not seats.waiting:
        return _("The waiting list is empty.")
    if event.state == Event.State.CANCELLED:
        return _("The event is cancelled.")
    if event.state == Event.State.DRAFT:
        return _("The event is not published.")
    if not is_moving(event, now):
        words = _("The waiting list closed on %(end)s: free seats are given at the door.")
        return words % {"end": _moment(event.promotion_ends_at, event)}
    if seats.free:
        return ""
    if seats.held and unused is None:
        unused = unused_seats([event.pk])
    return " ".join(filter(None, (_fullness(seats), *_held(event, unused or {}))))


def why_waiting(registration: Registration, *, now: datetime) -> str:
    """The same for one waiting registration, with its rank; empty for others."""
    if registration.state != State.WAITING:
        return ""
    event = Event.objects.with_related().get(pk=registration.event_id)
    ahead = with_number(Registration.objects.filter(pk=registration.pk)).get().number - 1
    words = ngettext("%(count)d person is ahead.", "%(count)d people are ahead.", ahead) % {"count": ahead}
    first = words if ahead else _("First on the waiting list.")
    return " ".join(filter(None, (first, why_nobody(event, event.seats, now=now))))


def _fullness(seats: Seats) -> str:
    over = seats.taken - seats.capacity
    if over > 0:
        words = ngettext(
            "%(count)d more seat is taken than there are (%(taken)d of %(capacity)d).",
            "%(count)d more seats are taken than there are (%(taken)d of %(capacity)d).",
            over,
        )
        return words % {"count": over, "taken": seats.taken, "capacity": seats.capacity}
    words = ngettext("The only seat is taken.", "All %(count)d seats are taken.", seats.capacity)
    return words % {"count": seats.capacity} if seats.capacity else _("There are no seats.")


def _held(event: Event, unused: UnusedSeats) -> list[str]:
    """Sentences about seats that are taken without a name: held for schools, or reserved by organisers."""
    sentences = []
    for is_reserved, (count, until) in sorted(unused.get(event.pk, {}).items()):
        if is_reserved:
            words = ngettext(
                "%(count)d of them is held back by an organiser, until %(end)s at the latest.",
                "%(count)d of them are held back by organisers, until %(end)s at the latest.",
                count,
            )
        else:
            words = ngettext(
                "%(count)d of them is held for a school, until %(end)s at the latest.",
                "%(count)d of them are held for schools, until %(end)s at the latest.",
                count,
            )
        if count:
            sentences.append(words % {"count": count, "end": _moment(until, event)})
    return sentences


def _moment(when: datetime, event: Event) -> str:
    zone = event.fest.zone
    return f"{date_format(timezone.localtime(when, zone), 'j F')}, {clock_time(when, zone=zone)}"
