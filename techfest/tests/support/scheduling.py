"""Runs the tests in two processes (``deploy/test`` without paths): separate resources, and their order."""

import os
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from xdist.scheduler import LoadScopeScheduling

_HOUSES = "deploy/tests/"
_BROWSERS = "techfest/tests/browser/"
LARGEST_UNIT = 20
"""Tests; at the end one process waits for the other for at most such a unit."""


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
    """Distribute tests to the next free process: a module at a time, or parts of it where it is long.

    Each browser test goes alone, because it is long. All of ``deploy/tests`` go to one process: they start the whole
    site repeatedly and would disturb each other's measurements.
    """

    def schedule(self) -> None:
        if self.collection is None and self.registered_collections:
            self._units = units(next(iter(self.registered_collections.values())))
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return self._units[nodeid]


def units(nodeids: Sequence[str]) -> dict[str, str]:
    """The name of the unit in which each test is handed to a process."""
    seen: Counter[str] = Counter()
    found = {}
    for nodeid in nodeids:
        module = nodeid.partition("::")[0]
        if nodeid.startswith(_HOUSES):
            found[nodeid] = _HOUSES
        elif nodeid.startswith(_BROWSERS):
            found[nodeid] = nodeid
        else:
            found[nodeid] = f"{module} {seen[module] // LARGEST_UNIT}"
            seen[module] += 1
    return found


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The order in which the tests are distributed: the longest come first, so that both processes end together.

    The order is stable, so the tests of a module stay together: a module with slow tests comes as a whole.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    return sorted(items, key=lambda item: _rank(item, slow))


def _rank(item: pytest.Item, slow: AbstractSet[Path]) -> int:
    starts = (_HOUSES, _BROWSERS)
    found = [number for number, start in enumerate(starts) if item.nodeid.startswith(start)]
    return found[0] if found else len(starts) + (item.path not in slow)
