import pytest
from django.test import Client

from techfest.session_paths import is_staff_path


@pytest.mark.parametrize(
    ("path", "is_staff"),
    [
        ("/admin/", True),
        ("/admin/login/", True),
        ("/en/teacher/", True),
        ("/administration/", False),
        ("/", False),
        ("/events/admin/", False),
        ("/my/admin/", False),
        ("/en", False),
        ("/en/", False),
        ("/admin", False),
        ("/hi/admin/", False),
        ("//admin/", False),
        ("/enadmin/", False),
    ],
)
def test_staff_path_is_told_from_a_public_one(path: str, is_staff: bool) -> None:
    assert is_staff_path(path) is is_staff


def test_public_page_sets_no_cookie_though_one_is_sent(client: Client, db: None) -> None:
    client.cookies["sessionid"] = "chosen-by-somebody-else"
    response = client.get("/health/ready")
    assert (dict(response.cookies), response.headers.get("Vary", "")) == ({}, "Accept-Language")


def test_login_page_sets_the_csrf_cookie(client: Client, db: None) -> None:
    assert list(client.get("/accounts/login/").cookies) == ["csrftoken"]
