"""Requests that no browser sends end at nginx."""

import json

import pytest

from deploy.tests.nginx.house import House


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "FOO"])
def test_method_that_nothing_here_serves_is_refused(house: House, method: str) -> None:
    assert house.get("/register/", method=method).status in {400, 405}
    assert house.reached() == []


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n",
        b"GET / HTTP/1.1\r\nHost: local host\r\n",
        b"GET / HTTP/1.1\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -4\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4x\r\n",
        b"GET /%00 HTTP/1.1\r\nHost: localhost\r\n",
    ],
    ids=["evil", "absolute", "two-hosts", "space", "none", "two-lengths", "te-cl", "minus", "letters", "nul"],
)
def test_odd_request_is_refused_before_the_application(house: House, head: bytes) -> None:
    answer = house.raw(head + b"Connection: close\r\n\r\n0\r\n\r\nGET /smuggled/ HTTP/1.1\r\n\r\n")
    assert answer.split(b" ", 2)[1] == b"400"
    assert house.reached() == []


@pytest.mark.parametrize("encoding", [b"xchunked", b"identity", b"chunked, chunked", b"gzip, chunked"])
def test_strange_transfer_encoding_is_refused(house: House, encoding: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: " + encoding
    answer = house.raw(head + b"\r\n\r\n0\r\n\r\n")
    assert answer.split(b" ", 2)[1] in {b"400", b"501"}
    assert house.reached() == []


def test_chunked_body_reaches_the_application_as_one_request(house: House) -> None:
    head = (
        b"POST /one/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answer = house.raw(head + b"4\r\nabcd\r\n0\r\n\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["length"] == 4
    assert house.reached() == ["POST /one/"]
