"""The limits of the mail provider for an hour and a day; the admin warns before they are reached."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from tickets.models import Delivery

WARN_AT = 0.8
"""The share of a limit from which the admin warns."""


@dataclass(frozen=True, slots=True)
class Window:
    """A limit (0 if unknown), the mails sent within its period, and those pending."""

    is_hour: bool
    limit: int
    sent: int
    pending: int

    @property
    def is_near(self) -> bool:
        return bool(self.limit) and self.sent + self.pending >= WARN_AT * self.limit

    @property
    def words(self) -> str:
        values = {"sent": self.sent, "pending": self.pending, "limit": self.limit}
        if self.is_hour:
            return (
                _(
                    "The mail provider takes %(limit)d mails an hour. %(sent)d were sent within the last hour and"
                    " %(pending)d are pending; mails over the limit are sent later."
                )
                % values
            )
        return (
            _(
                "The mail provider takes %(limit)d mails a day. %(sent)d were sent within the last 24 hours and"
                " %(pending)d are pending; mails over the limit are sent tomorrow."
            )
            % values
        )


def windows(now: dt.datetime) -> list[Window]:
    """Return the hour and the day in two queries, without queries if no limit is known."""
    limits = ((True, settings.EMAIL_LIMIT_PER_HOUR), (False, settings.EMAIL_LIMIT_PER_DAY))
    if not any(limit for _is_hour, limit in limits):
        return [Window(is_hour, 0, 0, 0) for is_hour, _limit in limits]
    day = now - dt.timedelta(days=1)
    times = list(Delivery.objects.filter(sent_at__gt=day).values_list("sent_at", flat=True))
    pending = Delivery.objects.filter(Q(due_at__lte=now + dt.timedelta(hours=1))).pending().count()
    last_hour = sum(at > now - dt.timedelta(hours=1) for at in times if at)
    return [Window(True, limits[0][1], last_hour, pending), Window(False, limits[1][1], len(times), pending)]


def warnings(now: dt.datetime) -> list[str]:
    """Return a sentence for each limit that is near."""
    return [window.words for window in windows(now) if window.is_near]
