"""A class list that was read and judged row by row, before anything of it is kept or registered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from events.models import Event, Fest
from registrations.class_lists.infer_columns import guessed_header
from registrations.spreadsheets.headers import Header, header_of
from registrations.spreadsheets.rows import listing_of
from registrations.spreadsheets.sheet import Sheet
from registrations.spreadsheets.students import Listing


def events_offered(fest: Fest) -> dict[str, str]:
    """The events that a class list of this fest may name, slug -> name, in the order of their times."""
    events = Event.objects.published().filter(fest=fest).order_by("starts_at", "name", "pk")
    return dict(events.values_list("slug", "name"))


@dataclass(frozen=True, slots=True)
class CheckedList:
    """The sheet, how its columns were understood, and all problems of all rows."""

    sheet: Sheet
    header: Header
    listing: Listing
    events: dict[str, str]

    def only(self, numbers: Collection[int]) -> "CheckedList":
        """The rows of these numbers, with what was found about them among all."""
        rows = tuple(row for row in self.sheet.rows if row.number in numbers)
        students = tuple(student for student in self.listing.students if student.row in numbers)
        problems = tuple(problem for problem in self.listing.problems if problem.row in numbers)
        return replace(self, sheet=replace(self.sheet, rows=rows), listing=Listing(students, problems))


def checked(sheet: Sheet, fest: Fest, *, events_for_all: Sequence[str] = ()) -> CheckedList:
    """The list as it is read for this fest: one query, nothing is written. Raises `FileRefused`.

    `events_for_all` are the slugs for rows that name no event. Columns without known titles are inferred from
    what they hold, so show the teacher how they are read. Without a column of names or grades there are no
    students yet, and `header.problem` says what is missing.
    """
    events = events_offered(fest)
    header = header_of(sheet, events.values())
    if header.problem:
        header = guessed_header(sheet, header, grades=fest.grades, events=events)
    listing = Listing(())
    if not header.problem:
        listing = listing_of(sheet, header, grades=fest.grades, events=events, events_for_all=events_for_all)
    return CheckedList(sheet, header, listing, events)
