"""From a confirmed class list to its registrations."""

import threading
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from events.models import Event, Fest
from registrations.booking.allocate import allocate
from registrations.booking.errors import ActionRejected
from registrations.class_lists import jobs
from registrations.class_lists import register as register_module
from registrations.class_lists.columns import change_columns
from registrations.class_lists.confirm import readiness
from registrations.class_lists.drafts import discard
from registrations.class_lists.identify import match
from registrations.class_lists.report import problem_table
from registrations.models import (
    Change,
    ClassListEntry,
    ClassListJob,
    ClassListRow,
    Consent,
    Registration,
    Student,
    Submission,
)
from registrations.spreadsheets.listing import ListedStudent
from registrations.students.fields import StudentFields
from registrations.tests.builders import build_event, build_fest, build_request, build_submission, submit_now
from registrations.tests.builders.class_lists import (
    build_list,
    build_teacher,
    confirmed,
    forecast_of,
    pupils,
    registered,
    row,
    seat_results,
)
from registrations.tests.counting import counts, states
from registrations.tests.races import at_once
from techfest.core import stopping
from techfest.core.errors import LockTimeout
from tickets.models import Delivery, Ticket
from tickets.tests.audited import run as audit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def event(fest: Fest) -> Event:
    return build_event(fest, capacity=10, name="Robo Race")


def test_forty_rows_for_ten_seats_are_ten_in_row_order_and_thirty_waiting_as_forecast(event: Event) -> None:
    class_list = build_list(event.fest, pupils(40, event))
    expected = [row.entries[0].outcome for row in forecast_of(class_list).rows.values()]
    registered(class_list)
    assert expected == ["seat"] * 10 + ["wait"] * 30
    assert seat_results(class_list) == ["confirmed"] * 10 + ["waiting"] * 30
    names = [cells[0] for cells in pupils(40, event)]
    assert [one.student.name for one in event.registrations.order_by("queue_position")] == names
    assert counts(event) == (10, 30, 40)
    assert audit("--all") == []


def test_registration_names_the_teacher_and_each_student_has_consent_and_mail(event: Event) -> None:
    teacher = build_teacher()
    rows = [row("Asha Rao", event, email="asha@example.org"), row("Ben Khan", event)]
    job = registered(build_list(event.fest, rows, teacher=teacher))
    assert (job.error, job.finished_at is not None) == ("", True)
    assert set(Change.objects.values_list("actor", "user")) == {("teacher", teacher.user.pk)}
    assert set(Consent.objects.values_list("basis", "user")) == {("teacher", teacher.user.pk)}
    mails = Delivery.objects.order_by("pk").values_list("kind", "to")
    assert list(mails) == [("registered", "asha@example.org"), ("class", teacher.user.email)]
    assert Ticket.objects.count() == Submission.objects.count() == 2
    assert {student.school for student in Student.objects.all()} == {teacher.school}


def test_two_events_of_one_row_are_one_submission_and_one_mail(event: Event) -> None:
    other = build_event(event.fest)
    registered(build_list(event.fest, [row("Asha Rao", event, other, email="a@example.org")]))
    assert Submission.objects.get().registrations.count() == 2
    assert Delivery.objects.count() == 1


def test_rows_of_one_student_with_different_events_are_one_student(event: Event) -> None:
    other = build_event(event.fest)
    class_list = build_list(event.fest, [row("Asha Rao", event), row("asha rao", other)])
    registered(class_list)
    assert Student.objects.get().registrations.count() == 2
    assert Submission.objects.count() == 1
    assert seat_results(class_list) == ["confirmed", "confirmed"]
    assert audit() == []


def test_second_submission_with_the_same_key_is_the_same_job(event: Event) -> None:
    class_list = build_list(event.fest, pupils(3, event))
    key = Submission.new_key()
    first = confirmed(class_list, key=key)
    jobs.run_due()
    assert confirmed(class_list, key=key) == first
    assert ClassListJob.objects.count() == 1


def test_second_submission_with_another_key_shares_no_row(event: Event) -> None:
    class_list = build_list(event.fest, pupils(3, event))
    first, second = at_once([lambda: confirmed(class_list), lambda: confirmed(class_list)])
    jobs.run_due()
    assert first == second or isinstance(second, ActionRejected) or isinstance(first, ActionRejected)
    assert Registration.objects.count() == 3


