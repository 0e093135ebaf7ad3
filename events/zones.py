"""Conversion of a fest's times when its time zone changes."""

import datetime as dt
import zoneinfo


def same_clock(moment: dt.datetime, old: zoneinfo.ZoneInfo, new: zoneinfo.ZoneInfo) -> dt.datetime:
    """The moment, in UTC, at which clocks in the new zone show what clocks in the old zone show at `moment`.

    A time that the new zone skips for daylight saving is moved forward by the length of the gap.
    """
    return moment.astimezone(old).replace(tzinfo=new, fold=0).astimezone(dt.UTC)
