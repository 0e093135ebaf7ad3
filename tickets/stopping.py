"""Whether this worker was asked to stop: waiting mails go back into the queue, and mails in flight are awaited.

The signal reaches the main process, but its child does the work; both share one byte of memory.
"""

import mmap

from celery.signals import worker_shutting_down

_stop_requested = mmap.mmap(-1, 1)


@worker_shutting_down.connect
def ask(**_kwargs: object) -> None:
    _stop_requested[0] = 1


def is_asked() -> bool:
    return bool(_stop_requested[0])
