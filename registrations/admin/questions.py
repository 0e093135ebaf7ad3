"""Questions and answers in the admin: their forms and lists."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import BaseAdmin, RecordAdmin
from events.fest_choice import choice_of
from events.models import Event, Fest
from registrations.admin import exports, question_pages
from registrations.fields import TextField
from registrations.models import Answer, Question, Student
from registrations.models.questions import MAX_OPTION, MAX_OPTIONS
from registrations.questions.fields import shown
from techfest.core.admin.concurrent_edits import MergingForm
from techfest.core.admin.export import Column
from techfest.core.admin.pages import visible_or_404
from techfest.core.roles import sees_all

Kind = Question.Kind


class OptionsField(SimpleArrayField):
    """The options of a question, one a line. Blank lines and repeated options are left out."""

    def clean(self, value: Any) -> list[str]:
        return [option for option in dict.fromkeys(super().clean(value)) if option]


class QuestionForm(MergingForm):
    """Once there are answers, neither kind nor event changes, and no option is removed that was chosen."""

    options = OptionsField(
        TextField(
            required=False,
            max_characters=MAX_OPTION,
            too_long=gettext_lazy("An option must be 80 characters or less"),
        ),
        label=gettext_lazy("Options"),
        required=False,
        delimiter="\n",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("One a line; only for “one of a list” and “several of a list”."),
    )

    def clean_options(self) -> list[str]:
        options: list[str] = self.cleaned_data["options"]
        if len(options) > MAX_OPTIONS:
            raise ValidationError(_("Enter at most %(maximum)d options"), params={"maximum": MAX_OPTIONS})
        return options

    def clean(self) -> Any:
        cleaned = super().clean()
        if cleaned.get("kind") not in (Kind.ONE, Kind.SEVERAL):
            cleaned["options"] = []
        elif "options" in cleaned and len(cleaned["options"]) < 2:
            self.add_error("options", _("Enter at least two options, one a line."))
        fest = cleaned.get("fest") or self._stored_fest
        self._check_fest(cleaned, fest)
        if self.instance.pk is not None and self.instance.answers.exists():
            self._keep_answers_true(cleaned)
        return cleaned

    @property
    def _stored_fest(self) -> Fest | None:
        return self.instance.fest if self.instance.fest_id else None

    def _check_fest(self, cleaned: dict[str, Any], fest: Fest | None) -> None:
        event, days = cleaned.get("event"), cleaned.get("erased_after_days")
        if fest and event and event.fest_id != fest.pk:
            self.add_error("event", _("Choose an event of this fest."))
        if fest and days is not None and days > fest.retention_days:
            words = _("Enter at most %(days)d: everything about the fest's students is erased then.")
            self.add_error("erased_after_days", words % {"days": fest.retention_days})

    def _keep_answers_true(self, cleaned: dict[str, Any]) -> None:
        words = _("There are answers already. Switch this question off and add a new one instead.")
        for name in ("kind", "event"):
            if name in cleaned and cleaned[name] != getattr(self._stored_question, name):
                self.add_error(name, words)
        removed = set(self._stored_question.options) - set(cleaned.get("options") or ())
        values = self.instance.answers.values_list("value", flat=True)
        chosen = {option for value in values for option in value.split("\n")} if removed else set()
        if kept := removed & chosen:
            text = _("Keep the option “%(option)s”: it was chosen.")
            self.add_error("options", text % {"option": min(kept)})

    @property
    def _stored_question(self) -> Question:
        """As it is in the database; `instance` gets the posted values."""
        return Question.objects.select_related("event").get(pk=self.instance.pk)


@admin.register(Question)
class QuestionAdmin(BaseAdmin):
    """An answered question is switched off, never deleted."""

    form = QuestionForm
    list_display = ("text", "event", "kind", "is_required", "is_asked", "answered", "erased_after_days")
    list_select_related = ("event",)
    list_filter = ("is_asked", "event", "kind", "fest")
    search_fields = ("text", "purpose")
    next_step = gettext_lazy(
        "Ask one on the page of the fest or of an event: four are ready to be switched on."
    )
    fieldsets = (
        (None, {"fields": ("fest", "event", "text", "help_text", "kind", "options", "is_required")}),
        (gettext_lazy("Privacy"), {"fields": ("purpose", "leads_read", "at_door", "erased_after_days")}),
        (gettext_lazy("On the form"), {"fields": ("position", "is_asked")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(n_answers=Count("answers"))
        return rows

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("fest",) if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        fest = choice_of(request).main
        return ({"fest": fest.pk} if fest else {}) | super().get_changeform_initial_data(request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("of-fest/<int:fest_id>/", view(self.fest_view), name="registrations_question_of_fest"),
            path("of-event/<int:event_id>/", view(self.event_view), name="registrations_question_of_event"),
            path(
                "of-student/<int:student_id>/",
                view(self.student_view),
                name="registrations_question_of_student",
            ),
            *super().get_urls(),
        ]

    def refusal_to_delete(self, obj: Question) -> str:
        count = obj.answers.count()
        words = ngettext(
            "This question has %(count)d answer and cannot be deleted. Switch it off instead.",
            "This question has %(count)d answers and cannot be deleted. Switch it off instead.",
            count,
        )
        return words % {"count": count} if count else ""

    @admin.display(description=gettext_lazy("answers"), ordering="n_answers")
    def answered(self, obj: Any) -> int:
        return int(obj.n_answers)

    def fest_view(self, request: HttpRequest, fest_id: int) -> HttpResponseBase:
        fest: Fest = visible_or_404(request, Fest, fest_id, permission=question_pages.PERMISSION)
        return question_pages.questions_page(request, self, fest)

    def event_view(self, request: HttpRequest, event_id: int) -> HttpResponseBase:
        event: Event = visible_or_404(request, Event, event_id, permission=question_pages.PERMISSION)
        return question_pages.questions_page(request, self, event.fest, event)

    def student_view(self, request: HttpRequest, student_id: int) -> HttpResponseBase:
        student: Student = visible_or_404(request, Student, student_id, permission=question_pages.PERMISSION)
        return question_pages.answers_page(request, self, student)


def readable(request: HttpRequest, rows: QuerySet[Answer]) -> QuerySet[Answer]:
    """Those of the answers that the user may read: event leads only where the question says so."""
    return rows if sees_all(request.user, Answer) else rows.filter(question__leads_read=True)


@admin.register(Answer)
class AnswerAdmin(RecordAdmin):
    """Answers are changed by the student, on My registrations."""

    event_lookup = "question__event"
    export_columns = (
        *exports.of_student("student__"),
        Column(gettext_lazy("Question"), "question__text"),
        Column(gettext_lazy("Event"), "question__event__name"),
        Column(gettext_lazy("Answer"), "value"),
        Column(gettext_lazy("Answered at"), "answered_at"),
    )
    list_display = ("student", "question", "event", "answer", "answered_at")
    list_select_related = ("student", "question__event")
    list_filter = ("question", "question__event", "student__school", "question__fest")
    search_fields = ("student__name", "student__reference", "question__text")
    next_step = gettext_lazy(
        "They appear here once students have answered the questions of the fest or an event."
    )
    fields = ("student", "question", "event", "answer", "answered_at")
    readonly_fields = ("event", "answer")
    ordering = ("-answered_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Answer]:
        return readable(request, super().get_queryset(request).select_related("student", "question__event"))

    @admin.display(description=gettext_lazy("event"), ordering="question__event__name")
    def event(self, obj: Answer) -> str:
        return obj.question.event.name if obj.question.event else _("the whole fest")

    @admin.display(description=gettext_lazy("answer"))
    def answer(self, obj: Answer) -> str:
        return shown(obj.question, obj.value)
