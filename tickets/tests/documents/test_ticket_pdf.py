"""The PDFs of tickets: made once, complete, never without their code, and never blocking others."""

import datetime as dt
import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from registrations.booking.cancel import cancel
from registrations.models import Student
from registrations.students.corrections import correct
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core import rush
from techfest.core.db.locking import Deadline
from techfest.tests.rushes import begin_rush
from techfest.tests.support.programs import find_program
from tickets import pdf, tasks
from tickets.documents import ticket_pdf
from tickets.documents.ticket_pdf import LEASE, pdf_path, render_again, render_due
from tickets.mail.compose import Composer
from tickets.mail.queue import claim
from tickets.models import Ticket
from tickets.querysets import RENDER_ATTEMPTS
from tickets.tests.builders import PDF, build_answered, let_time_pass, registration_of, ticket_of

pytestmark = pytest.mark.django_db

NEXT_TRY = LEASE + dt.timedelta(seconds=5)


@pytest.fixture
def quick_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaces the renderer in tests of files."""
    monkeypatch.setattr(pdf, "render", lambda contents: PDF + contents[0].person.encode())


def files() -> list[str]:
    """Returns all files of the media folder, including drafts."""
    root = Path(settings.MEDIA_ROOT)
    return sorted(str(file.relative_to(root)) for file in root.rglob("*") if file.is_file())


def rename(student: Student, name: str) -> None:
    names = ("grade", "section", "roll_number", "email")
    values = {field: getattr(student, field) for field in names} | {"name": name}
    correct(student.pk, values=values, actor="student", deadline=Deadline())


def test_pdf_on_disk_holds_the_code_of_its_ticket(
    tmp_path: Path, read_qr: Callable[[Path], list[str]]
) -> None:
    submission = build_answered()
    assert render_due() == 1
    ticket = ticket_of(submission)
    picture = tmp_path / "page"
    command = [
        find_program("pdftoppm"),
        "-r",
        "150",
        "-png",
        "-singlefile",
        str(pdf_path(ticket)),
        str(picture),
    ]
    subprocess.run(command, check=True, timeout=30)
    assert read_qr(picture.with_suffix(".png")) == [f"{settings.SITE_URL}/t/{ticket.code}/"]


@pytest.mark.usefixtures("quick_pdf")
def test_each_ticket_is_made_once_oldest_first() -> None:
    event = build_event(build_fest())
    tickets = [ticket_of(build_submission(event)) for _ in range(3)]
    assert render_due() == 3
    assert render_due() == 0
    made = Ticket.objects.order_by("rendered_at").values_list("pk", flat=True)
    assert list(made) == [ticket.pk for ticket in tickets]
    assert len(files()) == 3


@pytest.mark.usefixtures("quick_pdf")
def test_pdfs_wait_during_a_rush_but_not_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rush, "OVER", 600.0)
    build_answered()
    begin_rush()
    assert render_due(budget=0.3) == 0
    begin_rush(began=ticket_pdf.STEP_BACK)
    assert render_due() == 1


@pytest.mark.usefixtures("quick_pdf")
def test_name_of_the_file_does_not_reveal_the_code() -> None:
    submission = build_answered()
    render_due()
    assert [ticket_of(submission).code in file for file in files()] == [False]


@pytest.mark.parametrize(
    "error", [RuntimeError("broken"), MemoryError(), pdf.Incomplete("no picture"), IndexError()]
)
def test_failing_renderer_is_tried_three_times(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    submission = build_answered()
    tries = []

    def fail(contents: Any) -> bytes:
        tries.append(contents)
        raise error

    monkeypatch.setattr(pdf, "render", fail)
    for _ in range(RENDER_ATTEMPTS + 2):
        assert render_due() == 0
        assert render_due() == 0
        let_time_pass(NEXT_TRY)
    ticket = ticket_of(submission)
    assert (len(tries), files(), ticket.rendered_at) == (RENDER_ATTEMPTS, [], None)
    assert ticket.render_error.startswith(type(error).__name__)
    assert ticket_pdf.has_given_up(ticket) is True


def test_given_up_ticket_is_mailed_without_pdf_and_made_later(monkeypatch: pytest.MonkeyPatch) -> None:
    submission = build_answered()
    Ticket.objects.update(render_attempts=RENDER_ATTEMPTS)
    ((_delivery, message),) = Composer().compose(claim(1).mails)
    assert "The PDF could not be attached" in str(message.body)
    monkeypatch.setattr(pdf, "render", lambda contents: PDF)
    assert render_due() == 0
    assert render_again([ticket_of(submission).pk]) == 1
    assert render_due() == 1


def test_missing_library_delays_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def lack(contents: Any) -> bytes:
        raise pdf.Unavailable("No PDF can be made.")

    monkeypatch.setattr(pdf, "render", lack)
    submission = build_answered()
    assert render_due() == 0
    assert ticket_pdf.has_given_up(ticket_of(submission)) is True
    assert len(claim(1).mails) == 1


def test_ticket_without_its_code_is_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(url: str) -> Any:
        raise ValueError("no code")

    submission = build_answered()
    monkeypatch.setattr("tickets.pdf.page.drawing", fail)
    assert render_due() == 0
    assert (files(), ticket_of(submission).rendered_at) == ([], None)
    monkeypatch.undo()
    let_time_pass(NEXT_TRY)
    assert render_due() == 1


def test_ticket_that_kills_its_process_blocks_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process leaves what was committed before: the counted attempt and the lease."""
    event = build_event(build_fest())
    deadly, other = (ticket_of(build_submission(event)) for _ in range(2))

    class Killed(BaseException):
        pass

    def kill(contents: Any) -> bytes:
        if contents[0].person == deadly.student.name:
            raise Killed
        return PDF

    monkeypatch.setattr(pdf, "render", kill)
    for _ in range(RENDER_ATTEMPTS):
        with pytest.raises(Killed):
            render_due()
        let_time_pass(NEXT_TRY)
    render_due()
    assert ticket_pdf.has_given_up(Ticket.objects.get(pk=deadly.pk)) is True
    assert Ticket.objects.get(pk=other.pk).rendered_at is not None


