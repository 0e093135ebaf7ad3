"""The mail about another time or venue of an event: what the student read last, and what it is now.

An event may change several times before one mail is composed, or change back. So each mail compares the event as it
is now with what its student read last; a mail without news is dropped.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from events.models import AuditEntry, Event
from registrations.booking.conflicts import conflicts_of, sentence
from registrations.event_changes.apply import values_of
from registrations.event_changes.impact import NOTIFIED_FIELDS
from registrations.models import Change, Conflict, Registration
from techfest.core.formatting import clock_time, full_day
from tickets.mail.kinds.base import TicketMail
from tickets.models import Delivery
from tickets.querysets import NOT_ARRIVED

Kind = Delivery.Kind
State = Delivery.State
TOLD = NOTIFIED_FIELDS | {"name"}
"""What a mail about a change compares: a new name is told with any of the others, or where an organiser wants it."""
WRITTEN_BEFORE = dt.timedelta(seconds=60)
"""The longest time between composing a mail and sending it (the lease of its worker); newer changes are not in it."""
_NOT_READ = (State.DROPPED, *NOT_ARRIVED)


@dataclass(frozen=True, slots=True)
class Difference:
    """For one registration: the former values of the event's changed fields, and the open conflicts."""

    was: Mapping[str, Any] = field(default_factory=dict)
    conflicts: tuple[str, ...] = ()
    is_new: bool = False
    """Whether the student has probably not read it yet."""

    @property
    def is_time(self) -> bool:
        return "starts_at" in self.was or "ends_at" in self.was

    @property
    def is_venue(self) -> bool:
        return "venue" in self.was

    @property
    def old_name(self) -> str:
        return str(self.was.get("name", ""))

    @property
    def old_venue(self) -> str:
        return str(self.was.get("venue", ""))


class EventChanged(TicketMail):
    kind = Kind.CHANGED
    templates = "mail/event_changed"
    comes_from_public_forms = True
    states = (Registration.State.CONFIRMED, Registration.State.WAITING)

    def __init__(self) -> None:
        super().__init__()
        self._differences: Mapping[int, Difference] = {}

    @classmethod
    def announces(cls, change: Change) -> bool:
        return change.cause == Change.Cause.EVENT_CHANGED

    def fetch(self, deliveries: Sequence[Delivery]) -> None:
        self._differences = differences(deliveries)

    def details(self, delivery: Delivery, context: dict[str, Any]) -> dict[str, Any]:
        found = self._differences.get(delivery.pk) or differences([delivery]).get(delivery.pk, Difference())
        reason = delivery.change.reason if delivery.change else ""
        details = super().details(delivery, context)
        return details | {"difference": found, "reason": reason, "old_time": _old_time(found, delivery)}

    def is_true(self, context: dict[str, Any]) -> bool:
        return super().is_true(context) and context["difference"].is_new


def _old_time(found: Difference, delivery: Delivery) -> str:
    """The former start and end, of which one may be as it is now; empty where the time did not change."""
    if not found.is_time or not delivery.change:
        return ""
    event = delivery.change.registration.event
    starts, ends = (found.was.get(name) or getattr(event, name) for name in ("starts_at", "ends_at"))
    start = f"{full_day(starts)}, {clock_time(starts)}"
    end = clock_time(ends) if full_day(starts) == full_day(ends) else f"{full_day(ends)}, {clock_time(ends)}"
    return _("%(start)s to %(end)s") % {"start": start, "end": end}


def differences(deliveries: Iterable[Delivery]) -> Mapping[int, Difference]:
    """The differences by delivery id; four queries for any number. Deliveries must be loaded with registrations."""
    wanted = {row.pk: row.change.registration for row in deliveries if row.change}
    if not wanted:
        return {}
    mails = _mails(wanted.values())
    entries = _entries(wanted.values())
    conflicts = conflicts_of(row.pk for row in wanted.values())
    return {
        pk: _difference(pk, row, mails[row.pk], entries[row.event_id], conflicts.get(row.pk, []))
        for pk, row in wanted.items()
    }


@dataclass(frozen=True, slots=True)
class _Mail:
    """A mail that has told, or may tell, the student the time and venue of the event."""

    pk: int
    kind: str
    state: str
    sent_at: dt.datetime | None
    claimed_at: dt.datetime | None
    attempts: int


