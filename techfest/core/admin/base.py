"""What all admin pages share: row-level visibility, rules for deletion, the audit log and the history page."""

import re
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import lookup_spawns_duplicates, unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import models
from django.db.models import Model, ProtectedError, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from techfest.core import audit_log
from techfest.core.admin.asking import AskingList
from techfest.core.admin.change_list import StaffList
from techfest.core.admin.export import DownloadableList
from techfest.core.admin.filter_bar import clean_address
from techfest.core.admin.form_fields import CheckList, PlainLabels
from techfest.core.admin.native_inputs import NativeDateInput, NativeDateTimeInput, NativeTimeInput
from techfest.core.admin.ordering import dictionary_order
from techfest.core.admin.pages import staff_page
from techfest.core.admin.scripts import FewScripts
from techfest.core.admin.visibility import is_filter_lookup, visible_rows
from techfest.core.db.clock import database_now
from techfest.core.roles import seen_by, sees_all
from techfest.core.search import found_rows
from techfest.core.text_limits import limit_text

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
else:
    _ModelAdmin, _TabularInline = admin.ModelAdmin, admin.TabularInline

ROW_ID = re.compile(r"[0-9]{1,18}")
"""The primary key of a row as a page sends it."""
MAX_LINES = 200
"""Lines of a history page, the newest."""


NATIVE_INPUTS = MappingProxyType(
    {
        models.DateTimeField: {"form_class": forms.SplitDateTimeField, "widget": NativeDateTimeInput},
        models.DateField: {"widget": NativeDateInput},
        models.TimeField: {"widget": NativeTimeInput},
        models.ManyToManyField: {"widget": CheckList},
    }
)
"""In place of Django's text inputs with a calendar that needs scripts, and of its lists with several selected rows."""


