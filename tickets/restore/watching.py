"""Recognises a restored database: moves the marker, and erases again while mails are held."""

import logging

from django.db import DatabaseError

from registrations.models import DatabaseMarker
from registrations.privacy.erase import erase_listed
from registrations.privacy.erasure_register import RegisterError
from registrations.restore import hold

log = logging.getLogger(__name__)


def watch() -> None:
    """Moves the marker forward. Of a restored database the register of erasures is applied at once, if it is whole."""
    try:
        marker = hold.tick()
    except hold.Unreadable:
        return
    # A register beside another database's marker is another fest's.
    if not marker.is_held or marker.register_applied_at or marker.reason == DatabaseMarker.Reason.OTHER:
        return
    try:
        count = erase_listed()
    except RegisterError as error:
        log.warning("Nobody was erased again after the restore. %s", error)
    else:
        log.warning("The register of erasures was applied after a restore, %d erased again.", count)


def check_at_start() -> None:
    """Looks once before the first page is served, so that no page shows a student who was erased since the backup.

    A database that does not answer stops no start: beat looks again within 30 seconds.
    """
    try:
        watch()
    except DatabaseError as error:
        log.warning("Whether the database was restored could not be checked at the start: %s", error)
