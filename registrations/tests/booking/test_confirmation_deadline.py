"""Where the fest asks for it, an address is confirmed within half an hour, or the seat goes to the next."""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from django.db.models import F
from django.db.models.query import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import cache
from events.editing import set_capacity
from events.models import Event, Fest
from events.querysets import SeatsQuerySet
from registrations import links, tasks
from registrations.booking import confirmation_deadline, idempotency
from registrations.booking.allocate import allocate_to_newcomer
from registrations.booking.cancel import cancel
from registrations.booking.confirmation_deadline import confirm, release_due
from registrations.booking.errors import RegistrationRejected
from registrations.booking.policy import CONFIRMATION_TIME
from registrations.booking.state import give_up
from registrations.forms import details_of
from registrations.models import Change, Registration, Student
from registrations.students.corrections import correct
from registrations.students.merge import merge_students
from registrations.tests.builders import (
    build_details,
    build_event,
    build_fest,
    build_request,
    build_submission,
    build_teacher,
    build_user,
    submit_now,
)
from registrations.tests.builders.class_lists import build_list, registered, row
from registrations.tests.builders.holds import outlive, request_now
from registrations.tests.counting import counts, states
from registrations.tests.form_posts import post_form, text_of
from registrations.tests.races import at_once
from techfest.core.db.locking import Deadline
from tickets.tests.admin_helpers import organiser_client
from tickets.tests.audited import damage, offenders, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return build_fest(confirms_addresses=True)


@pytest.fixture
def event(fest: Fest) -> Event:
    return build_event(fest, capacity=1, name="Robo Race")


def register(event: Event, **values: Any) -> Registration:
    return build_submission(event, **values).registrations.get()


def let_time_run_out(*rows: Registration) -> None:
    Registration.objects.filter(pk__in=[row.pk for row in rows]).update(
        confirm_by=timezone.now() - dt.timedelta(seconds=1),
        confirm_mailed_at=timezone.now() - CONFIRMATION_TIME,
    )


def confirm_now(row: Registration) -> confirmation_deadline.Confirmed:
    return confirm(row.student_id, deadline=Deadline(30))


def test_seat_is_taken_at_once_and_says_until_when(event: Event) -> None:
    before = timezone.now()
    row = register(event)
    assert row.state == "confirmed"
    assert row.confirm_by is not None
    assert abs(row.confirm_by - before - CONFIRMATION_TIME) < dt.timedelta(minutes=1)


def test_without_the_switch_nothing_is_to_be_confirmed() -> None:
    assert register(build_event(build_fest())).confirm_by is None


def test_student_of_a_class_list_confirms_nothing(event: Event) -> None:
    registered(build_list(event.fest, [row("Listed Asha", event, email="asha@example.org")]))
    assert Registration.objects.get().confirm_by is None


def test_confirmed_address_keeps_the_seat_and_is_asked_once(event: Event) -> None:
    row = register(event)
    assert [one.pk for one in confirm_now(row).kept] == [row.pk]
    again = build_request(build_event(event.fest))
    again = type(again)(
        key=again.key,
        fest_id=event.fest_id,
        event_ids=again.event_ids,
        wants_waiting=True,
        student_id=row.student_id,
    )
    assert submit_now(again).registrations.get().confirm_by is None
    assert release_due() == 0
    assert states(event) == ["confirmed"]


def test_another_address_must_be_confirmed_anew(event: Event) -> None:
    row = register(event)
    confirm_now(row)
    values = details_of(row.student) | {"email": "new@example.org"}
    correct(row.student_id, values=values, actor=Change.Actor.STUDENT, deadline=Deadline())
    assert Student.objects.get(pk=row.student_id).email_verified_at is None


def test_unconfirmed_seat_goes_to_the_next_in_one_transaction(event: Event) -> None:
    first, second = register(event), register(event)
    let_time_run_out(first)
    assert tasks.expire_holds() == 1
    assert states(event) == ["cancelled", "confirmed"]
    changes = Change.objects.filter(from_state__gt="").order_by("pk")
    assert list(changes.values_list("registration", "cause", "actor")) == [
        (first.pk, "unconfirmed", "system"),
        (second.pk, "promoted", "system"),
    ]
    assert len(set(changes.values_list("at", flat=True))) == 1
    assert offenders() == []


def test_newcomer_frees_what_is_late_without_any_worker(event: Event) -> None:
    first = register(event)
    let_time_run_out(first)
    assert register(event).state == "confirmed"
    assert states(event) == ["cancelled", "confirmed"]
    assert counts(event)[:2] == (1, 0)


def test_the_same_student_registers_anew_after_the_time(event: Event) -> None:
    first = register(event, name="Asha", email="asha@example.org")
    let_time_run_out(first)
    assert register(event, name="Asha", email="asha@example.org").state == "confirmed"


