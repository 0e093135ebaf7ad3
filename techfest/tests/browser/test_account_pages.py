"""The login pages in a real browser: accessibility, widths and colours."""

import re
from collections.abc import Iterator
from typing import Any

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from registrations.models import Invitation, Teacher
from registrations.tests.builders import PASSWORD, build_fest, build_school, build_teacher, build_user
from techfest.tests.browser.pages import PHONE, all_faults_of, heading

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def teacher(
    beside_a_running_loop: None, plain_static: None, transactional_db: None, settings: Any
) -> Teacher:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    build_fest(name="Riverside Tech Fest")
    build_school("Brücke-Gesamtschule Wolfeschlegelsteinhausenbergerdorff-Krishnamurthypuram")
    return build_teacher(email="rao@example.org", first_name="Ms Rao")


@pytest.fixture
def page(browser: Browser, live_server: Any) -> Iterator[Page]:
    with browser.new_context(viewport=PHONE, base_url=live_server.url) as context:
        yield context.new_page()


def submit_form(page: Page) -> None:
    page.locator("main button.button").click()


def log_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/?next=/accounts/password/change/")
    page.get_by_label("E-mail address or user name").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    submit_form(page)


def found(page: Page) -> list[str]:
    """The faults of the open page, also of its text version."""
    parser = html5lib.HTMLParser()
    parser.parse(page.evaluate("fetch(location.href).then((answer) => answer.text())"))
    return all_faults_of(page, Axe()) + [error[1] for error in parser.errors]


def test_pages_before_the_login_have_no_faults(teacher: Teacher, page: Page) -> None:
    by = build_user(is_staff=True)
    new, known = (
        Invitation.objects.create(email=email, school=teacher.school, invited_by=by)
        for email in ("new@example.org", "rao@example.org")
    )
    paths = [
        reverse("account_login"),
        reverse("account_signup"),
        reverse("account_reset_password"),
        reverse("account_reset_password_done"),
        reverse("account_reset_password_from_key", args=["1", "dead-link"]),
        reverse("account_email_verification_sent"),
        reverse("account_confirm_email", args=["dead"]),
        reverse("account_inactive"),
        reverse("account_invited", args=[new.code]),
        reverse("account_invited", args=[known.code]),
        reverse("account_invited", args=["dead"]),
    ]
    faults = {}
    for path in paths:
        page.goto(path)
        faults[path] = found(page)
    assert {name: one for name, one in faults.items() if one} == {}


def test_forms_with_errors_have_no_faults(teacher: Teacher, page: Page) -> None:
    faults = {}
    for name in ("account_login", "account_signup", "account_reset_password"):
        page.goto(reverse(name))
        submit_form(page)
        expect(page).to_have_title(re.compile(r"^Error: "))
        assert page.evaluate("document.activeElement.id") == "error-summary"
        faults[name] = all_faults_of(page, Axe())
    assert {name: one for name, one in faults.items() if one} == {}


def test_pages_of_a_signed_in_teacher_have_no_faults(teacher: Teacher, page: Page) -> None:
    log_in(page, "rao@example.org")
    assert heading(page) == "My account"
    faults = {}
    for name in (
        "account_change_password",
        "account_sessions",
        "mfa_index",
        "mfa_activate_totp",
        "account_logout",
    ):
        page.goto(reverse(name))
        faults[name] = found(page)
    page.goto(reverse("mfa_activate_totp"))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    submit_form(page)
    faults["code to scan"] = found(page)
    page.goto(reverse("account_change_password"))
    submit_form(page)
    faults["errors"] = all_faults_of(page, Axe())
    assert {name: one for name, one in faults.items() if one} == {}


def test_waiting_page_has_no_faults(teacher: Teacher, page: Page) -> None:
    build_teacher(email="new@example.org", is_approved=False)
    log_in(page, "new@example.org")
    page.goto(reverse("teachers:waiting"))
    assert heading(page) == "The organisers are checking your request"
    assert found(page) == []
