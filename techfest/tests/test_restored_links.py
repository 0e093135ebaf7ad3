"""A restore assigns primary keys again: links of students registered since the backup open no other student's page.

The tests simulate a restore by deleting newer rows and resetting all sequences.
"""

import re
from collections.abc import Callable

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import cache
from events.models import Event, Fest
from registrations import links
from registrations.class_lists import jobs
from registrations.models import ClassListJob, Invitation, Student, Teacher
from registrations.teachers import onboarding
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher, build_user
from registrations.tests.builders.class_lists import build_list, confirmed, pupils
from tickets.models import Certificate, Delegation, Ticket

pytestmark = pytest.mark.django_db(transaction=True)


def register(event: Event, name: str) -> dict[str, str]:
    """Every link that a student of this name gets by registering, or that concerns the student."""
    submission = build_submission(event, name=name, school=f"School of {name}")
    registration = submission.registrations.get()
    student = submission.student
    certificate = Certificate.objects.create(
        registration=registration, student=student, kind="participation", issued_at=timezone.now()
    )
    school = student.school
    user = build_user(first_name=name)
    address = EmailAddress.objects.get(user=user)
    EmailAddress.objects.filter(user=user).update(verified=False)
    Teacher.objects.create(user=user, school=school)
    invitation = Invitation.objects.create(email="new@example.org", school=school, invited_by=user)
    delegation = Delegation.objects.create(fest=event.fest, school=school)
    mine, response = links.my_path(student), links.confirmation_path(submission)
    reset = [user_pk_to_url_str(user), default_token_generator.make_token(user)]
    return {
        "my": mine,
        "details": f"{mine}details/",
        "add": f"{mine}add/",
        "cancel": f"{mine}cancel/",
        "response": response,
        "answer's cancel": f"{response}cancel/{event.slug}/",
        "ticket": reverse("tickets:ticket", args=[Ticket.objects.get(student=student).code]),
        "certificate": reverse("tickets:certificate", args=[certificate.code]),
        "delegation": reverse("tickets:delegation", args=[delegation.code]),
        "invitation": reverse("account_invited", args=[invitation.code]),
        "address": reverse("account_confirm_email", args=[onboarding.verification_key(address)]),
        "password": reverse("account_reset_password_from_key", args=reset),
    }


def restore() -> None:
    """Delete all rows since the backup and reset all sequences."""
    fest_rows = ("events_", "django_", "auth_group", "auth_permission", "registrations_consenttext")
    tables = [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.db_table.startswith(fest_rows)
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
    cache.forget()


@pytest.fixture
def event() -> Event:
    restore()  # all sequences restart
    fest: Fest = build_fest()
    return build_event(fest)


def numbers() -> list[int]:
    registrations = [f"registrations_{name}" for name in ("student", "submission", "invitation")]
    tables = [
        *registrations,
        "tickets_certificate",
        "tickets_delegation",
        "account_emailaddress",
        "auth_user",
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'(SELECT max(id) FROM {table})' for table in tables)}")
        return list(cursor.fetchone())


@pytest.mark.slow
def test_old_links_open_nothing_after_a_restore(client: Client, event: Event) -> None:
    old, before = register(event, "Asha Raman"), numbers()
    assert {name: client.get(path).status_code for name, path in old.items()} == {
        name: 302 if name == "password" else 200 for name in old
    }
    restore()
    new = register(event, "Zarina Khan")
    assert numbers() == before
    opened = {name: Client().get(path, follow=True) for name, path in old.items()}
    assert [name for name, response in opened.items() if "Zarina" in response.content.decode()] == []
    gone = {name for name, response in opened.items() if response.status_code == 404}
    # The page of a password link says itself that the link is no longer valid.
    assert set(old) - gone == {"password"}
    assert 'type="password"' not in opened["password"].content.decode()
    assert [name for name, path in new.items() if Client().get(path).status_code not in (200, 302)] == []


@pytest.mark.slow
def test_old_address_of_a_list_shows_no_other_list(event: Event) -> None:
    def made() -> tuple[Client, str]:
        teacher = build_teacher()
        job = confirmed(build_list(event.fest, pupils(1, event), teacher=teacher))
        jobs.run_due()
        browser = Client()
        browser.force_login(teacher.user)
        return browser, reverse("class_lists:job", args=[job.link_id])

    _browser, old = made()
    restore()
    browser, new = made()
    assert ClassListJob.objects.get().pk == 1
    assert (browser.get(old).status_code, browser.get(new).status_code) == (404, 200)


@pytest.mark.parametrize(
    "path", [links.my_path, lambda student: links.confirmation_path(student.submissions.get())]
)
def test_links_contain_no_primary_key(event: Event, path: Callable[[Student], str]) -> None:
    """Links reveal neither how many students registered nor in which order."""
    for _ in range(3):
        build_submission(event)
    signed = [path(student).split("/")[2].split("~")[0] for student in Student.objects.order_by("pk")]
    assert len({re.sub(r"^[\w-]{22}\.1$", "", one) for one in signed}) == 1
    assert len(set(signed)) == 3


def test_pages_behind_links_contain_no_primary_key(client: Client, event: Event) -> None:
    """URLs on a student's pages name events, not primary keys."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SEQUENCE registrations_registration_id_seq RESTART 987654321")
        cursor.execute("ALTER SEQUENCE registrations_student_id_seq RESTART 987654321")
        cursor.execute("ALTER SEQUENCE registrations_submission_id_seq RESTART 987654321")
    submission = build_submission(event, build_event(event.fest))
    student = submission.student
    mine, response = links.my_path(student), links.confirmation_path(submission)
    ticket = reverse("tickets:ticket", args=[Ticket.objects.filter(student=student)[0].code])
    paths = [mine, response, ticket, *(f"{mine}{more}/" for more in ("details", "add", "cancel"))]
    pages = [client.get(path).content.decode() for path in paths]
    assert [path for path, page in zip(paths, pages, strict=True) if "98765432" in page] == []
    assert f"{mine}cancel/{event.slug}/" in pages[0]
