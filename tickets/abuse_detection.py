"""Abuse that raises an alert: many unknown codes, and clusters of registrations.

A cluster is many registrations for one event that may all come from one person. A program could submit the public
form with invented names until an event has no seats left. Submissions are not slowed down and not rejected because of
that. Instead, a task examines the last minutes once a minute and raises an alert if most of an event's registrations,
and at least half as many as it has seats, come from one school, from schools that are not accepted yet, or from one
mailbox. A whole school that registers at once may raise an alert as well. An organiser decides, and can cancel the
registrations together from their list.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import starmap
from typing import NamedTuple
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.db.models import Max
from django.http import HttpRequest
from django.utils.translation import gettext as _

from registrations.models import Change, Registration, School
from registrations.students.names import mailbox_key
from registrations.teachers.accounts_library import ratelimit
from tickets.alerts import SUBJECT, raise_alert
from tickets.models import Alert

PUBLIC_RATE = {"unknown": "100/10m/ip"}
"""Unknown codes on public pages per network address, which may be that of a whole school."""
_APP = "tickets.checkin"


def limit_unknown_codes(request: HttpRequest) -> None:
    """Counts an unknown code on a public page; answers 429 instead of the page after too many.

    Known codes are neither counted nor refused, so a school with one address never loses access to its tickets.
    """
    if ratelimit.consume(request, app=_APP, action="unknown", config=PUBLIC_RATE, key="", limit_get=True):
        return
    raise_alert(Alert.Kind.GUESSING, str(get_adapter(request).get_client_ip(request)))
    answer = ratelimit.respond_429(request)
    answer["Cache-Control"] = "no-store"
    raise ImmediateHttpResponse(answer)


SPAN = dt.timedelta(minutes=10)
"""How far back registrations are examined. A program needs a minute, a person who types about five."""
MIN_REGISTRATIONS = 20
"""The smallest cluster for one event. Friends who register together are fewer."""
SHARE = 0.6
"""The smallest share of the event's registrations within `SPAN`. If several schools register, none reaches it."""
OF_ONE_MAILBOX = 10
"""Students with one mailbox for one event: more than a family, fewer than a class."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Registrations for one event that have something in common; `filters` select them in the admin's list."""

    subject: str
    filters: str
    count: int
    last_at: dt.datetime


class _Row(NamedTuple):
    """One registration made with the public form, with what it may have in common with others."""

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
    """Raises an alert for each cluster of the last minutes; returns how many. An alert keeps its highest count.

    If an organiser has seen the alert, it is raised again only for later registrations. Two queries, and one
    more per alert.
    """
    found = clusters(now=now)
    seen = Alert.objects.filter(kind=Alert.Kind.CLUSTER, subject__in=[one.subject for one in found])
    seen_at = dict(seen.filter(seen_at__gt=now - SPAN).values_list("subject").annotate(Max("seen_at")))
    new = [one for one in found if one.subject not in seen_at or one.last_at > seen_at[one.subject]]
    for one in new:
        raise_alert(Alert.Kind.CLUSTER, one.subject, count=one.count, filters=one.filters)
    return len(new)


def clusters(*, now: dt.datetime) -> list[Cluster]:
    """The clusters of the last minutes, event by event."""
    by_event: dict[int, list[_Row]] = defaultdict(list)
    for row in _recent(now - SPAN):
        by_event[row.event].append(row)
    return [one for rows in by_event.values() for one in _clusters_of(rows)]


def _recent(since: dt.datetime) -> Iterator[_Row]:
    """Active registrations that students submitted themselves; class lists are not examined."""
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
    """The clusters among one event's registrations."""
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
            # The address itself is left out, because the alert outlives the student's erasure.
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
        subject=subject[:SUBJECT],
        filters=urlencode({"event__id__exact": rows[0].event, **filters}),
        count=len(rows),
        last_at=max(row.at for row in rows),
    )
