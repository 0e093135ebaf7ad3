"""Forms with dates: what cannot be right is refused, what is odd is saved once the reader says that it is right."""

from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _

from events.dates import EVENT_DATES, FEST_DATES, DateProblem, concerning, digest_of
from techfest.core.admin.concurrent_edits import MergingForm

DATES_ARE_RIGHT = "dates_are_right"
"""The tick of the box that `admin/_date_questions.html` shows; it holds for the questions that were read."""


class DatedForm(MergingForm):
    """Shows `date_questions` above its fields, with a box to tick, and is not valid before it was ticked."""

    date_questions: Sequence[DateProblem] = ()

    @property
    def dates_digest(self) -> str:
        return digest_of(self.date_questions)

    @property
    def dates_changed(self) -> Collection[str]:
        """The dates that this form would write: of a new row all of them, since what is not typed follows."""
        return FEST_DATES | EVENT_DATES if self.instance.pk is None else self.changed_data

    def refuse_dates(self, refusals: Sequence[DateProblem]) -> bool:
        """Whether any of the refusals concerns what was changed; each becomes an error of its field."""
        found = concerning(refusals, self.dates_changed)
        for problem in found:
            self.add_error(problem.field if problem.field in self.fields else None, problem.text)
        return bool(found)

    def ask_about_dates(self, questions: Sequence[DateProblem]) -> None:
        """Makes the form invalid until these questions have been answered with the tick."""
        self.date_questions = concerning(questions, self.dates_changed)
        if self.date_questions and self.data.get(DATES_ARE_RIGHT) != self.dates_digest:
            self.add_error(
                None, _("Nothing is saved yet: look at the dates, then correct them or tick the box.")
            )
