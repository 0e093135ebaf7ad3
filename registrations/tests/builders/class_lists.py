"""Class lists as drafts and jobs, built without the pages."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from events.models import Event, Fest
from registrations.class_lists import jobs
from registrations.class_lists.confirm import confirm
from registrations.class_lists.forecast import Forecast, forecast
from registrations.class_lists.parse import read_draft
from registrations.models import (
    ClassList,
    ClassListEntry,
    ClassListJob,
    ClassListRow,
    School,
    Submission,
    Teacher,
)
from registrations.students.consents import current_text
from registrations.tests.builders import build_teacher as build_named

TITLES = ("name", "grade", "section", "roll_number", "email", "events")


def build_teacher(school: School | None = None, *, name: str = "Meera Rao") -> Teacher:
    """An approved teacher at the default school."""
    given, _, family = name.partition(" ")
    login = f"{given.lower()}.{family.lower()}@school.example"
    known = Teacher.objects.filter(user__username=login).first()
    return known or build_named(school, username=login, email=login, first_name=given, last_name=family)


def row(
    name: str, *events: Event, grade: int = 7, section: str = "", roll: str = "", email: str = ""
) -> list[str]:
    """Return the cells of one student."""
    return [name, str(grade), section, roll, email, "; ".join(event.name for event in events)]


def build_list(
    fest: Fest, rows: Sequence[Sequence[str]], *, teacher: Teacher | None = None, **values: Any
) -> ClassList:
    """A draft with these rows, numbered from 2 as below a title row."""
    teacher = teacher or build_teacher()
    columns = [[title.replace("_", " ").capitalize(), title, ""] for title in TITLES]
    defaults = {"title": "7 B.xlsx", "digest": b"", "columns": columns, "owner": teacher.user}
    class_list = ClassList.objects.create(fest=fest, school=teacher.school, **(defaults | values))
    ClassListRow.objects.bulk_create(
        ClassListRow(class_list=class_list, number=number, cells=list(cells))
        for number, cells in enumerate(rows, 2)
    )
    return class_list


def pupils(many: int, *events: Event, start: int = 1, **values: Any) -> list[list[str]]:
    """Return rows of students whose names differ in more than one character."""
    words = ("Asha", "Bilal", "Chen", "Divya", "Esther", "Farid", "Gita", "Harsh", "Indira", "Jonas")
    numbers = range(start, start + many)
    return [
        row(f"{words[n % 10]} {words[n // 10 % 10]} {words[n // 100 % 10]} {n}", *events, **values)
        for n in numbers
    ]


def forecast_of(class_list: ClassList, **values: Any) -> Forecast:
    return forecast(class_list, read_draft(class_list).listing, **values)


def confirmed(
    class_list: ClassList,
    *,
    key: uuid.UUID | None = None,
    is_all_or_none: bool = False,
    wants_waiting: bool = True,
    user: Any = None,
) -> ClassListJob:
    return confirm(
        class_list,
        key=key or Submission.new_key(),
        user=user or class_list.owner,
        consent_text=current_text(class_list.fest),
        is_all_or_none=is_all_or_none,
        wants_waiting=wants_waiting,
    )


def registered(class_list: ClassList, **values: Any) -> ClassListJob:
    """Confirm the list and run the worker."""
    job = confirmed(class_list, **values)
    jobs.run_due()
    job.refresh_from_db()
    return job


def seat_results(class_list: ClassList) -> list[str]:
    """Return what each entry came to, in row order: the state of a new registration, or the reason."""
    entries = ClassListEntry.objects.filter(row__class_list=class_list).select_related("registration")
    return [
        entry.registration.state if entry.is_new and entry.registration else entry.reason
        for entry in entries.order_by("row__number", "pk")
    ]


def run_many(many: Iterable[ClassListJob]) -> None:
    """Run as many jobs as given, in the worker's order."""
    for _job in many:
        jobs.run_due()
