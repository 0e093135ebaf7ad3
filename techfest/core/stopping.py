"""Whether this process was asked to stop: waiting mails go back into the queue, and mails in flight are awaited."""

import threading

from celery.signals import worker_shutting_down

_stop_requested = threading.Event()


@worker_shutting_down.connect
def ask(**_kwargs: object) -> None:
    _stop_requested.set()


def is_asked() -> bool:
    return _stop_requested.is_set()
