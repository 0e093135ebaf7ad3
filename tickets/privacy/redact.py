"""Erase a student from tickets, mails and documents, in the transaction of the erasure; the files after its commit."""

import datetime as dt
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Model, Q, QuerySet
from django.dispatch import receiver

from events.models import Fest
from registrations.models import Registration, Student, Teacher, random_code
from registrations.privacy import redact
from registrations.privacy.redact import TextColumns, erased_text
from registrations.signals import fest_purged, registrations_counted, student_erased, traces_swept
from registrations.students.names import mailbox_key
from tickets.documents.jobs import files_of
from tickets.documents.ticket_pdf import pdf_path
from tickets.mail.kinds import notice
from tickets.models import Alert, Certificate, CheckIn, Delivery, DocumentJob, Message, Notice, Scan, Ticket
from tickets.querysets import DocumentJobQuerySet

Kind = Delivery.Kind
TEXT_COLUMNS = (
    TextColumns(CheckIn, ("reason", "undo_reason")),
    TextColumns(Scan, ("note",)),
    TextColumns(Alert, ("subject",)),
    TextColumns(Message, ("subject", "text", "audience", "audience_text")),
    TextColumns(Notice, ("subject", "text")),
)


@receiver(student_erased)
def erase_student_data(*, student: Student, now: dt.datetime, **_kwargs: object) -> None:
    """Redact or delete what this app stores of the student. Files are removed after the commit."""
    gone = [
        *_erase_mails(student),
        *_erase_tickets(student, now),
        *_erase_documents(_documents_about(student)),
    ]
    Certificate.objects.filter(student=student).delete()
    notice.delete_about(student)
    redact.redact_text(redact.identifying_words(student), TEXT_COLUMNS)
    remove_after_commit(gone)


@receiver(fest_purged)
def erase_fest_data(*, fest: Fest, **_kwargs: object) -> None:
    """After all students were erased, delete what may name several of them: messages, class mails and documents."""
    mails = Delivery.objects.filter(
        Q(message__fest=fest) | Q(document__fest=fest) | Q(job__class_list__fest=fest)
    )
    gone = [mail_path(key) for key in mails.values_list("key", flat=True)]
    gone += _erase_documents(DocumentJob.objects.filter(fest=fest))
    Message.objects.filter(fest=fest).delete()
    remove_after_commit(gone)


@receiver(registrations_counted)
def count_check_ins(*, fest: Fest, **_kwargs: object) -> dict[int, int]:
    """Return the number of check-ins by event, of erased students too."""
    rows = Ticket.objects.filter(registration__event__fest=fest, checked_in_at__isnull=False)
    counted = rows.order_by().values_list("registration__event")
    return dict(counted.annotate(count=Count("registration", distinct=True)))


@receiver(traces_swept)
def sweep(**_kwargs: object) -> None:
    remove_orphans()


def _ids_of_mails(student: Student) -> list[int]:
    """Each part has an index; joined by OR they would read the whole table, for each student of a register."""
    ids = Delivery.objects.order_by().values_list("pk", flat=True)
    of_submissions = ids.filter(submission__student=student)
    return list(
        ids.filter(student=student).union(of_submissions, ids.filter(change__registration__student=student))
    )


def _erase_mails(student: Student) -> list[Path]:
    """Delete the student's mails and their history, and the files of other mails that name the student."""
    mine = Delivery.objects.filter(pk__in=_ids_of_mails(student))
    addresses = {mailbox_key(one) for one in [student.email, *mine.values_list("to", flat=True)] if one}
    # A link mail contains the links of all students who share an address; a class mail, those of a class.
    shared = Delivery.objects.filter(kind=Kind.LINK, mailbox__in=addresses)
    digests = Delivery.objects.filter(pk__in=list(mine.values_list("gathered_into", flat=True)))
    named = [mine, shared, _class_mails(student), digests, _notices_to_teachers(student)]
    keys = [key for mails in named for key in _keys(mails)]
    digest_ids = list(digests.values_list("pk", flat=True))
    mine.delete()
    Delivery.objects.filter(pk__in=digest_ids, parts=None).delete()
    return [mail_path(key) for key in keys]


def _class_mails(student: Student) -> "QuerySet[Delivery]":
    """Return mails with tickets of the school. If their document was deleted, the mail may concern any school."""
    school = student.school_id
    of_school = Q(document__school=school) | Q(job__class_list__school=school) | Q(document=None, job=None)
    return Delivery.objects.filter(of_school, kind=Kind.CLASS)


def _notices_to_teachers(student: Student) -> "QuerySet[Delivery]":
    """Return the notices to teachers of the school. Which students they named is not kept once they are sent."""
    teachers = Teacher.objects.filter(school=student.school_id).values("user")
    return Delivery.objects.filter(kind=Kind.NOTICE, user__in=teachers)


def _keys(deliveries: "QuerySet[Delivery]") -> list[Any]:
    return list(deliveries.values_list("key", flat=True))


