"""The page behind the link that confirms an e-mail address."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from registrations import links
from registrations.access import secret
from registrations.booking import confirmation_deadline
from registrations.links import DeadLink
from techfest.core.db.locking import Deadline


@secret
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what will be confirmed, since mail scanners open links; POST confirms."""
    try:
        student = links.student_to_confirm(token)
    except DeadLink:
        raise Http404 from None
    context = {"student": student, "my_url": links.my_path(student)}
    if request.method != "POST":
        pending = list(confirmation_deadline.pending_of(student))
        until = confirmation_deadline.time_left_of(pending)
        return render(request, "registrations/confirm.html", context | {"pending": pending, "until": until})
    result = confirmation_deadline.confirm(student.pk, deadline=Deadline())
    return render(request, "registrations/confirmed.html", context | {"result": result})
