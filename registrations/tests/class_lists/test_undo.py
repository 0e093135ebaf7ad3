"""Undoing a class list cancels exactly what it registered, tells only those who were told, and happens once."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db.models import Q
from django.utils import timezone

from events.models import Event, Fest
from events.querysets import SeatsQuerySet
from registrations.booking.cancel import cancel
from registrations.booking.errors import ActionRejected
from registrations.booking.state import Origin, give_up
from registrations.class_lists import undo as undo_module
from registrations.class_lists.undo import UNDO_FOR, offer, undo
from registrations.models import Change, ClassListJob, Registration
from registrations.querysets import RegistrationQuerySet
from registrations.students.corrections import correct
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from registrations.tests.builders.class_lists import build_list, build_teacher, pupils, registered, row
from registrations.tests.counting import counts, recount
from registrations.tests.races import at_once
from techfest.core.audit_log import entries_of
from techfest.core.db.locking import Deadline
from tickets.documents.jobs import document_path
from tickets.documents.ticket_pdf import store
from tickets.mail import withdrawn
from tickets.mail.compose import Composer
from tickets.mail.queue import Result, claim, record
from tickets.mail.resend import resend
from tickets.models import Delivery, DocumentJob, Ticket
from tickets.tests.audited import run as audit

pytestmark = pytest.mark.django_db(transaction=True)

State = Registration.State
Mail = Delivery.State


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def event(fest: Fest) -> Event:
    return build_event(fest, capacity=4, name="Robo Race")


def undone(job: ClassListJob, **values: Any) -> None:
    undo(job, user=values.get("user", job.requested_by), deadline=values.get("deadline", Deadline()))


def states(event: Event) -> list[str]:
    return list(event.registrations.order_by("queue_position").values_list("state", flat=True))


def mails(kind: str) -> list[str]:
    return list(Delivery.objects.filter(kind=kind).order_by("pk").values_list("state", flat=True))


def mailed(*events: Event, many: int) -> list[list[str]]:
    """Rows of students with an address each."""
    return [[*cells[:4], f"s{n}@example.org", cells[5]] for n, cells in enumerate(pupils(many, *events))]


def worker_sends_everything() -> list[str]:
    """What the worker mails now: subjects, each stored as sent."""
    composer = Composer()
    composed = composer.compose(claim(1000).mails)
    record([Result(delivery, Mail.SENT) for delivery, _message in composed] + composer.take_results())
    return [message.subject for _delivery, message in composed]


def send(kind: str) -> None:
    """As if the mails of this kind had been handed over."""
    now = timezone.now()
    Delivery.objects.filter(kind=kind).update(state=Mail.SENT, attempts=1, sent_at=now)
    Ticket.objects.update(rendered_at=now)


def test_undo_cancels_what_the_list_made_and_promotes_those_who_waited_behind_it(event: Event) -> None:
    before = build_submission(event, name="Zoya Khan").student
    job = registered(build_list(event.fest, pupils(6, event)))
    behind = build_submission(event, name="Yusuf Ali").student
    undone(job)
    active = {one.student_id: one.state for one in event.registrations.active()}
    assert active == {before.pk: State.CONFIRMED, behind.pk: State.CONFIRMED}
    assert counts(event) == (2, 0, 8)
    assert audit("--all") == []


def test_what_existed_before_the_list_stays(event: Event) -> None:
    school = build_teacher().school
    build_submission(event, name="Asha Rao", school=school.name, grade=7)
    job = registered(build_list(event.fest, [row("Asha Rao", event), row("Bilal Khan", event)]))
    undone(job)
    assert states(event) == [State.CONFIRMED, State.CANCELLED]


@pytest.mark.parametrize("actor", [Change.Actor.STUDENT, Change.Actor.ORGANISER])
def test_what_a_person_changed_since_stays(event: Event, actor: str) -> None:
    job = registered(build_list(event.fest, pupils(2, event)))
    first = event.registrations.order_by("queue_position")[0].student
    values = {"name": first.name, "grade": 7, "section": "C", "roll_number": "", "email": ""}
    correct(first.pk, values=values, actor=actor, deadline=Deadline())
    assert (offered := offer(job))
    assert (offered.registrations, offered.students, offered.kept) == (1, 1, 1)
    undone(job)
    assert states(event) == [State.CONFIRMED, State.CANCELLED]
    assert audit("--all") == []


def test_what_a_teacher_corrected_or_a_free_seat_promoted_is_undone_as_well(event: Event) -> None:
    blocker = build_submission(event, name="Zoya Khan").registrations.get()
    job = registered(build_list(event.fest, pupils(4, event)))
    cancel([blocker.pk], actor=Change.Actor.STUDENT, deadline=Deadline())
    undone(job)
    assert set(states(event)) == {State.CANCELLED}


def test_used_ticket_stays(event: Event) -> None:
    job = registered(build_list(event.fest, pupils(2, event)))
    Ticket.objects.filter(pk=Ticket.objects.order_by("pk")[0].pk).update(checked_in_at=timezone.now())
    undone(job)
    assert states(event) == [State.CONFIRMED, State.CANCELLED]


def test_begun_event_stays(event: Event) -> None:
    job = registered(build_list(event.fest, pupils(1, event)))
    Event.objects.filter(pk=event.pk).update(starts_at=timezone.now() - UNDO_FOR)
    assert offer(job) is None
    undone(job)
    assert states(event) == [State.CONFIRMED]


def test_after_ten_minutes_the_list_stays(event: Event) -> None:
    job = registered(build_list(event.fest, pupils(1, event)))
    ClassListJob.objects.update(finished_at=timezone.now() - UNDO_FOR)
    job.refresh_from_db()
    assert offer(job) is None
    with pytest.raises(ActionRejected, match="ten minutes"):
        undone(job)
    assert states(event) == [State.CONFIRMED]


def test_students_who_were_not_mailed_are_not_mailed_at_all(event: Event) -> None:
    undone(registered(build_list(event.fest, mailed(event, many=5))))
    assert mails("registered") == [Mail.DROPPED] * 5
    assert mails("cancelled") == [Mail.DROPPED] * 5
    assert worker_sends_everything() == []
    assert audit("--all") == []


def test_tickets_of_an_undone_list_are_not_mailed_to_the_teacher(event: Event) -> None:
    undone(registered(build_list(event.fest, pupils(2, event))))
    DocumentJob.objects.update(finished_at=timezone.now())
    assert mails("class") == [Mail.QUEUED]
    assert worker_sends_everything() == []
    assert mails("class") == [Mail.DROPPED]


def test_students_who_were_mailed_are_told(event: Event) -> None:
    job = registered(build_list(event.fest, mailed(event, many=2)))
    send("registered")
    undone(job)
    assert mails("registered") == [Mail.SENT] * 2
    assert mails("cancelled") == [Mail.QUEUED] * 2
    assert len(worker_sends_everything()) == 2


def test_students_whose_mail_was_queued_again_are_told(event: Event) -> None:
    job = registered(build_list(event.fest, mailed(event, many=2)))
    send("registered")
    long_ago = timezone.now() - UNDO_FOR / 2
    Delivery.objects.filter(kind="registered").update(created_at=long_ago, queued_at=long_ago)
    resend(event.registrations.values_list("pk", flat=True)[:1])
    assert sorted(mails("registered")) == [Mail.QUEUED, Mail.SENT]
    undone(job)
    assert mails("cancelled") == [Mail.QUEUED] * 2


def test_document_of_an_undone_list_is_made_again_without_the_dead_tickets(event: Event) -> None:
    job = registered(build_list(event.fest, pupils(2, event)))
    DocumentJob.objects.update(claimed_at=timezone.now(), finished_at=timezone.now(), made=2)
    document = DocumentJob.objects.get()
    store(document_path(document), b"%PDF-1.7 of dead tickets")
    Ticket.objects.filter(pk=Ticket.objects.order_by("pk")[0].pk).update(checked_in_at=timezone.now())
    undone(job)
    document.refresh_from_db()
    assert (document.finished_at, document.made, document_path(document).exists()) == (None, 0, False)
    assert document.is_pending


def test_mail_that_has_something_left_to_say_is_sent_without_the_undone_event(event: Event) -> None:
    other = build_event(event.fest, capacity=1, name="Quiz Bowl")
    job = registered(build_list(event.fest, mailed(event, other, many=1)))
    Ticket.objects.filter(registration__event=other).update(checked_in_at=timezone.now())
    Ticket.objects.update(rendered_at=timezone.now())
    undone(job)
    assert mails("registered") == [Mail.QUEUED]
    assert mails("cancelled") == [Mail.DROPPED]


def test_claimed_mail_that_is_composed_after_the_undo_goes_neither_way(event: Event) -> None:
    job = registered(build_list(event.fest, mailed(event, many=1)))
    Ticket.objects.update(rendered_at=timezone.now())
    claimed = claim(10).mails
    undone(job)
    assert mails("cancelled") == [Mail.QUEUED]
    composer = Composer()
    assert composer.compose(claimed) == []
    record(composer.take_results())
    assert worker_sends_everything() == []
    assert mails("cancelled") == [Mail.DROPPED]


def test_two_teachers_and_a_double_press_undo_once(event: Event) -> None:
    job = registered(build_list(event.fest, mailed(event, many=4)))
    colleague = build_teacher(name="Arjun Nair")
    presses = [partial(undone, job), partial(undone, job), partial(undone, job, user=colleague.user)]
    assert at_once(presses) == [None, None, None]
    undone(job)
    assert [entry.after for entry in entries_of(job)] == [{"cancelled": 4, "kept": 0}]
    assert Change.objects.filter(cause=Change.Cause.UNDONE).count() == 4
    assert counts(event) == (0, 0, 4)


def test_colleague_who_undoes_is_named_to_the_teacher_in_charge(event: Event) -> None:
    job = registered(build_list(event.fest, pupils(1, event)))
    undone(job, user=build_teacher(name="Arjun Nair").user)
    notice = Delivery.objects.get(kind="notice")
    assert notice.to == job.requested_by.email
    assert "Arjun Nair undid the class list" in notice.notice.text


def test_without_the_mark_of_the_job_two_presses_are_two_acts(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = registered(build_list(event.fest, pupils(1, event)))
    monkeypatch.setattr(undo_module, "_in_time", lambda now: Q(finished_at__isnull=False))
    at_once([partial(undone, job), partial(undone, job)])
    assert entries_of(job).count() == 2


def race_with_promotions(event: Event, *, then: Callable[[], Any] = lambda: None) -> None:
    """Others give up seats for which the list waits, while it is undone; `then` follows each of their commits."""

    def leave(registration: Registration) -> None:
        cancel([registration.pk], actor=Change.Actor.STUDENT, deadline=Deadline(20))
        then()

    others = [build_submission(event, name=f"Zoya Khan {n}").registrations.get() for n in range(4)]
    job = registered(build_list(event.fest, pupils(4, event)))
    behind = build_submission(event, name="Yusuf Ali").student
    at_once([*(partial(leave, one) for one in others), partial(undone, job, deadline=Deadline(20))])
    assert [one.student_id for one in event.registrations.active()] == [behind.pk]
    assert recount(event) == (1, 0)
    assert counts(event)[:2] == (1, 0)


def test_undo_and_promotion_wait_for_each_other(event: Event) -> None:
    race_with_promotions(event)
    assert audit("--all") == []


def test_undo_without_locks_breaks_the_counts(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """The undo has read its registrations as waiting; meanwhile they are promoted."""
    line = threading.Barrier(5)

    def late(*given: Any, origin: Origin) -> Any:
        if origin.cause == Change.Cause.UNDONE:
            line.wait(20)
        return give_up(*given, origin=origin)

    def unlocked(self: SeatsQuerySet, event_ids: Any) -> Any:
        return list(self.filter(pk__in=set(event_ids)).order_by("pk"))

    monkeypatch.setattr(SeatsQuerySet, "locked", unlocked)
    monkeypatch.setattr(RegistrationQuerySet, "select_for_update", lambda self, **_values: self)
    monkeypatch.setattr("registrations.booking.cancel.give_up", late)
    with pytest.raises(AssertionError):
        race_with_promotions(event, then=partial(line.wait, 20))


def race_with_the_worker(event: Event, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The worker claims and composes while the undo has judged the mails and not yet committed."""
    job = registered(build_list(event.fest, mailed(event, many=1)))
    Ticket.objects.update(rendered_at=timezone.now())
    judged, looked = threading.Event(), threading.Event()
    never_announced = withdrawn.never_announced

    def judge(registrations: Any) -> set[int]:
        found = never_announced(registrations)
        judged.set()
        looked.wait(20)
        return found

    def work() -> list[str]:
        judged.wait(20)
        try:
            return worker_sends_everything()
        finally:
            looked.set()

    monkeypatch.setattr(withdrawn, "never_announced", judge)
    return at_once([partial(undone, job), work])[1]  # type: ignore[no-any-return]


