"""The audit log: written on every save in the admin, shown on history pages, append-only, without personal details."""

import datetime as dt
import json

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from events.models import AuditEntry, Event
from registrations.models import Registration, ResultSheet, School, Student
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from techfest.core import audit_log, roles
from techfest.core.admin.base import page_of
from tickets.models import Gate, Ticket
from tickets.tests.admin_helpers import (
    filled_in,
    in_role,
    list_path,
    organiser,
    organiser_client,
    query_count,
)
from tickets.tests.builders.everything import build_row_of_everything

pytestmark = pytest.mark.django_db
TOLD = (Event, Registration, Ticket, Student, School, ResultSheet, Gate)
HOUR = dt.timedelta(hours=1)


def history_of(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_history", args=[row.pk])


@pytest.mark.parametrize("change", ["update", "delete"])
def test_entry_is_never_changed_nor_deleted(change: str) -> None:
    event = build_event(build_fest())
    audit_log.record(event, what="changed", now=timezone.now())
    rows = AuditEntry.objects.all()
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(what="nothing") if change == "update" else rows.delete()
    assert AuditEntry.objects.get().what == "changed"


def test_saving_an_event_writes_before_and_after_of_each_changed_field() -> None:
    event = build_event(build_fest(), name="Quiz", summary="Old words")
    owner = in_role(roles.OWNER)
    client = organiser_client(owner)
    sent = filled_in(client, page_of(event), summary="New words", capacity="12", leads=[owner.pk])
    assert client.post(page_of(event), sent).status_code == 302
    entry, leading = AuditEntry.objects.order_by("pk")
    old, new = event.seats.capacity, 12
    assert (entry.user, entry.subject_kind, entry.subject_id, entry.what) == (
        owner,
        "events.event",
        event.pk,
        "changed",
    )
    assert entry.before == {"summary": "Old words", "capacity": old}
    assert entry.after == {"summary": "New words", "capacity": new}
    assert (leading.what, leading.before, leading.after) == (
        "leads changed",
        {"leads": []},
        {"leads": [owner.pk]},
    )
    assert client.post(page_of(event), filled_in(client, page_of(event))).status_code == 302
    assert (AuditEntry.objects.count(), LogEntry.objects.count()) == (2, 0)


@pytest.mark.parametrize("model", TOLD, ids=[model.__name__ for model in TOLD])
def test_history_tells_the_entries_of_a_row_the_latest_first(model: type[Model]) -> None:
    build_row_of_everything(1)
    row, user, now = model._default_manager.first(), organiser("rao", first_name="Ms Rao"), timezone.now()
    assert row is not None
    audit_log.record(
        row, what="opened", now=now + HOUR, user=user, before={"name": "Hall A"}, after={"name": "Hall B"}
    )
    audit_log.record(row, what="closed", now=now + 2 * HOUR, reason="It <b>rains</b>")
    page = organiser_client().get(history_of(row))
    assert page.status_code == 200
    assert [line.what for line in page.context["lines"]][:2] == ["closed", "opened"]
    text = page.content.decode()
    words = ("Ms Rao", "Hall A", "Hall B", "It &lt;b&gt;rains&lt;/b&gt;", "the system")
    assert [word for word in words if word not in text] == []
    assert history_of(row) in organiser_client(organiser("other")).get(page_of(row)).content.decode()


def test_changes_and_entries_stand_together() -> None:
    build_row_of_everything(1)
    event = build_event(build_fest(is_current=False))
    registration = build_submission(event, name="Asha Raman").registrations.get()
    rows: list[Model] = [event, registration, registration.student, registration.tickets.get()]
    client = organiser_client()
    for row in rows:
        audit_log.record(row, what="re-issued", now=timezone.now() + HOUR, reason="Lost")
        assert [line.what for line in client.get(history_of(row)).context["lines"]] == [
            "re-issued",
            "form sent",
        ]


def test_lead_reads_in_the_history_of_a_student_what_concerns_the_own_event() -> None:
    fest = build_fest()
    own, other = build_event(fest, name="Robo Race"), build_event(fest, name="Chess", hour=15)
    student = build_submission(own, other).student
    lead = in_role(roles.LEAD)
    own.leads.add(lead)
    assert [line.about for line in organiser_client(lead).get(history_of(student)).context["lines"]] == [
        "Robo Race"
    ]
    assert len(organiser_client().get(history_of(student)).context["lines"]) == 2


def test_history_costs_the_same_for_one_line_and_for_three() -> None:
    event = build_event(build_fest())
    client = organiser_client()
    counts = []
    for more in (1, 2):
        for number in range(more):
            audit_log.record(
                event, what="changed", now=timezone.now(), user=organiser(f"user {more} {number}")
            )
            build_submission(event, name=f"Student {more} {number}")
        counts.append(query_count(client, history_of(event)))
    assert counts[0] == counts[1]


def test_corrections_leave_no_personal_detail_in_the_audit_log() -> None:
    event = build_event(build_fest())
    student = build_submission(event, name="Asha Raman", email="asha@example.org").student
    client = organiser_client()
    sent = filled_in(client, page_of(student), name="Asha Iyer", email="iyer@example.org")
    assert client.post(page_of(student), sent).status_code == 302
    student.refresh_from_db()
    assert student.name == "Asha Iyer"
    kept = json.dumps([*AuditEntry.objects.values("before", "after", "reason", "what")], default=str)
    assert [word for word in ("Asha", "Raman", "Iyer", "example.org") if word in kept] == []
    assert LogEntry.objects.count() == 0
    page = organiser_client(organiser("other")).get(history_of(student))
    assert [line.what for line in page.context["lines"]] == ["details corrected", "form sent"]


def test_invitation_leaves_no_address_in_the_audit_log() -> None:
    client, path = organiser_client(), reverse("admin:registrations_invitation_add")
    school = build_school()
    client.post(path, filled_in(client, path, email="new@example.org", school=school.pk))
    entry = AuditEntry.objects.get()
    assert (entry.what, entry.after) == ("added", {"email": "…", "school": school.name})


def test_accepting_a_school_and_a_new_spelling_are_told() -> None:
    school = build_school("St Marys", state=School.State.PENDING)
    client = organiser_client()
    client.post(list_path(School), {"action": "accept", "_selected_action": [school.pk]})
    spelling = {"aliases-TOTAL_FORMS": "1", "aliases-0-name": "St. Mary's School"}
    assert client.post(page_of(school), filled_in(client, page_of(school)) | spelling).status_code == 302
    entries = AuditEntry.objects.filter(subject_kind="registrations.school").order_by("pk")
    assert [(entry.what, entry.after) for entry in entries] == [
        ("accepted", {"state": "accepted"}),
        ("changed", {"aliases": ["St. Mary's School"]}),
    ]


def test_what_is_no_row_or_text_is_only_said_to_be_there() -> None:
    before, after = audit_log.changes_of(
        {"picture": None, "same": 1}, {"picture": object(), "same": 1, "when": dt.date(2026, 1, 2)}
    )
    assert (before, after) == ({"picture": None, "when": None}, {"picture": "…", "when": "2026-01-02"})


def test_admin_writes_no_log_of_its_own() -> None:
    """Names in Django's log would survive an erasure, so all admin classes write to the audit log instead."""
    for one in admin.site._registry.values():
        assert not type(one).log_change.__module__.startswith("django.")
