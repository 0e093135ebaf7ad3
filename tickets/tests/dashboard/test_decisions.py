"""Decisions on Today: their buttons run the actions of the lists and come back, for users who may decide."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from registrations.models import Conflict, Hold, Registration, School, Teacher
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_school,
    build_submission,
    build_teacher,
)
from techfest.core.db.clock import database_now
from techfest.core.roles import LEAD, OWNER, RESULTS, VOLUNTEER
from tickets.dashboard.acts import OFFERED
from tickets.dashboard.decisions import SHOWN
from tickets.models import Alert, Delivery
from tickets.tests.admin_helpers import in_role, is_asked, organiser_client, post_as_shown, query_count, said

pytestmark = pytest.mark.django_db
TODAY = reverse("admin:index")
SELECTED = "_selected_action"


def button(client: Any, row: Any, label: str, page: str = TODAY) -> tuple[str, int]:
    """The address of a row's button and the id that it sends, as the page shows them."""
    for decision in client.get(page).context["decisions"]:
        for line in decision.lines:
            for one in line.buttons:
                if (one.act.model, one.pk, str(one.label)) == (type(row), row.pk, label):
                    return one.act.path, one.pk
    pytest.fail(f"Today has no button {label} for {row}")


def press(client: Any, row: Any, label: str, **values: Any) -> Any:
    path, pk = button(client, row, label)
    return post_as_shown(client, path, {SELECTED: pk} | values)


def waiting_teacher(number: int = 1) -> Teacher:
    return build_teacher(build_school(), is_approved=False, email=f"teacher{number}@example.org")


def test_teacher_is_approved_at_once_and_today_says_so() -> None:
    build_fest()
    teacher, client = waiting_teacher(), organiser_client()
    answer = press(client, teacher, "Approve")
    assert (answer.redirect_chain, said(answer)) == (
        [(TODAY, 302)],
        ["1 teacher is approved and gets a mail."],
    )
    teacher.refresh_from_db()
    assert teacher.approved_at is not None
    assert "teacher to approve" not in client.get(TODAY).content.decode()


def test_refusing_a_teacher_asks_first() -> None:
    build_fest()
    teacher, client = waiting_teacher(), organiser_client()
    asked = press(client, teacher, "Refuse")
    assert (is_asked(asked), Teacher.objects.count()) == (True, 1)
    done = press(client, teacher, "Refuse", confirmed="yes")
    assert (said(done), Teacher.objects.count()) == (["1 teacher is refused and gets a mail."], 0)
    assert done.redirect_chain == [(TODAY, 302)]


def test_hold_is_granted_through_its_page() -> None:
    event, teacher = build_event(build_fest(), capacity=9), build_teacher()
    until = event.starts_at - dt.timedelta(days=1)
    hold = Hold.objects.create(
        event=event, school=teacher.school, seats=4, until=until, requested_by=teacher.user
    )
    client = organiser_client()
    assert is_asked(press(client, hold, "Hold the seats"))
    done = press(client, hold, "Hold the seats", confirmed="yes")
    assert (done.redirect_chain, said(done)) == ([(TODAY, 302)], ["4 seats are held."])
    event.seats.refresh_from_db()
    assert event.seats.held == 4


def test_clash_is_decided_by_cancelling_either_event_or_none() -> None:
    fest, now = build_fest(), database_now()
    one, other = build_event(fest, name="Quiz"), build_event(fest, name="Talk")
    build_submission(one, other, name="Asha")
    mine, its = Registration.objects.order_by("event__name")
    conflict = Conflict.objects.create(registration=mine, other=its, kind="clash", at=now, choose_by=now)
    client = organiser_client()
    assert is_asked(press(client, conflict, "Keep both"))
    assert is_asked(press(client, mine, "Cancel Quiz"))
    done = press(client, its, "Cancel Talk", confirmed="yes", reason="", notify="on")
    assert (done.redirect_chain, said(done)) == ([(TODAY, 302)], ["1 cancelled, 1 mail queued."])
    conflict.refresh_from_db()
    assert conflict.resolved_at is not None


