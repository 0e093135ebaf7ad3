"""Rows that are one become one in the admin: which of them stays is chosen on the page that asks."""

import dataclasses
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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from events.admin_base import BaseAdmin
from registrations.admin.registration_actions import CancelForm, cancel_now, cancelling, line_of, refusal_of
from registrations.booking.errors import RegistrationError
from registrations.locking import Deadline
from registrations.models import Registration, School, Student
from registrations.students.identity import NAMESAKE_ORDER, with_namesakes
from registrations.students.merge import clashes_among, duplicate_registrations, merge_students
from registrations.students.merge_schools import duplicate_students, merge_schools
from registrations.students.names import grouped
from techfest.core.admin.confirmation import NotifyForm, Question, ReasonForm, answered, ask
from techfest.core.admin.object_tools import ObjectTool, ObjectToolsMixin

if TYPE_CHECKING:
    _StudentChoice = forms.ModelChoiceField[Student]
    _SchoolChoice = forms.ModelChoiceField[School]
else:
    _StudentChoice = _SchoolChoice = forms.ModelChoiceField

MAX_SCHOOLS = 10
"""Up to so many rows are chosen from at a glance."""


class StudentChoice(_StudentChoice):
    def label_from_instance(self, obj: Student) -> str:
        marks = " ".join(part for part in (str(obj.grade), obj.section, obj.roll_number) if part)
        count = getattr(obj, "n_registrations", 0)
        words = ngettext("%(count)d registration", "%(count)d registrations", count) % {"count": count}
        email = obj.email or _("no e-mail")
        return f"{obj.name} · {marks} · {grouped(obj.reference)} · {email} · {words}"


class SchoolChoice(_SchoolChoice):
    def label_from_instance(self, obj: School) -> str:
        count = getattr(obj, "n_students", 0)
        words = ngettext("%(count)d student", "%(count)d students", count) % {"count": count}
        return f"{obj.name} · {words} · {obj.get_state_display()}"


