"""The Celery application of beat alone: it only rings, so it loads the schedule and neither Django nor the rooms."""

from celery import Celery

app = Celery("techfest.beat", fixups=[])
app.config_from_object("techfest.settings", namespace="CELERY")
