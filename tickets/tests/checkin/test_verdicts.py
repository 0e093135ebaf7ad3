"""Every verdict: which scan gets it, and what it says."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from events.cache import forget
from events.models import Event
from registrations.booking.cancel import cancel
from registrations.booking.errors import ActionRejected
from registrations.models import Change, MergedReference, Registration
from registrations.tests.builders import build_fest, build_submission
from registrations.tests.builders.questions import build_answer, build_question
from techfest.core.db.locking import Deadline
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.scan import Choice, Offline, SchoolList, check_in
from tickets.checkin.verdict_view import VerdictDisplay, display_of
from tickets.checkin.verdicts import VERDICT_STYLES
from tickets.keys import random_key
from tickets.models import CheckIn, Delegation, Scan, Ticket
from tickets.tests.builders.checkin import (
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    scanned,
    ticket_for,
    volunteer,
    waiting_for,
)

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
Verdict = Scan.Verdict


@pytest.fixture
def event() -> Event:
    return open_event(fest_today(), name="Robo Race")


@pytest.fixture
def checkpoint(event: Event) -> Checkpoint:
    return checkpoint_of(gate_of(event.fest, event))


@pytest.fixture
def ravi(checkpoint: Checkpoint) -> Any:
    return volunteer(checkpoint.gate)


def said(scan: Scan, checkpoint: Checkpoint) -> str:
    display = display_of(scan.link_id, checkpoint)
    assert display is not None
    return display.sentence


def test_each_verdict_has_a_word_and_an_icon_of_its_own() -> None:
    assert set(VERDICT_STYLES) == set(Verdict)
    assert len({str(style.word) for style in VERDICT_STYLES.values()}) == 10
    assert len({style.icon for style in VERDICT_STYLES.values()}) == 10
    assert [verdict for verdict, style in VERDICT_STYLES.items() if style.tone == "green"] == [Verdict.IN]


def test_valid_ticket_is_checked_in(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    ticket = ticket_for(event)
    scan = scanned(checkpoint, ticket.code, ravi)
    row = CheckIn.objects.get()
    assert (scan.verdict, said(scan, checkpoint)) == ("in", "Welcome to Robo Race.")
    assert (row.ticket, row.user, row.where, row.how) == (ticket, ravi, "Main gate", "scan")
    ticket.refresh_from_db()
    assert ticket.checked_in_at == row.at == scan.at


@pytest.mark.parametrize("written", ["url", "code", "reference", "typed", "spaced", "merged"])
def test_code_is_understood_however_it_is_written(
    checkpoint: Checkpoint, event: Event, ravi: Any, written: str
) -> None:
    ticket = ticket_for(event)
    reference = ticket.student.reference
    MergedReference.objects.create(reference="ABC2345", student=ticket.student, at=timezone.now())
    forms = {
        "url": f"https://fest.example{ticket.get_absolute_url()}",
        "code": f" {ticket.code} \n",
        "reference": reference,
        "typed": f"{reference[:3]}-{reference[3:]}".lower(),
        "spaced": " ".join(reference),
        "merged": "abc-2345",
    }
    assert scanned(checkpoint, forms[written], ravi).verdict == "in"


def test_second_scan_says_who_was_first_when_and_where(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    ticket = ticket_for(event)
    first = scanned(checkpoint, ticket.code, ravi)
    second = scanned(checkpoint, ticket.code, volunteer(checkpoint.gate))
    at = timezone.localtime(first.at).strftime("%-I:%M%p").lower()
    assert (second.verdict, said(second, checkpoint)) == ("already", f"First at {at} by Ravi: Main gate.")
    assert CheckIn.objects.count() == 1


def test_wrong_event_says_where_to_go(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    other = open_event(event.fest, name="Chess", minutes=40)
    scan = scanned(checkpoint, ticket_for(other).code, ravi)
    assert scan.verdict == "other_event"
    assert re.fullmatch(
        r"This ticket is for Chess: go to Main Hall, \w+ \d+ \w+, .+ to .+\.", said(scan, checkpoint)
    )


@pytest.mark.parametrize("days", [-1, 1])
def test_wrong_day_says_which(checkpoint: Checkpoint, event: Event, ravi: Any, days: int) -> None:
    ticket = ticket_for(event)
    span = dt.timedelta(days=days, hours=days * 3)
    Event.objects.update(starts_at=F("starts_at") + span, ends_at=F("ends_at") + span)
    scan = scanned(checkpoint, ticket.code, ravi)
    event.refresh_from_db()
    day = timezone.localtime(event.starts_at).strftime("%A %-d %B")
    assert scan.verdict == "other_day"
    assert day in said(scan, checkpoint)


def test_too_soon_says_from_when(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    ticket = ticket_for(event)
    opens = timezone.now() + dt.timedelta(minutes=5)
    Event.objects.update(doors_open_at=opens)
    scan = scanned(checkpoint, ticket.code, ravi)
    at = timezone.localtime(opens).strftime("%-I:%M%p").lower()
    assert (scan.verdict, said(scan, checkpoint)) == (
        "too_soon",
        f"The doors of Robo Race open at {at}: Main Hall.",
    )


def test_waiting_says_number_and_from_when_seats_are_given(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    build_submission(*[event])
    Event.objects.update(promotes_until=timezone.now() + HOUR)
    event.seats.refresh_from_db()
    event.seats.__class__.objects.update(capacity=1)
    waiting = build_submission(event).registrations.get()
    scan = scanned(checkpoint, waiting.student.reference, ravi)
    assert (scan.verdict, scan.ticket) == ("waiting", None)
    assert said(scan, checkpoint).startswith(
        "Rank 1 on the waiting list of Robo Race. Free seats are given at"
    )


def test_cancelled_says_by_whom_and_when(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    ticket = ticket_for(event)
    cancel([ticket.registration_id], actor="student", deadline=Deadline())
    scan = scanned(checkpoint, ticket.code, ravi)
    assert scan.verdict == "cancelled"
    assert re.fullmatch(r"Cancelled on .+, .+ by the student\.", said(scan, checkpoint))


def test_transferred_student_is_sent_to_the_new_event(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    ticket = ticket_for(event)
    chess = open_event(event.fest, name="Chess", minutes=140)
    Registration.objects.create(
        event=chess,
        student=ticket.student,
        state="confirmed",
        queue_position=1,
        created_at=timezone.now(),
    )
    cancel([ticket.registration_id], actor="organiser", deadline=Deadline())
    assert "This student has a seat in Chess: Main Hall" in said(
        scanned(checkpoint, ticket.code, ravi), checkpoint
    )


def test_cancelled_event_admits_no_one(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    ticket = ticket_for(event)
    Event.objects.update(state="cancelled")
    scan = scanned(checkpoint, ticket.code, ravi)
    assert (scan.verdict, said(scan, checkpoint)) == ("cancelled", "Robo Race does not take place.")


def test_reissued_says_since_when(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    old = ticket_for(event)
    Ticket.objects.update(voided_at=timezone.now())
    new = Ticket.objects.create(registration=old.registration, student=old.student, created_at=timezone.now())
    scan = scanned(checkpoint, old.code, ravi)
    assert scan.verdict == "reissued"
    assert said(scan, checkpoint).endswith("Show the newer ticket.")
    assert scanned(checkpoint, new.code, ravi).verdict == "in"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("A" * 22, "unknown"),
        ("https://fest.example/t/" + "A" * 22 + "/", "unknown"),
        ("ABC-2345", "unknown"),
        ("", "unreadable"),
        ("A" * 21, "unreadable"),
        ("https://fest.example/", "unreadable"),
        ("' OR 1=1--", "unreadable"),
        ("🎟️", "unreadable"),
        ("\x00\x1b[31m", "unreadable"),
        ("x" * 4096, "unreadable"),
    ],
    ids=["code", "url", "reference", "nothing", "cut off", "page", "sql", "emoji", "control", "4 kB"],
)
def test_unreadable_and_unknown_codes_differ(
    checkpoint: Checkpoint, ravi: Any, text: str, verdict: str
) -> None:
    scan = scanned(checkpoint, text, ravi)
    assert (scan.verdict, scan.registration) == (verdict, None)


def test_code_with_one_character_changed_or_in_lower_case_is_unknown(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    code = ticket_for(event).code
    for other in (code[:-2] + ("B" if code[-2] != "B" else "C") + code[-1], code.swapcase()):
        assert scanned(checkpoint, other, ravi).verdict == "unknown"
    assert not CheckIn.objects.exists()


def test_ticket_of_another_fest_is_unknown(checkpoint: Checkpoint, ravi: Any) -> None:
    other = open_event(build_fest(is_current=False))
    assert scanned(checkpoint, ticket_for(other).code, ravi).verdict == "unknown"


def test_same_key_is_the_same_answer_and_one_row(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    ticket, key = ticket_for(event), random_key()
    responses = [check_in(checkpoint, code=ticket.code, key=key, user=ravi) for _ in range(3)]
    assert {getattr(response, "verdict", "") for response in responses} == {"in"}
    assert (Scan.objects.count(), CheckIn.objects.count()) == (1, 1)


def test_reference_of_several_tickets_here_asks_which(event: Event, ravi: Any) -> None:
    other = open_event(
        event.fest, name="Chess", minutes=55, starts_at=event.ends_at, ends_at=event.ends_at + HOUR
    )
    Event.objects.filter(pk=other.pk).update(doors_open_at=timezone.now() - HOUR)
    checkpoint = checkpoint_of(gate_of(event.fest, name="Both"))
    submission = build_submission(event, other)
    reference = submission.student.reference
    response = check_in(checkpoint, code=reference, key=random_key(), user=ravi)
    assert isinstance(response, Choice)
    assert [one.registration.event.name for one in response.found] == ["Robo Race", "Chess"]
    assert not Scan.objects.exists()
    chosen = response.found[1].registration
    scan = scanned(checkpoint, reference, ravi, registration_id=chosen.pk)
    assert (scan.verdict, scan.registration) == ("in", chosen)


def test_reference_takes_the_one_ticket_that_is_good_here(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    later = open_event(event.fest, minutes=600)
    submission = build_submission(event, later)
    scan = scanned(checkpoint, submission.student.reference, ravi)
    assert (scan.verdict, scan.registration and scan.registration.event) == ("in", event)


def test_schools_code_opens_its_list(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    school = ticket_for(event).student.school
    delegation = Delegation.objects.create(fest=event.fest, school=school)
    for text in (delegation.code, f"https://fest.example/delegation/{delegation.code}/"):
        response = check_in(checkpoint, code=text, key=random_key(), user=ravi)
        assert response == SchoolList(delegation)
    assert not Scan.objects.exists()


def test_answer_stays_the_same_whatever_happens_later(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    ticket = ticket_for(event)
    green, amber = (scanned(checkpoint, ticket.code, ravi) for _ in range(2))
    before = [said(one, checkpoint) for one in (green, amber)]
    scanned(checkpoint, ticket.code, ravi)
    cancel([ticket.registration_id], actor=Change.Actor.ORGANISER, deadline=Deadline())
    assert [said(one, checkpoint) for one in (green, amber)] == before


def test_card_holds_name_grade_school_and_event_and_nothing_else(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    ticket = ticket_for(event, name="Asha Raman", email="asha@example.org")
    device_verdict = VerdictDisplay(scanned(checkpoint, ticket.code, ravi), checkpoint).as_json()
    assert set(device_verdict) == {
        "verdict", "tone", "word", "sentence", "name", "grade", "school", "event", "hall", "when", "first",
        "choices", "url",
    }  # fmt: skip
    assert (
        device_verdict["tone"],
        device_verdict["name"],
        device_verdict["grade"],
        device_verdict["hall"],
    ) == (
        "green",
        "Asha Raman",
        "7",
        "Main Hall",
    )
    assert not [
        one
        for one in ("asha@example.org", ticket.code, ticket.student.reference)
        if one in str(device_verdict)
    ]


def test_waiting_person_with_a_ticket_elsewhere_is_checked_by_what_was_chosen(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    event.seats.__class__.objects.update(capacity=0)
    waiting = waiting_for(event)
    scan = scanned(checkpoint, waiting.student.reference, ravi, registration_id=waiting.pk)
    assert scan.verdict == "waiting"


def test_student_cannot_give_up_a_seat_that_was_used(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    ticket = ticket_for(event)
    scanned(checkpoint, ticket.code, ravi)
    with pytest.raises(ActionRejected, match="was used at the door"):
        cancel([ticket.registration_id], actor=Change.Actor.STUDENT, deadline=Deadline())
    assert Ticket.objects.get().is_live


def test_organisers_cancellation_takes_the_check_in_back(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    ticket = ticket_for(event)
    scanned(checkpoint, ticket.code, ravi)
    cancel([ticket.registration_id], actor=Change.Actor.ORGANISER, user=ravi, deadline=Deadline())
    row = CheckIn.objects.get()
    assert (row.undone_by, row.undo_reason) == (ravi, "The registration was cancelled.")
    assert Ticket.objects.get().checked_in_at is None


OFFLINE = [
    ("good", "in", "in", False, 1),
    ("void", "in", "cancelled", True, 0),
    ("good", "unknown", "unknown", True, 0),
    ("void", "cancelled", "cancelled", False, 0),
    ("nothing", "unknown", "unknown", False, 0),
    ("nothing", "in", "unknown", True, 0),
]


@pytest.mark.parametrize(("ticket_is", "device_verdict", "verdict", "is_conflict", "inside"), OFFLINE)
def test_scan_without_a_network_is_checked_when_it_is_uploaded(
    checkpoint: Checkpoint,
    event: Event,
    ravi: Any,
    ticket_is: str,
    device_verdict: str,
    verdict: str,
    is_conflict: bool,
    inside: int,
) -> None:
    ticket = ticket_for(event)
    if ticket_is == "void":
        cancel([ticket.registration_id], actor=Change.Actor.ORGANISER, deadline=Deadline())
    code = "A" * 22 if ticket_is == "nothing" else ticket.code
    at = timezone.now() - dt.timedelta(minutes=3)
    scan = scanned(checkpoint, code, ravi, offline=Offline(at, device_verdict), how=CheckIn.How.OFFLINE)
    assert (scan.verdict, scan.device_verdict, scan.is_conflict, scan.is_offline) == (
        verdict,
        device_verdict,
        is_conflict,
        True,
    )
    assert list(CheckIn.objects.values_list("at", "how")) == [(at, "offline")] * inside


def test_two_devices_that_admit_the_same_ticket_make_one_check_in_and_a_conflict(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    ticket, at = ticket_for(event), timezone.now()
    first, second = (
        scanned(checkpoint, ticket.code, person, offline=Offline(at, "in"))
        for person in (ravi, volunteer(checkpoint.gate))
    )
    assert [(one.verdict, one.is_conflict) for one in (first, second)] == [("in", False), ("already", True)]
    assert CheckIn.objects.count() == 1


def test_page_tells_the_answers_that_the_door_may_read_and_the_phone_gets_none(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    ticket = ticket_for(event)
    told = build_question(event.fest, "What do you need?", at_door=True)
    hidden = (
        build_question(event.fest, "Food?"),
        build_question(open_event(event.fest), "Size?", at_door=True),
    )
    build_answer(told, ticket.student, "A ramp")
    for one in hidden:
        build_answer(one, ticket.student, "Secret")
    forget()
    display = display_of(scanned(checkpoint, ticket.code, ravi).link_id, checkpoint)
    assert display is not None
    assert [(one.text, one.value) for one in display.answers] == [("What do you need?", "A ramp")]
    assert "A ramp" not in str(display.as_json())
    told.at_door = False
    told.save()
    forget()
    display = display_of(scanned(checkpoint, ticket.code, ravi).link_id, checkpoint)
    assert display is not None
    assert display.answers == []
