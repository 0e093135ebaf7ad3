"""Row-level visibility in the admin, also where rows are named outside their own list and pages."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

from techfest.core.roles import seen_by

_COMPARISONS = frozenset(
    ("exact", "isnull", "isempty", "in", "gt", "gte", "lt", "lte", "date", "year", "month", "day")
)


def visible_rows(request: HttpRequest, rows: QuerySet[Any], site: admin.AdminSite) -> QuerySet[Any]:
    """The rows that the user may see, by the `event_lookup` of their model's admin class."""
    its_admin = site._registry.get(rows.model)
    return seen_by(request.user, rows, event_lookup=getattr(its_admin, "event_lookup", None))


def is_filter_lookup(its_admin: Any, lookup: str, request: HttpRequest | None) -> bool:
    """Whether a list accepts this lookup in its address: its own filters, its foreign keys, and the primary key.

    Django would accept any column of a related table. Queried prefix by prefix, a list would then reveal values
    that no page shows, such as a ticket's code or the password hash of a colleague.
    """
    words = lookup.split(LOOKUP_SEP)
    while len(words) > 1 and words[-1] in _COMPARISONS:
        words.pop()
    if len(words) == 1 and not _is_field(its_admin.model, words[0]):
        return True  # the parameter of a filter; Django reports unknown ones itself
    filters = its_admin.get_list_filter(request) if request else its_admin.list_filter
    named = [one[0] if isinstance(one, tuple | list) else one for one in filters]
    own = [field.name for field in its_admin.opts.concrete_fields if field.remote_field]
    paths = [*own, *(one for one in named if isinstance(one, str)), its_admin.date_hierarchy]
    allowed = {path for start in paths if start for path in _lookups_to(its_admin.model, start)}
    return LOOKUP_SEP.join(words) in allowed | {its_admin.opts.pk.name}


def _is_field(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _lookups_to(model: type[Model], path: str) -> Iterator[str]:
    """The path itself and, if it leads to a row, the lookups of that row's primary key."""
    yield path
    try:
        related: Any = get_fields_from_path(model, path)[-1].related_model
    except FieldDoesNotExist:
        return
    if related:
        yield f"{path}{LOOKUP_SEP}pk"
        yield f"{path}{LOOKUP_SEP}{related._meta.pk.name}"
