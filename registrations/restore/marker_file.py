"""The marker file: how far the database had come, stored where no dump or restore reaches it."""

import datetime as dt
import fcntl
import json
import os
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from registrations.restore import data_folder
from registrations.restore.data_folder import owner_of, set_owner


@dataclass(frozen=True, slots=True)
class Mark:
    """The content of the file. `erasures` is the number of lines last seen in the register of erasures."""

    installation: uuid.UUID
    counter: int
    at: dt.datetime
    erasures: int = 0


def path() -> Path:
    return Path(settings.DATA) / "database-marker.json"


def read() -> Mark | None:
    """Return the content, or `None` if the file is missing or invalid: then nothing is known of the database.

    Raises `OSError` if it cannot be read, which says nothing about the database.
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
    """Replace the file and return once it is on disk. The counter of one installation never decreases.

    Raises `OSError` if the data folder cannot be written.
    """
    path().parent.mkdir(parents=True, exist_ok=True)
    with path().with_suffix(".lock").open("a") as lock:
        set_owner(lock.fileno(), owner_of(path()))
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = read()
        if known and known.installation == mark.installation:
            mark = replace(
                mark if mark.counter > known.counter else known, erasures=max(mark.erasures, known.erasures)
            )
        else:
            mark = replace(mark, erasures=max(mark.erasures, len(data_folder.read_register())))
        if mark != known:
            _replace(mark)


def note_erasures(count: int) -> None:
    """Store that the register of erasures has this many lines, if there is a marker file."""
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
        set_owner(file.fileno(), owner_of(path()))
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path())
    _sync(path().parent)


def _sync(folder: Path) -> None:
    """Flush the folder's entries to disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
