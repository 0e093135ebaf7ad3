"""Register the rows of a class list: one chunk, one transaction, with no more statements than a single submission."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.db import connection

from registrations.booking.allocate import allocate, store_refusals
from registrations.booking.policy import SeatResult
from registrations.class_lists.identify import RowStudent, build_row_students, match, seat_requests_of
from registrations.models import Change, ClassListEntry, ClassListJob, ClassListRow, Student, Submission
from registrations.questions.answers import queue_answers_of_list
from registrations.spreadsheets.listing import ListedStudent
from registrations.students import consents
from registrations.students.corrections import correct_many
from registrations.students.identity import delete_inserted, insert_all
from techfest.core.db.batch import Batch
from techfest.core.db.bulk import queue_insert
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from techfest.core.errors import UserFacingError

_DONE = """
    UPDATE registrations_classlistrow SET
        done_at = %s, student_id = given.student, submission_id = given.submission
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS given (id, student, submission)
    WHERE registrations_classlistrow.id = given.id AND done_at IS NULL
"""


class AllOrNoneRefused(UserFacingError):
    """All or none was requested, and some `rows` would be refused or can no longer be read. Nothing was written.

    The entries hold the reasons.
    """

    def __init__(self, entries: Sequence[ClassListEntry], *, rows: int) -> None:
        super().__init__()
        self.entries, self.rows = entries, rows


@dataclass
class Work:
    """What a job registers: the students of its rows and the events they may name.

    `was_waited_for` says whether another transaction waited for a lock at the end of the last chunk.
    """

    job: ClassListJob
    listed: Mapping[int, ListedStudent]
    events: Mapping[str, int]
    was_waited_for: bool = False


@dataclass
class _Chunk:
    """The rows of one transaction and what has been done with them so far."""

    work: Work
    rows: Sequence[ClassListRow]
    row_students: list[RowStudent] = field(default_factory=list)
    submissions: dict[int, Submission] = field(default_factory=dict)
    seat_results: dict[int, list[SeatResult]] = field(default_factory=dict)

    @property
    def job(self) -> ClassListJob:
        return self.work.job

    @cached_property
    def keys(self) -> dict[int, uuid.UUID]:
        """The idempotency key of each row by number; confirming the list sets them."""
        return {row.number: row.key for row in self.rows if row.key}

    def submission_of(self, row_student: RowStudent) -> Submission:
        """Return the student's submission, under the key of the student's first row, so that a retry finds it again."""
        student = row_student.student
        if student.pk not in self.submissions:
            self.submissions[student.pk] = Submission(
                key=self.keys[row_student.listed.row],
                origin=Submission.Origin.CLASS_LIST,
                digest=_digest(row_student.listed),
                student=student,
                created_student=row_student.is_new,
            )
        return self.submissions[student.pk]


def register(work: Work, rows: Sequence[ClassListRow], *, deadline: Deadline) -> None:
    """Register these rows inside the caller's transaction and mark them done, each with its entries.

    Seats are given in row order by the rules of a single submission. Before that, students are found or inserted, and
    corrected where the list differs, as a teacher may. The number of statements does not grow with the rows. Raises
    `ConcurrentUpdate` if another transaction registered the same student meanwhile, and `AllOrNoneRefused` if all or
    none was requested and a row would be refused.
    """
    chunk = _Chunk(work, rows)
    _find_students(chunk, deadline)
    _reserve(chunk, deadline)
    entries = _entries(chunk)
    if chunk.job.is_all_or_none:
        _require_all(chunk, entries)
    _keep(chunk, entries)


def give_up(work: Work, row: ClassListRow) -> None:
    """Mark a row done that cannot be registered because of a fault, with entries that say so."""
    listed = work.listed.get(row.number)
    events = [work.events[slug] for slug in listed.events if slug in work.events] if listed else []
    ClassListEntry.objects.bulk_create(
        ClassListEntry(row=row, event_id=event, reason=ClassListEntry.FAILED) for event in events
    )
    _mark_done([row], {}, {}, database_now())


def _find_students(chunk: _Chunk, deadline: Deadline) -> None:
    class_list = chunk.job.class_list
    listed = [chunk.work.listed[row.number] for row in chunk.rows if row.number in chunk.work.listed]
    matches = match(listed, fest_id=class_list.fest_id, school_id=class_list.school_id)
    row_students = build_row_students(class_list, listed, matches)
    deadline.limit_locks()
    insert_all({id(one.student): one.student for one in row_students if one.is_new}.values())
    corrections: dict[int, dict[str, str]] = {}
    for one in row_students:
        if one.match.corrections:
            corrections.setdefault(one.student.pk, {}).update(one.match.corrections)
    if corrections:
        wanted = [event for one in row_students for event in _event_ids(chunk.work, one)]
        corrected = correct_many(
            corrections,
            actor=Change.Actor.TEACHER,
            user=chunk.job.requested_by,
            deadline=deadline,
            also_lock=wanted,
            also_lock_students=[one.student.pk for one in row_students if not one.is_new],
        )
        for one in row_students:
            if one.student.pk in corrected:
                _take_over(one.student, corrected[one.student.pk])
    chunk.row_students = row_students


def _event_ids(work: Work, row_student: RowStudent) -> list[int]:
    return [work.events[slug] for slug in row_student.listed.events if slug in work.events]


def _take_over(student: Student, corrected: Student) -> None:
    for column in Student._meta.concrete_fields:
        setattr(student, column.attname, getattr(corrected, column.attname))


def _reserve(chunk: _Chunk, deadline: Deadline) -> None:
    job, events = chunk.job, chunk.work.events
    seat_requests = [
        seat_requests_of(one, events, wants_waiting=job.wants_waiting, submission=chunk.submission_of)
        for one in chunk.row_students
    ]
    flat = [seat_request for row in seat_requests for seat_request in row]
    seat_results = iter(allocate(flat, actor=Change.Actor.TEACHER, user=job.requested_by, deadline=deadline))
    for one, row in zip(chunk.row_students, seat_requests, strict=True):
        chunk.seat_results[one.listed.row] = [next(seat_results) for _seat_request in row]


def _entries(chunk: _Chunk) -> list[ClassListEntry]:
    """Return an entry for each event of each row; a row without a clear match gets the reason `DOUBT`."""
    entries = []
    for row in chunk.rows:
        seat_results = chunk.seat_results.get(row.number)
        if seat_results is None:
            listed = chunk.work.listed.get(row.number)
            events = [chunk.work.events.get(slug) for slug in listed.events] if listed else []
            entries += [
                ClassListEntry(row=row, event_id=event, reason=ClassListEntry.DOUBT)
                for event in events
                if event
            ]
            continue
        entries += [_entry(row, result) for result in seat_results if result.event_id]
    return entries


def _entry(row: ClassListRow, result: SeatResult) -> ClassListEntry:
    return ClassListEntry(
        row=row,
        event_id=result.event_id,
        registration=result.registration or result.before,
        is_new=result.registration is not None,
        reason=str(result.decision.reason),
        other=result.decision.other,
    )


def _require_all(chunk: _Chunk, entries: Sequence[ClassListEntry]) -> None:
    refused = [entry for entry in entries if entry.reason and entry.reason != "already"]
    unread = {row.pk for row in chunk.rows} - {entry.row.pk for entry in entries}
    if rows := unread | {entry.row.pk for entry in refused}:
        raise AllOrNoneRefused(refused, rows=len(rows))


def _keep(chunk: _Chunk, entries: Sequence[ClassListEntry]) -> None:
    job = chunk.job
    stored = {pk: submission for pk, submission in chunk.submissions.items() if submission.pk}
    new = {one.student.pk: one.student for one in chunk.row_students if one.is_new}
    students = {one.listed.row: one.student.pk for one in chunk.row_students}
    delete_inserted(student for pk, student in new.items() if pk not in stored)
    kept = {row: pk for row, pk in students.items() if pk in stored or pk not in new}
    if job.consent_text:
        obtained = {submission.student.pk: submission.student for submission in stored.values()}
        consents.declare_by_teacher(obtained.values(), text=job.consent_text, user=job.requested_by)
    batch = Batch()
    refused = (
        (stored[one.student.pk], result)
        for one in chunk.row_students
        if one.student.pk in stored
        for result in chunk.seat_results[one.listed.row]
    )
    store_refusals(refused, batch)
    queue_insert(batch, entries)
    given = {
        (kept[one.listed.row], pk): value for one in chunk.row_students for pk, value in _answers(one, kept)
    }
    queue_answers_of_list(batch, given, fest_id=job.class_list.fest_id)
    batch.send()
    unread = [row.pk for row in chunk.rows if row.number not in chunk.work.listed]
    if unread:
        # Changed since the list was confirmed, with errors: these rows return to the draft.
        ClassListRow.objects.filter(pk__in=unread).update(job=None)
    submissions = {row: stored[pk].pk for row, pk in students.items() if pk in stored}
    read = [row for row in chunk.rows if row.number in chunk.work.listed]
    _mark_done(read, kept, submissions, database_now())


def _answers(row_student: RowStudent, kept: Mapping[int, int]) -> tuple[tuple[int, str], ...]:
    """Return the answers of a row whose student is stored."""
    return row_student.listed.answers if row_student.listed.row in kept else ()


def _mark_done(
    rows: Sequence[ClassListRow],
    students: Mapping[int, int],
    submissions: Mapping[int, int | None],
    now: dt.datetime,
) -> None:
    given: list[list[int | None]] = [
        [row.pk for row in rows],
        [students.get(row.number) for row in rows],
        [submissions.get(row.number) for row in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_DONE, [now, *given])


def _digest(listed: ListedStudent) -> bytes:
    """Return the digest of everything that the row registers."""
    content = [*listed.student_values.values(), *listed.events, *listed.answers]
    return hashlib.sha256(json.dumps(content).encode()).digest()
