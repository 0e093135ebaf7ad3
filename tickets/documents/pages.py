"""Who sees which document, the page with its progress, and its download; the same for teachers and organisers."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from events.models import Event
from registrations.models import Teacher
from techfest.core.roles import is_owner
from tickets.documents import jobs
from tickets.models import DocumentJob
from tickets.querysets import DocumentJobQuerySet


def visible_to_teacher(teacher: Teacher) -> DocumentJobQuerySet:
    """Documents about a school are visible to its teachers."""
    return DocumentJob.objects.filter(kind__in=DocumentJob.OF_SCHOOL, school=teacher.school)


def visible_to_organiser(user: Any, events: QuerySet[Event]) -> DocumentJobQuerySet:
    """Documents about an event are visible to those who see the event in the admin, documents about a school to owners.

    A document about many events is visible to owners, and to the user who ordered it while all of its events are.
    `events` are those that the user sees.
    """
    is_visible = ~Q(kind__in=DocumentJob.OF_SCHOOL) & Q(event__in=events)
    if is_owner(user):
        is_visible |= Q(kind__in=DocumentJob.OF_SCHOOL) | Q(event=None, school=None)
    else:
        is_visible |= Q(pk__in=_of_many_visible_events(user, events))
    return DocumentJob.objects.filter(is_visible)


def _of_many_visible_events(user: Any, events: QuerySet[Event]) -> list[int]:
    seen = set(events.order_by().values_list("pk", flat=True))
    ordered = DocumentJob.objects.filter(event=None, school=None, requested_by=user)
    return [pk for pk, options in ordered.values_list("pk", "options") if seen.issuperset(options["events"])]


def find(visible: DocumentJobQuerySet, code: str) -> DocumentJob:
    """Returns the document with this code; 404 if the user may not see it. The code alone opens nothing."""
    found = visible.select_related("fest", "event", "school").filter(code=code).first()
    if found is None:
        raise Http404
    return found


def progress(job: DocumentJob, render: Callable[[dict[str, Any]], HttpResponseBase]) -> HttpResponseBase:
    """Renders the progress, then the link to the file. A script of the page follows it; without one there is a link."""
    return render({"document": job})


def download(job: DocumentJob, *, progress_url: str) -> HttpResponseBase:
    """Sends the file; without one, redirects to the page that says why."""
    try:
        file = jobs.document_path(job).open("rb")
    except FileNotFoundError:
        return redirect(progress_url)
    return FileResponse(file, filename=jobs.file_name(job), as_attachment=True)
