"""Build a school with a teacher, and a client in which the teacher is logged in."""

import itertools
import re
from typing import Any

from django.test import Client

from events import cache
from registrations.models import Teacher
from registrations.tests.builders import build_school
from registrations.tests.builders import build_teacher as build_named

_numbers = itertools.count(1)


def build_teacher(school: str = "Riverside Public School", *, is_approved: bool = True) -> Teacher:
    """A teacher of this school with a unique name."""
    number = next(_numbers)
    return build_named(
        build_school(school),
        is_approved=is_approved,
        email=f"teacher{number}@school.example",
        first_name="Meera",
        last_name=f"Rao {number}",
    )


def signed_in(teacher: Teacher) -> Client:
    """A client in which this teacher is logged in; the next page shows everything that was built before."""
    client = Client()
    client.force_login(teacher.user)
    cache.forget()
    return client


def shut(response: Any) -> None:
    """Close the file of a download without closing the response, which would close the database connection."""
    for close in response._resource_closers:
        close()


def text_of(response: Any) -> str:
    page = re.sub(r"<(svg|head)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
