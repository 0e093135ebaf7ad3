"""Runs the tests in two processes (``deploy/test`` without paths): separate resources, and their order."""

import os
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from xdist.scheduler import LoadScopeScheduling

_HOUSES = "deploy/tests/"


def number_of_this_process() -> int | None:
    """0 or 1 if two processes share the tests, else None."""
    name = os.environ.get("PYTEST_XDIST_WORKER")
    return int(name.removeprefix("gw")) if name else None


def part_ways() -> None:
    """Give this process its own database of the broker; must be called before the settings are read.

    pytest-django names the PostgreSQL database by process.
    """
    number = number_of_this_process()
    if number is not None:
        os.environ["REDIS_URL"] = redis_of(os.environ["REDIS_URL"], number)


def redis_of(url: str, number: int) -> str:
    """The URL of the broker's database with this number."""
    if url.startswith("unix:"):
        address, _, query = url.partition("?")
        return f"{address}?{urlencode({**dict(parse_qsl(query)), 'db': number})}"
    return urlsplit(url)._replace(path=f"/{number}").geturl()


class Sharing(LoadScopeScheduling):  # type: ignore[misc]  # the library tells no types
    """Distribute tests to the next free process, but all of ``deploy/tests`` to one process.

    They start the whole site repeatedly and would disturb each other's measurements.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _HOUSES if nodeid.startswith(_HOUSES) else nodeid


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The order in which the tests are distributed.

    The longest group comes first, so that the other process has enough other tests meanwhile.
    """
    return sorted(items, key=lambda item: not item.nodeid.startswith(_HOUSES))
