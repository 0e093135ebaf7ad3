"""A temporary password must be changed before anything else."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from registrations.models import TemporaryPassword
from registrations.teachers.role_assignment import give_password
from registrations.tests.second_step import code_of
from techfest.core.admin.base import page_of
from techfest.core.roles import OWNER, VOLUNTEER
from tickets.tests.admin_helpers import filled_in, in_role, organiser_client

pytestmark = pytest.mark.django_db

CHANGE = "/accounts/password/change/"
NEW = "three green words"


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def signed_in(user: Any, password: str) -> Client:
    browser = Client()
    response = browser.post("/accounts/login/", {"login": user.username, "password": password})
    assert response.status_code == 302
    return browser


def change(browser: Client, old: str, new: str, query: str = "") -> Any:
    return browser.post(CHANGE + query, {"oldpassword": old, "password1": new})


@pytest.mark.parametrize(
    "path", ["/admin/", "/door/", "/teacher/", "/accounts/2fa/", "/accounts/sessions/", "/door/gate/1/live"]
)
def test_every_page_leads_to_the_change_until_it_is_made(path: str) -> None:
    user = in_role(OWNER)
    password = give_password(user)
    browser = signed_in(user, password)
    assert browser.get(path)["Location"] == f"{CHANGE}?next={path.replace('/', '%2F')}"
    assert browser.post(path)["Location"].startswith(f"{CHANGE}?next=%2Fadmin%2F")
    assert "An organiser chose this password" in browser.get(CHANGE).content.decode()
    response = change(browser, password, NEW, f"?next={path}")
    assert (response.status_code, response["Location"]) == (302, path)
    assert CHANGE not in browser.get(path).get("Location", "")
    assert TemporaryPassword.objects.count() == 0
    assert CHANGE not in signed_in(user, NEW).get(path).get("Location", "")


def test_temporary_password_cannot_be_kept() -> None:
    user = in_role(VOLUNTEER)
    password = give_password(user)
    browser = signed_in(user, password)
    assert "Choose a password other" in change(browser, password, password).content.decode()
    assert CHANGE in browser.get("/door/")["Location"]


def test_signing_out_is_possible_before() -> None:
    user = in_role(VOLUNTEER)
    browser = signed_in(user, give_password(user))
    assert browser.post("/accounts/logout/")["Location"] == "/accounts/login/"


def test_link_by_mail_replaces_it_and_a_second_temporary_password_counts_again() -> None:
    user = in_role(VOLUNTEER)
    give_password(user)
    user.set_password(NEW)
    user.save()
    assert CHANGE not in signed_in(user, NEW).get("/door/").get("Location", "")
    client = organiser_client(in_role(OWNER))
    client.post(page_of(user), filled_in(client, page_of(user), password_choice="show"))
    assert TemporaryPassword.objects.get().account == user


def test_session_that_was_open_before_is_out() -> None:
    user = in_role(VOLUNTEER)
    browser = organiser_client(user)
    give_password(user)
    assert browser.get("/accounts/sessions/")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("email", ["", "new.owner@example.org"])
def test_account_with_a_given_password_switches_on_its_second_step(settings: Any, email: str) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    user = in_role(OWNER, email=email)
    password = give_password(user)
    browser = signed_in(user, password)
    change(browser, password, NEW)
    assert browser.get("/admin/")["Location"] == "/accounts/2fa/"
    assert browser.get("/accounts/2fa/").status_code == 200
    asked = browser.get(reverse("mfa_activate_totp"))["Location"]
    page = browser.post(asked, {"password": NEW}, follow=True)
    assert (page.status_code, page.redirect_chain) == (200, [(reverse("mfa_activate_totp"), 302)])
    secret: str = page.context["form"].secret
    assert browser.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}).status_code == 302
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
