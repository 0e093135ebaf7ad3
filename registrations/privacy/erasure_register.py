"""The register of erasures: the references of all erased students, in a file that survives a restored backup."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.models import DatabaseMarker, Erasure
from registrations.restore import marker_file
from registrations.restore.data_folder import owner_of, read_register, register_path, set_owner
from registrations.restore.hold import current_hold

__all__ = ["RegisterError", "append", "complete", "gather", "read_register", "register_path"]


class RegisterError(Exception):
    """The register of erasures is missing, or is older than the one last seen."""


def append(references: Iterable[str]) -> None:
    """Add these references and return once they are on disk. Repeated lines do no harm."""
    lines = "".join(f"{reference}\n" for reference in references)
    if not lines:
        return
    register_path().parent.mkdir(parents=True, exist_ok=True)
    owner = owner_of(register_path())
    with register_path().open("a", encoding="ascii") as file:
        set_owner(file.fileno(), owner)
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    marker_file.note_erasures(len(read_register()))


def gather(files: Sequence[Path]) -> list[str]:
    """Return the references of all these registers; without any, those of the data folder.

    An erasure is never undone, so the lines of all copies count, and an old copy cannot replace a newer one. Raises
    `RegisterError` if a file is missing, if all of them are older than the register last seen, or if the data folder
    is new to this database and cannot tell whether its own register is complete.
    """
    if not files:
        files = [register_path()]
        _refuse_new_folder()
    for file in files:
        if not file.is_file():
            raise RegisterError(_absent_students(file))
    found = list(dict.fromkeys(line for file in files for line in read_register(file)))
    mark = marker_file.read()
    if mark and len(found) < mark.erasures:
        raise RegisterError(_older(len(found), mark.erasures))
    return found


def complete() -> int:
    """Add references that the database has and the file lacks, as after a crash between the two; return how many.

    A missing register stays missing while mails are held after a restore: written from the restored copy it would
    look complete, and later erasures would be forgotten.
    """
    if not register_path().exists() and current_hold():
        return 0
    known = set(read_register())
    missing = [one for one in Erasure.objects.values_list("reference", flat=True) if one not in known]
    append(missing)
    _make()
    return len(missing)


def _make() -> None:
    register_path().parent.mkdir(parents=True, exist_ok=True)
    owner = owner_of(register_path())
    with register_path().open("a", encoding="ascii") as file:
        set_owner(file.fileno(), owner)


def _refuse_new_folder() -> None:
    hold = current_hold()
    if hold and hold.reason == DatabaseMarker.Reason.MISSING:
        raise RegisterError(
            _(
                "This data folder has no marker of this database, so its own register may be incomplete. "
                "Name the newest register of erasures that you have with --register FILE."
            )
        )


def _absent_students(file: Path) -> str:
    return _(
        "The register of erasures %(file)s is not there, so no student was erased again. Fetch the newest copy of "
        "erased.txt from the old data folder or from where you keep it, and name it with --register FILE. Only "
        "if no student was ever erased, create an empty file of that name."
    ) % {"file": file}


def _older(found: int, known: int) -> str:
    return ngettext(
        "This register of erasures is an older copy: it has %(found)d of %(known)d line, and no student was erased "
        "again. Name the newest copy with --register FILE.",
        "This register of erasures is an older copy: it has %(found)d of %(known)d lines, and no student was erased "
        "again. Name the newest copy with --register FILE.",
        known,
    ) % {"found": found, "known": known}
