"""The Celery application: workers and beat start from here, and tasks find it here."""

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
    """Before a task reads its first row, the next wake-up becomes one of its own."""
    wakeups.begin(task.app, task.name)
