"""Exports of admin lists: the rows of the list, safe to open, streamed, and recorded in the audit log."""

import csv
import io
import tracemalloc
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.utils import timezone, translation
from python_calamine import CalamineWorkbook

from events.models import AuditEntry, Event, Fest
from registrations.models import Answer, Hold, Registration, School, Student, Teacher
from registrations.students.names import grouped
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.admin import export as exporting
from techfest.core.admin.export import MIME, Column, csv_pieces, table, xlsx_file
from techfest.core.roles import LEAD
from tickets.models import CheckIn, Delivery, Ticket
from tickets.tests.admin_helpers import list_path, organiser, organiser_client
from tickets.tests.builders.everything import build_row_of_everything

pytestmark = pytest.mark.django_db
DOWNLOADS = (Registration, Student, School, Teacher, Delivery, CheckIn, Event, Hold, Answer)
REGISTRATION_TITLES = [
    "Name",
    "Grade",
    "Section",
    "Roll number",
    "School",
    "E-mail",
    "Reference",
    "Event",
    "Starts",
    "State",
    "Order of arrival",
    "Registered at",
    "Came in at",
]


def download(client: Client, model: Any, kind: str = "csv", **filters: Any) -> Any:
    return client.get(f"{list_path(model)}download.{kind}", filters)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def read(response: Any, kind: str = "csv") -> list[list[Any]]:
    if kind == "csv":
        return list(csv.reader(io.StringIO(body(response).decode("utf-8-sig"))))
    return CalamineWorkbook.from_filelike(io.BytesIO(body(response))).get_sheet_by_index(0).to_python()


def names(response: Any) -> list[str]:
    return [row[0] for row in read(response)[1:]]


@pytest.mark.parametrize("kind", MIME)
@pytest.mark.parametrize("model", DOWNLOADS, ids=lambda model: model.__name__)
def test_list_is_taken_away_as_it_is(model: Any, kind: str) -> None:
    build_row_of_everything(1)
    response = download(organiser_client(), model, kind)
    rows = read(response, kind)
    assert (response.status_code, response["Content-Type"], len(rows)) == (
        200,
        MIME[kind],
        model.objects.count() + 1,
    )
    assert {len(row) for row in rows} == {len(rows[0])}


def test_no_other_list_is_taken_away() -> None:
    found = {
        model for model in admin.site._registry if getattr(admin.site._registry[model], "export_columns", ())
    }
    assert found == set(DOWNLOADS)


def test_registration_is_told_with_everything_that_organisers_work_with() -> None:
    event = build_event(build_fest(), name="Robo Race", hour=9)
    build_submission(event, name="आरव शर्मा", grade=9, section="B", roll_number="17", email="a@example.org")
    Ticket.objects.update(checked_in_at=event.starts_at)
    registration = Registration.objects.select_related("student").get()
    titles, row = read(download(organiser_client(), Registration))
    zone = event.fest.zone
    start = f"{event.starts_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    made = f"{registration.created_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    reference = grouped(registration.student.reference)
    queue_position = str(registration.queue_position)
    assert titles == REGISTRATION_TITLES
    assert row == [
        "आरव शर्मा", "9", "B", "17", "Riverside Public School", "a@example.org", reference, "Robo Race", start,
        "confirmed", queue_position, made, start,
    ]  # fmt: skip


def test_filters_search_and_order_of_the_list_apply() -> None:
    fest = build_fest()
    event, other = build_event(fest), build_event(fest)
    for name in ("Bea Iyer", "Asha Rao", "Chen Rao"):
        build_submission(event, name=name)
    build_submission(other, name="Dia Rao")
    asked = {"event__id__exact": str(event.pk), "q": "Rao", "o": "1"}
    client = organiser_client()
    shown = [row.student.name for row in client.get(list_path(Registration), asked).context["cl"].result_list]
    taken = names(download(client, Registration, **asked))
    assert (taken, sorted(taken)) == (shown, ["Asha Rao", "Chen Rao"])


def test_list_is_whole_past_its_first_page() -> None:
    event = build_event(build_fest(), capacity=60)
    for number in range(52):
        build_submission(event, name=f"Asha {number}")
    assert len(names(download(organiser_client(), Registration))) == 52


@pytest.mark.parametrize("kind", MIME)
@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+91 98765 43210", "'+91 98765 43210"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("x;=1", "x;'=1"),
        ("9876543210", "9876543210"),
        ("0017", "0017"),
        ("O'Brien-Ñandú", "O'Brien-Ñandú"),
        ("李小龙", "李小龙"),
        ("http://127.0.0.1/", "http://127.0.0.1/"),
    ],
)
def test_cell_is_text_and_stays_readable(kind: str, typed: str, written: str) -> None:
    School.objects.create(name=typed, key="typed")
    assert read(download(organiser_client(), School, kind), kind)[1][0] == written


def test_number_is_a_number_and_nothing_is_nothing() -> None:
    build_submission(build_event(build_fest()), roll_number="")
    row = read(download(organiser_client(), Registration, "xlsx"), "xlsx")[1]
    assert (row[1], row[3], row[-1]) == (7.0, "", "")


