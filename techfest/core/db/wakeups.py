"""Wake-ups of the workers: of each task at most one message waits in the broker, however often it is asked for.

Imports no Django, so that beat can use it as well.
"""

from contextlib import suppress
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

FAULTS = (OperationalError, RedisError, OSError)
"""What is raised when the broker does not take a message."""


def _conflict(name: str) -> str:
    """The key that says that a wake-up of this task waits. It expires together with the message."""
    return f"techfest:wakeup:{name}"


def send(app: Celery, name: str, *, seconds: float, producer: Any = None, **options: Any) -> bool:
    """Publishes a message for this task, unless one waits already; whether it did. Raises FAULTS.

    A worker that begins the task takes the flag away before it reads a row, so what is committed before a
    wake-up that is left out will be read. Flag and message live in one broker and expire after `seconds`: what
    a flushed broker or a dead worker has lost is asked for again by the next wake-up after that.
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
    """From now on the next wake-up of this task is a new one. Without a broker the flag expires by itself."""
    with suppress(*FAULTS), app.producer_or_acquire() as using:
        using.channel.client.delete(_conflict(name))