def test_cancellation_never_promotes_who_is_late(event: Event) -> None:
    first, late, third = register(event), register(event), register(event)
    let_time_run_out(late)
    cancel([first.pk], actor=Change.Actor.STUDENT, deadline=Deadline())
    assert states(event) == ["cancelled", "cancelled", "confirmed"]
    assert third.student_id


def test_what_has_begun_is_not_released(event: Event) -> None:
    row = register(event)
    let_time_run_out(row)
    start = timezone.now() - dt.timedelta(minutes=1)
    Event.objects.filter(pk=event.pk).update(starts_at=start, ends_at=start + dt.timedelta(hours=1))
    assert release_due() == 0
    assert states(event) == ["confirmed"]


def test_late_confirmation_is_told_and_frees_the_seat(event: Event) -> None:
    row = register(event)
    let_time_run_out(row)
    response = Client().post(links.confirm_address_path(row.student))
    assert "The time to confirm is over" in text_of(response)
    assert states(event) == ["cancelled"]


def test_link_of_the_mail_shows_and_only_the_button_confirms(event: Event) -> None:
    row = register(event, name="Asha Rao")
    path = links.confirm_address_path(row.student)
    page = text_of(Client().get(path))
    assert "Asha Rao" in page
    assert "Robo Race" in page
    row.refresh_from_db()
    assert row.confirm_by is not None
    assert "Your address is confirmed" in text_of(Client().post(path))
    assert Registration.objects.filter(confirm_by=None).exists()
    assert "There is nothing to confirm" in text_of(Client().get(path))


def test_links_of_pages_verify_no_address(event: Event) -> None:
    """Who made the registration is shown these; only the mailbox has the other one."""
    submission = build_submission(event)
    student = submission.student
    confirm_address_path = links.confirm_address_path(student)
    for path in (links.confirmation_path(submission), links.my_path(student)):
        page = text_of(Client().get(path))
        assert confirm_address_path not in page
        words, _found, after = page.partition("<svg xmlns")
        assert "Confirm your e-mail address: open the link in our mail within 30 minutes" in words
        assert "Confirm your e-mail address" not in after
    token = links.my_path(student).split("/")[2]
    assert Client().post(reverse("registrations:confirm", args=[token])).status_code == 404


def test_form_wants_an_address_while_the_switch_is_on(event: Event) -> None:
    response = post_form(Client(), event, email="")
    assert response.status_code == 200
    assert "ask your teacher to register you" in text_of(response)
    assert Registration.objects.count() == 0


def test_own_page_keeps_an_address_while_the_switch_is_on(event: Event) -> None:
    """Otherwise a program could register, remove its address, and add every other event for good."""
    student = register(event).student
    values = details_of(student)
    response = Client().post(f"{links.my_path(student)}details/", values | {"email": ""})
    assert "Enter an e-mail address: this fest asks for one" in text_of(response)
    student.refresh_from_db()
    assert student.email == values["email"]


def test_student_without_an_address_corrects_a_name(event: Event) -> None:
    student = register(event, email="").student
    response = Client().post(f"{links.my_path(student)}details/", details_of(student) | {"name": "Asha Rao"})
    assert response.status_code == 302
    student.refresh_from_db()
    assert student.name == "Asha Rao"


def test_student_without_an_address_adds_no_event(event: Event) -> None:
    student = register(event, email="").student
    other = build_event(event.fest)
    path = f"{links.my_path(student)}add/"
    response = Client().post(path, {"key": idempotency.new_key(), "events": [other.slug]})
    assert "Enter one under “Change my details” first" in text_of(response)
    assert student.registrations.count() == 1


def test_seat_without_an_address_is_never_for_good(event: Event) -> None:
    """The last guard: the address was removed between page and lock, or the setting was switched on meanwhile."""
    assert register(event, email="").confirm_by is not None


def test_late_confirmation_is_told_of_what_was_released_before(event: Event) -> None:
    """Beat was faster than the button."""
    row = register(event)
    let_time_run_out(row)
    assert release_due() == 1
    response = text_of(Client().post(links.confirm_address_path(row.student)))
    assert "The time to confirm is over" in response
    assert "your seat was released" in response
    assert "Robo Race" in response


def test_late_confirmation_tells_nothing_of_what_was_obtained_again(event: Event) -> None:
    row = register(event, name="Asha", email="asha@example.org")
    let_time_run_out(row)
    register(event, name="Asha", email="asha@example.org")
    result = confirm_now(row)
    assert len(result.kept) == 1
    assert result.lost == []


