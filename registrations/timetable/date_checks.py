"""The dates of a timetable's rows, judged by the rules that hold for every way in."""

import copy
import datetime as dt

from events.dates import concerning, event_refusals, new_event_problems
from events.models import Event, Fest
from registrations.timetable.columns import TIMES
from registrations.timetable.read import ReadRow, Timetable


def check_dates(timetable: Timetable, fest: Fest, *, now: dt.datetime) -> None:
    """Adds to each row that would be applied what speaks against its dates.

    Odd dates of an event that is there are among the consequences of the preview, whose button answers for
    them. A new event with odd dates is left out.
    """
    for row in timetable.good:
        if set(TIMES) & row.changes.keys():
            row.problems += _problems(row, fest, now)


def _problems(row: ReadRow, fest: Fest, now: dt.datetime) -> list[str]:
    event = copy.copy(row.event) if row.event else Event(fest=fest, name=row.title)
    for name in TIMES:
        if name in row.changes:
            setattr(event, name, dt.datetime.fromisoformat(row.changes[name]))
    if row.event is None:
        return new_event_problems(event, now=now)
    return [one.text for one in concerning(event_refusals(event), row.changes)]
