"""The schools that take part, the largest by name."""

from dataclasses import dataclass

from django.db.models import Count

from events.models import Fest
from registrations.models import School, Student
from tickets.dashboard.visibility import Viewer, list_path

LARGEST = 5
"""Schools listed by name."""


@dataclass(frozen=True, slots=True)
class Sender:
    name: str
    students: int
    path: str


@dataclass(frozen=True, slots=True)
class Schools:
    count: int
    students: int
    largest: list[Sender]
    path: str


def schools(viewer: Viewer, fest: Fest) -> Schools | None:
    """Return the schools in two queries, for owners; `None` if there are none. Erased students do not count."""
    students = viewer.rows(Student)
    if students is None or not viewer.is_owner:
        return None
    known = students.known().filter(fest=fest)  # type: ignore[attr-defined]  # of StudentQuerySet
    sizes = dict(known.values_list("school").annotate(count=Count("pk")))
    largest = sorted(sizes, key=lambda pk: (-sizes[pk], pk))[:LARGEST]
    names = dict(School.objects.filter(pk__in=largest).values_list("pk", "name"))
    if not sizes:
        return None
    return Schools(
        len(sizes),
        sum(sizes.values()),
        [Sender(names[pk], sizes[pk], list_path(Student, school__id__exact=pk)) for pk in largest],
        list_path(School),
    )
