"""Which rows somebody at the desk may know of, wherever rows are named beside their own list and pages."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

from events.fest_choice import choice_of, fest_paths, of_shown_fest
from events.models import Fest
from techfest.core.roles import seen_by, sees_all

_COMPARISONS = frozenset(
    ("exact", "isnull", "isempty", "in", "gt", "gte", "lt", "lte", "date", "year", "month", "day")
)


def seen_in_admin(request: HttpRequest, rows: QuerySet[Any], site: admin.AdminSite) -> QuerySet[Any]:
    """Of any rows those that this person may know of, by the rule of their table's own pages."""
    its_admin = site._registry.get(rows.model)
    return seen_by(request.user, rows, event_lookup=getattr(its_admin, "event_lookup", None))


def offered(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Of rows to choose among those of the fest that the page is about; of fests this one."""
    fest = choice_of(request).limit
    if rows.model is Fest:
        return rows.filter(pk=fest.pk) if fest else rows
    return of_shown_fest(request, rows)


class SeenChoices:
    """Fields offer only rows that their reader may see."""

    admin_site: admin.AdminSite

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]  # of the admin class beside it
        return self._narrowed(field, request)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]  # of the admin class beside it
        return self._narrowed(field, request)

    def _narrowed(self, field: Any, request: HttpRequest) -> Any:
        if field is not None:
            field.queryset = offered(request, seen_in_admin(request, field.queryset, self.admin_site))
        return field


def is_filter_lookup(its_admin: Any, lookup: str, request: HttpRequest | None) -> bool:
    """Whether a list may be asked this in its address: what its own filters ask, and rows by their number.

    Django would allow any column of a neighbouring table. Asked for its beginnings, sign by sign, a list gives
    away what no page shows: a ticket's code, the scrambled password of a colleague.
    """
    words = lookup.split(LOOKUP_SEP)
    while len(words) > 1 and words[-1] in _COMPARISONS:
        words.pop()
    if len(words) == 1 and not _is_field(its_admin.model, words[0]):
        return True  # the parameter of a filter, or nothing, which Django tells by itself
    filters = its_admin.get_list_filter(request) if request else its_admin.list_filter
    named = [one[0] if isinstance(one, tuple | list) else one for one in filters]
    own = [field.name for field in its_admin.opts.concrete_fields if field.remote_field]
    paths = [*own, *(one for one in named if isinstance(one, str)), its_admin.date_hierarchy]
    asked = {lookup for path in paths if path for lookup in _lookups_to(its_admin.model, path)}
    return LOOKUP_SEP.join(words) in asked | {its_admin.opts.pk.name}


def _is_field(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _lookups_to(model: type[Model], path: str) -> Iterator[str]:
    """The path itself, and where it leads to a row, that row's number."""
    yield path
    try:
        related: Any = get_fields_from_path(model, path)[-1].related_model
    except FieldDoesNotExist:
        return
    if related:
        yield f"{path}{LOOKUP_SEP}pk"
        yield f"{path}{LOOKUP_SEP}{related._meta.pk.name}"


class SeenRowsFilter(admin.RelatedFieldListFilter):
    """Rows of another table to choose among, of the shown fest: for who sees not all of a list, those that the own
    rows name."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        limits: dict[str, Any] = {}
        if not sees_all(request.user, model_admin.model):
            named = model_admin.get_queryset(request).order_by().values(self.field_path)
            limits = {"pk__in": named}
        fest, paths = choice_of(request).limit, fest_paths(field.related_model)
        if fest and len(paths) == 1:
            limits[paths[0]] = fest
        ordering = self.field_admin_ordering(field, request, model_admin)
        return field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=limits)


admin.FieldListFilter.register(lambda field: bool(field.remote_field), SeenRowsFilter, take_priority=True)
