"""Pages of refused requests lead people to where they can go on."""

import pytest
from django.test import Client
from django.urls import reverse

from registrations.tests.builders import build_event, build_fest, build_teacher
from techfest.core import roles
from tickets.tests.admin_helpers import in_role, organiser_client

pytestmark = pytest.mark.django_db
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(autouse=True)
def fest() -> None:
    build_event(build_fest())


def test_volunteer_and_teacher_in_the_admin_are_led_to_their_own_pages() -> None:
    volunteer = organiser_client(in_role(roles.VOLUNTEER))
    teacher = organiser_client(build_teacher().user)
    for client, own in ((volunteer, "/door/"), (teacher, "/teacher/")):
        response = client.get("/admin/")
        page = response.content.decode()
        assert response.status_code == 403
        assert f'<a class="button" href="{own}">To your own page</a>' in page
        assert f'href="{reverse("account_logout")}"' in page


def test_missing_page_of_the_admin_leads_back_to_the_admin() -> None:
    response = organiser_client().get("/admin/events/event/9999/")
    page = response.content.decode()
    assert (response.status_code, 'href="/admin/"' in page) == (404, True)
    assert "Get your link again" not in page


def test_teacher_at_the_door_is_led_to_the_students() -> None:
    response = organiser_client(build_teacher().user).get("/door/")
    assert (response.status_code, 'href="/teacher/"' in response.content.decode()) == (404, True)


def test_student_reads_the_public_page() -> None:
    assert "Get your link again" in Client().get("/nowhere/").content.decode()


@pytest.mark.parametrize(
    ("path", "above"),
    [
        ("/admin/registrations/registration/without-address/", "/admin/registrations/registration/"),
        ("/admin/fest/", "/admin/"),
        ("/admin/events/event/timetable/apply/", "/admin/events/event/timetable/"),
    ],
)
def test_link_of_a_button_says_what_to_do(path: str, above: str) -> None:
    client = organiser_client()
    response = client.get(path, headers=BROWSER)
    page = response.content.decode()
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "Nothing was done. Go to the page of the button and press it there." in page
    assert f'href="{above}"' in page
    assert client.get(path, headers={"Accept": "application/json"}).content == b""
    assert client.head(path, headers=BROWSER).content == b""