def test_rows_with_errors_doubts_and_left_out_are_not_given_to_the_job(event: Event) -> None:
    rows = [
        row("Asha Rao", event),
        row("", event),
        row("Ben Khan", event, email="ben@"),
        row("Chen Li", event),
    ]
    class_list = build_list(event.fest, rows)
    class_list.rows.filter(number=5).update(is_left_out=True)
    job = registered(class_list)
    assert [one.number for one in job.rows.all()] == [2]
    assert [student.name for student in Student.objects.all()] == ["Asha Rao"]
    assert readiness(class_list).left == 2


def test_guessed_encoding_is_never_registered(event: Event) -> None:
    class_list = build_list(event.fest, pupils(2, event), is_guess=True)
    with pytest.raises(ActionRejected, match="which encoding it uses"):
        confirmed(class_list)


def test_same_file_again_changes_nothing(event: Event) -> None:
    rows = [row("Asha Rao", event, section="B", roll="4", email="a@example.org"), *pupils(3, event)]
    registered(build_list(event.fest, rows))
    before = [
        list(model.objects.order_by("pk").values()) for model in (Student, Registration, Change, Delivery)
    ]
    again = build_list(event.fest, rows)
    assert {one.kind for one in forecast_of(again).rows.values()} == {"same"}
    registered(again)
    assert seat_results(again) == ["already"] * 4
    after = [
        list(model.objects.order_by("pk").values()) for model in (Student, Registration, Change, Delivery)
    ]
    assert after == before
    assert audit() == []


def test_student_who_registered_alone_is_linked_and_not_doubled(event: Event) -> None:
    student = build_submission(event, name="Asha Rao", email="a@example.org").student
    class_list = build_list(event.fest, [row("Asha Rao", event, section="B", roll="4")])
    expected = forecast_of(class_list).rows[2]
    registered(class_list)
    assert (expected.kind, expected.entries[0].outcome) == ("changed", "already")
    assert "already registered by the student" in expected.words
    assert class_list.rows.get().student == student
    student.refresh_from_db()
    assert (student.section, student.roll_number, counts(event)) == ("B", "4", (1, 0, 1))
    change = Change.objects.get(cause="corrected")
    assert (sorted(change.fields), change.actor) == (["roll_number", "section"], "teacher")
    assert audit() == []


def test_new_address_is_shown_corrected_and_notified_to_the_old_one(event: Event) -> None:
    student = build_submission(event, name="Asha Rao", email="old@example.org").student
    class_list = build_list(event.fest, [row("Asha Rao", event, email="new@example.org")])
    assert "E-mail: old@example.org → new@example.org" in forecast_of(class_list).rows[2].words
    registered(class_list)
    student.refresh_from_db()
    assert (student.email, student.link_version) == ("new@example.org", 2)
    notified = Delivery.objects.exclude(kind="registered").order_by("kind").values_list("kind", "to")
    assert list(notified) == [("corrected", "old@example.org"), ("link", "new@example.org")]
    assert audit() == []


def test_all_or_none_keeps_nothing_and_says_why(event: Event) -> None:
    seniors = build_event(event.fest, grade_min=9, name="Seniors")
    class_list = build_list(event.fest, [*pupils(3, event), row("Zoya Khan", seniors)])
    job = registered(class_list, is_all_or_none=True)
    assert job.error == "Nothing was registered: 1 row would be refused."
    assert seat_results(class_list) == ["ineligible"]
    assert [model.objects.count() for model in (Student, Registration, Submission, Consent)] == [0] * 4
    assert counts(event) == (0, 0, 0)
    assert audit() == []


def test_all_or_none_counts_full_as_refused_only_without_a_waiting_list(event: Event) -> None:
    refused = build_list(event.fest, pupils(11, event))
    assert registered(refused, is_all_or_none=True, wants_waiting=False).error
    assert seat_results(refused) == ["full"]
    assert registered(refused, is_all_or_none=True).error == ""
    assert seat_results(refused) == ["confirmed"] * 10 + ["waiting"]


def test_refused_new_student_leaves_no_row(event: Event) -> None:
    seniors = build_event(event.fest, grade_min=9)
    class_list = build_list(event.fest, [row("Asha Rao", seniors), row("Ben Khan", event, seniors)])
    registered(class_list)
    assert [student.name for student in Student.objects.all()] == ["Ben Khan"]
    assert seat_results(class_list) == ["ineligible", "confirmed", "ineligible"]
    assert Submission.objects.get().refusals.count() == 1
    assert audit() == []


def test_statements_of_a_chunk_do_not_grow_with_its_rows(event: Event) -> None:
    for name in ("Old One", "Old Two"):
        build_submission(event, name=name, email=f"{name[-3:].lower()}@example.org")
    seen = []
    for number, many in enumerate((3, 30)):
        rows = pupils(many, event, start=100 * number, email=f"class{number}@example.org")
        known = row(("Old One", "Old Two")[number], event, email=f"new{number}@example.org")
        confirmed(build_list(event.fest, [*rows, known]))
        with CaptureQueriesContext(connection) as queries:
            jobs.run_due()
        seen.append(len(queries))
    assert seen[0] == seen[1]
    assert seen[0] < 73