def test_worker_passes_by_the_mails_of_a_list_that_is_being_undone(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert race_with_the_worker(event, monkeypatch) == []
    assert worker_sends_everything() == []


def test_without_the_lock_of_the_mails_a_student_is_told_of_a_seat_that_is_gone(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlocked(changes: Any) -> set[int]:
        undone = [change.registration for change in changes if change.cause == Change.Cause.UNDONE]
        return withdrawn.never_announced(undone) if undone else set()

    monkeypatch.setattr("tickets.mail.outbox.withdraw", unlocked)
    assert len(race_with_the_worker(event, monkeypatch)) == 1
    assert worker_sends_everything() == []


def test_list_of_another_school_is_not_touched(event: Event) -> None:
    job = registered(build_list(event.fest, pupils(1, event)))
    other = build_teacher(build_school("Lake School"), name="Omar Sheikh")
    theirs = registered(build_list(event.fest, pupils(1, event, start=9), teacher=other))
    undone(job)
    assert states(event) == [State.CANCELLED, State.CONFIRMED]
    assert offer(theirs) is not None


def test_undo_asks_the_same_number_of_queries_for_any_number_of_rows(
    fest: Fest, django_assert_max_num_queries: Any
) -> None:
    event = build_event(fest, capacity=100)
    job = registered(build_list(fest, mailed(event, many=60)))
    with django_assert_max_num_queries(60):
        undone(job)
    assert undo_module.offer(job) is None
