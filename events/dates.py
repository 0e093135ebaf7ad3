"""Which dates of a fest and its events can be right: the one set of rules for every way in."""

import datetime as dt

from events.models import Fest


def names_kept_until(fest: Fest, last_end: dt.datetime | None) -> dt.datetime:
    """The midnight, in the fest's zone, after which no name of it is needed any more.

    The days are counted from the fest's last day, or from the end of its last event where that is later.
    """
    last_day = fest.ends_on
    if last_end is not None:
        last_day = max(last_day, last_end.astimezone(fest.zone).date())
    return dt.datetime.combine(last_day + dt.timedelta(days=fest.retention_days + 1), dt.time(), fest.zone)
