"""Checkpoints: a gate or one event at which tickets are checked, who may open it, and how many people came in there.

Volunteers open their gates, event leads their events, owners all of them.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from events.cache import cached_fest
from events.models import Event, Fest
from techfest.core.db.clock import database_now
from techfest.core.roles import LEAD, VOLUNTEER, has_role, is_owner
from techfest.core.ttl_cache import CachedValues
from tickets.models import Gate

LIFETIME = 2.0
"""Seconds for which a process caches the counts of a checkpoint; every scan shows them, and counting is expensive."""
LOGIN_LASTS = dt.timedelta(days=1)
"""How long after the fest its check-in pages stay open."""


class Counts(NamedTuple):
    """How many people are in, and how many hold a ticket."""

    inside: int
    expected: int


@dataclass(frozen=True)
class Checkpoint:
    """A gate with its events (all events of the fest if none are listed), or a single event."""

    fest: Fest
    gate: Gate | None = None
    event: Event | None = None
    event_ids: frozenset[int] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        return str(self.gate or self.event or _("a gate that was deleted"))

    def covers(self, event: Event) -> bool:
        """Whether tickets of this event are accepted here."""
        return event.fest_id == self.fest.pk and (not self.event_ids or event.pk in self.event_ids)

    def url(self, page: str, *more: Any) -> str:
        """The path of a page of this checkpoint: "scanner", "scan", "verdict", ..."""
        if self.gate:
            return reverse(f"checkin:{page}-gate", args=[self.gate.pk, *more])
        return reverse(f"checkin:{page}-event", args=[self.event.slug if self.event else "", *more])

    @property
    def events_filter(self) -> Q:
        """Filter for queries on events: the published or cancelled events of this checkpoint, no drafts."""
        mine = Q(fest=self.fest) & ~Q(state=Event.State.DRAFT)
        return mine & Q(pk__in=self.event_ids) if self.event_ids else mine


def open_fest() -> Fest | None:
    """The current fest from any time before it until a day after its last day, in the time zone of the fest.

    Reads the cached fest, without a query. If that says no, it asks the database, so that a fest edited a moment ago
    opens at once.
    """
    current = cached_fest()
    if _is_on(current.fest, current.now):
        return current.fest
    fest = Fest.objects.filter(is_current=True).first()
    return fest if _is_on(fest, current.now) else None


def _is_on(fest: Fest | None, now: dt.datetime) -> bool:
    return fest is not None and timezone.localtime(now, fest.zone).date() <= fest.ends_on + LOGIN_LASTS


def gates_of(user: Any, fest: Fest) -> list[Gate]:
    """The gates that this user may open."""
    gates = Gate.objects.filter(fest=fest)
    if is_owner(user):
        return list(gates)
    return list(gates.filter(volunteers=user)) if has_role(user, VOLUNTEER) else []


def events_of(user: Any, fest: Fest) -> list[Event]:
    """The events that this user may check people in to: all for an owner, their own for an event lead.

    Being listed as a lead of an event counts only together with the role.
    """
    events = Event.objects.filter(fest=fest).exclude(state=Event.State.DRAFT).select_related("venue")
    if not is_owner(user):
        events = events.filter(leads=user) if has_role(user, LEAD) else events.none()
    return list(events.order_by("starts_at", "name"))


def checkpoints_of(user: Any, fest: Fest) -> list[Checkpoint]:
    """Every checkpoint that this user may open, gates first. The `event_ids` of gates are not filled in."""
    return [
        *(Checkpoint(fest, gate=gate) for gate in gates_of(user, fest)),
        *(Checkpoint(fest, event=event, event_ids=frozenset({event.pk})) for event in events_of(user, fest)),
    ]


def checkpoint_at(fest: Fest, user: Any, *, gate: int | None = None, event: str = "") -> Checkpoint | None:
    """This gate, or the event with this slug, if the user may open it."""
    if gate is not None:
        found = next((one for one in gates_of(user, fest) if one.pk == gate), None)
        ids = found.events.values_list("pk", flat=True) if found else ()
        return Checkpoint(fest, gate=found, event_ids=frozenset(ids)) if found else None
    one = next((one for one in events_of(user, fest) if one.slug == event), None)
    return Checkpoint(fest, event=one, event_ids=frozenset({one.pk})) if one else None


def any_checkpoint(*, gate: int | None, event: str) -> Checkpoint | None:
    """This gate or event whoever may open it; if it was deleted, one that covers the current fest."""
    found = Gate.objects.select_related("fest").filter(pk=gate).first() if gate is not None else None
    if found is not None:
        return Checkpoint(
            found.fest, gate=found, event_ids=frozenset(found.events.values_list("pk", flat=True))
        )
    fest = Fest.objects.filter(is_current=True).first()
    events = Event.objects.filter(fest=fest, slug=event).exclude(state=Event.State.DRAFT)
    one = events.select_related("venue").first()
    if one is not None:
        return Checkpoint(one.fest, event=one, event_ids=frozenset({one.pk}))
    return Checkpoint(fest) if fest else None


_cached = CachedValues[Counts](lifetime=LIFETIME)


def counts_of(checkpoint: Checkpoint) -> Counts:
    """How many of today's ticket holders came in here, at most `LIFETIME` seconds old."""
    return _cached.get_or_read(_key(checkpoint), lambda: fresh_counts(checkpoint, database_now()))


def fresh_counts(checkpoint: Checkpoint, now: dt.datetime) -> Counts:
    """Counts now, for the events taking place today in the time zone of the fest; if there are none today, for all."""
    midnight = timezone.localtime(now, checkpoint.fest.zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    given = {
        "fest": checkpoint.fest.pk,
        "ids": sorted(checkpoint.event_ids) or None,
        "from": midnight,
        "until": midnight + dt.timedelta(days=1),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, given)
        inside, expected, inside_ever, expected_ever = cursor.fetchone()
    return Counts(inside, expected) if expected else Counts(inside_ever, expected_ever)


def count_one(checkpoint: Checkpoint) -> None:
    """Adds one check-in to the cached counts."""
    _cached.change(_key(checkpoint), lambda counts: Counts(counts.inside + 1, counts.expected))


def _key(checkpoint: Checkpoint) -> tuple[int, int, str]:
    return (
        checkpoint.fest.pk,
        checkpoint.gate.pk if checkpoint.gate else 0,
        checkpoint.event.slug if checkpoint.event else "",
    )


def forget() -> None:
    """Clears the cached counts."""
    _cached.forget()


_COUNT = """
    SELECT count(t.checked_in_at) FILTER (WHERE today), count(*) FILTER (WHERE today),
        count(t.checked_in_at), count(*)
    FROM (
        SELECT id, starts_at < %(until)s AND ends_at >= %(from)s AS today FROM events_event
        WHERE fest_id = %(fest)s AND state <> 'draft' AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
    ) e
    JOIN registrations_registration r ON r.event_id = e.id AND r.state = 'confirmed'
    JOIN tickets_ticket t ON t.registration_id = r.id AND t.voided_at IS NULL
"""
