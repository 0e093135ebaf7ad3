"""Requests with another encoding or with invalid bytes get an error page and cause no crash."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import Client

from registrations.models import Student
from registrations.tests.builders import build_event, build_fest
from registrations.tests.form_posts import FORM, typed
from techfest.logs import OneLineFormatter
from techfest.wsgi import application

pytestmark = pytest.mark.django_db

CODECS = ["unicode_escape", "raw_unicode_escape", "utf-7", "utf-16", "idna", "zlib", "undefined", "nonsense"]


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Like Django's test client, keep the test's transaction open."""
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


def ask(path: str, kind: str, body: bytes | None = None) -> tuple[int, str]:
    """Status and body from the WSGI application."""
    statuses: list[int] = []

    def start_response(status: str, _headers: Any, _error: Any = None) -> None:
        statuses.append(int(status[:3]))

    path, _mark, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET" if body is None else "POST",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_HOST": "testserver",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body or b"")),
        "wsgi.input": BytesIO(body or b""),
    }
    setup_testing_defaults(environ)
    response = application(environ, start_response)
    return statuses[0], b"".join(response).decode()


def multipart(fields: dict[str, Any]) -> bytes:
    pairs = [
        (name, value)
        for name, values in fields.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    parts = [
        f'--line\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs
    ]
    return ("".join(parts) + "--line--\r\n").encode()


@pytest.mark.parametrize("charset", CODECS)
@pytest.mark.parametrize("path", ["/?grade=%41", "/register/?event=%5Cud800", "/link/?a=%ff"])
def test_page_is_read_whatever_encoding_is_named(path: str, charset: str) -> None:
    build_event(build_fest())
    assert ask(path, f"text/plain; charset={charset}")[0] == 200


@pytest.mark.parametrize("charset", CODECS)
@pytest.mark.parametrize("field", ["name", "school", "email"])
def test_form_is_read_as_utf_8_whatever_encoding_is_named(field: str, charset: str) -> None:
    r"""Where the name was believed, \ud800 became half of a pair, which no page can hold."""
    event = build_event(build_fest())
    body = multipart(typed(event, **{field: r"a\ud800 é", "grade": ""}))
    kind = f'multipart/form-data; boundary=line; charset="{charset}"'
    status, page = ask(FORM, kind, body)
    assert (status, r"a\ud800 é" in page) == (200, True)


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf8"'])
def test_form_in_utf_8_that_says_so_is_taken(charset: str) -> None:
    event = build_event(build_fest())
    body = multipart(typed(event, name="आरव शर्मा"))
    kind = f"multipart/form-data; charset={charset}; boundary=line"
    assert ask(FORM, kind, body)[0] == 302
    assert Student.objects.get().name == "आरव शर्मा"


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\xed\xa0\x80", b"Jos\xe9"])
def test_form_of_raw_bytes_that_are_no_utf_8_is_refused(client: Client, raw: bytes) -> None:
    event = build_event(build_fest())
    body = f"key={'0' * 32}&events={event.slug}&grade=7&consent=on&school=S&name=".encode() + raw
    response = client.generic("POST", FORM, body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 400
    assert "This request could not be read" in response.content.decode()
    assert Student.objects.count() == 0


def test_odd_request_is_logged_on_one_line(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """The log lines as the project's formatter writes them."""
    for path, host in (("/events/%1b%5b31m%0aforged/", "testserver"), ("/a/secret%0a1b/", "testserver")):
        client.get(path, headers={"Host": host})
    client.get("/", headers={"Host": "evil.example\n\x1b[31m"})
    lines = [OneLineFormatter("%(message)s").format(record) for record in caplog.records]
    assert len(lines) >= 3
    assert [line for line in lines if not line.isprintable() or "secret" in line] == []
