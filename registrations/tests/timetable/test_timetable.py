"""Export and import of the timetable: changes are applied as previewed, and nothing else."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from events.models import AuditEntry, Event, Fest, Venue
from registrations.models import Conflict
from registrations.spreadsheets.writer import xlsx_table
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.builders.event_changes import change
from registrations.tests.builders.timetables import APPLY, EXPORT, PAGE, File, post_form
from registrations.tests.counting import states
from tickets.models import Delivery
from tickets.tests.admin_helpers import organiser, organiser_client
from tickets.tests.audited import offenders

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture(autouse=True)
def audited(db: None) -> Any:
    yield
    assert offenders() == []


def lines(preview: Any) -> list[tuple[str, str, str]]:
    return [(line.label, line.old, line.new) for row in preview.context["applied"] for line in row.lines]


def problems(preview: Any) -> list[str]:
    return [text for row in preview.context["left"] for text in row.problems]


def test_export_has_real_dates_in_the_zone_of_the_fest(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10, name="=HYPERLINK(1)")
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(reverse(EXPORT)).content))
    titles, row = book.get_sheet_by_index(0).to_python()
    cells = dict(zip(titles, row, strict=True))
    assert cells["Starts"] == event.starts_at.astimezone(fest.zone).replace(tzinfo=None)
    assert (cells["Event"], cells["Seats"], cells["State"]) == ("'=HYPERLINK(1)", 10, "published")


def test_unchanged_file_changes_nothing(client: Client, fest: Fest) -> None:
    build_event(fest, name="+plus", venue=Venue.objects.create(fest=fest, name="@Hall"))
    preview = File(client).upload()
    assert (preview.context["summary"], preview.context["dumped"]) == (
        "1 row: 0 changed, 0 new, 1 the same, 0 not applied",
        "",
    )


def test_changed_rows_are_shown_and_applied(client: Client, fest: Fest) -> None:
    lab = Venue.objects.create(fest=fest, name="Lab")
    robots, quiz = build_event(fest, hour=10, capacity=1, venue=lab), build_event(fest, hour=14)
    build_submission(robots, quiz, name="Asha Rao")
    build_submission(robots)
    day = fest.starts_on.isoformat()
    file = File(client).put(robots, Starts=f"{day} 14:00", Ends=f"{day} 15:00", Seats="2")
    preview = file.upload()
    assert [line[0] for line in lines(preview)] == ["Starts", "Ends", "Seats"]
    texts = [one.text for one in preview.context["applied"][0].sentences]
    assert [text[:28] for text in texts] == [
        "1 new seat, 1 waiting: 1 wil",
        "1 clash: one student has ano",
        "2 mails will be sent.",
    ]
    assert Conflict.objects.count() == 0
    post_form(client, preview, reason="Hall is taken")
    robots.refresh_from_db()
    assert (robots.starts_at, states(robots)) == (quiz.starts_at, ["confirmed", "confirmed"])
    assert Conflict.objects.get().registration.student.name == "Asha Rao"
    assert Delivery.objects.filter(kind="changed").count() == 2
    assert AuditEntry.objects.get().reason == "Hall is taken"
    assert file.upload().context["dumped"] == ""


def test_old_wrong_dates_do_not_block_other_changes(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    wrong = {"opens_at": fest.closes_at, "closes_at": fest.opens_at}
    Event.objects.filter(pk=event.pk).update(**wrong)
    day = fest.starts_on.isoformat()
    file = File(client).put(event, Event="Robo Cup", Starts=f"{day} 09:00", Ends=f"{day} 12:00")
    preview = file.upload()
    assert problems(preview) == []
    post_form(client, preview)
    event.refresh_from_db()
    assert (event.name, event.starts_at.astimezone(fest.zone).hour) == ("Robo Cup", 9)


def test_row_whose_dates_became_impossible_gets_a_reason(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    day = fest.starts_on.isoformat()
    preview = File(client).put(event, Ends=f"{day} 10:30").upload()
    Event.objects.filter(pk=event.pk).update(closes_at=event.ends_at)
    page = post_form(client, preview)
    assert "Registration must close by the end of the event." in page.content.decode()
    assert Event.objects.get().ends_at == event.ends_at


def test_form_keeps_the_fest_it_was_opened_for(client: Client, fest: Fest) -> None:
    """Another tab may have switched to another fest."""
    event, other = build_event(fest, hour=10), build_fest(is_current=False)
    file = File(client).put(event, Event="Robo Cup")
    own = client.get(reverse(PAGE)).context["fest"].pk
    client.post(reverse("admin:choose_fest"), {"fest": other.pk})
    sent = {"file": SimpleUploadedFile("t.xlsx", xlsx_table(file.titles, file.rows)), "fest": own}
    preview = client.post(reverse(PAGE), sent)
    assert f'name="fest" value="{fest.pk}"' in preview.content.decode()
    assert problems(preview) == []
    post_form(client, preview, fest=str(own))
    event.refresh_from_db()
    assert event.name == "Robo Cup"


def test_two_events_that_swap_times_do_not_clash(client: Client, fest: Fest) -> None:
    robots, quiz = build_event(fest, hour=10), build_event(fest, hour=14)
    build_submission(robots, quiz)
    day = fest.starts_on.isoformat()
    file = File(client).put(robots, Starts=f"{day} 14:00", Ends=f"{day} 15:00")
    file.put(quiz, Starts=f"{day} 10:00", Ends=f"{day} 11:00").apply()
    assert (Conflict.objects.count(), Delivery.objects.filter(kind="changed").count()) == (0, 2)


def test_new_row_becomes_a_draft_once(client: Client, fest: Fest) -> None:
    build_event(fest)
    day = fest.starts_on.isoformat()
    new = {"Event": "Quiz", "Category": "coding", "Venue": "main  hall", "Seats": "30"}
    file = File(client).add(**new, Starts=f"{day} 10:00", Ends=f"{day} 11:30")
    file.apply()
    event = Event.objects.get(slug="quiz")
    assert (event.state, event.seats.capacity, event.summary) == ("draft", 30, "")
    assert (event.grade_min, event.grade_max) == (fest.grade_min, fest.grade_max)
    again = file.upload()
    assert (again.context["dumped"], problems(again)) == ("", [])
    assert Event.objects.count() == 2


def test_row_changed_by_another_organiser_is_a_conflict(client: Client, fest: Fest) -> None:
    robots, quiz = build_event(fest, capacity=10), build_event(fest, capacity=10)
    file = File(client).put(robots, Seats="20").put(quiz, Seats="20")
    change(robots, capacity=15)
    change(quiz, summary="Changed elsewhere")
    preview = file.upload()
    conflict = preview.context["left"][0].lines[0]
    assert (conflict.old, conflict.theirs, conflict.new) == ("10", "15", "20")
    post_form(client, preview)
    robots.refresh_from_db()
    quiz.refresh_from_db()
    assert (robots.seats.capacity, quiz.seats.capacity, quiz.summary) == (15, 20, "Changed elsewhere")


def test_change_after_the_preview_prevents_applying(client: Client, fest: Fest) -> None:
    robots, quiz = build_event(fest, capacity=10), build_event(fest, capacity=10)
    preview = File(client).put(robots, Seats="20").put(quiz, Seats="20").upload()
    change(robots, capacity=15)
    response = post_form(client, preview)
    assert "Row 2: Another organiser has changed it in the meantime" in response.content.decode()
    quiz.refresh_from_db()
    assert quiz.seats.capacity == 10


def test_changed_impact_prevents_applying(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    for _ in range(2):
        build_submission(event)
    preview = File(client).put(event, Seats="3").upload()
    build_submission(event)
    assert "because the result would now be different" in post_form(client, preview).content.decode()
    assert states(event) == ["confirmed", "waiting", "waiting"]


def test_events_missing_from_the_file_are_listed_and_stay(client: Client, fest: Fest) -> None:
    robots, quiz = build_event(fest), build_event(fest)
    file = File(client)
    file.rows = [row for row in file.rows if row[0] == robots.name]
    assert file.upload().context["missing"] == [quiz.name]
    assert Event.objects.count() == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"Seats": "many"}, "Seats: Enter a whole number from 0 to 100000."),
        ({"Venue": "Moon"}, "Venue: “Moon” is none of: Main Hall."),
        ({"Starts": "soon"}, "Starts: Enter a day and a time, like 2026-12-12 10:00."),
        ({"Ends": "2001-01-01 10:00"}, "The event must end after it starts."),
        (
            {"State": "draft"},
            "It is published and cannot become a draft here. Cancel it, or use its own page.",
        ),
        ({"mark": "x:y"}, "Its hidden column is damaged. Export the timetable again and edit the new file."),
        ({"Event": ""}, "Event: It is empty."),
        ({"Lowest grade": "9", "Highest grade": "8"}, "The highest grade must not be below the lowest."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_invalid_cells_are_explained(client: Client, fest: Fest, values: dict[str, str], words: str) -> None:
    event = build_event(fest)
    preview = File(client).put(event, **values).upload()
    assert (problems(preview), preview.context["dumped"]) == ([words], "")


def test_same_event_in_two_rows_is_a_problem(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    file = File(client)
    file.rows.append(list(file.rows[0]))
    file.put(event, Seats="20")
    assert problems(file.upload()) == ["It is already in row 2."]


def test_time_that_the_clocks_skip_is_a_problem(client: Client) -> None:
    fest = build_fest(time_zone="Europe/Berlin")
    event = build_event(fest)
    file = File(client).put(event, Starts="2027-03-28 02:30")
    assert problems(file.upload()) == ["Starts: There is no such time: clocks are put forward then."]


def test_timetable_cancels_all_registrations_of_an_event(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    build_submission(event)
    File(client).put(event, State="cancelled").apply(reason="No power")
    assert (states(event), Delivery.objects.filter(kind="cancelled").count()) == (["cancelled"], 1)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"Name,Class\nAsha,7\n", b"PK\x03\x04 broken"])
def test_other_files_are_refused_with_a_reason(client: Client, fest: Fest, content: bytes) -> None:
    response = client.post(reverse(PAGE), {"file": SimpleUploadedFile("t.xlsx", content)})
    assert "errornote" in response.content.decode()


def test_timetable_of_unknown_encoding_is_refused(client: Client, fest: Fest) -> None:
    file = SimpleUploadedFile("t.csv", "Event,Starts\nCafé,2026-12-12 10:00\n".encode("windows-1252"))
    page = client.post(reverse(PAGE), {"file": file}).content.decode()
    assert "does not say which encoding its letters have. Save it as XLSX" in page


def test_forged_plan_is_refused(client: Client, fest: Fest) -> None:
    response = client.post(reverse(APPLY), {"plan": "x", "seen": "y"})
    assert "This preview is too old" in response.content.decode()


def test_timetable_needs_the_permission_to_change_events(fest: Fest) -> None:
    reader = organiser_client(organiser("reader", is_superuser=False))
    for name in (PAGE, EXPORT):
        assert reader.get(reverse(name)).status_code == 403
    assert reader.post(reverse(APPLY), {}).status_code == 403
