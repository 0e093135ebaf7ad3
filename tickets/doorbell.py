"""Ringing for the workers. A ring says "there is work" and nothing else; losing one costs five seconds."""

import logging
import os
import threading
import time

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

PAUSE = 0.2
"""Seconds between two rings of one process."""
SILENCE = 5.0
"""Seconds without a ring after the broker did not answer; beat rings every 5 s as well."""
TASKS = ("tickets.render", "tickets.send")
LIFETIME = 10
"""Seconds after which an unheard ring is thrown away."""


class Doorbell:
    """A thread that publishes for its process, so that a hanging broker never holds up a request."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0

    def ring(self) -> None:
        """Returns at once; any number of calls within `PAUSE` make one ring."""
        if self._pid != os.getpid():
            self._start()
        self._wanted.set()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            time.sleep(PAUSE if publish() else SILENCE)


def publish() -> bool:
    """Puts one message for each kind of worker into the broker; whether the broker took them."""
    try:
        for name in TASKS:
            current_app.send_task(name, expires=LIFETIME, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("The broker did not take the ring: %s", type(error).__name__)
        return False
    return True


_doorbell = Doorbell()
ring = _doorbell.ring
