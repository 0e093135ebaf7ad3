"""Values that a process keeps for a few seconds."""

import time

import pytest

from techfest.core.ttl_cache import CachedValue, CachedValues


class Unreachable(Exception):
    """The source does not answer."""


class Source:
    """Counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0
        self.is_down = False

    def __call__(self) -> int:
        if self.is_down:
            raise Unreachable
        self.reads += 1
        return self.reads


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, which tests set."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_value_is_read_again_when_its_lifetime_has_passed(source: Source, clock: list[float]) -> None:
    cache = CachedValue(source, lifetime=5)
    seen = [cache.get()]
    for clock[0] in (104.9, 105.0):
        seen.append(cache.get())
    assert seen == [1, 1, 2]


def test_lifetime_can_depend_on_the_value(source: Source, clock: list[float]) -> None:
    cache = CachedValue(source, lifetime=lambda value: value * 10)
    seen = [cache.get()]
    for clock[0] in (109.0, 110.0, 129.0, 130.0):
        seen.append(cache.get())
    assert seen == [1, 1, 2, 2, 3]


def test_forgotten_value_is_read_again(source: Source) -> None:
    cache = CachedValue(source, lifetime=5)
    before = (cache.peek(), cache.get(), cache.peek())
    cache.forget()
    assert (*before, cache.peek(), cache.get()) == (None, 1, 1, None, 2)


def test_old_value_stays_while_the_source_fails(source: Source, clock: list[float]) -> None:
    cache = CachedValue(source, lifetime=5, retry=1, stale_on=(Unreachable,))
    seen, source.is_down = [cache.get()], True
    clock[0] = 105.0
    seen.append(cache.get())
    source.is_down = False
    for clock[0] in (105.9, 106.0):
        seen.append(cache.get())
    assert seen == [1, 1, 1, 2]


def test_error_is_raised_without_an_old_value_and_for_other_errors(
    source: Source, clock: list[float]
) -> None:
    source.is_down = True
    with pytest.raises(Unreachable):
        CachedValue(source, lifetime=5, retry=1, stale_on=(Unreachable,)).get()
    source.is_down = False
    cache = CachedValue(source, lifetime=5)
    cache.get()
    source.is_down, clock[0] = True, 105.0
    with pytest.raises(Unreachable):
        cache.get()


def test_each_key_has_a_value_that_is_read_again_in_time(source: Source, clock: list[float]) -> None:
    cache = CachedValues[int](lifetime=5)
    seen = [cache.get_or_read(key, source) for key in ("a", "b", "a")]
    clock[0] = 105.0
    seen += [cache.get_or_read("a", source), cache.get_or_read("a", source)]
    assert seen == [1, 2, 1, 3, 3]
    assert list(cache._kept) == ["a"]
    cache.change("a", lambda value: value * 10)
    cache.change("b", lambda value: value * 10)
    assert cache.get_or_read("a", source) == 30
    clock[0] = 110.0
    assert cache.get_or_read("a", source) == 4
    cache.forget()
    assert cache.get_or_read("a", source) == 5


def test_value_that_cannot_be_read_keeps_nothing(source: Source) -> None:
    cache = CachedValues[int](lifetime=5)
    source.is_down = True
    with pytest.raises(Unreachable):
        cache.get_or_read("a", source)
    source.is_down = False
    assert cache.get_or_read("a", source) == 1
