"""Whether a rush is on: so many submissions at once that the workers step back and leave the processor to the clicks.

The web processes touch a file in the data folder, and the workers read its times: it takes microseconds and works
without database and broker. The access time says when the rush began, the modification time is the last touch. Each
machine sees its own rush, which is the one that its workers would slow down.
"""

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

MANY = 20
"""Submissions of one web process within a second that make a rush."""
OVER = 1.0
"""Seconds after the last touch until the rush is over."""
REST = 10.0
"""Seconds without a touch after which the next one begins another rush. In between the workers have caught up."""
LOOK = 0.1
"""Seconds between two touches of a process, and between two looks of a worker that steps back."""

_recent: deque[float] = deque(maxlen=MANY)
"""When this process received its last submissions."""
_pages: deque[float] = deque(maxlen=MANY)
"""When this process was asked for its last confirmation pages."""
_touched_at = float("-inf")
"""When this process touched the file last, by the monotonic clock."""


def note_submission() -> None:
    """Counts a submission; touches the file while there are many. A folder that cannot be written is ignored."""
    if _are_many(_recent, time.monotonic()):
        _touch_now()


def note_page() -> None:
    """Counts a confirmation page. Many of them prolong a rush: their visitors are still in its queue."""
    now = time.monotonic()
    if _are_many(_pages, now) and now - _touched_at < OVER:
        _touch_now()


def _are_many(clicks: deque[float], now: float) -> bool:
    """Whether this click, which is counted, is one of `MANY` within a second."""
    clicks.append(now)
    return len(clicks) == MANY and now - clicks[0] < 1.0


def is_on(*, longest: float) -> bool:
    """Whether a rush is on that began less than `longest` seconds ago: nobody steps back for longer than that."""
    times = _times()
    if times is None:
        return False
    (began, last), now = times, time.time()
    # A clock that was set back puts the touch into the future.
    return abs(now - last) < OVER and now - began < longest


def step_back(*, longest: float, until: float, is_stopping: Callable[[], bool]) -> None:
    """Waits while a rush is on, but not after `until` of the monotonic clock, nor once the worker is asked to stop."""
    while is_on(longest=longest) and time.monotonic() < until and not is_stopping():
        time.sleep(LOOK)


def _path() -> Path:
    return Path(settings.DATA) / "rush"


def _times() -> tuple[float, float] | None:
    """When the current or last rush began, and its last touch; `None` if there was none."""
    try:
        found = _path().stat()
    except OSError:
        return None
    return found.st_atime, found.st_mtime


def _touch_now() -> None:
    """Touches the file, but not at every click: that would take 2 % of a submission's time."""
    global _touched_at
    now = time.monotonic()
    if now - _touched_at < LOOK:
        return
    _touched_at = now
    with contextlib.suppress(OSError):
        _touch(time.time())


def _touch(now: float) -> None:
    times = _times()
    if times is None:
        _path().touch(mode=0o600)
    is_going_on = times is not None and abs(now - times[1]) < REST
    os.utime(_path(), (times[0] if times and is_going_on else now, now))
