"""System checks of the database: row locks and transaction isolation."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from psycopg import IsolationLevel

_CAN_CHANGE_TABLES = """
    SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) OR EXISTS (
        SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
            AND pg_has_role(relowner, 'USAGE'))
"""


@register(Tags.database)
def check_engine(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Check for PostgreSQL and READ COMMITTED: with another engine or isolation level, events could be overbooked."""
    configured = settings.DATABASES["default"]
    if configured["ENGINE"] != settings.POSTGRESQL:
        return [
            Error("The database must be PostgreSQL: seats are kept by its row locks.", id="techfest.E001")
        ]
    if configured["OPTIONS"].get("isolation_level") != IsolationLevel.READ_COMMITTED:
        return [Error("The isolation level must be pinned to READ COMMITTED.", id="techfest.E002")]
    return []


@register(Tags.database)
def check_isolation(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Check the server if the command names a database: ``manage.py check --database default``, ``migrate``."""
    if not databases or "default" not in databases:
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        level = cursor.fetchone()[0]
    if level != "read committed":
        return [
            Error(
                f"The server isolates transactions as '{level}'; it must be READ COMMITTED.",
                id="techfest.E003",
            )
        ]
    return []


@register(Tags.database, deploy=True)
def check_role(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Check the server if the command names a database: ``manage.py check --deploy --database default``."""
    if not databases or "default" not in databases:
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(_CAN_CHANGE_TABLES)
        can_change = cursor.fetchone()[0]
    if not can_change:
        return []
    return [
        checks.Warning(
            "The database role of DATABASE_URL is a superuser or owns the tables, so it can switch off the triggers "
            "that keep the audit log.",
            hint="Make two roles with deploy/postgres/roles.sql, and use the owner's for migrations only.",
            id="techfest.W020",
        )
    ]
