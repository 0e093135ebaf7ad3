"""What a mail about a changed event still has to tell: what it was when its student was told last, and what it is.

Several changes may come before one mail is written, and a change may be taken back before it. So each mail compares
the event as it is now with what its student read last, and one that would say nothing new is dropped.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce

from events.models import AuditEntry, Event
from registrations.booking.conflicts import conflicts_of, sentence
from registrations.event_changes.apply import values_of
from registrations.event_changes.impact import NOTIFIED_FIELDS
from registrations.models import Conflict, Registration
from tickets.models import Delivery

Kind = Delivery.Kind
State = Delivery.State
WRITTEN_BEFORE = dt.timedelta(seconds=60)
"""A mail was written at most so long before it was sent (the lease of its worker), and knows nothing newer."""
_GONE = (State.DROPPED, State.FAILED, State.BOUNCED, State.COMPLAINED)


@dataclass(frozen=True, slots=True)
class News:
    """Of one registration: the event's fields that changed, with what they were, and the flags that are open."""

    was: Mapping[str, Any] = field(default_factory=dict)
    conflicts: tuple[str, ...] = ()
    is_new: bool = False

    @property
    def is_time(self) -> bool:
        return "starts_at" in self.was or "ends_at" in self.was

    @property
    def is_venue(self) -> bool:
        return "venue" in self.was

    @property
    def old_start(self) -> dt.datetime | None:
        return self.was.get("starts_at")

    @property
    def old_venue(self) -> str:
        return str(self.was.get("venue", ""))


def news_of(deliveries: Iterable[Delivery]) -> Mapping[int, News]:
    """By the delivery's number; four queries, however many there are. Their registrations are at hand."""
    wanted = {
        row.pk: row.change.registration for row in deliveries if row.kind == Kind.CHANGED and row.change
    }
    if not wanted:
        return {}
    mails = _mails(wanted.values())
    entries = _entries(wanted.values())
    conflicts = conflicts_of(row.pk for row in wanted.values())
    return {
        pk: _news(pk, row, mails[row.pk], entries[row.event_id], conflicts.get(row.pk, []))
        for pk, row in wanted.items()
    }


@dataclass(frozen=True, slots=True)
class _Mail:
    """Another mail that told, or may tell, of a registration."""

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
"""Of a mail that is told together with others, what became of the mail that tells it."""


def _mails(registrations: Iterable[Registration]) -> Mapping[int, list[_Mail]]:
    found: dict[int, list[_Mail]] = defaultdict(list)
    by_submission = defaultdict(list)
    for row in registrations:
        by_submission[row.submission_id].append(row.pk)
    of_change = Delivery.objects.filter(
        kind__in=(Kind.CHANGED, Kind.PROMOTED),
        change__registration__in=[pk for pks in by_submission.values() for pk in pks],
    )
    for about, *values in of_change.annotate(about=F("change__registration")).values_list("about", *_COLUMNS):
        found[about].append(_Mail(*values))
    answers = Delivery.objects.filter(kind=Kind.REGISTERED, submission__in=[pk for pk in by_submission if pk])
    for submission, *values in answers.values_list("submission", *_COLUMNS):
        for pk in by_submission[submission]:
            found[pk].append(_Mail(*values))
    return found


def _entries(registrations: Iterable[Registration]) -> Mapping[int, list[AuditEntry]]:
    """The trail of these events, the oldest first."""
    found: dict[int, list[AuditEntry]] = defaultdict(list)
    events = {row.event_id for row in registrations}
    rows = AuditEntry.objects.filter(subject_kind=Event._meta.label_lower, subject_id__in=events)
    for entry in rows.filter(before__has_any_keys=sorted(NOTIFIED_FIELDS)).order_by("at", "pk"):
        found[entry.subject_id].append(entry)
    return found


def _news(
    pk: int,
    row: Registration,
    mails: Sequence[_Mail],
    entries: Sequence[AuditEntry],
    conflicts: Sequence[Conflict],
) -> News:
    mine = next(mail for mail in mails if mail.pk == pk)
    others = [mail for mail in mails if mail.pk != pk]
    if any(mail.kind == Kind.CHANGED and mail.pk > pk and mail.state not in _GONE for mail in others):
        return News()
    sent = max([row.created_at, *(mail.sent_at for mail in others if mail.sent_at)])
    written = max(row.created_at, sent - WRITTEN_BEFORE)
    was = _differing(values_of(row.event, set(NOTIFIED_FIELDS)), entries, written, sent)
    is_new = bool(was) or any(conflict.at > written for conflict in conflicts)
    is_unsure = any(_is_unsure(mail, mine) for mail in others)
    return News(was, tuple(sentence(conflict, row.pk) for conflict in conflicts), is_new or is_unsure)


def _differing(
    now: Mapping[str, Any], entries: Sequence[AuditEntry], written: dt.datetime, sent: dt.datetime
) -> dict[str, Any]:
    """What the student may have read last and what is otherwise now, by field.

    The mail was written somewhere between the two moments: whatever the event was meanwhile may stand in it.
    """
    maybe_read: dict[str, list[Any]] = defaultdict(list)
    for entry in entries:
        for name in NOTIFIED_FIELDS & entry.before.keys():
            if entry.at > written and not maybe_read[name]:
                maybe_read[name].append(entry.before[name])
            if written < entry.at <= sent:
                maybe_read[name].append(entry.after[name])
    others = {name: [value for value in values if value != now[name]] for name, values in maybe_read.items()}
    return {name: _value(name, values[-1]) for name, values in others.items() if values and values[-1]}


def _is_unsure(mail: _Mail, mine: _Mail) -> bool:
    """A mail that may have left without our knowing, or is leaving now: what it says is not known.

    Those that the same worker writes together with this one are written from the same rows.
    """
    if mail.state == State.SENDING:
        return mail.claimed_at != mine.claimed_at or mail.attempts > 1
    return mail.attempts > 0 and mail.state in (State.QUEUED, State.FAILED)


def _value(name: str, value: Any) -> Any:
    return dt.datetime.fromisoformat(value) if name in ("starts_at", "ends_at") else value
