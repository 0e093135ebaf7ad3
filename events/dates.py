"""The rules for dates of fests and events, shared by forms, the timetable import and the commands.

A refusal reports dates that contradict each other. A question reports unusual dates, such as a day in the past or
outside the fest, which the user must confirm. Both also work on rows that are not saved.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event, Fest
from techfest.core.formatting import clock_time, full_date

PURGE_NOTICE = dt.timedelta(days=7)
"""How long before a purge the owners are warned. A purge that becomes due by an edit waits as long."""
MIN_RETENTION_DAYS = 14
"""Fewer days are asked about: after a fest, certificates are made and questions answered."""
MAX_FEST_DAYS = 31
MAX_AHEAD = dt.timedelta(days=550)
MAX_EARLY_OPENING = dt.timedelta(days=366)
MAX_DISTANCE = dt.timedelta(days=31)
"""The usual distance between an event and its opening or closing; a mistyped year is farther away."""
MAX_NAMES = 5
YEARS = range(2000, 2101)
"""Years outside this range are typing errors, and too extreme to calculate with."""
_LATEST = dt.date(9000, 1, 1)
FEST_DATES = frozenset({"starts_on", "ends_on", "opens_at", "closes_at", "retention_days", "is_current"})
EVENT_DATES = frozenset(
    {"starts_at", "ends_at", "opens_at", "closes_at", "promotes_until", "doors_open_at", "seats_kept_until"}
)


@dataclass(frozen=True, slots=True)
class DateProblem:
    """A sentence about one field. It concerns edits that change any field in `depends_on`."""

    field: str
    text: str
    depends_on: frozenset[str]


def concerning(problems: Iterable[DateProblem], changed: Collection[str]) -> list[DateProblem]:
    """The problems that concern an edit of these fields; other problems existed before."""
    return [problem for problem in problems if problem.depends_on & set(changed)]


def digest_of(questions: Sequence[DateProblem]) -> str:
    """A digest that is equal for equal questions."""
    return hashlib.sha256("\n".join(one.text for one in questions).encode()).hexdigest()[:32]


def names_kept_until(fest: Fest, last_end: dt.datetime | None) -> dt.datetime:
    """The midnight, in the fest's time zone, after which its personal data are no longer needed.

    The retention days count from the fest's last day, or from the end of its last event if that is later.
    """
    last_day = fest.ends_on
    if last_end is not None:
        last_day = max(last_day, last_end.astimezone(fest.zone).date())
    days = min(fest.retention_days + 1, max(0, (_LATEST - last_day).days))
    return dt.datetime.combine(last_day + dt.timedelta(days=days), dt.time(), fest.zone)


def fest_refusals(fest: Fest) -> list[DateProblem]:
    """Problems of a fest's dates that cannot be saved: contradictions and impossible years."""
    found = list(_wrong_years(fest, ("starts_on", "ends_on", "opens_at", "closes_at")))
    if found:
        return found
    if fest.closes_at <= fest.opens_at:
        found.append(_problem("closes_at", _("Registration must close after it opens."), "opens_at"))
    if fest.ends_on < fest.starts_on:
        found.append(_problem("ends_on", _("The last day must not be before the first."), "starts_on"))
    elif fest.closes_at > _days_of(fest)[1]:
        text = _("Registration must close by the end of the last day, %(day)s.")
        found.append(_problem("closes_at", text % {"day": full_date(fest.ends_on)}, "ends_on"))
    return found


def fest_questions(
    fest: Fest, *, now: dt.datetime, events: Sequence[Event] = (), registrations: int = 0
) -> list[DateProblem]:
    """Unusual dates of a fest and their consequences; `events` are its events that are not cancelled."""
    return [
        *_erasure(fest, now, events, registrations),
        *_odd_fest(fest, now),
        *_events_outside(fest, events),
    ]


