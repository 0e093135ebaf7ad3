"""The class mail to a teacher: one PDF for all students of a class list without an e-mail address."""

from typing import Any

import pytest
from anymail.message import AnymailMessage
from django.utils import timezone

from events.models import Fest
from registrations.models import (
    ClassList,
    ClassListEntry,
    ClassListJob,
    ClassListRow,
    Student,
    Submission,
    Teacher,
)
from registrations.signals import list_registered
from registrations.tests.builders import build_event, build_fest, build_submission
from tickets import pdf
from tickets.documents import jobs, school_tickets
from tickets.mail.compose import Composer
from tickets.mail.kinds import class_tickets
from tickets.mail.queue import PDF_PATIENCE, claim
from tickets.mail.resend import send_again
from tickets.models import Delivery, DocumentJob
from tickets.tests.audited import run
from tickets.tests.builders import let_time_pass, make_files, pretend_rendered
from tickets.tests.builders.teachers import build_teacher, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

PDF = b"%PDF-1.7 of a class"


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def teacher() -> Teacher:
    return build_teacher()


@pytest.fixture(autouse=True)
def quick_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    def render_sheets(contents: Any, **_kwargs: Any) -> bytes:
        return PDF + ", ".join(content.person for content in contents).encode()

    monkeypatch.setattr(pdf, "render_sheets", render_sheets)


def finished(teacher: Teacher, fest: Fest, *students: Student, requested_by: Any = None) -> ClassListJob:
    """A registered class list with these students."""
    owned = {"fest": fest, "school": teacher.school, "owner": teacher.user, "title": "Class <7> A"}
    class_list = ClassList.objects.create(digest=b"x", **owned)
    job = ClassListJob.objects.create(
        class_list=class_list,
        key=Submission.new_key(),
        requested_by=requested_by or teacher.user,
        finished_at=timezone.now(),
    )
    for number, student in enumerate(students):
        registration = student.registrations.get()
        row = ClassListRow.objects.create(
            class_list=class_list,
            number=number,
            cells=[],
            job=job,
            student=student,
            submission=registration.submission,
            done_at=timezone.now(),
        )
        ClassListEntry.objects.create(
            row=row, event=registration.event, registration=registration, is_new=True
        )
    list_registered.send(sender=ClassListJob, job=job, now=timezone.now())
    return job


def written() -> list[AnymailMessage]:
    composer = Composer()
    messages = [message for one, message in composer.compose(claim(100).mails) if one.kind == "class"]
    composer.take_results()
    return messages


def class_mail() -> Delivery:
    return Delivery.objects.get(kind="class")


def test_teacher_gets_one_pdf_for_all_without_an_address(fest: Fest, teacher: Teacher) -> None:
    event, small = build_event(fest), build_event(fest, capacity=1, name="Robo Race")
    build_submission(small)
    without = [build_submission(event, name=name, email="").student for name in ("Zoya", "Asha")]
    waits = build_submission(small, name="Ben", email="").student
    mailed = build_submission(event, name="Dia", email="dia@example.org").student
    build_submission(event, name="Of another class", email="")
    finished(teacher, fest, *without, waits, mailed)
    pretend_rendered()
    assert (make_files(), class_mail().to) == (1, teacher.user.email)
    (message,) = written()
    assert message.subject == f"2 tickets to hand out: {fest.name}"
    assert [(name, content) for name, content, _kind in message.attachments] == [
        ("tickets.pdf", PDF + b"Asha, Zoya")
    ]
    for words in (str(message.body), str(message.alternatives[0][0])):
        assert "rank 1" in words
        assert "Dia" not in words
    assert "Ben: Robo Race, rank 1" in message.body
    assert "Class <7> A" not in str(message.alternatives[0][0])
    assert run() == []


def test_mail_waits_for_its_document_but_not_for_ever(fest: Fest, teacher: Teacher) -> None:
    finished(teacher, fest, build_submission(build_event(fest), email="").student)
    assert written() == []
    let_time_pass(PDF_PATIENCE)
    (message,) = written()
    assert message.attachments == []
    assert f"/teacher/documents/{DocumentJob.objects.get().code}/" in message.body
    assert "The PDF is not made yet" in message.body


