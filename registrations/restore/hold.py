"""Compares the database with the marker file, and holds the mails of a database that was restored."""

import logging
import uuid

from django.db import connection, transaction

from events.audit_log import record
from registrations.models import DatabaseMarker, Student, Submission
from registrations.restore import marker_file
from registrations.restore.marker_file import Mark
from techfest.core.db.clock import database_now

Reason = DatabaseMarker.Reason
log = logging.getLogger(__name__)
_LOCK_CREATION = "SELECT pg_advisory_xact_lock(hashtextextended('registrations.restore', 0))"


class Unreadable(Exception):
    """The marker file is there and cannot be read just now; whether the database was restored nobody can tell."""


def locked_marker() -> DatabaseMarker:
    """The database's marker, locked and compared with the file. Needs a transaction.

    A new database gets its marker and its file here. One that was restored is held from now on: the hold
    commits with the caller's transaction. Code that sends mails asks before every batch, and sends nothing
    while `is_held`. Raises `Unreadable`: then nothing may be sent either, but nothing is held.
    """
    marker = _locked_row() or _created()
    file = _read_file()
    reason = _reason_to_hold(marker, file)
    is_news = file is not None and file.counter > (marker.found_counter or 0)
    if reason and (is_news or not marker.is_held):
        hold(marker, reason, file)
    return marker


def advance(marker: DatabaseMarker) -> None:
    """Moves the locked marker forward as part of the caller's transaction; `publish` after the commit.

    A mail is handed over only after that. So every dump that does not know of the mail is behind the file.
    """
    marker.counter += 1
    marker.advanced_at = database_now()
    marker.save(update_fields=["counter", "advanced_at"])


def publish(marker: DatabaseMarker) -> None:
    """Writes what is committed to the file, with a time that is later than every dump without it.

    A data folder that cannot be written is logged and stops no mail.
    """
    try:
        marker_file.write(Mark(marker.installation, marker.counter, database_now()))
    except OSError:
        log.exception("The marker of the database cannot be written, so a restore may go unnoticed.")


def tick() -> DatabaseMarker:
    """Compares, and moves both halves forward unless mails are held. Beat does it twice a minute."""
    with transaction.atomic():
        marker = locked_marker()
        if not marker.is_held:
            advance(marker)
    if not marker.is_held:
        publish(marker)
    return marker


def current_hold() -> DatabaseMarker | None:
    """The marker while mails are held. One query, and no look at the file."""
    return DatabaseMarker.objects.filter(held_since__isnull=False).first()


def hold(marker: DatabaseMarker, reason: str, file: Mark | None) -> None:
    """Holds the mails from now on, with a line in the audit log. Needs the marker's lock."""
    now = database_now()
    marker.held_since, marker.reason, marker.register_applied_at = now, reason, None
    # What was queued later than the file's last word was queued after the restore.
    marker.cutoff = file.at if file and reason == Reason.OLDER else now
    marker.found_installation = file.installation if file else None
    marker.found_counter = file.counter if file else None
    marker.save()
    counters = {"reason": reason, "database": marker.counter, "file": marker.found_counter}
    record(marker, what="mails held after a restore", now=now, after=counters)
    log.error("Mails are held until an owner has decided: %s.", marker.get_reason_display())


def release(marker: DatabaseMarker) -> None:
    """Ends the hold: from now on the file tells of this database. Needs the marker's lock; `publish` follows."""
    if marker.found_installation:
        marker.installation = marker.found_installation
    marker.counter = max(marker.counter, marker.found_counter or 0) + 1
    marker.advanced_at = database_now()
    marker.held_since = marker.cutoff = marker.register_applied_at = None
    marker.found_installation = marker.found_counter = None
    marker.reason = ""
    marker.save()


def _read_file() -> Mark | None:
    try:
        return marker_file.read()
    except OSError as error:
        log.exception("The marker file of the database cannot be read, so no mail goes.")
        raise Unreadable(str(error)) from error


def _locked_row() -> DatabaseMarker | None:
    return DatabaseMarker.objects.select_for_update().first()


def _created() -> DatabaseMarker:
    """The first marker of a database. One that holds people although a file is there is an old copy, from before it.

    The file comes first: a marker without one would look restored. Processes that start together make one file and
    one row: each waits for the other's, and looks again.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_CREATION)
    if marker := _locked_row():
        return marker
    now = database_now()
    file = _read_file()
    if file is None:
        file = Mark(uuid.uuid4(), 0, now)
        marker_file.write(file)
    counter = file.counter if _is_empty() else 0
    return DatabaseMarker.objects.create(installation=file.installation, counter=counter, advanced_at=now)


def _reason_to_hold(marker: DatabaseMarker, file: Mark | None) -> str:
    """Empty where the two agree, and for a database without people, which cannot repeat a mail."""
    if file is None:
        reason = Reason.MISSING if marker.counter else ""
    elif file.installation != marker.installation:
        reason = Reason.OTHER
    else:
        reason = Reason.OLDER if marker.counter < file.counter else ""
    if reason and _is_empty():
        marker.installation = file.installation if file else marker.installation
        marker.counter = max(marker.counter, file.counter if file else 0)
        marker.save(update_fields=["installation", "counter"])
        return ""
    return reason


def _is_empty() -> bool:
    """Whether nothing can have been restored that was ever told of: no students, and no submissions."""
    return not (Student.objects.exists() or Submission.objects.exists())
