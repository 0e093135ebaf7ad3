"""A seat that is given up by somebody who is in already."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from registrations.booking.errors import ActionRejected, ConcurrentUpdate
from registrations.models import Change
from tickets.checkin.entry import take_back
from tickets.models import Ticket


def give_up(changes: Sequence[Change], *, now: datetime) -> None:
    """Called while these registrations are being cancelled, with their tickets still live.

    A ticket that is no longer good has no check-in that stands. An organiser's cancellation undoes it, with that
    reason; students and teachers cannot give up the seat of somebody who sits on it (`ActionRejected`); and the seat
    of somebody who has come is no unclaimed one (`ConcurrentUpdate`). A double that a merge cancels keeps its check-in:
    it moves to the ticket that is left (`tickets.merge`). Part of the caller's transaction.
    """
    given_up = [change.registration_id for change in changes if change.cause != Change.Cause.MERGED]
    inside = Ticket.objects.live().filter(registration__in=given_up, checked_in_at__isnull=False)
    tickets = list(inside.values_list("pk", flat=True))
    if not tickets:
        return
    if any(change.cause == Change.Cause.NO_SHOW for change in changes):
        raise ConcurrentUpdate
    if any(change.actor in (Change.Actor.STUDENT, Change.Actor.TEACHER) for change in changes):
        raise ActionRejected(_("This ticket was used at the door and cannot be given up."))
    reason = _("The registration was cancelled.")
    take_back(tickets, user=changes[0].user, reason=reason, now=now)
