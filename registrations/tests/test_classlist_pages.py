"""The admin's page that checks a class list: who may, what it says, what comes back as a file."""

import io
import re
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from events.models import Event, Fest
from registrations.models import Registration, School, Student, Submission
from registrations.spreadsheets.headers import header_of
from registrations.spreadsheets.reader import read_file
from registrations.spreadsheets.rows import listing_of
from registrations.spreadsheets.sheet import MAX_BYTES
from registrations.tests.builders import build_event, build_fest
from registrations.tests.spreadsheet_files import csv_bytes, xlsx_bytes
from tickets.tests.admin_helpers import list_path, organiser, organiser_client

pytestmark = pytest.mark.django_db

PAGE = "/admin/registrations/school/class-list/"
TITLES = ["Name", "Class", "T-shirt", "E-mail", "Event"]
GOOD = ["Asha Rao", "9 A", "M", "", "Robo Race"]
BAD = ["=Ben Iyer", "99", "L", "ben@gmial.com", "Robo Rase"]
ODD = ["Chitra Das", "9", "L", "chitra@gmial.com", "Robo Race"]
LIST = [["Lake Road School, class 9"], TITLES, GOOD, [], BAD, ODD]


@pytest.fixture
def fest() -> Fest:
    fest = build_fest(grade_min=5, grade_max=12)
    build_event(fest, name="Robo Race", slug="robo-race")
    build_event(fest, name="Secret Quiz", state=Event.State.DRAFT)
    build_event(build_fest(is_current=False), name="Race of another fest")
    return fest


@pytest.fixture
def client(fest: Fest) -> Client:
    return organiser_client()


def sent(client: Client, data: bytes | None = None, pasted: str = "") -> Any:
    form: dict[str, Any] = {"pasted": pasted}
    if data is not None:
        form["upload"] = SimpleUploadedFile("list.bin", data)
    return client.post(PAGE, form)


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["form"].errors)


def downloaded(client: Client, response: Any, kind: str) -> Any:
    rows = re.search('name="rows" value="([^"]+)"', response.content.decode())
    assert rows is not None
    return client.post(f"{PAGE}problems/", {"rows": rows[1], "as": kind})


@pytest.mark.parametrize("write", [xlsx_bytes, csv_bytes])
def test_uploaded_list_shows_all_problems_of_all_rows(client: Client, write: Any) -> None:
    page = text_of(sent(client, write(LIST)))
    assert "3 rows: 2 ready, 1 needs fixing" in page
    fixing, _, rest = page.partition("Warnings: these rows are ready")
    # The row's number is that of the sheet, blank rows counted.
    assert "5 =Ben Iyer 99 Grade must be a number from 5 to 12, like 9 or 9 A" in fixing
    assert "There is no event “Robo Rase”. Did you mean “Robo Race”?" in fixing
    assert "Warning: Did you mean ben@gmail.com?" in fixing
    assert "6 Chitra Das 9 Warning: Did you mean chitra@gmail.com?" in rest
    assert "titles in row 2" in rest
    assert "C T-shirt Not used" in rest
    assert "Not used: T-shirt" in rest
    assert "3 Asha Rao 9 A Robo Race" in rest


def test_pasted_rows_are_checked_alike(client: Client) -> None:
    page = text_of(sent(client, pasted="\n".join("\t".join(row) for row in LIST)))
    assert "3 rows: 2 ready, 1 needs fixing" in page


def test_counts_of_sixty_rows_with_five_mistakes(client: Client) -> None:
    rows = [[f"Student {chr(65 + n // 8)}{'xyzuvwrs'[n % 8]}", "9", "", "", "Robo Race"] for n in range(55)]
    page = text_of(sent(client, csv_bytes([TITLES, *rows, *[["", "9", "", "", "Robo Race"]] * 5])))
    assert "60 rows: 55 ready, 5 need fixing" in page


def test_nothing_is_saved_and_the_page_says_so(client: Client) -> None:
    for data in (xlsx_bytes(LIST), csv_bytes(LIST)):
        assert "Nothing is saved, and nobody is registered." in text_of(sent(client, data))
    counts = [model.objects.count() for model in (School, Student, Submission, Registration)]
    assert counts == [0, 0, 0, 0]


def test_only_published_events_of_this_fest_may_be_named(client: Client) -> None:
    rows = [["Asha", "9", "", "", name] for name in ("Secret Quiz", "Race of another fest")]
    page = text_of(sent(client, csv_bytes([TITLES, *rows])))
    assert "2 rows: 0 ready, 2 need fixing" in page


def test_guessed_encoding_is_told(client: Client) -> None:
    data = csv_bytes([TITLES, ["Zoë Müller", "9", "", "", "Robo Race"]], encoding="windows-1252")
    page = text_of(sent(client, data))
    assert "so it was read as windows-1252" in page
    assert "Zoë Müller" in page
    assert "so it was read as" not in text_of(sent(client, csv_bytes(LIST)))


