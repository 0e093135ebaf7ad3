"""A teacher's pages of a confirmed class list: its progress, its result, and undoing it."""

import uuid

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from registrations.booking.errors import ActionRejected
from registrations.class_lists.report import problem_table, progress_of, result_of
from registrations.class_lists.result_rows import context_of
from registrations.class_lists.undo import offer
from registrations.class_lists.undo import undo as undo_list
from registrations.models import ClassListJob, Teacher
from registrations.teachers.access import teacher_required
from techfest.core.db.locking import Deadline


@require_safe
@teacher_required
def job(request: HttpRequest, teacher: Teacher, link_id: uuid.UUID) -> HttpResponseBase:
    """The progress of a job or, once it is finished, the result of each row."""
    found = _job_of_school(teacher, link_id)
    if not found.finished_at:
        context = {"job": found, "class_list": found.class_list, "progress": progress_of(found)}
        return render(request, "class_lists/progress.html", context)
    context = context_of(result_of(found), show=request.GET.get("show", ""))
    context |= {"left": len(problem_table(found.class_list)[1]), "undo": offer(found)}
    return render(request, "class_lists/result.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@teacher_required
def undo(request: HttpRequest, teacher: Teacher, link_id: uuid.UUID) -> HttpResponseBase:
    """Asks, then cancels everything that the job registered and that no person has changed since."""
    found = _job_of_school(teacher, link_id)
    if request.method == "POST":
        try:
            undo_list(found, user=teacher.user, deadline=Deadline())
        except ActionRejected as refusal:
            messages.error(request, refusal.text)
        else:
            messages.success(request, _("The list is undone."))
        return redirect("class_lists:job", link_id=link_id)
    offered = offer(found)
    if offered is None:
        return redirect("class_lists:job", link_id=link_id)
    context = {"job": found, "class_list": found.class_list, "undo": offered}
    return render(request, "class_lists/undo.html", context)


def _job_of_school(teacher: Teacher, link_id: uuid.UUID) -> ClassListJob:
    jobs = ClassListJob.objects.select_related(
        "class_list__fest", "class_list__school", "class_list__owner", "requested_by", "undone_by"
    )
    return get_object_or_404(
        jobs, link_id=link_id, class_list__school=teacher.school, class_list__fest__is_current=True
    )
