"""A transaction that the server ended is answered like any other unavailable database."""

import time

import psycopg
import pytest
from django.db import InternalError, OperationalError, connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory

from registrations.database_unavailable import OutageMiddleware
from techfest.core.errors import LockTimeout


def stand_still_inside_a_transaction() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '20ms'")
        ends = time.monotonic() + 5
        while time.monotonic() < ends:
            time.sleep(0.05)
            cursor.execute("SELECT 1")


@pytest.mark.django_db(transaction=True)
def test_transaction_ended_by_the_server_is_the_busy_page_with_everything_typed(rf: RequestFactory) -> None:
    with pytest.raises(InternalError) as raised:
        stand_still_inside_a_transaction()
    connection.close()
    outage = OutageMiddleware(lambda request: HttpResponse())
    request = rf.post("/register/", {"name": "Asha Rao"})
    request.may_be_repeated = True  # type: ignore[attr-defined]  # as the guard of public pages does
    response = outage.process_exception(request, raised.value)
    assert response is not None
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert b'value="Asha Rao"' in response.content


def test_fault_of_the_code_is_no_outage(rf: RequestFactory) -> None:
    outage = OutageMiddleware(lambda request: HttpResponse())
    assert outage.process_exception(rf.get("/"), ValueError("ours")) is None


def test_admin_s_form_is_not_repeated_with_what_was_typed(rf: RequestFactory) -> None:
    outage = OutageMiddleware(lambda request: HttpResponse())
    response = outage.process_exception(rf.post("/admin/login/", {"password": "s3cret"}), OperationalError())
    assert response is not None
    assert (response.status_code, b"s3cret" in response.content) == (503, False)


@pytest.mark.parametrize(
    ("error", "cause", "words"),
    [
        (LockTimeout(), None, "Very many people are registering this second"),
        (LockTimeout(), psycopg.errors.LockNotAvailable(), "Very many people are registering this second"),
        (LockTimeout(), psycopg.errors.QueryCanceled(), "Very many people are registering this second"),
        (LockTimeout(), psycopg.OperationalError("lost"), "Our database does not answer"),
        (OperationalError(), psycopg.errors.QueryCanceled(), "This took too long"),
        (
            OperationalError(),
            psycopg.errors.LockNotAvailable(),
            "Very many people are registering this second",
        ),
        (OperationalError(), psycopg.OperationalError("refused"), "Our database does not answer"),
        (InternalError(), None, "Our database does not answer"),
    ],
)
def test_page_says_what_was_slow(
    rf: RequestFactory, error: Exception, cause: Exception | None, words: str
) -> None:
    if isinstance(error, LockTimeout) and cause is not None:
        error.__cause__ = OperationalError()
        error.__cause__.__cause__ = cause
    else:
        error.__cause__ = cause
    request = rf.post("/register/", {"name": "Asha Rao"})
    request.may_be_repeated = True  # type: ignore[attr-defined]  # as the guard of public pages does
    response = OutageMiddleware(lambda request: HttpResponse()).process_exception(request, error)
    assert response is not None
    assert f"<h1>{words}</h1>" in response.content.decode()
