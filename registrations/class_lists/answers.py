"""The teacher's answers to what a draft asks above its table."""

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from registrations.booking.errors import ActionRejected
from registrations.class_lists import questions
from registrations.class_lists.responses import explain_missing_list
from registrations.class_lists.views import list_of_school
from registrations.models import ClassList, Teacher
from registrations.teachers.access import teacher_required


@require_POST
@teacher_required
@explain_missing_list
def answer(request: HttpRequest, teacher: Teacher, pk: int) -> HttpResponseBase:
    """Takes the answer to one question; an unknown question changes nothing."""
    class_list = list_of_school(teacher, pk)
    take = _ANSWERS.get(request.POST.get("question", ""))
    try:
        if take:
            take(class_list, request.POST)
    except ActionRejected as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(request, _("The list is read as you chose."))
    return redirect("class_lists:preview", class_list.pk)


def _sheets(class_list: ClassList, sent: QueryDict) -> None:
    questions.choose_sheets(class_list, sent.getlist("sheet"))


def _titles(class_list: ClassList, sent: QueryDict) -> None:
    text = sent.get("row", "")
    questions.choose_title_row(class_list, int(text) if text.isdecimal() and len(text) < 8 else 0)


def _grade(class_list: ClassList, sent: QueryDict) -> None:
    questions.set_grade(class_list, sent.get("grade", ""), sent.get("section", ""))


def _address(class_list: ClassList, sent: QueryDict) -> None:
    questions.choose_address_column(class_list, sent.get("column", ""))


_ANSWERS: Mapping[str, Callable[[ClassList, QueryDict], None]] = {
    "sheets": _sheets,
    "titles": _titles,
    "grade": _grade,
    "address": _address,
}
