"""The end of a fest's names: some days after it everybody is erased, and only the sums stay."""

import datetime as dt
import time
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from events.clock import database_now
from events.models import Event, Fest
from registrations.locking import Deadline
from registrations.minors.erasing import erase
from registrations.minors.lists import drop_empty
from registrations.minors.shells import erasing
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
from registrations.signals import fest_purged, registrations_counted

State = Registration.State
REASON = "purge"
"""What the erasures of a purge say as their reason."""
CHUNK = 25
"""Students in one transaction; their events' locks hold clicks on another fest up as little as that."""
PATIENCE = 20.0
"""Seconds that one chunk may wait for locks: nobody looks at it."""
BUDGET = 60.0
"""Seconds of one run; the next one goes on where it stopped."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A fest, when its names go, and how many there are still; `gone` were erased before."""

    fest: Fest
    at: dt.datetime
    is_due: bool
    students: int
    gone: int
    registrations: int
    class_lists: int
    last: Purge | None


def purges_at(fest: Fest) -> dt.datetime:
    """The midnight, in the fest's zone, after which no name of it is needed any more."""
    day = fest.ends_on + dt.timedelta(days=fest.retention_days + 1)
    return dt.datetime.combine(day, dt.time(), fest.zone)


def forecasts(*, now: dt.datetime, slug: str = "") -> list[Forecast]:
    """Every fest, or the one, the next to go first; five queries, however many fests."""
    fests = Fest.objects.filter(slug=slug) if slug else Fest.objects.all()
    students = _counts(Student.objects.known())
    gone = _counts(Student.objects.filter(erased_at__isnull=False))
    registrations = _counts(Registration.objects.filter(student__erased_at=None), through="student__fest")
    lists = _counts(ClassList.objects.all())
    last = {purge.fest_id: purge for purge in Purge.objects.order_by("at", "pk")}
    found = [
        Forecast(
            fest,
            purges_at(fest),
            now >= purges_at(fest),
            students.get(fest.pk, 0),
            gone.get(fest.pk, 0),
            registrations.get(fest.pk, 0),
            lists.get(fest.pk, 0),
            last.get(fest.pk),
        )
        for fest in fests
    ]
    return sorted(found, key=lambda one: (one.at, one.fest.pk))


def _counts(rows: Any, *, through: str = "fest") -> dict[int, int]:
    return dict(rows.order_by().values_list(through).annotate(count=Count("pk")))


def purge_due(*, budget: float = BUDGET) -> int:
    """Purges every fest whose time has come, for so many seconds at most; how many people were erased.

    It can be stopped and begun anew at any moment: whoever is erased stays so, and the report is written when
    nobody is left.
    """
    ends, erased = time.monotonic() + budget, 0
    for fest in Fest.objects.order_by("ends_on", "pk"):
        if database_now() >= purges_at(fest) and _is_left(fest):
            erased += purge(fest, until=ends)
    return erased


def _is_left(fest: Fest) -> bool:
    return Student.objects.known().filter(fest=fest).exists() or not fest.purges.exists()


def purge(fest: Fest, *, until: float | None = None, user: Any = None) -> int:
    """Erases everybody of the fest, chunk by chunk, and then what is left of the fest's lists and words.

    Schools and accounts stay. Stops after the chunk at which `until` (monotonic) is reached; the last run
    writes the Purge row, whose report holds sums and no name. Returns how many people this run erased.
    """
    erased = 0
    while ids := list(
        Student.objects.known().filter(fest=fest).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        erase(ids, deadline=Deadline(PATIENCE), user=user, reason=REASON)
        erased += len(ids)
        if until is not None and time.monotonic() >= until:
            return erased
    _finish(fest, user)
    return erased


@transaction.atomic
def _finish(fest: Fest, user: Any) -> None:
    """Once: two runs at one time come one after the other, since both lock the fest."""
    Fest.objects.select_for_update(no_key=True).get(pk=fest.pk)
    now = database_now()
    last = fest.purges.order_by("-at").first()
    since = Student.objects.filter(fest=fest, erased_at__gt=last.at) if last else None
    if since is not None and not since.exists():
        return
    _forget_lists(fest)
    with erasing():
        Change.objects.filter(registration__event__fest=fest).exclude(reason="").update(reason="")
        fest_purged.send(sender=Fest, fest=fest, now=now)
    students = (since if since is not None else Student.objects.filter(fest=fest)).count()
    Purge.objects.create(fest=fest, at=now, user=user, students=students, report=report_of(fest))


def _forget_lists(fest: Fest) -> None:
    """Rows that came to something stay as numbers, all others go, and the names of the files."""
    lists = ClassList.objects.filter(fest=fest)
    rows = ClassListRow.objects.filter(class_list__in=lists)
    rows.filter(done_at=None).delete()
    rows.update(cells=[])
    lists.update(title="", sheet="", other_sheets=[], columns=[])
    ClassListJob.objects.filter(class_list__in=lists).update(error="")
    drop_empty(lists.values_list("pk", flat=True))


def report_of(fest: Fest) -> dict[str, Any]:
    """The sums that stay: by event, and by school and grade. Counted from the rows, whoever is still in them."""
    came_in = _came_in(fest)
    counted = {
        "registered": Count("registrations", Q(registrations__state__in=(State.CONFIRMED, State.OFFERED))),
        "waiting": Count("registrations", Q(registrations__state=State.WAITING)),
        "cancelled": Count("registrations", Q(registrations__state=State.CANCELLED)),
    }
    events = Event.objects.filter(fest=fest).annotate(**counted).order_by("starts_at", "pk")
    groups = Student.objects.filter(fest=fest).values("school", "grade").annotate(count=Count("pk"))
    names = dict(School.objects.values_list("pk", "name"))
    schools = sorted((names[row["school"]], row["grade"], row["count"]) for row in groups.order_by())
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


def _came_in(fest: Fest) -> dict[int, int]:
    """How many came in, by event; the door is in a room above, which answers for itself."""
    answers: list[tuple[Any, Any]] = registrations_counted.send(sender=Fest, fest=fest)
    return {event: count for _receiver, counts in answers for event, count in counts.items()}
