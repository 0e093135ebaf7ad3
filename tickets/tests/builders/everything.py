"""A row in each table, for tests that look at every list and page."""

import uuid

from django.utils import timezone

from events.models import Picture
from registrations.models import (
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
from registrations.tests.builders.questions import build_answer, build_question
from techfest.core.audit_log import record
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
    Message,
    Scan,
    SearchCount,
)
from tickets.tests.admin_helpers import organiser


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
    question = build_question(event, leads_read=True)
    build_answer(question, submission.student)
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
