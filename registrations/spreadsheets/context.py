"""What every step needs that reads one class list: the grades and events of the fest, and the time that is left."""

from collections.abc import Mapping
from dataclasses import dataclass

from registrations.spreadsheets.errors import Budget
from registrations.spreadsheets.event_names import EventNames


@dataclass(frozen=True, slots=True)
class ListContext:
    """One per file, so that its time is limited as a whole and each event's name is prepared once."""

    grades: range
    events: EventNames
    budget: Budget


def list_context(*, grades: range, events: Mapping[str, str], is_paste: bool = False) -> ListContext:
    """Return the context for these grades and events, slug to name; the time begins now."""
    return ListContext(grades, EventNames(events), Budget(is_paste=is_paste))
