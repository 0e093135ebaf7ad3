"""Students in the admin: searched, read and corrected."""

from copy import deepcopy
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from events.admin_base import RecordAdmin, RecordInline
from registrations.admin import exports
from registrations.admin.history import RankedInline, change_lines
from registrations.admin.privacy import ConsentFilter, PersonalDataPages
from registrations.admin.questions import readable
from registrations.admin.student_actions import NamesakesFilter, StudentActions
from registrations.admin.sums import registrations_of
from registrations.models import Answer, Change, Consent, MergedReference, Student
from registrations.questions.fields import shown
from registrations.students.corrections import correct
from registrations.students.fields import STUDENT_FIELDS, StudentFields
from registrations.students.names import grouped
from techfest.core.admin.concurrent_edits import MergingForm
from techfest.core.audit_log import Line
from techfest.core.db.locking import Deadline
from techfest.core.errors import UserFacingError


class StudentForm(MergingForm):
    """The details of a student, validated as on the public form and written by `correct`.

    Only the database can tell whether a correction is allowed, so validation ends with writing it.
    """

    user: Any = None

    def _post_clean(self) -> None:
        """Write the correction after all other checks, including those of the model."""
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, as its forms of users use it
        if self.errors or not self.changed_data:
            return
        values = {name: self.cleaned_data[name] for name in STUDENT_FIELDS}
        actor, deadline = Change.Actor.ORGANISER, Deadline()
        try:
            correct(self.instance.pk, values=values, actor=actor, user=self.user, deadline=deadline)
        except UserFacingError as error:
            self.add_error(None, str(error.text))


class RegistrationsInline(RankedInline):
    fields = ("event", "state_and_rank", "created_at")
    ordering = ("created_at", "pk")


class ConsentsInline(RecordInline):
    model = Consent
    fields = ("wording", "basis", "user", "at")
    readonly_fields = fields
    ordering = ("at", "pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields

    @admin.display(description=gettext_lazy("what was agreed to"))
    def wording(self, obj: Consent) -> str:
        """Return the version and the text that was agreed to."""
        return f"{obj.text}: {obj.text.text}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consent]:
        return super().get_queryset(request).select_related("text__fest", "user", "student")


class AnswersInline(RecordInline):
    model = Answer
    fields = ("question", "answer", "answered_at")
    readonly_fields = fields
    ordering = ("question__position", "question")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields

    @admin.display(description=gettext_lazy("answer"))
    def answer(self, obj: Answer) -> str:
        return shown(obj.question, obj.value)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Answer]:
        return readable(request, super().get_queryset(request).select_related("question", "student"))


@admin.register(Student)
class StudentAdmin(StudentActions, PersonalDataPages, RecordAdmin):
    """Students are created by registering and removed by erasure only."""

    event_lookup = "registrations__event"
    form = StudentForm
    export_columns = exports.STUDENTS
    list_display = (
        "person",
        "grade_and_section",
        "roll_number",
        "school",
        "email",
        *registrations_of("student", with_attendance=False),
        "created_at",
    )
    next_step = gettext_lazy("They appear here with their first registration.")
    list_select_related = ("school",)
    list_filter = (
        "school",
        "grade",
        NamesakesFilter,
        ConsentFilter,
        ("erased_at", admin.EmptyFieldListFilter),
        "fest",
    )
    search_fields = ("name", "email", "reference", "merged_references__reference", "school__name")
    ordering = ("-created_at", "-pk")
    fields = (*STUDENT_FIELDS, "school", "fest", "shown_language", "shown_reference", "created_at")
    readonly_fields = ("school", "fest", "shown_language", "shown_reference", "created_at")
    inlines = (RegistrationsInline, AnswersInline, ConsentsInline)
    actions = ("cancel_everything", "merge_students", "correct_school", "erase_students")

    @admin.display(description=gettext_lazy("name"), ordering="name")
    def person(self, obj: Student) -> SafeString:
        return format_html('{} <span class="quiet">{}</span>', obj, grouped(obj.reference))

    @admin.display(description=gettext_lazy("grade"), ordering="grade")
    def grade_and_section(self, obj: Student) -> str:
        return obj.school_class

    @admin.display(description=gettext_lazy("language"))
    def shown_language(self, obj: Student) -> str:
        return dict(settings.LANGUAGES).get(obj.language, obj.language)

    @admin.display(description=gettext_lazy("reference"), ordering="reference")
    def shown_reference(self, obj: Student) -> str:
        return grouped(obj.reference)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Erased students cannot be corrected."""
        is_erased = obj is not None and obj.erased_at is not None
        is_open = self.is_open_to(request) and not is_erased
        return is_open and request.user.has_perm("registrations.change_student")

    def lines_of(self, request: HttpRequest, obj: Student) -> list[Line]:
        """Return the audit log of the student, with the changes of the registrations that the user may see."""
        changes = change_lines(request, self.admin_site, about="event", registration__student=obj)
        return [*super().lines_of(request, obj), *changes]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Return the field of the public form, under the label of the model; the grade is a number here."""
        if db_field.name not in STUDENT_FIELDS or db_field.name == "grade":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        field = deepcopy(StudentFields.base_fields[db_field.name])
        field.label, field.help_text = capfirst(db_field.verbose_name), ""
        return field

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: type[forms.ModelForm[Any]] = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"user": request.user})

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Skip Django's transaction: a correction has its own and may repeat it."""
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]  # Django's own view, but for the transaction

    def save_model(self, request: HttpRequest, obj: Student, form: Any, change: bool) -> None:
        """Do nothing: the form has written the correction."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Log nothing: the changes of the registrations record the correction."""


@admin.register(MergedReference)
class MergedReferenceAdmin(RecordAdmin):
    list_display = ("reference", "student", "at")
    list_select_related = ("student",)
    next_step = gettext_lazy(
        "Two rows of one student that are merged leave the reference that no longer counts here."
    )
    search_fields = ("reference", "student__reference", "student__name")
    fields = ("reference", "student", "at")
    ordering = ("-at",)
