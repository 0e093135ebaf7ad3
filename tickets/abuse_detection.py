"""Registrations that look like one person's work: nobody is refused, an organiser is asked to look.

Somebody may send the public form by a program, with names that nobody has, until an event's seats are gone. A
click is never slowed down by asking who it is; instead the last minutes are looked at once a minute. What rings
is the harm: most of one event's registrations, and as many as half of its seats, came from one school, from
schools that nobody has accepted yet, or from one mailbox. A whole school that presses at once may ring as well;
the alert only says so, and its list is where the registrations are cancelled together if they are nobody's.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import starmap
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Max
from django.utils.translation import gettext as _

from registrations.models import Change, Registration, School
from registrations.students.names import mailbox_key
from tickets import alerts
from tickets.models import Alert

SPAN = dt.timedelta(minutes=10)
"""What is looked at: a bot is through within a minute, a person who types has five."""
MIN_REGISTRATIONS = 20
"""Registrations of one kind for one event; fewer are friends who sit together."""
SHARE = 0.6
"""Of what the event got within `SPAN`. Where several schools press, none has as much."""
OF_ONE_MAILBOX = 10
"""Students of one mailbox for one event: more than any family has, fewer than a class."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Registrations of one event that have something in common; `filters` list them at the desk."""

    subject: str
    filters: str
    count: int
    last_at: dt.datetime


class _Row(NamedTuple):
    """One registration that the public form made: what it may have in common with others."""

    at: dt.datetime
    event: int
    event_name: str
    seats: int
    student: int
    school: int
    school_name: str
    school_state: str
    email: str

    @property
    def is_accepted(self) -> bool:
        return self.school_state == School.State.ACCEPTED

    @property
    def mailbox(self) -> str:
        return mailbox_key(self.email) if self.email else ""


def watch(*, now: dt.datetime) -> int:
    """Rings for every cluster of the last minutes; for how many. An alert counts the most that were there at once.

    One that an organiser has seen rings anew only where registrations came after that. Two queries, and one a
    ring.
    """
    found = clusters(now=now)
    seen = Alert.objects.filter(kind=Alert.Kind.CLUSTER, subject__in=[one.subject for one in found])
    seen_at = dict(seen.filter(seen_at__gt=now - SPAN).values_list("subject").annotate(Max("seen_at")))
    new = [one for one in found if one.subject not in seen_at or one.last_at > seen_at[one.subject]]
    for one in new:
        alerts.raise_alert(Alert.Kind.CLUSTER, one.subject, count=one.count, filters=one.filters)
    return len(new)


def clusters(*, now: dt.datetime) -> list[Cluster]:
    """What looks odd in the last minutes, by event."""
    by_event: dict[int, list[_Row]] = defaultdict(list)
    for row in _recent(now - SPAN):
        by_event[row.event].append(row)
    return [one for rows in by_event.values() for one in _clusters_of(rows)]


def _recent(since: dt.datetime) -> Iterator[_Row]:
    """What students took by themselves and still hold; a teacher's list answers for itself."""
    rows = Change.objects.filter(
        at__gt=since,
        cause=Change.Cause.SUBMITTED,
        actor=Change.Actor.STUDENT,
        registration__event__fest__is_current=True,
    ).exclude(registration__state=Registration.State.CANCELLED)
    read = rows.values_list(
        "at",
        "registration__event",
        "registration__event__name",
        "registration__event__seats__capacity",
        "registration__student",
        "registration__student__school",
        "registration__student__school__name",
        "registration__student__school__state",
        "registration__student__email",
    )
    return starmap(_Row, read.order_by("pk"))


def _clusters_of(rows: Collection[_Row]) -> Iterator[Cluster]:
    """Those of one event."""
    first = next(iter(rows))
    many = max(MIN_REGISTRATIONS, first.seats / 2, SHARE * len(rows))
    for group in _grouped(rows, lambda row: row.school):
        if len(group) >= many:
            words = _("%(event)s: %(school)s")
            said = words % {"event": first.event_name, "school": group[0].school_name}
            yield _cluster(said, group, student__school__id__exact=group[0].school)
    unaccepted = [row for row in rows if not row.is_accepted]
    if len(unaccepted) >= many and len({row.school for row in unaccepted}) > 1:
        words = _("%(event)s: schools that are not accepted yet")
        yield _cluster(words % {"event": first.event_name}, unaccepted, similar="unaccepted")
    for group in _grouped([row for row in rows if row.mailbox], lambda row: row.mailbox):
        if len({row.student for row in group}) >= OF_ONE_MAILBOX:
            # Not the mailbox itself, which is somebody's: the alert outlives an erasure.
            words = _("%(event)s: one mailbox, that of student %(number)d")
            said = words % {"event": first.event_name, "number": group[0].student}
            yield _cluster(said, group, similar=f"mailbox-{group[0].student}")


def _grouped(rows: Iterable[_Row], key: Callable[[_Row], Hashable]) -> Iterable[list[_Row]]:
    groups: dict[Hashable, list[_Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups.values()


def _cluster(subject: str, rows: list[_Row], **filters: object) -> Cluster:
    return Cluster(
        subject=subject[: alerts.SUBJECT],
        filters=urlencode({"event__id__exact": rows[0].event, **filters}),
        count=len(rows),
        last_at=max(row.at for row in rows),
    )
