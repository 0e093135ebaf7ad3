"""Mails in tests with killed processes: clicks that cause them, and what became of each."""

import time
from collections import Counter
from collections.abc import Callable

from deploy.provider_stub.client import StubClient
from registrations.tests.builders import build_event, build_fest, build_submission
from tickets import wakeup
from tickets.models import Delivery

State = Delivery.State

PATIENCE = 60.0


def wait_until(is_so: Callable[[], bool], *, with_beat: bool = False, seconds: float = PATIENCE) -> None:
    """Wait, bounded; with `with_beat` send the wake-ups of beat meanwhile."""
    ends, next_beat = time.monotonic() + seconds, 0.0
    while not is_so():
        if time.monotonic() > ends:
            raise AssertionError(f"not within {seconds:.0f} s: {Counter(states())}")
        if with_beat and time.monotonic() > next_beat:
            wakeup.publish()
            next_beat = time.monotonic() + 1.0
        time.sleep(0.02)


def states() -> list[str]:
    return list(Delivery.objects.values_list("state", flat=True))


def all_sent() -> bool:
    return set(states()) == {State.SENT}


def click(count: int) -> None:
    event = build_event(build_fest(), capacity=count)
    for _ in range(count):
        build_submission(event)


def copies(provider: StubClient) -> list[int]:
    """How often each mail was accepted."""
    return sorted(Counter(mail["metadata"]["delivery"] for mail in provider.accepted()).values())
