"""Helpers for tests of the admin: organisers, a row in each table, and forms as a browser sends them."""

import uuid
from typing import Any

import html5lib
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from events.models import Fest, Picture
from registrations.models import (
    AccountSession,
    ClassListEntry,
    ClassListJob,
    Conflict,
    Erasure,
    Hold,
    Invitation,
    MergedReference,
    Purge,
    PurgePlan,
    Refusal,
    Result,
    ResultSheet,
    SchoolAlias,
    SecurityEvent,
    Submission,
    Teacher,
    TemporaryPassword,
)
from registrations.restore import hold
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_school,
    build_submission,
    build_teacher,
)
from registrations.tests.builders.class_lists import build_list
from techfest.core.admin.base import page_of
from techfest.core.audit_log import record
from techfest.core.roles import ADMIN_ROLES
from tickets.documents import jobs, school_tickets
from tickets.mail.kinds.notice import enqueue_notice
from tickets.models import (
    Alert,
    Certificate,
    CheckIn,
    Delegation,
    Delivery,
    DeliveryEvent,
    Gate,
    Heartbeat,
    Message,
    ProviderOutage,
    Scan,
    SearchCount,
)

WITHOUT_PAGES = {AccountSession, Heartbeat, ProviderOutage}
"""Models without pages: session keys must not be in an address; the dashboard shows workers and the provider."""


def organiser(name: str = "organiser", **values: Any) -> Any:
    return get_user_model().objects.create_user(name, **({"is_staff": True, "is_superuser": True} | values))


def in_role(role: str, name: str = "", **values: Any) -> Any:
    """Return a user with this role who is no superuser."""
    user = organiser(
        name or role.replace(" ", "-"), **{"is_staff": role in ADMIN_ROLES, "is_superuser": False} | values
    )
    user.groups.add(Group.objects.get(name=role))
    return user


def organiser_client(user: Any = None) -> Client:
    """Return a client in which an organiser is logged in."""
    client = Client()
    client.force_login(user or organiser())
    return client


def build_row_of_everything(number: int) -> None:
    """Create one more row in each table."""
    fest = build_fest() if number == 1 else build_fest(is_current=False)
    event, other = build_event(fest), build_event(fest)
    lead = organiser(f"lead{number}")
    other.leads.add(lead)
    school = build_school(f"School {number}")
    SchoolAlias.objects.create(school=school, name=f"Alias {number}", key=f"alias {number}")
    Hold.objects.create(event=event, school=school, seats=9, until=event.starts_at, requested_by=lead)
    submission = build_submission(event, school=school.name)
    Refusal.objects.create(submission=submission, event=other, reason="full", other=event)
    DeliveryEvent.objects.create(
        delivery=Delivery.objects.get(submission=submission),
        event_id=str(uuid.uuid4()),
        kind="bounced",
        happened_at=timezone.now(),
    )
    teacher = build_teacher(school, email=f"teacher{number}@example.org")
    Invitation.objects.create(email="new@example.org", school=school, invited_by=teacher.user)
    class_list = build_list(fest, [["Listed"]], teacher=teacher)
    job = ClassListJob.objects.create(class_list=class_list, key=uuid.uuid4(), requested_by=teacher.user)
    ClassListEntry.objects.create(
        row=class_list.rows.get(), event=event, registration=submission.registrations.get(), other=other
    )
    school_tickets.order(school=school, fest=fest, user=teacher.user, class_list_job=job)
    Delegation.objects.create(fest=fest, school=school)
    enqueue_notice(to="new@example.org", subject="Subject", text="Text", now=timezone.now())
    _build_records(number, submission, teacher)
    Picture.objects.create(digest=f"{number:032x}", kind="png", width=1, height=1, data=b"not read")


