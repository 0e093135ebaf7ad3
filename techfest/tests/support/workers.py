"""Real Celery worker processes for tests, stopped by PID."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

_READY_WITHIN = 30.0


@dataclass
class Worker:
    """A running worker; ``log`` is everything it has written."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    def child_pids(self) -> list[int]:
        """The child processes: the one that makes PDFs, while there are any."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(pid) for file in tasks for pid in file.read_text().split()]

    def kill(self) -> None:
        """Kill the worker and its children at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait(timeout=10)

    def stop(self) -> None:
        """Stop the worker gracefully; kill it after ten seconds."""
        self.popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(timeout=10)
        self.kill()


# start("mail"), start("mail,pdf", {"MAILGUN_API_URL": "http://127.0.0.1:9000"})
WorkerFactory = Callable[..., Worker]


def test_database_url() -> str:
    """The URL of the test database for other processes."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


def site_environment(data: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a process of the site in a test: its database, its folder, and ``extra``."""
    return {
        **os.environ,
        "DATABASE_URL": test_database_url(),
        "TECHFEST_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "techfest.settings",
        "PYTHONWARNINGS": "default",
        **(extra or {}),
    }


@contextlib.contextmanager
def running_workers(data: Path) -> Iterator[WorkerFactory]:
    """Yield a function that starts a worker and returns when it is ready; kill all workers at the end."""
    started: list[Worker] = []

    def start(
        queues: str = "mail,pdf",
        extra: Mapping[str, str] | None = None,
        *,
        application: str = "techfest.worker",
    ) -> Worker:
        log = data / f"worker-{len(started)}.log"
        worker = _started(queues, site_environment(data, extra), log, application=application)
        started.append(worker)
        _wait_until_ready(worker)
        return worker

    try:
        yield start
    finally:
        for worker in started:
            if worker.popen.poll() is None:
                # A graceful stop takes seconds; tests that need one ask for it.
                worker.kill()


def _started(queues: str, environment: Mapping[str, str], log: Path, *, application: str) -> Worker:
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        application,
        "worker",
        "-Q",
        queues,
        "-c",
        "1",
        "-l",
        "INFO",
    ]
    command += [
        "-n",
        f"{log.stem}-{os.getpid()}@%h",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
    with log.open("wb") as output:
        popen = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Worker(popen, log)


def _wait_until_ready(worker: Worker) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while " ready." not in worker.log.read_text(errors="replace"):
        if worker.popen.poll() is not None or time.monotonic() > deadline:
            worker.kill()
            raise RuntimeError(f"the worker did not start:\n{worker.log.read_text(errors='replace')}")
        time.sleep(0.05)
