"""The bar above a list of the admin: one form with its search, its filters and, on phones, its order.

Django's filters are links in a column; here each is a labelled select. A filter with many choices is a text field with
suggestions, whose name the filter reads itself (see `NamedChoicesFilter`). What is chosen is shown with a link that
removes it.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from django.contrib.admin.filters import EmptyFieldListFilter, RelatedFieldListFilter
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.contrib.admin.views.main import ALL_VAR, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import FieldDoesNotExist
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from techfest.core.search import found

SENT = "_bar"
"""A hidden field of the form. An address with it may have empty filters, and is replaced by one without them."""
_ENDS = frozenset(("exact", "in", "id", "pk"))
NONE = "__none__"
"""The choice of rows that refer to none, for which Django has another parameter."""
MOST_OPTIONS = 30
"""More choices than this are not a select, but a text field with suggestions."""
MOST_SUGGESTIONS = 500
"""More are not written into the page; the text field finds them all the same."""


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A filter as a field of the form: a select of `options`, or a text field with these suggestions."""

    name: str
    label: str
    options: tuple[Option, ...]
    is_text: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """What the list is limited to, and the query string of the list without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class FilterBar:
    fields: tuple[Field, ...]
    chips: tuple[Chip, ...]
    kept: tuple[tuple[str, str], ...]
    """Parameters that the form carries along unchanged."""
    orders: tuple[Option, ...]
    cleared: str
    """The query string of the list without any filter or search."""


class NamedChoicesFilter(RelatedFieldListFilter):
    """A filter by a related row that reads the name typed into the bar's text field.

    A name that is exactly one choice is that choice, otherwise all choices that a search for it would find.
    """

    def __init__(
        self, field: Any, request: HttpRequest, params: Any, model: Any, model_admin: Any, field_path: str
    ) -> None:
        self.named_kwarg = f"named-{field_path.replace(LOOKUP_SEP, '-')}"
        self.typed = str(params.pop(self.named_kwarg, [""])[-1]).strip()
        super().__init__(field, request, params, model, model_admin, field_path)

    @property
    def named(self) -> list[tuple[Any, Any]]:
        """The choices that the typed name means."""
        exact = [one for one in self.lookup_choices if str(one[1]).casefold() == self.typed.casefold()]
        return exact or found(self.lookup_choices, self.typed, lambda one: str(one[1]))

    def has_output(self) -> bool:
        """Also a filter with a single choice is applied where the address names it."""
        return bool(self.typed or self.used_parameters) or bool(super().has_output())

    def expected_parameters(self) -> list[str | None]:
        return [*super().expected_parameters(), self.named_kwarg]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        rows: Any = super().queryset(request, queryset)
        if self.typed:
            rows = rows.filter(**{f"{self.field_path}__in": [pk for pk, _name in self.named]})
        return rows

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Django's choices, and the typed name as one that is selected."""
        for number, choice in enumerate(super().choices(changelist)):
            yield {**choice, "selected": False} if number == 0 and self.typed else choice
        if self.typed:
            query = changelist.get_query_string({self.named_kwarg: self.typed})
            yield {"selected": True, "query_string": query, "display": self.typed}


def clean_address(request: HttpRequest, shown: Any = None) -> HttpResponseRedirect | None:
    """Where the form was sent with empty filters, or with a name that is one choice: the address to keep instead."""
    query = request.GET.copy()
    if query.pop(SENT, None):
        query.pop(PAGE_VAR, None)
        for name in [name for name in query if name != ALL_VAR and not any(query.getlist(name))]:
            del query[name]
        for name in [name for name in query if query[name] == NONE]:
            del query[name]
            query[f"{name.rsplit(LOOKUP_SEP, 2)[0]}{LOOKUP_SEP}isnull"] = "True"
    for spec in shown.filter_specs if shown is not None else ():
        if getattr(spec, "typed", "") and len(spec.named) == 1:
            query.pop(spec.named_kwarg, None)
            query[spec.lookup_kwarg] = str(spec.named[0][0])
    if query == request.GET:
        return None
    return HttpResponseRedirect(f"{request.path}?{query.urlencode()}" if query else request.path)


def bar_of(shown: Any) -> FilterBar:
    """The bar of this list."""
    offered = {spec: list(_fields(spec, shown)) for spec in shown.filter_specs if shown.offers(spec)}
    fields = [field for of_spec in offered.values() for field in of_spec]
    of_filters = {name for spec in shown.filter_specs for name in spec.expected_parameters() if name}
    chips = [chip for spec in shown.filter_specs if (chip := _chip(spec, shown))]
    chips += [_other_chip(name, shown) for name in _others(shown, of_filters)]
    if shown.query:
        chips.insert(0, Chip(_("Search"), shown.query, shown.get_query_string({SEARCH_VAR: None})))
    in_form = {SEARCH_VAR, ORDER_VAR, PAGE_VAR, SENT}
    in_form |= {name for spec, of_spec in offered.items() if of_spec for name in spec.expected_parameters()}
    kept = [(name, value) for name, value in shown.params.items() if name not in in_form]
    is_kept = {ORDER_VAR, "_popup", "_to_field"}
    cleared = shown.get_query_string({name: None for name in shown.params if name not in is_kept})
    return FilterBar(tuple(fields), tuple(chips), tuple(kept), tuple(_orders(shown)), cleared)