def _build_records(number: int, submission: Submission, teacher: Teacher) -> None:
    """Create the rows that follow a registration: check-in, results, documents, and erasures."""
    registration, now, user = submission.registrations.get(), timezone.now(), teacher.user
    student, event = registration.student, registration.event
    fest, ticket = event.fest, registration.tickets.get()
    Conflict.objects.create(registration=registration, kind="ineligible", at=now, choose_by=now)
    ResultSheet.objects.create(event=event)
    Result.objects.create(registration=registration, points=10, rank=1)
    MergedReference.objects.create(reference=f"MERGED{number}", student=student, at=now)
    Erasure.objects.create(reference=f"ERASED{number}", fest=fest, at=now)
    Purge.objects.create(fest=fest, at=now, students=1)
    PurgePlan.objects.create(fest=fest, due_at=now, announced_at=now)
    hold.tick()
    gate = Gate.objects.create(fest=fest, name="Main gate")
    CheckIn.objects.create(ticket=ticket, at=now, gate=gate, where=gate.name, user=user, how="scan")
    Scan.objects.create(ticket=ticket, at=now, gate=gate, where=gate.name, user=user, verdict="in")
    Alert.objects.create(kind="guessing", subject=f"192.0.2.{number}", first_at=now, last_at=now)
    SearchCount.objects.create(user=user, hour=now, minute=0, in_minute=1, searches=1)
    jobs.order(kind="attendance", fest=fest, user=user, event=event)
    Certificate.objects.create(
        registration=registration, student=student, kind="participation", issued_at=now
    )
    Message.objects.create(
        fest=fest, subject="Subject", text="Text", audience={"filters": ""}, created_by=user
    )
    SecurityEvent.objects.create(kind="signed_in", account=user)
    TemporaryPassword.objects.create(account=organiser(f"given{number}"))
    record(event, what="changed", now=now, user=user, before={"capacity": 1}, after={"capacity": 2})


def list_path(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def add_path(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")


def filled_in(client: Client, path: str, **values: Any) -> dict[str, Any]:
    """Return what a browser would send from the form at this path, with these values."""
    response = client.get(path)
    assert response.status_code == 200
    return sent_by(response) | values


def act(client: Client, action: str, *rows: Any, **values: Any) -> Any:
    """Choose the action for these rows, or confirm it, and follow to the list."""
    form = {"action": action, "_selected_action": [row.pk for row in rows]} | values
    return client.post(list_path(type(rows[0])), form, follow=True)


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def is_asked(response: Any) -> bool:
    """Whether the response is a confirmation page."""
    return response.status_code == 200 and "admin-confirm" in response.content.decode()


def confirm(client: Client, event: Any, response: Any, **values: Any) -> Any:
    """Send the form of a confirmation page."""
    return client.post(page_of(event), sent_by(response) | values)


def sent_by(response: Any) -> dict[str, Any]:
    """Return what a browser would send from the form of a page; repeated names become lists."""
    page = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    form = page.find(".//div[@id='content-main']/form")
    sent: dict[str, Any] = {}
    for field in form.iter():
        is_sent = field.tag in ("input", "textarea", "select") and field.get("type") not in ("file", "submit")
        is_chosen = field.get("type") != "radio" or "checked" in field.attrib
        if is_sent and is_chosen and field.get("name"):
            for name, value in _sent_by(field).items():
                sent[name] = value if name not in sent else [*_listed(sent[name]), value]
    return sent


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _sent_by(field: Any) -> dict[str, Any]:
    name = field.get("name")
    if field.tag == "textarea":
        return {name: field.text or ""}
    if field.tag == "select":
        chosen = [option.get("value") for option in field.iter("option") if "selected" in option.attrib]
        return {name: chosen} if "multiple" in field.attrib else {name: (chosen or [""])[0]}
    if field.get("type") in ("checkbox", "radio"):
        return {name: field.get("value", "on")} if "checked" in field.attrib else {}
    return {name: field.get("value", "")}


def query_count(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def current_fest() -> Fest:
    return Fest.objects.get(is_current=True)
