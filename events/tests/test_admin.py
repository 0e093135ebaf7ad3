"""Admin pages of the fest, its venues and categories."""

import datetime as dt
import zoneinfo
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.test import Client

from events.models import Category, Fest, Picture, Seats, Venue
from events.tests.pictures import SVG, drawn
from registrations.tests.builders import build_event, build_fest
from techfest.core.admin.base import page_of
from tickets.tests.admin_helpers import add_path, filled_in, list_path, organiser_client, sent_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest(privacy_text="The school runs it.")


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors) if response.context else {}


def save(client: Client, row: Any, **values: Any) -> Any:
    path = page_of(row)
    return client.post(path, filled_in(client, path, **values))


def test_fest_gets_a_new_look(client: Client, fest: Fest) -> None:
    upload = SimpleUploadedFile("logo.png", drawn("PNG", (600, 300)), "image/png")
    response = save(client, fest, accent="crimson", upload=upload)
    assert (response.status_code, errors(response)) == (302, {})
    fest.refresh_from_db()
    logo = Picture.objects.get()
    assert (fest.accent, fest.logo, logo.kind, logo.width) == ("crimson", logo, "png", 512)
    assert client.get(fest.logo_url)["Content-Type"] == "image/png"


def test_logo_stays_until_it_is_removed(client: Client, fest: Fest) -> None:
    Fest.objects.update(logo=Picture.objects.create(digest="d", kind="png", width=1, height=1, data=b""))
    save(client, fest, name="Lake Fest")
    assert Fest.objects.get().logo_id == "d"
    save(client, fest, remove_picture="on")
    assert Fest.objects.get().logo_id is None


@pytest.mark.parametrize("content", [SVG, b"MZ", drawn("GIF"), drawn("PNG")[:60], bytes(2 * 1024 * 1024 + 1)])
def test_hostile_logo_is_a_form_error(client: Client, fest: Fest, content: bytes) -> None:
    response = save(client, fest, upload=SimpleUploadedFile("logo.png", content, "image/png"))
    assert (list(errors(response)), Picture.objects.count()) == (["upload"], 0)


def test_two_people_change_two_things_of_one_fest(client: Client, fest: Fest) -> None:
    stale = filled_in(client, page_of(fest), place="Hill Road School")
    save(client, fest, name="Lake Fest")
    client.post(page_of(fest), stale)
    fest.refresh_from_db()
    assert (fest.name, fest.place) == ("Lake Fest", "Hill Road School")


def test_times_are_those_of_the_fest(client: Client, fest: Fest) -> None:
    response = save(client, fest, closes_at_0=fest.starts_on.isoformat(), closes_at_1="18:00:00")
    assert errors(response) == {}
    kolkata = zoneinfo.ZoneInfo("Asia/Kolkata")
    assert Fest.objects.get().closes_at == dt.datetime.combine(fest.starts_on, dt.time(18), kolkata)
    assert filled_in(client, page_of(fest))["closes_at_1"] == "18:00"


def test_time_that_was_typed_is_saved_once_another_field_is_corrected(client: Client, fest: Fest) -> None:
    """The page with the error repeats the typed and the originally shown values."""
    day = fest.starts_on.isoformat()
    refused = save(client, fest, closes_at_0=day, closes_at_1="18:00:00", grade_max="99")
    assert list(errors(refused)) == ["grade_max"]
    saved = client.post(page_of(fest), sent_by(refused) | {"grade_max": "12"})
    assert (saved.status_code, errors(saved)) == (302, {})
    kolkata = zoneinfo.ZoneInfo("Asia/Kolkata")
    assert Fest.objects.get().closes_at == dt.datetime.combine(fest.starts_on, dt.time(18), kolkata)


def test_time_that_nobody_typed_stays_what_the_row_says_after_an_error(client: Client, fest: Fest) -> None:
    refused = save(client, fest, grade_max="99")
    later = fest.closes_at + dt.timedelta(hours=1)
    Fest.objects.update(closes_at=later)
    client.post(page_of(fest), sent_by(refused) | {"grade_max": "12"})
    assert Fest.objects.get().closes_at == later


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ends_on": "2001-01-01"}, "ends_on"),
        ({"closes_at_0": "2001-01-01"}, "closes_at"),
        ({"grade_min": "9", "grade_max": "8"}, "grade_max"),
        ({"time_zone": "Asia/Nowhere"}, "time_zone"),
    ],
)
def test_what_the_database_would_refuse_is_a_form_error(
    client: Client, fest: Fest, values: dict[str, str], field: str
) -> None:
    assert list(errors(save(client, fest, **values))) == [field]


def test_second_current_fest_is_a_form_error(client: Client, fest: Fest) -> None:
    other = build_fest(is_current=False, privacy_text="The school runs it.")
    assert errors(save(client, other, is_current="on"))["is_current"] == [
        f"{fest.name} is the current fest. Remove the mark there first."
    ]


def test_fest_cannot_be_deleted(client: Client, fest: Fest) -> None:
    assert client.post(page_of(fest).replace("change", "delete"), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("name", ["venue", "category"])
def test_place_in_use_cannot_be_deleted(client: Client, fest: Fest, name: str) -> None:
    event = build_event(fest)
    row = getattr(event, name)
    response = client.post(page_of(row).replace("change", "delete"), {"post": "yes"}, follow=True)
    assert [str(message) for message in response.context["messages"]] == [
        f"{row.name} cannot be deleted: {event.name} uses it."
    ]
    assert type(row).objects.filter(pk=row.pk).exists()


def test_unused_place_is_made_and_deleted(client: Client, fest: Fest) -> None:
    client.post(add_path(Venue), {"fest": fest.pk, "name": "Lab", "map_url": "maps.example/lab"})
    venue = Venue.objects.get()
    assert venue.map_url == "https://maps.example/lab"
    client.post(page_of(venue).replace("change", "delete"), {"post": "yes"})
    assert Venue.objects.count() == 0


def test_counts_cannot_be_written(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    Seats.objects.update(taken=F("taken") + 3)
    response = client.post(page_of(event.seats), {"capacity": 99, "taken": 0})
    seats = Seats.objects.get()
    assert (response.status_code, seats.capacity, seats.taken) == (403, 10, 3)


@pytest.mark.parametrize("model", [Venue, Category, Fest])
def test_rows_are_never_deleted_in_bulk(client: Client, fest: Fest, model: Any) -> None:
    build_event(fest)
    client.post(list_path(model), {"action": "delete_selected", "_selected_action": [fest.pk], "post": "yes"})
    assert model.objects.count() == 1
