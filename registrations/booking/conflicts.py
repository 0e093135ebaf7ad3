"""Conflicts: registrations that clash or no longer fit after a change of their event.

They keep their seats until the student, a teacher or an organiser decides.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from events.models import Event, Seats
from registrations.models import Conflict, Registration
from techfest.core import audit_log
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.formatting import exact_moment, exact_time

Kind = Conflict.Kind
TO_CHOOSE = dt.timedelta(days=3)
"""How long a student has to choose, if the event is far enough away."""
BEFORE_THE_START = dt.timedelta(hours=24)
"""A choice must be made this long before the event, so that the next person can still come."""
SETTLED = "settled"
"""The audit log entry of a conflict that an organiser settled; an invariant looks for it."""


@dataclass(frozen=True, slots=True)
class NewConflict:
    """A registration to be put in conflict; `other` is the one it clashes with."""

    kind: str
    registration: Registration
    other: Registration | None = None

    @property
    def key(self) -> tuple[str, frozenset[int]]:
        """Identifies the conflict; the same from either side of a clash."""
        return self.kind, frozenset(row.pk for row in (self.registration, self.other) if row)


def key_of(conflict: Conflict) -> tuple[str, frozenset[int]]:
    """As `NewConflict.key`."""
    return conflict.kind, frozenset(pk for pk in (conflict.registration_id, conflict.other_id) if pk)


def open_conflicts_of(events: Collection[int]) -> list[Conflict]:
    """The open conflicts of these events' registrations, from either side of a clash."""
    mine = Q(registration__event__in=events) | Q(other__event__in=events)
    rows = Conflict.objects.filter(mine, resolved_at=None).order_by("pk")
    return list(rows.select_related("registration__event", "registration__student", "other__event"))


def choose_by_default(event: Event, now: dt.datetime) -> dt.datetime:
    """Three days from now at a full hour, at latest a day before the event; its start if that is over."""
    if event.starts_at - BEFORE_THE_START <= now:
        return event.starts_at
    full_hour = (now + TO_CHOOSE).astimezone(event.fest.zone).replace(minute=0, second=0, microsecond=0)
    return min(full_hour + dt.timedelta(hours=1), event.starts_at - BEFORE_THE_START)


def raise_conflicts(
    new_conflicts: Iterable[NewConflict],
    *,
    now: dt.datetime,
    choose_by: dt.datetime | None = None,
    user: Any = None,
) -> None:
    """Stores conflicts in the caller's transaction, which holds the locks of the registrations' events.

    Locks the other registrations of clashes, whose events need not be locked: one that was cancelled meanwhile
    does not clash.
    """
    new_conflicts = list(new_conflicts)
    others = Registration.objects.active().filter(pk__in=[one.other.pk for one in new_conflicts if one.other])
    rows = others.order_by("pk").select_for_update(no_key=True, of=("self",))
    alive = set(rows.values_list("pk", flat=True)) if new_conflicts else set()
    Conflict.objects.bulk_create(
        Conflict(
            registration=one.registration,
            kind=one.kind,
            other=one.other,
            at=now,
            choose_by=choose_by or choose_by_default(one.registration.event, now),
            user=user,
        )
        for one in new_conflicts
        if one.other is None or one.other.pk in alive
    )


def end(conflicts: Iterable[Conflict], *, now: dt.datetime) -> None:
    """Settles conflicts whose reason is gone."""
    ids = [conflict.pk for conflict in conflicts]
    if ids:
        Conflict.objects.filter(pk__in=ids, resolved_at=None).update(resolved_at=now)


def end_for_cancelled(registration_ids: Collection[int], *, now: dt.datetime) -> None:
    """Settles the conflicts of cancelled registrations; one statement."""
    about = Q(registration__in=registration_ids) | Q(other__in=registration_ids)
    Conflict.objects.filter(about, resolved_at=None).update(resolved_at=now)


def resolve(conflict_ids: Iterable[int], *, user: Any, reason: str, deadline: Deadline) -> int:
    """Settles conflicts on an organiser's word and returns their number.

    The audit log keeps who settled them and why. Locks the Seats rows of the events. A repeat is harmless.
    """
    ids = sorted(conflict_ids)
    return in_transaction(lambda: _resolve(ids, user, reason, deadline), deadline=deadline)


def _resolve(ids: list[int], user: Any, reason: str, deadline: Deadline) -> int:
    rows = Conflict.objects.filter(pk__in=ids)
    deadline.limit_locks()
    Seats.objects.locked(rows.values_list("registration__event", flat=True))
    now = database_now()
    conflicts = list(
        rows.filter(resolved_at=None).order_by("pk").select_for_update(no_key=True, of=("self",))
    )
    end(conflicts, now=now)
    for conflict in conflicts:
        audit_log.record(conflict, what=SETTLED, now=now, user=user, reason=reason)
    return len(conflicts)


def conflicts_of(registrations: Iterable[int]) -> Mapping[int, list[Conflict]]:
    """The open conflicts of each of these registrations, by id; one query. A clash is listed for both sides."""
    ids = set(registrations)
    found: dict[int, list[Conflict]] = defaultdict(list)
    about = Q(registration__in=ids) | Q(other__in=ids)
    rows = Conflict.objects.filter(about, resolved_at=None).order_by("choose_by", "pk")
    for conflict in rows.select_related("registration__event", "other__event") if ids else ():
        for pk in ids & {conflict.registration_id, conflict.other_id}:
            found[pk].append(conflict)
    return found


def counterpart(conflict: Conflict, registration_id: int) -> Event | None:
    """The event that this registration clashes with."""
    if conflict.other is None:
        return None
    other = conflict.registration if conflict.registration_id != registration_id else conflict.other
    return other.event


def sentence(conflict: Conflict, registration_id: int) -> str:
    """What the student reads: the problem, that nothing is lost yet, and until when to choose.

    Needs a conflict from `conflicts_of` and the fest's time zone.
    """
    words = {"by": exact_moment(conflict.choose_by), "event": conflict.registration.event.name}
    if other := counterpart(conflict, registration_id):
        words |= {
            "other": other.name,
            "start": exact_moment(other.starts_at),
            "end": exact_time(other.ends_at),
        }
        return (
            _(
                "This is now at the same time as %(other)s (%(start)s to %(end)s). "
                "You keep both for now. Choose one, and cancel the other by %(by)s."
            )
            % words
        )
    grades = conflict.registration.event.grades_text
    return _(
        "The grades were changed: %(event)s is now for %(grades)s. You keep your registration for now. "
        "Cancel it by %(by)s, or write to the organisers if you want to stay."
    ) % (words | {"grades": grades.lower()})


def short(conflict: Conflict, registration_id: int) -> str:
    """The same in a few words, for a row of a list."""
    other = counterpart(conflict, registration_id)
    if other is None:
        words = _("no longer for this grade, to be decided by %(by)s")
        return words % {"by": exact_moment(conflict.choose_by)}
    words = _("clashes with %(other)s, to be decided by %(by)s")
    return words % {"other": other.name, "by": exact_moment(conflict.choose_by)}
