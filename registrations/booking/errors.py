"""What can go wrong with a press, in words that may be shown to people."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from registrations.booking.allocate import SeatResult
    from registrations.models import Student, Submission


class RegistrationError(Exception):
    """The family; `text` is fit to show."""

    text: "str | _StrPromise" = _("This could not be done.")


class LockTimeout(RegistrationError):
    """The database did not answer in time, or the connection broke and the outcome is unknown."""

    text = _("Too many people are registering at this moment. Your answers are kept.")


class ConcurrentUpdate(RegistrationError):
    """The second wall held: seats were changed by somebody who did not hold the lock. Worth a repeat."""


class RegistrationRejected(RegistrationError):
    """The press obtained nothing; `outcomes` says why, event by event. Nothing was written."""

    text = _("You are not registered.")

    def __init__(self, seat_results: "list[SeatResult]") -> None:
        super().__init__()
        self.seat_results = seat_results


class AmbiguousIdentity(RegistrationError):
    """Another person of this name and grade, or this person with another address. Nothing was written."""

    text = _(
        "Somebody with this name and grade is registered. "
        "Add your roll number or section so that we can tell you apart."
    )

    def __init__(self, student: "Student", *, is_exact: bool) -> None:
        super().__init__()
        self.student = student
        if is_exact and (student.section or student.roll_number):
            self.text = _(
                "Somebody with this name, grade, section and roll number is registered. "
                "If it is you, ask for the link to your registrations."
            )


class DuplicateKey(RegistrationError):
    """A twin of this press was faster; its answer is this one's answer, too."""


class IdempotencyConflict(RegistrationError):
    """The key of this form was already used, for other content or elsewhere.

    The `submission` that used it is there only where it was sent from the same place. A key proves nobody's
    identity: whoever shows something of the submission compares first what was typed.
    """

    text = _("This form was already sent.")

    def __init__(self, submission: "Submission | None" = None) -> None:
        super().__init__()
        self.submission = submission


class ActionRejected(RegistrationError):
    """A change that the rules refuse, with its reason."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
