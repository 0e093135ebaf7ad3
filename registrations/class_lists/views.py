"""A teacher's pages of a class list, from the upload to Confirm."""

import logging

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events.models import Fest
from registrations.booking.errors import ActionRejected
from registrations.class_lists import columns as cols
from registrations.class_lists import confirm as confirm_module
from registrations.class_lists.drafts import discard as discard_draft
from registrations.class_lists.drafts import open_drafts, save_draft
from registrations.class_lists.forms import ConfirmForm, UploadForm
from registrations.class_lists.inline_edit import EditResult, save_edits
from registrations.class_lists.parse import events_offered, questions_offered, read_draft
from registrations.class_lists.preview import PreviewRequest, context_of
from registrations.class_lists.readings import choose_decoding
from registrations.class_lists.report import jobs_of, problem_table
from registrations.class_lists.responses import (
    ClassListNotFound,
    explain_missing_list,
    explain_too_large,
    table_answer,
    template_answer,
)
from registrations.models import ClassList, Teacher
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.untitled import is_untitled
from registrations.teachers.access import teacher_required

logger = logging.getLogger(__name__)


@teacher_required
def _upload_too_large(request: HttpRequest, teacher: Teacher) -> HttpResponseBase:
    messages.error(request, _("The pasted rows are too long. Upload them as a file instead."))
    return redirect("class_lists:lists")


@explain_too_large(_upload_too_large)
@require_http_methods(["GET", "HEAD", "POST"])
@teacher_required
def lists(request: HttpRequest, teacher: Teacher) -> HttpResponseBase:
    """The school's drafts and finished lists, and the form to upload a new one."""
    fest = get_object_or_404(Fest, is_current=True)
    events = events_offered(fest)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent, fest=fest, events=events)
    if sent and form.is_valid():
        try:
            class_list, is_new = save_draft(form.read(), teacher=teacher, fest=fest)
        except FileRefused as refusal:
            field = "pasted" if form.cleaned_data.get("upload") is None else "upload"
            form.add_error(field, str(refusal.text))
        else:
            _report_upload(request, is_new=is_new, is_untitled=is_untitled(form.parsed.header))
            return redirect("class_lists:preview", class_list.pk)
    context = {
        "form": form,
        "drafts": open_drafts(teacher),
        "jobs": jobs_of(teacher),
        "has_events": bool(events),
    }
    return render(request, "class_lists/lists.html", context)


@require_safe
@teacher_required
def template(request: HttpRequest, teacher: Teacher, kind: str) -> HttpResponseBase:
    """An empty class list to fill in."""
    return template_answer(get_object_or_404(Fest, is_current=True), kind)


@require_safe
@teacher_required
@explain_missing_list
def preview(request: HttpRequest, teacher: Teacher, pk: int) -> HttpResponseBase:
    """What was read of the list, what is wrong with it, and what confirming it would come to."""
    draft = read_draft(list_of_school(teacher, pk))
    if draft.is_done and (job := draft.class_list.jobs.order_by("pk").last()):
        # All rows are registered: show the result.
        return redirect("class_lists:job", link_id=job.link_id)
    shown = PreviewRequest(
        show=request.GET.get("show", ""),
        row=_number(request.GET.get("row", "")),
        page=request.GET.get("page", ""),
    )
    return render(request, "class_lists/preview.html", context_of(draft, shown))


def _edit_too_large(request: HttpRequest, pk: int) -> HttpResponseBase:
    messages.error(request, _("The text is too long. Nothing was saved."))
    return redirect("class_lists:preview", pk)


@explain_too_large(_edit_too_large)
@require_POST
@teacher_required
@explain_missing_list
def edit(request: HttpRequest, teacher: Teacher, pk: int) -> HttpResponseBase:
    """Saves everything typed or chosen on the preview page, whichever button was pressed."""
    class_list = list_of_school(teacher, pk)
    _report_edits(request, save_edits(class_list, request.POST))
    query = {"show": request.POST.get("show", ""), "page": str(_number(request.POST.get("page", "")) or "")}
    kept = "&".join(f"{name}={value}" for name, value in query.items() if value.replace("-", "").isalnum())
    response = redirect("class_lists:preview", class_list.pk)
    response["Location"] += f"?{kept}#students" if kept else "#students"
    return response


@require_POST
@teacher_required
@explain_missing_list
def columns(request: HttpRequest, teacher: Teacher, pk: int) -> HttpResponseBase:
    """Reads the columns as chosen."""
    class_list = list_of_school(teacher, pk)
    try:
        cols.change_columns(
            class_list,
            request.POST,
            events=events_offered(class_list.fest),
            questions=questions_offered(class_list.fest),
        )
    except ActionRejected as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(request, _("The columns are read as you chose."))
    return redirect("class_lists:preview", class_list.pk)


