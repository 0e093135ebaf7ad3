"""Claiming: one worker may send a delivery, for the time of a lease."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.query import QuerySet
from django.test.utils import CaptureQueriesContext

from events.models import Fest
from registrations.restore import hold
from registrations.tests.builders import build_event, build_fest, build_submission, build_user
from registrations.tests.races import in_threads
from techfest.core.db import processes
from tickets.mail import mailbox_limit, queue
from tickets.mail.queue import CLICK_PATIENCE, LEASE, PDF_PATIENCE, Result, claim, record
from tickets.models import Delivery, Message, Ticket
from tickets.querysets import RENDER_ATTEMPTS
from tickets.tests.builders import (
    build_answered,
    delivery_of,
    let_time_pass,
    pretend_rendered,
    registration_of,
    ticket_of,
)

State = Delivery.State
MINUTE = dt.timedelta(minutes=1)


def build_pending(count: int) -> None:
    event = build_event(build_fest(), capacity=count)
    for _ in range(count):
        build_submission(event)
    Ticket.objects.update(render_attempts=RENDER_ATTEMPTS)


@pytest.mark.django_db
def test_claimed_delivery_is_nobody_elses() -> None:
    build_pending(3)
    assert [row.state for row in claim(2).mails] == [State.SENDING] * 2
    assert len(claim(10).mails) == 1
    assert claim(10).mails == []


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Delivery.Kind.MESSAGE, Delivery.Kind.REMINDER])
def test_ticket_overtakes_what_goes_to_many(kind: str) -> None:
    """A message to thousands that was enqueued earlier does not delay a ticket."""
    build_pending(2)
    first, second = Delivery.objects.order_by("pk")
    message = Message.objects.create(
        fest=Fest.objects.get(), subject="Hall", text="Text", created_by=build_user()
    )
    Delivery.objects.filter(pk=first.pk).update(
        kind=kind, submission=None, message=message, day="2026-01-01", due_at=first.due_at - MINUTE
    )
    assert [row.pk for row in claim(1).mails] == [second.pk]
    assert [row.pk for row in claim(1).mails] == [first.pk]


@pytest.mark.django_db
def test_lease_that_ran_out_is_claimed_again_and_counted() -> None:
    build_pending(1)
    (first,) = claim(1).mails
    let_time_pass(LEASE - dt.timedelta(seconds=5))
    assert claim(1).mails == []
    let_time_pass(dt.timedelta(seconds=6))
    (second,) = claim(1).mails
    assert (first.attempts, second.attempts) == (1, 2)


@pytest.mark.django_db
def test_late_worker_does_not_overwrite_the_one_that_took_over() -> None:
    build_pending(1)
    (late,) = claim(1).mails
    let_time_pass(2 * LEASE)
    (owner,) = claim(1).mails
    record([Result(late, State.FAILED, error="too late")])
    assert Delivery.objects.get().state == State.SENDING
    record([Result(owner, State.SENT, provider_id="<1@provider>")])
    record([Result(late, State.QUEUED, error="later still")])
    row = Delivery.objects.get()
    assert (row.state, row.provider_id, row.error) == (State.SENT, "<1@provider>", "")


@pytest.mark.django_db
def test_webhook_that_was_faster_than_the_mark_stays() -> None:
    build_pending(1)
    (row,) = claim(1).mails
    Delivery.objects.update(state=State.DELIVERED)
    record([Result(row, State.SENT, provider_id="<1@provider>")])
    assert Delivery.objects.get().state == State.DELIVERED


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_claims_of_eight_workers_are_disjoint() -> None:
    build_pending(40)
    batches = in_threads(lambda: [row.pk for row in claim(5).mails], 8)
    taken = [pk for batch in batches for pk in batch]
    assert len(batches) == 8
    assert (len(taken), len(set(taken))) == (len(set(taken)), len(taken))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_claims_without_the_row_lock_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: without row and mailbox locks, the claims of the test above collide."""
    build_pending(10)
    hold.tick()
    meeting = threading.Barrier(4)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_options: rows)
    monkeypatch.setattr(mailbox_limit, "admit", lambda due, *, now: [one.pk for one in due])
    update = QuerySet.update

    def update_together(rows: Any, **values: Any) -> int:
        if rows.model is Delivery and values.get("state") == State.SENDING:
            meeting.wait(timeout=10)
        return update(rows, **values)

    monkeypatch.setattr(QuerySet, "update", update_together)
    taken = [pk for batch in in_threads(lambda: [row.pk for row in claim(5).mails], 4) for pk in batch]
    assert len(taken) > len(set(taken))


@pytest.mark.django_db(transaction=True)
def test_claim_passes_by_what_another_transaction_holds() -> None:
    build_pending(3)
    held = Delivery.objects.order_by("due_at", "pk").values_list("pk", flat=True)[0]
    with transaction.atomic():
        Delivery.objects.select_for_update().get(pk=held)
        (others,) = in_threads(lambda: [row.pk for row in claim(3).mails], 1)
    assert len(others) == 2
    assert held not in others


@pytest.mark.django_db
def test_answer_waits_for_its_pdf() -> None:
    build_answered()
    assert claim(10).mails == []
    assert queue.has_due() is True
    pretend_rendered()
    assert len(claim(10).mails) == 1


