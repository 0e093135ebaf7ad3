"""Times of a fest that moves to another time zone."""

import datetime as dt
import zoneinfo


def same_clock(moment: dt.datetime, old: zoneinfo.ZoneInfo, new: zoneinfo.ZoneInfo) -> dt.datetime:
    """When a clock in the new zone shows what a clock in the old zone shows at this moment.

    A time that the new zone skips, as clocks are put forward, is as many minutes later. Given in UTC.
    """
    return moment.astimezone(old).replace(tzinfo=new, fold=0).astimezone(dt.UTC)
