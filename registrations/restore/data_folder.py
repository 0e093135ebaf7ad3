"""Files of the data folder: the register of erasures, and who owns what is written there."""

import os
from pathlib import Path

from django.conf import settings


def register_path() -> Path:
    return Path(settings.DATA) / "erased.txt"


def read_register(file: Path | None = None) -> list[str]:
    """Return each reference once, in the order of writing. A missing file is empty."""
    try:
        lines = (file or register_path()).read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []
    return list(dict.fromkeys(lines))


def owner_of(path: Path) -> os.stat_result:
    """Return the file's owner, or the folder's if the file does not exist yet."""
    try:
        return path.stat()
    except FileNotFoundError:
        return path.parent.stat()


def set_owner(file: int, owner: os.stat_result) -> None:
    """Give the open file to this owner if we are root; otherwise it is ours already."""
    if os.geteuid() == 0:
        os.fchown(file, owner.st_uid, owner.st_gid)
