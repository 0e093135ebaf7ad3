"""Schools in the admin: accepted with their other spellings, and merged."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from events.admin_base import BaseAdmin
from registrations import schools
from registrations.admin import exports
from registrations.admin.sums import (
    CLASS_LISTS_OF_SCHOOL,
    STUDENTS_OF_SCHOOL,
    TEACHERS_OF_SCHOOL,
    registrations_of,
)
from registrations.fields import TextField
from registrations.models import School, SchoolAlias, Student
from registrations.students.merge_schools import duplicate_students, merge_schools
from registrations.students.names import grouped, school_key
from techfest.core.admin.asking import asks_first
from techfest.core.admin.confirmation import Confirmation, ReasonForm, confirmation_form, rehearsed_action
from techfest.core.admin.marks import mark
from techfest.core.admin.pages import ObjectTool, ObjectToolsMixin
from techfest.core.db.folding import in_dictionary_order
from techfest.core.db.locking import Deadline
from techfest.core.text_limits import LimitedText

if TYPE_CHECKING:
    _SchoolChoice = forms.ModelChoiceField[School]
    _Form = forms.ModelForm[Any]
    _FormSet = forms.BaseInlineFormSet[Any, Any, Any]
    _Inline = admin.TabularInline[Any, Any]
else:
    _SchoolChoice, _Form = forms.ModelChoiceField, forms.ModelForm
    _FormSet, _Inline = forms.BaseInlineFormSet, admin.TabularInline

MAX_SCHOOLS = 10
"""Schools merged at once; the choice of the one that stays shows so many as radio buttons."""


class SchoolChoice(_SchoolChoice):
    def label_from_instance(self, obj: School) -> str:
        count = getattr(obj, "n_students", 0)
        words = ngettext("%(count)d student", "%(count)d students", count) % {"count": count}
        return f"{obj.name} · {words} · {obj.get_state_display()}"


class MergeSchoolsForm(ReasonForm):
    kept = SchoolChoice(
        label=gettext_lazy("Which one to keep"),
        queryset=School.objects.none(),
        error_messages={"required": gettext_lazy("Choose the one to keep")},
    )
    notify = forms.BooleanField(
        label=gettext_lazy("Mail merged students the link to their registrations"),
        required=False,
        initial=True,
    )
    field_order = ("kept", "reason", "notify")

    def __init__(self, *args: Any, rows: QuerySet[School], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["kept"]
        if rows.count() <= MAX_SCHOOLS:
            field.empty_label = None
            field.widget = forms.RadioSelect()
        field.queryset = rows.annotate(n_students=Count("students"))


def _merge_and_report(chosen: list[School], user: Any, wanted: dict[str, Any]) -> list[tuple[str, int]]:
    kept: School = wanted.pop("kept")
    removed = [school for school in chosen if school.pk != kept.pk]
    merge_schools(kept.pk, [school.pk for school in removed], user=user, deadline=Deadline(), **wanted)
    text = _("%(removed)s is now known as %(kept)s.")
    names = ", ".join(school.name for school in removed)
    return [(text % {"removed": names, "kept": kept.name}, messages.SUCCESS)]


def _of_school(model: str, lookup: str, school: School) -> str:
    query = urlencode({lookup: school.pk})
    return f"{reverse(f'admin:registrations_{model}_changelist')}?{query}"


_HAS = {
    "students": ngettext_lazy("%(count)d student", "%(count)d students", "count"),
    "teachers": ngettext_lazy("%(count)d teacher", "%(count)d teachers", "count"),
    "class_lists": ngettext_lazy("%(count)d class list", "%(count)d class lists", "count"),
    "holds": ngettext_lazy("%(count)d hold of seats", "%(count)d holds of seats", "count"),
    "invitations": ngettext_lazy("%(count)d invitation", "%(count)d invitations", "count"),
    "aliases": ngettext_lazy("%(count)d other spelling", "%(count)d other spellings", "count"),
}


def _merge_confirmation(chosen: Sequence[School]) -> Confirmation:
    counted = School.objects.filter(pk__in=[school.pk for school in chosen]).annotate(
        **{f"n_{name}": Count(name, distinct=True) for name in _HAS}
    )
    summary = [
        _(
            "Students, teachers, class lists, held seats and invitations move to the school that stays; the"
            " other names become spellings of it. Teachers of all these schools see all of its students."
        ),
        _("Of the QR codes that open a school's list at the door, only that of the school that stays works."),
    ]
    duplicates = (
        duplicate_students([school.pk for school in chosen], first=chosen[0].pk) if len(chosen) > 1 else []
    )
    text = ngettext(
        "%(count)d student is listed twice and merged; of two registrations for one event the better stays.",
        "%(count)d students are listed twice and merged; of two registrations for one event the better stays.",
        len(duplicates),
    )
    if duplicates:
        summary.append(text % {"count": len(duplicates)})
    names = Student.objects.filter(pk__in=[group[0] for group in duplicates]).order_by(
        *in_dictionary_order("name"), "pk"
    )
    return Confirmation(
        title=_("Merge these schools?"),
        submit_label=_("Merge these schools"),
        chosen=chosen,
        summary=summary,
        rows=[
            *(_school_line(school) for school in counted.order_by("pk")),
            *(
                format_html('<bdi translate="no">{}</bdi> ({})', one.name, grouped(one.reference))
                for one in names
            ),
        ],
        is_danger=True,
    )


def _school_line(school: Any) -> str:
    counts = [(words, getattr(school, f"n_{name}")) for name, words in _HAS.items()]
    parts = [str(words % {"count": count}) for words, count in counts if count]
    return format_html('<bdi translate="no">{}</bdi>: {}', school.name, ", ".join(parts) or _("nothing"))


class NameForm(LimitedText, _Form):
    """A name that no other school has as its name or alias."""

    name = TextField(
        label=gettext_lazy("Name"),
        max_characters=200,
        too_long=gettext_lazy("Name of the school must be 200 characters or less"),
        key=school_key,
        attrs={"class": "vTextField", "dir": "auto"},
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        owner = schools.school_named(school_key(name))
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
        """The school of an existing alias; a new alias must be new to its own school too."""
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
class SchoolAdmin(ObjectToolsMixin, BaseAdmin):
    event_lookup = "students__registrations__event"
    form = NameForm
    export_columns = exports.SCHOOLS
    list_display = (
        "name",
        "state_shown",
        STUDENTS_OF_SCHOOL,
        TEACHERS_OF_SCHOOL,
        CLASS_LISTS_OF_SCHOOL,
        *registrations_of("student__school"),
        "created_at",
    )
    next_step = gettext_lazy(
        "Add the schools that you expect. Names that students type appear here to be accepted."
    )
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

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, obj: School) -> SafeString:
        return mark("ok" if obj.state == School.State.ACCEPTED else "wait", obj.get_state_display())

    @admin.action(description=gettext_lazy("Accept schools"), permissions=["change"])
    def accept(self, request: HttpRequest, queryset: QuerySet[School]) -> None:
        count = schools.accept(queryset, user=request.user)
        words = ngettext("%(count)d school is accepted.", "%(count)d schools are accepted.", count)
        if not count:
            words = _("These schools were accepted already, perhaps by someone else.")
        level = messages.SUCCESS if count else messages.INFO
        self.message_user(request, words % {"count": count}, level)

    def get_object_tools(self, request: HttpRequest, obj: School) -> Iterable[ObjectTool]:
        yield ObjectTool(_("Its students"), url=_of_school("student", "school__id__exact", obj))
        yield ObjectTool(
            _("Its registrations"), url=_of_school("registration", "student__school__id__exact", obj)
        )
        yield ObjectTool(_("Merge into another school"), action="merge_schools")

    @asks_first
    @admin.action(description=gettext_lazy("Merge into one school"), permissions=["change"])
    def merge_schools(self, request: HttpRequest, queryset: QuerySet[School]) -> HttpResponseBase | None:
        """Merge the chosen schools, or the chosen one into another picked on the page."""
        chosen = list(queryset.order_by("pk")[: MAX_SCHOOLS + 1])
        rows = self.get_queryset(request).order_by("state", *in_dictionary_order("name"))
        ids = [school.pk for school in chosen]
        rows = rows.filter(pk__in=ids) if len(ids) > 1 else rows.exclude(pk__in=ids)
        form = confirmation_form(MergeSchoolsForm, request, rows=rows)
        refusal = _("Choose two to %(maximum)d schools.") % {"maximum": MAX_SCHOOLS}
        return rehearsed_action(
            self,
            request,
            action="merge_schools",
            refusal=refusal if len(chosen) > MAX_SCHOOLS or not rows.exists() else "",
            confirmation=lambda: _merge_confirmation(chosen),
            form=form,
            do=lambda wanted: _merge_and_report(chosen, request.user, wanted),
        )


@admin.register(SchoolAlias)
class SchoolAliasAdmin(BaseAdmin):
    form = AliasForm
    list_display = ("name", "school")
    list_select_related = ("school",)
    search_fields = ("name", "school__name")
    ordering = ("name",)
    fields = ("school", "name")
