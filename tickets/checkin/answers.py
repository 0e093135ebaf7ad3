"""Answers to a scan as the script of the scanner gets them."""

from typing import Any

from django.http import JsonResponse
from django.utils.translation import gettext as _

from events.models import Event
from registrations.models import Registration
from tickets.checkin import lookup
from tickets.checkin.checkpoints import Checkpoint, counts_of
from tickets.checkin.field import Answer
from tickets.checkin.lookup import Found, People
from tickets.checkin.scan import SchoolList
from tickets.checkin.verdict_view import VerdictDisplay
from tickets.checkin.verdicts import when
from tickets.models import Scan


def as_json(checkpoint: Checkpoint, outcome: Answer, hint: str) -> JsonResponse:
    counts = counts_of(checkpoint)
    answer = {"counts": {"in": counts.inside, "of": counts.expected}}
    if isinstance(outcome, Scan):
        hinted = {"sentence": hint} if hint else {}
        return JsonResponse(VerdictDisplay(outcome, checkpoint).as_json() | answer | hinted)
    if isinstance(outcome, SchoolList):
        school = outcome.delegation.school
        words = notice(_("School's list"), _("Open the list of %(school)s.") % {"school": school})
        url = checkpoint.url("class", outcome.delegation.code)
        return JsonResponse(words | {"verdict": "school", "school": school.name, "url": url} | answer)
    if isinstance(outcome, People):
        return JsonResponse(_people(outcome) | answer)
    words = notice(_("Choose"), _("This person has several tickets here. Choose one."))
    choices = [_choice(one) for one in outcome.found]
    name = outcome.found[0].registration.student.name
    return JsonResponse(words | {"verdict": "choose", "name": name, "choices": choices} | answer)


def notice(word: str, sentence: str) -> dict[str, Any]:
    """An answer that is no verdict, with all the keys of one."""
    empty = dict.fromkeys(("name", "grade", "school", "event", "hall", "when", "url"), "")
    return {**empty, "tone": "amber", "word": word, "sentence": sentence, "first": None, "choices": []}


def _people(found: People) -> dict[str, Any]:
    """The people whom a typed name finds, each a choice with the reference to send as its code."""
    if not found.rows:
        return notice(
            _("Not found"), _("No one at this checkpoint has this name or reference. Type less of the name.")
        ) | {"verdict": "people"}
    shown = found.rows[: lookup.MAX_RESULTS]
    sentence = _("No one has exactly this name. Is it one of these? Ask for the full name.")
    if not found.is_similar:
        sentence = _("Ask for name and school, then choose.")
    if len(found.rows) > len(shown):
        sentence += " " + _("There are more. Type more letters of the name.")
    return notice(_("Who is it?"), sentence) | {
        "verdict": "people",
        "choices": [_person(row) for row in shown],
    }


def _person(row: Registration) -> dict[str, Any]:
    ticket = next((ticket for ticket in row.tickets.all() if ticket.is_live), None)
    is_cancelled = row.state == Registration.State.CANCELLED or row.event.state == Event.State.CANCELLED
    state = _("Cancelled") if is_cancelled else "" if ticket else _("No seat")
    return {
        "registration": row.pk,
        "code": row.student.reference,
        "name": row.student.name,
        "grade": str(row.student.grade),
        "school": row.student.school.name,
        "event": row.event.name,
        "hall": row.event.venue.name,
        "when": when(row.event),
        "is_in": bool(ticket and ticket.checked_in_at),
        "state": state or (_("Already in") if ticket and ticket.checked_in_at else ""),
        "is_cancelled": is_cancelled,
    }


def _choice(found: Found) -> dict[str, Any]:
    """One ticket to choose: it is sent back as `registration`, with the same code and a new key."""
    row: Registration = found.registration
    return {
        "registration": row.pk,
        "event": row.event.name,
        "hall": row.event.venue.name,
        "when": when(row.event),
        "is_in": bool(found.ticket and found.ticket.checked_in_at),
    }
