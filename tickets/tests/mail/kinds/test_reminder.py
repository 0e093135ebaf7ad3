"""The reminder on the day before: its recipients, time and content."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from events.models import Event, Fest
from registrations.models import Registration
from registrations.tests.builders import build_event, build_fest, build_submission
from tickets.mail.compose import compose
from tickets.mail.kinds import reminder
from tickets.mail.kinds.reminder import enqueue_reminders
from tickets.models import Delivery
from tickets.tests.audited import cancel_first, run

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def event() -> Event:
    """Asha has a seat, Bea has one without an address, and Chen waits; all registered a while ago."""
    event = build_event(build_fest(), capacity=2, name="Robo Race", hour=10)
    for name, email in (("Asha", "asha@example.org"), ("Bea", ""), ("Chen", "chen@example.org")):
        build_submission(event, name=name, email=email)
    return event


def before(event: Event, hour: int) -> dt.datetime:
    """This hour of the day before, in the fest's time zone."""
    zone = ZoneInfo(event.fest.time_zone)
    day = timezone.localtime(event.starts_at, zone).date() - dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(hour), zone)


def reminders() -> list[Delivery]:
    return list(Delivery.objects.filter(kind="reminder").select_related("student__fest"))


@pytest.mark.parametrize(("hour", "count"), [(0, 0), (15, 0), (16, 1), (23, 1)])
def test_reminder_is_queued_from_the_afternoon_of_the_day_before(event: Event, hour: int, count: int) -> None:
    assert enqueue_reminders(now=before(event, hour)) == count
    assert [one.to for one in reminders()] == ["asha@example.org"] * count
    assert run() == []


def test_neither_another_day_nor_the_day_itself_queues_one(event: Event) -> None:
    days = [before(event, 16) + dt.timedelta(days=days) for days in (-1, 1, 2)]
    assert [enqueue_reminders(now=now) for now in days] == [0, 0, 0]


def test_running_again_adds_nobody(event: Event) -> None:
    now = before(event, 16)
    assert [enqueue_reminders(now=now), enqueue_reminders(now=now + HOUR)] == [1, 0]


def test_two_events_of_a_day_are_one_mail_in_their_order(event: Event) -> None:
    later = build_event(
        event.fest, name="Quiz", starts_at=event.ends_at + HOUR, ends_at=event.ends_at + 2 * HOUR
    )
    build_submission(later, event, name="Dia", email="dia@example.org")
    enqueue_reminders(now=before(event, 16))
    by_name = {one.student.name: compose(one) for one in reminders() if one.student}
    message = by_name["Dia"]
    assert message is not None
    assert message.subject.startswith("Dia: tomorrow: ")
    assert "Quiz" in message.body


def test_whoever_has_just_registered_is_not_reminded(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminder, "JUST_REGISTERED", dt.timedelta(days=1000))
    assert enqueue_reminders(now=before(event, 16)) == 0


def test_mail_says_what_when_where_with_the_ticket(event: Event) -> None:
    enqueue_reminders(now=before(event, 16))
    (delivery,) = reminders()
    message = compose(delivery)
    assert message is not None
    ticket = Registration.objects.get(student=delivery.student).tickets.get()
    assert message.subject.startswith("Asha: tomorrow: Robo Race, ")
    assert all(word in message.body for word in ("Robo Race", event.venue.name, ticket.code))


def test_seat_that_was_given_up_meanwhile_is_not_reminded_of(event: Event) -> None:
    enqueue_reminders(now=before(event, 16))
    cancel_first(event)
    assert compose(reminders()[0]) is None


def test_fest_that_is_over_is_not_asked(event: Event) -> None:
    Fest.objects.update(starts_on="2020-01-01", ends_on="2020-01-02")
    assert enqueue_reminders(now=before(event, 16)) == 0


@pytest.mark.parametrize("late", [dt.timedelta(days=1), dt.timedelta(hours=9)])
def test_late_reminder_is_dropped(event: Event, monkeypatch: pytest.MonkeyPatch, late: dt.timedelta) -> None:
    """On the day itself it would say "tomorrow", and after it nothing is left to say."""
    enqueue_reminders(now=before(event, 16))
    (delivery,) = reminders()
    monkeypatch.setattr(reminder, "database_now", lambda: before(event, 16) + late)
    assert compose(delivery) is None
