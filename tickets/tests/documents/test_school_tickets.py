"""The tickets of a school in one file: sorted, scannable, made once and removed after a day."""

import datetime as dt
import errno
import os
import subprocess
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from pypdf import PdfReader

from events.models import Fest
from registrations.booking.cancel import cancel
from registrations.models import Change, Registration, Student, Teacher
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.db.locking import Deadline
from techfest.tests.support.programs import find_program
from tickets import pdf, tasks
from tickets.content import absolute
from tickets.documents import jobs, school_tickets, ticket_pdf
from tickets.models import DocumentJob, Ticket
from tickets.tests.builders import make_files
from tickets.tests.builders.teachers import build_teacher, shut, signed_in, text_of
from tickets.wakeup import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def teacher() -> Teacher:
    return build_teacher()


@pytest.fixture
def quick_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaces the renderer in tests of rows and files."""

    def render_sheets(contents: Any, *, per_page: int, on_progress: Callable[[int], None]) -> bytes:
        on_progress(len(contents))
        return b"%PDF-1.7 " + ", ".join(content.person for content in contents).encode()

    monkeypatch.setattr(pdf, "render_sheets", render_sheets)


def ordered(teacher: Teacher, fest: Fest, *, per_page: int = 1, **chosen: Any) -> DocumentJob:
    return school_tickets.order(
        school=teacher.school, fest=fest, user=teacher.user, per_page=per_page, filters=chosen
    )


def made(document: DocumentJob) -> bytes:
    assert make_files() == 1
    document.refresh_from_db()
    assert (document.error, document.finished_at is not None) == ("", True)
    return jobs.document_path(document).read_bytes()


def pages(data: bytes) -> list[Any]:
    return list(PdfReader(BytesIO(data)).pages)


def pictures(data: bytes, folder: Path, dots: int = 150) -> list[Path]:
    (folder / "tickets.pdf").write_bytes(data)
    command = [find_program("pdftoppm"), "-r", str(dots), "-gray", "-png", "tickets.pdf", "page"]
    subprocess.run(command, cwd=folder, check=True, timeout=60)
    return sorted(folder.glob("page*.png"))


def urls() -> list[str]:
    rows = Ticket.objects.live().order_by("student__grade", "student__section", "student__name_key")
    return [absolute(ticket.get_absolute_url()) for ticket in rows]


@pytest.mark.parametrize(("per_page", "sheets"), [(1, [1, 1, 1, 1, 1]), (4, [4, 1])])
def test_every_code_scans_from_paper(
    fest: Fest,
    teacher: Teacher,
    tmp_path: Path,
    read_qr: Callable[[Path], list[str]],
    per_page: int,
    sheets: list[int],
) -> None:
    event = build_event(fest)
    for name in ("Asha", "Ben", "आरव शर्मा", "Dia", "李小龙"):
        build_submission(event, name=name, email="")
    data = made(ordered(teacher, fest, per_page=per_page))
    found = [sorted(read_qr(picture)) for picture in pictures(data, tmp_path)]
    assert [len(codes) for codes in found] == sheets
    assert sorted(code for codes in found for code in codes) == sorted(urls())


def test_four_to_a_page_are_a4_with_codes_of_35_millimetres() -> None:
    from tickets.pdf.ticket import SHRINK

    assert round(50 * SHRINK, 1) == 35.4


def test_tickets_are_sorted_by_class_and_name(fest: Fest, teacher: Teacher) -> None:
    event = build_event(fest)
    for name, grade, section in (("Zoya", 7, "A"), ("ben", 7, "B"), ("Asha", 8, "A"), ("Dia", 7, "A")):
        build_submission(event, name=name, grade=grade, section=section)
    one, four = (made(ordered(teacher, fest, per_page=number)) for number in (1, 4))
    order = ["Dia", "Zoya", "ben", "Asha"]
    assert [name for page in pages(one) for name in order if name in page.extract_text()] == order
    outline: list[Any] = PdfReader(BytesIO(four)).outline
    marks = [str(mark["/Title"]).split(" · ")[0] for mark in outline]
    assert marks == order
    box = pages(four)[0].mediabox
    assert (round(box.width), round(box.height), len(pages(four))) == (595, 842, 1)


@pytest.mark.usefixtures("quick_pdf")
def test_document_has_only_filtered_seats_of_the_school(fest: Fest, teacher: Teacher) -> None:
    race, quiz = build_event(fest, capacity=1, slug="race"), build_event(fest, slug="quiz")
    build_submission(race, quiz, name="Asha", grade=7)
    build_submission(race, name="Waits", grade=7)
    build_submission(quiz, name="Ben", grade=8, email="")
    build_submission(quiz, name="Stranger", school="Hill School")
    gone = build_submission(quiz, name="Gone")
    cancel([gone.registrations.get().pk], actor=Change.Actor.TEACHER, deadline=Deadline())
    for chosen, names in (
        ({}, "Asha, Asha, Ben"),
        ({"event": "race"}, "Asha"),
        ({"grade": 8}, "Ben"),
        ({"mail": "no-email"}, "Ben"),
    ):
        assert made(ordered(teacher, fest, **chosen)).decode() == f"%PDF-1.7 {names}"


@pytest.mark.usefixtures("quick_pdf")
def test_pages_lead_from_the_order_to_the_file(fest: Fest, teacher: Teacher) -> None:
    submission = build_submission(build_event(fest), name="Asha")
    client = signed_in(teacher)
    assert "1 ticket, sorted by class and name." in text_of(client.get("/teacher/tickets/"))
    response = client.post("/teacher/tickets/?grade=7", {"per_page": "4"})
    document = DocumentJob.objects.get()
    assert document.options == {"per_page": 4, "filters": {"grade": 7}}
    assert (document.kind, document.requested_by) == ("tickets", teacher.user)
    waiting = client.get(response["Location"])
    assert "The file is being made" in text_of(waiting)
    assert "data-live" in waiting.content.decode()
    assert client.get(f"{response['Location']}file/").status_code == 302
    made(document)
    there = client.get(response["Location"])
    assert ("1 ticket, ready to print" in text_of(there), "data-live" in there.content.decode()) == (
        True,
        False,
    )
    file: Any = client.get(f"{response['Location']}file/")
    assert b"".join(file.streaming_content) == b"%PDF-1.7 Asha"
    shut(file)
    cancel([submission.registrations.get().pk], actor=Change.Actor.TEACHER, deadline=Deadline())
    assert "1 has changed since" in text_of(client.get(response["Location"]))


@pytest.mark.usefixtures("quick_pdf")
def test_document_without_a_ticket_says_so(fest: Fest, teacher: Teacher) -> None:
    document = ordered(teacher, fest)
    make_files()
    page = text_of(signed_in(teacher).get(f"/teacher/documents/{document.code}/"))
    assert "None of these students has a ticket." in page


def test_too_many_tickets_are_refused_with_a_reason(
    fest: Fest, teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(school_tickets, "MAX_TICKETS", 1)
    event = build_event(fest)
    for _ in range(2):
        build_submission(event)
    document = ordered(teacher, fest)
    make_files()
    document.refresh_from_db()
    assert document.error == "These are more than 1 tickets: choose a grade, a section or an event."


def test_failing_document_is_given_up_after_three_attempts(
    fest: Fest, teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> bytes:
        raise pdf.Incomplete("no code")

    monkeypatch.setattr(pdf, "render_sheets", fail)
    build_submission(build_event(fest))
    document = ordered(teacher, fest)
    tries = []
    for _ in range(5):
        tries.append(make_files())
        DocumentJob.objects.update(claimed_at=F("claimed_at") - jobs.LEASE)
    assert tries == [1, 1, 1, 0, 0]
    page = text_of(signed_in(teacher).get(f"/teacher/documents/{document.code}/"))
    assert "The file could not be made" in page
    assert not jobs.document_path(document).exists()


@pytest.mark.usefixtures("quick_pdf")
def test_document_stopped_by_a_full_disk_is_made_once_there_is_space(
    fest: Fest, teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_submission(build_event(fest))
    document = ordered(teacher, fest)
    tasks.sweep()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for _ in range(jobs.ATTEMPTS):
        make_files()
        DocumentJob.objects.update(claimed_at=F("claimed_at") - jobs.LEASE)
    document.refresh_from_db()
    tasks.sweep()
    assert (document.has_given_up, make_files()) == (True, 0)
    monkeypatch.undo()
    tasks.sweep()
    assert make_files() == 1
    document.refresh_from_db()
    assert document.is_ready is True


def test_document_of_a_dead_worker_is_made_by_the_next_one(fest: Fest, teacher: Teacher) -> None:
    build_submission(build_event(fest), name="Asha")
    document = ordered(teacher, fest)
    dead = jobs.claim("tickets")
    assert dead is not None
    assert (make_files(), jobs.is_work_left()) == (0, False)
    DocumentJob.objects.update(claimed_at=F("claimed_at") - jobs.LEASE)
    assert jobs.is_work_left()
    made(document)
    jobs.finish(dead, error="late")
    document.refresh_from_db()
    assert (document.error, document.made, document.attempts) == ("", 1, 2)


@pytest.mark.usefixtures("quick_pdf")
def test_after_a_day_row_and_file_are_gone(fest: Fest, teacher: Teacher) -> None:
    build_submission(build_event(fest))
    old, young = ordered(teacher, fest), ordered(teacher, fest)
    assert make_files() == 2
    DocumentJob.objects.filter(pk=old.pk).update(created_at=F("created_at") - jobs.RETENTION)
    assert jobs.remove_old() == 1
    assert [jobs.document_path(one).exists() for one in (old, young)] == [False, True]
    assert list(DocumentJob.objects.all()) == [young]


def test_single_tickets_get_their_turn_while_a_document_is_made(
    fest: Fest, teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A student who registers during that time waits for some pages, not for all of them."""
    monkeypatch.setattr(jobs, "PROGRESS_STEP", 1)
    student = build_submission(build_event(fest), name="Asha").student
    document = ordered(teacher, fest)
    data = made(document)
    assert Ticket.objects.get(student=student).rendered_at is not None
    assert len(pages(data)) == 1


