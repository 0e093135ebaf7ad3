"""Every page of the admin but the lists, which have their own tests: found from the URLs, so that none is left out."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Browser, Page

from events.models import Event
from registrations.models import School
from registrations.tests.builders import build_event
from techfest.core import roles
from techfest.tests.browser.admin_faults import (
    COLONS,
    DESK,
    faults_at,
    narrow_and_large_faults,
    overflows,
    violations,
)
from techfest.tests.browser.pages import PHONE, signed_in
from tickets.tests.admin_helpers import in_role, list_path, organiser
from tickets.tests.builders.everything import build_row_of_everything

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MODELS = {f"{model._meta.app_label}/{model._meta.model_name}/": model for model in admin.site._registry}
NO_PAGES = ("changelist", "autocomplete", "jsi18n", "logout", "download", "_csv", "_xlsx", "_ods")
SEARCHES = ("?q=school", "?q=zzzz")
IN_EVERY_WAY = (
    "events_event_add",
    "events_event_change",
    "events_event_page",
    "events_fest_change",
    "checkin_change",
    "gate_add",
    "gate_change",
    "message_add",
    "school_history",
    "gate_delete",
    "results_enter",
    "waiting",
    "records",
)
"""Ends of the names of pages, one of each kind, that are looked at in the dark, on a phone and with large text too."""


@pytest.fixture
def rows(beside_a_running_loop: None, plain_static: None, transactional_db: None) -> None:
    """Rows of every model, and more events than fit in a list of check boxes."""
    for number in (1, 2):
        build_row_of_everything(number)
    fest = Event.objects.order_by("pk")[0].fest
    for number in range(32):
        build_event(fest, name=f"Event {number}")


def first_of(model: Any) -> Any:
    return getattr(model._default_manager.order_by("pk").first(), "pk", None)


def addresses() -> Iterator[tuple[str, str]]:
    """Names of all URLs of the admin with the address of one row."""
    site: Any = next(one for one in get_resolver().url_patterns if getattr(one, "namespace", "") == "admin")
    for entry in site.url_patterns:
        inside = entry.url_patterns if isinstance(entry, URLResolver) else [entry]
        model = MODELS.get(str(entry.pattern)) if isinstance(entry, URLResolver) else None
        for pattern in inside:
            if isinstance(pattern, URLPattern) and pattern.name and not pattern.name.endswith(NO_PAGES):
                yield from _address(pattern, model)


def _address(pattern: URLPattern, model: Any) -> Iterator[tuple[str, str]]:
    known = {
        "event_id": first_of(Event),
        "school_id": first_of(School),
        "object_id": model and first_of(model),
        "pk": model and first_of(model),
    }
    values = {name: known.get(name) for name in pattern.pattern.converters}
    if None not in values.values():
        try:
            yield str(pattern.name), reverse(f"admin:{pattern.name}", kwargs=values)
        except NoReverseMatch:  # of the app's list or a similar pattern without names
            return


def pages_for(user: Any, *, lists: bool = False) -> dict[str, str]:
    """Names and addresses of the pages that this user may open."""
    client = Client()
    client.force_login(user)
    found = dict(addresses())
    if lists:
        found |= {path: path for path in map(list_path, admin.site._registry)}
    found |= {f"search{query}": reverse("admin:search") + query for query in SEARCHES}
    return {name: path for name, path in found.items() if _is_page(client.get(path))}


def _is_page(answer: Any) -> bool:
    return bool(answer.status_code == 200 and answer["Content-Type"].startswith("text/html"))


def faults_of(page: Page, name: str) -> list[str]:
    """On a wide screen in light; for one page of each kind also in the dark, on a phone and with large text."""
    found = [f"{name}: {text!r} ends with a colon" for text in page.evaluate(COLONS)]
    if page.locator("h1").count() != 1:
        found.append(f"{name}: not one h1")
    if not name.endswith(IN_EVERY_WAY):
        page.set_viewport_size(DESK)
        return found + violations(page, name) + overflows(page, name)
    found += [fault for size in (PHONE, DESK) for fault in faults_at(page, name, size)]
    return found + narrow_and_large_faults(page, name, (PHONE, DESK))


def faults_for(user: Any, browser: Browser, live_server: Any, pages: dict[str, str]) -> list[str]:
    with signed_in(browser, user, live_server.url, viewport=DESK, color_scheme="light") as context:
        page = context.new_page()
        found: list[str] = []
        for name, path in pages.items():
            answer = page.goto(path, wait_until="domcontentloaded")
            if not answer or not answer.ok or not page.url.endswith(path):
                found.append(f"{name}: {path} is not shown")
            found += faults_of(page, name)
    return found


def test_every_page_has_no_faults(rows: None, browser: Browser, live_server: Any) -> None:
    owner = organiser()
    pages = pages_for(owner)
    with_rows = {model for model in MODELS.values() if first_of(model)}
    assert {
        one for one in with_rows if f"{one._meta.app_label}_{one._meta.model_name}_change" not in pages
    } == set()
    assert [end for end in IN_EVERY_WAY if not any(name.endswith(end) for name in pages)] == []
    assert faults_for(owner, browser, live_server, pages) == []


@pytest.mark.parametrize(
    ("role", "own"),
    [
        (roles.LEAD, {"index", "events_event_page", "registrations_registration_change", "waiting"}),
        (roles.RESULTS, {"index", "events_event_page", "results_enter"}),
    ],
)
def test_pages_of_the_other_roles_have_no_faults(
    rows: None, browser: Browser, live_server: Any, role: str, own: set[str]
) -> None:
    user = in_role(role)
    for event in Event.objects.order_by("pk")[:3]:
        event.leads.add(user)
    pages = pages_for(user, lists=True)
    assert own - set(pages) == set()
    assert faults_for(user, browser, live_server, pages) == []
