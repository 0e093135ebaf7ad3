import socket

import pytest

from techfest.tests.support.plugin import NetworkRefused


def test_test_cannot_leave_this_machine() -> None:
    with socket.socket() as link, pytest.raises(NetworkRefused, match=r"192\.0\.2\.1"):
        link.connect(("192.0.2.1", 80))


def test_test_can_reach_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as link:
        link.connect(server.getsockname())
