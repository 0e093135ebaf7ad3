"""The progress and the result of a job, and the rows of a list that still need work."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from registrations.booking.waitlist import with_number
from registrations.class_lists.identify import match
from registrations.class_lists.messages import explain_doubtful_match, explain_refusal
from registrations.class_lists.parse import Draft, read_draft, stored_header
from registrations.models import ClassList, ClassListEntry, ClassListJob, ClassListRow, Registration, Teacher
from registrations.spreadsheets.full_name import full_name
from registrations.spreadsheets.headers import cells_by_meaning
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.sheet import Row
from registrations.students.names import clean_text

REGISTERED, WAITING, ALREADY, CANCELLED, REFUSED, KEPT = (
    "registered",
    "waiting",
    "already",
    "cancelled",
    "refused",
    "kept",
)
_STATES = {
    Registration.State.CONFIRMED: REGISTERED,
    Registration.State.WAITING: WAITING,
    Registration.State.CANCELLED: CANCELLED,
}


@dataclass(frozen=True, slots=True)
class EventResult:
    """One event of a row: its outcome, the rank on the waiting list, or the reason of a refusal."""

    event: str
    outcome: str
    number: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row. Its best outcome counts, so that the counts of a job add up to its rows."""

    number: int
    name: str
    grade: str
    events: tuple[EventResult, ...]
    outcome: str
    words: str = ""


@dataclass(frozen=True)
class Result:
    """The rows of a finished job in their order."""

    job: ClassListJob
    rows: Sequence[RowResult]

    @cached_property
    def counts(self) -> Counter[str]:
        """Rows by outcome: registered + waiting + already + cancelled + refused + kept = all rows."""
        return Counter(row.outcome for row in self.rows)


def result_of(job: ClassListJob) -> Result:
    """Return the result of a finished job; the number of queries does not grow with the rows."""
    rows = list(job.rows.order_by("number").select_related("student"))
    entries = _entries_of(rows)
    reader = _Reader(job.class_list)
    return Result(job, [_row(row, reader, entries[row.pk]) for row in rows])


class _Reader:
    """Reads name and grade of a row: from its student, or from its cells if it has none."""

    def __init__(self, class_list: ClassList) -> None:
        self.columns = stored_header(class_list).columns

    def name(self, row: ClassListRow) -> str:
        return row.student.name if row.student else clean_text(full_name(self._cells(row)))

    def grade(self, row: ClassListRow) -> str:
        if row.student:
            return f"{row.student.grade} {row.student.section}".strip()
        return clean_text(self._cells(row).get(Meaning.GRADE, ""))

    def _cells(self, row: ClassListRow) -> dict[Meaning, str]:
        return cells_by_meaning(Row(row.number, tuple(row.cells)), self.columns)


def _entries_of(rows: Iterable[ClassListRow]) -> Mapping[int, list[EventResult]]:
    entries = ClassListEntry.objects.filter(row__in=[row.pk for row in rows]).select_related(
        "event__fest", "other"
    )
    found = list(entries.order_by("row", "event__starts_at", "pk"))
    numbered = with_number(
        Registration.objects.filter(pk__in=[one.registration_id for one in found if one.registration_id])
    )
    registrations = {one.pk: one for one in numbered}
    results: dict[int, list[EventResult]] = defaultdict(list)
    for entry in found:
        results[entry.row_id].append(_entry(entry, registrations.get(entry.registration_id or 0)))
    return results


def _entry(entry: ClassListEntry, registration: Registration | None) -> EventResult:
    name = entry.event.name
    if entry.is_new:
        state = registration.state if registration else Registration.State.CANCELLED
        number = registration.number if registration and state == Registration.State.WAITING else 0
        return EventResult(name, _STATES[Registration.State(state)], number)
    outcome = ALREADY if entry.reason == "already" else REFUSED
    return EventResult(name, outcome, words=explain_refusal(entry.reason, entry.event, entry.other))


def _row(row: ClassListRow, reader: _Reader, events: Sequence[EventResult]) -> RowResult:
    outcomes = {one.outcome for one in events}
    ranked = (REGISTERED, WAITING, ALREADY, CANCELLED, REFUSED)
    words = ""
    if row.done_at is None and not outcomes:
        outcome, words = KEPT, _("not registered, still in the draft")
    else:
        outcome = next((one for one in ranked if one in outcomes), REFUSED)
        if not events:
            words = _("this row can no longer be read")
    return RowResult(row.number, reader.name(row), reader.grade(row), tuple(events), outcome, words)


def problem_table(
    class_list: ClassList, *, includes_refused: bool = True
) -> tuple[list[str], list[list[str]]]:
    """Return the titles, the rows that still need work, and a last column that says what is wrong with each.

    These are the rows with errors, those with a doubtful match and, with `includes_refused`, those that registration
    refused. Corrected and uploaded again, the file is read as any other class list.
    """
    draft = read_draft(class_list)
    kept = [column for column in draft.header.columns if column.meaning != Meaning.PROBLEM]
    rows = {row.number: row for row in class_list.rows.filter(is_left_out=False)}
    words = _problem_words(draft, rows, includes_refused=includes_refused)
    table = [
        [*(rows[number].cell(column.position) for column in kept), " ".join(words[number])]
        for number in sorted(words)
    ]
    return [*(column.title for column in kept), _("Problem")], table


def _problem_words(
    draft: Draft, rows: Mapping[int, ClassListRow], *, includes_refused: bool
) -> dict[int, list[str]]:
    words: dict[int, list[str]] = defaultdict(list)
    with_errors = draft.listing.rows_with_errors
    for problem in draft.listing.problems:
        if problem.row in with_errors and problem.row in rows and rows[problem.row].done_at is None:
            words[problem.row].append(problem.text)
    class_list = draft.class_list
    open_rows = [one for one in draft.listing.ready if one.row in rows and rows[one.row].done_at is None]
    found = match(open_rows, fest_id=class_list.fest_id, school_id=class_list.school_id)
    for number, one in found.items():
        if one.is_doubtful:
            words[number].append(explain_doubtful_match(one))
    if not includes_refused:
        return dict(words)
    numbers = {row.pk: row.number for row in rows.values()}
    for pk, events in _entries_of(rows.values()).items():
        words[numbers[pk]] += [f"{one.event}: {one.words}." for one in events if one.outcome == REFUSED]
    return {number: texts for number, texts in words.items() if texts}


MAX_SHOWN = 12
"""Jobs on the page of all lists."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of a job's rows are done. A job of all or none has no steps in between."""

    done: int
    total: int
    ahead: int
    """The number of jobs that come first."""


def progress_of(job: ClassListJob) -> Progress:
    counted = job.rows.aggregate(total=Count("pk"), done=Count("done_at"))
    ahead = ClassListJob.objects.filter(finished_at=None, created_at__lt=job.created_at)
    return Progress(counted["done"], counted["total"], 0 if job.claimed_at else ahead.count())


def jobs_of(teacher: Teacher) -> QuerySet[ClassListJob]:
    """Return the newest jobs of the teacher's school in the current fest, each with `rows_in_all`."""
    rows = ClassListJob.objects.filter(
        class_list__school=teacher.school_id, class_list__fest__is_current=True
    )
    counted = rows.annotate(rows_in_all=Count("rows")).select_related("class_list", "requested_by")
    return counted.order_by("-created_at", "-pk")[:MAX_SHOWN]
