"""The same date rules apply in every form and command; nothing is saved before the questions are answered."""

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Event, Fest
from registrations.models import Registration
from registrations.spreadsheets.reader import read_file
from registrations.spreadsheets.writer import xlsx_table
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.admin.base import page_of
from techfest.core.formatting import full_date
from tickets.tests.admin_helpers import add_path, asked_by, confirm, filled_in, is_asked, organiser_client

pytestmark = pytest.mark.django_db
YEAR = dt.timedelta(days=365)


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest(privacy_text="We do.")


def asked(response: Any, form: str = "") -> list[str]:
    """The date questions on the page; while they are shown, nothing was saved."""
    assert response.status_code == 200
    found = response.context["adminform"].form if not form else response.context[form]
    assert "This is right" in response.content.decode()
    return [one.text for one in found.date_questions]


def tick(client: Client, path: str, sent: dict[str, Any], response: Any, form: str = "") -> Any:
    found = response.context["adminform"].form if not form else response.context[form]
    return client.post(path, sent | {"dates_are_right": found.dates_digest})


def at(when: dt.datetime, fest: Fest) -> str:
    return f"{when.astimezone(fest.zone):%Y-%m-%d %H:%M}"


def parts(name: str, when: dt.datetime, fest: Fest) -> dict[str, str]:
    local = when.astimezone(fest.zone)
    return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M:%S}"}


