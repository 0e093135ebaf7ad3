"""Notices to teachers about students without an address name only whom the teacher may still read about."""

from typing import Any

import pytest
from django.test import Client

from events.models import Event, Fest
from registrations.models import Registration, Student, Teacher
from registrations.privacy.erase import erase
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_school,
    build_submission,
    build_teacher,
)
from techfest.core.db.locking import Deadline
from tickets.mail.compose import compose
from tickets.models import Delivery, Notice
from tickets.tests.admin_helpers import act, list_path, organiser_client, sent_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def rows(event: Event) -> list[Registration]:
    return list(event.registrations.order_by("queue_position"))


def pressed(client: Client, page: Any, **values: Any) -> Any:
    """Send the page of an action as a browser does."""
    return client.post(list_path(Registration), sent_by(page) | values, follow=True)


def two_children_to_tell(client: Client, fest: Fest) -> tuple[Teacher, list[Student]]:
    """A pending notice to this teacher about two children, one of whom the sentence names."""
    event, teacher = build_event(fest, capacity=5), build_teacher()
    who = {"grade": 7, "email": "", "school": teacher.school.name}
    children = [build_submission(event, name=name, **who).student for name in ("Asha Rao", "Ben Iyer")]
    page = act(client, "cancel_registrations", *rows(event))
    pressed(client, page, notify="on", tell_teachers="on", reason="Tell Asha Rao first.")
    return teacher, children


def test_erased_student_is_not_named_in_a_notice_that_waits(client: Client, fest: Fest) -> None:
    _teacher, (first, second) = two_children_to_tell(client, fest)
    erase([first.pk], deadline=Deadline(30))
    assert "Asha Rao" not in Notice.objects.get().text
    message = compose(Delivery.objects.get(kind="notice"))
    assert message is not None
    assert ("Asha Rao" in message.body, "Ben Iyer" in message.body) == (False, True)
    erase([second.pk], deadline=Deadline(30))
    assert (Notice.objects.count(), Delivery.objects.filter(kind="notice").count()) == (0, 0)


@pytest.mark.parametrize("lost", ["approval", "school"])
def test_teacher_who_lost_access_is_told_nothing(client: Client, fest: Fest, lost: str) -> None:
    teacher, _children = two_children_to_tell(client, fest)
    changed = {"approved_at": None} if lost == "approval" else {"school": build_school("Hill School")}
    Teacher.objects.filter(pk=teacher.pk).update(**changed)
    assert compose(Delivery.objects.get(kind="notice")) is None
