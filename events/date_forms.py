"""Forms that check dates: contradictions are errors; unusual dates must be confirmed by ticking a box."""

from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _

from events.dates import EVENT_DATES, FEST_DATES, DateProblem, concerning, digest_of
from techfest.core.admin.concurrent_edits import MergingForm

DATES_ARE_RIGHT = "dates_are_right"
"""The name of the box in `admin/_date_questions.html`. A tick counts only for the questions that were shown."""


class DatedForm(MergingForm):
    """Shows `date_questions` above the fields with a box to tick; the form is invalid until it is ticked."""

    date_questions: Sequence[DateProblem] = ()

    @property
    def dates_digest(self) -> str:
        return digest_of(self.date_questions)

    @property
    def dates_changed(self) -> Collection[str]:
        """The date fields that saving would change; for a new row all of them."""
        return FEST_DATES | EVENT_DATES if self.instance.pk is None else self.changed_data

    def refuse_dates(self, refusals: Sequence[DateProblem]) -> bool:
        """Add an error to the form for each refusal that concerns a changed field; return whether there was one."""
        found = concerning(refusals, self.dates_changed)
        for problem in found:
            self.add_error(problem.field if problem.field in self.fields else None, problem.text)
        return bool(found)

    def ask_about_dates(self, questions: Sequence[DateProblem]) -> None:
        """Make the form invalid until these questions are confirmed."""
        self.date_questions = concerning(questions, self.dates_changed)
        if self.date_questions and self.data.get(DATES_ARE_RIGHT) != self.dates_digest:
            self.add_error(
                None,
                _("Nothing is saved yet: read what would happen, then correct the form or tick the box."),
            )
