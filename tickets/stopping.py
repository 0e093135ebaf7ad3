"""Whether this worker was asked to stop: waiting mails go back into the queue, and mails in flight are awaited.

The main process hears the signal and its child does the work; both see one byte of shared memory.
"""

import mmap

from celery.signals import worker_shutting_down

_stop_requested = mmap.mmap(-1, 1)


@worker_shutting_down.connect
def ask(**_kwargs: object) -> None:
    _stop_requested[0] = 1


def is_asked() -> bool:
    return bool(_stop_requested[0])
