"""The schools of a fest: how many take part, and the largest ones."""

from dataclasses import dataclass

from django.db.models import Count

from events.models import Fest
from registrations.models import School, Student
from tickets.dashboard.visibility import Viewer, list_path

LARGEST = 5


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
    pending: int
    path: str
    pending_path: str


def schools(viewer: Viewer, fest: Fest) -> Schools | None:
    """Return the schools in two queries, for owners. Students count while they are not erased."""
    students, rows = viewer.rows(Student), viewer.rows(School)
    if students is None or rows is None or not viewer.is_owner:
        return None
    counted = (
        students.known()  # type: ignore[attr-defined]  # of StudentQuerySet
        .filter(fest=fest)
        .values_list("school", "school__name")
        .annotate(count=Count("pk"))
        .order_by("-count", "school__name")
    )
    sizes = list(counted)
    largest = [
        Sender(name, count, list_path(Student, school__id__exact=pk)) for pk, name, count in sizes[:LARGEST]
    ]
    state = School.State.PENDING
    return Schools(
        count=len(sizes),
        students=sum(count for _pk, _name, count in sizes),
        largest=largest,
        pending=rows.filter(state=state).count(),
        path=list_path(School),
        pending_path=list_path(School, state__exact=state),
    )
