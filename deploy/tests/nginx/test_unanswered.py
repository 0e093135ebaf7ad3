"""Own pages where the application gives no answer, and no POST is ever repeated."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.tests.nginx.house import ERRORS, House, wait_for
from registrations.spreadsheets.sheet import MAX_BYTES


def test_too_large_body_gets_our_page_and_never_reaches_the_application(house: House) -> None:
    answer = house.get("/register/", method="POST", body=b"x" * (3 * 1024 * 1024))
    assert answer.status == 413
    assert answer.body == (ERRORS / "413.html").read_bytes()
    assert house.reached() == []


def test_class_list_above_its_limit_reaches_the_application_which_says_so(house: House) -> None:
    """The limit of nginx leaves room for our own sentence; far above it, nginx's page has the same one."""
    house.get("/teacher/lists/", method="POST", body=b"x" * (MAX_BYTES + 64 * 1024))
    assert house.reached() == ["POST /teacher/lists/"]
    assert b"a class list must be smaller than 2 MB" in (ERRORS / "413.html").read_bytes()


def test_dead_application_gets_our_busy_page_at_once(house: House) -> None:
    house.stop_application()
    answer = house.get("/register/", method="POST", body=b"name=Asha")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body == (ERRORS / "503-sent.html").read_bytes()


def test_worker_killed_in_the_middle_gets_our_page_and_the_submission_is_not_repeated(house: House) -> None:
    answer = house.get("/die/", method="POST", body=b"name=Asha")
    assert answer.status == 502
    assert answer.body == (ERRORS / "502.html").read_bytes()
    assert house.reached() == ["POST /die/"]
    wait_for(lambda: house.get("/").status == 200)


def test_health_of_a_dead_application_is_an_answer_for_machines(house: House) -> None:
    house.stop_application()
    answer = house.get("/health/ready")
    assert (answer.status, json.loads(answer.body)) == (503, {"status": "unreachable"})


@pytest.mark.slow
def test_hanging_application_ends_in_our_page(house: House) -> None:
    answer = house.get("/sleep/11/")
    assert answer.status == 504
    assert answer.body == (ERRORS / "504.html").read_bytes()
    house.stop_application()


@pytest.mark.slow
def test_full_backlog_is_shed_with_the_busy_page(house: House) -> None:
    house.stop_application()
    house.start_application(workers=1, backlog=1)
    with ThreadPoolExecutor(40) as pool:
        statuses = sorted(pool.map(lambda _: house.get("/sleep/0.5/").status, range(40)))
    house.stop_application()
    assert set(statuses) == {200, 503}


def test_one_address_beyond_its_share_is_asked_to_wait(house: House) -> None:
    with ThreadPoolExecutor(60) as pool:
        statuses = list(pool.map(lambda _: house.get("/sleep/0.2/").status, range(60)))
    assert set(statuses) == {200, 503}
    assert statuses.count(503) <= 10


def test_busy_page_of_a_form_is_another_than_that_of_a_page(house: House) -> None:
    """A page loads itself again; a form is sent again with its answers, which a reload would lose."""
    house.stop_application()
    pages = [house.get("/register/", method=method).body for method in ("GET", "POST")]
    assert pages == [(ERRORS / f"{name}.html").read_bytes() for name in ("503", "503-sent")]


def test_error_pages_carry_headers_and_do_not_name_the_software(house: House) -> None:
    answer = house.get("/", method="PUT")
    assert answer.status == 405
    assert answer.headers["server"] == "nginx"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert b"nginx" not in answer.body


def test_slow_clients_do_not_hold_up_honest_ones(house: House) -> None:
    slow = [socket.create_connection(("127.0.0.1", house.nginx.port), timeout=20) for _ in range(300)]
    try:
        for number, connection in enumerate(slow):
            head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
            connection.sendall(head + (b"\r\nabc" if number % 10 == 0 else b"X-Slow: "))
        answers = [house.get("/").status for _ in range(20)]
        assert answers == [200] * 20
        assert house.reached() == ["GET /"] * 20
    finally:
        for connection in slow:
            connection.close()