def _erase_tickets(student: Student, now: dt.datetime) -> list[Path]:
    """Void and redact the tickets, but keep the rows for the attendance. Their codes become unknown."""
    tickets = list(Ticket.objects.filter(student=student).order_by("pk").select_for_update(of=("self",)))
    for ticket in tickets:
        ticket.code = random_code()
        ticket.voided_at = ticket.voided_at or now
        ticket.rendered_at = ticket.render_claimed_at = None
        ticket.render_error = ""
    fields = ["code", "voided_at", "rendered_at", "render_claimed_at", "render_error"]
    Ticket.objects.bulk_update(tickets, fields)
    mine = {"ticket__in": tickets}
    CheckIn.objects.filter(**mine).exclude(reason="").update(reason=erased_text())
    CheckIn.objects.filter(**mine).exclude(undo_reason="").update(undo_reason=erased_text())
    Scan.objects.filter(**mine).update(note="")
    return [pdf_path(ticket) for ticket in tickets]


def _documents_about(student: Student) -> DocumentJobQuerySet:
    """Return the documents of the school, of the student's events and of many events: any may name the student."""
    events = Registration.objects.filter(student=student).values("event")
    of_school = Q(school=student.school_id, fest=student.fest_id)
    of_many = Q(event=None, school=None, fest=student.fest_id)
    return DocumentJob.objects.filter(of_school | of_many | Q(event__in=events))


def _erase_documents(documents: DocumentJobQuerySet) -> list[Path]:
    """Delete the documents, and return the paths of their files.

    One that a pending mail needs is made again instead, unless it was filtered by name.
    """
    rows = list(documents.order_by("pk").select_for_update(of=("self",)))
    pending = set(Delivery.objects.pending().filter(document__in=rows).values_list("document", flat=True))
    kept = [row.pk for row in rows if row.pk in pending and "name" not in row.options.get("filters", {})]
    again = DocumentJob.objects.filter(pk__in=kept)
    again.update(claimed_at=None, finished_at=None, attempts=0, made=0, error="")
    DocumentJob.objects.filter(pk__in=[row.pk for row in rows]).exclude(pk__in=kept).delete()
    return [path for row in rows for path in files_of(row)]


Key = TypeVar("Key")
BATCH_SIZE = 500
"""Files looked up in one query."""
TEMPORARY_FILE_AGE = dt.timedelta(hours=1)
"""Age after which a half-written file was left by a killed worker: none writes for that long."""


def mail_path(key: UUID) -> Path:
    """Return the file of the mail with this key, for a fest without a mail provider."""
    return Path(settings.EMAIL_FILE_PATH) / f"{key.hex}.eml"


def remove_after_commit(paths: Collection[Path]) -> None:
    transaction.on_commit(partial(remove, list(paths)), robust=True)


def remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()


def remove_orphans() -> int:
    """Remove every file whose row is gone or whose student was erased; return how many.

    A worker may store a file right after an erasure, or be killed while writing one.
    """
    found = [
        *_without(Ticket, _files_by_pk(_media() / "tickets"), wanted={"student__erased_at": None}),
        *_without(DocumentJob, _files_by_pk(_media() / "documents")),
        *_mails_without_row(),
        *_temporary_files(),
    ]
    remove(found)
    return len(found)


def _media() -> Path:
    return Path(settings.MEDIA_ROOT)


def _files_by_pk(folder: Path) -> Iterator[tuple[int, Path]]:
    for path in folder.rglob("*"):
        pk = path.name.partition(".")[0]
        if pk.isdecimal() and path.is_file():
            yield int(pk), path


def _without(
    model: type[Model], files: Iterable[tuple[int, Path]], *, wanted: dict[str, object] | None = None
) -> Iterator[Path]:
    for some in _in_batches(files):
        rows = model._base_manager.filter(pk__in=[pk for pk, _path in some], **(wanted or {}))
        known = set(rows.values_list("pk", flat=True))
        yield from (path for pk, path in some if pk not in known)


def _mails_without_row() -> Iterator[Path]:
    files = ((path.stem, path) for path in Path(settings.EMAIL_FILE_PATH).glob("*.eml"))
    for some in _in_batches((UUID(stem), path) for stem, path in files if _is_key(stem)):
        rows = Delivery.objects.filter(key__in=[key for key, _path in some])
        known = set(rows.values_list("key", flat=True))
        yield from (path for key, path in some if key not in known)


def _is_key(stem: str) -> bool:
    return len(stem) == 32 and all(character in "0123456789abcdef" for character in stem)


def _temporary_files() -> Iterator[Path]:
    """Return temporary files of `ticket_pdf.store` whose process was killed."""
    before = time.time() - TEMPORARY_FILE_AGE.total_seconds()
    for folder in (_media(), Path(settings.EMAIL_FILE_PATH)):
        for path in folder.rglob(".*"):
            with suppress(FileNotFoundError):
                if path.is_file() and path.stat().st_mtime < before:
                    yield path


def _in_batches(files: Iterable[tuple[Key, Path]]) -> Iterator[list[tuple[Key, Path]]]:
    part: list[tuple[Key, Path]] = []
    for one in files:
        part.append(one)
        if len(part) == BATCH_SIZE:
            yield part
            part = []
    if part:
        yield part