def test_teacher_who_names_the_student_confirms_the_seat(event: Event) -> None:
    """The list says that the student is registered already; then it stays so."""
    first = register(event, name="Asha Rao", email="asha@example.org")
    assert first.confirm_by is not None
    registered(build_list(event.fest, [row("Asha Rao", event, email="asha@example.org")]))
    assert Registration.objects.get().confirm_by is None


def test_teacher_who_names_the_student_by_hand_confirms_the_seat(event: Event) -> None:
    """Nothing new is obtained, so everything else of this request is undone."""
    details = build_details(name="Asha Rao", email="asha@example.org")
    first = register(event, name=details.name, email=details.email)
    booking_request = replace(build_request(event), details=details, teacher=build_teacher().user)
    with pytest.raises(RegistrationRejected):
        submit_now(booking_request)
    first.refresh_from_db()
    assert first.confirm_by is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verified", ["kept", "gone"])
def test_merging_with_a_confirmed_address_confirms(verified: str, event: Event) -> None:
    kept = register(build_event(event.fest), name="Asha Rao", section="A", email="asha@example.org")
    gone = register(event, name="Asha Rao", section="B", email="asha@example.org")
    confirm_now({"kept": kept, "gone": gone}[verified])
    options: dict[str, Any] = {"user": build_user(), "reason": "Twice", "deadline": Deadline(30)}
    merge_students(kept.student_id, gone.student_id, **options)
    assert set(Registration.objects.values_list("student", "confirm_by")) == {(kept.student_id, None)}
    assert Student.objects.get().email_verified_at


@pytest.mark.django_db(transaction=True)
def test_merging_with_an_unconfirmed_address_confirms_nothing(event: Event) -> None:
    kept = register(build_event(event.fest), name="Asha Rao", section="A")
    gone = register(event, name="Asha Rao", section="B")
    confirm_now(gone)
    options: dict[str, Any] = {"user": build_user(), "reason": "Twice", "deadline": Deadline(30)}
    merge_students(kept.student_id, gone.student_id, **options)
    assert Registration.objects.get(pk=kept.pk).confirm_by is not None
    assert Student.objects.get().email_verified_at is None


def test_switching_it_off_releases_nothing_and_asks_for_nothing(event: Event) -> None:
    row = register(event)
    let_time_run_out(row)
    Fest.objects.filter(pk=event.fest_id).update(confirms_addresses=False)
    cache.forget()
    assert release_due() == 0
    assert offenders() == []
    assert "Confirm your e-mail address" not in text_of(Client().get(links.my_path(row.student)))
    assert "There is nothing to confirm" in text_of(Client().get(links.confirm_address_path(row.student)))


def test_switching_it_on_again_concerns_later_registrations_only(event: Event) -> None:
    row = register(event)
    let_time_run_out(row)
    Fest.objects.filter(pk=event.fest_id).update(confirms_addresses=False)
    tasks.expire_holds()
    Fest.objects.filter(pk=event.fest_id).update(confirms_addresses=True)
    assert tasks.expire_holds() == 0
    row.refresh_from_db()
    assert row.confirm_by is None


def test_newcomer_is_treated_as_if_what_is_late_were_released(event: Event) -> None:
    """Otherwise the event would be full for a known child and free for an unknown one: that reveals the child."""
    Event.objects.filter(pk=event.pk).update(waiting_limit=0)
    first = register(event)
    let_time_run_out(first)
    known = register(build_event(event.fest), name="Asha", email="asha@example.org")
    response = post_form(Client(), event, name=known.student.name, email="other@example.org")
    assert "Already registered" not in text_of(response)
    (outcome,) = allocate_to_newcomer(
        (event.pk,), fest_id=event.fest_id, grade=7, wants_waiting=True, deadline=Deadline(30)
    )
    assert outcome.registration


def test_confirmation_includes_what_was_registered_a_moment_ago(
    monkeypatch: pytest.MonkeyPatch, event: Event
) -> None:
    """Registered between the look at what is pending and the student's lock."""
    first = register(event, name="Asha")
    other = build_event(event.fest)
    release = confirmation_deadline.release

    def register_and_release(*args: Any, **options: Any) -> list[Registration]:
        now = timezone.now()
        values = {
            "student": first.student,
            "event": other,
            "state": "waiting",
            "queue_position": 1,
            "created_at": now,
        }
        Registration.objects.create(**values, confirm_by=now + CONFIRMATION_TIME)
        return release(*args, **options)

    monkeypatch.setattr(confirmation_deadline, "release", register_and_release)
    assert len(confirm_now(first).kept) == 2
    assert not Registration.objects.filter(confirm_by__isnull=False).exists()


