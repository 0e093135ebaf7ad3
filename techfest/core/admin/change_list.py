"""The lists of the admin: their title, pages, filters, and the reading of one page of rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.views.main import ALL_VAR, PAGE_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst

from techfest.core.admin.filter_bar import FilterBar, bar_of


@dataclass(frozen=True, slots=True)
class Pages:
    """Which rows of how many are shown, and the query strings of the pages around; "" where there is none."""

    number: int
    last_number: int
    from_row: int
    to_row: int
    count: int
    first: str
    previous: str
    next: str
    last: str
    every: str


class StaffList(ChangeList):
    """A page of rows is read in two steps: its primary keys, then these rows with all that their columns need.

    Otherwise the database would compute the columns of all rows of the pages before, too.
    """

    _page: QuerySet[Any]
    _rows: list[Any] | None = None

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self._request = request
        super().__init__(request, *args, **kwargs)
        if IS_POPUP_VAR not in request.GET:
            self.title = str(capfirst(self.opts.verbose_name_plural))

    @property
    def result_list(self) -> list[Any]:
        """The rows of this page. They are read when they are first needed: downloads and actions need none."""
        if self._rows is None:
            self._rows = self._read()
        return self._rows

    @result_list.setter
    def result_list(self, page: QuerySet[Any]) -> None:
        """Take the query of the page, which Django sets."""
        self._page, self._rows = page, None

    def url_for_result(self, result: Any) -> str:
        """Return the page that a row leads to: its form, or the one that its admin class names."""
        owner: Any = self.model_admin
        return owner.path_of_row(result) or super().url_for_result(result)

    def _read(self) -> list[Any]:
        ids = list(dict.fromkeys(self._page.values_list("pk", flat=True)))
        wanted = self.root_queryset.filter(pk__in=ids).order_by()
        if isinstance(self.list_select_related, tuple):  # what the row's own page needs beside it is left out
            wanted = wanted.select_related(None).select_related(*self.list_select_related)
        elif not wanted.query.select_related:
            wanted = self.apply_select_related(wanted)
        by_id = {row.pk: row for row in wanted}
        rows = [by_id[pk] for pk in ids if pk in by_id]
        its_admin: Any = self.model_admin
        its_admin.prepare_rows(self._request, rows)
        return rows

    def offers(self, spec: Any) -> bool:
        """Whether the bar has a field for this filter."""
        return True

    @cached_property
    def bar(self) -> FilterBar:
        return bar_of(self)

    @cached_property
    def pages(self) -> Pages:
        number, size = (self.page_num, self.list_per_page) if self._is_paged else (1, self.result_count)
        last = self.paginator.num_pages if self._is_paged else 1
        start = (number - 1) * size
        return Pages(
            number=number,
            last_number=last,
            from_row=min(start + 1, self.result_count),
            to_row=min(start + size, self.result_count),
            count=self.result_count,
            first=self._page_query(1) if number > 1 else "",
            previous=self._page_query(number - 1) if number > 1 else "",
            next=self._page_query(number + 1) if number < last else "",
            last=self._page_query(last) if number < last else "",
            every=self.get_query_string({ALL_VAR: ""}),
        )

    @property
    def _is_paged(self) -> bool:
        return self.multi_page and not (self.show_all and self.can_show_all)

    def _page_query(self, number: int) -> str:
        query: str = self.get_query_string({PAGE_VAR: number})
        return query
