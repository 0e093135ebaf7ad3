"""What somebody whom nobody knows would obtain: judged first, so that no refusal tells who is registered."""

from django.db import transaction

from events.locked_reads import read_locked_events
from events.models import Seats
from registrations.booking.allocate import SeatCounter, SeatRequest, SeatResult, decide_all
from registrations.booking.confirmation_deadline import release_late
from registrations.holds.reserve import holds_in_time
from registrations.locking import Deadline, in_transaction
from registrations.models import Student


def outcomes_of_newcomer(
    event_ids: tuple[int, ...], *, fest_id: int, grade: int, wants_waiting: bool, deadline: Deadline
) -> list[SeatResult]:
    """The outcomes of a new student of this grade for these events at this moment.

    Locks the Seats rows as `allocate` does, in a transaction of its own that is rolled back, and judges by the
    same loop. As there, what was not confirmed in time is released before, and then blocks that are over.
    """
    student = Student(fest_id=fest_id, grade=grade)
    seat_requests = [SeatRequest(student, event, wants_waiting, is_new=True) for event in event_ids]

    def decided() -> list[SeatResult]:
        deadline.limit_locks()
        seats = {row.pk: row for row in Seats.objects.locked(event_ids)}
        events, now = read_locked_events(seats)
        release_late(seats.values(), events, now)
        holds = holds_in_time(seats.values(), events, now)
        seat_counters = {pk: SeatCounter(row, holds[pk]) for pk, row in seats.items()}
        seat_results = decide_all(
            seat_requests, seat_counters=seat_counters, engaged={}, events=events, now=now
        )
        transaction.set_rollback(True)
        return seat_results

    return in_transaction(decided, deadline=deadline)
