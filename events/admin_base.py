"""The base of all admin classes of the apps: lists and choices show one fest, row pages its time zone.

Also of the forms with dates: contradictions are errors, unusual dates must be confirmed by ticking a box.
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from events.admin_sums import Sum, count_sums
from events.dates import EVENT_DATES, FEST_DATES, DateProblem, concerning, digest_of
from events.fest_choice import (
    choice_of,
    fest_of,
    fest_of_rows,
    fest_paths,
    of_shown_fest,
    requested_fest,
    show_fest,
)
from events.models import Category, Event, Fest, Venue
from techfest.core.admin.base import ROW_ID, ReadOnlyInline, StaffAdmin, VisibleChoicesMixin
from techfest.core.admin.change_list import StaffList
from techfest.core.admin.concurrent_edits import MergingForm
from techfest.core.admin.filter_bar import NamedChoicesFilter
from techfest.core.admin.ordering import dictionary_order
from techfest.core.roles import sees_all


def of_limited_fest(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Of rows to choose from, those of the fest that the page shows; of fests, that fest."""
    fest = choice_of(request).limit
    if rows.model is Fest:
        return rows.filter(pk=fest.pk) if fest else rows
    return of_shown_fest(request, rows)


class FestChoicesMixin(VisibleChoicesMixin):
    def choices_for(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return of_limited_fest(request, super().choices_for(request, rows))


class FestList(StaffList):
    """A list limited to the fest that the page shows."""

    @property
    def of_fest(self) -> str:
        """The fest whose rows are listed, in words; "" for rows that belong to no fest."""
        if not fest_paths(self.model):
            return ""
        choice = choice_of(self._request)
        return choice.shown.name if choice.shown else _("All fests") if choice.is_offered else ""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.root_queryset = of_shown_fest(request, self.root_queryset)
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        return rows

    def offers(self, spec: Any) -> bool:
        """The fest is chosen at the top of the page, for all lists."""
        return getattr(getattr(spec, "field", None), "related_model", None) is not Fest

    def get_ordering_field(self, field_name: Any) -> Any:
        """A column of numbers is sorted by the numbers that it shows."""
        if isinstance(field_name, Sum):
            return field_name.ordering(self._request, self.model_admin.admin_site)
        return super().get_ordering_field(field_name)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """In dictionary order, by whatever column the user sorts."""
        ordering = super().get_ordering(request, queryset)
        return [*dictionary_order(self.model, ordering, by_name=ORDER_VAR in self.params)]


class BaseAdmin(FestChoicesMixin, StaffAdmin):
    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        count_sums(request, self.admin_site, [one for one in self.list_display if isinstance(one, Sum)], rows)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FestList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list of the shown fest, or of the fest that the address or the selected rows name."""
        chosen = [pk for pk in request.POST.getlist(ACTION_CHECKBOX_NAME) if ROW_ID.fullmatch(pk)]
        fest = fest_of_rows(self.model, chosen) if chosen else requested_fest(self.model, request.GET)
        if fest:
            show_fest(request, fest)
        return super().get_changelist_instance(request)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row; its fest becomes the one that the page shows, with its time zone."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and choice_of(request).is_offered and (fest := fest_of(found)):
            show_fest(request, fest)
        return found


class RecordAdmin(BaseAdmin):
    """Rows that can be viewed, but not added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordInline(FestChoicesMixin, ReadOnlyInline):
    """Rows of another model that can be viewed on the page of the row they belong to."""


class VisibleRowsFilter(NamedChoicesFilter):
    """Offers rows of the shown fest; users who do not see the whole list get only those that their rows refer to."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        limits: dict[str, Any] = {}
        if not sees_all(request.user, model_admin.model):
            named = model_admin.get_queryset(request).order_by().values(self.field_path)
            limits = {"pk__in": named}
        fest, paths = choice_of(request).limit, fest_paths(field.related_model)
        if fest and len(paths) == 1:
            limits[paths[0]] = fest
        ordering = self.field_admin_ordering(field, request, model_admin)
        if field.related_model in (Event, Venue, Category):  # without their texts, which no choice shows
            rows = field.related_model._default_manager.complex_filter(limits)
            return list(rows.order_by(*ordering).values_list("pk", "name"))
        return field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=limits)


admin.FieldListFilter.register(lambda field: bool(field.remote_field), VisibleRowsFilter, take_priority=True)

DATES_ARE_RIGHT = "dates_are_right"
"""The name of the box in `admin/_date_questions.html`. A tick counts only for the questions that were shown."""


class DatedForm(MergingForm):
    """Shows `date_questions` above the fields with a box to tick; the form is invalid until it is ticked."""

    date_questions: Sequence[DateProblem] = ()

    @property
    def dates_digest(self) -> str:
        return digest_of(self.date_questions)

    @property
    def dates_changed(self) -> Collection[str]:
        """The date fields that saving would change; for a new row all of them."""
        return FEST_DATES | EVENT_DATES if self.instance.pk is None else self.changed_data

    def refuse_dates(self, refusals: Sequence[DateProblem]) -> bool:
        """Add an error to the form for each refusal that concerns a changed field; return whether there was one."""
        found = concerning(refusals, self.dates_changed)
        for problem in found:
            self.add_error(problem.field if problem.field in self.fields else None, problem.text)
        return bool(found)

    def ask_about_dates(self, questions: Sequence[DateProblem]) -> None:
        """Make the form invalid until these questions are confirmed."""
        self.date_questions = concerning(questions, self.dates_changed)
        if self.date_questions and self.data.get(DATES_ARE_RIGHT) != self.dates_digest:
            self.add_error(
                None,
                _("Nothing is saved yet: read what would happen, then correct the form or tick the box."),
            )