def test_lead_is_offered_to_cancel_only_registrations_of_led_events() -> None:
    fest, now = build_fest(), database_now()
    one, other = build_event(fest, name="Quiz"), build_event(fest, name="Talk")
    build_submission(one, other, name="Asha")
    mine, its = Registration.objects.order_by("event__name")
    conflict = Conflict.objects.create(registration=mine, other=its, kind="clash", at=now, choose_by=now)
    lead = in_role(LEAD)
    one.leads.add(lead)
    (decision,) = organiser_client(lead).get(TODAY).context["decisions"]
    found = [(button.pk, str(button.label)) for button in decision.lines[0].buttons]
    assert found == [(conflict.pk, "Keep both"), (mine.pk, "Cancel Quiz")]


def test_school_alert_and_mail_are_settled_in_place() -> None:
    fest, now = build_fest(), database_now()
    build_submission(build_event(fest), email="asha@example.org", school=build_school().name)
    mail = Delivery.objects.get()
    Delivery.objects.update(state=Delivery.State.BOUNCED)
    school = build_school("Rivreside", state=School.State.PENDING)
    alert = Alert.objects.create(kind="guessing", subject="192.0.2.1", first_at=now, last_at=now)
    client = organiser_client()
    answers = [
        press(client, school, "Accept"),
        press(client, alert, "Mark as seen"),
        press(client, mail, "Send again"),
    ]
    assert [said(answer) for answer in answers] == [
        ["1 school is accepted."],
        ["1 alert is marked as seen."],
        ["1 mail is sent again."],
    ]
    assert client.get(TODAY).context["decisions"] == []


def test_what_was_decided_meanwhile_stays_as_it_is() -> None:
    build_fest()
    teacher, client = waiting_teacher(), organiser_client()
    path, pk = button(client, teacher, "Approve")
    press(client, teacher, "Approve")
    late = client.post(path, {SELECTED: pk}, follow=True)
    assert "1 stays as it is: it was decided before, or the address is not confirmed." in said(late)


def test_long_kinds_show_some_rows_and_the_count_of_all() -> None:
    build_fest()
    client = organiser_client()
    waiting_teacher()
    few = query_count(client, TODAY)
    for number in range(2, 6):
        waiting_teacher(number)
    (decision,) = client.get(TODAY).context["decisions"]
    assert (decision.count, len(decision.lines), decision.others) == (5, SHOWN, 5 - SHOWN)
    assert (decision.title, query_count(client, TODAY)) == ("5 teachers to approve", few)


def test_buttons_work_only_for_rows_that_the_user_sees_and_may_decide() -> None:
    mine, other = build_event(build_fest()), build_event(build_fest(is_current=False))
    lead, now = in_role(LEAD), database_now()
    mine.leads.add(lead)
    rows = []
    for event in (mine, other):
        row = build_submission(event, name="Asha").registrations.get()
        rows.append(Conflict.objects.create(registration=row, kind="ineligible", at=now, choose_by=now))
    client = organiser_client(lead)
    (decision,) = client.get(TODAY).context["decisions"]
    assert [line.buttons[0].pk for line in decision.lines] == [rows[0].pk]
    path, _pk = button(client, rows[0], "Keep it")
    refused = client.post(path, {SELECTED: rows[1].pk, "confirmed": "yes", "reason": "No"}, follow=True)
    assert said(refused) == ["All of these are resolved already."]
    assert Conflict.objects.filter(resolved_at=None).count() == 2
    approve = reverse("admin:today_act", args=["registrations", "teacher", "approve"])
    assert client.post(approve, {SELECTED: 1}).status_code == 403


@pytest.mark.parametrize("role", [RESULTS, VOLUNTEER])
def test_other_roles_press_no_button(role: str) -> None:
    client = organiser_client(in_role(role))
    assert {client.post(act.path, {SELECTED: 1}).status_code for act in OFFERED} == {403}


def test_unknown_buttons_and_invalid_rows_are_refused() -> None:
    client = organiser_client(in_role(OWNER))
    other = reverse("admin:today_act", args=["registrations", "student", "erase_students"])
    approve = reverse("admin:today_act", args=["registrations", "teacher", "approve"])
    assert client.post(other, {SELECTED: 1}).status_code == 404
    assert [client.post(approve, values).status_code for values in ({}, {SELECTED: "1; --"})] == [400, 400]
    assert client.get(approve)["Location"] == TODAY
