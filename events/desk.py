"""What all pages of the organisers' desk (the Django admin) have in common, in every room."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, ProtectedError
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelAdmin, _TabularInline, _ModelForm = admin.ModelAdmin, admin.TabularInline, forms.ModelForm


class DeskAdmin(_ModelAdmin):
    """A list that never counts the whole table, and a row that is deleted alone, after its own rules.

    `led_through` is the way from a row to its event, as a lookup ("" where the row is the event): an event
    lead sees the rows of the own events only. `None` where rows are the owners' alone.
    """

    led_through: str | None = None
    show_full_result_count = False
    list_per_page = 50

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without "delete selected": deleting has its rules, and they are told row by row."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

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


class RecordAdmin(DeskAdmin):
    """Rows that are read here and never written: no adding, no changing, no deleting."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordInline(_TabularInline):
    """Rows of another table that are read on the page of the row they belong to."""

    extra = 0
    can_delete = False
    show_change_link = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MergingForm(_ModelForm):
    """A form that writes only what its reader changed, however long the page was open.

    Each field carries the value it was shown with. A field that still has it keeps what the row says by
    now, so that two people who change different things of one row both get what they wanted.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            for field in self.fields.values():
                field.show_hidden_initial = not isinstance(field, forms.FileField)

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
    """The path of the row's page at the desk."""
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])
