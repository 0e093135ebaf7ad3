"""The Celery application: workers and beat start from here, and tasks find it here."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "techfest.settings")

app = Celery("techfest")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
