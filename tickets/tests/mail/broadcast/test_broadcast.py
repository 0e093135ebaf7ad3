"""Messages to the students in a filter: recipients, sending once, and stopping."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from events.models import Event, Fest
from registrations.booking.cancel import cancel
from registrations.models import Change, Registration, Student
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core import roles
from techfest.core.admin.base import page_of
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from tickets.mail.compose import Composer
from tickets.mail.queue import claim, oldest_pending_age
from tickets.models import Delivery, Message
from tickets.tests.admin_helpers import in_role, list_path, organiser, organiser_client, query_count
from tickets.tests.builders import let_time_pass

pytestmark = pytest.mark.django_db
TEXT = {"subject": "Hall changed", "text": "Come to the gym.\n\nBring <b>water</b>, see http://evil.example"}
LATER = dt.timedelta(minutes=11)


@pytest.fixture
def user() -> Any:
    return organiser(email="boss@fest.example")


@pytest.fixture
def client(user: Any) -> Client:
    return organiser_client(user)


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def add(query: str = "") -> str:
    return reverse("admin:tickets_message_add") + query


def step(client: Client, message: Message, name: str, **values: Any) -> Any:
    return client.post(reverse(f"admin:tickets_message_{name}", args=[message.pk]), values, follow=True)


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def written(client: Client, query: str = "") -> Message:
    client.post(add(query), TEXT)
    return Message.objects.get()


def tried(client: Client, query: str = "") -> Message:
    message = written(client, query)
    step(client, message, "try")
    return message


def confirmed(client: Client, *, mails: int, query: str = "") -> Message:
    message = tried(client, query)
    step(client, message, "confirm", mails=mails)
    message.refresh_from_db()
    return message


def pending(message: Message) -> list[str]:
    return list(message.deliveries.filter(user=None).order_by("to").values_list("to", flat=True))


def go(message: Message) -> list[Any]:
    """Let the time to stop pass; return the mails that are due then."""
    Delivery.objects.exclude(kind="message", user=None).delete()
    let_time_pass(LATER)
    return [mail for _delivery, mail in Composer().compose(claim(100).mails)]


def test_page_says_how_many_mails_it_will_be(client: Client, fest: Fest) -> None:
    event, _other = build_event(fest), build_event(fest)
    build_submission(event, name="Asha", email="family@example.org")
    build_submission(event, name="Ben", email="family+ben@example.org")
    build_submission(event, name="Chitra", email="")
    page = client.get(add(f"?event__id__exact={event.pk}")).content.decode()
    assert "1 mail to 3 students: a shared mailbox gets it once." in page
    assert "1 student has no address and gets none." in page
    assert f"To: event: {event.name} (without cancelled ones)." in page


def test_all_pages_of_the_filter_are_addressed_and_nobody_else(
    client: Client, fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, other = build_event(fest), build_event(fest)
    monkeypatch.setattr("registrations.admin.registrations.RegistrationAdmin.list_per_page", 1)
    for number in range(3):
        build_submission(event, email=f"{number}@example.org")
    build_submission(other, email="other@example.org")
    message = confirmed(client, mails=3, query=f"?event__id__exact={event.pk}&p=2&o=1")
    assert pending(message) == ["0@example.org", "1@example.org", "2@example.org"]
    assert message.total == 3


def test_search_of_the_list_is_part_of_the_filter(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    build_submission(event, name="Asha Rao", email="asha@example.org")
    build_submission(event, name="Ben Iyer", email="ben@example.org")
    assert pending(confirmed(client, mails=1, query="?q=Ben")) == ["ben@example.org"]


def test_trial_goes_to_its_writer_at_once_with_its_links_and_without_markup(
    client: Client, fest: Fest
) -> None:
    build_submission(build_event(fest))
    tried(client)
    Delivery.objects.exclude(kind="message").delete()
    ((delivery, mail),) = Composer().compose(claim(10).mails)
    assert (mail.to, mail.subject) == (["boss@fest.example"], f"[Test] Hall changed: {fest.name}")
    html = str(mail.alternatives[0][0])
    assert "&lt;b&gt;water&lt;/b&gt;" in html
    assert ("<b>water" in html, "http://evil.example" in str(mail.body)) == (False, True)
    assert '<a href="http://evil.example' in html
    assert delivery.student is None


def test_message_that_was_never_tried_is_not_sent(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest))
    message = written(client)
    response = step(client, message, "confirm", mails=1)
    assert (said(response), pending(message)) == (["Send the message to yourself first."], [])


def test_changed_text_has_to_be_tried_again(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest))
    message = tried(client)
    step(client, message, "write", **(TEXT | {"subject": "Other hall"}))
    message.refresh_from_db()
    assert (message.subject, message.tested_at) == ("Other hall", None)
    step(client, message, "confirm", mails=1)
    assert pending(message) == []


def test_writer_without_an_address_is_told_so(fest: Fest) -> None:
    build_submission(build_event(fest))
    client = organiser_client(organiser("nobody", email=""))
    message = written(client)
    response = step(client, message, "try")
    assert said(response) == ["Your account has no e-mail address. Add one, then try the message."]
    message.refresh_from_db()
    assert message.tested_at is None


def test_other_number_than_was_shown_sends_nothing(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    build_submission(event)
    message = tried(client)
    build_submission(event)
    step(client, message, "confirm", mails=1)
    assert pending(message) == []


def test_second_submission_sends_nothing_more(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest))
    message = confirmed(client, mails=1)
    step(client, message, "confirm", mails=1)
    assert len(pending(message)) == 1


def test_nothing_goes_before_its_time_and_nothing_is_late_meanwhile(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest))
    message = confirmed(client, mails=1)
    Delivery.objects.exclude(kind="message", user=None).delete()
    assert claim(10).mails == []
    assert oldest_pending_age(database_now()) is None
    (mail,) = go(message)
    assert mail.subject == f"Hall changed: {fest.name}"


def test_button_stops_all_of_it(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest))
    message = confirmed(client, mails=1)
    assert "Stop it" in client.get(page_of(message)).content.decode()
    assert said(step(client, message, "stop")) == ["1 mail is stopped."]
    assert go(message) == []
    assert Delivery.objects.get().state == "dropped"
    assert "nothing to stop" in said(step(client, message, "stop"))[0]


def test_mail_that_a_sender_had_claimed_when_it_was_stopped_is_dropped(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest))
    build_submission(build_event(fest))
    message = confirmed(client, mails=2)
    Delivery.objects.exclude(kind="message", user=None).delete()
    let_time_pass(LATER)
    claimed = claim(1).mails
    step(client, message, "stop")
    assert Composer().compose(claimed) == []


def test_who_cancelled_meanwhile_gets_none_but_a_sibling_does(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    gone = build_submission(event, name="Asha", email="asha@example.org")
    sibling = build_submission(event, name="Ben", email="family@example.org")
    build_submission(event, name="Chitra", email="family@example.org")
    message = confirmed(client, mails=2)
    rows = Registration.objects.filter(submission__in=(gone, sibling))
    cancel(rows.values_list("pk", flat=True), actor=Change.Actor.STUDENT, deadline=Deadline())
    assert [mail.to for mail in go(message)] == [["family@example.org"]]


def test_cancelled_ones_get_it_where_they_were_asked_for(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    submission = build_submission(event, email="asha@example.org")
    build_submission(event, email="ben@example.org")
    ids = submission.registrations.values_list("pk", flat=True)
    cancel(ids, actor=Change.Actor.STUDENT, deadline=Deadline())
    message = confirmed(client, mails=1, query="?state__exact=cancelled")
    assert [mail.to for mail in go(message)] == [["asha@example.org"]]


def test_corrected_address_is_followed(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest), email="old@example.org")
    message = confirmed(client, mails=1)
    Student.objects.update(email="new@example.org", email_key="new@example.org")
    assert [mail.to for mail in go(message)] == [["new@example.org"]]


def test_progress_is_told_at_constant_cost(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    build_submission(event)
    message = confirmed(client, mails=1)
    cost = query_count(client, page_of(message))
    Message.objects.all().delete()
    for _number in range(3):
        build_submission(event)
    message = confirmed(client, mails=4)
    assert query_count(client, page_of(message)) == cost
    first = message.deliveries.filter(user=None)[0]
    Delivery.objects.filter(pk=first.pk).update(state="bounced")
    page = client.get(page_of(message)).content.decode()
    assert "1 of 4 mails" in page


def test_event_has_its_button(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    assert add(f"?event__id__exact={event.pk}") in client.get(page_of(event)).content.decode()
    listed = client.get(f"{list_path(Registration)}?event__id__exact={event.pk}").content.decode()
    assert add(f"?event__id__exact={event.pk}") in listed


def test_filter_that_nobody_is_in_writes_no_message(client: Client, fest: Fest) -> None:
    event: Event = build_event(fest)
    client.post(add(f"?event__id__exact={event.pk}"), TEXT)
    assert Message.objects.count() == 0


def test_unknown_filter_leads_back_to_the_list(client: Client, fest: Fest) -> None:
    response = client.get(add("?nonsense=1"))
    assert (response.status_code, response["Location"].startswith(list_path(Registration))) == (302, True)


def test_message_of_somebody_else_is_not_found_but_by_an_owner(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest))
    message = written(client)
    writer = organiser("writer", is_superuser=False)
    for code in ("add_message", "view_message"):
        writer.user_permissions.add(Permission.objects.get(codename=code))
    steps = [
        step(organiser_client(writer), message, name).status_code
        for name in ("try", "confirm", "stop", "write")
    ]
    assert [*steps, organiser_client(writer).get(page_of(message)).status_code] == [404] * 5
    assert client.get(page_of(message)).status_code == 200


def test_lead_writes_to_everybody_of_the_own_events_and_to_no_others(fest: Fest) -> None:
    mine, other = build_event(fest), build_event(fest)
    build_submission(mine, email="mine@example.org")
    build_submission(other, email="other@example.org")
    lead = in_role(roles.LEAD, email="lead@fest.example")
    mine.leads.add(lead)
    client = organiser_client(lead)
    client.post(add(f"?event__id__exact={other.pk}"), TEXT)
    assert not Message.objects.exists()
    assert pending(confirmed(client, mails=1)) == ["mine@example.org"]


def test_staff_who_may_not_write_messages_cannot(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest))
    message = written(client)
    looker = organiser_client(organiser("looker", is_superuser=False))
    steps = [step(looker, message, name).status_code for name in ("try", "confirm", "stop", "write")]
    assert [*steps, looker.get(add()).status_code] == [403] * 5


def test_steps_do_nothing_when_they_are_read(client: Client, fest: Fest) -> None:
    build_submission(build_event(fest))
    message = tried(client)
    paths = [
        reverse(f"admin:tickets_message_{name}", args=[message.pk]) for name in ("try", "confirm", "stop")
    ]
    assert [client.get(path).status_code for path in paths] == [405] * 3
    assert pending(message) == []