def test_fest_with_a_wrong_year_is_saved_only_after_its_purge_was_read(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    for _one in range(3):
        build_submission(event)
    past = {"starts_on": (fest.starts_on - YEAR).isoformat(), "ends_on": (fest.ends_on - YEAR).isoformat()}
    past |= parts("closes_at", fest.closes_at - YEAR, fest) | parts("opens_at", fest.opens_at - YEAR, fest)
    sent = filled_in(client, page_of(fest), **past)
    response = client.post(page_of(fest), sent)
    first, second = asked(response)
    assert "All names of this fest (3 registrations) would be erased on" in first
    assert second == f"1 event is not within the days of the fest: {event.name}."
    assert Fest.objects.get().ends_on == fest.ends_on
    assert tick(client, page_of(fest), sent, response).status_code == 302
    assert Fest.objects.get().ends_on == fest.ends_on - YEAR


def test_tick_holds_for_the_questions_that_were_read(client: Client, fest: Fest) -> None:
    sent = filled_in(client, page_of(fest), ends_on=(fest.ends_on + YEAR).isoformat())
    first = client.post(page_of(fest), sent)
    assert asked(first) == ["The fest would last for 367 days."]
    other = sent | {"ends_on": (fest.ends_on + 2 * YEAR).isoformat()}
    second = tick(client, page_of(fest), other, first)
    assert asked(second) == ["The fest would last for 732 days."]
    assert Fest.objects.get().ends_on == fest.ends_on


def test_old_oddities_do_not_stand_in_the_way_of_another_change(client: Client) -> None:
    past = timezone.now() - YEAR
    fest = build_fest(
        starts_on=past.date(),
        ends_on=past.date(),
        closes_at=past + 9 * YEAR,
        opens_at=past - YEAR,
        privacy_text="We do.",
    )
    assert client.post(page_of(fest), filled_in(client, page_of(fest), place="Hall")).status_code == 302
    assert Fest.objects.get().place == "Hall"


def test_short_retention_is_asked_about_with_the_day_of_the_erasure(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    for _one in range(2):
        build_submission(event)
    sent = filled_in(client, page_of(fest), retention_days="0")
    response = client.post(page_of(fest), sent)
    erased_on = full_date(fest.ends_on + dt.timedelta(days=1))
    (text,) = asked(response)
    assert text == (
        "Names would be kept for only 0 days after the fest. All names of this fest (2 registrations) would be "
        f"erased on {erased_on}, or later if it is still the current fest then."
    )
    assert Fest.objects.get().retention_days == 90
    assert tick(client, page_of(fest), sent, response).status_code == 302
    assert Fest.objects.get().retention_days == 0


def test_two_weeks_of_retention_are_not_asked_about(client: Client, fest: Fest) -> None:
    assert (
        client.post(page_of(fest), filled_in(client, page_of(fest), retention_days="14")).status_code == 302
    )


def test_unmarking_the_current_fest_is_asked_about(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    build_event(fest, hour=12, state="draft")
    build_submission(event)
    sent = filled_in(client, page_of(fest))
    del sent["is_current"]
    response = client.post(page_of(fest), sent)
    (text,) = asked(response)
    assert text.startswith(
        "There would be no current fest: until one is marked, the public pages show no event"
    )
    assert text.endswith("This concerns 1 published event with 1 registration.")
    assert Fest.objects.get().is_current
    assert tick(client, page_of(fest), sent, response).status_code == 302
    assert not Fest.objects.get().is_current


def test_unmarking_a_past_fest_also_names_the_day_of_the_erasure(client: Client, fest: Fest) -> None:
    Fest.objects.update(starts_on=fest.starts_on - YEAR, ends_on=fest.ends_on - YEAR)
    sent = filled_in(client, page_of(fest))
    del sent["is_current"]
    erasure, unmarked = asked(client.post(page_of(fest), sent))
    assert "All names of this fest (0 registrations) would be erased on" in erasure
    assert "current" not in erasure
    assert unmarked.startswith("There would be no current fest")


def test_closing_after_the_last_day_is_refused_on_the_fests_page(client: Client, fest: Fest) -> None:
    closes = parts("closes_at", fest.closes_at + YEAR, fest)
    response = client.post(page_of(fest), filled_in(client, page_of(fest), **closes))
    assert list(response.context["adminform"].form.errors) == ["closes_at"]
    assert Fest.objects.get().closes_at == fest.closes_at


def test_new_fest_in_the_past_is_asked_about(client: Client, fest: Fest) -> None:
    values = {
        name: str(getattr(fest, name)) for name in ("place", "time_zone", "contact_name", "contact_email")
    }
    values |= {"name": "New", "slug": "new", "privacy_text": "We do.", "retention_days": "90"}
    values |= {"starts_on": (fest.starts_on - YEAR).isoformat(), "ends_on": (fest.ends_on - YEAR).isoformat()}
    values |= parts("opens_at", fest.opens_at - YEAR, fest) | parts("closes_at", fest.closes_at - YEAR, fest)
    sent = filled_in(client, add_path(Fest), **values)
    response = client.post(add_path(Fest), sent)
    assert "All names of this fest" in asked(response)[0]
    assert Fest.objects.count() == 1
    assert tick(client, add_path(Fest), sent, response).status_code == 302
    assert Fest.objects.count() == 2


def test_event_moved_out_of_the_fest_is_asked_about_with_its_consequences(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    moved = parts("starts_at", event.starts_at - YEAR, fest) | parts("ends_at", event.ends_at - YEAR, fest)
    response = asked_by(client, client.post(page_of(event), filled_in(client, page_of(event), **moved)))
    assert is_asked(response)
    texts = [one.text for one in response.context["sentences"]]
    assert (
        f"{event.name} ({event.starts_at.astimezone(fest.zone) - YEAR:%-d %B %Y}, 10:00am) is not within"
        in texts[0]
    )
    assert Event.objects.get().starts_at == event.starts_at
    assert confirm(client, event, response).status_code == 302
    assert Event.objects.get().starts_at == event.starts_at - YEAR


def test_new_event_out_of_the_fest_is_asked_about(client: Client, fest: Fest) -> None:
    old = build_event(fest, hour=10)
    sent = filled_in(client, add_path(Event), name="Quiz", slug="quiz", summary="Ask me", capacity="40")
    sent |= {"venue": old.venue_id, "category": old.category_id, "state": "draft"}
    sent |= parts("starts_at", old.starts_at - YEAR, fest) | parts("ends_at", old.ends_at - YEAR, fest)
    response = client.post(add_path(Event), sent)
    assert "is not within the days of the fest" in asked(response)[0]
    assert Event.objects.count() == 1
    assert tick(client, add_path(Event), sent, response).status_code == 302
    assert Event.objects.count() == 2


def test_closing_after_the_event_is_refused_on_its_page(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    late = parts("closes_at", event.ends_at + dt.timedelta(minutes=1), fest)
    response = client.post(page_of(event), filled_in(client, page_of(event), **late))
    assert list(response.context["adminform"].form.errors) == ["closes_at"]


def upload(client: Client, rows: list[list[str]]) -> Any:
    file = SimpleUploadedFile("timetable.xlsx", xlsx_table(rows[0], rows[1:]))
    return client.post(reverse("admin:timetable"), {"file": file})


def exported(client: Client) -> list[list[str]]:
    sheet = read_file(client.get(reverse("admin:timetable_export")).content)
    width = len(sheet.rows[0].cells)
    return [[row.cell(place) for place in range(width)] for row in sheet.rows]


def test_timetable_names_odd_dates_before_it_is_applied(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    rows = exported(client)
    rows[1][3], rows[1][4] = at(event.starts_at - YEAR, fest), at(event.ends_at - YEAR, fest)
    preview = upload(client, rows)
    texts = [one.text for row in preview.context["applied"] for one in row.sentences]
    assert "is not within the days of the fest" in texts[0]
    assert Event.objects.get().starts_at == event.starts_at


def test_timetable_leaves_out_what_cannot_be(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    Event.objects.update(closes_at=event.ends_at)
    rows = exported(client)
    rows[1][4] = at(event.ends_at - dt.timedelta(minutes=30), fest)
    new = ["Quiz", rows[1][1], rows[1][2], at(event.starts_at + YEAR, fest), at(event.ends_at + YEAR, fest)]
    preview = upload(client, [*rows, [*new, "5", "8", "20", "draft", "Ask me", ""]])
    first, second = [row.problems for row in preview.context["left"]]
    assert first == [
        "Registration must close by the end of the event. Leave it empty to close it at the start."
    ]
    assert "is not within the days of the fest" in second[0]
    assert second[-1] == "If this is right, add the event on a page of its own."


def test_paste_of_events_makes_none_out_of_the_fest(client: Client, fest: Fest) -> None:
    day = (fest.starts_on - YEAR).isoformat()
    text = f"Quiz\tQuiz\tHall\t{day}\t10:00\t11:00\t20\t5-8"
    response = client.post(
        reverse("admin:events_fest_paste", args=[fest.pk]), {"text": text, "confirmed": "yes"}
    )
    (row,) = response.context["paste"].events
    assert "is not within the days of the fest" in row.problems[0]
    assert Event.objects.count() == 0


def test_copy_into_the_past_is_asked_about(client: Client, fest: Fest) -> None:
    build_event(fest, hour=10)
    path = reverse("admin:events_fest_copy", args=[fest.pk])
    sent = {"name": "New", "slug": "new", "starts_on": (fest.starts_on - YEAR).isoformat()}
    sent |= {"opens_at": at(fest.opens_at - YEAR, fest), "closes_at": at(fest.closes_at - YEAR, fest)}
    response = client.post(path, sent)
    assert "All names of this fest" in asked(response, "form")[0]
    assert Fest.objects.count() == 1
    assert tick(client, path, sent, response, "form").status_code == 302
    assert Fest.objects.get(slug="new").starts_on == fest.starts_on - YEAR


@pytest.mark.parametrize("year", ["0001", "1999", "2101", "9999"])
def test_copy_into_another_century_is_refused(client: Client, fest: Fest, year: str) -> None:
    path = reverse("admin:events_fest_copy", args=[fest.pk])
    sent = {"name": "New", "slug": "new", "starts_on": f"{year}-12-12"}
    sent |= {"opens_at": at(fest.opens_at, fest), "closes_at": at(fest.closes_at, fest)}
    assert list(client.post(path, sent).context["form"].errors) == ["starts_on"]


@pytest.mark.parametrize("year", ["0001", "1999", "2101", "9999"])
def test_fest_in_another_century_is_refused(client: Client, fest: Fest, year: str) -> None:
    build_event(fest, hour=10)
    sent = filled_in(client, page_of(fest), ends_on=f"{year}-12-12", starts_on=f"{year}-12-12")
    response = client.post(page_of(fest), sent)
    assert sorted(response.context["adminform"].form.errors) == ["ends_on", "starts_on"]


def start(**options: Any) -> None:
    first = timezone.localdate() + dt.timedelta(days=14)
    usual = {
        "name": "Lake Fest",
        "place": "Lake School",
        "first_day": first.isoformat(),
        "last_day": first.isoformat(),
        "opens": f"{first - dt.timedelta(days=10)} 18:00",
        "closes": f"{first - dt.timedelta(days=1)} 18:00",
        "contact_name": "Desk",
        "contact_email": "desk@school.edu",
        "privacy_text": "The school.",
        "owner": "owner@school.edu",
    }
    call_command("start_fest", stdout=StringIO(), **(usual | options))


def test_command_asks_for_a_word_about_odd_dates() -> None:
    first = timezone.localdate() - YEAR
    past = {
        "first_day": first.isoformat(),
        "last_day": first.isoformat(),
        "opens": f"{first - dt.timedelta(days=9)} 18:00",
        "closes": f"{first} 18:00",
    }
    with pytest.raises(CommandError, match=r"would be erased on .* add --dates-are-right"):
        start(**past)
    with pytest.raises(CommandError, match="Registration must close by the end of the last day"):
        start(closes=f"{timezone.localdate() + YEAR} 18:00")
    with pytest.raises(CommandError, match="Check the year: 9999"):
        start(first_day="9999-12-31", last_day="9999-12-31")
    assert Fest.objects.count() == 0
    start(**past, dates_are_right=True)
    assert Fest.objects.count() == 1


def test_limit_below_what_students_have_is_asked_about_and_takes_nothing(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest), build_event(fest))
    build_submission(build_event(fest))
    sent = filled_in(client, page_of(fest), events_per_student="1")
    response = client.post(page_of(fest), sent)
    assert asked(response) == [
        "1 student has more than 1 event. The student keeps all of them, and gets no further one."
    ]
    assert tick(client, page_of(fest), sent, response).status_code == 302
    fest.refresh_from_db()
    assert (fest.events_per_student, fest.caps_changed_at is not None) == (1, True)
    assert Registration.objects.active().count() == 3


def test_limit_that_no_student_exceeds_is_saved_at_once(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest))
    sent = filled_in(client, page_of(fest), events_per_student="1")
    assert client.post(page_of(fest), sent).status_code == 302


@pytest.mark.parametrize("typed", ["0", "-1", "two"])
def test_limit_must_be_a_number_of_events(client: Client, fest: Fest, typed: str) -> None:
    response = client.post(page_of(fest), filled_in(client, page_of(fest), events_per_student=typed))
    assert response.context["adminform"].form.errors["events_per_student"]
