"""An erased student leaves no byte in rows or files, and every count stays the same."""

import datetime as dt
import threading
import time
import unicodedata
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.models import AuditEntry, Event, Seats
from registrations import links
from registrations.booking.errors import ActionRejected
from registrations.models import (
    Change,
    ClassListRow,
    Conflict,
    Consent,
    Erasure,
    MergedReference,
    Registration,
    Result,
    ResultSheet,
    Student,
    Submission,
)
from registrations.privacy import erasure_register
from registrations.privacy.erase import AT_ONCE, erase, erase_listed, sweep
from registrations.students.corrections import correct
from registrations.students.names import name_key
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_request,
    build_submission,
    build_teacher,
    submit_now,
)
from registrations.tests.builders.class_lists import build_list, registered, row
from registrations.tests.traces import in_database, in_files
from techfest.core.audit_log import record
from techfest.core.db.locking import Deadline
from tickets.documents import jobs, school_tickets
from tickets.documents.ticket_pdf import pdf_path, store
from tickets.mail import send as send_module
from tickets.mail.kinds.notice import enqueue_notice
from tickets.models import (
    Certificate,
    CheckIn,
    Delivery,
    DeliveryEvent,
    DocumentJob,
    Message,
    Scan,
    Ticket,
)
from tickets.privacy import redact
from tickets.registration_summary import of_submission
from tickets.tests.audited import run
from tickets.tests.builders import pretend_rendered

NAME = "Zyxquorvent Plimbathory"
EMAIL = "family@plimbathory.example"
ROLL = "PLIMROLL77"
SIBLING = "Quillibet Plimbathory"


@pytest.fixture(autouse=True)
def eml(settings: Any) -> None:
    """Store mails as files, as without a mail provider."""
    settings.EMAIL_BACKEND = "tickets.mail.file_backend.EmlBackend"


def erase_now(*students: Student, **values: Any) -> list[str]:
    return erase([student.pk for student in students], deadline=Deadline(30), **values)


def student_of(submission: Submission) -> Student:
    return Student.objects.get(pk=submission.student_id)


def in_the_past(event: Event) -> None:
    """Move an event and everything about it into the past."""
    span = timezone.now() - event.starts_at - dt.timedelta(hours=3)
    Event.objects.filter(pk=event.pk).update(starts_at=event.starts_at + span, ends_at=event.ends_at + span)


def build_traces() -> Student:
    """Create a student whose name is everywhere the product writes names."""
    fest = build_fest()
    past, ahead = build_event(fest, capacity=1, name="Robo Race"), build_event(fest, capacity=1)
    teacher = build_teacher()
    school = teacher.school
    who = {"school": school.name, "name": NAME, "email": EMAIL, "roll_number": ROLL}
    submission = build_submission(past, ahead, **who)
    student = student_of(submission)
    build_submission(past, ahead, school=school.name, name=SIBLING, email=EMAIL)
    lost = build_list(fest, [row(NAME, ahead, roll=ROLL, email=EMAIL)], teacher=teacher, title=f"{NAME}.csv")
    # Without a roll number it is the same student all the same.
    registered(build_list(fest, [row(NAME, past, roll=ROLL), row("Somebody New", past)], teacher=teacher))
    assert lost.rows.exists()
    values = {"name": NAME, "grade": 7, "section": "", "roll_number": ROLL, "email": f"old.{EMAIL}"}
    for address in (f"old.{EMAIL}", EMAIL):
        correct(
            student.pk, values=values | {"email": address}, actor=Change.Actor.STUDENT, deadline=Deadline()
        )
    _build_records(student, past, teacher.user)
    content = f"%PDF-1.7 of {NAME}".encode()
    pretend_rendered(content=content)
    for document in DocumentJob.objects.all():
        store(jobs.document_path(document), content)
    DocumentJob.objects.update(finished_at=timezone.now(), claimed_at=timezone.now())
    with transaction.atomic():
        from registrations.students.identity import with_email
        from tickets.mail.outbox import enqueue_link

        enqueue_link(list(reversed(with_email(EMAIL, fest_id=fest.pk))), now=timezone.now())
        enqueue_notice(
            to=teacher.user.email,
            user=teacher.user,
            subject="Tell 1 of your students",
            text="",
            changes=list(Change.objects.filter(registration__student=student).values_list("pk", flat=True)),
            now=timezone.now(),
        )
    send_module.send_due()
    in_the_past(past)
    return student


