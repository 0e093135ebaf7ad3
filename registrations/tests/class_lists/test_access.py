"""Only approved teachers of the school can see or change a class list."""

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from registrations.class_lists import urls
from registrations.models import ClassList, ClassListRow, Teacher
from registrations.tests.builders import build_fest, build_school
from registrations.tests.builders.class_list_uploads import (
    LISTS,
    browser,
    build_listed_fest,
    build_listing_teacher,
    draft_of,
    handed_over,
    pasted,
)
from tickets.tests.admin_helpers import organiser_client

pytestmark = pytest.mark.django_db

# Every address of this part: the rest of its path, and the methods that it takes.
OF_A_LIST = {
    "preview": ("", {"GET"}),
    "edit": ("fix/", {"POST"}),
    "columns": ("columns/", {"POST"}),
    "answer": ("questions/", {"POST"}),
    "confirm_encoding": ("letters/", {"POST"}),
    "problems": ("problems.csv", {"GET"}),
    "discard": ("discard/", {"GET", "POST"}),
}
OF_ALL = {"lists": ("", {"GET", "POST"}), "template": ("template.csv", {"GET"})}
EVIL = {
    "grade-2": "9",
    "versions-2": "",
    "leave-2": "1",
    "column-0": "",
    "question": "titles",
    "row": "2",
    "pasted": pasted("Eve|9||Robo Race"),
}


@pytest.fixture
def class_list() -> ClassList:
    build_listed_fest()
    teacher = build_listing_teacher()
    return draft_of(handed_over(browser(teacher), pasted("Asha|99||Robo Race")))


def paths(class_list: ClassList) -> list[tuple[str, str]]:
    """Return method and path of all requests about this list."""
    return [
        (method, f"{LISTS}{class_list.pk}/{rest}")
        for rest, methods in OF_A_LIST.values()
        for method in methods
    ]


def state() -> list[Any]:
    lists = ClassList.objects.values_list("pk", "columns", "is_guess", "updated_at")
    return [*lists, *ClassListRow.objects.values_list("pk", "cells", "is_left_out")]


def test_every_url_of_class_lists_is_tested() -> None:
    """Confirm, progress and result have tests of their own."""
    assert {pattern.name for pattern in urls.urlpatterns} >= set(OF_A_LIST) | set(OF_ALL)


def test_colleague_of_the_same_school_is_allowed(class_list: ClassList) -> None:
    """The requests that fail below succeed for a colleague."""
    colleague = browser(build_listing_teacher("iyer", class_list.school))
    for method, path in paths(class_list):
        assert colleague.generic(method, path).status_code in (200, 302), path
        if ClassList.objects.filter(pk=class_list.pk).exists():
            continue
        assert path.endswith("discard/")
        break


def without_token(response: Any) -> str:
    """Return the page without its CSRF tokens, which differ in each response."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def test_other_schools_teacher_finds_nothing_and_changes_nothing(
    class_list: ClassList, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = browser(build_listing_teacher("khan", build_school("Hillside School")))
    before = state()
    absent = ClassList(pk=class_list.pk + 1000)
    for (method, path), (_same, nowhere) in zip(paths(class_list), paths(absent), strict=True):
        with caplog.at_level(logging.WARNING, logger="registrations.class_lists.views"):
            caplog.clear()
            response = stranger.generic(method, path)
        assert response.status_code == 404, path
        assert "requested class list" in caplog.text
        # A list of another school looks like one that does not exist.
        assert without_token(stranger.generic(method, nowhere)) == without_token(response)
        assert stranger.post(path, EVIL).status_code in (404, 405)
    assert state() == before
    assert "Asha" not in stranger.get(LISTS).content.decode()
    assert "Continue your upload" not in stranger.get(LISTS).content.decode()


@pytest.mark.parametrize("who", ["anonymous", "unapproved", "organiser"])
def test_others_are_sent_away(class_list: ClassList, who: str) -> None:
    clients: dict[str, Callable[[], Client]] = {
        "anonymous": Client,
        "unapproved": lambda: browser(build_listing_teacher("new", class_list.school, is_approved=False)),
        "organiser": organiser_client,
    }
    client, before = clients[who](), state()
    general = [(method, f"{LISTS}{rest}") for rest, methods in OF_ALL.values() for method in methods]
    for method, path in paths(class_list) + general:
        response = client.post(path, EVIL) if method == "POST" else client.get(path)
        if who == "organiser":
            assert response.status_code == 404
        else:
            expected = "/accounts/login/?next=" if who == "anonymous" else "/teacher/waiting/"
            assert (response.status_code, response["Location"][: len(expected)]) == (302, expected)
    assert state() == before


def test_row_of_another_list_cannot_be_named(class_list: ClassList) -> None:
    """Rows are addressed by their number within the list of the URL, and in no other way."""
    teacher = build_listing_teacher("khan", build_school("Hillside School"))
    own = draft_of(handed_over(browser(teacher), pasted("Zara|99||Robo Race")))
    victim = class_list.rows.get()
    forged = {
        f"{name}-{key}": "1"
        for name in ("leave", "take", "versions", "grade", "choice", "add")
        for key in (victim.pk, f"{victim.pk}.0", "-1", "9999999999", "２")
    }
    response = browser(teacher).post(f"{LISTS}{own.pk}/fix/", forged | {"no_email": str(victim.pk)})
    assert response.status_code == 302
    victim.refresh_from_db()
    assert (victim.cells[1], victim.is_left_out) == ("99", False)


def test_list_of_another_fest_is_not_there(class_list: ClassList) -> None:
    class_list.fest = build_fest(is_current=False)
    class_list.save()
    client = browser(build_listing_teacher("iyer", class_list.school))
    assert client.get(f"{LISTS}{class_list.pk}/").status_code == 404
    assert "Continue your upload" not in client.get(LISTS).content.decode()


def test_school_in_the_post_is_not_asked(class_list: ClassList) -> None:
    other = build_school("Hillside School")
    teacher = Teacher.objects.get(school=class_list.school)
    response = handed_over(browser(teacher), pasted("Ben|9||Robo Race"), school=str(other.pk))
    assert draft_of(response).school == class_list.school


def test_pages_are_not_stored_and_need_a_token(class_list: ClassList) -> None:
    teacher = Teacher.objects.get(school=class_list.school)
    client = browser(teacher)
    for path in (LISTS, f"{LISTS}{class_list.pk}/", f"{LISTS}{class_list.pk}/problems.csv"):
        assert client.get(path)["Cache-Control"] == "no-store"
    strict, before = Client(enforce_csrf_checks=True), state()
    strict.force_login(teacher.user)
    for method, path in [("POST", LISTS), *paths(class_list)]:
        if method == "POST":
            assert strict.post(path, EVIL).status_code == 403
    assert state() == before


@pytest.mark.parametrize("pk", ["0", "99999999999999999999999", "-1", "abc", "1%00"])
def test_odd_numbers_of_lists_are_not_there(class_list: ClassList, pk: str) -> None:
    client = browser(Teacher.objects.get(school=class_list.school))
    assert client.get(f"{LISTS}{pk}/").status_code == 404
