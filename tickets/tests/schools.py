"""A school with its teacher, and a browser in which that teacher is signed in."""

import itertools
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from events import snapshot
from registrations.models import Teacher
from registrations.tests.builders import build_school, let_in

_numbers = itertools.count(1)


def build_teacher(school: str = "Riverside Public School", **values: Any) -> Teacher:
    """An approved teacher of this school."""
    number = next(_numbers)
    user = User.objects.create_user(
        f"teacher{number}", f"teacher{number}@school.example", first_name="Meera", last_name=f"Rao {number}"
    )
    defaults: dict[str, Any] = {"school": build_school(school), "approved_at": timezone.now()}
    return let_in(Teacher.objects.create(user=user, **(defaults | values)))


def signed_in(teacher: Teacher) -> Client:
    """The browser of this teacher; the next page sees everything that was built before."""
    client = Client()
    client.force_login(teacher.user)
    snapshot.forget()
    return client


def shut(answer: Any) -> None:
    """Closes the file behind a download and not the answer, which would take the connection along."""
    for close in answer._resource_closers:
        close()