def _build_records(student: Student, event: Event, user: Any) -> None:
    now, fest = timezone.now(), event.fest
    registration = student.registrations.get(event=event)
    ticket = registration.tickets.get()
    school_tickets.order(school=student.school, fest=fest, user=user, filters={"name": NAME})
    jobs.order(kind="attendance", fest=fest, user=user, event=event)
    MergedReference.objects.create(reference="MERGED2", student=student, at=now)
    Conflict.objects.create(registration=registration, kind="ineligible", at=now, choose_by=now)
    ResultSheet.objects.create(event=registration.event)
    Result.objects.create(registration=registration, points=10, rank=1)
    Certificate.objects.create(
        registration=registration, student=student, kind="participation", issued_at=now
    )
    CheckIn.objects.create(
        ticket=ticket, at=now, where="Gate", user=user, how="scan", reason=f"{NAME} forgot the ticket"
    )
    Scan.objects.create(ticket=ticket, at=now, where="Gate", user=user, verdict="in", note=f"was {NAME}")
    Scan.objects.create(at=now, where="Gate", user=user, verdict="unknown", note=f"looks like {NAME.upper()}")
    Ticket.objects.filter(pk=ticket.pk).update(checked_in_at=now)
    Message.objects.create(
        fest=fest,
        subject=f"For {NAME}",
        text=f"Come, {NAME}!",
        audience={"q": NAME},
        audience_text=NAME,
        created_by=user,
    )
    DeliveryEvent.objects.create(
        delivery=student.deliveries.order_by("pk")[0],
        event_id="1",
        kind="bounced",
        happened_at=now,
        detail=f"<{EMAIL}> is unknown",
    )
    record(event, what="changed", now=now, user=user, reason=f"because of {NAME}")
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(Registration),
        object_id=str(registration.pk),
        object_repr=f"{NAME}, {event}",
        action_flag=2,
        change_message=f"moved {NAME}",
    )


ROOMS = {
    "registrations_student.name",
    "registrations_student.email",
    "registrations_classlistrow.cells",
    "registrations_classlist.title",
    "tickets_delivery.to",
    "tickets_deliveryevent.detail",
    "tickets_documentjob.options",
    "tickets_checkin.reason",
    "tickets_scan.note",
    "tickets_message.subject",
    "tickets_message.text",
    "tickets_message.audience",
    "events_auditentry.reason",
    "django_admin_log.object_repr",
}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_no_byte_is_left_of_an_erased_person() -> None:
    """Negative control: before the erasure the search finds the name in each place."""
    student = build_traces()
    before = in_database(NAME) | in_database(EMAIL)
    assert ROOMS - before == set()
    assert in_database(ROLL) >= {"registrations_student.roll_number", "registrations_classlistrow.cells"}
    folders = {name.split("/")[0] + "/" + name.split("/")[1] for name in in_files(NAME) if "/" in name}
    assert {"media/tickets", "media/documents"} <= folders
    assert len([name for name in in_files(NAME) if name.startswith("mail/")]) >= 4
    old = student.reference

    assert erase_now(student, reason=f"{NAME} asked for it") == [old, "MERGED2"]

    for word in (NAME, f"old.{EMAIL}", ROLL, NAME.split()[0]):
        assert (in_database(word), in_files(word)) == (set(), set())
    # The address is the sibling's as well, who was not erased.
    assert in_database(EMAIL) <= {f"registrations_student.{name}" for name in ("email", "email_key")} | {
        f"tickets_delivery.{name}" for name in ("to", "mailbox")
    }
    erase_now(Student.objects.get(name=SIBLING))
    assert (in_database("plimbathory"), in_files("plimbathory")) == (set(), set())
    assert run("--pdf") == []


@pytest.mark.django_db(transaction=True)
def test_counts_stay_true_and_the_next_in_line_is_promoted() -> None:
    fest = build_fest()
    past, ahead = build_event(fest, capacity=1), build_event(fest, capacity=1)
    submission = build_submission(past, ahead, name=NAME, email=EMAIL)
    other = student_of(build_submission(ahead, past, email="other@example.org"))
    in_the_past(past)
    erase_now(student_of(submission), reason="asked")
    states = Registration.objects.order_by("event", "queue_position").values_list("event", "student", "state")
    erased = submission.student_id
    assert list(states) == [
        (past.pk, erased, "confirmed"),
        (past.pk, other.pk, "waiting"),
        (ahead.pk, erased, "cancelled"),
        (ahead.pk, other.pk, "confirmed"),
    ]
    counts = Seats.objects.order_by("pk").values_list("taken", "waiting", "last_queue_position")
    assert list(counts) == [(1, 1, 2), (1, 0, 2)]
    assert (
        Change.objects.filter(cause="erased").count(),
        Consent.objects.filter(student=erased).count(),
    ) == (
        1,
        0,
    )
    assert set(Delivery.objects.values_list("kind", "student")) == {
        ("registered", other.pk),
        ("promoted", other.pk),
    }
    assert not Ticket.objects.live().filter(student=erased).exists()
    assert run() == []


