"""Forms of the admin pages of results."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from registrations.models import Registration, ResultSheet
from registrations.results.publish import ranked, result_line
from registrations.results.ranking import formatted, points_of, rank_of
from registrations.results.service import Entry, SubmittedPage, Value, competitors, entries_of, sheet_of
from techfest.core.text_limits import LimitedText

Counting = ResultSheet.Counting
PER_PAGE = 400
"""Rows on one page: a form may have 500 fields."""


@dataclass(slots=True)
class SheetRow:
    """One registration on the page: its stored value, and the text in its field."""

    registration: Registration
    rank: int | None
    stored: str
    text: str
    error: str = ""
    changed_from: str = ""

    @property
    def field(self) -> str:
        return f"value-{self.registration.pk}"


class SheetPage:
    """One page of an event's result sheet, new or submitted.

    The page carries the values it was shown with, so that only typed changes are saved, and changes that another
    organiser saved in the meantime are noticed.
    """

    def __init__(self, event: Event, number: str, data: QueryDict | None = None) -> None:
        self.event, self.data, self.number = event, data, number
        self.sheet, self.problem = sheet_of(event), ""
        self.page = Paginator(competitors(event), PER_PAGE).get_page(number)
        self._was = self._read_shown()
        rows = competitors(event).filter(pk__in=self._was) if self._was else self.page
        entries = entries_of(event)
        self.count = len(entries)
        self.lines = [self._line(row, entries.get(row.pk, Entry(None, None))) for row in rows]

    @property
    def shown(self) -> str:
        """The values that this page was shown with, as JSON."""
        return json.dumps({line.registration.pk: line.stored for line in self.lines})

    @property
    def problems(self) -> list[SheetRow]:
        return [line for line in self.lines if line.error]

    @property
    def changed(self) -> list[SheetRow]:
        """The lines that another organiser changed since the page was shown."""
        return [line for line in self.lines if line.changed_from]

    @property
    def is_counting_changed(self) -> bool:
        """Whether the counting changed since the page was shown."""
        return self.data is not None and self._posted("counted") != self.sheet.counting

    @property
    def has_errors(self) -> bool:
        """Whether something was not saved, and the page says why."""
        return bool(self.problem or self.problems or self.changed or self.is_counting_changed)

    @property
    def lost_count(self) -> int:
        """How many registrations of the page have given up their seat since; their typed values are not saved."""
        return len(self._was) - len(self.lines) if self._was else 0

    def is_valid(self) -> bool:
        """Read every field; errors are set on their lines."""
        self._values: dict[int, Value] = {}
        for line in self.lines:
            try:
                self._values[line.registration.pk] = self._read(line.text)
            except ValidationError as error:
                line.error = error.messages[0]
        return not self.problems

    @property
    def submitted(self) -> SubmittedPage:
        """The changes made on the page. Fields left as shown keep their current values."""
        return SubmittedPage(
            version=_number(self._posted("version")),
            counting=self._posted("counted"),
            shown=self._was,
            values={key: one for key, one in self._values.items() if formatted(one) != self._was.get(key)},
        )

    def refreshed(self) -> "SheetPage":
        """Return the same page with the current values; typed text stays, and conflicts are marked."""
        return SheetPage(self.event, self.number, self.data)

    def _line(self, row: Registration, entry: Entry) -> SheetRow:
        stored = formatted(entry.value(self.sheet.counting))
        line = SheetRow(row, entry.rank, stored, stored)
        if self.data is None:
            return line
        was, text = self._was.get(row.pk, ""), self.data.get(line.field)
        if text is not None and text.strip() != was:
            line.text = text[:200]
        if was != stored and not self.is_counting_changed:
            line.changed_from = was or _("nothing")
        return line

    def _read(self, text: str) -> Value:
        counting = self.sheet.counting
        return rank_of(text) if counting == Counting.RANK else points_of(text, counting=counting)

    def _posted(self, name: str) -> str:
        return "" if self.data is None else self.data.get(name, "")

    def _read_shown(self) -> Mapping[int, str]:
        """Return the values that the fields were shown with, by registration; nothing if the JSON is damaged."""
        try:
            read = json.loads(self._posted("shown"))
            return {int(key): str(value) for key, value in list(read.items())[:PER_PAGE]}
        except (ValueError, AttributeError, RecursionError):
            return {}


class CountingForm(LimitedText, forms.Form):
    """The form for how the event is ranked."""

    counting = forms.ChoiceField(
        label=gettext_lazy("Ranked by"), choices=Counting.choices, widget=forms.RadioSelect
    )

    def __init__(self, sheet: ResultSheet, data: Any = None) -> None:
        super().__init__(data, initial={"counting": sheet.counting})


class NamesForm(LimitedText, forms.Form):
    """The form for how names are published, with the first three lines as an example of each choice."""

    names = forms.ChoiceField(label=gettext_lazy("The public sees"), widget=forms.RadioSelect)

    def __init__(self, event: Event, data: Any = None) -> None:
        self.sheet = sheet_of(event)
        super().__init__(data, initial={"names": self.sheet.names})
        rows = ranked(event)
        self.count = rows.count()
        self.first = list(rows.select_related("registration__student__school")[:3])
        field = self.fields["names"]
        if isinstance(field, forms.ChoiceField):
            field.choices = ResultSheet.Names.choices

    @property
    def examples(self) -> list[tuple[Any, list[Any]]]:
        """Each choice with the lines that the public would read first."""
        return [
            (choice, [result_line(row, self.sheet, choice.data["value"]) for row in self.first])
            for choice in self["names"]
        ]


def _number(text: str) -> int:
    """Return a version number that the page carried; -1, which no sheet has, if it was tampered with."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