@pytest.mark.django_db
def test_answer_waits_for_all_its_pdfs() -> None:
    fest = build_fest()
    build_submission(build_event(fest), build_event(fest))
    pretend_rendered()
    one = Ticket.objects.order_by("pk").values_list("pk", flat=True)[0]
    Ticket.objects.filter(pk=one).update(rendered_at=None)
    assert claim(10).mails == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "patience"),
    [
        (Delivery.Kind.REGISTERED, CLICK_PATIENCE),
        (Delivery.Kind.REISSUED, CLICK_PATIENCE),
        (Delivery.Kind.CHANGED, PDF_PATIENCE),
    ],
)
def test_mail_waits_for_its_pdf_no_longer_than_its_patience(kind: str, patience: dt.timedelta) -> None:
    """A mail that answers a click is sent within a minute, with only the link if too many PDFs are pending."""
    submission = build_answered()
    registration = registration_of(submission)
    change = registration.changes.latest("pk")
    Delivery.objects.update(kind=kind, change=change, ticket=ticket_of(submission))
    let_time_pass(patience - dt.timedelta(seconds=10))
    assert claim(10).mails == []
    let_time_pass(dt.timedelta(seconds=11))
    assert len(claim(10).mails) == 1


@pytest.mark.django_db
def test_answer_goes_once_its_pdf_was_given_up() -> None:
    submission = build_answered()
    Ticket.objects.update(render_attempts=RENDER_ATTEMPTS - 1)
    assert claim(10).mails == []
    Ticket.objects.update(render_attempts=RENDER_ATTEMPTS)
    assert [row.pk for row in claim(10).mails] == [delivery_of(submission).pk]


@pytest.mark.django_db
def test_mail_of_one_student_does_not_wait_for_anothers_pdf() -> None:
    event = build_event(build_fest())
    build_submission(event)
    pretend_rendered()
    other = build_submission(event)
    assert [row.student_id for row in claim(10).mails] != [other.student_id]
    assert ticket_of(other).rendered_at is None
    assert registration_of(other).is_active is True


@pytest.mark.django_db
def test_number_of_queries_of_a_claim_does_not_grow() -> None:
    from django.test.utils import CaptureQueriesContext

    counts = []
    hold.tick()
    for count in (1, 3):
        event = build_event(build_fest(), capacity=count)
        for _ in range(count):
            build_submission(event)
        pretend_rendered()
        with CaptureQueriesContext(connection) as captured:
            assert len(claim(10).mails) == count
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_what_waits_longest_comes_first() -> None:
    build_pending(3)
    last = Delivery.objects.latest("pk")
    Delivery.objects.filter(pk=last.pk).update(due_at=last.due_at - dt.timedelta(minutes=1))
    assert [one.pk for one in claim(10).mails] == [last.pk, last.pk - 2, last.pk - 1]


def dead_process() -> str:
    """The name of a process that has ended."""
    return f"{processes.this_process().rpartition(' ')[0]} 1"


@pytest.mark.django_db
def test_what_a_dead_process_held_is_free_at_once() -> None:
    build_pending(2)
    held, other = claim(2).mails
    assert queue.free_claims_of_the_dead() == 0
    Delivery.objects.filter(pk=held.pk).update(claimed_by=dead_process())
    assert queue.free_claims_of_the_dead() == 1
    assert [row.pk for row in claim(2).mails] == [held.pk]
    assert other.state == State.SENDING


@pytest.mark.django_db
def test_mail_whose_worker_died_twice_waits_for_its_lease() -> None:
    """A mail that kills its worker would otherwise repeat all mails in flight at each death."""
    build_pending(1)
    for expected in (1, 0):
        claim(1)
        Delivery.objects.update(claimed_by=dead_process())
        assert queue.free_claims_of_the_dead() == expected


@pytest.mark.django_db
@pytest.mark.parametrize("oldest_first", [False, True])
def test_claim_from_thousands_reads_no_more_than_it_takes(oldest_first: bool) -> None:
    build_pending(1)
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO tickets_delivery (kind, "to", mailbox, key, state, created_at, due_at, attempts,'
            " provider_id, error) SELECT 'notice', \"to\", mailbox, gen_random_uuid(), state, created_at,"
            " due_at + number * interval '1 microsecond', 0, '', ''"
            " FROM tickets_delivery, generate_series(1, 10000) AS number"
        )
        cursor.execute("ANALYZE tickets_delivery")
    with CaptureQueriesContext(connection) as queries:
        assert len(claim(10, oldest_first=oldest_first).mails) == 10
    (locking,) = (
        query["sql"]
        for query in queries
        if "SKIP LOCKED" in query["sql"] and '"tickets_delivery"' in query["sql"]
    )
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {locking}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "using delivery_pending" in plan
    assert "Presorted Key: tickets_delivery.due_at" in plan


@pytest.mark.django_db
def test_new_mail_does_not_wait_behind_a_backlog_and_the_oldest_get_their_share() -> None:
    build_pending(4)
    oldest, older, newer, fresh = Delivery.objects.order_by("pk").values_list("pk", flat=True)
    for minutes, pk in ((30, oldest), (20, older), (10, newer)):
        ages = {"queued_at": F("queued_at") - minutes * MINUTE, "due_at": F("due_at") - MINUTE}
        Delivery.objects.filter(pk=pk).update(**ages)
    assert [row.pk for row in claim(1).mails] == [fresh]
    assert [row.pk for row in claim(1).mails] == [newer]
    assert [row.pk for row in claim(1, oldest_first=True).mails] == [oldest]
    assert [row.pk for row in claim(1).mails] == [older]
