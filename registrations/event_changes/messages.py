"""The impact of an edit in sentences for an organiser, with the names of the people affected."""

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
    """One effect; `names` are the people affected, `more` the number of those left out."""

    text: str
    names: list[str] = field(default_factory=list)
    more: int = 0
    is_danger: bool = False


def sentences(impact: Impact, *, now: dt.datetime, names_unmailed: bool = True) -> list[Sentence]:
    """Return all effects of one edit, the most important first. Needs the fest's time zone to be active.

    Without `names_unmailed` the page lists the students without an e-mail address itself.
    """
    return [
        *(Sentence(one.text, is_danger=True) for one in impact.dates),
        *(Sentence(text, is_danger=True) for text in impact.doubts),
        *_state(impact, now, names_unmailed),
        *_seats(impact),
        *_new_conflicts(impact),
        *_mails(impact, names_unmailed),
    ]


def _state(impact: Impact, now: dt.datetime, names_unmailed: bool) -> Iterator[Sentence]:
    edit, words = impact.edit, {"event": impact.edit.after.name}
    if edit.is_event_cancelled:
        yield from _cancellation(impact, names_unmailed)
    if edit.is_reinstated:
        yield Sentence(
            _(
                "%(event)s takes place after all, with empty lists: earlier registrations are not "
                "restored, and no mail is sent. Everyone can register again."
            )
            % words,
            is_danger=True,
        )
    if edit.is_published:
        opens, closes = edit.after.registration_opens_at, edit.after.registration_closes_at
        if now < opens:
            text = _("%(event)s is public from now on. Registration opens %(when)s.")
        elif now < closes:
            text = _("%(event)s is public from now on, and registration opens at once.")
        else:
            text = _("%(event)s is public from now on. Its registration was closed %(closed)s.")
        yield Sentence(text % (words | {"when": exact_moment(opens), "closed": exact_moment(closes)}))


def _cancellation(impact: Impact, names_unmailed: bool) -> Iterator[Sentence]:
    rows, words = impact.cancelled, {"event": impact.edit.after.name}
    if not rows:
        yield Sentence(_("%(event)s is cancelled. It has no registrations.") % words, is_danger=True)
    else:
        yield _ended(rows, words)
        yield _mailed(rows, names_unmailed)
    if impact.holds:
        text = ngettext(
            "%(count)d hold ends, and the teacher who requested it gets a mail.",
            "%(count)d holds end, and the teachers who requested them get a mail.",
            len(impact.holds),
        )
        yield Sentence(
            text % {"count": len(impact.holds)}, [str(hold.school or "–") for hold in impact.holds]
        )


def _ended(rows: list[Registration], words: dict[str, str]) -> Sentence:
    seats = sum(row.holds_seat for row in rows)
    text = ngettext(
        "%(event)s is cancelled: %(count)d registration ends (%(seats)d with a seat, %(waiting)d waiting). "
        "Tickets no longer work.",
        "%(event)s is cancelled: %(count)d registrations end (%(seats)d with a seat, %(waiting)d waiting). "
        "Tickets no longer work.",
        len(rows),
    )
    counts = {"count": len(rows), "seats": seats, "waiting": len(rows) - seats}
    return _named(text % (words | counts), rows, is_danger=True)


def _seats(impact: Impact) -> Iterator[Sentence]:
    if impact.over:
        yield Sentence(_too_few(impact), is_danger=True)
    if impact.promoted:
        yield _named(_promotion(impact), impact.promoted)


