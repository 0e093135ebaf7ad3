"""The form under pressure, by the front door: one packet of repeats, and a database that does not answer."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import pytest
from django.db import connection, transaction
from django.test import Client

from events.models import Event, Seats
from registrations import links
from registrations.models import Registration, Student, Submission
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.form_posts import FORM, post_form, text_of, typed
from registrations.tests.races import at_once, patient_requests
from techfest.core import rush
from tickets.models import Delivery, Ticket

__all__ = ["patient_requests"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@contextmanager
def held(event: Event) -> Iterator[None]:
    """The event's seats are locked by another connection for as long as the block runs."""
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Seats.objects.locked([event.pk])
                is_held.set()
                may_go.wait(20)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert is_held.wait(10)
        yield
    finally:
        may_go.set()
        holder.join(10)


@pytest.mark.usefixtures("patient_requests")
def test_fifty_identical_forms_at_once_are_one_seat_one_ticket_one_mail() -> None:
    event = build_event(build_fest())
    values = typed(event)
    responses = at_once([lambda: Client().post(FORM, values)] * 50)
    assert {response.status_code for response in responses} == {302}
    assert len({response["Location"] for response in responses}) == 1
    models = (Student, Submission, Registration, Ticket, Delivery)
    assert [model.objects.count() for model in models] == [1] * 5


@pytest.mark.usefixtures("patient_requests")
def test_twenty_forms_of_one_student_at_once_are_one_seat() -> None:
    """Two tabs, two phones, a parent who helps: another key each time, the same person."""
    event = build_event(build_fest())
    responses = at_once(
        [lambda: post_form(Client(), event, name="Asha Rao", email="asha@example.org") for _ in range(20)]
    )
    assert sorted(response.status_code for response in responses) == [302] + [409] * 19
    assert (Registration.objects.count(), Ticket.objects.count(), Event.objects.get().seats.taken) == (
        1,
        1,
        1,
    )


def test_form_whose_event_is_locked_is_kept_and_may_be_sent_again(client: Client) -> None:
    event = build_event(build_fest())
    values = typed(event, name='"><b>Asha</b>')
    began = time.monotonic()
    with held(event):
        response = client.post(FORM, values)
    page = text_of(response)
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (
        503,
        "5",
        "no-store",
    )
    assert time.monotonic() - began < 5
    assert "<b>Asha" not in page
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page):
        sent.setdefault(name, []).append(unescape(value))
    assert (sent["key"], sent["name"]) == ([values["key"]], [values["name"]])
    assert Registration.objects.count() == 0
    assert client.post(FORM, sent).status_code == 302
    assert Registration.objects.count() == 1


def test_cancelling_while_the_event_is_locked_is_kept_as_well(client: Client) -> None:
    event = build_event(build_fest())
    submission = build_submission(event)
    path = f"{links.confirmation_path(submission)}cancel/{Registration.objects.get().event.slug}/"
    with held(event):
        response = client.post(path)
    assert (response.status_code, f'action="{path}"' in text_of(response)) == (503, True)
    assert Registration.objects.get().state == "confirmed"
    assert client.post(path).status_code == 200
    assert Registration.objects.get().state == "cancelled"


def test_forms_sent_at_once_make_the_workers_step_back(client: Client) -> None:
    """Also those that obtain nothing: they cost as much."""
    build_fest()
    rush._recent.clear()
    rush._recent.extend([time.monotonic()] * (rush.MANY - 1))
    client.get(FORM)
    assert rush.is_on(longest=60.0) is False
    post_form(client)
    assert rush.is_on(longest=60.0) is True
