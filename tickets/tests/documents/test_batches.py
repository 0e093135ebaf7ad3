"""Documents about many events: one press for a fest, a day or a category; parts, order, names, permission."""

import datetime as dt
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import html5lib
import pytest
from django.db.models import F
from django.urls import reverse
from pypdf import PdfReader

from events.models import Category, Event, Fest
from registrations.booking.cancel import cancel
from registrations.models import Change, Registration, Student
from registrations.privacy.erase import erase
from registrations.results import publish, service
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from techfest.core.roles import LEAD, RESULTS, VOLUNTEER
from tickets import pdf
from tickets.documents import batches, jobs
from tickets.documents.ticket_pdf import store
from tickets.models import Certificate, DocumentJob, Ticket
from tickets.tests.admin_helpers import in_role, organiser, organiser_client, query_count
from tickets.tests.builders import make_files
from tickets.tests.builders.teachers import shut

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:documents")


@pytest.fixture
def fest() -> Fest:
    return build_fest(slug="tech-fest", name="Tech Fest")


@pytest.fixture
def owner() -> Any:
    return organiser()


def end_all() -> None:
    """Let all events be over."""
    now = database_now()
    Event.objects.update(starts_at=now - dt.timedelta(hours=3), ends_at=now - dt.timedelta(hours=1))


def press(client: Any, kind: str, *, query: str = "", **values: Any) -> DocumentJob:
    """Press a button and return the document that was ordered."""
    answer = client.post(f"{PAGE}{query}", {"print": kind} | values)
    assert answer.status_code == 302, answer.context["ranks_form"].errors
    return DocumentJob.objects.get(code=answer["Location"].rstrip("/").rpartition("/")[2])


def made(job: DocumentJob) -> bytes:
    while make_files():
        pass
    job.refresh_from_db()
    assert (job.error, job.finished_at is not None, job.made) == ("", True, job.total)
    return jobs.document_path(job).read_bytes()


def texts(data: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(data)).pages)


def in_order(text: str, *words: str) -> bool:
    places = [text.find(word) for word in words]
    return -1 not in places and places == sorted(places)


def test_badges_of_the_fest_are_in_order_of_school_class_and_name(fest: Fest, owner: Any) -> None:
    one, other = build_event(fest, name="Quiz"), build_event(fest, name="Robo Race")
    rows = [
        ("Zoya", "Alpha School", 9, one),
        ("Asha", "Beta School", 7, one),
        ("Ben", "Alpha School", 7, other),
    ]
    rows.append(("Chitra", "Alpha School", 9, other))
    for name, school, grade, event in rows:
        build_submission(event, name=name, school=build_school(school).name, grade=grade)
    job = press(organiser_client(owner), "badges")
    text = texts(made(job))
    assert in_order(text, "Ben", "Chitra", "Zoya", "Asha")
    assert (job.total, jobs.file_name(job)) == (4, "badges-tech-fest.pdf")


def test_attendance_sheets_are_in_order_of_event_with_a_bookmark_each(fest: Fest, owner: Any) -> None:
    late = build_event(fest, name="Alpha Final", hour=15, capacity=1)
    early = build_event(fest, name="Zulu Heats", hour=9)
    build_event(fest, name="Empty", hour=10)
    for name in ("Zoya", "Asha"):
        build_submission(early, name=name)
    for name in ("Ben", "Waits"):
        build_submission(late, name=name)
    job = press(organiser_client(owner), "attendance")
    data = made(job)
    assert in_order(texts(data), "Zulu Heats", "Asha", "Zoya", "Alpha Final", "Ben", "Waits")
    assert [one.title for one in PdfReader(BytesIO(data)).outline] == ["Zulu Heats", "Alpha Final"]  # type: ignore[union-attr]
    assert (job.total, jobs.file_name(job)) == (4, "attendance-tech-fest.pdf")


