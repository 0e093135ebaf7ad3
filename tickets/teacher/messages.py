"""Messages to teachers: what was done, and why something was not."""

from collections.abc import Iterable

from django.forms import Form
from django.utils.translation import gettext as _

from registrations.booking.errors import (
    ActionRejected,
    AmbiguousIdentity,
    IdempotencyConflict,
    RegistrationRejected,
)
from registrations.booking.messages import refusal_about
from registrations.booking.policy import SeatResult
from registrations.models import Refusal, Registration, Submission
from registrations.students.names import grouped
from techfest.core.errors import UserFacingError

Reason = Refusal.Reason
EXPECTED = (ActionRejected, IdempotencyConflict, RegistrationRejected, AmbiguousIdentity)
"""Errors that the form explains; a database that is too busy has a page of its own."""


def done_message(word: str) -> str:
    """The sentence for the key in a redirect's query string; empty for an unknown key."""
    sentences = {
        "corrected": _("The details are saved."),
        "cancelled": _("Cancelled. The seat goes to the next student on the waiting list."),
        "ended": _("This registration is cancelled already."),
        "replaced": _("Done. The other student has the seat now, and both are notified by mail."),
        "added": _("Done. The registrations are listed below."),
        "sent": _("The mail is on its way again."),
        "readdressed": _("The new address is saved, and the mail is on its way to it."),
        "patience": _("It was sent again a few minutes ago. Wait before you try once more."),
        "renewed": _("There is a new code. The old one no longer works."),
        "handed": _("Handed over. Mails about it go to your colleague from now on."),
        "mailed": _("The tickets are on their way to your own address."),
    }
    return sentences.get(word, "")


def explain(form: Form, error: UserFacingError, name: str) -> None:
    """Adds to the form why the submission obtained nothing for the student of this name."""
    if isinstance(error, RegistrationRejected):
        for text in refusals_of(error.seat_results, name):
            form.add_error(None, text)
    elif isinstance(error, AmbiguousIdentity):
        form.add_error(None, known_text(error))
        form.is_similar = error.is_similar  # type: ignore[attr-defined]  # a DetailsForm
    else:
        form.add_error(None, str(error.text))


def known_text(error: AmbiguousIdentity) -> str:
    """Names the student of the same or a similar name, and asks for what tells them apart."""
    known = error.student
    if error.is_similar:
        words = _(
            "Did you mean %(name)s, grade %(grade)s, who is registered already (%(reference)s)? Then open that student"
            " under “My students” and add events there. If not, press the button “It is another student: …”."
        )
        grade = f"{known.grade} {known.section}".strip()
        return words % {"name": known.name, "grade": grade, "reference": grouped(known.reference)}
    who = _("%(name)s of grade %(grade)d is already among your students (%(reference)s).") % {
        "name": known.name,
        "grade": known.grade,
        "reference": grouped(known.reference),
    }
    return who + " " + _("If this is another student, add a section or roll number that tells them apart.")


def refusals_of(seat_results: Iterable[SeatResult], name: str) -> list[str]:
    """Why each of these events was not obtained, about the student of this name."""
    return [
        refusal_about(outcome.event, outcome.decision.reason, outcome.decision.other, name)
        for outcome in seat_results
        if outcome.event and outcome.decision.reason
    ]


def kept_refusals(submission: Submission) -> list[str]:
    """The refusals stored for the events that a submission did not obtain."""
    rows = Refusal.objects.filter(submission=submission).select_related("event__fest", "other").order_by("pk")
    name = submission.student.name
    return [refusal_about(row.event, row.reason, row.other, name) for row in rows]


def state_sentence(registration: Registration) -> str:
    """The state of a registration as a sentence; a waiting one includes its number."""
    match registration.state:
        case Registration.State.CONFIRMED:
            return _("has a seat")
        case Registration.State.WAITING:
            return _("waiting, rank %(number)d") % {"number": registration.number}
    return _("cancelled")
