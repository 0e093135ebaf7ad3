"""Documents: attendance sheets, badges, certificates and a school's ZIP, made by a worker, scannable, with
permissions.
"""

import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image
from pypdf import PdfReader

from events.models import Event
from registrations.booking.cancel import cancel
from registrations.models import Change, Registration, School
from registrations.results import publish, service
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.admin.base import page_of
from techfest.core.db.locking import Deadline
from techfest.core.roles import LEAD, RESULTS, VOLUNTEER
from techfest.tests.support.programs import find_program
from tickets import pdf
from tickets.content import absolute
from tickets.documents import certificates, jobs, makers, school_tickets
from tickets.models import Certificate, DocumentJob, Ticket
from tickets.pdf.badges import CORNERS, HEIGHT, WIDTH
from tickets.tests.admin_helpers import in_role, organiser, organiser_client
from tickets.tests.builders import make_files
from tickets.tests.builders.teachers import build_teacher, shut, signed_in
from tickets.tests.pdf_files import fonts_with_empty_boxes

pytestmark = pytest.mark.django_db
SCRIPTS = (
    "Asha Rao",
    "आरव शर्मा",
    "தமிழ் செல்வி",
    "محمد علي",
    "李小龙",
    "🤖 Kim",
    "<b>Eve</b><style>*{display:none}",
)


@pytest.fixture
def event() -> Event:
    fest = build_fest(name="Tech Fest", accent="crimson")
    return build_event(fest, name="Robo Race", slug="robo-race", capacity=20)


@pytest.fixture
def owner() -> Any:
    return organiser()


def made(document: DocumentJob) -> bytes:
    assert make_files() == 1
    document.refresh_from_db()
    assert (document.error, document.finished_at is not None) == ("", True)
    return jobs.document_path(document).read_bytes()


def ordered(what: str, event: Event, user: Any, **options: Any) -> DocumentJob:
    return jobs.order(kind=what, fest=event.fest, user=user, event=event, options=options)


def all_of(event: Event, user: Any) -> DocumentJob:
    return jobs.order(kind="school", fest=event.fest, user=user, school=School.objects.get())


def texts(data: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(data)).pages]


def sizes(data: bytes) -> set[tuple[int, int]]:
    boxes = (page.mediabox for page in PdfReader(BytesIO(data)).pages)
    return {(round(box.width), round(box.height)) for box in boxes}


def copies(data: bytes, folder: Path) -> list[Path]:
    """Returns the pages in black and white, like a photocopy."""
    (folder / "paper.pdf").write_bytes(data)
    command = [find_program("pdftoppm"), "-r", "150", "-gray", "-png", "paper.pdf", "page"]
    subprocess.run(command, cwd=folder, check=True, timeout=60)
    return sorted(folder.glob("page*.png"))


def badges_of(page: Path) -> list[Path]:
    """Cuts a copied sheet into its badges: scanners see single badges, never the sheet.

    In a whole sheet zbar misses a code now and then (3 of 60 sheets, each of whose badges it read alone).
    """
    sheet = Image.open(page)
    across = sheet.width / 210
    cut = []
    for number, (left, top) in enumerate(CORNERS):
        box = (left, top, left + WIDTH, top + HEIGHT)
        cut.append(page.with_name(f"{page.stem}-badge-{number}.png"))
        sheet.crop(tuple(round(side * across) for side in box)).save(cut[-1])  # type: ignore[arg-type]
    return cut


def certified(event: Event, user: Any) -> list[str]:
    certificates.issue_participation(event, everybody=True, user=user, deadline=Deadline())
    return [absolute(certificates.path_of(row)) for row in Certificate.objects.all()]