def test_document_that_was_given_up_holds_its_mail_no_longer(fest: Fest, teacher: Teacher) -> None:
    finished(teacher, fest, build_submission(build_event(fest), email="").student)
    DocumentJob.objects.update(attempts=jobs.ATTEMPTS)
    assert len(written()) == 1


def test_class_where_everybody_has_an_address_queues_no_mail(fest: Fest, teacher: Teacher) -> None:
    finished(teacher, fest, build_submission(build_event(fest)).student)
    assert (Delivery.objects.filter(kind="class").count(), DocumentJob.objects.count()) == (0, 0)


def test_mail_goes_to_whoever_looks_after_the_list(fest: Fest, teacher: Teacher) -> None:
    colleague = build_teacher()
    student = build_submission(build_event(fest), email="").student
    finished(colleague, fest, student)
    assert class_mail().user == colleague.user


def test_mail_sent_again_after_its_document_is_gone_links_a_new_one(fest: Fest, teacher: Teacher) -> None:
    finished(teacher, fest, build_submission(build_event(fest), email="").student)
    make_files()
    written()
    Delivery.objects.update(state="bounced")
    DocumentJob.objects.all().delete()
    assert send_again([class_mail().pk]) == 1
    (message,) = written()
    assert message.attachments == []
    assert f"/teacher/documents/{DocumentJob.objects.get().code}/" in message.body
    assert make_files() == 1


def test_teacher_out_of_the_group_gets_no_tickets(fest: Fest, teacher: Teacher) -> None:
    finished(teacher, fest, build_submission(build_event(fest), email="").student)
    make_files()
    teacher.user.groups.clear()
    assert written() == []


def test_mail_goes_to_the_sender_where_the_owner_has_left(fest: Fest, teacher: Teacher) -> None:
    left = build_teacher()
    left.user.groups.clear()
    student = build_submission(build_event(fest), email="").student
    finished(left, fest, student, requested_by=teacher.user)
    assert class_mail().user == teacher.user


def test_teacher_who_was_sent_away_gets_no_tickets(fest: Fest, teacher: Teacher) -> None:
    finished(teacher, fest, build_submission(build_event(fest), email="").student)
    make_files()
    Teacher.objects.update(approved_at=None)
    assert written() == []


def test_tickets_that_are_all_cancelled_are_not_mailed(fest: Fest, teacher: Teacher) -> None:
    submission = build_submission(build_event(fest), email="")
    finished(teacher, fest, submission.student)
    make_files()
    submission.registrations.update(state="cancelled")
    submission.student.tickets.update(voided_at=timezone.now())
    assert written() == []


def test_document_of_a_teacher_is_mailed_on_request_and_not_twice(fest: Fest, teacher: Teacher) -> None:
    build_submission(build_event(fest), name="Asha")
    document = school_tickets.order(school=teacher.school, fest=fest, user=teacher.user)
    make_files()
    client = signed_in(teacher)
    path = f"/teacher/documents/{document.code}/mail/"
    assert [client.post(path)["Location"].split("=")[1] for _ in range(2)] == ["mailed", "patience"]
    (message,) = written()
    assert (message.to, message.attachments[0][1]) == ([teacher.user.email], PDF + b"Asha")


def test_document_stays_while_its_mail_is_pending(fest: Fest, teacher: Teacher) -> None:
    """The provider may be unavailable for a day."""
    finished(teacher, fest, build_submission(build_event(fest), email="").student)
    DocumentJob.objects.update(created_at=timezone.now() - jobs.RETENTION * 2)
    assert jobs.remove_old() == 0
    Delivery.objects.filter(kind="class").update(state="sent")
    assert jobs.remove_old() == 1
    assert class_mail().document is None


def test_user_without_an_address_gets_nothing(fest: Fest, teacher: Teacher) -> None:
    teacher.user.email = ""
    document = school_tickets.order(school=teacher.school, fest=fest, user=teacher.user)
    assert class_tickets.enqueue(document, user=teacher.user, now=timezone.now()) is False
