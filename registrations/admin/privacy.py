"""Privacy pages of students in the admin: downloading all that is kept of one, and erasing students."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.models import Consent, Registration, Student
from registrations.privacy.erase import erase
from registrations.privacy.export import build_export, export_tables, file_name, template_tables
from registrations.students import consents
from registrations.students.names import grouped, label_key
from techfest.core.admin.asking import asks_first
from techfest.core.admin.confirmation import (
    Confirmation,
    confirmation_form,
    confirmation_page,
    confirmed_action,
    do_and_report,
    size_refusal,
)
from techfest.core.admin.pages import staff_page
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from techfest.core.text_limits import LimitedText

if TYPE_CHECKING:
    from events.admin_base import RecordAdmin as _Base
else:
    _Base = object

MAX_AT_ONCE = 50
"""Students erased at once in a single transaction, whose locks make others wait."""


class ErasureForm(LimitedText, forms.Form):
    """Asks for the reason, and for a text that must be typed to guard against a slip of the mouse."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("The list of erasures keeps it. Do not write names."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    typed = forms.CharField(max_length=20)

    def __init__(self, *args: Any, guard: str, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.guard = guard
        self.fields["typed"].label = label
        self.fields["typed"].widget.attrs["autocomplete"] = "off"

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if _compact(typed) != _compact(self.guard):
            raise forms.ValidationError(_("This does not match. No student was erased."))
        return typed


def _compact(text: str) -> str:
    """A number, or a reference as it is stored, printed or typed: 23C-4DF5, 23c 4df5 and 23C4DF5 are one."""
    return label_key(text).replace("-", "")


class ConsentFilter(admin.SimpleListFilter):
    """Students with a consent on record, or with an active registration and none."""

    title = gettext_lazy("consent")
    parameter_name = "consent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("missing", _("missing")), ("given", _("given"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Student]) -> QuerySet[Student]:
        match self.value():
            case "missing":
                return consents.without_consent(queryset)
            case "given":
                return queryset.filter(consents.GIVEN)
        return queryset


class PersonalDataPages(_Base):
    """Adds two pages about one student, and an action that erases several."""

    change_form_template = "admin/registrations/student/change_form.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/data/", view(self.data_view), name="registrations_student_data"),
            path("<int:pk>/erase/", view(self.erase_view), name="registrations_student_erase"),
            *super().get_urls(),
        ]

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registrations.delete_student")

    def data_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """GET shows all that is kept of the student, POST downloads it as a ZIP. Needs the right to change the row."""
        student = self._student(request, pk)
        if not self.has_change_permission(request, student):
            raise PermissionDenied
        if request.method == "POST":
            answer = HttpResponse(build_export(student, user=request.user), content_type="application/zip")
            answer["Content-Disposition"] = f'attachment; filename="{file_name(student)}"'
            return answer
        return staff_page(
            request,
            self,
            "admin/registrations/student/data.html",
            title=_("What is kept of this student"),
            student=student,
            may_erase=self.has_erase_permission(request),
            tables=template_tables(export_tables(student)),
        )

    def erase_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        student = self._student(request, pk)
        if not self.has_erase_permission(request):
            raise PermissionDenied
        label = _("Type the reference %(reference)s") % {"reference": grouped(student.reference)}
        form = ErasureForm(request.POST or None, guard=student.reference, label=label)
        if form.is_valid() and do_and_report(self, request, lambda: _erase([student], request.user, form)):
            return HttpResponseRedirect(reverse("admin:registrations_student_changelist"))
        return confirmation_page(
            request,
            self,
            _confirmation([student]),
            action="erase_students",
            form=form,
            back_url=reverse("admin:registrations_student_data", args=[student.pk]),
        )

    @asks_first
    @admin.action(description=gettext_lazy("Erase students"), permissions=["erase"])
    def erase_students(self, request: HttpRequest, queryset: QuerySet[Student]) -> HttpResponseBase | None:
        """Erase the chosen students after their number was typed on the page that shows what is deleted."""
        chosen = list(queryset.filter(erased_at=None).select_related("fest", "school").order_by("pk"))
        label = _("Type how many students will be erased")
        form = confirmation_form(ErasureForm, request, guard=str(len(chosen)), label=label)
        return confirmed_action(
            self,
            request,
            action="erase_students",
            refusal=size_refusal(
                len(chosen),
                MAX_AT_ONCE,
                none=_("All of these are erased already."),
                too_many=_("Choose at most %(maximum)d students at once."),
            ),
            confirmation=lambda: _confirmation(chosen),
            form=form,
            do=lambda: _erase(chosen, request.user, form),
        )

    def _student(self, request: HttpRequest, pk: int) -> Student:
        """Return a student whom the list shows to this user and who is not erased."""
        rows = self.get_queryset(request).filter(erased_at=None)
        student: Student | None = rows.select_related("fest", "school").filter(pk=pk).first()
        if student is None:
            raise Http404
        return student


