"""Files with personal data: remove them after the commit, and find those left behind by a crash."""

import datetime as dt
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Model

from tickets.models import Delivery, DocumentJob, Ticket

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
        number = path.name.partition(".")[0]
        if number.isdecimal() and path.is_file():
            yield int(number), path


def _without(
    model: type[Model], files: Iterable[tuple[int, Path]], *, wanted: dict[str, object] | None = None
) -> Iterator[Path]:
    for some in _in_batches(files):
        numbers = [number for number, _path in some]
        rows = model._base_manager.filter(pk__in=numbers, **(wanted or {}))
        known = set(rows.values_list("pk", flat=True))
        yield from (path for number, path in some if number not in known)


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
