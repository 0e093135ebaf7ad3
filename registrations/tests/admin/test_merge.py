"""Merging students and schools in the admin."""

from typing import Any

import pytest
from django.test import Client

from events.models import Fest
from registrations.models import MergedReference, Registration, School, Student
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from registrations.tests.counting import states
from techfest.core.admin.base import page_of
from tickets.tests.admin_helpers import act, list_path, organiser_client, query_count, said

pytestmark = pytest.mark.django_db
REASON = {"reason": "Twice", "confirmed": "yes", "notify": "on"}


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def student(*events: Any, name: str = "Asha Rao", **values: Any) -> Student:
    return build_submission(*events, name=name, **values).student


def test_everything_of_a_student_is_cancelled_at_once(client: Client, fest: Fest) -> None:
    first, second = build_event(fest), build_event(fest)
    asha = student(first, second)
    student(first, name="Ben Iyer")
    assert "Cancel 2 registrations and mail" in act(client, "cancel_everything", asha).content.decode()
    assert said(act(client, "cancel_everything", asha, **REASON)) == ["2 cancelled, 2 mails queued."]
    assert (states(first), states(second)) == (["cancelled", "confirmed"], ["cancelled"])


def test_merge_shows_what_both_hold_and_wants_one_to_stay(client: Client, fest: Fest) -> None:
    event, early, late = build_event(fest), build_event(fest, hour=10), build_event(fest, hour=10.5)
    one, two = student(event, early, section="A"), student(event, late, section="B")
    page = act(client, "merge_students", one, two).content.decode()
    assert "Both are registered for 1 event:" in page
    assert "1 pair of events clashes: both registrations stay" in page
    again = act(client, "merge_students", one, two, **REASON).content.decode()
    assert "Choose the one to keep" in again
    assert Student.objects.count() == 2


def test_confirmed_merge_makes_one(client: Client, fest: Fest) -> None:
    one, two = student(build_event(fest), section="A"), student(build_event(fest), section="B")
    act(client, "merge_students", one, two, kept=two.pk, **REASON)
    assert list(Student.objects.all()) == [two]
    assert Registration.objects.filter(student=two).count() == 2


def test_one_student_is_merged_into_a_namesake_that_is_picked(client: Client, fest: Fest) -> None:
    one, two = student(build_event(fest), section="A"), student(build_event(fest), section="B")
    act(client, "merge_students", one, kept=two.pk, **REASON)
    assert list(Student.objects.all()) == [two]


def test_one_student_is_merged_into_another_spelling_that_is_picked(client: Client, fest: Fest) -> None:
    one = student(build_event(fest), name="Hélène Müller")
    two = student(build_event(fest), name="Helene Mueller", section="B", is_another=True)
    act(client, "merge_students", one, kept=two.pk, **REASON)
    assert list(Student.objects.all()) == [two]


def test_merging_a_student_without_a_namesake_is_refused(client: Client, fest: Fest) -> None:
    response = act(client, "merge_students", student(build_event(fest)))
    assert said(response) == [
        "No other student of this school has this name or a similar one. Choose both students in the list."
    ]


def test_merged_student_is_found_by_the_reference_that_was_printed(client: Client, fest: Fest) -> None:
    one, two = student(build_event(fest), section="A"), student(build_event(fest), section="B")
    act(client, "merge_students", one, two, kept=two.pk, **REASON)
    assert MergedReference.objects.get().student == two
    found = client.get(list_path(Student), {"q": one.reference}).context["cl"].result_list
    assert list(found) == [two]


def test_possible_duplicates_stand_side_by_side_at_constant_cost(client: Client, fest: Fest) -> None:
    path = f"{list_path(Student)}?namesakes=yes"
    pair = [student(build_event(fest), section=character) for character in "AB"]
    student(build_event(fest), name="Ben Iyer")
    cost = query_count(client, path)
    assert list(client.get(path).context["cl"].result_list) == pair
    for name in ("Chitra Sen", "Dev Das"):
        for character in "AB":
            student(build_event(fest), name=name, section=character)
    assert query_count(client, path) == cost


def test_schools_are_merged_after_the_page_has_said_what_moves(client: Client, fest: Fest) -> None:
    kept, removed = build_school("St Mary's School"), build_school("Saint Mary School")
    student(build_event(fest), school=kept.name)
    student(build_event(fest), school=removed.name)
    page = act(client, "merge_schools", kept, removed).content.decode()
    assert "1 student is listed twice and merged" in page
    response = act(client, "merge_schools", kept, removed, kept=kept.pk, **REASON)
    assert said(response) == [
        "1 mail queued.",
        "Saint Mary School is now known as St Mary's School.",
    ]
    assert (list(School.objects.all()), Student.objects.count()) == ([kept], 1)


def test_one_school_is_merged_into_another_that_is_picked(client: Client, fest: Fest) -> None:
    kept, removed = build_school("St Mary's School"), build_school("Saint Mary School")
    act(client, "merge_schools", removed, kept=kept.pk, **REASON)
    assert list(School.objects.all()) == [kept]


def test_pages_have_the_buttons_that_belong_there(client: Client, fest: Fest) -> None:
    asha = student(build_event(fest))
    pages = [asha, asha.school, asha.registrations.get()]
    found = [[tool.label for tool in client.get(page_of(row)).context["object_tools"]] for row in pages]
    assert found == [
        ["Cancel everything", "Merge with a namesake", "Correct the school", "Answers", "Add a registration"],
        ["Its students", "Its registrations", "Merge into another school"],
        ["Move to another event", "Send the mail again", "Cancel"],
    ]
