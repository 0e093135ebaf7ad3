"""Heartbeats: when each kind of work last went on, one row per kind, written by the workers.

The thread of a kind writes its own at each task and while it is idle (`techfest/lanes.py`), so it is heard without
beat and without the broker; during a long task another thread does. Beat's is written when a task that beat has sent
is begun, so it is silent too while the broker brings nothing.
"""

import threading
import time
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils.translation import gettext as _

EVERY = 5.0
"""Seconds between two heartbeats during a task."""
SILENT = 60.0
"""Seconds without a heartbeat after which a kind is considered gone."""
BEAT = "beat"
KINDS = ("mail", "pdf", "lists", BEAT)
"""What the worker does, each kind in a thread of its own."""
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
        "mail": _("The worker that sends mails does not run: mails stay queued."),
        "pdf": _("The worker that makes PDFs does not run: tickets and mails go without them."),
        "lists": _("The worker that registers class lists does not run: confirmed lists are not registered."),
        BEAT: _("The scheduler of the workers (beat) does not run: there are no reminders and retries."),
    }
    return [sentences[kind] for kind in kinds]


class Pulse:
    """A thread that writes heartbeats of the kinds whose tasks run."""

    def __init__(self) -> None:
        self._kinds: set[str] = set()
        self._thread: threading.Thread | None = None

    def begin(self, kind: str) -> None:
        write(kind)
        self._kinds.add(kind)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
            self._thread.start()

    def end(self, kind: str) -> None:
        self._kinds.discard(kind)

    def _run(self) -> None:
        while True:
            time.sleep(EVERY)
            for kind in sorted(self._kinds):
                write(kind)
            connection.close()


_pulse = Pulse()


@task_prerun.connect
def begin(*, task: Any, **_kwargs: object) -> None:
    _pulse.begin(_kind_of(task))
    if task.request.get("celery_beat_task") or (task.request.headers or {}).get("celery_beat_task"):
        write(BEAT)


@task_postrun.connect
def end(*, task: Any, **_kwargs: object) -> None:
    _pulse.end(_kind_of(task))


def _kind_of(task: Any) -> str:
    return str(settings.CELERY_TASK_ROUTES[task.name]["queue"])