_COLUMNS = (
    "pk",
    "kind",
    Coalesce("gathered_into__state", "state"),
    Coalesce("gathered_into__sent_at", "sent_at"),
    Coalesce("gathered_into__claimed_at", "claimed_at"),
    Coalesce("gathered_into__attempts", "attempts"),
)
"""The state; for a part of a digest, that of the digest."""


def _mails(registrations: Iterable[Registration]) -> Mapping[int, list[_Mail]]:
    """The mails about each registration, by the registration's id."""
    found: dict[int, list[_Mail]] = defaultdict(list)
    by_submission = defaultdict(list)
    for row in registrations:
        by_submission[row.submission_id].append(row.pk)
    of_change = Delivery.objects.filter(
        kind__in=(Kind.CHANGED, Kind.PROMOTED),
        change__registration__in=[pk for pks in by_submission.values() for pk in pks],
    )
    rows = of_change.annotate(about=F("change__registration")).values_list("about", *_COLUMNS)
    for about, *columns in rows:
        found[about].append(_Mail(*columns))
    first = Delivery.objects.filter(kind=Kind.REGISTERED, submission__in=[pk for pk in by_submission if pk])
    for submission, *columns in first.values_list("submission", *_COLUMNS):
        for pk in by_submission[submission]:
            found[pk].append(_Mail(*columns))
    return found


def _entries(registrations: Iterable[Registration]) -> Mapping[int, list[AuditEntry]]:
    """The audit log of these events, oldest first, by the event's id."""
    found: dict[int, list[AuditEntry]] = defaultdict(list)
    events = {row.event_id for row in registrations}
    rows = AuditEntry.objects.filter(subject_kind=Event._meta.label_lower, subject_id__in=events)
    for entry in rows.filter(before__has_any_keys=sorted(TOLD)).order_by("at", "pk"):
        found[entry.subject_id].append(entry)
    return found


def _difference(
    pk: int,
    row: Registration,
    mails: Sequence[_Mail],
    entries: Sequence[AuditEntry],
    conflicts: Sequence[Conflict],
) -> Difference:
    mine = next(mail for mail in mails if mail.pk == pk)
    others = [mail for mail in mails if mail.pk != pk]
    if any(mail.kind == Kind.CHANGED and mail.pk > pk and mail.state not in _NOT_READ for mail in others):
        return Difference()
    sent = max([row.created_at, *(mail.sent_at for mail in others if mail.sent_at)])
    composed = max(row.created_at, sent - WRITTEN_BEFORE)
    was = _differing(values_of(row.event, set(TOLD)), entries, composed, sent)
    is_new = bool(was) or any(conflict.at > composed for conflict in conflicts)
    is_unsure = any(_is_unsure(mail, mine) for mail in others)
    return Difference(was, tuple(sentence(conflict, row.pk) for conflict in conflicts), is_new or is_unsure)


def _differing(
    now: Mapping[str, Any], entries: Sequence[AuditEntry], composed: dt.datetime, sent: dt.datetime
) -> dict[str, Any]:
    """The values that the student may have read last and that differ now, by field.

    The last mail was composed between these two times and may show any value that the event had between them.
    """
    maybe_read: dict[str, list[Any]] = defaultdict(list)
    for entry in entries:
        for name in TOLD & entry.before.keys():
            if entry.at > composed and not maybe_read[name]:
                maybe_read[name].append(entry.before[name])
            if composed < entry.at <= sent:
                maybe_read[name].append(entry.after[name])
    others = {name: [value for value in values if value != now[name]] for name, values in maybe_read.items()}
    return {name: _value(name, values[-1]) for name, values in others.items() if values and values[-1]}


def _is_unsure(mail: _Mail, mine: _Mail) -> bool:
    """Whether a mail may have been sent without a record of it, or is being sent now: its content is unknown.

    Mails that the same worker composes in the same claim show the same values.
    """
    if mail.state == State.SENDING:
        return mail.claimed_at != mine.claimed_at or mail.attempts > 1
    return mail.attempts > 0 and mail.state in (State.QUEUED, State.FAILED)


def _value(name: str, value: Any) -> Any:
    return dt.datetime.fromisoformat(value) if name in ("starts_at", "ends_at") else value
