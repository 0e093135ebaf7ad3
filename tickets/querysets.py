"""Querysets of tickets, documents and deliveries."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from tickets.models import Delivery, DocumentJob, Ticket  # noqa: F401 - the type arguments below

CAUSED = dt.timedelta(seconds=10)
"""The longest time between the cause of a mail and its queueing; one queued later was sent again by a person."""
RENDER_ATTEMPTS = 3
"""How often rendering a PDF is attempted before its mail is sent without it."""
NOT_ARRIVED = ("failed", "suppressed", "bounced", "complained")
"""The states of a mail that did not arrive and is not tried again by itself."""


class TicketQuerySet(models.QuerySet["Ticket"]):
    def live(self) -> "TicketQuerySet":
        return self.filter(voided_at=None)

    def to_render(self) -> "TicketQuerySet":
        return self.live().filter(rendered_at=None, render_attempts__lt=RENDER_ATTEMPTS)

    def want_again(self) -> int:
        """Mark the PDFs of the live tickets to be rendered again, even after the last attempt; return how many."""
        return self.live().update(
            rendered_at=None,
            render_claimed_at=None,
            render_attempts=0,
            render_is_blocked=False,
            render_error="",
        )

    def blocked(self, now: dt.datetime, lease: dt.timedelta) -> "TicketQuerySet":
        """Live tickets whose rendering was given up because of the disk, and whose last attempt is over."""
        given_up = self.live().filter(rendered_at=None, render_attempts__gte=RENDER_ATTEMPTS)
        return given_up.filter(render_is_blocked=True, render_claimed_at__lt=now - lease)

    def with_related(self) -> "TicketQuerySet":
        return self.select_related(
            "registration__event__fest",
            "registration__event__venue",
            "registration__event__category",
            "student__school",
        )


class DocumentJobQuerySet(models.QuerySet["DocumentJob"]):
    def to_make(self) -> "DocumentJobQuerySet":
        """Documents that are not made yet and not given up."""
        return self.filter(finished_at=None, attempts__lt=RENDER_ATTEMPTS)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def pending(self) -> "DeliveryQuerySet":
        return self.filter(state__in=("queued", "sending"))

    def in_trouble(self) -> "DeliveryQuerySet":
        """Deliveries that failed for good."""
        return self.filter(state__in=NOT_ARRIVED)

    def undelivered(self) -> "DeliveryQuerySet":
        """The same, and the parts of a digest that failed for good."""
        return self.filter(Q(state__in=NOT_ARRIVED) | Q(gathered_into__state__in=NOT_ARRIVED))

    def due(self, now: dt.datetime, lease: dt.timedelta) -> "DeliveryQuerySet":
        """Deliveries that may be claimed: queued and due, or claimed by a worker whose lease has run out."""
        return self.filter(
            Q(state="queued", due_at__lte=now) | Q(state="sending", claimed_at__lt=now - lease)
        )