def test_missing_column_is_named_beside_those_that_were_read(client: Client) -> None:
    page = text_of(sent(client, csv_bytes([["Name", "Event"], ["Asha", "Robo Race"]])))
    assert "The list has no column “Grade”. Write this title above the column that holds it." in page
    assert "A Name Name B Event Events" in page


def test_typed_markup_is_shown_as_text(client: Client) -> None:
    row = ["<script>alert(1)</script>", "<b>", "", "", "<i>x</i>"]
    page = sent(client, csv_bytes([[*TITLES, "<img src=x>"], row])).content.decode()
    assert [character in page for character in ("<script>alert", "<b>", "<i>", "<img src=x>")] == [False] * 4
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (None, "Select a class list"),
        (b"", "The selected file is empty"),
        (b"%PDF-1.7", "The selected file must be a CSV or XLSX"),
        (b"x" * (MAX_BYTES + 1), "The selected file must be smaller than 2MB"),
        (b"Name,Grade\n" + b"A,9\n" * 1001, "The selected file must have 1,000 students or fewer"),
    ],
)
def test_file_that_is_not_read_is_a_form_error(client: Client, data: bytes | None, text: str) -> None:
    response = sent(client, data)
    assert errors(response) == {"upload": [text]}
    page = response.content.decode()
    assert "<title>Error: " in page
    assert 'aria-invalid="true"' in page
    assert 'id="id_upload_error"' in page


def test_two_megabytes_are_read(client: Client) -> None:
    line = "Asha Rao {},9,,,Robo Race" + " " * 2300 + "\n"
    data = (",".join(TITLES) + "\n" + "".join(line.format(n) for n in range(890))).encode()
    data += b" " * (MAX_BYTES - len(data))
    assert len(data) == MAX_BYTES
    response = sent(client, data)
    assert errors(response) == {}
    assert "890 rows" in text_of(response)