def test_more_names_than_a_part_become_a_zip_with_names_one_understands(
    fest: Fest, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PART", 2)
    event = build_event(fest, capacity=9)
    for number, school in enumerate(
        ("Alpha School", "Alpha School", "Beta School", "Gamma School", "Zeta School")
    ):
        build_submission(event, name=f"Pupil {number}", school=build_school(school).name)
    job = press(organiser_client(owner), "all_tickets")
    with ZipFile(BytesIO(made(job))) as archive:
        assert archive.namelist() == [
            "tickets-1-of-3-alpha-school.pdf",
            "tickets-2-of-3-alpha-school-to-beta-school.pdf",
            "tickets-3-of-3-gamma-school-to-zeta-school.pdf",
        ]
        text = " ".join(texts(archive.read(name)) for name in archive.namelist())
    assert in_order(text, *(f"Pupil {number}" for number in range(5)))
    assert jobs.file_name(job) == "tickets-tech-fest.zip"
    assert [path.name for path in jobs.files_of(job)] == [f"{job.pk}.zip"]


def test_killed_worker_goes_on_at_the_next_part(
    fest: Fest, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts that are stored are not made again, and each part has three attempts of its own."""
    monkeypatch.setattr(batches, "PART", 1)
    event = build_event(fest, capacity=9)
    for number in range(3):
        build_submission(event, name=f"Pupil {number}")
    job = press(organiser_client(owner), "badges")
    drawn: list[str] = []
    real = pdf.render_badges

    def draw(contents: Any, **kwargs: Any) -> bytes:
        drawn.append(contents[0].person)
        if drawn.count("Pupil 1") in (1, 2) and contents[0].person == "Pupil 1":
            raise pdf.Incomplete("died")
        return real(contents, **kwargs)

    monkeypatch.setattr(pdf, "render_badges", draw)
    for _ in range(3):
        make_files()
        DocumentJob.objects.update(claimed_at=F("claimed_at") - jobs.LEASE)
    with ZipFile(BytesIO(made(job))) as archive:
        assert len(archive.namelist()) == 3
    assert drawn == ["Pupil 0", "Pupil 1", "Pupil 1", "Pupil 1", "Pupil 2"]


def test_cancelled_and_erased_people_are_left_out_even_after_the_order(
    fest: Fest, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PART", 2)
    event = build_event(fest, capacity=9)
    for number in range(4):
        build_submission(event, name=f"Pupil {number}")
    job = press(organiser_client(owner), "badges")
    jobs.attempt(jobs.claim("badges"), batches.make)  # type: ignore[arg-type]  # it is there
    gone = Registration.objects.get(student__name="Pupil 3")
    cancel([gone.pk], actor=Change.Actor.ORGANISER, deadline=Deadline())
    while make_files():
        pass
    job.refresh_from_db()
    with ZipFile(jobs.document_path(job)) as archive:
        text = " ".join(texts(archive.read(name)) for name in archive.namelist())
    assert [name for name in ("Pupil 0", "Pupil 1", "Pupil 2", "Pupil 3") if name in text] == [
        "Pupil 0",
        "Pupil 1",
        "Pupil 2",
    ]


def test_worker_whose_document_is_to_be_made_anew_stores_nothing(fest: Fest, owner: Any) -> None:
    """As the undo of a class list does while its tickets are drawn: the file would open no door."""
    jobs.order(kind="badges", fest=fest, user=owner)
    job = jobs.claim("badges")
    assert job

    def undone_meanwhile(_job: DocumentJob) -> tuple[bytes, int]:
        DocumentJob.objects.update(claimed_at=None, claimed_by="", attempts=0)
        return b"%PDF-1.7 of before", 3

    jobs.attempt(job, undone_meanwhile)
    job.refresh_from_db()
    assert (job.finished_at, jobs.files_of(job)) == (None, [])


def test_document_takes_no_part_of_a_former_one_with_its_id(fest: Fest, owner: Any) -> None:
    former = jobs.order(kind="badges", fest=fest, user=owner)
    path = jobs.document_path(former).with_name(f"{former.pk + 1}.part-01.pdf")
    store(path, b"%PDF-1.7 of a document before the restore")
    document = jobs.order(kind="badges", fest=fest, user=owner)
    assert document.pk == former.pk + 1
    assert jobs.files_of(document) == []


def test_erasure_removes_the_document_and_its_parts(
    fest: Fest, owner: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(batches, "PART", 1)
    event = build_event(fest)
    for name in ("Asha", "Ben"):
        build_submission(event, name=name)
    job = press(organiser_client(owner), "badges")
    jobs.attempt(jobs.claim("badges"), batches.make)  # type: ignore[arg-type]  # it is there
    assert len(jobs.files_of(job)) == 2
    with django_capture_on_commit_callbacks(execute=True):
        erase([Student.objects.get(name="Asha").pk], deadline=Deadline(), user=owner)
    assert (DocumentJob.objects.count(), jobs.files_of(job)) == (0, [])


def test_day_and_category_narrow_the_events(fest: Fest, owner: Any) -> None:
    robots = Category.objects.create(fest=fest, name="Robotics", slug="robotics")
    first, second = (
        build_event(fest, name="Quiz", hour=9),
        build_event(fest, name="Race", hour=30, category=robots),
    )
    for event, name in ((first, "Asha"), (second, "Ben")):
        build_submission(event, name=name)
    client = organiser_client(owner)
    scope = client.get(PAGE).context["scope"]
    assert ([one.words for one in scope.categories], scope.seats) == (
        ["All categories", "Coding", "Robotics"],
        2,
    )
    day = scope.days[1].query
    assert [event.name for event in client.get(f"{PAGE}{day}").context["scope"].events] == ["Quiz"]
    job = press(client, "badges", query="?category=robotics")
    assert (job.options["events"], jobs.file_name(job)) == ([second.pk], "badges-tech-fest-robotics.pdf")
    for wrong in ("?day=never", "?category=none"):
        assert len(client.get(f"{PAGE}{wrong}").context["scope"].events) == 2


def test_certificates_are_issued_where_they_can_be_and_the_others_are_named(fest: Fest, owner: Any) -> None:
    came, nobody, ahead = (build_event(fest, name=name) for name in ("Came", "Nobody", "Ahead"))
    for name in ("Asha", "Ben"):
        build_submission(came, nobody, ahead, name=name)
    end_all()
    Event.objects.filter(pk=ahead.pk).update(ends_at=database_now() + dt.timedelta(hours=2))
    Ticket.objects.filter(registration__event=came, student__name="Ben").update(checked_in_at=database_now())
    client = organiser_client(owner)
    page = client.get(PAGE)
    shown = page.context["participation"]
    assert (shown.count, [event.name for event in shown.nobody_came]) == (1, ["Nobody"])
    assert [event.name for event, _why in shown.not_yet] == ["Ahead"]
    assert "it ends on" in page.content.decode()
    job = press(client, "participation")
    text = texts(made(job))
    assert ("Ben" in text, "Asha" in text, Certificate.objects.count()) == (True, False, 1)
    assert jobs.file_name(job) == "certificates-tech-fest.pdf"
    made(press(client, "participation", everybody="yes"))
    assert sorted(Certificate.objects.values_list("registration__event__name", flat=True)) == [
        "Came",
        "Nobody",
        "Nobody",
    ]


def test_rank_certificates_need_published_results(fest: Fest, owner: Any) -> None:
    event, other = build_event(fest, name="Quiz"), build_event(fest, name="Race")
    row = build_submission(event, name="Asha").registrations.get()
    build_submission(other, name="Ben")
    end_all()
    typed = service.SubmittedPage(version=0, counting="most", shown={}, values={row.pk: 1})
    service.save(event, typed, user=owner, deadline=Deadline())
    publish.publish(event, "short", user=owner, deadline=Deadline())
    client = organiser_client(owner)
    shown = client.get(PAGE).context["ranks"]
    assert (shown.count, [(one.name, why) for one, why in shown.not_yet]) == (
        1,
        [("Race", "its results are not published")],
    )
    assert (
        "Enter a rank from 1 to 100" in client.post(PAGE, {"print": "rank", "max_rank": "0"}).content.decode()
    )
    job = press(client, "rank", max_rank="3")
    assert "won the first place in" in texts(made(job))
    assert jobs.file_name(job) == "rank-certificates-tech-fest.pdf"


def test_second_press_shows_the_document_that_is_being_made(fest: Fest, owner: Any) -> None:
    build_submission(build_event(fest))
    client = organiser_client(owner)
    assert press(client, "badges") == press(client, "badges")
    assert press(client, "attendance") != press(client, "badges")


def test_too_many_names_are_refused_with_what_to_do(
    fest: Fest, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_NAMES", 1)
    event = build_event(fest)
    for name in ("Asha", "Ben"):
        build_submission(event, name=name)
    job = press(organiser_client(owner), "badges")
    make_files()
    job.refresh_from_db()
    assert job.error == "These are more than 1 names: choose a day or a category."


def test_progress_and_download_lead_back_to_documents(fest: Fest, owner: Any) -> None:
    build_submission(build_event(fest))
    client = organiser_client(owner)
    job = press(client, "badges")
    watched = reverse("admin:documents_progress", args=[job.code])
    assert 'data-live="3"' in client.get(watched).content.decode()
    made(job)
    page = client.get(watched).content.decode()
    assert ("Download the file" in page, f'href="{PAGE}"' in page) == (True, True)
    file: Any = client.get(f"{watched}download/")
    assert file["Content-Disposition"] == 'attachment; filename="badges-tech-fest.pdf"'
    shut(file)
    assert reverse("admin:documents_progress", args=[job.code]) in client.get(PAGE).content.decode()


def test_lead_prints_led_events_and_opens_own_documents_only(fest: Fest, owner: Any) -> None:
    mine, other = build_event(fest, name="Quiz"), build_event(fest, name="Race")
    build_submission(mine, other, name="Asha")
    lead = in_role(LEAD)
    mine.leads.add(lead)
    client = organiser_client(lead)
    job, all_of_it = press(client, "badges"), press(organiser_client(owner), "badges")
    assert (job.options["events"], all_of_it.options["events"]) == ([mine.pk], [mine.pk, other.pk])
    made(job)

    def status(one: DocumentJob) -> int:
        answer = client.get(reverse("admin:documents_download", args=[one.code]))
        shut(answer)
        return answer.status_code

    assert [status(one) for one in (job, all_of_it)] == [200, 404]
    mine.leads.clear()
    other.leads.add(lead)
    assert (status(job), "Files of the last day" in client.get(PAGE).content.decode()) == (404, False)


@pytest.mark.parametrize("role", [RESULTS, VOLUNTEER])
def test_other_roles_open_no_documents(fest: Fest, role: str) -> None:
    build_submission(build_event(fest))
    client = organiser_client(in_role(role))
    assert {client.get(PAGE).status_code, client.post(PAGE, {"print": "badges"}).status_code} == {403}


def test_page_asks_as_often_for_many_events_as_for_one(fest: Fest, owner: Any) -> None:
    client = organiser_client(owner)
    build_submission(build_event(fest))
    few = query_count(client, PAGE)
    for number in range(4):
        build_submission(build_event(fest), name=f"Pupil {number}")
    assert query_count(client, PAGE) == few


def test_enter_in_a_field_makes_no_other_kind(fest: Fest, owner: Any) -> None:
    build_submission(build_event(fest, name="Quiz"), name="Asha")
    page = organiser_client(owner).get(PAGE).content.decode()
    forms = html5lib.parse(page, namespaceHTMLElements=False).iter("form")
    buttons = [form.findall(".//button[@name='print']") for form in forms]
    assert [[one.get("value") for one in some] for some in buttons if some] == [
        ["badges"],
        ["attendance"],
        ["all_tickets"],
    ]
