"""The marker file: how far the database had come, kept where no dump and no restore of it reaches."""

import datetime as dt
import fcntl
import json
import os
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from registrations.restore import register
from registrations.restore.ownership import give, owner_of


@dataclass(frozen=True, slots=True)
class Mark:
    """What the file says. `erasures` is the number of lines that the register of erasures is known to have."""

    installation: uuid.UUID
    counter: int
    at: dt.datetime
    erasures: int = 0


def path() -> Path:
    return Path(settings.DATA) / "database-marker.json"


def read() -> Mark | None:
    """`None` where there is no file, or one that makes no sense: both mean that nothing is known of the database.

    Raises `OSError` where it cannot be read, which says nothing about the database.
    """
    try:
        found = json.loads(path().read_text(encoding="ascii"))
        return Mark(
            uuid.UUID(found["installation"]),
            int(found["counter"]),
            dt.datetime.fromisoformat(found["at"]),
            int(found["erasures"]),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def write(mark: Mark) -> None:
    """Replaces the file and returns only when it is on the disk. Of one installation it never goes back.

    Raises `OSError` where the data folder cannot be written.
    """
    path().parent.mkdir(parents=True, exist_ok=True)
    with path().with_suffix(".lock").open("a") as lock:
        give(lock.fileno(), owner_of(path()))
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = read()
        if known and known.installation == mark.installation:
            mark = replace(
                mark if mark.counter > known.counter else known, erasures=max(mark.erasures, known.erasures)
            )
        else:
            mark = replace(mark, erasures=max(mark.erasures, len(register.read())))
        if mark != known:
            _replace(mark)


def note_erasures(count: int) -> None:
    """Remembers that the register of erasures has this many lines, where there is a marker file."""
    known = read()
    if known and count > known.erasures:
        write(replace(known, erasures=count))


def _replace(mark: Mark) -> None:
    text = json.dumps(
        {
            "installation": str(mark.installation),
            "counter": mark.counter,
            "at": mark.at.isoformat(),
            "erasures": mark.erasures,
        }
    )
    new = path().with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        give(file.fileno(), owner_of(path()))
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path())
    _sync(path().parent)


def _sync(folder: Path) -> None:
    """Writes the folder's names to the disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