def _fields(spec: Any, shown: Any) -> Iterator[Field]:
    label = str(capfirst(str(spec.title)))
    if isinstance(spec, NamedChoicesFilter) and len(spec.lookup_choices) > MOST_OPTIONS:
        chosen = {str(value) for value in spec.lookup_val or ()}
        named = [str(name) for pk, name in spec.lookup_choices if str(pk) in chosen]
        suggested = spec.lookup_choices if len(spec.lookup_choices) <= MOST_SUGGESTIONS else ()
        names = dict.fromkeys(str(name) for _pk, name in suggested)
        options = tuple(Option(name, name, is_chosen=False) for name in names)
        yield Field(spec.named_kwarg, label, options, is_text=True, text=spec.typed or ", ".join(named[:1]))
        return
    found_options = list(_options(spec, shown))
    if not found_options:
        return
    name = Counter(name for name, _option in found_options).most_common(1)[0][0]
    every = next((str(choice["display"]) for choice in _choices(spec, shown)), "")
    of_name = [option for its_name, option in found_options if its_name == name]
    is_all = not any(option.is_chosen for option in of_name)
    yield Field(name, label, (Option("", str(every), is_all), *of_name))


def _options(spec: Any, shown: Any) -> Iterator[tuple[str, Option]]:
    """The choices of a filter that one parameter makes, with its name."""
    if isinstance(spec, NamedChoicesFilter):
        chosen = {str(value) for value in spec.lookup_val or ()}
        for pk, name in spec.lookup_choices:
            yield spec.lookup_kwarg, Option(str(pk), str(name), str(pk) in chosen)
        if spec.include_empty_choice:
            yield spec.lookup_kwarg, Option(NONE, _("none"), bool(spec.lookup_val_isnull))
        return
    for choice in _choices(spec, shown):
        query = parse_qs(choice["query_string"].removeprefix("?"))
        of_filter = [(name, query[name][-1]) for name in spec.expected_parameters() if name in query]
        if len(of_filter) == 1:
            name, value = of_filter[0]
            yield name, Option(value, str(choice["display"]), bool(choice["selected"]))


def _choices(spec: Any, shown: Any) -> Iterator[dict[str, Any]]:
    """Django's choices; whether a column is set is a question, answered by yes or no."""
    words = (_("All"), _("no"), _("yes")) if isinstance(spec, EmptyFieldListFilter) else ()
    for choice, word in itertools.zip_longest(spec.choices(shown), words):
        yield {**choice, "display": word or choice["display"]}


def _chip(spec: Any, shown: Any) -> Chip | None:
    """What is chosen of this filter. Its first choice, Django's "All", limits nothing."""
    used = [name for name in spec.expected_parameters() if name in shown.params]
    if not used:
        return None
    chosen = [str(choice["display"]) for choice in _choices(spec, shown) if choice["selected"]]
    value = ", ".join(chosen) or ", ".join(shown.params[name] for name in used)
    return Chip(str(capfirst(str(spec.title))), value, shown.get_query_string(dict.fromkeys(used)))


def _others(shown: Any, of_filters: set[str]) -> list[str]:
    """Lookups of the address that belong to no filter, such as those of links from other pages."""
    return [name for name in shown.get_filters_params() if name not in of_filters]


def _other_chip(name: str, shown: Any) -> Chip:
    """A lookup as it can be said: the name of its column, and of the row it names if that is in the list."""
    words = name.split(LOOKUP_SEP)
    while len(words) > 1 and words[-1] in _ENDS:
        words.pop()
    label = words[0]
    while words:
        try:
            label = str(get_fields_from_path(shown.model, LOOKUP_SEP.join(words))[-1].verbose_name)
            break
        except (FieldDoesNotExist, NotRelationField, AttributeError):
            words.pop()
    value = shown.params[name]
    row: Any = next(iter(shown.result_list), None) if words and name.endswith("exact") else None
    for word in words:
        row = getattr(row, word, None)
    return Chip(str(capfirst(label)), str(row or value), shown.get_query_string({name: None}))


def _orders(shown: Any) -> Iterator[Option]:
    """The orders of the list, for phones, where no headings are shown."""
    chosen = shown.params.get(ORDER_VAR, "")
    yield Option("", _("usual order"), not chosen)
    known = {""}
    for number, header in enumerate(result_headers(shown)):
        if header["sortable"]:
            label = str(capfirst(str(header["text"])))
            known |= {f"{number}", f"-{number}"}
            yield Option(f"{number}", _("%(column)s, ascending") % {"column": label}, chosen == f"{number}")
            yield Option(
                f"-{number}", _("%(column)s, descending") % {"column": label}, chosen == f"-{number}"
            )
    if chosen not in known:
        yield Option(chosen, _("as now"), is_chosen=True)
