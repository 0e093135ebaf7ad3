"""The teacher's pages from Confirm to the result, and the file of what is left."""

import uuid
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from registrations.booking.errors import ActionRejected
from registrations.class_lists import confirm as confirm_module
from registrations.class_lists import jobs
from registrations.class_lists.absent import ClassListNotFound, explain_missing_list
from registrations.class_lists.confirm_form import ConfirmForm
from registrations.class_lists.downloads import table_answer
from registrations.class_lists.report import problem_table, result_of
from registrations.models import ClassList, ClassListJob, Teacher
from registrations.teachers.access import teacher_required


@require_http_methods(["GET", "HEAD", "POST"])
@teacher_required
@explain_missing_list
def confirm(request: HttpRequest, teacher: Teacher, pk: int) -> HttpResponseBase:
    """What would happen and what has to be decided; a press makes the job, once per key."""
    class_list = _list_of(teacher, pk)
    form = ConfirmForm(request.POST if request.method == "POST" else None, fest=class_list.fest)
    if form.is_valid():
        try:
            job = confirm_module.confirm(class_list, user=teacher.user, **form.choices)
        except ActionRejected as refusal:
            form.add_error(None, refusal.text)
        else:
            return redirect("class_lists:job", link_id=job.link_id)
    found = confirm_module.readiness(class_list)
    return render(
        request, "class_lists/confirm.html", {"class_list": class_list, "form": form, "found": found}
    )


@require_safe
@teacher_required
def job(request: HttpRequest, teacher: Teacher, link_id: uuid.UUID) -> HttpResponseBase:
    """How far the worker is; once it is through, what became of each row."""
    asked = ClassListJob.objects.select_related("class_list__fest", "class_list__school")
    found = get_object_or_404(
        asked, link_id=link_id, class_list__school=teacher.school, class_list__fest__is_current=True
    )
    context: dict[str, Any] = {"job": found, "class_list": found.class_list}
    if found.finished_at:
        context |= {"result": result_of(found), "left": len(problem_table(found.class_list)[1])}
        return render(request, "class_lists/result.html", context)
    return render(request, "class_lists/progress.html", context | {"progress": jobs.progress_of(found)})


@require_safe
@teacher_required
@explain_missing_list
def left(_request: HttpRequest, teacher: Teacher, pk: int, kind: str) -> HttpResponseBase:
    """The rows that are left, with what is wrong about each, to be corrected and sent again."""
    class_list = _list_of(teacher, pk)
    return table_answer(*problem_table(class_list), kind=kind, name="what-is-left")


def _list_of(teacher: Teacher, pk: int) -> ClassList:
    """Another school's list is as unknown as a made-up number."""
    lists = ClassList.objects.select_related("fest", "school", "owner")
    found = lists.filter(pk=pk, school=teacher.school, fest__is_current=True).first()
    if found is None:
        raise ClassListNotFound
    return found
