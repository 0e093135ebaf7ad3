"""What all pages of the admin have in common, in every room."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, ProtectedError, QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from events import audit_log
from events.admin_export import DownloadableList
from events.fest_choice import (
    choice_of,
    fest_of,
    fest_of_rows,
    of_shown_fest,
    requested_fest,
    show_fest,
)
from events.visibility import SeenChoices, is_filter_lookup, seen_in_admin
from techfest.core.db.clock import database_now
from techfest.core.roles import seen_by, sees_all
from techfest.core.text_limits import LimitedText, limit_marks

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelAdmin, _TabularInline, _ModelForm = admin.ModelAdmin, admin.TabularInline, forms.ModelForm

_NUMBER = re.compile(r"[0-9]{1,18}")
MAX_LINES = 200
"""Lines of a history page, the newest."""


class FestList(ChangeList):
    """A list of the fest that the page shows."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.root_queryset = of_shown_fest(request, self.root_queryset)
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        return rows


class BaseAdmin(SeenChoices, DownloadableList, _ModelAdmin):
    """A list that never counts the whole table, and a row that is deleted alone, after its own rules.

    `event_lookup` is the way from a row to its event, as a lookup ("" where the row is the event): an event
    lead sees the rows of the own events only. `None` where rows are the owners' alone. It holds wherever rows
    are named: lists, pages, histories, choices, filters, searches, and actions, which start from the list.
    """

    event_lookup: str | None = None
    redacted_fields: tuple[str, ...] = ()
    """Fields with somebody's details: the trail says that they were changed, and not what they hold."""
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return seen_by(request.user, super().get_queryset(request), event_lookup=self.event_lookup)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FestList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list of the shown fest; of another one where the address, or the rows that are acted upon, name it."""
        chosen = [pk for pk in request.POST.getlist(ACTION_CHECKBOX_NAME) if _NUMBER.fullmatch(pk)]
        fest = fest_of_rows(self.model, chosen) if chosen else requested_fest(self.model, request.GET)
        if fest:
            show_fest(request, fest)
        return super().get_changelist_instance(request)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The page of a row is about the row's fest, and shows its times."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and choice_of(request).is_offered and (fest := fest_of(found)):
            show_fest(request, fest)
        return found

    def is_open_to(self, request: HttpRequest) -> bool:
        """Whether any row of this table could be this person's to see."""
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
        """A row that is not there, and one that is somebody else's, are not found: the same page for both."""
        raise Http404

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        limit_marks(field)
        return field

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return is_filter_lookup(self, lookup, request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without "delete selected": deleting has its rules, and they are told row by row."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """What is done to the chosen rows. Django would look for a row that is no number, and fall over."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(_NUMBER.fullmatch(pk) for pk in chosen):
            raise BadRequest("A chosen row is no number.")
        return super().response_action(request, queryset)

    def refusal_to_delete(self, obj: Any) -> str:
        """Why this row stays, in a sentence fit to show; empty where it may go."""
        return ""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The rows themselves: what goes along with one (counts, history) is no decision of its own."""
        return [str(obj) for obj in objs], {}, set(), []

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        obj = self.get_object(request, object_id)
        if obj is None or not self.has_delete_permission(request, obj):
            return super().delete_view(request, object_id, extra_context)
        refusal = self.refusal_to_delete(obj)
        if not refusal:
            try:
                return super().delete_view(request, object_id, extra_context)
            except ProtectedError:  # somebody came between the look and the deletion
                refusal = self.refusal_to_delete(obj) or _("It is in use and cannot be deleted.")
        self.message_user(request, refusal, messages.ERROR)
        return HttpResponseRedirect(page_of(obj))

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """What the save changed, for the trail: Django hands it on to `log_addition` and `log_change`."""
        return audit_log.changes_in(form, formsets, redacted_fields=self.redacted_fields)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The trail in place of Django's own log, which keeps names past an erasure and no former values."""
        self.trace(request, obj, "added", message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        if message != audit_log.NOTHING:
            self.trace(request, obj, "changed", message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> Any:
        for obj in queryset:
            self.trace(request, obj, "deleted", audit_log.NOTHING)

    def trace(self, request: HttpRequest, obj: Any, what: str, changes: audit_log.Changes) -> None:
        before, after = changes
        audit_log.record(obj, what=what, now=database_now(), user=request.user, before=before, after=after)

    def lines_of(self, request: HttpRequest, obj: Any) -> list[audit_log.Line]:
        """What was done to this row, in any order, at most `MAX_LINES` of each kind."""
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
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %(what)s") % {"what": obj},
            "opts": self.opts,
            "object": obj,
            "page_path": page_of(obj),
            "lines": lines[:MAX_LINES],
            "maximum": MAX_LINES if len(lines) >= MAX_LINES else 0,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/history.html", context)


class RecordAdmin(BaseAdmin):
    """Rows that are read here and never written: no adding, no changing, no deleting."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordInline(SeenChoices, _TabularInline):
    """Rows of another table that are read on the page of the row they belong to."""

    extra = 0
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """An event lead reads the rows of the own events also on a page that others share."""
        return seen_in_admin(request, super().get_queryset(request), self.admin_site)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ShownBoundField(forms.BoundField):
    """A field whose hidden initial value survives a page that comes back with an error or a question.

    Django repeats it only for fields of one input. A date with its time has two, so the page would carry what was
    typed as what was shown, and the next save would take the field for unchanged.
    """

    def as_widget(self, widget: Any = None, attrs: Any = None, only_initial: bool = False) -> SafeString:
        hidden = self.field.hidden_widget()
        if only_initial and self.form.is_bound and isinstance(hidden, forms.MultiWidget):
            shown = hidden.value_from_datadict(self.form.data, self.form.files, self.html_initial_name)
            if any(part is not None for part in shown):
                return hidden.render(
                    self.html_initial_name, shown, {"id": self.html_initial_id}, self.form.renderer
                )
        return super().as_widget(widget, attrs, only_initial)


class MergingForm(LimitedText, _ModelForm):
    """A form that writes only what its reader changed, however long the page was open.

    Each field carries the value it was shown with. A field that still has it keeps what the row says by
    now, so that two people who change different things of one row both get what they wanted.
    """

    bound_field_class = ShownBoundField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            for field in self.fields.values():
                field.show_hidden_initial = not isinstance(field, forms.FileField)

    def _get_validation_exclusions(self) -> set[str]:
        """The fest of a row stands there and is not in the form: what is taken within it is seen all the same."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"fest"} if self.instance.pk is not None else excluded

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk is not None:
            for name in set(self.fields) - set(self.changed_data) - set(self.errors):
                if name in self.initial:
                    cleaned[name] = self._stored(name)
        return cleaned

    def _stored(self, name: str) -> Any:
        stored = getattr(self.instance, name)
        return stored.all() if self.instance._meta.get_field(name).many_to_many else stored


def page_of(obj: Model) -> str:
    """The path of the row's page in the admin."""
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])