def test_attendance_sheet_is_sorted_by_name_before_the_waiting_list(event: Event, owner: Any) -> None:
    Event.objects.update(waiting_limit=None)
    event.seats.__class__.objects.filter(pk=event.pk).update(capacity=3)
    for name in ("Zoya", "asha", "Ben", "Waits Long", "Waits Longer"):
        build_submission(event, name=name)
    gone = build_submission(event, name="Gone").registrations.get()
    cancel([gone.pk], actor=Change.Actor.ORGANISER, deadline=Deadline())
    data = made(ordered("attendance", event, owner))
    seats, waiting = texts(data)
    assert [name for name in ("asha", "Ben", "Zoya", "Waits", "Gone") if name in seats] == [
        "asha",
        "Ben",
        "Zoya",
    ]
    assert seats.index("asha") < seats.index("Ben") < seats.index("Zoya")
    assert ("Page 1 of 2" in seats, "3 with a seat, 2 waiting" in seats) == (True, True)
    assert waiting.index("Waits Long") < waiting.index("Waits Longer")
    assert sizes(data) == {(595, 842)}
    reference = Registration.objects.get(student__name="asha").student.reference
    assert f"{reference[:3]}-{reference[3:]}" in seats


def test_long_sheet_has_25_rows_on_a_page() -> None:
    from tickets.pdf.attendance import _pages

    rows = [pdf.AttendanceRow(number, "A", "R", 7, "", "S") for number in range(60)]
    assert [len(page) for page in _pages(rows)] == [25, 25, 10]


def test_badges_scan_to_their_tickets(
    event: Event, owner: Any, tmp_path: Path, read_qr: Callable[[Path], list[str]]
) -> None:
    for number in range(9):
        build_submission(event, name=SCRIPTS[number % len(SCRIPTS)], roll_number=str(number))
    data = made(ordered("badges", event, owner))
    sheets = [badges_of(page) for page in copies(data, tmp_path)]
    found = [[code for badge in sheet for code in read_qr(badge)] for sheet in sheets]
    assert [len(codes) for codes in found] == [8, 1]
    expected = {absolute(ticket.get_absolute_url()) for ticket in Ticket.objects.live()}
    assert {code for codes in found for code in codes} == expected
    assert sizes(data) == {(595, 842)}
    assert fonts_with_empty_boxes(data) == []


def test_certificates_are_one_landscape_page_each_and_scan(
    event: Event, owner: Any, tmp_path: Path, read_qr: Callable[[Path], list[str]]
) -> None:
    for name in SCRIPTS:
        build_submission(event, name=name)
    urls = certified(event, owner)
    data = made(ordered("certificates", event, owner, kind="participation"))
    assert sorted(code for page in copies(data, tmp_path) for code in read_qr(page)) == sorted(urls)
    assert sizes(data) == {(842, 595)}
    assert fonts_with_empty_boxes(data) == []
    pages = texts(data)
    assert sum("<b>Eve</b><style>*{display:none}" in page for page in pages) == 1
    assert all("took part in" in page for page in pages)


def test_rank_certificates_go_down_to_the_ordered_rank(event: Event, owner: Any) -> None:
    rows = [build_submission(event, name=name).registrations.get() for name in ("Asha", "Ben", "Dia")]
    values = {row.pk: 9 - number for number, row in enumerate(rows)}
    typed = service.SubmittedPage(version=0, counting="most", shown={}, values=values)
    service.save(event, typed, user=owner, deadline=Deadline())
    publish.publish(event, "short", user=owner, deadline=Deadline())
    certificates.issue_ranks(event, max_rank=3, user=owner, deadline=Deadline())
    pages = texts(made(ordered("certificates", event, owner, kind="rank", max_rank=2)))
    assert [("won the first place in" in page, "Asha" in page) for page in pages] == [
        (True, True),
        (False, False),
    ]
    assert "won the second place in" in pages[1]