@require_POST
@teacher_required
@explain_missing_list
def confirm_encoding(request: HttpRequest, teacher: Teacher, pk: int) -> HttpResponseBase:
    """Reads the list in the encoding whose names the teacher chose."""
    class_list = list_of_school(teacher, pk)
    try:
        choose_decoding(class_list, request.POST.get("encoding", ""), events=events_offered(class_list.fest))
    except ActionRejected as refusal:
        messages.error(request, refusal.text)
    return redirect("class_lists:preview", pk)


@require_safe
@teacher_required
@explain_missing_list
def problems(request: HttpRequest, teacher: Teacher, pk: int, kind: str) -> HttpResponseBase:
    """The rows that need fixing, as a file."""
    table = problem_table(list_of_school(teacher, pk), includes_refused=False)
    return table_answer(*table, kind=kind, name="problems")


@require_http_methods(["GET", "HEAD", "POST"])
@teacher_required
@explain_missing_list
def discard(request: HttpRequest, teacher: Teacher, pk: int) -> HttpResponseBase:
    """Asks, then deletes the unregistered rows of the list."""
    class_list = list_of_school(teacher, pk)
    if request.method != "POST":
        rows = class_list.rows.filter(done_at=None).count()
        return render(request, "class_lists/discard.html", {"class_list": class_list, "rows": rows})
    try:
        discard_draft(class_list)
    except ActionRejected as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(request, _("The draft “%(title)s” is deleted.") % {"title": class_list.title})
    return redirect("class_lists:lists")


@require_http_methods(["GET", "HEAD", "POST"])
@teacher_required
@explain_missing_list
def confirm(request: HttpRequest, teacher: Teacher, pk: int) -> HttpResponseBase:
    """Shows what would be registered and asks how; a POST creates the job, once per idempotency key."""
    class_list = list_of_school(teacher, pk)
    form = ConfirmForm(request.POST if request.method == "POST" else None, fest=class_list.fest)
    if form.is_valid():
        try:
            job = confirm_module.confirm(class_list, user=teacher.user, **form.choices)
        except ActionRejected as refusal:
            form.add_error(None, refusal.text)
        else:
            return redirect("class_lists:job", link_id=job.link_id)
    context = {
        "class_list": class_list,
        "form": form,
        "readiness": confirm_module.readiness(class_list),
    }
    return render(request, "class_lists/confirm.html", context)


@require_safe
@teacher_required
@explain_missing_list
def left(_request: HttpRequest, teacher: Teacher, pk: int, kind: str) -> HttpResponseBase:
    """The rows that still need work, as a file to correct and upload again."""
    return table_answer(*problem_table(list_of_school(teacher, pk)), kind=kind, name="what-is-left")


def list_of_school(teacher: Teacher, pk: int) -> ClassList:
    """Return a list of the teacher's school in the current fest. Raises `ClassListNotFound`."""
    lists = ClassList.objects.select_related("fest", "school", "owner")
    found = lists.filter(pk=pk, school=teacher.school_id, fest__is_current=True).first()
    if found is None:
        logger.warning("teacher %s requested class list %s, which their school does not have", teacher.pk, pk)
        raise ClassListNotFound
    return found


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 else 0


def _report_upload(request: HttpRequest, *, is_new: bool, is_untitled: bool) -> None:
    if not is_new:
        messages.info(request, _("This list was uploaded before and is not finished. Here is the draft."))
    elif is_untitled:
        words = _("The list has no row of titles, so its columns were recognised by their contents.")
        messages.warning(request, words + " " + _("Check “How we read the columns” below."))


def _report_edits(request: HttpRequest, result: EditResult) -> None:
    """Show one message for each kind of change and for each cell that was not saved."""
    changed, left_out, put_back = result.changed, result.left_out, result.put_back
    done = [
        (changed, ngettext("%(count)d row corrected.", "%(count)d rows corrected.", changed)),
        (left_out, ngettext("%(count)d student left out.", "%(count)d students left out.", left_out)),
        (put_back, ngettext("%(count)d student put back.", "%(count)d students put back.", put_back)),
    ]
    for count, text in done:
        if count:
            messages.success(request, text % {"count": count})
    for text in result.refused[:10]:
        messages.warning(request, text)
    if not (changed or left_out or put_back or result.refused):
        messages.info(request, _("Nothing was changed."))