def _too_few(impact: Impact) -> str:
    edit = impact.edit
    counts = {"over": impact.over, "taken": edit.seats.taken, "capacity": edit.capacity}
    if not edit.capacity:
        text = ngettext(
            "There will be no seats, but %(taken)d is taken. The registration stays, and no more seats are given.",
            "There will be no seats, but %(taken)d are taken. All registrations stay, and no more seats are given.",
            edit.seats.taken,
        )
        return text % counts
    text = ngettext(
        "%(over)d over: %(taken)d seat is taken, and there will be %(capacity)d. All registrations stay. "
        "No seat is assigned until fewer than %(capacity)d are taken.",
        "%(over)d over: %(taken)d seats are taken, and there will be %(capacity)d. All registrations stay. "
        "No seat is assigned until fewer than %(capacity)d are taken.",
        edit.seats.taken,
    )
    return text % counts


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
        head = _("Seats go to the waiting list again, %(waiting)d waiting:")
    tail = ngettext(
        "%(count)d will be confirmed now and notified by mail.",
        "%(count)d will be confirmed now and notified by mail.",
        count,
    )
    return f"{head % counts} {tail % counts}"


def _new_conflicts(impact: Impact) -> Iterator[Sentence]:
    event = impact.edit.after
    clashes = [one for one in impact.new_conflicts if one.kind == Kind.CLASH]
    if clashes:
        text = ngettext(
            "%(count)d clash: one student has another event at the new time of %(event)s. The student keeps both "
            "registrations for now, gets a mail and has to choose.",
            "%(count)d clashes: these students have another event at the new time of %(event)s. They keep both "
            "registrations for now, get a mail and have to choose.",
            len(clashes),
        )
        names = [f"{named(one.registration.student)}: {one.other.event.name}" for one in clashes if one.other]
        yield _listed(text % {"count": len(clashes), "event": event.name}, names, is_danger=True)
    ineligible = [one.registration for one in impact.new_conflicts if one.kind == Kind.INELIGIBLE]
    if ineligible:
        text = ngettext(
            "%(count)d student is in a grade that %(event)s is no longer open to. The student keeps the seat for now, "
            "gets a mail and has to choose.",
            "%(count)d students are in a grade that %(event)s is no longer open to. They keep their "
            "seats for now, get a mail and have to choose.",
            len(ineligible),
        )
        yield _named(text % {"count": len(ineligible), "event": event.name}, ineligible, is_danger=True)
    if impact.ended_conflicts:
        text = ngettext(
            "%(count)d earlier clash or wrong grade is resolved by this.",
            "%(count)d earlier clashes or wrong grades are resolved by this.",
            len(impact.ended_conflicts),
        )
        yield _named(
            text % {"count": len(impact.ended_conflicts)},
            [conflict.registration for conflict in impact.ended_conflicts],
        )


def _mails(impact: Impact, names_unmailed: bool) -> Iterator[Sentence]:
    if impact.notified:
        yield _mailed(impact.notified, names_unmailed)
    elif impact.renamed:
        text = ngettext(
            "%(count)d registration is under the old name, which its ticket and its mails show.",
            "%(count)d registrations are under the old name, which their tickets and mails show.",
            len(impact.renamed),
        )
        yield Sentence(text % {"count": len(impact.renamed)})


def _mailed(rows: list[Registration], names_unmailed: bool) -> Sentence:
    """Say how many mails are sent, and who has no address."""
    without_address = [row for row in rows if not row.student.email]
    count = len(rows) - len(without_address)
    text = ngettext("%(count)d mail will be sent.", "%(count)d mails will be sent.", count)
    text %= {"count": count}
    if not names_unmailed:
        return Sentence(text)
    if without_address:
        more = ngettext(
            "%(count)d has no e-mail address and must be informed another way:",
            "%(count)d have no e-mail address and must be informed another way:",
            len(without_address),
        )
        text = f"{text} {more % {'count': len(without_address)}}"
    return _named(text, without_address)


def _named(text: str, rows: Iterable[Registration], *, is_danger: bool = False) -> Sentence:
    return _listed(text, [named(row.student) for row in rows], is_danger=is_danger)


def _listed(text: str, names: list[str], *, is_danger: bool = False) -> Sentence:
    return Sentence(text, names[:MAX_NAMES], max(0, len(names) - MAX_NAMES), is_danger)


def named(student: Student) -> str:
    """Return name and class, which tells two students called Asha apart."""
    return f"{student.name} ({student.school_class})"
