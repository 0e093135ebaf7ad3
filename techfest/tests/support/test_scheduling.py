"""Two processes share the tests: separate brokers, and one summary."""

import contextlib
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from deploy.launcher.folders import ROOT
from deploy.tests.front import waiting_for_locks
from deploy.tests.nginx.house import wait_for
from techfest.tests.support import scheduling, workers

# One of them fails.
TESTS = """
import time
import pytest

@pytest.mark.parametrize("number", range(8))
def test_beside_others(number):
    time.sleep(0.05)
    assert number != 3

@pytest.mark.faults
@pytest.mark.parametrize("number", range(2))
def test_house(number):
    time.sleep(0.05)
"""


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("redis://host:6379/0", "redis://host:6379/1"),
        ("redis://host:6379", "redis://host:6379/1"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock?db=1"),
        ("unix:///run/redis.sock?db=7", "unix:///run/redis.sock?db=1"),
    ],
)
def test_broker_has_a_database_for_each_process(url: str, own: str) -> None:
    assert scheduling.redis_of(url, 1) == own


def test_module_is_handed_out_as_a_whole_or_in_parts_and_a_browser_test_alone() -> None:
    """So that rows of a module are made once in most cases, and both processes end at about the same time."""
    long = [
        f"tickets/tests/test_long.py::test_one[{number}]" for number in range(2 * scheduling.LARGEST_UNIT + 3)
    ]
    short = [f"tickets/tests/test_short.py::test_{number}" for number in range(3)]
    sites = ["deploy/tests/faults/test_web.py::test_one", "deploy/tests/nginx/test_tls.py::test_two"]
    browsers = [f"techfest/tests/browser/test_pages.py::test_{number}" for number in range(2)]
    units = scheduling.units([*sites, *browsers, *long, *short])
    assert list(Counter(units.values()).values()) == [2, 1, 1, 20, 20, 3, 3]
    assert len({units[nodeid] for nodeid in sites}) == len({units[nodeid] for nodeid in short}) == 1


@pytest.mark.slow
def test_failure_in_one_of_two_processes_is_told_in_one_summary(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        str(ROOT / "pyproject.toml"),
        "-p",
        "no:cacheprovider",
    ]
    command += ["-n", "2", "--no-loadscope-reorder", "--durations=3", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"TECHFEST_DATA": str(tmp_path)}
    finished = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240
    )
    output = finished.stdout.splitlines()
    assert (finished.returncode, output[-1].startswith("1 failed, 9 passed")) == (1, True), finished.stdout
    assert next(line for line in output if line.startswith("FAILED")).endswith(
        "test_beside_others[3] - assert 3 != 3"
    )
    assert any("slowest 3 durations" in line for line in output)


@contextlib.contextmanager
def somebody_waits_in(name: str) -> Iterator[None]:
    """In the block one database session waits for a lock of another."""
    url = urlsplit(workers.test_database_url())._replace(path=f"/{name}").geturl()
    with psycopg.connect(url, autocommit=True) as holder, psycopg.connect(url, autocommit=True) as waiter:
        holder.execute("SELECT pg_advisory_lock(1)")
        waiting = threading.Thread(target=waiter.execute, args=["SELECT pg_advisory_lock(1)"])
        waiting.start()
        try:
            wait_for(lambda: is_waiting(holder, waiter.info.backend_pid))
            yield
        finally:
            holder.execute("SELECT pg_advisory_unlock(1)")
            waiting.join(10)


def is_waiting(asked: psycopg.Connection[Any], pid: int) -> bool:
    row = asked.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pid = %s", [pid]).fetchone()
    return row is not None


@pytest.mark.django_db
def test_who_waits_in_another_database_is_not_counted() -> None:
    with somebody_waits_in("postgres"):
        assert waiting_for_locks() == 0
    with somebody_waits_in(connection.settings_dict["NAME"]):
        assert waiting_for_locks() == 1
