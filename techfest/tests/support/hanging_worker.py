"""The worker with tasks that hang, for tests of their limits; start it with `-A` and this module's name."""

import logging
import re
import time

from django.conf import settings

from techfest.worker import app

__all__ = ["app"]

logger = logging.getLogger(__name__)
LIMIT = 2
"""Seconds."""
for _name in ("tests.wait", "tests.compute", "tests.note"):
    settings.CELERY_TASK_ROUTES[_name] = {"queue": "mail"}
settings.CELERY_TASK_ROUTES["tests.other"] = {"queue": "lists"}


@app.task(name="tests.wait", time_limit=LIMIT)
def wait() -> None:
    time.sleep(600)


@app.task(name="tests.compute", time_limit=LIMIT)
def compute() -> None:
    """Holds the interpreter's lock all the while, so that no thread of Python could end it."""
    re.fullmatch(r"(a+)+b", "a" * 64)


@app.task(name="tests.note", time_limit=LIMIT)
def note() -> None:
    logger.warning("noted")


@app.task(name="tests.other", time_limit=600)
def other() -> None:
    logger.warning("other begun")
    time.sleep(LIMIT * 2)
    logger.warning("other done")
