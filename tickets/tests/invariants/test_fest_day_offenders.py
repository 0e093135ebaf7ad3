"""The audit names each violated invariant of check-ins, results and merges."""

import pytest

from registrations.booking.cancel import cancel
from registrations.models import Change, MergedReference, Result, ResultSheet
from registrations.privacy.erase import erase
from registrations.results import publish, service
from registrations.students.identity import Details
from registrations.students.merge import merge_students
from registrations.tests.builders import build_submission, build_user
from techfest.core.db.locking import Deadline
from tickets.checkin.entry import let_in_again, undo
from tickets.checkin.walk_in import Newcomer, seat_newcomer
from tickets.documents import certificates
from tickets.keys import random_key
from tickets.models import Certificate
from tickets.tests.audited import damage, named, run
from tickets.tests.builders.checkin import (
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    owner,
    scanned,
    ticket_for,
)

pytestmark = pytest.mark.django_db(transaction=True)

OF_A = "(SELECT id FROM registrations_student WHERE name = 'Asha A')"
CHECK_IN, SCAN = "tickets_checkin", "tickets_scan"

AT_THE_DOOR = {
    "in without a check-in": (
        f"DELETE FROM {CHECK_IN} WHERE undone_at IS NULL; DELETE FROM {SCAN}",
        "Robo Race: Asha A (R), confirmed, is in and has 0 check-ins in force.",
    ),
    "checked in and not in": (
        "UPDATE tickets_ticket SET checked_in_at = NULL",
        "Robo Race: Asha A (R), confirmed, is not in and has 1 check-ins in force.",
    ),
    "green twice": (
        (
            f'INSERT INTO {SCAN} (key, at, user_id, gate_id, "where", ticket_id, registration_id, verdict,'
            ' device_verdict, is_offline, is_conflict, note) SELECT gen_random_uuid(), at, user_id, gate_id, "where",'
            f" ticket_id, registration_id, 'in', '', false, false, '' FROM {SCAN} WHERE verdict = 'already'"
        ),
        "Robo Race: Asha A (R) was let in by 3 scans and has 2 check-ins.",
    ),
    "let in at another moment": (
        f"UPDATE {CHECK_IN} SET at = at - interval '1 hour' WHERE undone_at IS NULL AND NOT is_reentry",
        "Robo Race: Asha A (R) is in since",
    ),
    "in again without having been in": (
        (
            "UPDATE tickets_ticket SET checked_in_at = NULL;"
            f" UPDATE {CHECK_IN} SET undone_at = at, undo_reason = 'No' WHERE NOT is_reentry"
        ),
        "Robo Race: Asha A (R) is in since never, but was let in at",
    ),
}


@pytest.mark.parametrize("seed", AT_THE_DOOR)
def test_offender_at_the_door_is_named(seed: str) -> None:
    """The student was checked in, sent out again, checked in, and admitted once more with a reason."""
    sql, sentence = AT_THE_DOOR[seed]
    event = open_event(fest_today(), name="Robo Race")
    checkpoint, user = checkpoint_of(gate_of(event.fest, event)), owner()
    code = ticket_for(event, name="Asha A").code
    undo(scanned(checkpoint, code, user), user=user, reason="Wrong child")
    scanned(checkpoint, code, user)
    let_in_again(scanned(checkpoint, code, user), checkpoint=checkpoint, user=user, reason="Fetched water")
    assert run() == []
    damage(sql)
    assert named(sentence, run())


def test_seat_at_the_door_without_its_mail_is_named() -> None:
    event = open_event(fest_today(), name="Robo Race")
    details = Details(name="Zoya Khan", school="Riverside", grade=7, email="zoya@example.org")
    checkpoint, user, key = checkpoint_of(gate_of(event.fest, event)), owner(), random_key()
    seat_newcomer(Newcomer(details, event.pk), checkpoint=checkpoint, key=key, user=user, reason="Came")
    assert run() == []
    damage("DELETE FROM tickets_delivery")
    assert named("Robo Race: Zoya Khan (R) was confirmed at", run())


