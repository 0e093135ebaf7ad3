"""A rush as the web processes would leave it behind, for tests of what steps back."""

import os
import time

from techfest.core import rush


def begin_rush(*, began: float = 0.0, last: float = 0.0) -> None:
    """Writes a rush that began, and had its last submission, so many seconds ago."""
    rush._path().touch()
    os.utime(rush._path(), (time.time() - began, time.time() - last))
