import logging

import pytest

from techfest.logs import OneLineFormatter


def formatted(message: str, *arguments: object) -> str:
    record = logging.LogRecord("web", logging.INFO, "file", 1, message, arguments, None)
    return OneLineFormatter("%(message)s").format(record)


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ('"GET /a/abc:def_-9/ HTTP/1.1" 200', '"GET /a/… HTTP/1.1" 200'),
        ('"GET /my/abc/cancel/7/?x=1 HTTP/1.1" 200', '"GET /my/… HTTP/1.1" 200'),
        ('"GET /hi/t/abc/ticket.pdf HTTP/1.1" 200', '"GET /hi/t/… HTTP/1.1" 200'),
        ("https://fest.example.org/t/abc", "https://fest.example.org/t/…"),
        ('"GET /T/ABC/ HTTP/1.1"', '"GET /T/… HTTP/1.1"'),
        ('"GET //a//abc HTTP/1.1"', '"GET //a//… HTTP/1.1"'),
        ('"GET /%61/abc HTTP/1.1"', '"GET /%61/… HTTP/1.1"'),
        ('"GET /m%79%2fabc HTTP/1.1"', '"GET /m%79%2f… HTTP/1.1"'),
        ('"GET /delegation/abc/ HTTP/1.1"', '"GET /delegation/… HTTP/1.1"'),
        ('"GET /%64elegatio%6E/abc/ HTTP/1.1"', '"GET /%64elegatio%6E/… HTTP/1.1"'),
        ('"GET /f/riverside/t/abc/ HTTP/1.1"', '"GET /f/riverside/t/… HTTP/1.1"'),
        ('"GET /accounts/invited/abc/ HTTP/1.1"', '"GET /accounts/invited/… HTTP/1.1"'),
        ('"GET /accounts/confirm-email/a:b/ HTTP/1.1"', '"GET /accounts/confirm-email/… HTTP/1.1"'),
        ('"GET /accounts/%43onfirm%2Demail/a:b/"', '"GET /accounts/%43onfirm%2Demail/…"'),
        ('"GET /accounts/password/reset/key/1-a-b/"', '"GET /accounts/password/reset/key/…"'),
        ('"GET /hi/accounts/%69nvited//abc/"', '"GET /hi/accounts/%69nvited//…"'),
        ('"GET /accounts/confirm-email/ HTTP/1.1"', '"GET /accounts/confirm-email/ HTTP/1.1"'),
        ('"GET /events/t-shirts/ HTTP/1.1"', '"GET /events/t-shirts/ HTTP/1.1"'),
        ('"GET /t HTTP/1.1"', '"GET /t HTTP/1.1"'),
    ],
)
def test_tail_of_secret_link_is_masked(line: str, masked: str) -> None:
    assert formatted("%s", line) == masked


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb\rc", "a\\nb\\rc"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u2028b\x85", "a\\u2028b\\x85"),
        ("आरव 李小龙", "आरव 李小龙"),
        ("\ud800", "\\ud800"),
    ],
)
def test_control_characters_are_escaped(text: str, line: str) -> None:
    assert formatted("%s", text) == line


def test_traceback_is_one_line_without_the_link() -> None:
    try:
        raise ValueError("no page at /a/secret/")
    except ValueError as error:
        record = logging.LogRecord(
            "web", logging.ERROR, "file", 1, "failed", (), (ValueError, error, error.__traceback__)
        )
    line = OneLineFormatter("%(message)s").format(record)
    assert ("\n" in line, "secret" in line, line.endswith("ValueError: no page at /a/…")) == (
        False,
        False,
        True,
    )