@pytest.mark.parametrize("way", ["register", "cancel", "beat"])
def test_seats_of_a_hold_go_to_nobody_who_is_late(way: str, event: Event) -> None:
    set_capacity(event, capacity=2)
    hold = request_now(build_teacher(), event, 1)
    first, late = register(event), register(event)
    outlive(hold)
    assert late.state == "waiting"
    let_time_run_out(late)
    match way:
        case "register":
            register(event)
        case "cancel":
            cancel([first.pk], actor=Change.Actor.STUDENT, deadline=Deadline())
        case _:
            tasks.expire_holds()
    assert list(late.changes.order_by("pk").values_list("to_state", flat=True)) == ["waiting", "cancelled"]


def test_organisers_list_who_is_not_confirmed(event: Event) -> None:
    first, second = register(event), register(build_event(event.fest))
    confirm_now(first)
    path = reverse("admin:registrations_registration_changelist")
    listed = organiser_client().get(path, {"unconfirmed": "yes"}).context["cl"].queryset
    assert [one.pk for one in listed] == [second.pk]


class Crossing:
    """Lets two meet after both have read what is to be confirmed, half a second at most, as the time ends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, due: dt.datetime) -> None:
        self.line = threading.Barrier(2)
        self.own = threading.local()
        self.due = due
        monkeypatch.setattr(confirmation_deadline, "database_now", lambda: self.due + self.own.offset)
        pending_of = confirmation_deadline.pending_of

        def give_up_together(*args: Any, **options: Any) -> Any:
            self.meet()
            return give_up(*args, **options)

        def pending_together(student: Student) -> Any:
            rows = pending_of(student)
            return Met(self, rows) if getattr(self.own, "asked", False) else self.ask(rows)

        monkeypatch.setattr(confirmation_deadline, "give_up", give_up_together)
        monkeypatch.setattr(confirmation_deadline, "pending_of", pending_together)

    def ask(self, rows: Any) -> Any:
        self.own.asked = True
        return rows

    def meet(self) -> None:
        with suppress(threading.BrokenBarrierError):
            self.line.wait(0.5)

    def confirm(self, student_id: int) -> list[Registration]:
        self.own.offset = dt.timedelta(microseconds=-1)
        return confirm(student_id, deadline=Deadline(30)).kept

    def release(self) -> int:
        self.own.offset = dt.timedelta(microseconds=1)
        return release_due()


class Met:
    """A query whose rows are handed out after the meeting."""

    def __init__(self, crossing: Crossing, rows: Any) -> None:
        self.crossing, self.rows = crossing, rows

    def __iter__(self) -> Iterator[Registration]:
        found = list(self.rows)
        self.crossing.meet()
        return iter(found)


def cross(monkeypatch: pytest.MonkeyPatch, event: Event) -> tuple[bool, str]:
    """Whether the student was notified that the seat stays, and the state of the registration."""
    row = register(event)
    Registration.objects.filter(pk=row.pk).update(confirm_mailed_at=F("created_at"))
    row.refresh_from_db()
    assert row.confirm_by is not None
    crossing = Crossing(monkeypatch, row.confirm_by)
    kept, _released = at_once([lambda: crossing.confirm(row.student_id), crossing.release])
    row.refresh_from_db()
    return bool(kept), row.state


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_confirming_and_releasing_at_once_agree(monkeypatch: pytest.MonkeyPatch, event: Event) -> None:
    assert cross(monkeypatch, event) in ((True, "confirmed"), (False, "cancelled"))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_confirming_and_releasing_without_locks_contradict(
    monkeypatch: pytest.MonkeyPatch, event: Event
) -> None:
    """The negative control: no lock of the seats, and none of the registrations."""
    monkeypatch.setattr(SeatsQuerySet, "locked", lambda rows, ids: list(rows.filter(pk__in=list(ids))))
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_options: rows)
    assert cross(monkeypatch, event) == (True, "cancelled")


SEEDED = {
    "not released": """
        UPDATE registrations_registration SET confirm_by = clock_timestamp() - interval '6 minutes',
            confirm_mailed_at = created_at
    """,
    "released before its time": """
        UPDATE registrations_change SET cause = 'unconfirmed' WHERE to_state = 'cancelled'
    """,
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", SEEDED)
def test_audit_names_what_was_not_confirmed(name: str, event: Event) -> None:
    row = register(event)
    if name != "not released":
        cancel([row.pk], actor=Change.Actor.STUDENT, deadline=Deadline())
    assert run() == []
    damage(SEEDED[name])
    assert [line for line in run() if "was to confirm an address by" in line]


def test_builders_time_is_of_the_database(event: Event) -> None:
    row = register(event)
    Registration.objects.filter(pk=row.pk).update(confirm_by=F("created_at"))
    assert release_due() == 0
    Registration.objects.filter(pk=row.pk).update(confirm_mailed_at=F("created_at"))
    assert release_due() == 1
