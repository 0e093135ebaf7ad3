"""The register of erasures as a file: where it is and what it says."""

from pathlib import Path

from django.conf import settings


def path() -> Path:
    return Path(settings.DATA) / "erased.txt"


def read(file: Path | None = None) -> list[str]:
    """Each reference once, in the order in which they were written; nothing where there is no file."""
    try:
        lines = (file or path()).read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []
    return list(dict.fromkeys(lines))
