"""Wake-ups for workers: the broker holds at most one message per task."""

from contextlib import suppress
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

FAULTS = (OperationalError, RedisError, OSError)
"""The exceptions raised when the broker does not accept a message."""


def _conflict(name: str) -> str:
    """The key that marks a waiting wake-up of this task. It expires together with the message."""
    return f"techfest:wakeup:{name}"


def send(app: Celery, name: str, *, seconds: float, producer: Any = None, **options: Any) -> bool:
    """Publish a message for this task unless one is waiting; return whether it was published. Raises FAULTS.

    A worker removes the mark before it reads any row, so a skipped wake-up loses nothing that was committed before.
    Mark and message expire after `seconds`: after a flushed broker or a dead worker, the next wake-up is published
    again.
    """
    with app.producer_or_acquire(producer) as using:
        client = using.channel.client
        if not client.set(_conflict(name), 1, nx=True, px=int(seconds * 1000)):
            return False
        try:
            app.send_task(name, expires=seconds, retry=False, producer=using, **options)
        except FAULTS:
            with suppress(*FAULTS):
                client.delete(_conflict(name))
            raise
    return True


def begin(app: Celery, name: str) -> None:
    """Remove the mark, so that the next wake-up is published. If the broker fails, the mark expires by itself."""
    with suppress(*FAULTS), app.producer_or_acquire() as using:
        using.channel.client.delete(_conflict(name))
