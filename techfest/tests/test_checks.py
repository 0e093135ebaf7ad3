from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from psycopg import IsolationLevel

from techfest import checks


def with_database(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    monkeypatch.setattr(settings, "DATABASES", {"default": {**settings.DATABASES["default"], **changes}})


def test_settings_as_they_are_pass() -> None:
    assert checks.check_engine(None) == []


def test_other_engine_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with_database(monkeypatch, ENGINE="django.db.backends.sqlite3")
    assert [error.id for error in checks.check_engine(None)] == ["techfest.E001"]


def test_other_isolation_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with_database(monkeypatch, OPTIONS={"isolation_level": IsolationLevel.REPEATABLE_READ})
    assert [error.id for error in checks.check_engine(None)] == ["techfest.E002"]


def test_server_that_isolates_otherwise_is_an_error(transactional_db: None) -> None:
    before = checks.check_isolation(None, databases=["default"])
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_isolation = 'repeatable read'")
    connection.connection.isolation_level = None
    try:
        after = checks.check_isolation(None, databases=["default"])
    finally:
        connection.close()
    assert (before, [error.id for error in after]) == ([], ["techfest.E003"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("transaction_isolation", "read committed"),
        ("lock_timeout", "3s"),
        ("statement_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("application_name", "techfest"),
        ("TimeZone", "UTC"),
    ],
)
def test_connection_carries_its_limits(name: str, value: str, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == (value,)


def test_statement_is_prepared_at_its_second_use(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        for number in range(3):
            cursor.execute("SELECT %s::int + 40", [number])
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int + 40'"
        )
        assert cursor.fetchone() == (1,)