@pytest.mark.django_db
def test_erased_row_keeps_school_and_grade_and_nothing_else() -> None:
    submission = build_submission(
        build_event(build_fest()), name=NAME, email=EMAIL, section="B", roll_number=ROLL
    )
    old, response = student_of(submission), links.confirmation_path(submission)
    my = links.my_path(old)
    erase_now(old, reason="asked")
    erased = Student.objects.get()
    kept = ("pk", "fest_id", "school_id", "grade", "created_at")
    assert [getattr(erased, name) for name in kept] == [getattr(old, name) for name in kept]
    assert (erased.name, erased.email, erased.section, erased.roll_number, str(erased)) == (
        "",
        "",
        "",
        "",
        "erased",
    )
    assert erased.reference != old.reference
    assert of_submission(*links.read_confirmation(response.split("/")[2])) is None
    with pytest.raises(links.DeadLink):
        links.student_of(my.split("/")[2])
    entry = AuditEntry.objects.get()
    assert (entry.what, entry.subject_id, entry.reason, entry.before, entry.after) == (
        "erased",
        old.pk,
        "asked",
        {},
        {},
    )


@pytest.mark.django_db
def test_erased_row_is_never_written_again_nor_matched() -> None:
    event = build_event(build_fest())
    student = student_of(build_submission(event, name=NAME, email=EMAIL))
    erase_now(student)
    values = {"name": NAME, "grade": 7, "section": "", "roll_number": "", "email": EMAIL}
    with pytest.raises(ActionRejected):
        correct(student.pk, values=values, actor=Change.Actor.ORGANISER, deadline=Deadline())
    again = build_submission(event, name=NAME, email=EMAIL)
    assert again.student_id != student.pk
    with pytest.raises(Exception, match="student_erased_is_empty"), transaction.atomic():
        Student.objects.filter(pk=student.pk).update(name=NAME)


@pytest.mark.django_db(transaction=True)
def test_rows_of_lists_add_up_and_those_of_drafts_go() -> None:
    fest = build_fest()
    event, teacher = build_event(fest), build_teacher()
    registered(build_list(fest, [row(NAME, event, email=EMAIL), row("Asha Rao", event)], teacher=teacher))
    draft = build_list(
        fest, [row(NAME, event), row("Zyx Other", event), row("x", event, email=EMAIL)], teacher=teacher
    )
    parted = build_list(fest, [["Plimbathory", "Zyxquorvent", "7"]], teacher=teacher)
    erase_now(Student.objects.get(name=NAME))
    assert [row.cells[:1] for row in ClassListRow.objects.filter(done_at__isnull=False)] == [[], ["Asha Rao"]]
    assert [row.cells[0] for row in draft.rows.all()] == ["Zyx Other"]
    assert not type(parted).objects.filter(pk=parted.pk).exists()
    assert run() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cell",
    [
        unicodedata.normalize("NFD", "각힣긁"),
        "ㅤ" * 300 + "각힣긁",
        f"각{'.' * 3_000}힣 긁".replace(".", "\u200b"),
        "각힣긁".join(["-" * 2_000] * 2),
    ],
    ids=["decomposed", "other word", "invisible", "dashes"],
)
def test_name_in_a_draft_is_found_however_it_is_written(cell: str) -> None:
    fest = build_fest()
    student = student_of(build_submission(build_event(fest), name="각힣긁"))
    draft = build_list(fest, [[cell, "", "7"], ["Zyx Other", "", "7"]], teacher=build_teacher())
    erase_now(student)
    expected = ["Zyx Other"] if name_key(cell) == name_key("각힣긁") else [cell, "Zyx Other"]
    assert [row.cells[0] for row in draft.rows.all()] == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cells", "is_found"),
    [
        (["Kumari", "9", "Rao", "Asha"], True),
        (["Asha Kumari", "9", "", "Rao"], True),
        (["Rao, Asha Kumari", "9"], True),
        (["Asha", "9", "Rao"], False),
        (["Asha Kumari Rao Iyer", "9"], False),
        (["Kumari", "9", "Rao", "Asha Iyer"], False),
    ],
)
def test_name_in_several_cells_of_a_draft_is_found(cells: list[str], *, is_found: bool) -> None:
    fest = build_fest()
    student = student_of(build_submission(build_event(fest), name="Asha Kumari Rao"))
    draft = build_list(fest, [cells, ["Zyx Other", "", "7"]], teacher=build_teacher())
    erase_now(student)
    assert [row.cells for row in draft.rows.all()] == [*([] if is_found else [cells]), ["Zyx Other", "", "7"]]