def test_zip_of_a_school_has_the_documents_of_its_students_only(
    event: Event, owner: Any, tmp_path: Path, read_qr: Callable[[Path], list[str]]
) -> None:
    other = build_event(event.fest, name="Quiz")
    build_submission(event, other, name="Asha")
    build_submission(event, name="Stranger", school="Hill School")
    certified(event, owner)
    school = School.objects.get(name="Riverside Public School")
    document = jobs.order(kind="school", fest=event.fest, user=owner, school=school)
    with ZipFile(BytesIO(made(document))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert list(files) == ["badges.pdf", "tickets.pdf", "certificates.pdf"]
    assert [len(texts(data)) for data in files.values()] == [1, 1, 1]
    assert [text.count("Asha") > 0 for data in files.values() for text in texts(data)] == [True] * 3
    assert not any("Stranger" in text for data in files.values() for text in texts(data))
    (badges,) = copies(files["badges.pdf"], tmp_path)
    own = Ticket.objects.live().filter(student__school=school)
    codes = [code for badge in badges_of(badges) for code in read_qr(badge)]
    assert sorted(codes) == sorted(absolute(ticket.get_absolute_url()) for ticket in own)
    assert (jobs.file_name(document), document.made, document.total) == (
        "riverside-public-school.zip",
        5,
        5,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [("../../etc/passwd", "etcpasswd.zip"), ('a"b\r\n.zip', "ab-zip.zip"), ("पुणे", "school.zip")],
    ids=["path", "header", "script"],
)
def test_file_of_a_school_has_a_harmless_name(name: str, expected: str) -> None:
    document = DocumentJob(kind="school", school=School(name=name))
    assert jobs.file_name(document) == expected


def test_empty_and_too_large_makers_are_refused_with_a_reason(
    event: Event, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = ordered("badges", event, owner)
    make_files()
    build_submission(event)
    build_submission(event)
    monkeypatch.setattr(makers, "MAX_NAMES", 1)
    monkeypatch.setattr(makers._expected, "__defaults__", (1,))
    many = ordered("attendance", event, owner)
    make_files()
    words = [DocumentJob.objects.get(pk=one.pk).error for one in (nobody, many)]
    assert words == [
        "There is nothing to print.",
        "These are more than 1 names, which is too many for one file.",
    ]


def test_failing_document_is_given_up_after_three_attempts(
    event: Event, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> bytes:
        raise pdf.Incomplete("no code")

    monkeypatch.setattr(pdf, "render_badges", fail)
    build_submission(event)
    document = ordered("badges", event, owner)
    tries = []
    for _ in range(5):
        tries.append(make_files())
        DocumentJob.objects.update(claimed_at=F("claimed_at") - jobs.LEASE)
    assert tries == [1, 1, 1, 0, 0]
    page = organiser_client(owner).get(reverse("admin:documents_progress", args=[document.code]))
    text = page.content.decode()
    assert ("The file could not be made." in text, "data-live" in text) == (True, False)
    assert not jobs.document_path(document).exists()


def test_kinds_take_turns(event: Event, owner: Any) -> None:
    """Many orders of one kind do not delay the other kinds."""
    order: list[str] = []

    def make(job: DocumentJob) -> tuple[bytes, int]:
        order.append(job.kind)
        return b"%PDF-", 1

    school = build_teacher().school
    for _ in range(2):
        ordered("badges", event, owner)
    for _ in range(2):
        school_tickets.order(school=school, fest=event.fest, user=owner)
    assert jobs.make_due({"badges": make, "tickets": make}) == 4
    assert order == ["badges", "tickets", "badges", "tickets"]


def test_single_tickets_get_their_turn_while_badges_are_made(
    event: Event, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PROGRESS_STEP", 1)
    build_submission(event)
    made(ordered("badges", event, owner))
    assert Ticket.objects.get().rendered_at is not None


def test_after_a_day_row_and_file_are_gone(event: Event, owner: Any) -> None:
    build_submission(event)
    old, young = ordered("badges", event, owner), ordered("attendance", event, owner)
    assert make_files() == 2
    DocumentJob.objects.filter(pk=old.pk).update(created_at=F("created_at") - jobs.RETENTION)
    assert jobs.remove_old() == 1
    assert [jobs.document_path(one).exists() for one in (old, young)] == [False, True]


def test_file_of_a_student_erased_while_it_is_made_is_removed(
    event: Event, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_submission(event)
    document = ordered("badges", event, owner)
    real = pdf.render_badges

    def meanwhile(*args: Any, **kwargs: Any) -> bytes:
        DocumentJob.objects.all().delete()
        return real(*args, **kwargs)

    monkeypatch.setattr(pdf, "render_badges", meanwhile)
    make_files()
    assert not jobs.document_path(document).exists()


def test_pages_in_the_admin_lead_from_event_to_file(event: Event, owner: Any) -> None:
    build_submission(event, name="Asha")
    client = organiser_client(owner)
    order = reverse("admin:documents_event", args=[event.pk])
    assert order in client.get(page_of(event)).content.decode()
    assert "1 name to tick off" in client.get(order).content.decode()
    watched = client.post(order, {"print": "attendance"})["Location"]
    waiting = client.get(watched)
    text = waiting.content.decode()
    assert ("It is waiting for its turn." in text, 'data-live="3"' in text) == (True, True)
    assert client.get(f"{watched}download/").status_code == 302
    assert make_files() == 1
    there = client.get(watched)
    assert ("Download the file" in there.content.decode(), "data-live" in there.content.decode()) == (
        True,
        False,
    )
    file: Any = client.get(f"{watched}download/")
    assert file["Content-Disposition"] == 'attachment; filename="attendance-robo-race.pdf"'
    assert "no-store" in file["Cache-Control"]
    assert b"".join(file.streaming_content)[:5] == b"%PDF-"
    shut(file)


AHEAD = {"ahead_is_right": "yes"}
"""The events of these tests are ahead."""


def test_admin_asks_for_confirmation_without_check_ins(event: Event, owner: Any) -> None:
    build_submission(event, name="Asha")
    client, order = organiser_client(owner), reverse("admin:documents_event", args=[event.pk])
    assert "No one was checked in at this event." in client.get(order).content.decode()
    early = client.post(order, {"print": "participation", "everybody": "on"}).content.decode()
    assert ("is not over: it ends on" in early, Certificate.objects.count()) == (True, 0)
    refused = client.post(order, {"print": "participation"} | AHEAD)
    assert "Confirm that all students with a seat took part." in refused.content.decode()
    assert client.post(order, {"print": "participation", "everybody": "on"} | AHEAD).status_code == 302
    assert Certificate.objects.count() == DocumentJob.objects.count() == 1


@pytest.mark.parametrize("max_rank", ["", "0", "-1", "three", "1e9", "101"])
def test_invalid_max_rank_is_refused(event: Event, owner: Any, max_rank: str) -> None:
    row = build_submission(event).registrations.get()
    typed = service.SubmittedPage(version=0, counting="most", shown={}, values={row.pk: 1})
    service.save(event, typed, user=owner, deadline=Deadline())
    publish.publish(event, "short", user=owner, deadline=Deadline())
    response = organiser_client(owner).post(
        reverse("admin:documents_event", args=[event.pk]), {"print": "rank", "max_rank": max_rank} | AHEAD
    )
    assert (response.status_code, "errorlist" in response.content.decode()) == (200, True)
    assert Certificate.objects.count() == 0


def test_printing_needs_the_permission_and_a_code_opens_no_file(event: Event, owner: Any) -> None:
    build_submission(event)
    school = School.objects.get()
    document = ordered("badges", event, owner)
    make_files()
    paths = [
        reverse("admin:documents_event", args=[event.pk]),
        reverse("admin:documents_school", args=[school.pk]),
        reverse("admin:documents_progress", args=[document.code]),
        reverse("admin:documents_download", args=[document.code]),
    ]
    nobody = organiser_client(organiser("nobody", is_superuser=False))
    assert [nobody.get(path).status_code for path in paths] == [403] * 4
    assert [nobody.post(path).status_code for path in paths[:2]] == [403] * 2
    assert [Client().get(path).status_code for path in paths] == [302] * 4
    assert DocumentJob.objects.count() == 1


def test_school_is_printed_by_owners_only(event: Event, owner: Any) -> None:
    """Permission to print an event does not extend to a school, which covers all events."""
    build_submission(event)
    document = all_of(event, owner)
    make_files()
    helper = organiser("helper", is_superuser=False)
    wanted = (
        "add_documentjob",
        "view_documentjob",
        "view_school",
        "change_school",
        "change_event",
        "view_event",
    )
    helper.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    client, school = organiser_client(helper), School.objects.get()
    paths = [
        reverse("admin:documents_school", args=[school.pk]),
        reverse("admin:documents_progress", args=[document.code]),
        reverse("admin:documents_download", args=[document.code]),
    ]
    assert [client.get(path).status_code for path in paths] == [403, 404, 404]
    assert (
        reverse("admin:documents_school", args=[school.pk])
        in organiser_client(owner).get(page_of(school)).content.decode()
    )
    assert organiser_client(owner).post(paths[0]).status_code == 302


def test_event_lead_prints_led_events_only(event: Event, owner: Any) -> None:
    lead, other = in_role(LEAD), build_event(event.fest, name="Quiz")
    event.leads.add(lead)
    build_submission(event, other, name="Asha")
    documents = [ordered("badges", one, owner) for one in (event, other)]
    documents.append(all_of(event, owner))
    assert make_files() == 3
    client = organiser_client(lead)
    orders = [reverse("admin:documents_event", args=[one.pk]) for one in (event, other)]
    assert [client.get(path).status_code for path in orders] == [200, 404]
    responses = [client.post(path, {"print": "attendance"}).status_code for path in orders]
    certificates = [
        client.post(path, {"print": "participation", "everybody": "on"} | AHEAD).status_code
        for path in orders
    ]
    assert (responses, certificates) == ([302, 404], [302, 404])
    for name in ("documents_progress", "documents_download"):
        found = [client.get(reverse(f"admin:{name}", args=[one.code])) for one in documents]
        assert [response.status_code for response in found] == [200, 404, 404]
        for response in found:
            shut(response)
    assert client.get(reverse("admin:documents_school", args=[School.objects.get().pk])).status_code == 403
    listed = client.get(reverse("admin:tickets_documentjob_changelist")).context["cl"].queryset
    assert {one.event for one in listed} == {event}


@pytest.mark.parametrize("role", [RESULTS, VOLUNTEER])
def test_other_roles_print_nothing(event: Event, owner: Any, role: str) -> None:
    build_submission(event, name="Asha")
    document = ordered("badges", event, owner)
    make_files()
    client = organiser_client(in_role(role))
    paths = [
        reverse("admin:documents_event", args=[event.pk]),
        reverse("admin:documents_school", args=[School.objects.get().pk]),
        reverse("admin:documents_progress", args=[document.code]),
        reverse("admin:documents_download", args=[document.code]),
    ]
    assert {client.get(path).status_code for path in paths} <= {302, 403}
    assert b"Asha" not in b"".join(client.get(path).content for path in paths)


def test_teacher_downloads_the_documents_of_the_school(event: Event) -> None:
    teacher = build_teacher()
    build_submission(event, name="Asha")
    client = signed_in(teacher)
    assert "1 badge, eight on a page" in client.get("/teacher/papers/").content.decode()
    watched = client.post("/teacher/papers/")["Location"]
    assert "It is waiting for its turn." in client.get(watched).content.decode()
    assert make_files() == 1
    assert "Download the file" in client.get(watched).content.decode()
    file: Any = client.get(f"{watched}file/")
    with ZipFile(BytesIO(b"".join(file.streaming_content))) as archive:
        assert archive.namelist() == ["badges.pdf", "tickets.pdf"]
    shut(file)


def test_queries_for_a_document_are_the_same_for_one_and_three(
    event: Event, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "render_badges", lambda *_args, **_kwargs: b"%PDF-")
    monkeypatch.setattr(pdf, "render_sheets", lambda *_args, **_kwargs: b"%PDF-")
    monkeypatch.setattr(pdf, "render_certificates", lambda *_args, **_kwargs: b"%PDF-")
    monkeypatch.setattr(pdf, "render_attendance", lambda *_args, **_kwargs: b"%PDF-")
    counts = []
    for number in (1, 3):
        while Registration.objects.count() < number:
            build_submission(event, section=str(Registration.objects.count()))
        certified(event, owner)
        for what, options in (
            ("attendance", {}),
            ("badges", {}),
            ("certificates", {"kind": "participation"}),
            ("school", {}),
        ):
            document = ordered(what, event, owner, **options) if what != "school" else all_of(event, owner)
            with CaptureQueriesContext(connection) as queries:
                made(document)
            counts.append(len(queries))
    assert counts[:4] == counts[4:]
