"""The register of erasures: the references of all erased students, in a file that outlives a restored backup."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.models import DatabaseMarker, Erasure
from registrations.restore import marker_file
from registrations.restore.hold import current_hold
from registrations.restore.ownership import give, owner_of
from registrations.restore.register import path, read

__all__ = ["RegisterError", "append", "complete", "gather", "path", "read"]


class RegisterError(Exception):
    """The register of erasures is missing, or is an older copy than the one that is known."""


def append(references: Iterable[str]) -> None:
    """Adds these lines, and returns only when they are on the disk. A reference that is there twice does no harm."""
    lines = "".join(f"{reference}\n" for reference in references)
    if not lines:
        return
    path().parent.mkdir(parents=True, exist_ok=True)
    owner = owner_of(path())
    with path().open("a", encoding="ascii") as file:
        give(file.fileno(), owner)
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    marker_file.note_erasures(len(read()))


def gather(files: Sequence[Path]) -> list[str]:
    """What all of these registers say together; without any the one in the data folder.

    An erasure is never taken back, so no line of any copy is lost, and an old copy cannot replace a newer one.
    Raises `RegisterError` where a file is missing, where all of them are older than the register that is
    known, and where a data folder that is new to this database cannot tell whether its own one is whole.
    """
    if not files:
        files = [path()]
        _refuse_new_folder()
    for file in files:
        if not file.is_file():
            raise RegisterError(_missing(file))
    found = list(dict.fromkeys(line for file in files for line in read(file)))
    mark = marker_file.read()
    if mark and len(found) < mark.erasures:
        raise RegisterError(_older(len(found), mark.erasures))
    return found


def complete() -> int:
    """Adds what the database knows and the file does not, such as after a crash between the two; how many.

    A register that is missing while mails are held after a restore stays missing: made from the restored
    copy it would look whole, and the erasures since would be forgotten.
    """
    if not path().exists() and current_hold():
        return 0
    known = set(read())
    missing = [one for one in Erasure.objects.values_list("reference", flat=True) if one not in known]
    append(missing)
    _make()
    return len(missing)


def _make() -> None:
    path().parent.mkdir(parents=True, exist_ok=True)
    owner = owner_of(path())
    with path().open("a", encoding="ascii") as file:
        give(file.fileno(), owner)


def _refuse_new_folder() -> None:
    hold = current_hold()
    if hold and hold.reason == DatabaseMarker.Reason.MISSING:
        raise RegisterError(
            _(
                "This data folder has no marker of this database, so its own register may be incomplete. "
                "Name the newest register of erasures that you have with --register FILE."
            )
        )


def _missing(file: Path) -> str:
    return _(
        "The register of erasures %(file)s is not there, so nobody was erased again. Fetch the newest copy of "
        "erased.txt from the old data folder or from where you keep it, and name it with --register FILE. Only "
        "if nobody was ever erased, make an empty file of that name."
    ) % {"file": file}


def _older(found: int, known: int) -> str:
    return ngettext(
        "This register of erasures is an older copy: it has %(found)d of %(known)d line, and nobody was erased "
        "again. Name the newest copy with --register FILE.",
        "This register of erasures is an older copy: it has %(found)d of %(known)d lines, and nobody was erased "
        "again. Name the newest copy with --register FILE.",
        known,
    ) % {"found": found, "known": known}
