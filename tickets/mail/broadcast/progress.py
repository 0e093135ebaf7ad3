"""The progress of a message, counted in mails."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count

from tickets.models import Delivery, Message

State = Delivery.State


@dataclass(frozen=True, slots=True)
class Progress:
    """Mails by their result; `gone` are those that can no longer be stopped."""

    pending: int
    gone: int
    delivered: int
    in_trouble: int
    dropped: int

    @property
    def total(self) -> int:
        return self.pending + self.gone + self.in_trouble + self.dropped

    @property
    def done(self) -> int:
        return self.total - self.pending


def progress_of(message: Message) -> Progress:
    """One query, whatever the number of mails. Trials are not counted."""
    rows = Delivery.objects.filter(message=message, user=None).order_by()
    counts: Counter[str] = Counter(dict(rows.values_list("state").annotate(count=Count("pk"))))
    return Progress(
        pending=counts[State.QUEUED] + counts[State.SENDING],
        gone=counts[State.SENT] + counts[State.DELIVERED],
        delivered=counts[State.DELIVERED],
        in_trouble=counts[State.BOUNCED] + counts[State.COMPLAINED] + counts[State.FAILED],
        dropped=counts[State.DROPPED],
    )
