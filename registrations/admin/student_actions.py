"""Actions of the list of students: cancelling everything, and merging two rows of one student."""

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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import BaseAdmin
from registrations.admin.correct_school import SchoolForm, correct_school_and_report, school_confirmation
from registrations.admin.move_registrations import line_of
from registrations.admin.registration_actions import (
    CancelForm,
    cancel_and_report,
    cancel_confirmation,
    refusal_of,
)
from registrations.models import Registration, Student
from registrations.students.duplicates import (
    DUPLICATES_ORDER,
    possible_duplicates,
    with_possible_duplicates,
)
from registrations.students.merge import clashes_among, duplicate_registrations, merge_students
from registrations.students.names import grouped
from techfest.core.admin.asking import asks_first
from techfest.core.admin.confirmation import (
    Confirmation,
    NotifyForm,
    confirmation_form,
    confirmed_action,
    rehearsed_action,
)
from techfest.core.admin.pages import ObjectTool, ObjectToolsMixin
from techfest.core.db.locking import Deadline

if TYPE_CHECKING:
    _StudentChoice = forms.ModelChoiceField[Student]
else:
    _StudentChoice = forms.ModelChoiceField


class StudentChoice(_StudentChoice):
    def label_from_instance(self, obj: Student) -> str:
        marks = " ".join(part for part in (str(obj.grade), obj.section, obj.roll_number) if part)
        count = getattr(obj, "n_registrations", 0)
        text = ngettext("%(count)d registration", "%(count)d registrations", count) % {"count": count}
        email = obj.email or _("no e-mail")
        return f"{obj.name} · {marks} · {grouped(obj.reference)} · {email} · {text}"


class MergeStudentsForm(NotifyForm):
    kept = StudentChoice(
        label=gettext_lazy("Which one to keep"),
        queryset=Student.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        help_text=gettext_lazy(
            "Name, grade, section, roll number and e-mail are those of the one that stays."
        ),
        error_messages={"required": gettext_lazy("Choose the one to keep")},
    )
    field_order = ("kept", "reason", "notify")

    def __init__(self, *args: Any, rows: QuerySet[Student], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["kept"]
        field.queryset = rows.annotate(n_registrations=Count("registrations"))
        self.fields["notify"].label = _("Mail the student the link to their registrations")


class NamesakesFilter(admin.SimpleListFilter):
    """Students with a namesake or a similar name at their school, listed side by side."""

    title = gettext_lazy("possible duplicates")
    parameter_name = "namesakes"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", _("same or similar name, same school"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return with_possible_duplicates(queryset) if self.value() == "yes" else queryset


class StudentActions(ObjectToolsMixin, BaseAdmin):
    """Cancels all registrations of students, and merges two rows of one student."""

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registrations.change_student")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registrations.change_registration")

    def get_ordering(self, request: HttpRequest) -> Any:
        asked = request.GET.get(NamesakesFilter.parameter_name) == "yes"
        return DUPLICATES_ORDER if asked else super().get_ordering(request)

    def get_object_tools(self, request: HttpRequest, obj: Student) -> Iterable[ObjectTool]:
        if obj.erased_at is None:
            yield ObjectTool(_("Cancel everything"), action="cancel_everything")
            yield ObjectTool(_("Merge with a namesake"), action="merge_students")
            yield ObjectTool(_("Correct the school"), action="correct_school")
            if request.user.has_perm("registrations.change_question"):
                yield ObjectTool(
                    _("Answers"), url=reverse("admin:registrations_question_of_student", args=[obj.pk])
                )
            if self.has_cancel_permission(request):
                address = reverse("admin:registrations_registration_add_by_hand")
                yield ObjectTool(_("Add a registration"), url=f"{address}?student={obj.pk}")

    @asks_first
    @admin.action(description=gettext_lazy("Cancel all their registrations"), permissions=["cancel"])
    def cancel_everything(self, request: HttpRequest, queryset: QuerySet[Student]) -> HttpResponseBase | None:
        """Cancel all active registrations of the students that the user may see."""
        seen: QuerySet[Registration] = self.admin_site.get_model_admin(Registration).get_queryset(request)
        students = list(queryset.values_list("pk", flat=True))
        rows = seen.filter(student__in=students).exclude(state=Registration.State.CANCELLED)
        registrations = list(rows.select_related("student", "event").order_by("student", "event"))
        form = confirmation_form(CancelForm, request)
        return rehearsed_action(
            self,
            request,
            action="cancel_everything",
            refusal=refusal_of(len(registrations), _("There is nothing to cancel.")),
            confirmation=lambda: dataclasses.replace(
                cancel_confirmation(registrations), chosen=list(queryset)
            ),
            form=form,
            do=lambda wanted: cancel_and_report(registrations, request.user, wanted),
        )

    @asks_first
    @admin.action(description=gettext_lazy("Merge two into one student"), permissions=["merge"])
    def merge_students(self, request: HttpRequest, queryset: QuerySet[Student]) -> HttpResponseBase | None:
        """Merge the two chosen students, or the chosen one with a namesake picked on the page."""
        chosen = list(queryset.order_by("pk")[:3])
        rows = _candidates(self.get_queryset(request), chosen)
        form = confirmation_form(MergeStudentsForm, request, rows=rows)
        return rehearsed_action(
            self,
            request,
            action="merge_students",
            refusal=_refusal_to_merge(chosen, rows),
            confirmation=lambda: _merge_confirmation(chosen),
            form=form,
            do=lambda wanted: _merge_and_report(chosen, request.user, wanted),
        )

    @asks_first
    @admin.action(description=gettext_lazy("Correct the school"), permissions=["merge"])
    def correct_school(self, request: HttpRequest, queryset: QuerySet[Student]) -> HttpResponseBase | None:
        """Give one student another school; the registrations keep their seats."""
        chosen = list(queryset.select_related("school")[:2])
        form = confirmation_form(SchoolForm, request)
        return confirmed_action(
            self,
            request,
            action="correct_school",
            refusal="" if len(chosen) == 1 and chosen[0].erased_at is None else _("Choose one student."),
            confirmation=lambda: school_confirmation(chosen),
            form=form,
            do=lambda: correct_school_and_report(chosen[0], request.user, form.cleaned_data),
        )


