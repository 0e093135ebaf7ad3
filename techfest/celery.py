"""The Celery application of the workers."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun

from techfest.core.db import wakeups

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "techfest.settings")

app = Celery("techfest")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
def begin(*, task: Any, **_kwargs: object) -> None:
    """Remove the task's wake-up mark before it reads its first row, so that later wake-ups are sent."""
    wakeups.begin(task.app, task.name)
