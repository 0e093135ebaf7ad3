"""Each test is of one kind, by what it needs; these tests ask for their own."""

import pytest

from techfest.tests.support.kinds import BROWSER, FAULTS, INTEGRATION, UNIT, kind_of

KINDS = (UNIT, INTEGRATION, BROWSER, FAULTS)


def kinds_of(node: pytest.Item) -> list[str]:
    """The kind by the rule, and the kinds by which pytest selects."""
    return [kind_of(node), *(kind for kind in KINDS if node.get_closest_marker(kind))]


def test_without_a_server_it_is_a_unit_test(request: pytest.FixtureRequest) -> None:
    assert kinds_of(request.node) == [UNIT, UNIT]


@pytest.mark.django_db
def test_with_the_database_it_is_an_integration_test(request: pytest.FixtureRequest) -> None:
    assert kinds_of(request.node) == [INTEGRATION, INTEGRATION]


def test_with_a_fixture_that_uses_the_broker_it_is_an_integration_test(
    request: pytest.FixtureRequest, flushed_redis: object
) -> None:
    assert kinds_of(request.node) == [INTEGRATION, INTEGRATION]


@pytest.mark.django_db
def test_with_chromium_it_is_a_browser_test(request: pytest.FixtureRequest, chromium: str) -> None:
    assert kinds_of(request.node) == [BROWSER, BROWSER]


@pytest.mark.faults
@pytest.mark.django_db
def test_that_kills_processes_is_a_test_of_faults(request: pytest.FixtureRequest) -> None:
    assert kinds_of(request.node) == [FAULTS, FAULTS]


def test_unit_test_is_fast(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("fast") is not None


@pytest.mark.slow
def test_slow_one_is_not_fast(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("fast") is None


@pytest.mark.django_db
def test_integration_test_is_not_fast(request: pytest.FixtureRequest) -> None:
    """Except those of booking."""
    assert request.node.get_closest_marker("fast") is None