def _erasure(
    fest: Fest, now: dt.datetime, events: Sequence[Event], registrations: int
) -> Iterator[DateProblem]:
    """When the names would be erased, if the fest is over, or if the erasure comes soon or soon after the fest."""
    purge_at = names_kept_until(fest, max((event.ends_at for event in events), default=None))
    reasons = list(_early_erasure(fest, now))
    if not reasons and purge_at > now + PURGE_NOTICE:
        return
    purge_at = max(purge_at, now + PURGE_NOTICE)
    text = ngettext(
        "All names of this fest (%(count)d registration) would be erased on %(when)s.",
        "All names of this fest (%(count)d registrations) would be erased on %(when)s.",
        registrations,
    )
    if fest.is_current:
        text = ngettext(
            "All names of this fest (%(count)d registration) would be erased on %(when)s, "
            "or later if it is still the current fest then.",
            "All names of this fest (%(count)d registrations) would be erased on %(when)s, "
            "or later if it is still the current fest then.",
            registrations,
        )
    text %= {"when": full_date(purge_at.astimezone(fest.zone).date()), "count": registrations}
    yield _problem("ends_on", " ".join([*reasons, text]), "retention_days", "is_current")


def _early_erasure(fest: Fest, now: dt.datetime) -> Iterator[str]:
    if fest.ends_on < now.astimezone(fest.zone).date():
        yield _("The last day, %(day)s, is in the past.") % {"day": full_date(fest.ends_on)}
    if fest.retention_days < MIN_RETENTION_DAYS:
        text = ngettext(
            "Names would be kept for only %(days)d day after the fest.",
            "Names would be kept for only %(days)d days after the fest.",
            fest.retention_days,
        )
        yield text % {"days": fest.retention_days}


def _odd_fest(fest: Fest, now: dt.datetime) -> Iterator[DateProblem]:
    first, _end = _days_of(fest)
    if first > now + MAX_AHEAD:
        text = _("The first day, %(day)s, is more than a year and a half ahead.")
        yield _problem("starts_on", text % {"day": full_date(fest.starts_on)})
    if (days := (fest.ends_on - fest.starts_on).days + 1) > MAX_FEST_DAYS:
        yield _problem("ends_on", _("The fest would last for %(days)d days.") % {"days": days}, "starts_on")
    if fest.opens_at < first - MAX_EARLY_OPENING:
        text = _("Registration would open on %(when)s, more than a year before the first day.")
        yield _problem("opens_at", text % {"when": _moment(fest.opens_at, fest)}, "starts_on")
    if fest.closes_at <= now < first:
        text = _("Registration would be closed already: %(when)s is in the past.")
        yield _problem("closes_at", text % {"when": _moment(fest.closes_at, fest)})


def _events_outside(fest: Fest, events: Sequence[Event]) -> Iterator[DateProblem]:
    outside = [event for event in events if _is_outside(event, fest)]
    if not outside:
        return
    text = ngettext(
        "%(count)d event is not within the days of the fest: %(names)s.",
        "%(count)d events are not within the days of the fest: %(names)s.",
        len(outside),
    )
    names = ", ".join(event.name for event in outside[:MAX_NAMES])
    if len(outside) > MAX_NAMES:
        names += " …"
    yield _problem("ends_on", text % {"count": len(outside), "names": names}, "starts_on")


def event_refusals(event: Event) -> list[DateProblem]:
    """Problems of an event's dates that cannot be saved: contradictions and impossible years."""
    found = list(_wrong_years(event, sorted(EVENT_DATES)))
    if event.ends_at <= event.starts_at:
        found.append(_problem("ends_at", _("The event must end after it starts."), "starts_at"))
    if event.closes_at and event.opens_at and event.closes_at <= event.opens_at:
        found.append(_problem("closes_at", _("Registration must close after it opens."), "opens_at"))
    if event.closes_at and event.closes_at > event.ends_at:
        text = _("Registration must close by the end of the event. Leave it empty to close it at the start.")
        found.append(_problem("closes_at", text, "ends_at"))
    return found


def event_questions(event: Event, *, now: dt.datetime) -> list[DateProblem]:
    """Unusual dates of an event; its fest must be loaded."""
    return [*_odd_times(event, now), *_odd_hours(event), *_far_times(event)]


