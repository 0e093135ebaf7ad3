"""What the admin's forms have in common: check boxes for several rows, and labels without a colon."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

if TYPE_CHECKING:
    from django.contrib import admin

    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = object


class CheckList(forms.CheckboxSelectMultiple):
    """A box for each row, as a group that screen readers name; a script adds a filter to a long one."""

    template_name = "admin/widgets/check_list.html"
    label: Any = ""

    class Media:
        js = ("js/check_list.js",)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, value, attrs) | {"label": capfirst(str(self.label or ""))}


class PlainLabels(_ModelAdmin):
    """Beside a ModelAdmin, before it."""

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = getattr(field, "widget", None)
        widget = getattr(widget, "widget", widget)  # inside the wrapper that links to the other rows
        if isinstance(widget, CheckList) and field is not None:
            widget.label = field.label
        return field

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["adminform"].form.label_suffix = ""
        return super().render_change_form(request, context, *args, **kwargs)