class MergeStudentsForm(NotifyForm):
    kept = StudentChoice(
        label=gettext_lazy("Which one stays"),
        queryset=Student.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        help_text=gettext_lazy(
            "Name, grade, section, roll number and e-mail are those of the one that stays."
        ),
        error_messages={"required": gettext_lazy("Choose the one that stays")},
    )
    field_order = ("kept", "reason", "notify")

    def __init__(self, *args: Any, rows: QuerySet[Student], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["kept"]
        field.queryset = rows.annotate(n_registrations=Count("registrations"))
        self.fields["notify"].label = _("Mail the student the link to everything")


class MergeSchoolsForm(ReasonForm):
    kept = SchoolChoice(
        label=gettext_lazy("Which one stays"),
        queryset=School.objects.none(),
        error_messages={"required": gettext_lazy("Choose the one that stays")},
    )
    notify = forms.BooleanField(
        label=gettext_lazy("Mail students who become one the link to everything"),
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


class NamesakesFilter(admin.SimpleListFilter):
    """Students who may be entered twice, side by side."""

    title = gettext_lazy("possible duplicates")
    parameter_name = "namesakes"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", _("same name, same school"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return with_namesakes(queryset) if self.value() == "yes" else queryset


class StudentActions(ObjectToolsMixin, BaseAdmin):
    """Cancelling all of a student, and making one of two."""

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registrations.change_student")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registrations.change_registration")

    def get_ordering(self, request: HttpRequest) -> Any:
        asked = request.GET.get(NamesakesFilter.parameter_name) == "yes"
        return NAMESAKE_ORDER if asked else super().get_ordering(request)

    def get_object_tools(self, request: HttpRequest, obj: Student) -> Iterable[ObjectTool]:
        if obj.erased_at is None:
            yield ObjectTool(_("Cancel everything"), action="cancel_everything")
            yield ObjectTool(_("Merge with a namesake"), action="merge_students")

    @admin.action(
        description=gettext_lazy("Cancel everything of the chosen students"), permissions=["cancel"]
    )
    def cancel_everything(self, request: HttpRequest, queryset: QuerySet[Student]) -> HttpResponseBase | None:
        """All active registrations that this organiser may see, through the same function as one alone."""
        seen: QuerySet[Registration] = self.admin_site.get_model_admin(Registration).get_queryset(request)
        students = list(queryset.values_list("pk", flat=True))
        rows = seen.filter(student__in=students).exclude(state=Registration.State.CANCELLED)
        registrations = list(rows.select_related("student", "event").order_by("student", "event"))
        form = answered(CancelForm, request)
        if refusal := refusal_of(len(registrations), _("There is nothing to cancel.")):
            self.message_user(request, refusal, messages.WARNING)
        elif form.is_valid():
            for words, level in _tried(lambda: cancel_now(registrations, request.user, form.cleaned_data)):
                self.message_user(request, words, level)
        else:
            question = dataclasses.replace(cancelling(registrations), chosen=list(queryset))
            return ask(request, self, action="cancel_everything", question=question, form=form)
        return None

    @admin.action(description=gettext_lazy("Merge two rows of one student"), permissions=["merge"])
    def merge_students(self, request: HttpRequest, queryset: QuerySet[Student]) -> HttpResponseBase | None:
        """Two that were chosen, or one that was chosen with the namesake that is picked on the page."""
        chosen = list(queryset.order_by("pk")[:3])
        rows = _candidates(self.get_queryset(request), chosen)
        form = answered(MergeStudentsForm, request, rows=rows)
        if refusal := _refusal_to_merge(chosen, rows):
            self.message_user(request, refusal, messages.WARNING)
        elif form.is_valid():
            self._merge_students(request, chosen, dict(form.cleaned_data))
        else:
            question = _merging_students(chosen)
            return ask(request, self, action="merge_students", question=question, form=form)
        return None

    def _merge_students(self, request: HttpRequest, chosen: list[Student], wanted: dict[str, Any]) -> None:
        kept: Student = wanted.pop("kept")
        removed = next(row for row in chosen if row.pk != kept.pk)
        try:
            merge_students(kept.pk, removed.pk, user=request.user, deadline=Deadline(), **wanted)
        except RegistrationError as error:
            self.message_user(request, str(error.text), messages.ERROR)
            return
        words = _("%(removed)s has become one with %(kept)s (%(reference)s).") % {
            "removed": grouped(removed.reference),
            "kept": kept.name,
            "reference": grouped(kept.reference),
        }
        self.message_user(request, words, messages.SUCCESS)


def _candidates(seen: QuerySet[Student], chosen: Sequence[Student]) -> QuerySet[Student]:
    """Of whom one stays: the chosen two, or the namesakes of the chosen one."""
    if len(chosen) != 1:
        return seen.filter(pk__in=[row.pk for row in chosen]).order_by("pk")
    (one,) = chosen
    same = seen.filter(fest=one.fest_id, school=one.school_id, name_key=one.name_key, erased_at=None)
    return same.exclude(pk=one.pk).order_by("grade", "section", "pk")


def _refusal_to_merge(chosen: Sequence[Student], rows: QuerySet[Student]) -> str:
    if len(chosen) > 2:
        return _("Choose two students.")
    if any(row.erased_at for row in chosen):
        return _("Nothing is left of an erased student.")
    if len({(row.fest_id, row.school_id) for row in chosen}) > 1:
        return _("These students belong to different schools. Merge the schools first.")
    if not rows.exists():
        return _("Nobody else of this school has this name. Choose the two in the list.")
    return ""


def _merging_students(chosen: Sequence[Student]) -> Question:
    summary = [
        _(
            "Registrations, tickets, mails, consents, results and certificates become those of the one that"
            " stays. Codes of tickets stay valid and the printed reference still leads to the student; the"
            " other one's link to all registrations stops working."
        )
    ]
    lines: list[str] = []
    if len(chosen) == 2:
        rows = list(Registration.objects.active().filter(student__in=chosen).with_related())
        duplicates, clashes = duplicate_registrations(rows), clashes_among(rows, chosen[0].pk)
        count = len(duplicates)
        words = ngettext(
            "%(count)d event is held by both: the better registration stays, the other is cancelled.",
            "%(count)d events are held by both: the better registration stays, the other is cancelled.",
            count,
        )
        if count:
            summary.append(words % {"count": count})
        lines += [line_of(worse) for _better, worse in duplicates]
        summary += _clash_summary(len(clashes))
        lines += [
            format_html("<bdi>{}</bdi> ↔ <bdi>{}</bdi>", one.event.name, two.event.name)
            for one, two in clashes
        ]
    else:
        summary.append(
            _("Choose the namesake that stays; the student whose page you came from is merged into it.")
        )
    return Question(
        title=_("Make one student of these two?"),
        submit_label=_("Merge them"),
        chosen=chosen,
        summary=summary,
        rows=lines,
        is_danger=True,
    )


def _clash_summary(count: int) -> list[str]:
    words = ngettext(
        "%(count)d pair of events clashes then: both are kept, and flagged until somebody chooses.",
        "%(count)d pairs of events clash then: all are kept, and flagged until somebody chooses.",
        count,
    )
    return [words % {"count": count}] if count else []


def _tried(work: Any) -> list[tuple[str, int]]:
    try:
        feedback: list[tuple[str, int]] = work()
    except RegistrationError as error:
        return [(str(error.text), messages.ERROR)]
    return feedback


class SchoolActions(ObjectToolsMixin, BaseAdmin):
    """Making one school of several."""

    def get_object_tools(self, request: HttpRequest, obj: School) -> Iterable[ObjectTool]:
        yield ObjectTool(_("Its students"), url=_of_school("student", "school__id__exact", obj))
        yield ObjectTool(
            _("Its registrations"), url=_of_school("registration", "student__school__id__exact", obj)
        )
        yield ObjectTool(_("Merge into another school"), action="merge_schools")

    @admin.action(description=gettext_lazy("Merge the chosen schools"), permissions=["change"])
    def merge_schools(self, request: HttpRequest, queryset: QuerySet[School]) -> HttpResponseBase | None:
        """Those that were chosen, or one that was chosen into another that is picked on the page."""
        chosen = list(queryset.order_by("pk")[: MAX_SCHOOLS + 1])
        rows = self.get_queryset(request).order_by("state", "name")
        ids = [school.pk for school in chosen]
        rows = rows.filter(pk__in=ids) if len(ids) > 1 else rows.exclude(pk__in=ids)
        form = answered(MergeSchoolsForm, request, rows=rows)
        if len(chosen) > MAX_SCHOOLS or not rows.exists():
            words = _("Choose two to %(maximum)d schools.") % {"maximum": MAX_SCHOOLS}
            self.message_user(request, words, messages.WARNING)
        elif form.is_valid():
            self._merge_schools(request, chosen, dict(form.cleaned_data))
        else:
            question = _merging_schools(chosen)
            return ask(request, self, action="merge_schools", question=question, form=form)
        return None

    def _merge_schools(self, request: HttpRequest, chosen: list[School], wanted: dict[str, Any]) -> None:
        kept: School = wanted.pop("kept")
        removed = [school for school in chosen if school.pk != kept.pk]
        try:
            ids = [school.pk for school in removed]
            merge_schools(kept.pk, ids, user=request.user, deadline=Deadline(), **wanted)
        except RegistrationError as error:
            self.message_user(request, str(error.text), messages.ERROR)
            return
        words = _("%(removed)s is known as %(kept)s now.") % {
            "removed": ", ".join(school.name for school in removed),
            "kept": kept.name,
        }
        self.message_user(request, words, messages.SUCCESS)


def _of_school(model: str, lookup: str, school: School) -> str:
    query = urlencode({lookup: school.pk})
    return f"{reverse(f'admin:registrations_{model}_changelist')}?{query}"


_HAS = {
    "students": ngettext_lazy("%(count)d student", "%(count)d students", "count"),
    "teachers": ngettext_lazy("%(count)d teacher", "%(count)d teachers", "count"),
    "class_lists": ngettext_lazy("%(count)d class list", "%(count)d class lists", "count"),
    "holds": ngettext_lazy("%(count)d block of seats", "%(count)d blocks of seats", "count"),
    "invitations": ngettext_lazy("%(count)d invitation", "%(count)d invitations", "count"),
    "aliases": ngettext_lazy("%(count)d other spelling", "%(count)d other spellings", "count"),
}


def _merging_schools(chosen: Sequence[School]) -> Question:
    counted = School.objects.filter(pk__in=[school.pk for school in chosen]).annotate(
        **{f"n_{name}": Count(name, distinct=True) for name in _HAS}
    )
    summary = [
        _(
            "Students, teachers, class lists, held seats and invitations move to the school that stays, and the"
            " other names become spellings of it. Teachers of all of them see all of its students."
        ),
        _("Of the QRs that open a school's list at the door, only that of the school that stays goes on."),
    ]
    duplicates = (
        duplicate_students([school.pk for school in chosen], first=chosen[0].pk) if len(chosen) > 1 else []
    )
    words = ngettext(
        "%(count)d student is there twice and becomes one; of two registrations for one event the better stays.",
        "%(count)d students are there twice and become one; of two registrations for one event the better stays.",
        len(duplicates),
    )
    if duplicates:
        summary.append(words % {"count": len(duplicates)})
    names = Student.objects.filter(pk__in=[group[0] for group in duplicates]).order_by("name", "pk")
    return Question(
        title=_("Make one school of these?"),
        submit_label=_("Merge them"),
        chosen=chosen,
        summary=summary,
        rows=[
            *(_school_line(school) for school in counted.order_by("pk")),
            *(format_html("<bdi>{}</bdi> ({})", one.name, grouped(one.reference)) for one in names),
        ],
        is_danger=True,
    )


def _school_line(school: Any) -> str:
    counts = [(words, getattr(school, f"n_{name}")) for name, words in _HAS.items()]
    parts = [str(words % {"count": count}) for words, count in counts if count]
    return format_html("<bdi>{}</bdi>: {}", school.name, ", ".join(parts) or _("nothing"))
