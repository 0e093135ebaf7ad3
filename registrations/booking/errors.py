"""Errors of booking. Each has a `text` that may be shown to people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from registrations.students.likeness import Likeness
from techfest.core.errors import UserFacingError

if TYPE_CHECKING:
    from events.models import Event
    from registrations.booking.policy import SeatResult
    from registrations.models import Student, Submission


class RegistrationRejected(UserFacingError):
    """The request obtained nothing; `seat_results` has the reason per event. Nothing was written.

    `held` are the events that the student has, if the reasons reveal that the student is registered.
    """

    text = _("You are not registered.")

    def __init__(self, seat_results: "list[SeatResult]", held: "Sequence[Event]" = ()) -> None:
        super().__init__()
        self.seat_results, self.held = seat_results, held


class AmbiguousIdentity(UserFacingError):
    """A student of this or a similar name and grade is registered, maybe with another address. Nothing was written.

    With a similar name (`is_similar`) the person may answer that it is another student (`Details.is_another`).
    """

    text = _(
        "A student with this name and grade is registered. "
        "Add your roll number or section so that we can tell you apart."
    )

    def __init__(
        self, student: "Student", *, is_exact: bool = False, likeness: Likeness = Likeness.SAME
    ) -> None:
        super().__init__()
        self.student, self.likeness = student, likeness
        if self.is_similar:
            self.text = _("A student with a name like this is registered in your grade. Is it you?")
        elif is_exact and (student.section or student.roll_number):
            self.text = _(
                "A student with this name, grade, section and roll number is registered. "
                "If it is you, ask for the link to your registrations."
            )

    @property
    def is_similar(self) -> bool:
        """Whether only the names are alike."""
        return self.likeness < Likeness.SAME


class DuplicateKey(UserFacingError):
    """A request with the same idempotency key was faster; its submission is the answer."""


class IdempotencyConflict(UserFacingError):
    """The idempotency key was already used, for other content or by another kind of form.

    `submission` is set if the same kind of form used it. A key does not prove an identity: compare what was
    typed before you show anything of the submission.
    """

    text = _("This form was already sent.")

    def __init__(self, submission: "Submission | None" = None) -> None:
        super().__init__()
        self.submission = submission


class ActionRejected(UserFacingError):
    """A rule forbids the change; `text` is the reason."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
