"""The scheduler of beat, which the worker runs in a thread (`techfest/worker.py`)."""

import datetime as dt
from typing import Any

from celery.beat import Scheduler

from techfest.core.db import wakeups

HEADERS = {"celery_beat_task": True}
"""The task by which a worker sees that beat is alive."""


class WakeupScheduler(Scheduler):
    """A schedule in memory, which a full disk or a damaged file cannot stop; all tasks are due at start.

    A wake-up that no worker has started yet is not sent again.
    """

    def setup_schedule(self) -> None:
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.last_run_at = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **_kwargs: object) -> None:
        due: Any = self.reserve(entry) if advance else entry
        wakeups.send(self.app, due.task, seconds=due.options["expires"], producer=producer, headers=HEADERS)
