"""Data of minors in the admin: one person's everything handed out, and people erased with a second question."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registrations.booking.errors import RegistrationError
from registrations.locking import Deadline
from registrations.models import Registration, Student
from registrations.privacy.erase import erase
from registrations.privacy.export import build_export, export_tables, file_name, template_tables
from registrations.students import consents
from registrations.students.names import grouped, label_key
from techfest.core.db.clock import database_now
from techfest.core.text_limits import LimitedText

if TYPE_CHECKING:
    from events.admin_base import RecordAdmin as _Base
else:
    _Base = object

MAX_AT_ONCE = 50
"""Students that one press erases: one transaction, whose locks hold others up."""


class ErasureForm(LimitedText, forms.Form):
    """The reason, and something typed by hand that no slip of the mouse types: whose erasure it is."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("It stays in the list of erasures, so name nobody in it."),
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
        if label_key(typed) != label_key(self.guard):
            raise forms.ValidationError(_("This is not it. Nobody was erased."))
        return typed


class ConsentFilter(admin.SimpleListFilter):
    """Who has an active registration, and nobody's consent on record."""

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
    """What a ModelAdmin of students needs for it: two pages of one student, and an action for several."""

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
        """GET shows what is kept, POST takes it away as a ZIP; both only of a student whom one may change."""
        student = self._student(request, pk)
        if not self.has_change_permission(request, student):
            raise PermissionDenied
        if request.method == "POST":
            answer = HttpResponse(build_export(student, user=request.user), content_type="application/zip")
            answer["Content-Disposition"] = f'attachment; filename="{file_name(student)}"'
            return answer
        context = self._context(request, _("What is kept of this student"), student)
        context["tables"] = template_tables(export_tables(student))
        return TemplateResponse(request, "admin/registrations/student/data.html", context)

    def erase_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        student = self._student(request, pk)
        if not self.has_erase_permission(request):
            raise PermissionDenied
        label = _("Type the reference %(reference)s") % {"reference": grouped(student.reference)}
        form = ErasureForm(request.POST or None, guard=student.reference, label=label)
        if form.is_valid() and self._erase(request, [student], form):
            return HttpResponseRedirect(reverse("admin:registrations_student_changelist"))
        return self._confirmation(request, [student], form, student=student)

    @admin.action(description=gettext_lazy("Erase the chosen students"), permissions=["erase"])
    def erase_students(self, request: HttpRequest, queryset: QuerySet[Student]) -> HttpResponseBase | None:
        """Shows who would be erased and what goes with them; the number of them is typed before it happens."""
        chosen = list(queryset.filter(erased_at=None).select_related("fest", "school").order_by("pk"))
        if refusal := _refusal(len(chosen)):
            self.message_user(request, refusal, messages.WARNING)
            return None
        label = _("Type how many students will be erased")
        data = request.POST if request.POST.get("confirmed") == "yes" else None
        form = ErasureForm(data, guard=str(len(chosen)), label=label)
        if form.is_valid() and self._erase(request, chosen, form):
            return None
        return self._confirmation(request, chosen, form)

    def _student(self, request: HttpRequest, pk: int) -> Student:
        """Looked up as the list does, so that nobody reaches whom they may not see."""
        rows = self.get_queryset(request).filter(erased_at=None)
        student: Student | None = rows.select_related("fest", "school").filter(pk=pk).first()
        if student is None:
            raise Http404
        return student

    def _erase(self, request: HttpRequest, chosen: list[Student], form: ErasureForm) -> bool:
        reason, ids = form.cleaned_data["reason"], [student.pk for student in chosen]
        try:
            erase(ids, user=request.user, reason=reason, deadline=Deadline())
        except RegistrationError as error:
            self.message_user(request, str(error.text), messages.ERROR)
            return False
        words = ngettext("%(count)d student is erased.", "%(count)d students are erased.", len(chosen))
        self.message_user(request, words % {"count": len(chosen)}, messages.SUCCESS)
        return True

    def _confirmation(
        self,
        request: HttpRequest,
        chosen: list[Student],
        form: ErasureForm,
        *,
        student: Student | None = None,
    ) -> HttpResponseBase:
        title = ngettext("Erase this student?", "Erase these students?", len(chosen))
        context = self._context(request, title, student)
        active = Registration.objects.active().filter(student__in=chosen)
        context |= {
            "chosen": chosen,
            "form": form,
            "action": "erase_students",
            "submit_label": ngettext("Erase this student", "Erase these students", len(chosen)),
            "is_danger": True,
            "back_url": reverse("admin:registrations_student_data", args=[student.pk]) if student else "",
            "cancelled": active.filter(event__starts_at__gt=database_now()).count(),
            "kept": Registration.objects.filter(student__in=chosen).count(),
        }
        return TemplateResponse(request, "admin/registrations/student/erase.html", context)

    def _context(self, request: HttpRequest, title: str, student: Student | None) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "media": self.media,
            "student": student,
            "may_erase": self.has_erase_permission(request),
        }


def _refusal(count: int) -> str:
    if count > MAX_AT_ONCE:
        return _("Choose at most %(maximum)d students at once.") % {"maximum": MAX_AT_ONCE}
    return "" if count else _("All of these are erased already.")
