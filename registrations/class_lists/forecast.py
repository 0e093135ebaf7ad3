"""What registering a class list now would come to. Nothing is locked, written or promised."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.db.models import Q
from django.utils.translation import gettext as _

from events.locked_reads import read_locked_events
from events.models import Event, Seats
from registrations.booking.policy import SeatCounter, SeatRequest, SeatResult, decide_all
from registrations.class_lists.identify import Match, RowStudent, build_row_students, seat_requests_of
from registrations.class_lists.identify import match as matched
from registrations.class_lists.messages import (
    Provenance,
    describe_corrections,
    explain_doubtful_match,
    explain_refusal,
    registrations_of,
    similar_student_warning,
)
from registrations.models import ClassList, ClassListRow, Hold, Registration, Student
from registrations.spreadsheets.listing import Code, ListedStudent, Listing, Problem
from registrations.spreadsheets.meanings import Meaning
from techfest.core.db.folding import in_dictionary_order

Kind = Literal["new", "changed", "same", "known", "doubt"]
SEAT, WAIT, ALREADY = "seat", "wait", "already"
_STATES = {Registration.State.CONFIRMED.value: SEAT, Registration.State.WAITING.value: WAIT}


@dataclass(frozen=True, slots=True)
class EntryForecast:
    """One event of a row: "seat", "wait", "already" or the reason of a refusal, explained if necessary."""

    event_slug: str
    outcome: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class RowForecast:
    """One row without errors: what is new about it and what each of its events would come to."""

    row: int
    kind: Kind
    words: tuple[str, ...] = ()
    entries: tuple[EntryForecast, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def outcome(self) -> str:
        """The best outcome of the row's events; "refused" if it would obtain none or its match is doubtful."""
        outcomes = {entry.outcome for entry in self.entries}
        return next((one for one in (SEAT, WAIT, ALREADY) if one in outcomes), "refused")


@dataclass(frozen=True, slots=True)
class EventForecast:
    """One event: rows that want it, seats free now, and how these would be given."""

    event: Event
    wanted: int
    free: int
    seats: int
    waiting: int

    @property
    def refused(self) -> int:
        return self.wanted - self.seats - self.waiting


@dataclass(frozen=True)
class Forecast:
    """The rows by number, the events, and `missing`: students of the school's earlier lists who are not in this one."""

    rows: Mapping[int, RowForecast] = field(default_factory=dict)
    per_event: Sequence[EventForecast] = ()
    missing: Sequence[Student] = ()

    @property
    def doubtful(self) -> frozenset[int]:
        return frozenset(row.row for row in self.rows.values() if row.kind == "doubt")


def forecast(class_list: ClassList, listing: Listing, *, wants_waiting: bool = True) -> Forecast:
    """Forecast the rows without errors with the same decisions that `allocate` makes under its locks.

    Left-out rows are ignored. The number of queries does not grow with the rows.
    """
    of_note = class_list.rows.filter(Q(is_left_out=True) | Q(student__isnull=False))
    noted = list(of_note.values_list("number", "is_left_out", "student"))
    left_out = {number for number, is_left_out, _student in noted if is_left_out}
    listed = [student for student in listing.ready if student.row not in left_out]
    matches = matched(listed, fest_id=class_list.fest_id, school_id=class_list.school_id, looks_alike=True)
    row_students = build_row_students(class_list, listed, matches)
    for number, row_student in enumerate(row_students, 1):
        if row_student.is_new:
            # A student of several rows keeps one id; unlike stored ids it is negative.
            row_student.student.pk = min(row_student.student.pk or 0, 0) or -number
    held, provenance = registrations_of({one.student.pk for one in row_students if not one.is_new})
    seats, events = _events_of(class_list, listed)
    numbers = {row.event.slug: row.pk for row in seats}
    seat_requests = [seat_requests_of(one, numbers, wants_waiting=wants_waiting) for one in row_students]
    holds = _holds_of(class_list, seats)
    seat_results = _decide_all(seat_requests, seats, held, holds)
    writer = _Writer(class_list, provenance, events)
    rows = {
        one.listed.row: writer.row(one, found) for one, found in zip(row_students, seat_results, strict=True)
    }
    rows |= {row: writer.doubt(row, found) for row, found in matches.items() if found.is_doubtful}
    present = {found.student.pk for found in matches.values() if found.student}
    present |= {student.pk for found in matches.values() for student in found.candidates}
    present |= {student for _number, _is_left_out, student in noted if student}
    present |= {found.near.pk for found in matches.values() if found.near}
    names = {student.name_key for student in listing.students}
    return Forecast(
        dict(sorted(rows.items())),
        _per_event(seats, seat_results, holds),
        _absent_students(class_list, listed, present, names),
    )


def _holds_of(class_list: ClassList, seats: Iterable[Seats]) -> Mapping[int, list[Hold]]:
    """Return the seats held for the school by event; no query if the events have no held seats."""
    holds: dict[int, list[Hold]] = defaultdict(list)
    if events := [row.pk for row in seats if row.held]:
        for hold in Hold.objects.held().filter(event__in=events, school=class_list.school_id):
            holds[hold.event_id].append(hold)
    return holds


