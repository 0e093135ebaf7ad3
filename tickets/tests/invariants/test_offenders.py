"""The audit names each violated invariant."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from events.models import Fest
from registrations.booking.conflicts import resolve
from registrations.booking.transfer import move_to
from registrations.models import Conflict, Student
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher, build_user
from registrations.tests.builders.class_lists import build_list, registered, row
from registrations.tests.builders.event_changes import change, set_beside
from registrations.tests.builders.holds import name_now, request_now
from registrations.tests.builders.questions import build_answer, build_question
from techfest.core.db.locking import Deadline
from tickets.documents.ticket_pdf import pdf_path, store
from tickets.models import Delivery, Message, Ticket
from tickets.reissue import reissue
from tickets.tests.audited import build_robo_race, cancel_first, correct_student, damage, named, run

pytestmark = pytest.mark.django_db(transaction=True)

CHANGE = "registrations_change"
REGISTRATION = "registrations_registration"
OF_A = "(SELECT id FROM registrations_student WHERE name = 'Asha A')"
OF_C = "(SELECT id FROM registrations_student WHERE name = 'Asha C')"

SEEDED = {
    "seats row lost": ("DELETE FROM events_seats", "Robo Race has no row that counts its seats."),
    "capacity written past its history": (
        "UPDATE events_seats SET capacity = 3",
        "Robo Race has 3 seats, but its history says 2.",
    ),
    "taken miscounted": (
        "UPDATE events_seats SET taken = 1",
        "Robo Race counts 1 taken and 2 waiting; it has 2 and 2.",
    ),
    "waiting miscounted": (
        "UPDATE events_seats SET waiting = 3",
        "Robo Race counts 2 taken and 3 waiting; it has 2 and 2.",
    ),
    "oversold": (
        "UPDATE events_capacitychange SET capacity = 1",
        "was given seat 2 of 1 at",
    ),
    "made to wait beside a free seat": (
        "UPDATE events_capacitychange SET capacity = 3",
        "Asha C (R) was made to wait at",
    ),
    "active twice": (
        (
            f"DROP INDEX registration_active_once; UPDATE {REGISTRATION} SET student_id = {OF_A}"
            f" WHERE student_id = {OF_C}"
        ),
        "Robo Race: Asha A (R) has 2 active registrations.",
    ),
    "key answered twice": (
        (
            "ALTER TABLE registrations_submission DROP CONSTRAINT registrations_submission_key_key;"
            " UPDATE registrations_submission SET key = '00000000-0000-0000-0000-000000000001'"
        ),
        "4 submissions have one key: ",
    ),
    "registration in another's submission": (
        f"UPDATE {REGISTRATION} SET submission_id = (SELECT min(id) FROM registrations_submission)",
        "the registration of Asha B (R) belongs to another student's submission.",
    ),
    "registrations of a submission lost": (
        f"UPDATE {REGISTRATION} SET submission_id = NULL WHERE student_id = {OF_C}",
        "of Asha C (R) at",
    ),
    "registration vanished": (
        f"DELETE FROM {REGISTRATION} WHERE student_id = {OF_A}",
        "Robo Race gave 4 queue positions, but has 3 registrations, the last at 4.",
    ),
    "free seat at rest": (
        "UPDATE events_seats SET capacity = 3",
        "Robo Race has 1 free, and 2 waiting for no recorded reason.",
    ),
    "places out of order": (
        f"UPDATE {REGISTRATION} SET created_at = created_at - interval '1h' WHERE student_id = {OF_C}",
        "Robo Race: Asha C (R) has queue position 3, but came before the position ahead.",
    ),
    "step outside the graph": (
        "UPDATE registrations_change SET to_state = 'expired' WHERE to_state = 'waiting'",
        "Robo Race: Asha C (R) was not registered and went from nothing to expired.",
    ),
    "step without a beginning": (
        "UPDATE registrations_change SET from_state = 'expired' WHERE to_state = 'confirmed'",
        "Robo Race: Asha A (R) was not registered and went from expired to confirmed.",
    ),
    "change doubled": (
        (
            "INSERT INTO registrations_change (registration_id, from_state, to_state, at, cause, actor, fields)"
            " SELECT registration_id, from_state, to_state, at, cause, actor, fields FROM registrations_change"
        ),
        "Robo Race: Asha A (R) was confirmed and went from nothing to confirmed.",
    ),
    "state without a change": (
        f"UPDATE {REGISTRATION} SET state = 'cancelled' WHERE student_id = {OF_C}",
        "Robo Race: Asha C (R) is cancelled since",
    ),
    "change vanished": (
        "DELETE FROM registrations_change",
        "the changes say nothing, first at no time.",
    ),
    "confirmed without a ticket": (
        f"DELETE FROM tickets_ticket WHERE student_id = {OF_A}",
        "Robo Race: Asha A (R) is confirmed and has 0 live tickets.",
    ),
    "two live tickets": (
        (
            "DROP INDEX ticket_live_once; INSERT INTO tickets_ticket (registration_id, student_id, code,"
            " created_at, render_attempts, render_error) SELECT registration_id, student_id, 'x' || id,"
            " created_at, 0, '' FROM tickets_ticket"
        ),
        "Robo Race: Asha A (R) is confirmed and has 2 live tickets.",
    ),
    "waiting with a ticket": (
        (
            f"UPDATE tickets_ticket SET registration_id = (SELECT id FROM {REGISTRATION} WHERE student_id ="
            f" {OF_C}) WHERE student_id = {OF_A}"
        ),
        "Robo Race: Asha C (R) is waiting and has 0 live tickets and 1 of another student.",
    ),
    "ticket from another time": (
        f"UPDATE tickets_ticket SET created_at = created_at + interval '1s' WHERE student_id = {OF_A}",
        "of Asha A (R) was not issued with its seat.",
    ),
    "answer not owed": (
        f"DELETE FROM tickets_delivery WHERE student_id = {OF_A}",
        "of Asha A (R) has 0 answers by mail, but should have 1.",
    ),
    "mail to a stranger": (
        f"UPDATE tickets_delivery SET \"to\" = 'x@example.org' WHERE student_id = {OF_A}",
        "does not go to an address of Asha A (R).",
    ),
    "sent at no time": (
        f"UPDATE tickets_delivery SET state = 'sent' WHERE student_id = {OF_A}",
        "to Asha A (R): its state and times contradict.",
    ),
    "delivered by nobody": (
        f"UPDATE tickets_delivery SET state = 'delivered' WHERE student_id = {OF_A}",
        "to Asha A (R): its state and times contradict.",
    ),
    "owed for days": (
        f"UPDATE tickets_delivery SET due_at = due_at - interval '25h' WHERE student_id = {OF_A}",
        "to Asha A (R): its state and times contradict.",
    ),
    "delivery of another student's press": (
        f"UPDATE tickets_delivery SET student_id = {OF_C} WHERE student_id = {OF_A}",
        "to Asha C (R) has no cause that fits it.",
    ),
    "delivery from another time": (
        f"UPDATE tickets_delivery SET created_at = created_at - interval '1s' WHERE student_id = {OF_A}",
        "to Asha A (R) has no cause that fits it.",
    ),
    "made before the opening": (
        f"UPDATE {REGISTRATION} SET created_at = created_at - interval '2 days' WHERE student_id = {OF_A}",
        "Robo Race: Asha A (R) was registered at",
    ),
    "made after the grace": (
        f"UPDATE {REGISTRATION} SET created_at = f.closes_at + interval '2 minutes' FROM events_fest f",
        "Robo Race: Asha A (R) was registered at",
    ),
    "no consent": (
        f"DELETE FROM registrations_consent WHERE student_id = {OF_A}",
        "Asha A (R) has an active registration, but no consent is on record.",
    ),
}


HOLD = "registrations_hold"

SEEDED_IN_HOLDS = {
    "taken without its held seats": (
        "UPDATE events_seats SET taken = taken - held",
        "Robo Race counts 3 taken and 2 waiting; it has 5 and 2.",
    ),
    "held miscounted": (
        "UPDATE events_seats SET held = 1",
        "Robo Race counts 1 held seats; its holds have 2.",
    ),
    "block that forgot a name": (
        f"UPDATE {HOLD} SET used = 0",
        "Robo Race: the hold of Riverside Public School says 0 used, but has 1 registrations.",
    ),
    "name in a block of another event": (
        f"UPDATE {REGISTRATION} SET event_id = (SELECT max(id) FROM events_event) WHERE hold_id IS NOT NULL",
        "Robo Race: the hold of Riverside Public School says 1 used, but has 0 registrations and 1 of another event.",
    ),
    "block past its time": (
        f"UPDATE {HOLD} SET until = clock_timestamp() - interval '11 minutes'",
        "Robo Race: the hold of Riverside Public School with 2 unused seats should have ended at",
    ),
    "block held past the capacity": (
        "UPDATE events_capacitychange SET capacity = 4",
        "Robo Race: a hold of Riverside Public School was given seat 5 of 4 at",
    ),
    "block that overtook": (
        f"UPDATE {HOLD} SET held_at = clock_timestamp()",
        "Robo Race: a hold of Riverside Public School had a seat at once at",
    ),
    "name that used no held seat": (
        f"UPDATE {REGISTRATION} SET hold_id = NULL",
        "Robo Race: Named N (R) was given seat 6 of 5 at",
    ),
}


CONFLICT = "registrations_conflict"
FLAGGED = {
    "clash that nobody was told of": (
        f"DELETE FROM {CONFLICT}",
        "Robo Race and Quiz overlap for Asha A (R), and there is no conflict.",
    ),
    "clash settled by nobody": (
        f"UPDATE {CONFLICT} SET resolved_at = at",
        "Robo Race and Quiz overlap for Asha A (R), and there is no conflict.",
    ),
    "flag of what was given up": (
        f"UPDATE {REGISTRATION} SET state = 'cancelled' WHERE event_id = (SELECT max(id) FROM events_event)",
        "Robo Race: Asha A (R) has a conflict (clash) whose reason is gone.",
    ),
    "flag of a time that is gone": (
        (
            "UPDATE events_event SET ends_at = ends_at + interval '1 day', starts_at = starts_at + interval '1 day'"
            " WHERE name = 'Quiz'"
        ),
        "Robo Race: Asha A (R) has a conflict (clash) whose reason is gone.",
    ),
    "flag of a grade that is right": (
        f"UPDATE {CONFLICT} SET kind = 'ineligible', other_id = NULL",
        "Robo Race: Asha A (R) has a conflict (ineligible) whose reason is gone.",
    ),
}
"""Damage to a student whose two events overlap."""

ROW = "registrations_classlistrow"
ENTRY = "registrations_classlistentry"
LISTED = {
    "row done without a job": (
        f"UPDATE {ROW} SET job_id = NULL WHERE number = 2",
        "row 2 is done without a job.",
    ),
    "row of a finished job not done": (
        f"UPDATE {ROW} SET done_at = NULL, submission_id = NULL WHERE number = 2",
        "row 2 was left by a job that is finished.",
    ),
    "row pressed and not done": (
        f"UPDATE {ROW} SET done_at = NULL WHERE number = 2",
        "row 2 has a submission and is not done.",
    ),
    "entry that is nothing": (
        f"UPDATE {ENTRY} SET is_new = false WHERE reason = ''",
        "row 2 has an entry that is neither a registration nor a reason.",
    ),
    "entry of somebody else": (
        (
            f"UPDATE {ENTRY} SET registration_id = (SELECT max(id) FROM {REGISTRATION}) WHERE row_id ="
            f" (SELECT id FROM {ROW} WHERE number = 2)"
        ),
        "row 2 has the registration of another student.",
    ),
    "entry lost": (
        f"DELETE FROM {ENTRY} WHERE row_id = (SELECT id FROM {ROW} WHERE number = 2)",
        "row 2 has a submission that obtained nothing.",
    ),
    "registration told by no row": (
        f"DELETE FROM {ENTRY} WHERE row_id = (SELECT id FROM {ROW} WHERE number = 3)",
        "Robo Race: the registration of Listed Bilal (R) by a class list has no entry in it.",
    ),
    "undone row that came to something": (
        (
            f"UPDATE {ROW} SET done_at = NULL, submission_id = NULL WHERE number = 2;"
            " UPDATE registrations_classlistjob SET finished_at = NULL"
        ),
        "row 2 came to something and is not done.",
    ),
    "student of another school": (
        (
            "INSERT INTO registrations_school (name, key, state) VALUES ('Hill', 'hill', 'accepted');"
            " UPDATE registrations_student SET school_id = (SELECT max(id) FROM registrations_school)"
            " WHERE name = 'Listed Asha'"
        ),
        "row 2: Listed Asha (R) is of another school than the list.",
    ),
    "listed before the opening": (
        f"UPDATE {REGISTRATION} SET created_at = created_at - interval '2 days'",
        "Robo Race: Listed Asha (R) was registered at",
    ),
}
"""Damage to a class list with the rows Listed Asha (2) and Listed Bilal (3)."""


ANSWER, QUESTION = "registrations_answer", "registrations_question"
ANSWERED = {
    "question of an event of another fest": (
        (
            f"UPDATE {QUESTION} SET fest_id = (SELECT max(id) FROM events_fest);"
            " UPDATE registrations_student SET fest_id = (SELECT max(id) FROM events_fest) WHERE name = 'Asha A'"
        ),
        "The question “How tall?” belongs to Robo Race, an event of another fest.",
    ),
    "answer of an erased student": (
        (
            "UPDATE registrations_student SET erased_at = now(), name = '', initials = '', email = '', email_key = '',"
            " section = '', roll_number = '', roll_key = '' WHERE name = 'Asha A'"
        ),
        ", who was erased.",
    ),
    "answer of a student of another fest": (
        "UPDATE registrations_student SET fest_id = (SELECT max(id) FROM events_fest) WHERE name = 'Asha A'",
        ", who is of another fest.",
    ),
    "answer of one who never registered for the event": (
        f"UPDATE {QUESTION} SET event_id = (SELECT id FROM events_event WHERE name = 'Quiz')",
        ", who never registered for its event.",
    ),
    "answer kept past its day": (
        "UPDATE events_fest SET starts_on = current_date - 60, ends_on = current_date - 50",
        "The question “How tall?” has 1 answers that were to be erased after ",
    ),
}
"""Damage to the answer of Asha A to a question of Robo Race."""


@pytest.fixture
def restored_indexes(transactional_db: None) -> Iterator[None]:
    """Restore the indexes that a test drops in order to store invalid rows."""
    wanted = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    with connection.cursor() as cursor:
        cursor.execute(wanted)
        before = dict(cursor.fetchall())
        yield
        cursor.execute("TRUNCATE events_fest CASCADE")
        cursor.execute(wanted)
        for name in before.keys() - dict(cursor.fetchall()).keys():
            cursor.execute(before[name])


@pytest.mark.parametrize("seed", SEEDED)
def test_seeded_offender_is_named(restored_indexes: None, seed: str) -> None:
    sql, sentence = SEEDED[seed]
    build_robo_race()
    assert run() == []
    damage(sql)
    assert named(sentence, run("--all"))


@pytest.mark.parametrize("seed", SEEDED_IN_HOLDS)
def test_offender_among_held_seats_is_named(seed: str) -> None:
    sql, sentence = SEEDED_IN_HOLDS[seed]
    event = build_robo_race(capacity=5)
    request_now(build_teacher(), event, 3)
    for number in range(2):
        build_submission(event, name=f"Late {number}")
    name_now(event, name="Named N")
    build_event(event.fest, name="Quiz")
    assert run() == []
    damage(sql)
    assert named(sentence, run())


@pytest.mark.parametrize("seed", ANSWERED)
def test_offender_among_answers_is_named(seed: str) -> None:
    sql, sentence = ANSWERED[seed]
    event = build_robo_race()
    build_event(event.fest, name="Quiz")
    build_fest(is_current=False)
    build_answer(build_question(event, "How tall?"), Student.objects.get(name="Asha A"), "Secret")
    assert run() == []
    damage(sql)
    found = run()
    assert named(sentence, found)
    assert not named("Secret", found)


@pytest.mark.parametrize("seed", FLAGGED)
def test_offender_among_conflicts_is_named(seed: str) -> None:
    sql, sentence = FLAGGED[seed]
    robots = build_event(build_fest(), name="Robo Race", hour=10)
    quiz = build_event(robots.fest, name="Quiz", hour=14)
    build_submission(robots, quiz, name="Asha A")
    set_beside(robots, quiz)
    assert run() == []
    damage(sql)
    assert named(sentence, run())


def test_clash_that_an_organiser_settled_is_none() -> None:
    robots = build_event(build_fest(), hour=10)
    quiz = build_event(robots.fest, hour=14)
    build_submission(robots, quiz)
    set_beside(robots, quiz)
    resolve([Conflict.objects.get().pk], user=build_user(), reason="Starts late", deadline=Deadline(30))
    assert run() == []


def test_change_of_an_event_without_its_mail_is_named() -> None:
    event = build_event(build_fest(), name="Robo Race", hour=10)
    build_submission(event, name="Asha A")
    set_beside(event, build_event(event.fest, hour=14))
    damage("DELETE FROM tickets_delivery WHERE kind = 'changed'")
    assert named("Robo Race: Asha A (R) was confirmed at", run())


@pytest.mark.parametrize(("minutes", "is_found"), [(9, False), (11, True)])
def test_hold_is_named_ten_minutes_after_its_time(minutes: int, is_found: bool) -> None:
    event = build_robo_race(capacity=5)
    request_now(build_teacher(), event, 1)
    damage(f"UPDATE {HOLD} SET until = clock_timestamp() - %s * interval '1 minute'", minutes)
    assert bool(run()) == is_found


def test_offender_among_reserved_seats_is_named() -> None:
    event = build_robo_race()
    change(event, user=build_user(), capacity=5, hold=2)
    assert run() == []
    damage(f"UPDATE {HOLD} SET used = 1")
    assert named("Robo Race: the hold of no school says 1 used, but has 0 registrations.", run())
    damage(f"UPDATE {HOLD} SET used = 0, until = clock_timestamp() - interval '11 minutes'")
    assert named("Robo Race: the hold of no school with 2 unused seats should have ended at", run())


@pytest.mark.parametrize("seed", LISTED)
def test_seeded_offender_of_a_class_list_is_named(restored_indexes: None, seed: str) -> None:
    sql, sentence = LISTED[seed]
    event = build_event(build_fest(), name="Robo Race")
    registered(build_list(event.fest, [row("Listed Asha", event), row("Listed Bilal", event)]))
    assert run() == []
    damage(sql)
    assert named(sentence, run("--all"))


def test_event_beyond_the_limit_of_a_student_is_named() -> None:
    event = build_robo_race(capacity=5)
    build_submission(build_event(event.fest, name="Quiz"), name="Asha A", email="0@example.org")
    assert run() == []
    damage("UPDATE events_fest SET events_per_student = 1")
    assert named("Quiz: Asha A (R) got event number 2 at", run())


def test_events_from_before_the_limit_was_set_are_lawful() -> None:
    event = build_robo_race(capacity=5)
    build_submission(build_event(event.fest), name="Asha A", email="0@example.org")
    Fest.objects.update(events_per_student=1)
    assert run() == []


def test_false_refusal_is_named() -> None:
    event = build_robo_race()
    full = build_event(event.fest, capacity=1, waiting_limit=0, name="Tiny")
    build_submission(event, full, name="First")
    build_submission(event, full, name="Second")
    assert run() == []
    damage("UPDATE events_capacitychange SET capacity = 2 WHERE event_id = %s", full.pk)
    assert named("Tiny: Second (R) was refused as full at", run())


def test_newcomer_who_overtook_is_named() -> None:
    event = build_robo_race()
    cancel_first(event)
    damage(f"UPDATE {CHANGE} SET to_state = 'confirmed', from_state = '' WHERE cause = 'promoted'")
    assert named("Robo Race: Asha C (R) had a seat at once at", run())


def test_inverted_waiting_list_is_named() -> None:
    event = build_robo_race()
    cancel_first(event)
    damage(f"UPDATE {REGISTRATION} SET queue_position = 10 WHERE queue_position = 3")
    assert named("Robo Race: Asha C (R) at position 10 was promoted before Asha D (R) at position 4.", run())


BY_HAND = f"UPDATE {CHANGE} SET cause = 'chosen', user_id = %s WHERE cause = 'promoted'"


@pytest.mark.parametrize("is_known", [True, False], ids=["by somebody", "by nobody"])
def test_inverted_waiting_list_is_lawful_only_where_somebody_chose(is_known: bool) -> None:
    event = build_robo_race()
    cancel_first(event)
    damage(
        f"UPDATE {REGISTRATION} SET queue_position = 10 WHERE queue_position = 3;"
        " UPDATE events_seats SET last_queue_position = 10"
    )
    damage(BY_HAND, build_user().pk if is_known else None)
    words = "Robo Race: Asha C (R) at position 10 was promoted before Asha D (R) at position 4."
    assert named(words, run()) == (not is_known)


@pytest.mark.parametrize("is_known", [True, False], ids=["by somebody", "by nobody"])
def test_seat_at_the_door_before_those_who_wait_is_lawful_only_by_a_person(is_known: bool) -> None:
    event = build_robo_race()
    cancel_first(event)
    damage(
        f"UPDATE {CHANGE} SET to_state = 'confirmed', from_state = '', cause = 'walk_in', user_id = %s"
        " WHERE cause = 'promoted'",
        build_user().pk if is_known else None,
    )
    assert named("Robo Race: Asha C (R) had a seat at once at", run()) == (not is_known)


def test_move_that_gave_nothing_up_is_named() -> None:
    event = build_robo_race(capacity=3)
    other = build_event(event.fest)
    row = event.registrations.get(queue_position=1)
    move_to([row.pk], event_id=other.pk, user=build_user(), reason="Hall", deadline=Deadline(30))
    assert run() == []
    damage(f"UPDATE {CHANGE} SET user_id = NULL WHERE cause = 'moved'")
    assert named("Asha A (R) was moved at", run())


def test_move_without_its_mail_is_named() -> None:
    event = build_robo_race(capacity=3)
    other = build_event(event.fest)
    row = event.registrations.get(queue_position=1)
    move_to([row.pk], event_id=other.pk, user=build_user(), reason="Hall", deadline=Deadline(30))
    damage("DELETE FROM tickets_delivery WHERE kind = 'moved'")
    assert named("Asha A (R) was confirmed at", run())


def test_new_ticket_without_an_audit_entry_is_named() -> None:
    build_robo_race()
    ticket = Ticket.objects.order_by("pk")[0]
    reissue([ticket.pk], user=build_user(), reason="Lost", deadline=Deadline(30))
    assert run() == []
    damage("DELETE FROM events_auditentry")
    assert named("of Asha A (R) was not issued with its seat.", run())


def test_message_that_was_never_confirmed_is_named() -> None:
    student = Student.objects.get(submissions__registrations__event=build_robo_race(), name="Asha A")
    message = Message.objects.create(fest=student.fest, subject="Hall", text="Text", created_by=build_user())
    now = timezone.now()
    Delivery.objects.create(
        kind="message", message=message, student=student, to=student.email, created_at=now, due_at=now
    )
    assert named("The message “Hall” has 1 mails, but 0 were confirmed.", run())


def test_promotion_and_cancellation_without_mail_are_named() -> None:
    event = build_robo_race()
    cancel_first(event)
    damage("DELETE FROM tickets_delivery WHERE change_id IS NOT NULL")
    found = run()
    assert named("Asha A (R) was cancelled at", found)
    assert named("Asha C (R) was confirmed at", found)


def test_correction_without_its_link_is_named() -> None:
    build_robo_race()
    correct_student(Student.objects.get(name="Asha A"), email="new@example.org")
    damage("DELETE FROM tickets_delivery WHERE kind = 'link'")
    assert named("Asha A (R) was corrected at", run())


def test_mail_to_an_address_that_was_given_up_is_named() -> None:
    event = build_robo_race()
    correct_student(Student.objects.get(name="Asha A"), email="new@example.org")
    cancel_first(event)
    damage("UPDATE tickets_delivery SET \"to\" = '0@example.org' WHERE kind = 'cancelled'")
    assert named("does not go to an address of Asha A (R).", run())


@pytest.mark.parametrize(("seconds", "is_found"), [(59, False), (61, True)])
def test_ticket_mailed_after_its_cancellation_is_named(seconds: int, is_found: bool) -> None:
    cancel_first(build_robo_race())
    damage(
        "UPDATE tickets_delivery d SET sent_at = c.at + %s * interval '1s', state = 'sent'"
        " FROM registrations_change c, registrations_registration r"
        " WHERE d.kind = 'registered' AND r.id = c.registration_id AND c.to_state = 'cancelled'"
        f" AND r.submission_id = d.submission_id AND d.student_id = {OF_A}",
        seconds,
    )
    assert named("took a cancelled ticket to Asha A (R).", run()) == is_found


def test_lost_and_broken_files_are_named() -> None:
    build_robo_race()
    damage("UPDATE tickets_ticket SET rendered_at = created_at")
    first, second = Ticket.objects.order_by("pk")
    store(pdf_path(second), b"no PDF")
    assert run() == []
    assert run("--pdf") == [
        " 8 rendered tickets have their file: 2 found",
        f"   Ticket {first.pk} of Asha A has lost its PDF below {settings.MEDIA_ROOT}.",
        f"   The PDF of ticket {second.pk} of Asha B is not a PDF file.",
    ]
