"""The navigation of the admin: a home for every table, for each role only what opens, and no query per link."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import resolve, reverse

from events.models import Event, Seats
from registrations.models import Registration, Submission
from techfest.core import roles
from techfest.core.admin.base import page_of
from techfest.tests.support.kept_rows import KeepRows
from tickets.dashboard.navigation import Navigation, navigation_of, records_of
from tickets.dashboard.sections import RECORDS, SECTIONS
from tickets.models import Gate
from tickets.tests.admin_helpers import in_role, list_path, organiser, organiser_client, query_count
from tickets.tests.builders.everything import build_row_of_everything

pytestmark = pytest.mark.django_db

ADMIN = (roles.OWNER, roles.LEAD, roles.RESULTS)
DASHBOARD = "/admin/"


@pytest.fixture(scope="module", autouse=True)
def _row_of_everything(keep_rows: KeepRows) -> None:
    keep_rows(build_row_of_everything, 1)


def member(role: str) -> Any:
    user = in_role(role)
    if role == roles.LEAD:
        Event.objects.filter(registrations__isnull=False).get().leads.add(user)
    return user


def navigation_for(user: Any, path: str = DASHBOARD) -> Navigation:
    request = RequestFactory().get(path)
    request.user, request.resolver_match = user, resolve(path)
    return navigation_of(request)


def labels(tabs: Any) -> list[str]:
    return [str(tab.label) for tab in tabs]


def links_of(page: str) -> set[str]:
    """The paths of all links in the header and the tabs."""
    parts = re.findall(r"<nav [^>]*>.*?</nav>", page, re.S)
    return {path for part in parts for path in re.findall(r'href="([^"]+)"', part)}


def test_every_table_has_exactly_one_home() -> None:
    homes = [link.table for section in SECTIONS for link in section.links if link.table]
    assert sorted(homes) == sorted(model._meta.label_lower for model in admin.site._registry)


def test_sections_follow_the_work() -> None:
    assert labels(SECTIONS) == [
        "Today",
        "Events",
        "Registrations",
        "Schools and teachers",
        "Waiting",
        "Messages",
        "Documents",
        "Results",
        "Check-in",
        "Settings",
        "Records",
    ]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (roles.OWNER, labels(SECTIONS)),
        (roles.LEAD, [one for one in labels(SECTIONS) if one != "Records"]),
        (roles.RESULTS, ["Today", "Events", "Results"]),
    ],
)
def test_role_is_offered_its_sections(role: str, expected: list[str]) -> None:
    assert labels(navigation_for(member(role)).sections) == expected


@pytest.mark.parametrize("role", ADMIN)
def test_every_link_of_the_navigation_opens(role: str) -> None:
    """Starting at the dashboard, for the tabs of each section too."""
    client = organiser_client(member(role))
    paths: set[str] = {DASHBOARD}
    seen: set[str] = set()
    while paths - seen:
        path = min(paths - seen)
        seen.add(path)
        page = client.get(path)
        if path == reverse("checkin:home"):
            assert page.status_code in (200, 302, 404), "a page of the door, or none without a fest today"
            continue
        assert (path, page.status_code) == (path, 200)
        paths |= links_of(page.content.decode())
    assert len(seen) > (40 if role == roles.OWNER else 4)


def test_volunteer_has_no_admin() -> None:
    client = organiser_client(in_role(roles.VOLUNTEER))
    assert {client.get(path).status_code for path in (DASHBOARD, "/admin/records/", "/admin/waiting/")} == {
        403
    }


@pytest.mark.parametrize("role", [roles.LEAD, roles.RESULTS])
def test_records_are_for_owners(role: str) -> None:
    user = member(role)
    assert organiser_client(user).get(reverse("admin:records")).status_code == 403
    assert "Records" not in labels(navigation_for(user, list_path(Seats)).sections)


def test_owner_finds_every_raw_table_under_records() -> None:
    page = organiser_client(member(roles.OWNER)).get(reverse("admin:records"))
    request = page.wsgi_request
    assert [tab.path for tab in records_of(request)] == [link.path for link in RECORDS.links[1:]]
    assert all(f'href="{link.path}"' in page.content.decode() for link in RECORDS.links)


@pytest.mark.parametrize(
    ("path_of", "section", "page", "mark"),
    [
        (lambda: DASHBOARD, "Today", "Today", "page"),
        (lambda: list_path(Registration), "Registrations", "Registrations", "page"),
        (lambda: page_of(Registration.objects.all()[0]), "Registrations", "Registrations", "true"),
        (
            lambda: reverse("admin:registrations_registration_add_by_hand"),
            "Registrations",
            "Registrations",
            "true",
        ),
        (lambda: list_path(Gate), "Check-in", "Gates", "page"),
        (lambda: reverse("admin:timetable"), "Events", "Timetable", "page"),
        (lambda: reverse("admin:results_enter", args=[1]), "Results", "Enter results", "true"),
        (lambda: reverse("admin:documents_event", args=[1]), "Documents", "Print", "true"),
        (lambda: reverse("admin:documents_school", args=[1]), "Schools and teachers", "Schools", "true"),
        (lambda: list_path(Submission), "Records", "Submissions", "page"),
    ],
)
def test_section_and_page_are_marked(path_of: Any, section: str, page: str, mark: str) -> None:
    shown = navigation_for(organiser(), path_of())
    assert labels(tab for tab in shown.sections if tab.current) == [section]
    assert shown.page is not None
    assert (shown.page.label, shown.page.current) == (page, mark)


def test_marks_are_in_the_page_and_records_have_no_tabs() -> None:
    client = organiser_client()
    page = client.get(list_path(Gate)).content.decode()
    assert re.findall(r'<a [^>]*aria-current="(\w+)">([^<]+)<', page) == [
        ("true", "Check-in"),
        ("true", "Check-in"),
        ("page", "Gates"),
    ], "in the menu of a phone, in the bar, and among the tabs"
    assert 'class="tabs"' not in client.get(list_path(Submission)).content.decode()


def test_navigation_costs_no_query_per_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner sees every link, for the queries that a page without navigation needs."""
    client = organiser_client(member(roles.OWNER))
    with_links = query_count(client, reverse("admin:records"))
    monkeypatch.setattr("tickets.dashboard.site.navigation_of", lambda request: None)
    assert with_links - query_count(client, reverse("admin:records")) <= 1, "the permissions of the user"


def test_list_of_one_app_leads_to_the_pages_that_replace_it() -> None:
    path = reverse("admin:app_list", args=["events"])
    owner, results = organiser_client(member(roles.OWNER)), organiser_client(member(roles.RESULTS))
    assert (owner.get(path)["Location"], results.get(path)["Location"]) == ("/admin/records/", DASHBOARD)
    assert Client().get(path).status_code == 302
