"""Headers and cookies of the pages, over http and over https."""

from typing import Any

import pytest
from csp.decorators import csp, csp_exempt, csp_replace, csp_update
from csp.middleware import CSPMiddleware
from django.contrib.auth.models import User
from django.contrib.messages.storage import default_storage
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from techfest.headers import POWERFUL_FEATURES, PolicyMiddleware, fixed_headers, permissions_policy
from techfest.tests.support.fresh_modules import executed, fresh_settings

NAMES = {*fixed_headers(), "Content-Security-Policy", "Permissions-Policy"}


@pytest.fixture
def on_https(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The settings of a site that uses https."""
    made = fresh_settings(monkeypatch, SITE_URL="https://fest.example.org")
    for name, value in made.items():
        if name.startswith(("SECURE_", "SESSION_", "CSRF_", "SITE_", "ALLOWED_HOSTS")):
            setattr(settings, name, value)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health/live", 200),
        ("/nowhere/", 404),
        ("/accounts/login/", 200),
        ("/teacher/", 302),
        ("/static/css/none.css", 404),
    ],
)
def test_every_answer_carries_every_header(client: Client, db: None, path: str, status: int) -> None:
    response = client.get(path)
    assert (response.status_code, NAMES - set(response.headers)) == (status, set())


def test_refused_host_carries_every_header(client: Client, on_https: None) -> None:
    """With https the redirect is the first to check the host."""
    response = client.get("/", headers={"Host": "evil.example"})
    assert (response.status_code, NAMES - set(response.headers)) == (400, set())


def test_redirect_to_https_carries_every_header(client: Client, on_https: None) -> None:
    response = client.get("/", headers={"Host": "fest.example.org"})
    assert (response.status_code, NAMES - set(response.headers)) == (301, set())


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", []),
        ("/admin/", []),
        ("/teacher/", []),
        ("/door/", ["camera=(self)"]),
        ("/en/door/gate/1/", ["camera=(self)"]),
        ("/events/door/", []),
    ],
)
def test_camera_is_allowed_at_the_door_only(path: str, allowed: list[str]) -> None:
    parts = permissions_policy(path).split(", ")
    off = [f"{name}=()" for name in POWERFUL_FEATURES if f"{name}=(self)" not in allowed]
    assert sorted(parts) == sorted([*allowed, *off])


def test_policy_of_the_door_is_sent(client: Client, db: None) -> None:
    sent = [client.get(path)["Permissions-Policy"] for path in ("/door/", "/accounts/login/")]
    assert ["camera=(self)" in one for one in sent] == [True, False]


def test_cookies_on_https_are_bound_to_this_very_host(client: Client, db: None, on_https: None) -> None:
    User.objects.create_user("rao", password="a-long-enough-one")
    login = client.get("/accounts/login/", secure=True, headers={"Host": "fest.example.org"})
    client.force_login(User.objects.get())
    cookies = {**login.cookies, **client.cookies}
    bound = {
        name: (bool(cookie["secure"]), cookie["path"], cookie["domain"] or "")
        for name, cookie in cookies.items()
    }
    assert bound == dict.fromkeys(("__Host-csrftoken", "__Host-sessionid"), (True, "/", ""))


def test_cookies_on_http_have_plain_names(client: Client, db: None) -> None:
    User.objects.create_user("rao", password="a-long-enough-one")
    login = client.get("/accounts/login/")
    client.force_login(User.objects.get())
    assert {**login.cookies, **client.cookies}.keys() == {"csrftoken", "sessionid"}


def test_cookie_of_the_known_browser_is_bound_to_https(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    names = []
    for secure in (True, False):
        settings.SESSION_COOKIE_SECURE = secure
        names.append(executed("registrations.teachers.throttling")["COOKIE"])
    assert names == ["__Secure-device", "device"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SITE_URL": "http://localhost:8000"}, (0, False, False)),
        ({"SITE_URL": "https://fest.example.org"}, (365 * 86400, False, False)),
        (
            {"SITE_URL": "https://fest.example.org", "HSTS_INCLUDE_SUBDOMAINS": "on", "HSTS_PRELOAD": "on"},
            (365 * 86400, True, True),
        ),
    ],
)
def test_hsts_is_for_this_host_unless_asked(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: tuple[int, bool, bool]
) -> None:
    made = fresh_settings(monkeypatch, **environment)
    names = ("SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD")
    assert tuple(made[name] for name in names) == expected


def test_messages_stay_on_the_server() -> None:
    """Messages name students; a cookie would keep them readable on a shared computer."""
    request = HttpRequest()
    request.session = SessionStore()
    assert isinstance(default_storage(request), SessionStorage)


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("page")


@pytest.mark.parametrize(
    "view",
    [
        plain,
        csp_update({"script-src": ["'self'", "'wasm-unsafe-eval'"]})(plain),
        csp_replace({"img-src": ["'none'"]})(plain),
        csp({"default-src": ["'none'"]})(plain),
        csp_exempt()(plain),
        lambda request: HttpResponse("page", headers={"Content-Security-Policy": "sandbox"}),
    ],
    ids=["plain", "updated", "replaced", "own", "exempt", "set"],
)
@pytest.mark.parametrize("debug", [False, True])
def test_policy_is_the_one_of_the_library(view: Any, debug: bool, settings: Any) -> None:
    settings.DEBUG = debug
    answers: list[Any] = [made(view)(RequestFactory().get("/")) for made in (PolicyMiddleware, CSPMiddleware)]
    assert dict(answers[0].headers) == dict(answers[1].headers)
