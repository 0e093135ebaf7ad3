"""Login, and the limits on guessing passwords."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as live_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from registrations.models import AccountSession, Teacher
from registrations.teachers import throttling
from registrations.tests.builders import PASSWORD, build_fest, build_teacher, build_user
from tickets.models import Delivery, Notice

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
WRONG = "The e-mail address, user name or password is not right. Check them and try again."
QUICK = "django.contrib.auth.hashers.MD5PasswordHasher"
TOO_MANY = "There were too many wrong attempts."


@pytest.fixture(autouse=True)
def fresh(db: None, settings: Any) -> None:
    """Start with empty counters, and a fast hash for tests that do not measure it."""
    cache.clear()
    settings.PASSWORD_HASHERS = [QUICK]


def log_in(client: Client, login: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN + more.pop("query", ""), {"login": login, "password": password}, **more)


def guess(login: str, times: int, *, address: str = "10.0.0.{n}") -> list[str]:
    """Enter wrong passwords, each from a new browser and address, and return the messages."""
    client, pages = Client(), []
    for number in range(times):
        client.cookies.clear()
        response = log_in(client, login, f"guess {number}", REMOTE_ADDR=address.format(n=number))
        pages.append(response.content.decode())
    return [WRONG if WRONG in page else TOO_MANY if TOO_MANY in page else page for page in pages]


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("login", ["rao@example.org", "RAO@Example.org", " rao@example.org ", "rao"])
def test_teacher_logs_in_by_address_or_name_and_comes_to_the_students(login: str) -> None:
    build_teacher(username="rao", email="rao@example.org")
    client = Client()
    response = log_in(client, login)
    assert (response.status_code, response["Location"]) == (302, "/teacher/")
    assert is_in(client)


def test_organiser_comes_to_the_admin() -> None:
    build_user(username="organiser", email="", is_staff=True)
    assert log_in(Client(), "organiser")["Location"] == "/admin/"


def test_organiser_without_a_verified_address_can_log_in() -> None:
    user = build_user(username="organiser", is_staff=True)
    EmailAddress.objects.filter(user=user).delete()
    assert log_in(Client(), "organiser")["Location"] == "/admin/"


def test_admin_redirects_to_the_login_and_back() -> None:
    build_user(username="organiser", is_staff=True)
    client = Client()
    path = client.get("/admin/login/?next=/admin/events/")["Location"]
    assert path == "/accounts/login/?next=/admin/events/"
    assert client.post(path, {"login": "organiser", "password": PASSWORD})["Location"] == "/admin/events/"


def test_teacher_does_not_enter_the_admin(client: Client) -> None:
    client.force_login(build_teacher().user)
    response = client.get("/admin/", follow=True)
    assert response.status_code == 403


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\\evil.example",
        "\\\\evil.example",
        "http:///evil.example",
        "http://testserver/elsewhere",
        "/%0d%0aLocation:%20//evil.example",
        "data:text/html,x",
        " //evil.example",
    ],
)
def test_forged_next_goes_home(target: str) -> None:
    build_teacher(email="rao@example.org")
    response = Client().post(LOGIN, {"login": "rao@example.org", "password": PASSWORD, "next": target})
    assert response.status_code == 302
    assert response["Location"] in {"/teacher/", target if target.startswith("/%") else "/teacher/"}


def test_own_next_is_followed() -> None:
    build_teacher(email="rao@example.org")
    assert log_in(Client(), "rao@example.org", query="?next=/teacher/lists/")["Location"] == "/teacher/lists/"


def test_wrong_login_does_not_reveal_what_was_wrong() -> None:
    build_fest()
    build_teacher(username="rao", email="rao@example.org")
    pages = []
    for login in ("rao@example.org", "nobody@example.org", "rao", "nobody"):
        page = log_in(Client(), login, "wrong").content.decode()
        page = page.replace(login, "LOGIN")
        pages.append(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page))
    assert len(set(pages)) == 1
    assert WRONG in pages[0]
    assert re.search(r"<title>Error:\s+Log in", pages[0])


def test_empty_login_asks_for_what_its_label_names() -> None:
    form = log_in(Client(), "", "").context["form"]
    assert form["login"].label == "E-mail address or user name"
    assert form.errors == {
        "login": ["Enter your e-mail address or user name"],
        "password": ["Enter your password"],
    }


def test_wrong_login_costs_one_hash_for_known_and_unknown(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    build_teacher(username="rao", email="rao@example.org")
    made = []
    encode = PBKDF2PasswordHasher.encode

    def counted(self: Any, password: str, salt: str, iterations: int | None = None) -> str:
        made.append(iterations or self.iterations)
        return encode(self, password, salt, iterations)

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)
    for login in ("rao@example.org", "nobody@example.org", "rao", "nobody"):
        made.clear()
        log_in(Client(), login, "wrong")
        assert made == [PBKDF2PasswordHasher.iterations], login


@pytest.mark.parametrize("login", ["rao@example.org", "nobody@example.org"])
def test_guesses_from_many_addresses_are_slowed(login: str) -> None:
    build_teacher(email="rao@example.org")
    assert guess(login, 8) == [WRONG] * 5 + [TOO_MANY] * 3


def test_address_and_user_name_share_one_counter() -> None:
    build_teacher(username="rao", email="rao@example.org")
    guess("rao@example.org", 5)
    assert guess("rao", 1) == [TOO_MANY]


def test_right_password_is_not_taken_from_a_stranger_while_slowed() -> None:
    build_teacher(email="rao@example.org")
    guess("rao@example.org", 5)
    client = Client()
    assert TOO_MANY in log_in(client, "rao@example.org").content.decode()
    assert is_in(client) is False


def test_teacher_in_a_known_browser_gets_in_during_an_attack() -> None:
    build_teacher(email="rao@example.org")
    client = Client()
    log_in(client, "rao@example.org")
    client.post("/accounts/logout/")
    assert guess("rao@example.org", 6)[-1] == TOO_MANY
    assert WRONG in log_in(client, "rao@example.org", "mistyped").content.decode()
    log_in(client, "rao@example.org")
    assert is_in(client)


def test_known_browser_has_its_own_limit() -> None:
    build_teacher(email="rao@example.org")
    client = Client()
    log_in(client, "rao@example.org")
    client.post("/accounts/logout/")
    pages = [log_in(client, "rao@example.org", f"wrong {n}").content.decode() for n in range(11)]
    assert [TOO_MANY in page for page in pages] == [False] * 10 + [True]


@pytest.mark.parametrize("cookie", ["other's", "forged", "x", ""])
def test_known_browser_of_another_account_does_not_help(cookie: str) -> None:
    build_teacher(email="rao@example.org")
    build_teacher(email="evil@example.org")
    client = Client()
    log_in(client, "evil@example.org")
    client.post("/accounts/logout/")
    if cookie != "other's":
        value = client.cookies[throttling.COOKIE].value
        client.cookies[throttling.COOKIE] = value[:-3] + "abc" if cookie == "forged" else cookie
    guess("rao@example.org", 5)
    assert TOO_MANY in log_in(client, "rao@example.org", "wrong").content.decode()


def test_successful_logins_are_not_counted() -> None:
    build_teacher(email="rao@example.org")
    client = Client()
    for _ in range(7):
        client.cookies.clear()
        log_in(client, "rao@example.org")
        assert is_in(client)


def test_address_that_guesses_at_many_accounts_is_slowed() -> None:
    client = Client()
    pages = [
        log_in(client, f"nobody{n}@example.org", "x", REMOTE_ADDR="10.9.9.9").content.decode()
        for n in range(61)
    ]
    assert [TOO_MANY in page for page in pages] == [False] * 60 + [True]


def test_new_password_does_not_clear_the_counter_of_the_address() -> None:
    """Otherwise a person with an account could go on guessing at those of others."""
    teacher = build_teacher(email="rao@example.org")
    for number in range(60):
        log_in(Client(), f"nobody{number}@example.org", "x", REMOTE_ADDR="10.9.9.9")
    throttling.clear_attempts(teacher.user)
    assert TOO_MANY in log_in(Client(), "other@example.org", REMOTE_ADDR="10.9.9.9").content.decode()


def test_device_cookie_is_out_of_reach_of_scripts_and_other_sites() -> None:
    build_teacher(email="rao@example.org")
    cookie = log_in(Client(), "rao@example.org").cookies[throttling.COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/accounts/")
    assert cookie["max-age"] == throttling.LIFETIME


def test_session_key_changes_at_login() -> None:
    build_teacher(email="rao@example.org")
    client = Client()
    client.cookies[live_settings.SESSION_COOKIE_NAME] = "chosenbyanattackerchosenbyanatta"
    log_in(client, "rao@example.org")
    known = list(AccountSession.objects.values_list("session_key", flat=True))
    assert client.cookies[live_settings.SESSION_COOKIE_NAME].value in known
    assert "chosenbyanattackerchosenbyanatta" not in known


def test_session_that_was_there_before_dies_at_the_login() -> None:
    build_teacher(email="rao@example.org")
    client = Client()
    session = client.session
    session["x"] = "y"
    session.save()
    before = session.session_key
    log_in(client, "rao@example.org")
    assert client.session.session_key != before
    assert AccountSession.objects.filter(session_key=before).exists() is False


def test_login_ends_with_the_browser() -> None:
    build_teacher(email="rao@example.org")
    assert log_in(Client(), "rao@example.org").cookies[live_settings.SESSION_COOKIE_NAME]["max-age"] == ""


def test_login_out_only_by_post(client: Client) -> None:
    client.force_login(build_teacher().user)
    assert client.get("/accounts/logout/").status_code == 200
    assert is_in(client)
    assert client.post("/accounts/logout/")["Location"] == LOGIN
    assert is_in(client) is False


@pytest.mark.parametrize("path", [LOGIN, "/accounts/logout/", "/accounts/ask/", "/accounts/password/reset/"])
def test_forged_form_is_refused(path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(build_teacher(email="rao@example.org").user)
    before = (Teacher.objects.count(), Delivery.objects.count())
    assert client.post(path, {"login": "rao@example.org", "password": PASSWORD}).status_code == 403
    assert (Teacher.objects.count(), Delivery.objects.count()) == before
    assert is_in(client)


def test_closed_account_sees_that_it_is_closed() -> None:
    build_teacher(email="rao@example.org", is_active=False)
    response = log_in(Client(), "rao@example.org", follow=True)
    assert "This account is closed" in response.content.decode()


def test_unverified_address_gets_its_mail_and_no_access() -> None:
    teacher = build_teacher(email="rao@example.org", is_approved=False)
    EmailAddress.objects.filter(user=teacher.user).update(verified=False)
    client = Client()
    response = log_in(client, "rao@example.org")
    assert response["Location"] == reverse("account_email_verification_sent")
    assert is_in(client) is False
    assert Notice.objects.get().link.startswith("http://localhost:8000/accounts/confirm-email/")


@pytest.mark.parametrize(
    ("path", "token"),
    [
        (LOGIN, 'autocomplete="username"'),
        (LOGIN, 'autocomplete="current-password"'),
        ("/accounts/ask/", 'autocomplete="new-password"'),
        ("/accounts/password/reset/", 'autocomplete="email"'),
    ],
)
def test_fields_help_password_managers_and_have_no_obstacles(path: str, token: str) -> None:
    page = Client().get(path).content.decode()
    assert token in page
    for obstacle in (" required", "maxlength", "placeholder", "password2"):
        assert obstacle not in page