def test_progress_is_recorded(fest: Fest, teacher: Teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    progress: list[tuple[int, int]] = []
    monkeypatch.setattr(jobs, "PROGRESS_STEP", 2)
    monkeypatch.setattr(
        ticket_pdf,
        "render_due",
        lambda **_kwargs: progress.append(DocumentJob.objects.values_list("made", "total").get()),
    )
    event = build_event(fest)
    for _ in range(5):
        build_submission(event)
    made(ordered(teacher, fest))
    assert progress == [(2, 5), (4, 5)]


@pytest.mark.usefixtures("quick_pdf")
def test_number_of_queries_does_not_grow_with_tickets(
    fest: Fest, teacher: Teacher, django_assert_num_queries: Any
) -> None:
    event = build_event(fest)
    for count in (1, 3):
        while Registration.objects.count() < count:
            build_submission(event)
        ordered(teacher, fest)
        document = jobs.claim("tickets")
        assert document is not None
        with django_assert_num_queries(2):
            school_tickets._with_related(document, school_tickets.tickets_of(document))


def test_rendering_again_is_not_a_change_of_the_document(fest: Fest, teacher: Teacher) -> None:
    student = build_submission(build_event(fest)).student
    document = ordered(teacher, fest)
    made(document)
    Ticket.objects.want_again()
    assert school_tickets.changed_since(document) == 0
    assert Student.objects.get() == student


def test_old_moment_is_before_the_changes(fest: Fest, teacher: Teacher) -> None:
    document = ordered(teacher, fest)
    assert school_tickets.changed_since(document) == 0
    DocumentJob.objects.update(claimed_at=fest.opens_at - dt.timedelta(days=1))
    build_submission(build_event(fest))
    document.refresh_from_db()
    assert school_tickets.changed_since(document) == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_worker_makes_a_document_after_one_notification(celery_worker: Any) -> None:
    """With real processes: single tickets first, then the document."""
    teacher, fest = build_teacher(), build_fest()
    build_submission(build_event(fest), name="Asha", email="")
    document = ordered(teacher, fest, per_page=4)
    celery_worker("mail,pdf")
    assert publish()
    ends = time.monotonic() + 30
    while document.finished_at is None and time.monotonic() < ends:
        time.sleep(0.1)
        document.refresh_from_db()
    assert (document.finished_at is not None, document.error) == (True, "")
    assert jobs.document_path(document).read_bytes().startswith(b"%PDF-")
    assert Ticket.objects.get().rendered_at is not None


def test_no_new_document_is_begun_once_the_budget_is_spent(
    fest: Fest, teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered(teacher, fest)
    monkeypatch.setattr(jobs, "BUDGET", 0)
    assert (make_files(), jobs.is_work_left()) == (0, True)