def _erase(chosen: Sequence[Student], user: Any, form: ErasureForm) -> list[tuple[str, int]]:
    ids = [student.pk for student in chosen]
    erase(ids, user=user, reason=form.cleaned_data["reason"], deadline=Deadline())
    text = ngettext("%(count)d student was erased.", "%(count)d students were erased.", len(chosen))
    return [(text % {"count": len(chosen)}, messages.SUCCESS)]


def _confirmation(chosen: Sequence[Student]) -> Confirmation:
    count = len(chosen)
    deleted = ngettext(
        "The name, e-mail address, section, roll number, consents, mails and tickets of %(count)d student are"
        " deleted from the database and from all files. This cannot be undone.",
        "The names, e-mail addresses, sections, roll numbers, consents, mails and tickets of %(count)d students"
        " are deleted from the database and from all files. This cannot be undone.",
        count,
    )
    return Confirmation(
        title=ngettext("Erase this student?", "Erase these students?", count),
        submit_label=ngettext("Erase %(count)d student for good", "Erase %(count)d students for good", count)
        % {"count": count},
        chosen=chosen,
        summary=[deleted % {"count": count}, *_registration_summary(chosen), *_FILES],
        rows=[_line(student) for student in chosen],
        changes=_before_and_after(chosen),
        is_danger=True,
    )


def _before_and_after(chosen: Sequence[Student]) -> list[tuple[str, str, str]]:
    ahead = Registration.objects.active().filter(student__in=chosen, event__starts_at__gt=database_now())
    kept = Consent.objects.filter(student__in=chosen).count()
    return [
        (_("Students with a name"), str(len(chosen)), "0"),
        (_("Registrations for events still ahead"), str(ahead.count()), "0"),
        (_("Consents on record"), str(kept), "0"),
    ]


_FILES = (
    gettext_lazy(
        "Printed tickets and lists of their schools and events are deleted too; they can be made again"
        " without them."
    ),
    gettext_lazy("Printed paper and delivered mails cannot be erased."),
)


def _registration_summary(chosen: Sequence[Student]) -> Iterator[str]:
    rows = Registration.objects.active().filter(student__in=chosen, event__starts_at__gt=database_now())
    if cancelled := rows.count():
        yield ngettext(
            "%(count)d registration for an event still ahead is cancelled, and its seat goes to the waiting"
            " list at once. The erased student gets no mail.",
            "%(count)d registrations for events still ahead are cancelled, and their seats go to the waiting"
            " lists at once. The erased students get no mail.",
            cancelled,
        ) % {"count": cancelled}
    if kept := Registration.objects.filter(student__in=chosen).count():
        yield ngettext(
            "%(count)d registration stays as a number, with school and grade, so that all counts stay right.",
            "%(count)d registrations stay as numbers, with school and grade, so that all counts stay right.",
            kept,
        ) % {"count": kept}


def _line(student: Student) -> str:
    return format_html(
        '<bdi translate="no">{}</bdi> ({}), {}, <bdi translate="no">{}</bdi>',
        student.name,
        grouped(student.reference),
        _("grade %(grade)s") % {"grade": student.grade},
        student.school,
    )