def _events_of(
    class_list: ClassList, listed: Iterable[ListedStudent]
) -> tuple[list[Seats], dict[str, Event]]:
    slugs = {slug for student in listed for slug in student.events}
    rows = Seats.objects.filter(event__fest=class_list.fest_id, event__slug__in=slugs)
    seats = list(rows.select_related("event").order_by("event__starts_at", "pk"))
    return seats, {row.event.slug: row.event for row in seats}


def _decide_all(
    seat_requests: list[list[SeatRequest]],
    seats: list[Seats],
    held: Mapping[int, list[Registration]],
    holds: Mapping[int, list[Hold]],
) -> list[list[SeatResult]]:
    """Decide about each row's seat requests in the order of the list."""
    events, now = read_locked_events(row.pk for row in seats)
    seat_counters = {row.pk: SeatCounter(row, _in_time(holds.get(row.pk, ()), events, now)) for row in seats}
    engaged = {pk: list(rows) for pk, rows in held.items()}
    flat = [seat_request for row in seat_requests for seat_request in row]
    seat_results = iter(
        decide_all(flat, seat_counters=seat_counters, engaged=engaged, events=events, now=now)
    )
    return [[next(seat_results) for _seat_request in row] for row in seat_requests]


def _in_time(holds: Iterable[Hold], events: Mapping[int, Event], now: datetime | None) -> Sequence[Hold]:
    """Return the holds that have not expired; the seats of the others are free for everyone."""
    kept = []
    for hold in holds:
        if now and hold.event_id in events:
            hold.event = events[hold.event_id]
            if now < hold.deadline:
                kept.append(hold)
    return kept


def _per_event(
    seats: list[Seats], seat_results: Iterable[Iterable[SeatResult]], holds: Mapping[int, list[Hold]]
) -> list[EventForecast]:
    counted: dict[int, Counter[str]] = defaultdict(Counter)
    for row in seat_results:
        for result in row:
            decision = result.decision
            counted[result.event_id][_STATES.get(decision.state, str(decision.reason))] += 1
    return [
        EventForecast(
            row.event,
            wanted=counted[row.pk].total() - counted[row.pk][ALREADY],
            free=(row.free if row.takes_newcomers else 0)
            + sum(hold.unused for hold in holds.get(row.pk, ())),
            seats=counted[row.pk][SEAT],
            waiting=counted[row.pk][WAIT],
        )
        for row in seats
        if counted[row.pk]
    ]


def _absent_students(
    class_list: ClassList, listed: Sequence[ListedStudent], present: set[int], names: set[str]
) -> list[Student]:
    """Return registered students of earlier lists who are absent from this one, for its grades and sections only.

    A list of 9 B says nothing about 9 A. A student with the name of a row that needs fixing is not missing.
    """
    groups = {(student.grade, student.section) for student in listed}
    done = ClassListRow.objects.filter(
        class_list__school=class_list.school_id, class_list__fest=class_list.fest_id, done_at__isnull=False
    )
    active = Registration.objects.active().values("student")
    students = Student.objects.filter(
        pk__in=done.values("student"), grade__in={grade for grade, _s in groups}
    )
    rows = (
        students.filter(pk__in=active)
        .exclude(pk__in=present)
        .order_by("grade", "section", *in_dictionary_order("name"), "pk")
    )
    return [
        student
        for student in rows
        if student.name_key not in names
        and ((student.grade, student.section) in groups or (student.grade, "") in groups)
    ]


@dataclass(frozen=True, slots=True)
class _Writer:
    """Explains the decisions in words."""

    class_list: ClassList
    provenance: Mapping[int, Provenance]
    events: Mapping[str, Event]

    def row(self, row_student: RowStudent, seat_results: Sequence[SeatResult]) -> RowForecast:
        pairs = zip(row_student.listed.events, seat_results, strict=True)
        entries = tuple(self._entry(slug, result) for slug, result in pairs)
        before = [self.provenance[one.before.pk] for one in seat_results if one.before and one.before.pk]
        corrections = describe_corrections(row_student.match)
        words = [*corrections]
        kind: Kind = "new" if row_student.is_new else "changed"
        if not row_student.is_new:
            words += dict.fromkeys(made.words(reader=self.class_list.owner_id) for made in before)
            added = [self.events[one.event_slug].name for one in entries if one.outcome in (SEAT, WAIT)]
            words += [_("new: %(event)s") % {"event": name} for name in added]
            if not added and not corrections:
                strangers = any(made.user_id != self.class_list.owner_id for made in before)
                kind = "known" if strangers else "same"
        near = row_student.match.near
        problems = (similar_student_warning(row_student.listed, near),) if near else ()
        return RowForecast(row_student.listed.row, kind, tuple(words), entries, problems)

    def doubt(self, row: int, found: Match) -> RowForecast:
        problem = Problem(row, Meaning.NAME, Code.DOUBT, explain_doubtful_match(found))
        return RowForecast(row, "doubt", problems=(problem,))

    def _entry(self, slug: str, result: SeatResult) -> EntryForecast:
        decision, before = result.decision, result.before
        if decision.state:
            return EntryForecast(slug, _STATES[decision.state])
        if before and before.pk:
            words = self.provenance[before.pk].words(reader=self.class_list.owner_id)
            return EntryForecast(slug, ALREADY, words)
        reason = str(decision.reason)
        return EntryForecast(slug, reason, explain_refusal(reason, result.event, decision.other))
