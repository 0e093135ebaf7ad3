"""The events of the catalogue as cards: filtered, and grouped by day."""

import datetime as dt
from dataclasses import dataclass
from itertools import groupby

from django.utils import timezone

from events.availability import Availability, State
from events.cache import CachedFest
from events.models import Event
from techfest.core.search import found


@dataclass(frozen=True, slots=True)
class Card:
    """One event in the catalogue."""

    event: Event
    availability: Availability

    @property
    def name(self) -> str:
        return self.event.name

    @property
    def url(self) -> str:
        return self.event.get_absolute_url()

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
    def grades(self) -> str:
        return self.event.grades_text

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
    def state_text(self) -> str:
        return self.availability.text

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


def cards(cached: CachedFest) -> list[Card]:
    return [Card(event, Availability(event, cached.now)) for event in cached.events]


def by_day(cached: CachedFest, catalogue_filter: CatalogueFilter) -> list[tuple[dt.date, list[Card]]]:
    allowed = [card for card in cards(cached) if catalogue_filter.allow(card)]
    if catalogue_filter.text:
        allowed = found(allowed, catalogue_filter.text, lambda card: f"{card.name} {card.category}")
    return [(day, list(group)) for day, group in groupby(allowed, key=lambda card: card.day)]


def next_opening(cached: CachedFest) -> dt.datetime | None:
    """When registration for the fest opens, or None once it has."""
    fest = cached.fest
    if fest is None or cached.now >= fest.opens_at:
        return None
    return fest.opens_at


def with_free_seats(cached: CachedFest, grade: int, without: set[int]) -> list[Card]:
    """Other events with free seats for a student of this grade."""
    return [
        card
        for card in cards(cached)
        if card.state == State.OPEN and card.event.has_room_for_grade(grade) and card.event.pk not in without
    ]