class VisibleChoicesMixin:
    """Foreign keys offer only rows that the user may see."""

    admin_site: admin.AdminSite

    def choices_for(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Of `rows`, those to offer on this page."""
        return visible_rows(request, rows, self.admin_site)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]  # of the admin class beside it
        return self._narrowed(field, request)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]  # of the admin class beside it
        return self._narrowed(field, request)

    def _narrowed(self, field: Any, request: HttpRequest) -> Any:
        if field is not None:
            field.queryset = self.choices_for(request, field.queryset)
        return field


class StaffAdmin(FewScripts, PlainLabels, VisibleChoicesMixin, AskingList, DownloadableList, _ModelAdmin):
    """The base of every ModelAdmin. Lists never count the whole table; rows are deleted one by one.

    `event_lookup` is the lookup from a row to its event ("" if the row is an event, None if it belongs to none). An
    event lead sees only rows of the events that he or she leads, and none where it is None. This holds for lists,
    pages, histories, choices, filters and searches, and for actions, which start from the list.
    """

    event_lookup: str | None = None
    redacted_fields: tuple[str, ...] = ()
    """Fields with personal details: the audit log records that they changed, but no values."""
    show_full_result_count = False
    list_per_page = 50
    next_step: Any = ""
    """What to do while the list has no rows at all, as a sentence."""

    def path_of_row(self, row: Any) -> str:
        """Return the path of a page of the row that its list leads to, or an empty text for its form."""
        return ""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StaffList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list. What the bar's form sends is first brought into the address that a link to the list would have."""
        asked: Any = self.asked_page(request)
        if asked:
            return asked  # type: ignore[no-any-return]
        if request.method == "GET" and (address := clean_address(request)):
            return address
        answer: Any = super().changelist_view(request, extra_context)
        shown = (getattr(answer, "context_data", None) or {}).get("cl")
        if request.method == "GET" and shown and (address := clean_address(request, shown)):
            return address
        return answer  # type: ignore[no-any-return]

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Fetch what the columns of these rows of one page need, in queries whose number does not depend on theirs."""

    formfield_overrides: ClassVar[Any] = NATIVE_INPUTS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return seen_by(request.user, super().get_queryset(request), event_lookup=self.event_lookup)

    def is_open_to(self, request: HttpRequest) -> bool:
        """Whether the user may see any row of this model at all."""
        return self.event_lookup is not None or sees_all(request.user, self.model)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.is_open_to(request) and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open_to(request) and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_open_to(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open_to(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open_to(request) and super().has_delete_permission(request, obj)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> NoReturn:
        """Answer 404 both for missing rows and for rows that the user may not see."""
        raise Http404

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        limit_text(field)
        if field is not None and isinstance(field.widget, NativeDateTimeInput):
            field.widget.name_parts(field.label)
        return field

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return is_filter_lookup(self, lookup, request)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return dictionary_order(self.model, super().get_ordering(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search by the rule of all searches; also for the choices of autocomplete fields."""
        fields = self.get_search_fields(request)
        if not fields or not search_term:
            return queryset, False
        rows, _is_similar = found_rows(queryset, search_term, [*fields])
        return rows, any(lookup_spawns_duplicates(self.opts, field) for field in fields)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Remove "delete selected": deletion has rules, which are explained for each row."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Run the action. Answers 400 to selected ids that are not integers, on which Django would fail."""
        if not all(ROW_ID.fullmatch(pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest("The id of a selected row is not an integer.")
        return super().response_action(request, queryset)

    def refusal_to_delete(self, obj: Any) -> str:
        """Why this row cannot be deleted, as a sentence for the page; empty if it can."""
        return ""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """List only the rows themselves, not the counts and history that are deleted with them."""
        return [str(obj) for obj in objs], {}, set(), []

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        obj = self.get_object(request, object_id)
        if obj is None or not self.has_delete_permission(request, obj):
            return super().delete_view(request, object_id, extra_context)
        refusal = self.refusal_to_delete(obj)
        if not refusal:
            try:
                return super().delete_view(request, object_id, extra_context)
            except ProtectedError:  # a row that refers to it was added since the check
                refusal = self.refusal_to_delete(obj) or _("It is in use and cannot be deleted.")
        self.message_user(request, refusal, messages.ERROR)
        return HttpResponseRedirect(page_of(obj))

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """The changes for the audit log; Django passes them on to `log_addition` and `log_change`."""
        return audit_log.changes_in(form, formsets, redacted_fields=self.redacted_fields)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write to the audit log; Django's own log would keep names after an erasure, and no old values."""
        self.record(request, obj, "added", message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        if message != audit_log.NOTHING:
            self.record(request, obj, "changed", message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> Any:
        for obj in queryset:
            self.record(request, obj, "deleted", audit_log.NOTHING)

    def record(self, request: HttpRequest, obj: Any, what: str, changes: audit_log.Changes) -> None:
        before, after = changes
        audit_log.record(obj, what=what, now=database_now(), user=request.user, before=before, after=after)

    def lines_of(self, request: HttpRequest, obj: Any) -> list[audit_log.Line]:
        """The lines of this row's history page in any order, at most `MAX_LINES` of each kind."""
        return audit_log.lines(audit_log.entries_of(obj)[:MAX_LINES])

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Who did what to the row, when and why, the latest first."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        lines = sorted(self.lines_of(request, obj), key=lambda line: line.at, reverse=True)
        return staff_page(
            request,
            self,
            "admin/history.html",
            title=_("History: %(what)s") % {"what": obj},
            object=obj,
            page_path=page_of(obj),
            lines=lines[:MAX_LINES],
            maximum=MAX_LINES if len(lines) >= MAX_LINES else 0,
            **(extra_context or {}),
        )


class ReadOnlyInline(VisibleChoicesMixin, _TabularInline):
    """Rows of another model, shown but not edited on the page of the row they belong to."""

    extra = 0
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Event leads see only rows of their events, even on a page of a row that others share."""
        return visible_rows(request, super().get_queryset(request), self.admin_site)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def page_of(obj: Model) -> str:
    """The path of the row's admin page."""
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])