def test_no_more_than_the_limit_is_read_of_a_file(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def note(data: bytes) -> Any:
        sizes.append(len(data))
        return read_file(data)

    monkeypatch.setattr("registrations.class_lists.upload_form.read_file", note)
    sent(client, b"x" * (MAX_BYTES + 300_000))
    assert sizes == [MAX_BYTES + 1]


def test_file_and_rows_together_are_not_guessed_between(client: Client) -> None:
    response = sent(client, csv_bytes(LIST), pasted="Name\tGrade\nAsha\t9")
    assert errors(response) == {"pasted": ["Upload a file or paste rows, not both"]}


def test_refused_paste_stays_in_the_form(client: Client) -> None:
    response = sent(client, pasted="<table>Asha</table>")
    assert list(errors(response)) == ["pasted"]
    assert "&lt;table&gt;Asha&lt;/table&gt;</textarea>" in response.content.decode()


def test_paste_past_what_a_form_may_hold_is_told(client: Client) -> None:
    response = sent(client, pasted="Asha\t9\n" * 60_000)
    assert response.status_code == 200
    assert "The pasted rows are too long. Upload them as a file instead." in text_of(response)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_problem_rows_come_back_whole_and_can_be_sent_again(client: Client, fest: Fest, kind: str) -> None:
    response = downloaded(client, sent(client, xlsx_bytes(LIST)), kind)
    assert response["Content-Disposition"] == f'attachment; filename="problems.{kind}"'
    assert "no-store" in response["Cache-Control"]
    sheet = read_file(response.content)
    assert sheet.rows[0].cells == (*TITLES, "Problem")
    row = sheet.rows[1].cells
    assert row[:5] == ("'=Ben Iyer", *BAD[1:])
    assert row[5].startswith("Grade must be a number from 5 to 12")
    assert len(sheet.rows) == 2
    listing = listing_of(sheet, header_of(sheet), grades=fest.grades, events={"robo-race": "Robo Race"})
    assert [student.name for student in listing.students] == ["=Ben Iyer"]


def test_second_check_has_one_column_of_problems(client: Client) -> None:
    first = downloaded(client, sent(client, csv_bytes(LIST)), "csv").content
    second = downloaded(client, sent(client, first), "csv").content
    assert read_file(second).rows[0].cells == (*TITLES, "Problem")


@pytest.mark.parametrize("rows", ["", "x", "eyJhIjoxfQ:1vNxyz:abc"])
def test_rows_that_no_page_of_ours_carried_are_refused(client: Client, rows: str) -> None:
    assert client.post(f"{PAGE}problems/", {"rows": rows, "as": "csv"}).status_code == 400


def test_rows_too_long_to_carry_are_not_offered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registrations.class_lists.checking.MAX_CARRIED", 10)
    page = sent(client, csv_bytes(LIST)).content.decode()
    assert ("These rows are too long to be downloaded" in page, 'name="rows"' in page) == (True, False)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_template_comes_back_as_a_list_without_rows(client: Client, kind: str) -> None:
    response = client.get(f"{PAGE}template.{kind}")
    assert response["Content-Disposition"] == f'attachment; filename="class-list.{kind}"'
    assert "0 rows: 0 ready, 0 need fixing" in text_of(sent(client, response.content))


def show(client: Client, fest: Fest) -> None:
    client.post(reverse("admin:choose_fest"), {"fest": fest.pk, "next": "/admin/"})


def test_list_is_checked_for_the_fest_that_the_admin_shows(client: Client) -> None:
    rows = [TITLES, [*GOOD[:4], "Race of another fest"]]
    assert "1 row: 0 ready, 1 needs fixing" in text_of(sent(client, csv_bytes(rows)))
    other = Fest.objects.get(is_current=False)
    show(client, other)
    page = text_of(sent(client, csv_bytes(rows)))
    assert ("1 row: 1 ready, 0 need fixing" in page, f"only checked, for {other.name}." in page) == (
        True,
        True,
    )
    template = zipfile.ZipFile(io.BytesIO(client.get(f"{PAGE}template.xlsx").content))
    assert any(b"Race of another fest" in template.read(name) for name in template.namelist())


def test_list_is_checked_for_the_fest_whose_form_it_is(client: Client, fest: Fest) -> None:
    """Another tab shows another fest by now."""
    page = client.get(PAGE).content.decode()
    assert f'<input type="hidden" name="fest" value="{fest.pk}">' in page
    show(client, Fest.objects.get(is_current=False))
    response = client.post(PAGE, {"pasted": "\t".join(TITLES) + "\n" + "\t".join(GOOD), "fest": fest.pk})
    assert "1 row: 1 ready, 0 need fixing" in text_of(response)


def test_template_of_another_kind_is_not_there(client: Client) -> None:
    assert client.get(f"{PAGE}template.ods").status_code == 404


def test_list_of_schools_leads_to_the_page(client: Client) -> None:
    assert f'href="{PAGE}"' in client.get(list_path(School)).content.decode()
    page = client.get(PAGE).content.decode()
    assert [f'href="{PAGE}template.{kind}"' in page for kind in ("xlsx", "csv")] == [True, True]
    assert reverse("admin:classlist") == PAGE


PATHS = [PAGE, f"{PAGE}template.csv", f"{PAGE}template.xlsx", f"{PAGE}problems/"]


@pytest.mark.parametrize("path", PATHS)
def test_page_is_for_staff_with_permission(fest: Fest, path: str) -> None:
    for response in (Client().get(path), Client().post(path, {"pasted": "Name"})):
        assert (response.status_code, response["Location"]) == (302, f"{reverse('admin:login')}?next={path}")
    guest = organiser_client(organiser("guest", is_staff=False, is_superuser=False))
    assert [guest.get(path).status_code, guest.post(path, {"pasted": "Name"}).status_code] == [403, 403]
    looker = organiser("looker", is_superuser=False)
    looker.user_permissions.add(Permission.objects.get(codename="view_school"))
    browser = organiser_client(looker)
    assert [browser.get(path).status_code, browser.post(path).status_code] == [403, 403]
    assert f'href="{PAGE}"' not in browser.get(list_path(School)).content.decode()
    looker.user_permissions.add(Permission.objects.get(codename="add_student"))
    assert browser.get(path).status_code == (405 if "problems" in path else 200)


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}problems/"])
def test_forged_form_is_refused(fest: Fest, path: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(organiser())
    assert browser.post(path, {"pasted": "Name\tGrade\nAsha\t9"}).status_code == 403


def test_form_with_its_token_is_taken(fest: Fest) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(organiser())
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(PAGE).content.decode())
    assert token is not None
    form = {"csrfmiddlewaretoken": token[1], "pasted": "Name\tGrade\tEvent\nAsha\t9\tRobo Race"}
    assert "1 row: 1 ready, 0 need fixing" in text_of(browser.post(PAGE, form))


def test_checking_costs_the_same_for_one_row_and_for_three_hundred(client: Client) -> None:
    sent(client, csv_bytes(LIST))  # the first answer also reads the fest's snapshot
    asked = []
    for count in (1, 300):
        with CaptureQueriesContext(connection) as queries:
            sent(client, csv_bytes([TITLES, *[[f"Student {n}", "9", "", "", "x"] for n in range(count)]]))
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_without_a_fest_there_is_nothing_to_check() -> None:
    assert organiser_client().get(PAGE).status_code == 404
