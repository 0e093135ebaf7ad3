"""The check-in pages without scripts."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from events.models import AuditEntry, Event, Seats
from registrations.models import Registration
from registrations.tests.builders import build_school
from tickets.checkin.checkpoints import Checkpoint
from tickets.models import CheckIn, Delegation, Scan, Ticket
from tickets.tests.admin_helpers import query_count
from tickets.tests.builders.checkin import (
    as_json,
    checkpoint_of,
    fest_today,
    gate_of,
    key_in,
    open_event,
    phone_of,
    scanned,
    submit_scan,
    ticket_for,
    volunteer,
    waiting_for,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> Event:
    return open_event(fest_today(), name="Robo Race")


@pytest.fixture
def checkpoint(event: Event) -> Checkpoint:
    return checkpoint_of(gate_of(event.fest, event))


@pytest.fixture
def ravi(checkpoint: Checkpoint) -> Any:
    return volunteer(checkpoint.gate)


@pytest.fixture
def phone(ravi: Any) -> Client:
    return phone_of(ravi)


def test_scan_leads_to_its_verdict_with_a_form_for_the_next(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    ticket = ticket_for(event, name="Asha Raman")
    response = submit_scan(phone, checkpoint, ticket.code)
    page = response.content.decode()
    assert response.redirect_chain == [(checkpoint.url("verdict", Scan.objects.get().link_id), 303)]
    assert [
        word for word in ("<h1>In</h1>", "Asha Raman", "Grade 7", "Main Hall", "is-green") if word in page
    ]
    assert key_in(response) != str(Scan.objects.get().key)
    assert "<b data-in>1</b> of <span data-of>1</span> in" in " ".join(page.split())


def test_form_sent_twice_is_one_scan(phone: Client, checkpoint: Checkpoint, event: Event) -> None:
    data = {"code": ticket_for(event).code, "key": key_in(phone.get(checkpoint.url("scanner")))}
    responses = [phone.post(checkpoint.url("scan"), data)["Location"] for _ in range(2)]
    assert responses[0] == responses[1]
    assert "is-green" in phone.get(responses[1]).content.decode()


@pytest.mark.parametrize("key", ["", "x", "0" * 500])
def test_scan_without_a_key_does_nothing(
    phone: Client, checkpoint: Checkpoint, event: Event, key: str
) -> None:
    response = phone.post(checkpoint.url("scan"), {"code": ticket_for(event).code, "key": key})
    assert response["Location"] == checkpoint.url("scanner")
    assert not Scan.objects.exists()


def test_script_gets_the_verdict_as_json(phone: Client, checkpoint: Checkpoint, event: Event) -> None:
    ticket = ticket_for(event, name="Asha Raman")
    first, second = as_json(phone, checkpoint, ticket.code), as_json(phone, checkpoint, ticket.code)
    assert (first["verdict"], first["tone"], first["word"], first["first"]) == ("in", "green", "In", None)
    assert first["counts"] == {"in": 1, "of": 1}
    assert (second["verdict"], second["tone"]) == ("already", "amber")
    assert (second["first"]["by"], second["first"]["where"]) == ("Ravi", "Main gate")
    assert phone.get(second["url"]).status_code == 200


def test_script_gets_choices_and_the_schools_list_as_json(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    ticket = ticket_for(event)
    delegation = Delegation.objects.create(fest=event.fest, school=ticket.student.school)
    words = as_json(phone, checkpoint, delegation.code)
    assert (words["verdict"], words["tone"]) == ("school", "amber")
    assert phone.get(words["url"]).status_code == 200


def test_verdict_of_another_gate_is_not_found(
    phone: Client, checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    other = checkpoint_of(gate_of(event.fest, name="Back door"))
    found = scanned(other, ticket_for(event).code, ravi)
    assert phone.get(checkpoint.url("verdict", found.link_id)).status_code == 404


def test_phone_camera_leads_from_the_ticket_to_the_check_in(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    ticket = ticket_for(event)
    public = Client().get(ticket.get_absolute_url()).content.decode()
    path = reverse("checkin:code", args=[ticket.code])
    assert f'href="{path}"' in public
    page = phone.get(path)
    assert checkpoint.url("scan") in page.content.decode()
    response = phone.post(checkpoint.url("scan"), {"code": ticket.code, "key": key_in(page)}, follow=True)
    assert "<h1>In</h1>" in response.content.decode()


def test_undo_is_offered_only_where_this_checkpoint_let_the_person_in(
    phone: Client, checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    """A student who is in and shows the ticket at a wrong checkpoint is sent on and stays in."""
    ticket = ticket_for(event)
    arena = checkpoint_of(gate_of(event.fest, open_event(event.fest), name="Arena"))
    ravi.gates.add(arena.gate)
    assert "Undo this check-in" in submit_scan(phone, checkpoint, ticket.code).content.decode()
    wrong = submit_scan(phone, arena, ticket.code)
    assert "Undo this check-in" not in wrong.content.decode()
    assert wrong.context["display"].scan.verdict == "other_event"


def test_undo_with_a_reason_makes_the_ticket_good_again(
    phone: Client, checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    ticket = ticket_for(event)
    green = scanned(checkpoint, ticket.code, ravi)
    path = checkpoint.url("undo", green.link_id)
    assert phone.post(path, {"reason": " "}).status_code == 400
    page = phone.post(path, {"reason": "Wrong child"}, follow=True).content.decode()
    assert "The check-in is undone." in page
    row, entry = CheckIn.objects.get(), AuditEntry.objects.get(what="check-in undone")
    assert (row.undone_by, row.undo_reason, entry.user, entry.reason) == (
        ravi,
        "Wrong child",
        ravi,
        "Wrong child",
    )
    assert "already undone" in phone.post(path, {"reason": "Twice"}, follow=True).content.decode()
    assert AuditEntry.objects.filter(what="check-in undone").count() == 1
    assert scanned(checkpoint, ticket.code, ravi).verdict == "in"


def test_reentry_needs_a_reason_and_is_noted_once(
    phone: Client, checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    ticket = ticket_for(event)
    green = scanned(checkpoint, ticket.code, ravi)
    amber = scanned(checkpoint, ticket.code, ravi)
    path = checkpoint.url("again", amber.link_id)
    assert phone.post(path, {"reason": ""}).status_code == 400
    for _time in range(2):
        page = phone.post(path, {"reason": "Lunch"}, follow=True).content.decode()
        assert "Let in again." in page
    again = CheckIn.objects.get(is_reentry=True)
    assert (again.ticket, again.reason, again.user) == (ticket, "Lunch", ravi)
    assert scanned(checkpoint, ticket.code, ravi).verdict == "already"
    assert phone.post(checkpoint.url("undo", green.link_id), {"reason": "Mistake"}).status_code == 302
    assert phone.post(path, {"reason": "Late"}, follow=True).status_code == 200
    assert CheckIn.objects.filter(is_reentry=True).count() == 1


def test_search_finds_people_of_this_checkpoint_only(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    here = ticket_for(event, name="Asha Raman", email="asha@example.org")
    ticket_for(open_event(event.fest), name="Asha Elsewhere")
    page = phone.post(checkpoint.url("search"), {"text": "asha"}).content.decode()
    assert ("Asha Raman" in page, "Asha Elsewhere" in page, "asha@example.org" in page) == (
        True,
        False,
        False,
    )
    found = phone.post(checkpoint.url("search"), {"text": here.student.reference.lower()}).content.decode()
    assert "Asha Raman" in found
    assert (
        "No one at this checkpoint" in phone.post(checkpoint.url("search"), {"text": "zzz"}).content.decode()
    )
    by_mail = phone.post(checkpoint.url("search"), {"text": "asha@example"}).content.decode()
    assert "Asha Raman" not in by_mail


def test_search_shows_twenty_and_says_that_there_are_more(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    Seats.objects.update(capacity=30)
    for number in range(21):
        ticket_for(event, name=f"Kiran {number:02}")
    page = phone.post(checkpoint.url("search"), {"text": "kiran"}).content.decode()
    assert (page.count("<li>"), "There are more" in page) == (20, True)


def test_person_found_by_search_is_checked_in(phone: Client, checkpoint: Checkpoint, event: Event) -> None:
    ticket_for(event, name="Asha Raman")
    page = phone.post(checkpoint.url("search"), {"text": "raman"}).content.decode()
    form = page[page.index('class="people"') :]
    sent = dict(
        re.findall(r'<input type="hidden" name="(code|key|registration|found)" value="([^"]+)"', form)
    )
    response = phone.post(checkpoint.url("scan"), sent, follow=True)
    assert "<h1>In</h1>" in response.content.decode()
    assert CheckIn.objects.get().how == "search"


def test_waiting_person_who_was_found_is_not_taken_for_another_ticket(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    Seats.objects.filter(event=event).update(capacity=0)
    waiting_for(event, name="Asha Raman")
    page = phone.post(checkpoint.url("search"), {"text": "raman"}).content.decode()
    form = page[page.index('class="people"') :]
    sent = dict(
        re.findall(r'<input type="hidden" name="(code|key|registration|found)" value="([^"]+)"', form)
    )
    assert "<h1>No seat</h1>" in phone.post(checkpoint.url("scan"), sent, follow=True).content.decode()


def test_class_comes_in_at_once_but_who_is_ticked(
    phone: Client, checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    absent, present, before = (ticket_for(event, name=name) for name in ("Asha", "Ben", "Chitra"))
    ticket_for(event, name="Dev", school=build_school("Other school").name)
    scanned(checkpoint, before.code, ravi)
    delegation = Delegation.objects.create(fest=event.fest, school=absent.student.school)
    path = checkpoint.url("class", delegation.code)
    page = phone.get(path).content.decode()
    assert [name for name in ("Asha", "Ben", "Chitra", "Dev") if name in page] == ["Asha", "Ben", "Chitra"]
    shown = re.findall(r'name="shown" value="(\d+)"', page)
    response = phone.post(path, {"absent": [absent.pk, "x", "9" * 30], "shown": shown})
    words = " ".join(re.sub(r"<[^>]+>", "", response.content.decode()).split())
    assert "1 came in Ben" in words
    assert "Absent: Asha" in words
    assert CheckIn.objects.filter(how="class").values_list("ticket", flat=True).get() == present.pk
    assert Scan.objects.filter(ticket=present, verdict="in").count() == 1
    phone.post(path, {"absent": [absent.pk], "shown": shown})
    assert CheckIn.objects.count() == 2


def test_school_list_checks_in_only_students_it_has_shown(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    shown, late = (ticket_for(event) for _ in range(2))
    delegation = Delegation.objects.create(fest=event.fest, school=shown.student.school)
    phone.post(checkpoint.url("class", delegation.code), {"shown": [shown.pk]})
    late.refresh_from_db()
    assert late.checked_in_at is None
    assert Ticket.objects.get(pk=shown.pk).checked_in_at


def test_pages_ask_the_database_as_often_for_three_as_for_one(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    ticket = ticket_for(event)
    delegation = Delegation.objects.create(fest=event.fest, school=ticket.student.school)
    paths = [
        "/door/t/" + ticket.code + "/",
        checkpoint.url("scanner"),
        checkpoint.url("class", delegation.code),
    ]
    one = [query_count(phone, path) for path in paths]
    for name in ("B", "C"):
        ticket_for(event)
        gate_of(event.fest, event, name=name).volunteers.add(
            *checkpoint.gate.volunteers.all() if checkpoint.gate else []
        )
    assert [query_count(phone, path) for path in paths] == one
    assert Registration.objects.count() == 3