RESULT, CERTIFICATE = "registrations_result", "tickets_certificate"
AFTERWARDS = {
    "rank that does not follow": (
        f"UPDATE {RESULT} SET rank = 1 WHERE rank = 4",
        "Robo Race: Asha D (R) has 10.000 points and rank 1, which do not agree.",
    ),
    "equal points, unequal ranks": (
        f"UPDATE {RESULT} SET rank = 3 WHERE id = (SELECT max(id) FROM {RESULT} WHERE rank = 2)",
        "Robo Race: Asha C (R) has 20.000 points and rank 3, which do not agree.",
    ),
    "rank before those with better points": (
        f"UPDATE {RESULT} SET rank = 2 WHERE rank = 4",
        "Robo Race: Asha D (R) has 10.000 points and rank 2, which do not agree.",
    ),
    "ranks the wrong way round": (
        "UPDATE registrations_resultsheet SET counting = 'least'",
        "Robo Race: Asha A (R) has 30.000 points and rank 1, which do not agree.",
    ),
    "points without a rank": (
        f"UPDATE {RESULT} SET rank = NULL WHERE rank = 4",
        "Robo Race: Asha D (R) has 10.000 points and rank None, which do not agree.",
    ),
    "result of nobody's seat": (
        (
            f"DELETE FROM registrations_change c USING {RESULT} t"
            " WHERE t.registration_id = c.registration_id AND t.rank = 1"
        ),
        "Robo Race: Asha A (R) has a result, but never had a seat, or there is no sheet.",
    ),
    "result without a sheet": (
        "DELETE FROM registrations_resultsheet",
        "Robo Race: Asha A (R) has a result, but never had a seat, or there is no sheet.",
    ),
    "published by nobody": (
        "UPDATE registrations_resultsheet SET published_by_id = NULL",
        "Robo Race: its results are published without a time or a user.",
    ),
    "certificate of another rank": (
        f"UPDATE {CERTIFICATE} SET rank = 2 WHERE rank = 1",
        "Robo Race: the certificate (rank) of Asha A (R) is valid, but it says rank 2, the sheet 1.",
    ),
    "certificate of a rank that is gone": (
        f"DELETE FROM {RESULT} WHERE rank = 1",
        "Robo Race: the certificate (rank) of Asha A (R) is valid, but it says rank 1, the sheet none.",
    ),
    "certificate of who gave up": (
        f"UPDATE registrations_registration SET state = 'cancelled' WHERE student_id = {OF_A}",
        "Robo Race: the certificate (rank) of Asha A (R) is valid, but the registration is cancelled.",
    ),
    "certificate of somebody else": (
        f"UPDATE {CERTIFICATE} SET student_id = {OF_A} WHERE rank = 2",
        "Robo Race: the certificate (rank) of Asha A (R) is valid, but the seat belongs to another student.",
    ),
}


@pytest.mark.parametrize("seed", AFTERWARDS)
def test_offender_among_results_and_certificates_is_named(seed: str) -> None:
    sql, sentence = AFTERWARDS[seed]
    event = open_event(fest_today(), name="Robo Race")
    points = dict(zip("ABCD", (30, 20, 20, 10), strict=True))
    rows = {
        build_submission(event, name=f"Asha {who}").registrations.get(): many for who, many in points.items()
    }
    user, sheet = build_user(), ResultSheet(event=event)
    typed = service.SubmittedPage(
        version=sheet.version,
        counting="most",
        shown={row.pk: "" for row in rows},
        values={row.pk: many for row, many in rows.items()},
    )
    service.save(event, typed, user=user, deadline=Deadline())
    publish.publish(event, "short", user=user, deadline=Deadline())
    certificates.issue_ranks(event, max_rank=3, user=user, deadline=Deadline())
    assert Certificate.objects.count() == 3
    assert run() == []
    damage(sql)
    assert named(sentence, run())


def test_gap_that_somebody_left_who_gave_up_is_none() -> None:
    event = open_event(fest_today(), name="Robo Race")
    first, second = (build_submission(event, name=f"Asha {who}").registrations.get() for who in "AB")
    typed = service.SubmittedPage(version=0, counting="most", shown={}, values={first.pk: 2, second.pk: 1})
    service.save(event, typed, user=build_user(), deadline=Deadline())
    cancel([first.pk], actor=Change.Actor.ORGANISER, deadline=Deadline())
    assert Result.objects.get(registration=second).rank == 2
    assert run() == []


@pytest.fixture
def merged() -> MergedReference:
    """Asha A, and a student merged from two rows named Twin."""
    event = open_event(fest_today(), name="Robo Race")
    build_submission(event, name="Asha A")
    kept, gone = (build_submission(event, name=f"Twin {who}").student for who in "AB")
    merge_students(kept.pk, gone.pk, user=build_user(), reason="Twice", deadline=Deadline(30))
    assert run() == []
    return MergedReference.objects.get()


def test_reference_of_two_people_is_named(merged: MergedReference) -> None:
    damage(f"UPDATE registrations_student SET reference = %s WHERE id = {OF_A}", merged.reference)
    words = f"The merged reference {merged.reference} names Twin A (R), who is not the only student with it"
    assert named(
        words.replace(merged.reference, "R"), [line.replace(merged.reference, "R") for line in run()]
    )


def test_reference_of_who_was_erased_is_named(merged: MergedReference) -> None:
    erase([merged.student_id], deadline=Deadline(30))
    assert run() == []
    MergedReference.objects.create(reference=merged.reference, student=merged.student, at=merged.at)
    assert any("who was erased." in line for line in run())
