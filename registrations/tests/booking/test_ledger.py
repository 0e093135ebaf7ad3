"""The ledger of changes: nothing changes a registration without it, and it sends the signal once."""

import ast
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from registrations.booking.ledger import LedgerMissing, change_ledger
from registrations.booking.state import Origin, create, give_up, move, note
from registrations.models import Change, Registration
from registrations.signals import registrations_changed
from registrations.tests.builders import build_event, build_fest, build_submission

pytestmark = pytest.mark.django_db
AWAY = "cancelled"


@pytest.fixture
def registration() -> Registration:
    return build_submission(build_event(build_fest())).registrations.get()


def origin(registration: Registration, *, later: int = 0) -> Origin:
    at = registration.created_at + dt.timedelta(seconds=later)
    return Origin(Change.Cause.CANCELLED, Change.Actor.SYSTEM, at)


@contextmanager
def listening() -> Iterator[list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []

    def hear(**sent: Any) -> None:
        heard.append(sent)

    registrations_changed.connect(hear)
    try:
        yield heard
    finally:
        registrations_changed.disconnect(hear)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: create([row], origin=origin(row)),
        lambda row: move([row], to=AWAY, origin=origin(row)),
        lambda row: give_up([row], {}, origin=origin(row)),
        lambda row: note([row], origin=origin(row), fields={row.student_id: ["name"]}),
    ],
    ids=["create", "move", "give_up", "note"],
)
def test_no_change_without_a_ledger(registration: Registration, change: Any) -> None:
    with pytest.raises(LedgerMissing), transaction.atomic():
        change(registration)
    assert (Registration.objects.get().state, Change.objects.count()) == ("confirmed", 1)


def test_signal_is_sent_once_when_the_outermost_block_ends() -> None:
    event = build_event(build_fest())
    first, second = (build_submission(event).registrations.get() for _time in range(2))
    with listening() as heard, change_ledger() as ledger:
        with change_ledger():
            move([first], to=AWAY, origin=origin(first))
        move([second], to=AWAY, origin=origin(first))
        ledger.leave_not_notified([second])
        assert heard == []
    assert [[change.registration for change in sent["changes"]] for sent in heard] == [[first, second]]
    assert (heard[0]["now"], heard[0]["not_notified"], heard[0]["old_emails"]) == (
        first.created_at,
        frozenset({second.pk}),
        {},
    )


def test_each_time_of_the_clock_is_sent_by_itself(registration: Registration) -> None:
    """Each mail carries the time of its change."""
    with listening() as heard, change_ledger():
        note([registration], origin=origin(registration), fields={registration.student_id: ["name"]})
        move([registration], to=AWAY, origin=origin(registration, later=1))
    assert [len(sent["changes"]) for sent in heard] == [1, 1]
    assert [sent["now"] for sent in heard] == [origin(registration, later=n).at for n in (0, 1)]


def test_failed_block_sends_nothing(registration: Registration) -> None:
    def fail() -> None:
        with transaction.atomic(), change_ledger():
            move([registration], to=AWAY, origin=origin(registration))
            raise ZeroDivisionError

    with listening() as heard:
        with pytest.raises(ZeroDivisionError):
            fail()
        with change_ledger():
            pass
    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_ledger_needs_a_transaction() -> None:
    with pytest.raises(transaction.TransactionManagementError), change_ledger():
        pass


def test_only_the_state_module_writes_changes_and_states() -> None:
    """Nothing else builds a Change or updates `state` of registrations, so nothing can bypass the ledger."""
    root = Path(settings.BASE_DIR)
    files = [path for app in ("registrations", "tickets") for path in (root / app).rglob("*.py")]
    found = {
        str(path.relative_to(root))
        for path in files
        if not {"tests", "migrations"} & set(path.parts) and _writes(ast.parse(path.read_text()))
    }
    assert found == {"registrations/booking/state.py"}


def _writes(tree: ast.AST) -> bool:
    return any(_builds_change(node) or _updates_state(node) for node in ast.walk(tree))


def _builds_change(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Change"


def _updates_state(node: ast.AST) -> bool:
    if not (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update"
    ):
        return False
    names = {keyword.arg for keyword in node.keywords}
    return "state" in names and "Registration.objects" in ast.unparse(node.func)