@pytest.mark.usefixtures("quick_pdf")
def test_unwritable_media_folder_loses_no_ticket() -> None:
    """Root can write to any folder, so a file stands in its place."""
    submission = build_answered()
    blocked = Path(settings.MEDIA_ROOT)
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("")
    assert render_due() == 0
    assert ticket_of(submission).render_error.startswith(("NotADirectoryError", "FileExistsError"))
    blocked.unlink()
    let_time_pass(NEXT_TRY)
    assert render_due() == 1
    assert len(files()) == 1


@pytest.mark.usefixtures("quick_pdf")
def test_ticket_stopped_by_a_full_disk_is_made_once_there_is_space(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    submission = build_answered()
    tasks.sweep()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for _ in range(RENDER_ATTEMPTS):
        render_due()
        let_time_pass(NEXT_TRY)
    assert ticket_pdf.has_given_up(ticket_of(submission)) is True
    tasks.sweep()
    assert (ticket_pdf.has_given_up(ticket_of(submission)), files()) == (True, [])
    monkeypatch.undo()
    assert tasks.sweep() is True
    assert render_due() == 1
    assert len(files()) == 1


@pytest.mark.usefixtures("quick_pdf")
def test_ticket_given_up_for_another_reason_stays_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    submission = build_answered()

    def fail(contents: Any) -> bytes:
        raise pdf.Incomplete("no picture")

    monkeypatch.setattr(pdf, "render", fail)
    for _ in range(RENDER_ATTEMPTS):
        render_due()
        let_time_pass(NEXT_TRY)
    monkeypatch.undo()
    tasks.sweep()
    assert ticket_pdf.has_given_up(ticket_of(submission)) is True


@pytest.mark.usefixtures("quick_pdf")
def test_failing_disk_leaves_no_partial_file(monkeypatch: pytest.MonkeyPatch) -> None:
    submission = build_answered()

    def fail(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    assert render_due() == 0
    assert (files(), ticket_of(submission).rendered_at) == ([], None)
    monkeypatch.undo()


def test_correction_during_rendering_renders_again(monkeypatch: pytest.MonkeyPatch) -> None:
    submission = build_answered(name="Asha Roa")

    def correct_meanwhile(contents: Any) -> bytes:
        if contents[0].person == "Asha Roa":
            rename(submission.student, "Asha Rao")
        return PDF + str(contents[0].person).encode()

    monkeypatch.setattr(pdf, "render", correct_meanwhile)
    assert render_due() == 1
    ticket = ticket_of(submission)
    assert ticket.rendered_at is not None
    assert pdf_path(ticket).read_bytes() == PDF + b"Asha Rao"
    assert len(files()) == 1


def test_late_renderer_does_not_overwrite_the_next_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    submission = build_answered()

    def overtaken(contents: Any) -> bytes:
        let_time_pass(NEXT_TRY)
        monkeypatch.setattr(pdf, "render", lambda contents: PDF)
        assert render_due() == 1
        return PDF

    monkeypatch.setattr(pdf, "render", overtaken)
    render_due(budget=0.001)
    assert (ticket_of(submission).render_attempts, ticket_of(submission).render_claimed_at) == (2, None)


@pytest.mark.usefixtures("quick_pdf")
def test_cancelled_ticket_is_not_made() -> None:
    submission = build_answered()
    cancel([registration_of(submission).pk], actor="student", deadline=Deadline())
    assert (render_due(), files()) == (0, [])


@pytest.mark.usefixtures("quick_pdf")
def test_run_ends_when_its_budget_is_spent() -> None:
    build_answered()
    assert render_due(budget=0.0) == 0
    assert ticket_pdf.is_work_left() is True
