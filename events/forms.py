"""The filters of the catalogue."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from events.cache import CachedFest
from events.catalogue import CatalogueFilter, cards
from techfest.core.text_limits import LimitedText


@dataclass(frozen=True, slots=True)
class GradeLink:
    """A chip that shows the events for one grade, or for all of them."""

    grade: int | None
    url: str
    is_chosen: bool


class FilterForm(LimitedText, forms.Form):
    """A GET form; values that are not among the choices are ignored."""

    use_required_attribute = False

    name = forms.CharField(
        label=_("Name of the event"),
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "autocomplete": "off", "spellcheck": "false", "dir": "auto"}
        ),
    )
    grade = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    """Chosen by a link; the page repeats it in a hidden field."""
    category = forms.ChoiceField(label=_("Category"), required=False)
    day = forms.ChoiceField(label=_("Day"), required=False)
    free = forms.BooleanField(label=_("Only events with free seats"), required=False)

    def __init__(self, data: Any, *, cached: CachedFest) -> None:
        super().__init__(data, label_suffix="")
        self._grades = cached.fest.grades if cached.fest else ()
        categories = {event.category.slug: event.category for event in cached.events}
        self._days = {card.day.isoformat(): card.day for card in cards(cached)}
        self._choices("grade").choices = [(grade, str(grade)) for grade in self._grades]
        self._choices("category").choices = [
            ("", _("Any category")),
            *((slug, category.name) for slug, category in categories.items()),
        ]
        self._choices("day").choices = [
            ("", _("Any day")),
            *((key, date_format(day, "l j F")) for key, day in self._days.items()),
        ]

    def _choices(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):
            raise TypeError(name)
        return field

    @property
    def grade_links(self) -> list[GradeLink]:
        """One link for each grade of the fest, after one for all grades; the other filters stay."""
        kept = self.catalogue_filter
        return [
            GradeLink(grade, _url_of(replace(kept, grade=grade)), grade == kept.grade)
            for grade in (None, *self._grades)
        ]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        """The fields below the chips."""
        return [self[name] for name in self.fields if name != "grade"]

    @property
    def has_more(self) -> bool:
        """Whether anything beside the grade is chosen."""
        return replace(self.catalogue_filter, grade=None) != CatalogueFilter()

    @property
    def catalogue_filter(self) -> CatalogueFilter:
        self.is_valid()
        self.errors.clear()
        asked = self.cleaned_data
        return CatalogueFilter(
            grade=asked.get("grade"),
            category=asked.get("category") or None,
            day=self._days.get(asked.get("day") or ""),
            with_seats=bool(asked.get("free")),
            text=asked.get("name") or "",
        )


def _url_of(kept: CatalogueFilter) -> str:
    asked = {
        "name": kept.text,
        "grade": kept.grade,
        "category": kept.category,
        "day": kept.day,
        "free": "on" if kept.with_seats else "",
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"?{query}" if query else reverse("events:catalogue")
