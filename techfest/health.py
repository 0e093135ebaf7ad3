"""Health checks: whether the process runs, and whether everything it depends on works."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from techfest.core.db.clock import database_now

# A delivery that has been due for longer means that no worker is working.
MAX_MAIL_AGE = timedelta(minutes=5)
# Pauses requested by the provider are shorter.
MAX_OUTAGE = timedelta(minutes=1)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process runs; checks nothing else."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 if every part works, else 503, with one sentence per part but no addresses or error messages."""
    parts: dict[str, dict[str, Any]] = {}
    for name, look in PARTS.items():
        is_well, words = look()
        parts[name] = {"ok": is_well, "text": words}
        if name in {"database", "migrations"} and not is_well:
            break
    well = all(part["ok"] for part in parts.values())
    return JsonResponse({"ready": well, "parts": parts}, status=200 if well else 503)


def database() -> tuple[bool, str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False, "the database does not answer"
    return True, "answers"


def migrations() -> tuple[bool, str]:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return missing == 0, "all applied" if missing == 0 else f"{missing} not applied"


def broker() -> tuple[bool, str]:
    """Check the broker, waiting at most one second each to connect and for a response."""
    once = Retry(NoBackoff(), 0)  # by default the client retries for many seconds
    try:
        with Redis.from_url(
            settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=once
        ) as client:
            client.ping()
    except (RedisError, OSError):
        return False, "the message broker does not answer; mails wait"
    return True, "answers"


def mail() -> tuple[bool, str]:
    from tickets.mail.queue import oldest_pending_age  # a broken app must not break /health/live

    age = oldest_pending_age(database_now())
    if age is None:
        return True, "no mail is pending"
    seconds = int(age.total_seconds())
    return seconds <= MAX_MAIL_AGE.total_seconds(), f"the oldest pending mail has waited {seconds} s"


def restore() -> tuple[bool, str]:
    from registrations.restore.hold import current_hold

    if marker := current_hold():
        words = "the database was restored; mails are held until an owner has decided in the admin"
        if marker.register_applied_at is None:
            words += "; the register of erasures is not applied"
        return False, words
    return True, "not restored"


def provider() -> tuple[bool, str]:
    from tickets.mail.breaker import outage_age

    age = outage_age()
    if age is None:
        return True, "takes mails"
    return age <= MAX_OUTAGE, f"has taken no mails for {int(age.total_seconds())} s; they wait"


def workers() -> tuple[bool, str]:
    from tickets.heartbeats import silent

    kinds = silent()
    return not kinds, f"not heard: {', '.join(kinds)}" if kinds else "all are heard"


PARTS: dict[str, Callable[[], tuple[bool, str]]] = {
    "database": database,
    "migrations": migrations,
    "broker": broker,
    "mail": mail,
    "restore": restore,
    "provider": provider,
    "workers": workers,
}
