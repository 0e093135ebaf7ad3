"""Columns of numbers in the admin's lists: each counts rows of another list and is a link to exactly these rows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.http import urlencode

from events.fest_choice import of_shown_fest

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Sum:
    """An item of `list_display`: how many rows of `model` refer to the row by `path` and fulfil `where`.

    `filters` are the parameters of the list of `model` that select the same rows. If `where` joins another table
    (`is_joined`), it must do so with at most one row.
    """

    def __init__(
        self,
        name: str,
        label: "str | _StrPromise",
        model: str,
        path: str,
        *,
        lookup: str = "",
        where: Q | None = None,
        filters: Mapping[str, str] | None = None,
        is_joined: bool = False,
    ) -> None:
        self.__name__, self.short_description, self.is_joined = name, label, is_joined
        self.model, self.path, self.where = model, path, Q() if where is None else where
        self.lookup, self.filters = lookup or f"{path}__id__exact", dict(filters or {})

    def __call__(self, obj: Any) -> Any:
        """The number, as a link if it is not zero; nothing where the user may not see the other list."""
        count = getattr(obj, "sums", {}).get(self.__name__)
        if not count:
            return count
        query = urlencode({self.lookup: obj.pk, **self.filters})
        name = self.model.lower().replace(".", "_")
        address = f"{reverse(f'admin:{name}_changelist')}?{query}"
        return format_html('<a href="{}">{}</a>', address, number_format(count, force_grouping=True))

    @property
    def admin_order_field(self) -> Coalesce:
        """The same number for sorting, computed by the database for all rows."""
        return self._counted(apps.get_model(self.model)._default_manager.all())

    def ordering(self, request: HttpRequest, site: AdminSite) -> Coalesce | None:
        """As `admin_order_field`, of the rows that the column counts; `None` if the user may not see the other list."""
        listed = _listed(request, site, self.model)
        return None if listed is None else self._counted(listed)

    def _counted(self, rows: QuerySet[Any]) -> Coalesce:
        rows = rows.filter(self.where, **{self.path: OuterRef("pk")})
        counted = rows.order_by().values(self.path).annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def count_sums(request: HttpRequest, site: AdminSite, sums: Sequence[Sum], rows: Sequence[Any]) -> None:
    """Count for all of these rows, in one query for each list that is counted, and for each sum with a join."""
    by_query: dict[tuple[str, str, Q], list[Sum]] = defaultdict(list)
    for one in sums:
        by_query[one.model, one.path, one.where if one.is_joined else Q()].append(one)
    for row in rows:
        row.sums = {}
    for (model, path, where), columns in by_query.items():
        listed = _listed(request, site, model)
        if listed is None:
            continue
        listed = listed.filter(where, **{f"{path}__in": [row.pk for row in rows]})
        counts = {one.__name__: Count("pk", filter=None if where else one.where or None) for one in columns}
        found = {row.pop(path): row for row in listed.values(path).annotate(**counts)}
        for row in rows:
            row.sums |= found.get(row.pk) or dict.fromkeys(counts, 0)


def _listed(request: HttpRequest, site: AdminSite, model: str) -> QuerySet[Any] | None:
    """All rows of the list that the user may see, of the shown fest."""
    its_admin = site._registry[apps.get_model(model)]
    if not its_admin.has_view_permission(request):
        return None
    return of_shown_fest(request, its_admin.get_queryset(request).order_by().select_related(None))