def _merge_and_report(chosen: list[Student], user: Any, wanted: dict[str, Any]) -> list[tuple[str, int]]:
    kept: Student = wanted.pop("kept")
    removed = next(row for row in chosen if row.pk != kept.pk)
    merge_students(kept.pk, removed.pk, user=user, deadline=Deadline(), **wanted)
    text = _("%(removed)s was merged into %(kept)s (%(reference)s).")
    values = {
        "removed": grouped(removed.reference),
        "kept": kept.name,
        "reference": grouped(kept.reference),
    }
    return [(text % values, messages.SUCCESS)]


def _candidates(seen: QuerySet[Student], chosen: Sequence[Student]) -> QuerySet[Student]:
    """Return the students to merge into one: the chosen two, or those like the chosen one."""
    if len(chosen) != 1:
        return seen.filter(pk__in=[row.pk for row in chosen]).order_by("pk")
    (one,) = chosen
    return possible_duplicates(one, among=seen).order_by("grade", "section", "pk")


def _refusal_to_merge(chosen: Sequence[Student], rows: QuerySet[Student]) -> str:
    if len(chosen) > 2:
        return _("Choose two students.")
    if any(row.erased_at for row in chosen):
        return _("An erased student cannot be merged.")
    if len({(row.fest_id, row.school_id) for row in chosen}) > 1:
        return _("These students belong to different schools. Merge the schools first.")
    if not rows.exists():
        return _(
            "No other student of this school has this name or a similar one. Choose both students in the list."
        )
    return ""


def _merge_confirmation(chosen: Sequence[Student]) -> Confirmation:
    summary = [
        _(
            "Registrations, tickets, mails, consents, results and certificates move to the student that stays."
            " Ticket codes keep working, and the printed reference still leads to the student. The link of the"
            " other one to all registrations stops working."
        )
    ]
    lines: list[str] = []
    if len(chosen) == 2:
        rows = list(Registration.objects.active().filter(student__in=chosen).with_related())
        duplicates, clashes = duplicate_registrations(rows), clashes_among(rows, chosen[0].pk)
        count = len(duplicates)
        text = ngettext(
            "Both are registered for %(count)d event: the better registration stays, the other is cancelled.",
            "Both are registered for %(count)d events: the better registrations stay, the others are cancelled.",
            count,
        )
        if count:
            summary.append(text % {"count": count})
        lines += [line_of(worse) for _better, worse in duplicates]
        summary += _clash_summary(len(clashes))
        lines += [
            format_html(
                '<bdi translate="no">{}</bdi> ↔ <bdi translate="no">{}</bdi>', one.event.name, two.event.name
            )
            for one, two in clashes
        ]
    else:
        summary.append(_("Choose the namesake that stays; the student you came from is merged into it."))
    return Confirmation(
        title=_("Merge these two students?"),
        submit_label=_("Merge them"),
        chosen=chosen,
        summary=summary,
        rows=lines,
        is_danger=True,
    )


def _clash_summary(count: int) -> list[str]:
    text = ngettext(
        "%(count)d pair of events clashes: both registrations stay, as a conflict to be resolved.",
        "%(count)d pairs of events clash: all registrations stay, as conflicts to be resolved.",
        count,
    )
    return [text % {"count": count}] if count else []
