"""Purge a fest: some days after it all its students are erased, and only the totals stay."""

import datetime as dt
import logging
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from events.models import Event, Fest
from registrations.models import (
    Change,
    ClassList,
    ClassListJob,
    ClassListRow,
    Purge,
    Registration,
    School,
    Student,
)
from registrations.privacy.erase import erase
from registrations.privacy.purge_schedule import (
    Schedule,
    announce_due,
    describe_state,
    has_names_left,
    schedules,
)
from registrations.privacy.redact import delete_empty_lists, erasing
from registrations.signals import fest_purged, registrations_counted
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from techfest.core.folding import fold

logger = logging.getLogger(__name__)

State = Registration.State
REASON = "purge"
"""The reason that the erasures of a purge record."""
CHUNK_SIZE = 25
"""Students per transaction: small, so that locks delay registrations for other fests only briefly."""
LOCK_WAIT_SECONDS = 20.0
"""Seconds that one chunk may wait for locks."""
BUDGET_SECONDS = 10.0
"""Seconds of one run; the next run continues."""


class NotDue(Exception):
    """The fest still needs its personal data, or the owners were not notified early enough."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the personal data of a fest is erased, and how much of it there is."""

    schedule: Schedule
    is_due: bool
    state: str
    students: int
    erased_count: int
    registrations: int
    class_lists: int
    last: Purge | None

    @property
    def fest(self) -> Fest:
        return self.schedule.fest

    @property
    def is_done(self) -> bool:
        """Whether a purge was made and no student is left."""
        return self.last is not None and not self.students


def forecasts(*, now: dt.datetime, slug: str = "") -> list[Forecast]:
    """Return every fest, or only the one with this slug, the next purge first. Always seven queries."""
    fests = Fest.objects.filter(slug=slug) if slug else Fest.objects.all()
    students = _counts(Student.objects.known())
    erased_count = _counts(Student.objects.filter(erased_at__isnull=False))
    registrations = _counts(Registration.objects.filter(student__erased_at=None), through="student__fest")
    lists = _counts(ClassList.objects.all())
    last = {purge.fest_id: purge for purge in Purge.objects.order_by("at", "pk")}
    found = [
        Forecast(
            schedule,
            schedule.is_due(now),
            describe_state(schedule, now),
            students.get(schedule.fest.pk, 0),
            erased_count.get(schedule.fest.pk, 0),
            registrations.get(schedule.fest.pk, 0),
            lists.get(schedule.fest.pk, 0),
            last.get(schedule.fest.pk),
        )
        for schedule in schedules(fests)
    ]
    return sorted(found, key=lambda one: (one.schedule.purges_at, one.fest.pk))


def _counts(rows: Any, *, through: str = "fest") -> dict[int, int]:
    return dict(rows.order_by().values_list(through).annotate(count=Count("pk")))


def purge_due(*, budget: float = BUDGET_SECONDS) -> int:
    """Announce the purges of the coming week and carry out those that are due; return how many students were erased.

    Works for at most `budget` seconds. It may be stopped at any moment and continues at the next call.
    """
    announce_due()
    ends, erased = time.monotonic() + budget, 0
    now = database_now()
    for schedule in schedules(Fest.objects.order_by("ends_on", "pk")):
        if schedule.is_due(now) and has_names_left(schedule.fest):
            erased += purge(schedule.fest, until=ends)
    return erased


def purge(fest: Fest, *, until: float | None = None, user: Any = None) -> int:
    """Erase all students of the fest in chunks, then its class lists and remaining text; return how many students.

    Schools and accounts stay. Stops after the chunk in which `until` (monotonic time) is reached. The last run writes
    the Purge row, whose report holds totals and no names. Each chunk checks under its own locks that the purge is
    still due, so a change of the fest's dates stops it at once.
    """
    erased = 0
    try:
        while ids := list(
            Student.objects.known().filter(fest=fest).order_by("pk").values_list("pk", flat=True)[:CHUNK_SIZE]
        ):
            guard = partial(require_due, fest.pk)
            erase(ids, deadline=Deadline(LOCK_WAIT_SECONDS), user=user, reason=REASON, guard=guard)
            erased += len(ids)
            if until is not None and time.monotonic() >= until:
                return erased
        _finish(fest, user)
    except NotDue:
        logger.warning("The purge of %s has stopped: it is no longer due.", fest.slug)
    return erased


def require_due(fest_id: int) -> None:
    """Raise `NotDue` unless the purge is due now. Its dates cannot change before the commit.

    Needs a transaction. Events whose Seats rows are locked by the caller cannot move either.
    """
    fest = Fest.objects.select_for_update(no_key=True).get(pk=fest_id)
    if not schedules([fest])[0].is_due(database_now()):
        raise NotDue


@transaction.atomic
def _finish(fest: Fest, user: Any) -> None:
    """Write the report once: concurrent runs wait for one another at the lock of the fest."""
    require_due(fest.pk)
    now = database_now()
    last = fest.purges.order_by("-at").first()
    since = Student.objects.filter(fest=fest, erased_at__gt=last.at) if last else None
    if since is not None and not since.exists():
        return
    _empty_class_lists(fest)
    with erasing():
        Change.objects.filter(registration__event__fest=fest).exclude(reason="").update(reason="")
        fest_purged.send(sender=Fest, fest=fest, now=now)
    students = (since if since is not None else Student.objects.filter(fest=fest)).count()
    Purge.objects.create(fest=fest, at=now, user=user, students=students, report=report_of(fest))


def _empty_class_lists(fest: Fest) -> None:
    """Empty registered class list rows, delete all other rows, and clear file names."""
    lists = ClassList.objects.filter(fest=fest)
    rows = ClassListRow.objects.filter(class_list__in=lists)
    rows.filter(done_at=None).delete()
    rows.update(cells=[])
    lists.update(title="", sheet="", other_sheets=[], columns=[])
    ClassListJob.objects.filter(class_list__in=lists).update(error="")
    delete_empty_lists(lists.values_list("pk", flat=True))


def report_of(fest: Fest) -> dict[str, Any]:
    """Return the totals that stay: by event, and by school and grade."""
    came_in = _check_ins(fest)
    counted = {
        "registered": Count("registrations", Q(registrations__state=State.CONFIRMED)),
        "waiting": Count("registrations", Q(registrations__state=State.WAITING)),
        "cancelled": Count("registrations", Q(registrations__state=State.CANCELLED)),
    }
    events = Event.objects.filter(fest=fest).annotate(**counted).order_by("starts_at", "pk")
    groups = Student.objects.filter(fest=fest).values("school", "grade").annotate(count=Count("pk"))
    names = dict(School.objects.values_list("pk", "name"))
    schools = [(names[row["school"]], row["grade"], row["count"]) for row in groups.order_by()]
    schools.sort(key=lambda one: (fold(one[0]), one))
    return {
        "events": [
            {
                "event": event.name,
                **{name: getattr(event, name) for name in counted},
                "came_in": came_in.get(event.pk, 0),
            }
            for event in events
        ],
        "schools": [
            {"school": school, "grade": grade, "students": count} for school, grade, count in schools
        ],
    }


def _check_ins(fest: Fest) -> dict[int, int]:
    """Return the number of check-ins by event, as the receivers of the signal count them."""
    answers: list[tuple[Any, Any]] = registrations_counted.send(sender=Fest, fest=fest)
    return {event: count for _receiver, counts in answers for event, count in counts.items()}
