"""A fest and a teacher, and class lists uploaded through the page."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from events.models import Fest
from registrations.models import ClassList, School, Teacher
from registrations.tests.builders import build_event, build_fest, build_teacher

LISTS = "/teacher/lists/"
TITLES = ["Name", "Class", "E-mail", "Event"]


def build_listed_fest(**values: Any) -> Fest:
    """Two events whose names are easily mistyped."""
    fest = build_fest(**{"grade_min": 5, "grade_max": 12} | values)
    build_event(fest, name="Robo Race", slug="robo-race", capacity=100)
    build_event(fest, name="Science Quiz", slug="science-quiz", capacity=100)
    return fest


def build_listing_teacher(
    username: str = "rao", school: School | None = None, *, is_approved: bool = True
) -> Teacher:
    return build_teacher(school, is_approved=is_approved, username=username, first_name=username.title())


def browser(teacher: Teacher) -> Client:
    client = Client()
    client.force_login(teacher.user)
    return client


def handed_over(client: Client, data: bytes | str, name: str = "class 9.xlsx", **values: Any) -> Any:
    """Upload a file or pasted text and return the response."""
    form: dict[str, Any] = (
        {"pasted": data} if isinstance(data, str) else {"upload": SimpleUploadedFile(name, data)}
    )
    return client.post(LISTS, form | values)


def draft_of(response: Any) -> ClassList:
    """Return the draft that an upload redirects to."""
    assert response.status_code == 302, dict(response.context["form"].errors)
    return ClassList.objects.get(pk=int(response["Location"].strip("/").rpartition("/")[2]))


def pasted(*rows: str, titles: str = "Name\tClass\tE-mail\tEvent") -> str:
    """Return rows as copied from a spreadsheet; bars separate the cells."""
    return "\n".join([titles, *(row.replace("|", "\t") for row in rows)])
