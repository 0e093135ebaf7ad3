"""What can be printed for the events of a fest, day or category: counts, and events that must wait and why."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from events.models import Event
from registrations.models import Registration, ResultSheet
from techfest.core.formatting import moment
from tickets.models import Ticket

State = Registration.State


@dataclass(frozen=True, slots=True)
class PrintableEvent:
    """An event, who has a seat or waits, who was checked in, and who has a rank that is public."""

    pk: int
    name: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    category_id: int
    seats: int
    waiting: int
    came: int
    ranked: int
    is_published: bool

    @property
    def date(self) -> dt.date:
        return localtime(self.starts_at).date()


@dataclass(frozen=True, slots=True)
class Certificates:
    """The events whose certificates can be issued now with their number, and those that must wait with the reason."""

    event_ids: Sequence[int]
    count: int
    not_yet: Sequence[tuple[PrintableEvent, str]]
    nobody_came: Sequence[PrintableEvent] = field(default=())


def printable_events(events: QuerySet[Event]) -> list[PrintableEvent]:
    """Return the events that take place, by start and name, in four queries; the erased and cancelled never count."""
    found = list(
        events.filter(state=Event.State.PUBLISHED)
        .order_by("starts_at", "name", "pk")
        .values_list("pk", "name", "starts_at", "ends_at", "category_id")
    )
    ids = [row[0] for row in found]
    people = _people(ids)
    came = _came(ids)
    published = set(
        ResultSheet.objects.filter(event__in=ids, published_at__isnull=False).values_list("event", flat=True)
    )
    return [
        PrintableEvent(
            *row,
            *people.get(row[0], (0, 0, 0))[:2],
            came.get(row[0], 0),
            people.get(row[0], (0, 0, 0))[2],
            row[0] in published,
        )
        for row in found
    ]


def _people(ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    rows = Registration.objects.filter(event__in=ids, student__erased_at=None).order_by()
    has_seat = Q(state=State.CONFIRMED)
    counted = rows.values_list("event").annotate(
        seats=Count("pk", filter=has_seat),
        waiting=Count("pk", filter=Q(state=State.WAITING)),
        ranked=Count("pk", filter=has_seat & Q(result__rank__isnull=False)),
    )
    return {pk: (seats, waiting, ranked) for pk, seats, waiting, ranked in counted}


def _came(ids: Sequence[int]) -> dict[int, int]:
    tickets = Ticket.objects.filter(
        registration__event__in=ids, registration__state=State.CONFIRMED, checked_in_at__isnull=False
    )
    counted = tickets.order_by().values_list("registration__event")
    found: Any = counted.annotate(count=Count("registration", distinct=True))
    return dict(found)


def participation(events: Sequence[PrintableEvent], *, now: dt.datetime) -> Certificates:
    """Certificates of participation: for those checked in, once the event is over."""
    not_yet, nobody_came, can = [], [], []
    for event in events:
        if not event.seats:
            continue
        if event.ends_at > now:
            not_yet.append((event, _("it ends on %(when)s") % {"when": moment(event.ends_at)}))
        elif not event.came:
            nobody_came.append(event)
        else:
            can.append(event)
    return Certificates([event.pk for event in can], sum(event.came for event in can), not_yet, nobody_came)


def ranks(events: Sequence[PrintableEvent], *, now: dt.datetime) -> Certificates:
    """Certificates of ranks: for published results."""
    not_yet, can = [], []
    for event in events:
        if not event.seats:
            continue
        if event.ends_at > now:
            not_yet.append((event, _("it ends on %(when)s") % {"when": moment(event.ends_at)}))
        elif not event.is_published:
            not_yet.append((event, _("its results are not published")))
        elif not event.ranked:
            not_yet.append((event, _("its results have no ranks")))
        else:
            can.append(event)
    return Certificates([event.pk for event in can], sum(event.ranked for event in can), not_yet)
