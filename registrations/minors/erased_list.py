"""The references of everybody who was erased, in a file outside of the database: it outlives a restored backup."""

import os
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from registrations.models import Erasure


def path() -> Path:
    return Path(settings.DATA) / "erased.txt"


def append(references: Iterable[str]) -> None:
    """Adds these lines, and returns only when they are on the disk. A reference that is there twice does no harm."""
    lines = "".join(f"{reference}\n" for reference in references)
    if not lines:
        return
    path().parent.mkdir(parents=True, exist_ok=True)
    with path().open("a", encoding="ascii") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())


def read() -> list[str]:
    """Each reference once, in the order in which they were written."""
    try:
        lines = path().read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []
    return list(dict.fromkeys(lines))


def complete() -> int:
    """Adds what the database knows and the file does not, such as after a crash between the two; how many."""
    known = set(read())
    missing = [one for one in Erasure.objects.values_list("reference", flat=True) if one not in known]
    append(missing)
    return len(missing)
