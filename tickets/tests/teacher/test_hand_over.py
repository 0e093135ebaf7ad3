"""Handing class lists over to a colleague."""

import pytest
from django.test import Client

from events.models import Fest
from registrations.models import ClassList, Teacher
from registrations.tests.builders import build_fest
from tickets.models import Delivery, Notice
from tickets.tests.builders.teachers import build_teacher, signed_in, text_of

pytestmark = pytest.mark.django_db

PAGE = "/teacher/handover/"


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def build_list(teacher: Teacher, fest: Fest, title: str = "Class 7 A") -> ClassList:
    return ClassList.objects.create(
        fest=fest, school=teacher.school, owner=teacher.user, title=title, digest=b"x"
    )


def give(client: Client, colleague: Teacher, *lists: ClassList) -> int:
    form = {"lists": [row.pk for row in lists], "colleague": colleague.pk}
    return client.post(PAGE, form).status_code


def test_colleague_becomes_the_owner_and_both_are_notified(fest: Fest) -> None:
    giver, taker = build_teacher(), build_teacher()
    lists = [build_list(giver, fest, title) for title in ("Class 7 A", "Class 8 B")]
    assert give(signed_in(giver), taker, *lists) == 302
    assert {row.owner for row in ClassList.objects.all()} == {taker.user}
    assert set(Delivery.objects.values_list("kind", "to")) == {
        ("notice", giver.user.email),
        ("notice", taker.user.email),
    }
    assert all("Class 8 B" in notice.text for notice in Notice.objects.all())


def test_handing_over_to_the_owner_notifies_no_one(fest: Fest) -> None:
    giver, taker = build_teacher(), build_teacher()
    row = build_list(taker, fest)
    assert give(signed_in(giver), taker, row) == 302
    assert Delivery.objects.count() == 0


def test_lists_of_another_school_cannot_be_handed_over(fest: Fest) -> None:
    giver, taker, stranger = build_teacher(), build_teacher(), build_teacher("Hill School")
    mine, theirs = build_list(giver, fest), build_list(stranger, fest)
    client = signed_in(giver)
    assert (give(client, stranger, mine), give(client, taker, theirs)) == (200, 200)
    assert [row.owner for row in (*ClassList.objects.order_by("pk"),)] == [giver.user, stranger.user]


def test_colleague_who_is_not_approved_gets_nothing(fest: Fest) -> None:
    giver, waiting = build_teacher(), build_teacher(is_approved=False)
    row = build_list(giver, fest)
    assert "No other teacher of your school has access yet." in text_of(signed_in(giver).get(PAGE))
    assert give(signed_in(giver), waiting, row) == 200
    assert ClassList.objects.get().owner == giver.user


@pytest.mark.parametrize(
    "form", [{}, {"lists": "x", "colleague": "y"}, {"lists": ["999999"], "colleague": "0"}]
)
def test_form_that_says_nothing_comes_back(fest: Fest, form: dict[str, str]) -> None:
    giver, _taker = build_teacher(), build_teacher()
    build_list(giver, fest)
    assert "There is a problem" in text_of(signed_in(giver).post(PAGE, form))