def test_row_that_cannot_be_registered_ends_alone_with_its_reason(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_list = build_list(
        event.fest, [*pupils(3, event), row("Poison Ivy", event), *pupils(3, event, start=20)]
    )
    real = allocate

    def poisoned(claims: Any, **values: Any) -> Any:
        if any(claim.student.name == "Poison Ivy" for claim in claims):
            raise IntegrityError("a fault of ours")
        return real(claims, **values)

    monkeypatch.setattr(register_module, "allocate", poisoned)
    job = registered(class_list)
    assert job.error == ""
    assert seat_results(class_list) == ["confirmed"] * 3 + ["failed"] + ["confirmed"] * 3
    assert not Student.objects.filter(name="Poison Ivy").exists()
    assert audit() == []


def test_job_without_progress_ends_with_an_error(event: Event) -> None:
    job = confirmed(build_list(event.fest, pupils(3, event)))
    ClassListJob.objects.update(attempts=jobs.MAX_ATTEMPTS)
    jobs.run_due()
    job.refresh_from_db()
    assert job.error.startswith("The rest could not be registered")
    assert Registration.objects.count() == 0


def test_lease_of_another_worker_is_respected_until_it_is_over(event: Event) -> None:
    confirmed(build_list(event.fest, pupils(3, event)))
    assert jobs.claim() is not None
    assert jobs.claim() is None
    ClassListJob.objects.update(claimed_at=F("claimed_at") - jobs.LEASE * 2)
    assert jobs.claim() is not None


def both_at_once(event: Event) -> list[Any]:
    """Run the same job in two workers at once."""
    class_list = build_list(event.fest, pupils(5, event))
    confirmed(class_list)
    job = jobs.claim()
    assert job is not None
    same_job = ClassListJob.objects.select_related("class_list").get(pk=job.pk)
    return at_once([lambda: jobs.run(job), lambda: jobs.run(same_job)])


def test_two_workers_of_one_job_register_each_row_once(event: Event) -> None:
    assert sorted(both_at_once(event)) == [False, True]
    assert states(event) == ["confirmed"] * 5
    assert ClassListEntry.objects.filter(reason="failed").count() == 0
    assert audit() == []


def test_without_the_guard_two_workers_meet_at_the_same_rows(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: only the lease keeps the workers apart. Then keys and constraints prevent duplicates."""
    monkeypatch.setattr(jobs, "_renew", lambda job: None)
    real, met, line = match, list[int](), threading.Barrier(2)

    def slow(*args: Any, **values: Any) -> Any:
        met.append(1)
        if len(met) <= 2:
            line.wait(20)
        return real(*args, **values)

    monkeypatch.setattr(register_module, "match", slow)
    both_at_once(event)
    assert len(met) > 1
    assert states(event) == ["confirmed"] * 5


def test_same_student_by_form_and_by_list_at_once_is_registered_once(event: Event) -> None:
    class_list = build_list(event.fest, [row("Asha Rao", event, email="a@example.org")])
    confirmed(class_list)
    booking_request = build_request(event, name="Asha Rao", email="a@example.org")
    at_once([lambda: submit_now(booking_request), jobs.run_due])
    jobs.run_due()
    assert (Student.objects.count(), states(event)) == (1, ["confirmed"])
    assert ClassListRow.objects.get().student == Student.objects.get()
    assert audit() == []


def test_row_that_was_changed_since_confirm_goes_back_to_the_draft(event: Event) -> None:
    class_list = build_list(event.fest, pupils(3, event))
    job = confirmed(class_list)
    class_list.rows.filter(number=3).update(cells=["", "7", "", "", "", event.name])
    jobs.run_due()
    job.refresh_from_db()
    assert (job.error, job.finished_at is not None, event.registrations.count()) == ("", True, 2)
    left = class_list.rows.get(number=3)
    assert (left.job, left.done_at) == (None, None)
    assert [row[-1] for row in problem_table(class_list)[1]] == ["Enter the student's full name"]
    assert audit("--all") == []


def test_columns_cannot_be_changed_during_registration(event: Event) -> None:
    class_list = build_list(event.fest, pupils(3, event))
    confirmed(class_list)
    sent = QueryDict("column-0=")
    with pytest.raises(ActionRejected, match="being registered"):
        change_columns(class_list, sent, events={})
    jobs.run_due()
    change_columns(class_list, sent, events={})
    class_list.refresh_from_db()
    assert (event.registrations.count(), class_list.columns[0][1]) == (3, "ignored")


def test_draft_cannot_be_deleted_during_registration(event: Event) -> None:
    class_list = build_list(event.fest, pupils(3, event))
    confirmed(class_list)
    with pytest.raises(ActionRejected):
        discard(class_list)
    assert class_list.rows.count() == 3


def test_busy_job_lets_other_lists_go_first(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (build_list(event.fest, pupils(2, event, start=start)) for start in (1, 5))
    blocked, other = confirmed(first), confirmed(second)
    run = register_module.register

    def register(work: Any, *args: Any, **kwargs: Any) -> None:
        if work.job.pk == blocked.pk:
            raise LockTimeout
        run(work, *args, **kwargs)

    monkeypatch.setattr(jobs, "register", register)
    monkeypatch.setattr(jobs, "PAUSE", 0)
    assert jobs.run_due() == 1
    other.refresh_from_db()
    blocked.refresh_from_db()
    assert (other.finished_at is not None, blocked.finished_at, blocked.attempts) == (True, None, 0)


def test_worker_that_is_asked_to_stop_claims_no_further_list(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (confirmed(build_list(event.fest, pupils(2, event, start=start))) for start in (1, 5))
    monkeypatch.setattr(stopping, "_stop_requested", threading.Event())
    run = jobs.run

    def run_last(job: ClassListJob) -> bool:
        stopping.ask()
        return run(job)

    monkeypatch.setattr(jobs, "run", run_last)
    assert jobs.run_due() == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.finished_at is not None, second.claimed_at, second.attempts) == (True, None, 0)


def test_all_or_none_says_how_many_rows_cannot_be_read_any_more(event: Event) -> None:
    class_list = build_list(event.fest, pupils(3, event))
    job = confirmed(class_list, is_all_or_none=True)
    class_list.rows.filter(number=3).update(cells=["", "7", "", "", "", event.name])
    jobs.run_due()
    job.refresh_from_db()
    assert (job.error, event.registrations.count()) == (
        "Nothing was registered: 1 row would be refused.",
        0,
    )


@pytest.mark.django_db(transaction=True)
def test_chunk_that_waits_for_a_student_holds_no_later_one(event: Event) -> None:
    """Corrected and merely registered students are locked in one order, so two chunks cannot deadlock."""
    first, second = (build_submission(event, name=name, email="").student for name in ("Asha Rao", "Ben Das"))
    other = build_event(event.fest)
    confirmed(
        build_list(event.fest, [row("Asha Rao", other), row("Ben Das", other, email="ben@example.org")])
    )

    def hold() -> list[int]:
        with transaction.atomic():
            Student.objects.select_for_update().get(pk=first.pk)
            until = time.monotonic() + 20
            while not jobs._does_anybody_wait() and time.monotonic() < until:
                time.sleep(0.02)
            return [one.pk for one in Student.objects.filter(pk=second.pk).select_for_update(nowait=True)]

    assert at_once([hold, jobs.run_due]) == [[second.pk], 1]
    assert other.registrations.count() == 2


@pytest.mark.parametrize("does_anybody_wait", [False, True])
def test_worker_pauses_between_chunks_only_if_others_waited(
    event: Event, monkeypatch: pytest.MonkeyPatch, does_anybody_wait: bool
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(jobs, "CHUNK", 2)
    monkeypatch.setattr(jobs, "PAUSE", 0.001)
    monkeypatch.setattr(jobs, "_does_anybody_wait", lambda: does_anybody_wait)
    # Only the clock of this module: the thread that wakes workers keeps the real one.
    monkeypatch.setattr(jobs, "time", SimpleNamespace(sleep=pauses.append, monotonic=time.monotonic))
    confirmed(build_list(event.fest, pupils(6, event)))
    assert (jobs.run_due(), len(pauses)) == (1, 3 if does_anybody_wait else 0)


def test_digest_of_a_row_covers_every_student_field_and_the_events() -> None:
    """Otherwise a second submission with the same key and another value would get the first answer."""
    listed = ListedStudent(
        row=2,
        name="Asha Rao",
        grade=7,
        section="A",
        roll_number="1",
        email="asha@example.org",
        events=("race",),
    )
    other: list[dict[str, Any]] = [{name: 9} for name in StudentFields.base_fields]
    changed = [replace(listed, **values) for values in other]
    digests = {register_module._digest(one) for one in (listed, *changed, replace(listed, events=()))}
    assert len(digests) == len(changed) + 2
