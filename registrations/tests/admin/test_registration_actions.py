"""Actions of the list of registrations, with their confirmation pages."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from events.models import Event, Fest
from registrations.models import Change, Registration
from registrations.tests.builders import build_event, build_fest, build_late_event, build_submission
from registrations.tests.counting import states
from tickets.models import Delivery, Ticket
from tickets.tests.admin_helpers import act, organiser, organiser_client, said

pytestmark = pytest.mark.django_db
REASON = {"reason": "Wrong hall", "notify": "on", "confirmed": "yes"}


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def of(event: Event, queue_position: int = 1) -> Registration:
    return event.registrations.get(queue_position=queue_position)


def test_reason_of_a_cancellation_is_in_the_audit_log_and_in_the_mail(client: Client, fest: Fest) -> None:
    build_submission(event := build_event(fest))
    act(client, "cancel_registrations", of(event), **REASON)
    assert Change.objects.get(cause="cancelled").reason == "Wrong hall"
    assert Delivery.objects.get(kind="cancelled").state == "queued"


def test_cancellation_without_notification_drops_its_mail(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    build_submission(event)
    build_submission(event)
    act(client, "cancel_registrations", of(event), confirmed="yes", reason="Twice")
    assert dict(Delivery.objects.exclude(kind="registered").values_list("kind", "state")) == {
        "cancelled": "dropped",
        "promoted": "queued",
    }


def test_promotion_asks_with_its_counts_and_wants_a_reason(client: Client) -> None:
    event = build_late_event()
    page = act(client, "promote_registrations", of(event, 3)).content.decode()
    assert f"{event.name}: 1 seat can be given, 0 of them held back; 3 waiting." in page
    again = act(client, "promote_registrations", of(event, 3), confirmed="yes").content.decode()
    assert "Enter the reason" in again
    assert states(event)[2] == "waiting"


def test_confirmed_promotion_gives_the_seat(client: Client) -> None:
    event = build_late_event()
    response = act(client, "promote_registrations", of(event, 3), **REASON)
    assert (said(response), states(event)[2]) == (["1 promoted, 1 mail queued."], "confirmed")


def test_promotion_without_a_free_seat_says_so_before_it_asks(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=1, name="Robo Race")
    build_submission(event)
    build_submission(event)
    response = act(client, "promote_registrations", of(event, 2))
    words = "Robo Race has no free seat. Raise its capacity, or cancel a registration first."
    assert said(response) == [words]


def test_move_offers_the_other_events_and_says_what_it_came_to(client: Client, fest: Fest) -> None:
    old, new = build_event(fest), build_event(fest, name="Quiz", capacity=1)
    build_submission(old, name="Asha Rao")
    build_submission(old, name="Ben Iyer")
    page = act(client, "move_registrations", of(old), of(old, 2)).content.decode()
    assert ("Quiz" in page, f'<option value="{old.pk}">' in page) == (True, False)
    response = act(client, "move_registrations", of(old), of(old, 2), event=new.pk, **REASON)
    assert said(response) == [
        "1 moved, 1 mail queued.",
        "1 has a seat in Quiz.",
        f"Ben Iyer stays in {old.name}. Quiz is full.",
    ]


def test_move_to_a_full_event_waits_there_where_that_was_chosen(client: Client, fest: Fest) -> None:
    old, full = build_event(fest), build_event(fest, capacity=1, name="Quiz")
    build_submission(full)
    build_submission(old)
    response = act(client, "move_registrations", of(old), event=full.pk, may_wait="yes", **REASON)
    assert (said(response), states(full)) == (
        ["1 moved, 1 mail queued.", "1 is on the waiting list of Quiz."],
        ["confirmed", "waiting"],
    )


def test_new_ticket_is_issued_from_the_list_of_tickets(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest))
    ticket = Ticket.objects.get()
    assert (
        "1 ticket will be replaced. 1 mail brings a new ticket."
        in act(client, "reissue_tickets", ticket).content.decode()
    )
    assert said(act(client, "reissue_tickets", ticket, **REASON)) == [
        "1 mail queued.",
        "1 new ticket is issued.",
    ]
    assert Ticket.objects.live().get().pk != ticket.pk


def test_mail_goes_once_more_from_the_list(client: Client, fest: Fest) -> None:
    build_submission(event := build_event(fest))
    Delivery.objects.update(state="delivered")
    assert "About 1 mail goes once more." in act(client, "resend_mails", of(event)).content.decode()
    response = act(client, "resend_mails", of(event), confirmed="yes")
    assert (said(response), Delivery.objects.get().state) == (["1 mail is sent again."], "queued")


@pytest.mark.parametrize(
    "action", ["cancel_registrations", "promote_registrations", "move_registrations", "resend_mails"]
)
def test_staff_with_view_permission_can_run_no_action(client: Client, action: str) -> None:
    event = build_late_event()
    Delivery.objects.update(state="delivered")
    looker = organiser("looker", is_superuser=False)
    looker.user_permissions.add(Permission.objects.get(codename="view_registration"))
    before = states(event)
    act(organiser_client(looker), action, of(event, 2), event=build_event(event.fest).pk, **REASON)
    assert (states(event), Delivery.objects.filter(state="queued").count()) == (before, 0)
