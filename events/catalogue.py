"""The events of the catalogue as cards: filtered, and grouped by day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from events import covers
from events.availability import Availability, State
from events.cache import CachedFest
from events.models import Event
from techfest.core.search import found


@dataclass(frozen=True, slots=True)
class Card:
    """One event in the catalogue."""

    event: Event
    availability: Availability
    grade: int | None = None
    """The grade that the visitor has chosen."""

    @property
    def name(self) -> str:
        return self.event.name

    @property
    def url(self) -> str:
        """The event's page, which passes the chosen grade on to the form."""
        url = self.event.get_absolute_url()
        return f"{url}?grade={self.grade}" if self.grade else url

    @property
    def tone(self) -> str:
        return covers.tone(self.event)

    @property
    def cover(self) -> SafeString:
        return covers.cover(self.event)

    @property
    def category(self) -> str:
        return self.event.category.name

    @property
    def venue(self) -> str:
        return self.event.venue.name

    @property
    def summary(self) -> str:
        return self.event.summary

    @property
    def grades_range(self) -> str:
        """Grades 5–8: shorter than on the event's page, so that it stays on one line of a phone."""
        event = self.event
        if event.grade_min == event.grade_max:
            return event.grades_text
        return _("Grades %(low)s–%(high)s") % {"low": event.grade_min, "high": event.grade_max}

    @property
    def starts_at(self) -> dt.datetime:
        return self.event.starts_at

    @property
    def ends_at(self) -> dt.datetime:
        return self.event.ends_at

    @property
    def state(self) -> str:
        return self.availability.state

    @property
    def day(self) -> dt.date:
        return timezone.localtime(self.event.starts_at).date()


@dataclass(frozen=True, slots=True)
class CatalogueFilter:
    """What the filters ask for; `None` and `False` ask for nothing."""

    grade: int | None = None
    category: str | None = None
    day: dt.date | None = None
    with_seats: bool = False
    text: str = ""

    def allow(self, card: Card) -> bool:
        return (
            (self.grade is None or card.event.has_room_for_grade(self.grade))
            and (not self.category or card.event.category.slug == self.category)
            and (self.day is None or card.day == self.day)
            and (not self.with_seats or card.state == State.OPEN)
        )


def cards(cached: CachedFest, grade: int | None = None) -> list[Card]:
    return [Card(event, Availability(event, cached.now), grade) for event in cached.events]


def by_day(cached: CachedFest, catalogue_filter: CatalogueFilter) -> list[tuple[dt.date, list[Card]]]:
    allowed = [card for card in cards(cached, catalogue_filter.grade) if catalogue_filter.allow(card)]
    if catalogue_filter.text:
        allowed = found(allowed, catalogue_filter.text, lambda card: f"{card.name} {card.category}")
    return [(day, list(group)) for day, group in groupby(allowed, key=lambda card: card.day)]


def next_opening(cached: CachedFest) -> dt.datetime | None:
    """When registration for the fest opens, or None once it has."""
    fest = cached.fest
    if fest is None or cached.now >= fest.opens_at:
        return None
    return fest.opens_at


def with_free_seats(
    cached: CachedFest, grade: int, *, without: set[int], held: Sequence[Event] = ()
) -> list[Card]:
    """Other events with free seats for a student of this grade who has the `held` events."""
    return [
        card
        for card in cards(cached)
        if card.state == State.OPEN
        and card.event.has_room_for_grade(grade)
        and card.event.pk not in without
        and not any(card.event.pk == one.pk or card.event.overlaps(one) for one in held)
    ]
