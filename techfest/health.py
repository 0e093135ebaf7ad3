"""Is this process alive, and is everything it needs there?"""

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

# A delivery that has been owed for longer than this means that no worker does its work.
MAX_MAIL_AGE = timedelta(minutes=5)
# A pause that the provider asks for is over by then.
MAX_OUTAGE = timedelta(minutes=1)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """200 while the process answers; asks nobody else."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when every part is well, else 503; each part in plain words, no address and no error text of the part."""
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
    """Waits at most one second to connect and one to hear an answer; tickets wait in the database meanwhile."""
    once = Retry(NoBackoff(), 0)  # by itself the client tries for many seconds
    try:
        with Redis.from_url(
            settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=once
        ) as client:
            client.ping()
    except (RedisError, OSError):
        return False, "the message broker does not answer; mails wait"
    return True, "answers"


def mail() -> tuple[bool, str]:
    from tickets.mail.outbox import oldest_pending_age  # a broken room must not take /health/live along

    age = oldest_pending_age(database_now())
    if age is None:
        return True, "nothing is owed"
    seconds = int(age.total_seconds())
    return seconds <= MAX_MAIL_AGE.total_seconds(), f"the oldest owed mail has waited {seconds} s"


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
