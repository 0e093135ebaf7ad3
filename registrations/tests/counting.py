"""What an event's rows say, to be compared at a glance."""

from events.models import Event, Seats
from registrations.models import Registration


def counts(event: Event) -> tuple[int, int, int]:
    """Seats taken, waiting, and the last queue position given."""
    seats = Seats.objects.get(pk=event.pk)
    return seats.taken, seats.waiting, seats.last_queue_position


def states(event: Event) -> list[str]:
    """The states of all registrations in the order of their queue positions."""
    return list(event.registrations.order_by("queue_position").values_list("state", flat=True))


def recount(event: Event) -> tuple[int, int]:
    """Seats held and waiting, from the registrations themselves."""
    rows = Registration.objects.filter(event=event)
    return rows.holding_seats().count(), rows.waiting().count()