@pytest.mark.django_db
def test_drafts_full_of_long_cells_delay_no_erasure() -> None:
    """Normalisation makes these ligatures eighteen times as long; such drafts took 22 s, longer than the deadline."""
    fest = build_fest()
    student = student_of(build_submission(build_event(fest), name=NAME, email=EMAIL))
    for _number in range(5):
        draft = build_list(fest, [[NAME, "", "7"]], teacher=build_teacher())
        ClassListRow.objects.bulk_create(
            ClassListRow(class_list=draft, number=number, cells=["\ufdfa" * 600, "", "7"])
            for number in range(100, 1_000)
        )
    began = time.process_time()
    erase_now(student)
    assert time.process_time() - began < 5
    assert ClassListRow.objects.filter(cells__0=NAME).count() == 0


@pytest.mark.django_db
def test_erasing_twice_changes_nothing(django_capture_on_commit_callbacks: Any) -> None:
    student = student_of(build_submission(build_event(build_fest())))
    with django_capture_on_commit_callbacks(execute=True):
        assert [len(erase_now(student)), len(erase_now(student))] == [1, 0]
    assert (Erasure.objects.count(), len(erasure_register.read_register())) == (1, 1)


def seat_locks_to_erase(count: int) -> int:
    """How often seats are locked to apply a register with this many students: once or twice a transaction."""
    event = build_event(build_fest(), capacity=count)
    erasure_register.append([student_of(build_submission(event)).reference for _one in range(count)])
    with CaptureQueriesContext(connection) as queries:
        assert erase_listed() == count
    return sum('"events_seats"' in one["sql"] and " FOR " in one["sql"] for one in queries)


@pytest.mark.django_db(transaction=True)
def test_long_register_is_applied_in_few_transactions() -> None:
    """A restored site shows no page before it is done."""
    one = seat_locks_to_erase(1)
    assert [seat_locks_to_erase(count) for count in (AT_ONCE, AT_ONCE + 1)] == [one, 2 * one]
    assert run() == []


@pytest.mark.django_db(transaction=True)
def test_register_is_applied_again_after_a_restore() -> None:
    """The restored database lacks the erasure, but the register has it, also under a merged reference."""
    event = build_event(build_fest())
    kept, gone, merged = (student_of(build_submission(event)) for _one in range(3))
    erasure_register.append([gone.reference, "MERGED3", "NOBODY2"])
    MergedReference.objects.create(reference="MERGED3", student=merged, at=timezone.now())
    call_command("erase_again")
    assert list(Student.objects.known().values_list("pk", flat=True)) == [kept.pk]
    assert erase_listed() == 0
    assert (run(), set(erasure_register.read_register())) == (
        [],
        {gone.reference, "MERGED3", "NOBODY2", merged.reference},
    )


@pytest.mark.django_db(transaction=True)
def test_crash_after_the_commit_is_made_good_by_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without callbacks, as if the process had died right after the commit."""
    submission = build_submission(build_event(build_fest()), name=NAME, email=EMAIL)
    kept = build_submission(build_event(submission.student.fest))
    pretend_rendered()
    send_module.send_due()
    student = student_of(submission)
    paths = [pdf_path(ticket) for ticket in Ticket.objects.filter(student=student)]
    paths += [redact.mail_path(one.key) for one in student.deliveries.all()]
    with monkeypatch.context() as crash:
        crash.setattr(transaction, "on_commit", lambda *_args, **_kwargs: None)
        erase_now(student)
    assert [path.exists() for path in paths] == [True, True]
    assert erasure_register.read_register() == []
    sweep()
    assert [path.exists() for path in paths] == [False, False]
    assert erasure_register.read_register() == [student.reference]
    others = Ticket.objects.get(student=kept.student_id)
    assert pdf_path(others).exists()
    assert redact.mail_path(Delivery.objects.get(submission=kept).key).exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_submission_during_an_erasure_makes_a_new_student() -> None:
    """The submission has found the student and waits for the lock; afterwards a new student is inserted."""
    event = build_event(build_fest())
    first, other = build_submission(event, name=NAME, email=EMAIL), build_event(event.fest)
    booking_request, done = build_request(other, name=NAME, email=EMAIL), []

    def send() -> None:
        done.append(submit_now(booking_request))
        connection.close()

    sender = threading.Thread(target=send)
    with transaction.atomic():
        list(Seats.objects.locked([event.pk, other.pk]))
        sender.start()
        _wait_for_a_waiter()
        from registrations.privacy.erase import _erase

        _erase([first.student_id], None, "", Deadline(30))
    sender.join(20)
    assert [one.student_id == first.student_id for one in done] == [False]
    assert Student.objects.known().get().name == NAME
    assert run() == []


def _wait_for_a_waiter() -> None:
    import time

    for _try in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")
