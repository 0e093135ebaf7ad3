"""Heartbeats: when each kind of process last worked, one row per kind, written by the workers.

Beat has no connection to the database: a worker records beat's heartbeat when it begins a task that beat has sent. An
idle worker receives such a task every few seconds; during a longer task, a thread writes the worker's own heartbeat.
"""

import os
import threading
import time
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils.translation import gettext as _

EVERY = 5.0
"""Seconds between two heartbeats of a process that is working."""
SILENT = 60.0
"""Seconds without a heartbeat after which a process is considered gone."""
BEAT = "beat"
KINDS = ("mail", "pdf", "lists", BEAT)
"""The processes of the Procfile, by their purpose."""
_WRITE = """
    INSERT INTO tickets_heartbeat (kind, at) VALUES (%s, clock_timestamp())
    ON CONFLICT (kind) DO UPDATE SET at = excluded.at
    WHERE tickets_heartbeat.at < excluded.at - interval '3 seconds'
"""
_READ = "SELECT kind FROM tickets_heartbeat WHERE at > clock_timestamp() - %s * interval '1 second'"


def write(kind: str) -> None:
    """Records that this kind of process works. An unavailable database is ignored here."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [kind])
    except (DatabaseError, InterfaceError):
        if not connection.in_atomic_block:
            connection.close()


def silent() -> list[str]:
    """The kinds of process without a recent heartbeat, by the database's clock. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [SILENT])
        heard = {kind for (kind,) in cursor.fetchall()}
    return [kind for kind in KINDS if kind not in heard]


def words(kinds: list[str]) -> list[str]:
    """A sentence for each of these kinds: what does not happen without it."""
    sentences = {
        "mail": _("The worker that sends mails does not run: mails wait."),
        "pdf": _("The worker that makes PDFs does not run: tickets and mails go without them."),
        "lists": _("The worker that registers class lists does not run: confirmed lists wait."),
        BEAT: _(
            "The clock of the workers (beat) was not heard: reminders and retries wait, and a worker that seems not"
            " to run may only have nothing to do."
        ),
    }
    return [sentences[kind] for kind in kinds]


class Pulse:
    """A thread that writes heartbeats while a task of its process runs."""

    def __init__(self) -> None:
        self._kind, self._pid = "", 0

    def begin(self, kind: str) -> None:
        write(kind)
        self._kind = kind
        if self._pid != os.getpid():
            self._pid = os.getpid()
            threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def end(self) -> None:
        self._kind = ""

    def _run(self) -> None:
        while True:
            time.sleep(EVERY)
            if kind := self._kind:
                write(kind)
                connection.close()


_pulse = Pulse()


@task_prerun.connect
def begin(*, task: Any, **_kwargs: object) -> None:
    _pulse.begin(settings.CELERY_TASK_ROUTES[task.name]["queue"])
    if task.request.get("celery_beat_task") or (task.request.headers or {}).get("celery_beat_task"):
        write(BEAT)


@task_postrun.connect
def end(**_kwargs: object) -> None:
    _pulse.end()
