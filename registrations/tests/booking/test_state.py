"""Every state comes with its Change, and a Change is never rewritten."""

import pytest
from django.db import DatabaseError, transaction

from events.models import AuditEntry
from registrations.booking.ledger import change_ledger
from registrations.booking.state import GRAPH, ForbiddenTransition, Origin, create, move
from registrations.models import Change, Registration
from registrations.privacy.redact import erasing
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.audit_log import record

pytestmark = pytest.mark.django_db

STATES = [state for state in GRAPH if state]


@pytest.fixture
def registration() -> Registration:
    return build_submission(build_event(build_fest())).registrations.get()


def origin_of(registration: Registration) -> Origin:
    return Origin(Change.Cause.CANCELLED, Change.Actor.SYSTEM, registration.created_at)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("to", STATES)
def test_state_moves_only_along_the_graph(
    registration: Registration, state: str, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without tickets, which do not follow a state that is set by hand."""
    monkeypatch.setattr("registrations.booking.ledger.ChangeLedger._send_signal", lambda _self: None)
    Registration.objects.update(state=state)
    registration.state = state
    before = Change.objects.count()
    if to in GRAPH[state]:
        with change_ledger():
            move([registration], to=to, origin=origin_of(registration))
    else:
        with pytest.raises(ForbiddenTransition), transaction.atomic(), change_ledger():
            move([registration], to=to, origin=origin_of(registration))
    registration.refresh_from_db()
    written = Change.objects.count() - before
    assert (registration.state, written) == ((to, 1) if to in GRAPH[state] else (state, 0))


def test_registration_does_not_begin_cancelled(registration: Registration) -> None:
    other = Registration(
        event=build_event(registration.event.fest),
        student=registration.student,
        state="cancelled",
        queue_position=1,
        created_at=registration.created_at,
    )
    with pytest.raises(ForbiddenTransition), transaction.atomic(), change_ledger():
        create([other], origin=origin_of(registration))
    assert Registration.objects.count() == 1


def test_last_change_of_a_registration_is_its_state(registration: Registration) -> None:
    with change_ledger():
        move([registration], to="cancelled", origin=origin_of(registration))
    assert list(registration.changes.order_by("pk").values_list("from_state", "to_state")) == [
        ("", "confirmed"),
        ("confirmed", "cancelled"),
    ]


def test_change_cannot_be_updated(registration: Registration) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Change.objects.update(to_state="waiting")
    assert Change.objects.get().to_state == "confirmed"


def test_change_cannot_be_deleted(registration: Registration) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Change.objects.all().delete()
    assert Change.objects.count() == 1


def test_erasure_takes_the_words_of_a_change_and_nothing_else(registration: Registration) -> None:
    """A role that says it erases can thus not rewrite history either."""
    with transaction.atomic(), erasing():
        Change.objects.update(reason="", submission=None)
        for rewrite in (
            lambda: Change.objects.update(to_state="waiting"),
            lambda: Change.objects.update(reason="", actor="organiser"),
            Change.objects.all().delete,
        ):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                rewrite()
    assert Change.objects.get().to_state == "confirmed"


def test_erasure_takes_the_words_of_an_audit_entry_and_nothing_else(registration: Registration) -> None:
    record(
        registration, what="looked at", now=registration.created_at, reason="of a person", after={"a": "b"}
    )
    with transaction.atomic(), erasing():
        AuditEntry.objects.update(reason="", before={}, after={})
        for rewrite in (lambda: AuditEntry.objects.update(what="nothing"), AuditEntry.objects.all().delete):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                rewrite()
    assert AuditEntry.objects.get().what == "looked at"
