"""The audit names rows that exceed the limits per mailbox."""

import datetime as dt

import pytest

from registrations.tests.builders import build_event, build_fest, build_submission
from tickets.mail import mailbox_limit
from tickets.mail.queue import Result, claim, record
from tickets.models import Delivery
from tickets.tests.audited import damage, run
from tickets.tests.builders import pretend_rendered

pytestmark = pytest.mark.django_db(transaction=True)

MAILS = {
    "a fourth at once": (
        "UPDATE tickets_delivery SET admitted_at = created_at WHERE admitted_at IS NULL",
        "mails at once within the hour",
    ),
    "a second digest": (
        """
            INSERT INTO tickets_delivery (
                kind, "to", mailbox, key, state, created_at, due_at, sent_at, attempts, provider_id, error
            ) SELECT kind, "to", mailbox, gen_random_uuid(), state, created_at, due_at, sent_at, 1, '', ''
            FROM tickets_delivery WHERE kind = 'digest'
        """,
        "parent@example.org got 2 digests within the hour",
    ),
    "in another mailbox's digest": (
        "UPDATE tickets_delivery SET mailbox = 'other@example.org' WHERE kind = 'digest'",
        "does not match its digest or its parts",
    ),
    "in a mail that is no digest": (
        """
            UPDATE tickets_delivery SET gathered_into_id = (SELECT min(id) FROM tickets_delivery)
            WHERE state = 'gathered'
        """,
        "does not match its digest or its parts",
    ),
}


@pytest.fixture
def flooded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three mails were sent at once, and two more in a digest."""
    monkeypatch.setattr(mailbox_limit, "PAUSE", dt.timedelta())
    event = build_event(build_fest(), capacity=10)
    for _ in range(5):
        build_submission(event, email="parent@example.org")
    pretend_rendered()
    for _ in range(2):
        record([Result(one, Delivery.State.SENT) for one in claim(100).mails])


@pytest.mark.usefixtures("flooded")
@pytest.mark.parametrize("name", MAILS)
def test_flood_is_named(name: str) -> None:
    assert run() == []
    sql, words = MAILS[name]
    damage(sql)
    assert [line for line in run() if words in line]
