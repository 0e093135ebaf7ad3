"""With two fests, a message belongs to one of them and reaches its students only."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.fest_choice import ALL
from events.models import Fest
from registrations.tests.builders import build_event, build_fest, build_submission
from tickets.mail.broadcast import service
from tickets.models import Delivery, Message
from tickets.tests.admin_helpers import list_path, organiser, organiser_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return organiser_client(organiser("boss", email="boss@fest.example"))


def choose(client: Client, fest: Fest | None) -> Any:
    wanted = fest.pk if fest else ALL
    return client.post(reverse("admin:choose_fest"), {"fest": wanted, "next": "/admin/"})


def test_message_reaches_its_own_fest_only(client: Client) -> None:
    first, second = build_fest(), build_fest(is_current=False)
    for fest in (first, second):
        build_submission(build_event(fest))
    text = {"subject": "Hall changed", "text": "Come to the gym."}
    client.post(reverse("admin:tickets_message_add"), text)
    message = Message.objects.get()
    assert message.fest == first
    client.post(reverse("admin:tickets_message_try", args=[message.pk]))
    choose(client, second)
    assert list(client.get(list_path(Message)).context["cl"].result_list) == []
    client.post(reverse("admin:tickets_message_confirm", args=[message.pk]), {"mails": 1})
    students = Delivery.objects.filter(message=message, user=None).values_list("student__fest", flat=True)
    assert list(students) == [first.pk]


def test_message_to_all_fests_is_refused(client: Client) -> None:
    for fest in (build_fest(), build_fest(is_current=False)):
        build_submission(build_event(fest))
    choose(client, None)
    response = client.post(reverse("admin:tickets_message_add"), {"subject": "Hi", "text": "Hi"})
    assert "Choose registrations of one fest" in response.content.decode()
    assert Message.objects.count() == 0


def test_database_refuses_a_message_to_a_student_of_another_fest() -> None:
    user = organiser()
    first, second = build_fest(), build_fest(is_current=False)
    student = build_submission(build_event(second)).student
    message = Message.objects.create(fest=first, subject="Hi", text="Hi", created_by=user)
    now = timezone.now()
    values = {"kind": "message", "message": message, "to": "a@example.org", "mailbox": "a@example.org"}
    values |= {"created_at": now, "queued_at": now, "due_at": now}
    with pytest.raises(IntegrityError, match="another"), transaction.atomic():
        Delivery.objects.create(student=student, **values)
    with pytest.raises(IntegrityError, match="stays in its fest"), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(fest=second)
    Delivery.objects.create(user=user, **values)
    assert service.window().total_seconds() >= 0
