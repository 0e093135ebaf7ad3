"""The public queue is answered in the order of arrival, and the staff do not stand in it."""

import re
import socket
import time
from collections.abc import Iterator

import pytest

from deploy.launcher.folders import ROOT
from deploy.nginx.process import free_port, private_site
from deploy.nginx.render import Site, render
from deploy.tests.nginx.house import House, wait_for

STAFF = ("/admin/", "/hi/door/gate/", "/accounts/login/", "/health/live")


@pytest.fixture
def slow(house: House) -> Iterator[House]:
    """The application with one worker."""
    house.stop_application()
    house.start_application(workers=1)
    yield house
    house.stop_application()


def queue_up(house: House, paths: list[str]) -> list[socket.socket]:
    """Visitors who come one after the other while the only worker is busy."""
    before = len(house.reached())
    visitors = []
    for path in ["/sleep/1/", *paths]:
        visitor = socket.create_connection(("127.0.0.1", house.nginx.port), timeout=20)
        visitor.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        visitors.append(visitor)
        if path == "/sleep/1/":
            wait_for(lambda: len(house.reached()) > before)
        time.sleep(0.015)
    return visitors


def answered(house: House, visitors: list[socket.socket]) -> list[str]:
    """The paths in the order in which the application had them, when all visitors have their answers."""
    for visitor in visitors:
        assert visitor.recv(12) == b"HTTP/1.1 200"
        visitor.close()
    return [line.partition(" ")[2] for line in house.reached()]


def test_visitors_are_answered_in_the_order_of_their_arrival(slow: House) -> None:
    paths = [f"/{number}/" for number in range(40)]
    order = answered(slow, queue_up(slow, paths))
    places = {path: place for place, path in enumerate(order[-40:])}
    assert max(abs(places[path] - place) for place, path in enumerate(paths)) <= 6


def test_staff_do_not_wait_behind_the_public_queue(slow: House) -> None:
    """A worker takes one request of each socket in turn: three of the public, then one of the staff."""
    order = answered(slow, queue_up(slow, [*(f"/{number}/" for number in range(40)), *STAFF]))
    assert set(order[-44:-20]) >= set(STAFF)


def test_each_process_has_connections_for_its_share_of_the_queue() -> None:
    """Each visitor needs two, the browser's and the application's."""
    site = private_site(ROOT, upstream=f"127.0.0.1:{free_port()}", static_root=ROOT, errors=ROOT)
    for_all = Site(upstream="unix:/a", static_root=ROOT, errors=ROOT, run=ROOT, logs=ROOT)
    assert f"worker_connections {2 * for_all.places + 1600};" in render(for_all)
    assert f"worker_connections {for_all.places + 1600};" in render(site)


def test_share_of_the_queue_is_that_of_a_network() -> None:
    """One address must not fill it, a school must find places, and one subscriber of IPv6 has a whole /64."""
    site = Site(upstream="unix:/a", static_root=ROOT, errors=ROOT, run=ROOT, logs=ROOT)
    assert 2_000 < site.per_network <= site.places / 3
    (pattern,) = re.findall(r"map \$remote_addr \$network {\s+\"~(.*)\" \$groups;", render(site))
    groups = re.compile(pattern.replace("?<groups>", "?P<groups>"))
    networks = {}
    for address in ("2001:db8:1:2:a:b:c:d", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8::1", "192.0.2.1"):
        found = groups.match(address)
        networks[address] = found["groups"] if found else "its own"
    assert list(networks.values()) == ["2001:db8:1:2"] * 2 + ["2001:db8:1:3", "its own", "its own"]
