"""Wake up the workers. A wake-up only says that a task has work; a lost one costs some seconds."""

import logging
import os
import threading
import time

from celery import current_app

from techfest.core.db import wakeups

logger = logging.getLogger(__name__)

PAUSE = 0.2
"""Seconds between two wake-ups of one process."""
SILENCE = 5.0
"""Seconds without a wake-up after the broker did not answer; beat sends one every 5 s as well."""
TASKS = ("tickets.render", "tickets.send")
"""The tasks that have work after a new registration."""
LIFETIME = 10
"""Seconds after which a wake-up that no worker took is discarded."""


class Notifier:
    """A thread that publishes the wake-ups of its process, so that a broker that hangs never delays a request."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._names: set[str] = set()
        self._thread: threading.Thread | None = None
        self._pid = 0

    def notify(self, *names: str) -> None:
        """Returns at once; any number of calls within `PAUSE` send one wake-up for each of these tasks."""
        if self._pid != os.getpid():
            self._start()
        self._names.update(names or TASKS)
        self._wanted.set()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._wanted, self._names = threading.Event(), set()
        self._thread = threading.Thread(target=self._run, name="worker-notifier", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            # Popped one by one: a name added concurrently is sent now or with the next wake-up.
            names = [self._names.pop() for _ in range(len(self._names))]
            time.sleep(PAUSE if publish(*names) else SILENCE)


def publish(*names: str) -> bool:
    """Ensures that a message for each task waits in the broker; `False` if the broker did not answer."""
    try:
        for name in names or TASKS:
            wakeups.send(current_app, name, seconds=LIFETIME)
    except wakeups.FAULTS as error:
        logger.warning("The broker did not accept a wake-up: %s", type(error).__name__)
        return False
    return True


_notifier = Notifier()
notify_workers = _notifier.notify