@pytest.mark.parametrize("kind", MIME)
def test_words_and_times_are_those_of_the_request(kind: str) -> None:
    """The rows of a CSV are read after the request has ended and its language and time zone were reset."""
    fest = build_fest(time_zone="Pacific/Chatham")
    event = build_event(fest)
    build_submission(event)
    response = download(organiser_client(), Registration, kind)
    with translation.override("de"), timezone.override("UTC"):
        row = read(response, kind)[1]
    assert row[8] == f"{event.starts_at.astimezone(fest.zone):%Y-%m-%d %H:%M:%S}"


def test_event_lead_takes_away_the_own_rows_and_no_address() -> None:
    fest = build_fest()
    own, other = build_event(fest), build_event(fest)
    for event, name in ((own, "Asha Rao"), (other, "Ben Das")):
        build_submission(event, name=name, email="asha@example.org")
    lead = organiser("lead", is_superuser=False)
    lead.groups.add(Group.objects.get(name=LEAD))
    own.leads.add(lead)
    client = organiser_client(lead)
    titles, *rows = read(download(client, Registration))
    assert titles == [title for title in REGISTRATION_TITLES if title != "E-mail"]
    assert [row[0] for row in rows] == ["Asha Rao"]
    assert "asha@example.org" not in str(rows)
    assert [download(client, model).status_code for model in (Teacher, Delivery)] == [403, 403]
    assert names(download(client, Event)) == [own.name]


def test_whoever_may_not_see_a_list_does_not_take_it_away() -> None:
    build_row_of_everything(1)
    nobody = organiser("nobody", is_superuser=False)
    responses = [
        download(client, Registration).status_code for client in (organiser_client(nobody), Client())
    ]
    assert (responses, AuditEntry.objects.filter(what="exported").count()) == ([403, 302], 0)


def test_export_is_noted_without_what_was_searched_for() -> None:
    user = organiser()
    build_submission(build_event(build_fest()), name="Asha Rao")
    download(organiser_client(user), Registration, "csv", q="Asha", state__exact="confirmed")
    entry = AuditEntry.objects.get(what="exported")
    assert (entry.user, entry.subject_kind, entry.subject_id) == (user, "auth.user", user.pk)
    assert entry.after == {
        "list": "registrations.registration",
        "kind": "csv",
        "rows": 1,
        "filters": ["q", "state__exact"],
    }


def test_file_is_kept_by_nobody_and_has_a_name_of_ours() -> None:
    build_fest()
    response = download(organiser_client(), Registration, q='"; filename="evil.exe')
    name = f'attachment; filename="registrations-{timezone.localdate():%Y-%m-%d}.csv"'
    assert (response["Content-Disposition"], "no-store" in response["Cache-Control"]) == (name, True)


def test_list_is_only_read() -> None:
    build_fest()
    path = f"{list_path(Registration)}download.csv"
    assert organiser_client().post(path).status_code == 405


def test_list_that_cannot_be_asked_for_is_not_taken_away() -> None:
    client = organiser_client()
    asked = {"created_at__year": "x"}
    statuses = [
        client.get(list_path(Registration), asked).status_code,
        download(client, Registration, **asked).status_code,
    ]
    assert statuses == [400, 400]


def test_list_offers_its_file_with_its_filters() -> None:
    page = organiser_client().get(list_path(Registration), {"state__exact": "waiting"}).content.decode()
    assert 'href="download.csv?state__exact=waiting"' in page
    assert "download.csv" not in organiser_client(organiser("second")).get(list_path(Fest)).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", MIME)
def test_long_list_weighs_no_more_than_a_short_one(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory holds one chunk; all rows at once need many times as much."""
    wanted = [Column(name, name) for name in ("name", "key")]
    monkeypatch.setattr(exporting, "CHUNK", 100)

    def weight(count: int) -> int:
        School.objects.bulk_create(
            School(name=f"{number}" + "x" * 190, key=f"{count}-{number}") for number in range(count)
        )
        taken = table(
            School.objects.filter(key__startswith=f"{count}-"), wanted, zone=timezone.get_default_timezone()
        )
        tracemalloc.start()
        if kind == "csv":
            assert sum(len(piece) for piece in csv_pieces(taken)) > count * 200
        else:
            xlsx_file(taken).close()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    weight(100)
    few, many = weight(200), weight(4_000)
    assert many < 2 * few + 200_000


def test_first_bytes_come_before_the_last_row_is_read() -> None:
    for number in range(30):
        School.objects.create(name="x" * 190, key=str(number))
    read_rows: list[str] = []

    def seen(value: str) -> str:
        read_rows.append(value)
        return value * 30

    pieces = csv_pieces(
        table(
            School.objects.order_by("pk"),
            [Column("Name", "name", write=seen)],
            zone=timezone.get_default_timezone(),
        )
    )
    next(pieces)
    assert 0 < len(read_rows) < 30


def test_wide_list_asks_as_often_as_a_short_one(django_assert_max_num_queries: Any) -> None:
    event = build_event(build_fest())
    client = organiser_client()
    read(download(client, Registration))
    counts = []
    for _round in range(2):
        build_submission(event)
        with django_assert_max_num_queries(30) as queries:
            read(download(client, Registration))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert connection.in_atomic_block
