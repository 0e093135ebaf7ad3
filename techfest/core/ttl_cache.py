"""Values that each process keeps for a few seconds, so that pages many people read ask the database rarely."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class CachedValue(Generic[Value]):
    """One value that `read` fetches, and fetches again once it is older than its lifetime.

    `lifetime` is in seconds, or a function that gives it for a value. Where `retry` is set, an error of one of
    the types `stale_on` keeps the old value for `retry` more seconds instead of being raised.
    """

    def __init__(
        self,
        read: Callable[[], Value],
        *,
        lifetime: float | Callable[[Value], float],
        retry: float = 0,
        stale_on: tuple[type[Exception], ...] = (),
    ) -> None:
        self._read, self._lifetime = read, lifetime
        self._retry, self._stale_on = retry, stale_on
        self._kept: tuple[float, Value] | None = None

    def get(self) -> Value:
        """The value, read again if it is too old. The lifetime counts from the end of reading."""
        kept = self._kept
        if kept is None or time.monotonic() >= kept[0]:
            try:
                value = self._read()
            except self._stale_on:
                if kept is None:
                    raise
                kept = (time.monotonic() + self._retry, kept[1])
            else:
                seconds = self._lifetime(value) if callable(self._lifetime) else self._lifetime
                kept = (time.monotonic() + seconds, value)
            self._kept = kept
        return kept[1]

    def peek(self) -> Value | None:
        """The value that was read last, however old, or None if nothing was read yet."""
        return self._kept[1] if self._kept else None

    def forget(self) -> None:
        """Makes the next call of `get` read again."""
        self._kept = None


class CachedValues(Generic[Value]):
    """Values by key, each of which is read again once it is older than `lifetime` seconds."""

    def __init__(self, *, lifetime: float) -> None:
        self._lifetime = lifetime
        self._kept: dict[Hashable, tuple[float, Value]] = {}

    def get_or_read(self, key: Hashable, read: Callable[[], Value]) -> Value:
        """The value of the key, read if there is none or it is too old; then all that are too old are dropped."""
        kept, now = self._kept.get(key), time.monotonic()
        if kept is not None and now < kept[0]:
            return kept[1]
        value = read()
        self._kept = {other: one for other, one in self._kept.items() if now < one[0]}
        self._kept[key] = (time.monotonic() + self._lifetime, value)
        return value

    def change(self, key: Hashable, change: Callable[[Value], Value]) -> None:
        """Changes the value of the key, if there is one; it is read again no later for that."""
        if (kept := self._kept.get(key)) is not None:
            self._kept[key] = (kept[0], change(kept[1]))

    def forget(self) -> None:
        """Makes each next call read again."""
        self._kept = {}
