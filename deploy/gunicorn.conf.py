"""Gunicorn: sync workers, few of them, recycled, behind nginx or (deploy/up) alone."""

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def _number(name: str, default: int, minimum: int, maximum: int) -> int:
    value = os.environ.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and minimum <= int(value) <= maximum):
        raise SystemExit(f"{name} must be a whole number from {minimum} to {maximum}.")
    return int(value)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# One address or several, with commas. A worker takes one request of each in turn: where the public pages have three
# sockets and the staff one, every fourth turn is for the staff, whatever crowd there is on the other three.
bind = (os.environ.get("GUNICORN_BIND") or f"127.0.0.1:{_number('PORT', 8000, 1, 65535)}").split(",")
# systemd passes nginx's sockets. Gunicorn removes LISTEN_FDS at its start, and reads this file again at a reload.
_has_sockets = not os.environ.keys().isdisjoint({"LISTEN_FDS", "LISTEN_FDNAMES"})
_is_behind_nginx = _has_sockets or all(address.startswith("unix:") for address in bind)
# One a core, and two at least, so that one computes while another waits for the disk. More gain nothing: they
# fight for the cores and wait for each other at a hot event's row.
workers = _number("WEB_CONCURRENCY", max(2, _cores()), 1, 64)
worker_class = "techfest.gunicorn_worker.Worker"
preload_app = True
# The clicks of a rush wait here; the kernel's net.core.somaxconn is the upper bound of each socket.
backlog = 16_384
# Seconds. A request ends itself after 3 s of waiting for locks; 30 s means that it hangs.
timeout = 30
graceful_timeout = 10
keepalive = 2
max_requests = 20_000
max_requests_jitter = 2_000
# The heartbeat file must never wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
# Only our own proxy may state the client's address and scheme; no other program can reach a Unix socket.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS") or "127.0.0.1,::1"
# No header becomes a variable of the server (SCRIPT_NAME, PATH_INFO).
forwarder_headers = ""
# One in the home folder would be shared by every copy on the machine.
control_socket_disable = True
# nginx logs each request as well.
accesslog = None if _is_behind_nginx else "-"
errorlog = "-"
loglevel = "info"
# Address, request line (without its query), status, bytes, milliseconds. No referrer: it could be a secret link.
access_log_format = '%(h)s "%(r)s" %(s)s %(b)s %(M)sms'
logger_class = "techfest.gunicorn_logging.Logger"
proc_name = "techfest"


def when_ready(server: Any) -> None:
    """Runs once before the workers are forked: loads the code of the pages, and looks for a restored database.

    The workers share the memory of what is loaded. Clicks wait in the socket meanwhile.
    """
    from django.apps import apps  # Django is there only after the preload
    from django.urls import get_resolver

    _ = get_resolver().url_patterns
    # The peers of the benches run under these settings and have nothing to restore.
    if apps.is_installed("tickets"):
        from tickets.confirmation_page import prepare
        from tickets.restore import check_at_start

        prepare()
        check_at_start()


def pre_fork(server: Any, worker: Any) -> None:
    """No worker inherits a connection: two processes on one would mix their answers."""
    from django.db import connections

    connections.close_all()


def worker_exit(server: Any, worker: Any) -> None:
    """The last answer of this worker has gone: it ends now."""
    _end_at_once()


def on_exit(server: Any) -> None:
    """The workers have ended: so does the master, and a restart waits for nothing."""
    _end_at_once()


def _end_at_once() -> None:
    """Ends this process with the code that it was ending with, without taking its modules apart first.

    That takes several seconds on a busy machine, in which clicks wait in the socket and nginx runs out of patience.
    """
    error = sys.exc_info()[1]
    code = error.code if isinstance(error, SystemExit) else getattr(error, "exit_status", 0)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else 0)
