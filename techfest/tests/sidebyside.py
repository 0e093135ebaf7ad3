"""Two processes share the tests (``deploy/test`` without paths): what is each one's own, and what keeps apart."""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from xdist.scheduler import LoadScopeScheduling

_HOUSES = "deploy/tests/"


def number_of_this_process() -> int | None:
    """0 or 1 where two processes share the tests, else None."""
    name = os.environ.get("PYTEST_XDIST_WORKER")
    return int(name.removeprefix("gw")) if name else None


def part_ways() -> None:
    """Gives this process a database of the broker; to be called before the settings are read.

    PostgreSQL's database gets its name, and with it its number, from pytest-django.
    """
    number = number_of_this_process()
    if number is not None:
        os.environ["REDIS_URL"] = redis_of(os.environ["REDIS_URL"], number)


def redis_of(url: str, number: int) -> str:
    """The address of the broker's database of this number."""
    if url.startswith("unix:"):
        address, _, query = url.partition("?")
        return f"{address}?{urlencode({**dict(parse_qsl(query)), 'db': number})}"
    return urlsplit(url)._replace(path=f"/{number}").geturl()


class Sharing(LoadScopeScheduling):  # type: ignore[misc]  # the library tells no types
    """Gives each test to whoever is free, but all of ``deploy/tests`` to one process, in turn.

    They start the whole site again and again: two of them at once would measure each other.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _HOUSES if nodeid.startswith(_HOUSES) else nodeid


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The order in which the tests are given away.

    The longest part comes first, so that the other process has enough to do for as long; what runs alone comes
    last, so that nobody waits for it.
    """
    return sorted(items, key=lambda item: (is_alone(item), not item.nodeid.startswith(_HOUSES)))


def is_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


@contextlib.contextmanager
def turn(file: Path, *, alone: bool) -> Iterator[None]:
    """Runs the block beside others, or with ``alone`` beside nobody: whoever comes meanwhile waits.

    The system frees the lock of a process that dies.
    """
    with file.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
