"""What time does to blocks, and what happens to their event: reminders, and the end."""

import datetime as dt

from events.models import Event, Seats
from registrations.booking.errors import LockTimeout
from registrations.holds import mails
from registrations.holds.reserve import end, expire
from registrations.locking import Deadline, in_transaction
from registrations.models import Hold
from techfest.core.db.clock import database_now

WORTH_A_REMINDER = dt.timedelta(hours=6)
"""A block that is held for less is not reminded of at half time: its teacher has just asked for it."""


def process_due() -> int:
    """Gives back what is over, and reminds at half time; how many blocks were touched. Twice does no harm."""
    rows = Hold.objects.unreturned().select_related("event__fest")
    now = database_now()
    events = sorted({hold.event_id for hold in rows if now >= hold.deadline or _wants_reminder(hold, now)})
    return sum(_process_event(event_id) for event_id in events)


def end_all(event: Event) -> None:
    """Ends all blocks of an event that does not take place. Needs the transaction that locked its Seats row."""
    for seats in Seats.objects.locked([event.pk]):
        now = database_now()
        holds = list(Hold.objects.unreturned().filter(event=event).with_related())
        unused = {hold.pk: hold.unused for hold in holds}
        end(seats, holds, now=now)
        for hold in holds:
            if hold.held_at is None or unused[hold.pk]:
                mails.notify_of_cancelled_event(hold, now=now)


def _wants_reminder(hold: Hold, now: dt.datetime) -> bool:
    if hold.school_id is None:  # nobody was asked for names
        return False
    if hold.state != Hold.State.HELD or hold.reminded_at or not hold.unused or hold.held_at is None:
        return False
    time = hold.deadline - hold.held_at
    return time >= WORTH_A_REMINDER and now >= hold.held_at + time / 2


def _process_event(event_id: int) -> int:
    deadline = Deadline()
    try:
        return in_transaction(lambda: _process_locked(event_id, deadline), deadline=deadline)
    except LockTimeout:
        # The next round comes in half a minute; the other events' blocks need not wait for it.
        return 0


def _process_locked(event_id: int, deadline: Deadline) -> int:
    deadline.limit_locks()
    (seats,) = Seats.objects.locked([event_id])
    now = database_now()
    holds = list(Hold.objects.unreturned().filter(event=event_id).with_related().order_by("pk"))
    over = [hold for hold in holds if now >= hold.deadline]
    if over:
        expire(seats, over, now=now)
    due = [hold for hold in holds if hold.returned_at is None and _wants_reminder(hold, now)]
    for hold in due:
        Hold.objects.filter(pk=hold.pk).update(reminded_at=now)
        mails.remind(hold, now=now)
    return len(over) + len(due)
