"""The one process of all background work: `celery -A techfest.worker worker -Q mail,pdf,lists`.

Mails, class lists and the sending of beat's wake-ups share it; PDFs are made in a child process, while there are any.
"""

import logging
import os
import threading
from typing import Any

from celery.beat import Service
from celery.signals import worker_init, worker_ready, worker_shutting_down

from techfest.beat import WakeupScheduler
from techfest.celery import app

__all__ = ["app"]

logger = logging.getLogger(__name__)

QUEUES = frozenset({"mail", "pdf", "lists"})
LONGEST_PAUSE = 1
"""Seconds between two looks of beat at its schedule: it ends within that time."""

app.conf.worker_pool = "techfest.lanes:Pool"


@worker_init.connect
def begin(**_kwargs: object) -> None:
    from tickets.documents import pdf_process  # Django is ready only now

    pdf_process.use_child()


@worker_ready.connect
def start_beat(**_kwargs: object) -> None:
    """Starts beat in a thread if this worker serves all queues, as the one of the Procfile does."""
    if set(app.amqp.queues.consume_from) >= QUEUES:
        threading.Thread(target=_run_beat, name="beat", daemon=True).start()


@worker_shutting_down.connect
def stop(**_kwargs: object) -> None:
    from tickets.documents import pdf_process

    pdf_process.ask_to_stop()


def _run_beat() -> None:
    """Runs beat. Where it ends, the worker ends too and is started again: reminders and retries would wait."""
    try:
        service: Any = Service(app, max_interval=LONGEST_PAUSE, scheduler_cls=WakeupScheduler)
        service.start()
    except BaseException:
        logger.exception("Beat has failed")
    os._exit(1)
