"""What a change would do, in sentences for an organiser, with the names of those it concerns."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.booking.conflicts import Kind
from registrations.event_changes.impact import Impact
from registrations.models import Registration, Student
from techfest.core.formatting import exact_moment

MAX_NAMES = 60


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that happens; `names` are those of the people it happens to, `more` how many stand not here."""

    text: str
    names: list[str] = field(default_factory=list)
    more: int = 0
    is_danger: bool = False


def sentences(impact: Impact, *, now: dt.datetime) -> list[Sentence]:
    """Everything that one edit would do, what weighs most first. Needs the fest's zone."""
    return [
        *(Sentence(one.text, is_danger=True) for one in impact.dates),
        *_state(impact, now),
        *_seats(impact),
        *_new_conflicts(impact),
        *_mails(impact),
    ]


def _state(impact: Impact, now: dt.datetime) -> Iterator[Sentence]:
    edit, words = impact.edit, {"event": impact.edit.after.name}
    if edit.is_event_cancelled:
        yield from _cancellation(impact)
    if edit.is_revived:
        yield Sentence(
            _(
                "%(event)s takes place after all, with empty lists: whoever was registered before is not "
                "registered again, and is not told. Everybody may register anew."
            )
            % words,
            is_danger=True,
        )
    if edit.is_published:
        opens, closes = edit.after.registration_opens_at, edit.after.registration_closes_at
        if now < opens:
            text = _("Everybody sees %(event)s from now on. Registration opens %(when)s.")
        elif now < closes:
            text = _("Everybody sees %(event)s from now on, and registration is open at once.")
        else:
            text = _("Everybody sees %(event)s from now on. Its registration was closed %(closed)s.")
        yield Sentence(text % (words | {"when": exact_moment(opens), "closed": exact_moment(closes)}))


def _cancellation(impact: Impact) -> Iterator[Sentence]:
    rows, words = impact.cancelled, {"event": impact.edit.after.name}
    seats = sum(row.holds_seat for row in rows)
    text = ngettext(
        "%(event)s is cancelled: %(count)d registration ends (%(seats)d with a seat, %(waiting)d waiting). "
        "Tickets no longer work.",
        "%(event)s is cancelled: %(count)d registrations end (%(seats)d with a seat, %(waiting)d waiting). "
        "Tickets no longer work.",
        len(rows),
    )
    counts = {"count": len(rows), "seats": seats, "waiting": len(rows) - seats}
    yield _named(text % (words | counts), rows, is_danger=True)
    if rows:
        yield _mailed(rows)
    if impact.holds:
        text = ngettext(
            "%(count)d block of held seats ends, and who asked for it is told.",
            "%(count)d blocks of held seats end, and who asked for them is told.",
            len(impact.holds),
        )
        yield Sentence(
            text % {"count": len(impact.holds)}, [str(hold.school or "–") for hold in impact.holds]
        )


def _seats(impact: Impact) -> Iterator[Sentence]:
    edit = impact.edit
    if impact.over:
        text = ngettext(
            "%(over)d over: %(taken)d have a seat, and there are to be %(capacity)d. Nobody is thrown out. "
            "No seat is given until fewer than %(capacity)d are taken.",
            "%(over)d over: %(taken)d have a seat, and there are to be %(capacity)d. Nobody is thrown out. "
            "No seat is given until fewer than %(capacity)d are taken.",
            impact.over,
        )
        counts = {"over": impact.over, "taken": edit.seats.taken, "capacity": edit.capacity}
        yield Sentence(text % counts, is_danger=True)
    if impact.promoted:
        yield _named(_promotion(impact), impact.promoted)


def _promotion(impact: Impact) -> str:
    edit, count = impact.edit, len(impact.promoted)
    counts = {"waiting": edit.seats.waiting, "added": edit.added, "count": count}
    if edit.added > 0:
        head = ngettext(
            "%(added)d new seat, %(waiting)d waiting:",
            "%(added)d new seats, %(waiting)d waiting:",
            edit.added,
        )
    else:
        head = _("The waiting list moves again, %(waiting)d waiting:")
    tail = ngettext(
        "%(count)d will be confirmed now and told by mail.",
        "%(count)d will be confirmed now and told by mail.",
        count,
    )
    return f"{head % counts} {tail % counts}"


def _new_conflicts(impact: Impact) -> Iterator[Sentence]:
    event = impact.edit.after
    clashes = [one for one in impact.new_conflicts if one.kind == Kind.CLASH]
    if clashes:
        text = ngettext(
            "%(count)d clash: one person has another event at the new time of %(event)s. The person keeps both "
            "places, is told, and has to choose.",
            "%(count)d clashes: these people have another event at the new time of %(event)s. They keep both "
            "places, are told, and have to choose.",
            len(clashes),
        )
        names = [f"{named(one.registration.student)}: {one.other.event.name}" for one in clashes if one.other]
        yield _listed(text % {"count": len(clashes), "event": event.name}, names, is_danger=True)
    strangers = [one.registration for one in impact.new_conflicts if one.kind == Kind.INELIGIBLE]
    if strangers:
        text = ngettext(
            "%(count)d registered person is in a grade that %(event)s is not for any more. The seat is kept; "
            "the person is told, and has to choose.",
            "%(count)d registered people are in a grade that %(event)s is not for any more. They keep their "
            "seats, are told, and have to choose.",
            len(strangers),
        )
        yield _named(text % {"count": len(strangers), "event": event.name}, strangers, is_danger=True)
    if impact.settled:
        text = ngettext(
            "%(count)d clash or wrong grade of before is settled by this.",
            "%(count)d clashes or wrong grades of before are settled by this.",
            len(impact.settled),
        )
        yield _named(
            text % {"count": len(impact.settled)}, [conflict.registration for conflict in impact.settled]
        )


def _mails(impact: Impact) -> Iterator[Sentence]:
    if impact.notified:
        yield _mailed(impact.notified)


def _mailed(rows: list[Registration]) -> Sentence:
    """How many mails go out, and who has no address to be told at."""
    silent = [row for row in rows if not row.student.email]
    count = len(rows) - len(silent)
    text = ngettext("%(count)d mail tells about it.", "%(count)d mails tell about it.", count)
    text %= {"count": count}
    if silent:
        more = ngettext(
            "%(count)d has no e-mail address and must be told otherwise:",
            "%(count)d have no e-mail address and must be told otherwise:",
            len(silent),
        )
        text = f"{text} {more % {'count': len(silent)}}"
    return _named(text, silent)


def _named(text: str, rows: Iterable[Registration], *, is_danger: bool = False) -> Sentence:
    return _listed(text, [named(row.student) for row in rows], is_danger=is_danger)


def _listed(text: str, names: list[str], *, is_danger: bool = False) -> Sentence:
    return Sentence(text, names[:MAX_NAMES], max(0, len(names) - MAX_NAMES), is_danger)


def named(student: Student) -> str:
    """Name and class, as people at the desk tell two Ashas apart."""
    return f"{student.name} ({student.grade}{student.section})"
