"""The site as it is served: nginx, Gunicorn as systemd starts it, and visitors who submit the form."""

import contextlib
import html
import os
import socket
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.db import connection

from deploy.bench.load import Load, invite, paced, steady
from deploy.bench.visitors import Visitor
from deploy.launcher.folders import ROOT, VENV
from deploy.launcher.processes import Process, stop
from deploy.nginx.process import private_site, running_nginx, socket_addresses
from deploy.tests.nginx.house import ERRORS, Answer, ask, wait_for
from events.models import Event, Seats
from registrations.models import Registration
from techfest.tests.support.programs import find_program
from techfest.tests.support.workers import site_environment

_TAG = "Kumari"
OUR_PAGES = {file.read_bytes() for file in ERRORS.glob("50*.html")}
_AS_SYSTEMD = (
    "import fcntl, os, sys; given = [fcntl.fcntl(int(n), fcntl.F_DUPFD, 20) for n in sys.argv[1].split(',')];"
    " [os.dup2(one, 3 + n) for n, one in enumerate(given)];"
    " os.environ.update(LISTEN_FDS=str(len(given)), LISTEN_PID=str(os.getpid()));"
    " os.execv(sys.argv[2], sys.argv[2:])"
)
"""Hands sockets on under the numbers and with the words that systemd would."""


Form = Mapping[str, str | list[str]]


@dataclass
class Front:
    """What runs: the port of nginx, and Gunicorn, whose socket outlives it."""

    port: int
    gunicorn: Process

    def get(self, path: str) -> Answer:
        return ask(self.port, path)

    def post_form(self, form: Form) -> Answer:
        """Sends the form as a browser does."""
        body = urlencode(form, doseq=True).encode()
        return ask(
            self.port, "/register/", body, method="POST", Content_Type="application/x-www-form-urlencoded"
        )

    def workers(self) -> list[int]:
        """The processes that answer; empty while there is no master."""
        file = Path(f"/proc/{self.gunicorn.pid}/task/{self.gunicorn.pid}/children")
        return [int(pid) for pid in file.read_text().split()] if file.exists() else []

    def wait_until_ready(self) -> None:
        wait_for(lambda: self.get("/health/live").status == 200, seconds=30)


@contextlib.contextmanager
def running_front(
    data: Path,
    *,
    workers: int = 2,
    backlog: int = 2048,
    application: str = "techfest.wsgi",
    **extra: str,
) -> Iterator[Front]:
    """The site on the tests' database, ``extra`` on top of its environment; ended with the block."""
    find_program("nginx")
    # A Unix socket's path may have 107 bytes, a test's folder has more.
    with tempfile.TemporaryDirectory(prefix="tf-") as short, contextlib.ExitStack() as ending:
        public, staff = socket_addresses(Path(short), "web")
        listeners = [ending.enter_context(_listening(one, backlog)) for one in [*public.split(","), staff]]
        environment = site_environment(data, {"WEB_CONCURRENCY": str(workers), **extra})
        numbers = tuple(one.fileno() for one in listeners)
        command = [
            sys.executable,
            "-c",
            _AS_SYSTEMD,
            ",".join(map(str, numbers)),
            str(VENV / "bin" / "gunicorn"),
        ]
        command += ["--config", "deploy/gunicorn.conf.py", application]
        gunicorn = Process("web", command, environment, data / "web.log", folder=ROOT, keep_open=numbers)
        site = private_site(
            data / "nginx",
            upstream=public,
            static_root=Path(os.environ["STATIC_ROOT"]),
            errors=ERRORS,
        )
        with running_nginx(replace(site, staff_upstream=staff)) as nginx:
            front = Front(nginx.port, gunicorn)
            gunicorn.start()
            try:
                front.wait_until_ready()
                yield front
            finally:
                stop([gunicorn], seconds=2)


def _listening(address: str, backlog: int) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address.removeprefix("unix:"))
    listener.listen(backlog)
    return listener


def form_for(event: Event, *, number: int = 1) -> Form:
    """A filled-in form for one event, with an idempotency key of its own."""
    return Visitor(number, event.slug, str(uuid.uuid4())).fields(_TAG)


@contextlib.contextmanager
def clicks(front: Front, event: Event, *, rate: int, seconds: float) -> Iterator[list[Visitor]]:
    """``rate`` visitors a second submit while the block runs; it ends when each has an answer or none for 20 s."""
    load = Load("127.0.0.1", front.port, follow=False, tag=_TAG)
    invite(load, clients=int(rate * seconds), events=[event.slug], fetch=False)
    submitting = threading.Thread(target=paced, args=(load,), kwargs={"rate": rate, "seconds": seconds + 20})
    submitting.start()
    try:
        yield load.visitors
    finally:
        submitting.join()


def submit_again(front: Front, visitors: Sequence[Visitor]) -> None:
    """Each sends the same form again, two at a time, and once or twice more if the backlog was full in that moment."""
    left = list(visitors)
    for _attempt in range(3):
        if left:
            load = Load("127.0.0.1", front.port, visitors=left, follow=False, tag=_TAG)
            steady(load, at_once=2, seconds=60)
            left = [one for one in left if not acknowledged([one])]


def answers(visitors: Sequence[Visitor]) -> Counter[str]:
    """What came back, by status; a 5xx that is no page of ours, and no answer at all, by their names."""
    return Counter(_word(visitor) for visitor in visitors)


def slowest(visitors: Sequence[Visitor]) -> float:
    """Seconds from a submission to its response."""
    return max(one.submission.finished_at - one.began for one in visitors if one.submission)


def acknowledged(visitors: Sequence[Visitor]) -> list[Visitor]:
    return [visitor for visitor in visitors if answers([visitor]) == {"302": 1}]


def kept(visitors: Sequence[Visitor]) -> list[int]:
    """How many active registrations the database holds for each submission, in the visitors' order."""
    rows = Registration.objects.active().filter(submission__key__in=[one.key for one in visitors])
    found = Counter(str(key) for key in rows.values_list("submission__key", flat=True))
    return [found[visitor.key] for visitor in visitors]


_WAITING = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (
    SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database WHERE datname = current_database()
)
"""


def waiting_for_locks() -> int:
    """How many wait for a lock in this database now; unlike the activity it is not remembered in a transaction.

    Whoever waits for a transaction names no database, but holds locks on tables of one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return int(cursor.fetchone()[0])


def taken(event: Event) -> int:
    return Seats.objects.get(pk=event.pk).taken


def is_busy_page(page: bytes, form: Form) -> bool:
    """Whether it has the button to send the very same form again, all that was typed included."""
    text = html.unescape(page.decode())
    return "Send again" in text and all(
        f'name="{name}" value="{value}"' in text for name, value in form.items()
    )


def _word(visitor: Visitor) -> str:
    submission = visitor.submission
    if submission is None or submission.failure or not submission.finished_at:
        return submission.failure if submission and submission.failure else "no answer"
    if submission.status < 500 or submission.body() in OUR_PAGES:
        return str(submission.status)
    if submission.status == 503 and is_busy_page(
        submission.body(), {"key": visitor.key, "events": visitor.event}
    ):
        return "503"
    return f"{submission.status} in other words"


def until(moment: float) -> None:
    """Lets a load go on until this moment of the monotonic clock."""
    time.sleep(max(0.0, moment - time.monotonic()))


@pytest.fixture
def send() -> Iterator[Callable[..., Future[Answer]]]:
    """Sends something beside the test and gives its answer when it is there."""
    with ThreadPoolExecutor(40) as pool:
        yield pool.submit
