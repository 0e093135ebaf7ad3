"""What every step needs that reads one class list: grades, events and questions of the fest, and the time left."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registrations.models import Question
from registrations.spreadsheets.errors import Budget
from registrations.spreadsheets.event_names import EventNames


@dataclass(frozen=True, slots=True)
class ListContext:
    """One per file, so that its time is limited as a whole and each event's name is prepared once."""

    grades: range
    events: EventNames
    budget: Budget
    questions: Mapping[str, Question] = field(default_factory=dict)
    """The questions that columns may answer, by the name of the column."""


def list_context(
    *,
    grades: range,
    events: Mapping[str, str],
    questions: Mapping[str, Question] | None = None,
    is_paste: bool = False,
) -> ListContext:
    """Return the context for these grades, events (slug to name) and questions; the time begins now."""
    return ListContext(grades, EventNames(events), Budget(is_paste=is_paste), questions or {})
