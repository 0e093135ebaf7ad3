"""Concurrent uploads: the same one twice, and two phones that admitted the same people."""

import datetime as dt
from collections import Counter
from functools import partial

import pytest
from django.utils import timezone

from registrations.tests.races import at_once
from tickets.checkin.offline import upload
from tickets.checkin.queued import Queued
from tickets.keys import random_key
from tickets.models import CheckIn, Scan
from tickets.tests.builders.checkin import (
    checkpoint_of,
    digest_of,
    fest_today,
    gate_of,
    open_event,
    ticket_for,
    volunteer,
)

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PHONES = 2


def test_concurrent_uploads_check_each_ticket_in_once() -> None:
    """Two phones admitted the same six people; each uploads its scans twice at the same moment."""
    event = open_event(fest_today())
    gate = gate_of(event.fest, event)
    checkpoint, now = checkpoint_of(gate), timezone.now()
    tickets = [ticket_for(event) for _ in range(6)]
    devices = [
        (
            volunteer(gate),
            [
                Queued(random_key(), digest_of(ticket.code), now - dt.timedelta(minutes=number), "in")
                for number, ticket in enumerate(tickets)
            ],
        )
        for _ in range(PHONES)
    ]
    works = [partial(upload, checkpoint, scans, user=user) for user, scans in devices for _ in range(2)]
    results = at_once(works)
    assert [error for error in results if isinstance(error, Exception)] == []
    verdicts = [[(scan.key, scan.verdict) for scan in result] for result in results]
    assert (verdicts[0], verdicts[2]) == (verdicts[1], verdicts[3])
    assert CheckIn.objects.count() == len(tickets)
    found = Counter(Scan.objects.values_list("verdict", "is_conflict"))
    assert found == {("in", False): len(tickets), ("already", True): len(tickets)}
