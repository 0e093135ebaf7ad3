"""URLs around the login: what each kind of visitor gets, and what the layout of teachers shows."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from registrations.models import Teacher
from registrations.teachers.access import teacher_of
from registrations.tests.builders import build_fest, build_school, build_teacher, build_user
from registrations.tests.second_step import totp
from techfest.core.roles import LEAD
from tickets.tests.admin_helpers import in_role

pytestmark = pytest.mark.django_db

CHANGE = "/accounts/password/change/"
READERS = ("anonymous", "teacher", "unapproved", "elsewhere", "organiser")
LOGIN, HOME, WAITING = "login", "/teacher/", "/teacher/waiting/"
# Address: what anonymous, teacher, unapproved, other school's teacher, organiser get. A student has no login and
# is as anybody. A path is a redirect; "again" asks for the password once more, "login" for who it is.
TABLE: dict[str, tuple[Any, Any, Any, Any, Any]] = {
    "account_login": (200, HOME, WAITING, HOME, "/admin/"),
    "account_logout": ("login", 200, 200, 200, 200),
    "account_inactive": (200, 200, 200, 200, 200),
    "account_reauthenticate": (LOGIN, 200, 200, 200, 200),
    "account_signup": (200, 200, 200, 200, 200),
    "account_email_verification_sent": (200, 200, 200, 200, 200),
    "account_change_password": (LOGIN, 200, 200, 200, 200),
    "account_set_password": (LOGIN, CHANGE, CHANGE, CHANGE, CHANGE),
    "account_reset_password": (200, 200, 200, 200, 200),
    "account_reset_password_done": (200, 200, 200, 200, 200),
    "account_reset_password_from_key_done": (200, 200, 200, 200, 200),
    "mfa_index": (LOGIN, 200, 200, 200, 200),
    "mfa_authenticate": (LOGIN, HOME, WAITING, HOME, "/admin/"),
    "mfa_activate_totp": (LOGIN, "again", "again", "again", "again"),
    "mfa_deactivate_totp": (LOGIN, 404, 404, 404, 404),
    "teachers:waiting": (LOGIN, HOME, 200, HOME, 404),
}


@pytest.fixture
def readers(settings: Any) -> dict[str, Client]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    build_fest()
    users = {
        "teacher": build_teacher().user,
        "unapproved": build_teacher(is_approved=False).user,
        "elsewhere": build_teacher(build_school("Hill School")).user,
        "organiser": build_user(is_staff=True, is_superuser=True),
    }
    clients = {name: Client() for name in READERS}
    for name, user in users.items():
        clients[name].force_login(user)
    return clients


def outcome(response: Any) -> Any:
    if response.status_code != 302:
        return response.status_code
    path = response["Location"]
    if path.startswith(reverse("account_login")):
        return LOGIN
    return "again" if path.startswith(reverse("account_reauthenticate")) else path


@pytest.mark.parametrize("name", TABLE)
def test_address_gives_each_reader_what_the_table_says(readers: dict[str, Client], name: str) -> None:
    given = tuple(outcome(readers[reader].get(reverse(name))) for reader in READERS)
    assert given == TABLE[name]


@pytest.mark.parametrize("name", TABLE)
def test_no_page_around_the_login_is_stored(readers: dict[str, Client], name: str) -> None:
    response = readers["teacher"].get(reverse(name))
    assert response.status_code != 200 or response["Cache-Control"] == "no-store"


def test_no_page_of_one_teacher_names_another_or_the_other_school(readers: dict[str, Client]) -> None:
    for name in TABLE:
        page = readers["teacher"].get(reverse(name)).content.decode()
        assert "Hill School" not in page.replace('<option value="Hill School">', "")


def test_layout_says_who_is_signed_in_and_costs_one_query(
    readers: dict[str, Client], rf: RequestFactory, django_assert_num_queries: Any
) -> None:
    request = rf.get("/teacher/")
    request.user = Teacher.objects.select_related("user").filter(school__name="Hill School").get().user
    with django_assert_num_queries(1):
        teacher_of(request)
        page = render_to_string("teachers/base.html", {"user": request.user}, request)
    assert '<bdi translate="no">Ms Rao</bdi>' in page
    assert '<bdi translate="no">Hill School</bdi>' in page
    for words in ("My students", "Class lists", "Log out"):
        assert words in page


def test_second_step_is_set_up_and_then_required(readers: dict[str, Client]) -> None:
    """A teacher sets up the second step voluntarily."""
    teacher = Teacher.objects.filter(school__name="Hill School").get()
    client = Client()
    login = {"login": teacher.user.email, "password": "three odd lions"}
    client.post("/accounts/login/", login)
    again = client.get(reverse("mfa_activate_totp"))["Location"]
    assert client.post(again, {"password": "three odd lions"})["Location"] == reverse("mfa_activate_totp")
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    response = client.post(
        reverse("mfa_activate_totp"), {"code": totp.format_hotp_value(totp.hotp_value(secret, counter))}
    )
    assert response.status_code == 302
    assert client.get(reverse("mfa_view_recovery_codes")).status_code == 200
    codes = client.get(reverse("mfa_download_recovery_codes")).content.decode().split()
    client.post("/accounts/logout/")
    assert client.post("/accounts/login/", login)["Location"].startswith(reverse("mfa_authenticate"))
    assert "_auth_user_id" not in client.session
    assert client.get(reverse("mfa_authenticate")).status_code == 200
    assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert client.post(reverse("mfa_authenticate"), {"code": codes[-1]})["Location"] == HOME
    assert "_auth_user_id" in client.session
    client.post("/accounts/logout/")
    client.post("/accounts/login/", login)
    for _guess in range(6):
        page = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "too many wrong codes" in page.content.decode()
    client.post(reverse("mfa_authenticate"), {"code": codes[-2]})
    assert "_auth_user_id" not in client.session


def test_lead_whose_address_was_never_confirmed_sets_up_the_second_step(settings: Any) -> None:
    """The lead once asked for access as a teacher; now an owner is responsible for the account."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    user = in_role(LEAD, email="lead@example.org")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    user.set_password("three odd lions")
    user.save()
    browser = Client()
    browser.post("/accounts/login/", {"login": user.username, "password": "three odd lions"})
    page = browser.get(reverse("mfa_activate_totp"))
    assert outcome(page) == "again", "and not back to the page that they come from"
