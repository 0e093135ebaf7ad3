"""Values that each process keeps for a few seconds, so that pages many people read ask the database rarely."""

import time
from collections.abc import Callable
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