def new_event_problems(event: Event, *, now: dt.datetime) -> list[str]:
    """Refusals and questions for a new event from a list, where no single row can be confirmed."""
    refusals = [one.text for one in event_refusals(event)]
    if any(_wrong_years(event, EVENT_DATES)):
        return refusals
    questions = [one.text for one in event_questions(event, now=now)]
    if questions and not refusals:
        questions.append(_("If this is right, add the event on a page of its own."))
    return [*refusals, *questions]


def _odd_times(event: Event, now: dt.datetime) -> Iterator[DateProblem]:
    fest = event.fest
    if _is_outside(event, fest):
        yield _outside(event, fest)
    past = {
        "starts_at": _("%(event)s would start in the past, on %(when)s."),
        "ends_at": _("%(event)s would end in the past, on %(when)s."),
    }
    for name, text in past.items():
        if (when := getattr(event, name)) < now:
            values = {"event": event.name or _("The event"), "when": _moment(when, fest)}
            yield _problem(name, text % values)


def _outside(event: Event, fest: Fest) -> DateProblem:
    """Say which of the two times is the fault; the start where both are."""
    first, end = _days_of(fest)
    is_start = not first <= event.starts_at < end
    text = (
        _("%(event)s (%(when)s) is not within the days of the fest, %(first)s to %(last)s.")
        if is_start
        else _("%(event)s would end on %(when)s, after the days of the fest, %(first)s to %(last)s.")
    )
    words = {
        "event": event.name or _("The event"),
        "when": _moment(event.starts_at if is_start else event.ends_at, fest),
        "first": full_date(fest.starts_on),
        "last": full_date(fest.ends_on),
    }
    return _problem("starts_at" if is_start else "ends_at", text % words, "starts_at", "ends_at")


def _odd_hours(event: Event) -> Iterator[DateProblem]:
    opens, closes = event.registration_opens_at, event.registration_closes_at
    if opens >= closes:
        text = _(
            "No student could register for %(event)s: registration would open on %(opens)s and close on %(closes)s."
        )
        words = {
            "event": event.name or _("the event"),
            "opens": _moment(opens, event.fest),
            "closes": _moment(closes, event.fest),
        }
        yield _problem("opens_at", text % words, "closes_at", "starts_at", "ends_at")


def _far_times(event: Event) -> Iterator[DateProblem]:
    for name in ("promotes_until", "doors_open_at", "seats_kept_until"):
        when = getattr(event, name)
        if when and not event.starts_at - MAX_DISTANCE <= when <= event.ends_at + MAX_DISTANCE:
            text = _("“%(field)s” would be on %(when)s, more than a month from the event.")
            field: Any = Event._meta.get_field(name)
            words = {"field": field.verbose_name, "when": _moment(when, event.fest)}
            yield _problem(name, text % words, "starts_at", "ends_at")


def _wrong_years(row: Fest | Event, names: Iterable[str]) -> Iterator[DateProblem]:
    for name in names:
        value = getattr(row, name)
        if value and value.year not in YEARS:
            yield _problem(name, _("Check the year: %(year)d.") % {"year": value.year})


def _problem(field: str, text: str, *others: str) -> DateProblem:
    return DateProblem(field, text, frozenset({field, *others}))


def _is_outside(event: Event, fest: Fest) -> bool:
    first, end = _days_of(fest)
    return event.starts_at < first or event.ends_at > end


def _days_of(fest: Fest) -> tuple[dt.datetime, dt.datetime]:
    """The midnights that begin the first day and end the last, in the fest's time zone."""
    first = dt.datetime.combine(fest.starts_on, dt.time(), fest.zone)
    return first, dt.datetime.combine(fest.ends_on + dt.timedelta(days=1), dt.time(), fest.zone)


def _moment(when: dt.datetime, fest: Fest) -> str:
    return f"{full_date(when, zone=fest.zone)}, {clock_time(when, zone=fest.zone)}"
