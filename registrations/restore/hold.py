"""Compare the database with the marker file, and hold the mails of a restored database."""

import logging
import uuid

from django.db import connection, transaction

from registrations.models import DatabaseMarker, Student, Submission
from registrations.restore import marker_file
from registrations.restore.marker_file import Mark
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now

Reason = DatabaseMarker.Reason
log = logging.getLogger(__name__)
_LOCK_CREATION = "SELECT pg_advisory_xact_lock(hashtextextended('registrations.restore', 0))"


class Unreadable(Exception):
    """The marker file exists but cannot be read at the moment, so a restore cannot be ruled out."""


def locked_marker() -> DatabaseMarker:
    """Return the database's marker, locked and compared with the file. Needs a transaction.

    A new database gets its marker and its file here. A restored one is held from now on; the hold is committed with
    the caller's transaction. Code that sends mails calls this before every batch and sends nothing while `is_held`.
    Raises `Unreadable`: then nothing may be sent either, but nothing is held.
    """
    marker = _locked_row() or _created()
    file = _read_file()
    reason = _reason_to_hold(marker, file)
    is_news = file is not None and file.counter > (marker.found_counter or 0)
    if reason and (is_news or not marker.is_held):
        hold(marker, reason, file)
    return marker


def advance(marker: DatabaseMarker) -> None:
    """Advance the locked marker in the caller's transaction; call `publish` after the commit.

    A mail is handed over only after that, so every dump that does not know the mail is behind the file.
    """
    marker.counter += 1
    marker.advanced_at = database_now()
    marker.save(update_fields=["counter", "advanced_at"])


def publish(marker: DatabaseMarker) -> None:
    """Write the committed marker to the file, with a time later than that of every dump without it.

    An unwritable data folder is logged and stops no mail.
    """
    try:
        marker_file.write(Mark(marker.installation, marker.counter, database_now()))
    except OSError:
        log.exception("The marker of the database cannot be written, so a restore may go unnoticed.")


def tick() -> DatabaseMarker:
    """Compare, and advance marker and file unless mails are held. Celery beat calls this twice a minute."""
    with transaction.atomic():
        marker = locked_marker()
        if not marker.is_held:
            advance(marker)
    if not marker.is_held:
        publish(marker)
    return marker


def current_hold() -> DatabaseMarker | None:
    """Return the marker while mails are held. One query; does not read the file."""
    return DatabaseMarker.objects.filter(held_since__isnull=False).first()


def hold(marker: DatabaseMarker, reason: str, file: Mark | None) -> None:
    """Hold the mails from now on and write an audit log entry. Needs the marker's lock."""
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
    """End the hold: from now on the file belongs to this database. Needs the marker's lock; call `publish` after the
    commit."""
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
    """Create the first marker. A database with students and an existing file is an old copy from before the marker.

    The file is written first: a marker without one would look restored. Concurrent processes wait for one another and
    make one file and one row.
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
    """Return why to hold, or an empty string if both agree or the database has no students: it cannot repeat a mail."""
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
    """Whether the database has neither students nor submissions, so that no mail can have been restored."""
    return not (Student.objects.exists() or Submission.objects.exists())
