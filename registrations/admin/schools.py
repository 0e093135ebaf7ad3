"""Schools in the admin: what students typed is accepted here, with its other spellings."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import BaseAdmin
from registrations import schools
from registrations.admin import columns
from registrations.admin.merge import SchoolActions
from registrations.fields import TextField
from registrations.models import School, SchoolAlias
from registrations.students.names import school_key
from techfest.core.text_limits import LimitedText

if TYPE_CHECKING:
    _Form = forms.ModelForm[Any]
    _FormSet = forms.BaseInlineFormSet[Any, Any, Any]
    _Inline = admin.TabularInline[Any, Any]
else:
    _Form, _FormSet, _Inline = forms.ModelForm, forms.BaseInlineFormSet, admin.TabularInline


def owner_of(key: str) -> School | None:
    """The school that is understood by this name or alias."""
    alias = SchoolAlias.objects.select_related("school").filter(key=key).first()
    return School.objects.filter(key=key).first() or (alias.school if alias else None)


class NameForm(LimitedText, _Form):
    """A name that no other school has, not even as another spelling."""

    name = TextField(
        label=gettext_lazy("Name"),
        max_characters=200,
        too_long=gettext_lazy("Name of the school must be 200 characters or less"),
        key=school_key,
        attrs={"class": "vTextField", "dir": "auto"},
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        owner = owner_of(school_key(name))
        if owner and owner.pk != self.school_id:
            raise forms.ValidationError(
                _("%(school)s is known by this name already.") % {"school": owner.name}
            )
        return name

    @property
    def school_id(self) -> int | None:
        known: int | None = self.instance.pk
        return known


class AliasForm(NameForm):
    @property
    def school_id(self) -> int | None:
        """An alias that is there may stay; a new one must be unknown, also to its own school."""
        return self.instance.school_id if self.instance.pk else None


class AliasFormSet(_FormSet):
    def clean(self) -> None:
        super().clean()
        seen: set[str] = set()
        for form in self.forms:
            name = form.cleaned_data.get("name") if form.is_valid() else ""
            if not name or form.cleaned_data.get("DELETE"):
                continue
            if school_key(name) in seen:
                form.add_error("name", _("This spelling is there twice."))
            seen.add(school_key(name))


class AliasInline(_Inline):
    model = SchoolAlias
    form = AliasForm
    formset = AliasFormSet
    extra = 1
    verbose_name = gettext_lazy("other spelling")
    verbose_name_plural = gettext_lazy("other spellings")


@admin.register(School)
class SchoolAdmin(SchoolActions):
    event_lookup = "students__registrations__event"
    form = NameForm
    export_columns = columns.SCHOOLS
    list_display = ("name", "state", "created_at")
    list_filter = ("state",)
    search_fields = ("name", "aliases__name")
    ordering = ("-state", "name")
    fields = ("name", "state")
    inlines = (AliasInline,)
    actions = ("accept", "merge_schools")

    def refusal_to_delete(self, obj: School) -> str:
        count = obj.students.count()
        words = ngettext(
            "%(school)s has %(count)d student and cannot be deleted.",
            "%(school)s has %(count)d students and cannot be deleted.",
            count,
        )
        if count:
            return words % {"school": obj.name, "count": count}
        if obj.holds.exists():
            return _("%(school)s asked for seats to be held and cannot be deleted.") % {"school": obj.name}
        return ""

    @admin.action(description=gettext_lazy("Accept the chosen schools"), permissions=["change"])
    def accept(self, request: HttpRequest, queryset: QuerySet[School]) -> None:
        count = schools.accept(queryset, user=request.user)
        words = ngettext("%(count)d school is accepted.", "%(count)d schools are accepted.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)


@admin.register(SchoolAlias)
class SchoolAliasAdmin(BaseAdmin):
    form = AliasForm
    list_display = ("name", "school")
    list_select_related = ("school",)
    search_fields = ("name", "school__name")
    ordering = ("name",)
    fields = ("school", "name")
