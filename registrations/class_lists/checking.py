"""A class list that was read and judged row by row, before anything of it is kept or registered."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event, Fest
from registrations.class_lists.infer_columns import guessed_header
from registrations.spreadsheets.headers import Header, Meaning, header_of
from registrations.spreadsheets.rows import listing_of
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.spreadsheets.students import ListedStudent, Listing, Problem
from registrations.students.names import clean_text

MAX_CARRIED = 200_000
"""Signs that a page carries to its download; Django takes 256 KiB of fields from a form."""
_SALT = "registrations.classlists.problem_rows"
_CARRIED_SECONDS = 24 * 3600


def events_offered(fest: Fest) -> dict[str, str]:
    """The events that a class list of this fest may name, slug -> name, in the order of their times."""
    events = Event.objects.published().filter(fest=fest).order_by("starts_at", "name", "pk")
    return dict(events.values_list("slug", "name"))


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row somebody has to look at: its text as it stood in the sheet, and what is wrong or odd about it."""

    number: int
    name: str
    grade: str
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ReadyRow:
    """A student whose row has no error, with the events by name."""

    student: ListedStudent
    events: tuple[str, ...]


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

    @property
    def summary(self) -> str:
        """The counts in one line; they add up."""
        total, ready = len(self.listing.students), len(self.listing.ready)
        rows = ngettext("%(count)d row", "%(count)d rows", total) % {"count": total}
        words = ngettext(
            "%(rows)s: %(ready)d ready, %(bad)d needs fixing",
            "%(rows)s: %(ready)d ready, %(bad)d need fixing",
            total - ready,
        )
        return words % {"rows": rows, "ready": ready, "bad": total - ready}

    @property
    def rows_to_fix(self) -> list[CheckedRow]:
        """The rows with an error, in the order of the sheet."""
        return [row for row in self._rows_to_see() if row.errors]

    @property
    def rows_to_check(self) -> list[CheckedRow]:
        """The rows that are ready, but look odd."""
        return [row for row in self._rows_to_see() if not row.errors]

    @property
    def rows_ready(self) -> list[ReadyRow]:
        """The students whose rows have no error, in the order of the sheet."""
        names = self.events
        return [ReadyRow(one, tuple(names[slug] for slug in one.events)) for one in self.listing.ready]

    @property
    def problem_table(self) -> tuple[list[str], list[list[str]]]:
        """Titles and rows with an error as they stood in the sheet, and a last column that says what is wrong."""
        kept = [column for column in self.header.columns if column.meaning != Meaning.PROBLEM]
        texts = {row.number: row for row in self.sheet.rows}
        rows = [
            [*(texts[row.number].cell(column.position) for column in kept), _words(row)]
            for row in self.rows_to_fix
        ]
        return [*(column.title for column in kept), _("Problem")], rows

    def _rows_to_see(self) -> list[CheckedRow]:
        problems: dict[int, list[Problem]] = defaultdict(list)
        for problem in self.listing.problems:
            problems[problem.row].append(problem)
        return [self._row(row, problems[row.number]) for row in self.sheet.rows if row.number in problems]

    def _row(self, row: Row, problems: list[Problem]) -> CheckedRow:
        return CheckedRow(
            row.number,
            self._text(row, Meaning.NAME),
            self._text(row, Meaning.GRADE),
            tuple(problem for problem in problems if problem.is_error),
            tuple(problem for problem in problems if not problem.is_error),
        )

    def _text(self, row: Row, meaning: Meaning) -> str:
        texts = (row.cell(column.position) for column in self.header.columns if column.meaning == meaning)
        return clean_text(next(texts, ""))[:100]


def checked(
    sheet: Sheet, fest: Fest, *, events_for_all: Sequence[str] = (), may_guess: bool = False
) -> CheckedList:
    """The list as it would be read for this fest; one query, nothing is written. Raises FileRefused.

    `events_for_all` are slugs, for the rows that name no event. Columns without known titles are guessed by what
    they hold, if that `may` be: then somebody must be shown how they are read.
    A sheet without a column of names or grades has no rows yet: `header.problem` says what is missing.
    """
    events = events_offered(fest)
    header = header_of(sheet, events.values())
    if header.problem and may_guess:
        header = guessed_header(sheet, header, grades=fest.grades, events=events)
    listing = Listing(())
    if not header.problem:
        listing = listing_of(sheet, header, grades=fest.grades, events=events, events_for_all=events_for_all)
    return CheckedList(sheet, header, listing, events)


def carried(found: CheckedList) -> str:
    """The problem table as one signed text that a page carries, empty if it is too long for a form."""
    text = signing.dumps(found.problem_table, salt=_SALT, compress=True)
    return text if len(text) <= MAX_CARRIED else ""


def uncarried(text: str) -> tuple[list[str], list[list[str]]]:
    """The table that a page of ours carried. Raises signing.BadSignature, also a day later."""
    titles, rows = signing.loads(text, salt=_SALT, max_age=_CARRIED_SECONDS)
    return titles, rows


def _words(row: CheckedRow) -> str:
    return " ".join(problem.text for problem in (*row.errors, *row.warnings))
