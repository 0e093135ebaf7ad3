"""The kind of each test, by a rule: unit, integration, browser or faults; and whether `deploy/test fast` runs it."""

import pytest

from deploy.launcher.folders import ROOT

UNIT, INTEGRATION, BROWSER, FAULTS = "unit", "integration", "browser", "faults"
_FAULTS = ROOT / "deploy" / "tests" / "faults"
_PROCESSES = ROOT / "deploy"
_HEART = ROOT / "registrations" / "tests" / "booking"
_NOT_FAST = ("slow", "race", "nginx")
_BROWSERS = frozenset({"browser", "chromium", "page"})
_SERVERS = frozenset({"db", "transactional_db", "redis_url", "live_server", "stub_process", "client"})


def kind_of(item: pytest.Item) -> str:
    """The heaviest of what the test needs, from its fixtures and its place.

    A test is marked with `faults` by hand only where it kills processes outside of that folder.
    """
    fixtures = frozenset(getattr(item, "fixturenames", ()))
    if item.get_closest_marker(FAULTS) or _FAULTS in item.path.parents:
        return FAULTS
    if fixtures & _BROWSERS:
        return BROWSER
    if fixtures & _SERVERS or item.get_closest_marker("django_db") or _PROCESSES in item.path.parents:
        return INTEGRATION
    return UNIT


def is_fast(item: pytest.Item) -> bool:
    """Unit tests and the tests of booking, without those that take long: about 45 s on two quiet cores."""
    is_chosen = kind_of(item) == UNIT or (kind_of(item) == INTEGRATION and _HEART in item.path.parents)
    return is_chosen and not any(item.get_closest_marker(name) for name in _NOT_FAST)


def mark(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(kind_of(item))
        if is_fast(item):
            item.add_marker("fast")
