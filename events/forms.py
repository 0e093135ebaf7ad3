"""The filters of the catalogue."""

from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from events.cache import CachedFest
from events.catalogue import CatalogueFilter, cards
from techfest.core.text_limits import LimitedText


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
    grade = forms.TypedChoiceField(label=_("Grade"), required=False, coerce=int, empty_value=None)
    category = forms.ChoiceField(label=_("Category"), required=False)
    day = forms.ChoiceField(label=_("Day"), required=False)
    free = forms.BooleanField(label=_("Only events with free seats"), required=False)

    def __init__(self, data: Any, *, cached: CachedFest) -> None:
        super().__init__(data, label_suffix="")
        fest = cached.fest
        categories = {event.category.slug: event.category for event in cached.events}
        self._days = {card.day.isoformat(): card.day for card in cards(cached)}
        self._choices("grade").choices = [
            ("", _("Any grade")),
            *((grade, _("Grade %(grade)s") % {"grade": grade}) for grade in (fest.grades if fest else ())),
        ]
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
    def is_narrowed(self) -> bool:
        return self.catalogue_filter != CatalogueFilter()

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
