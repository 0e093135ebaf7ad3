"""The rank on the confirmation page and on My registrations, counted from either side of the waiting list."""

import pytest

from registrations.booking.cancel import cancel
from registrations.booking.waitlist import LONG_LIST, with_number
from registrations.models import Change, Registration
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.db.locking import Deadline
from tickets import registration_summary

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("long", [LONG_LIST, 0])
def test_rank_is_that_of_the_other_pages(long: int, monkeypatch: pytest.MonkeyPatch) -> None:
    statement = registration_summary._OF_STUDENT
    assert f"waiting > {LONG_LIST} " in statement
    monkeypatch.setattr(
        registration_summary,
        "_OF_STUDENT",
        statement.replace(f"waiting > {LONG_LIST} ", f"waiting > {long} "),
    )
    event = build_event(build_fest(), capacity=2)
    rows = [build_submission(event).registrations.get() for _ in range(10)]
    cancel([rows[0].pk, rows[5].pk], actor=Change.Actor.STUDENT, deadline=Deadline())
    shown = {
        row.pk: next(one.number for one in registration_summary.of_student(row.student_id)) for row in rows
    }
    assert shown == {row.pk: row.number for row in with_number(Registration.objects.all())}
    assert max(shown.values()) == 6
