"""Admin pages of documents: ordered for an event or a school, watched while they are made, downloaded.

Access follows the admin's view of the event or school; the code of a file alone opens nothing.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from events.models import Event
from registrations.models import School
from techfest.core.admin.pages import staff_page
from techfest.core.db.locking import Deadline
from techfest.core.errors import UserFacingError
from techfest.core.roles import is_owner
from techfest.core.text_limits import LimitedText
from tickets.documents import certificates, jobs, printouts
from tickets.documents.certificates import MAX_RANK
from tickets.models import Certificate, Printout, Ticket


class ParticipationForm(LimitedText, forms.Form):
    """If nobody was checked in, the organiser must say that everyone took part."""

    everybody = forms.BooleanField(label=gettext_lazy("All students with a seat took part"), required=False)


class RanksForm(LimitedText, forms.Form):
    max_rank = forms.IntegerField(
        label=gettext_lazy("Up to rank"),
        min_value=1,
        max_value=MAX_RANK,
        initial=3,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "size": "4", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Enter up to which rank, like 3"),
            "invalid": gettext_lazy("Enter up to which rank, like 3"),
            "min_value": gettext_lazy("Enter a rank from 1 to 100"),
            "max_value": gettext_lazy("Enter a rank from 1 to 100"),
        },
    )


Kind = Printout.Kind
_FORM = ("GET", "HEAD", "POST")
SIMPLE = (Kind.ATTENDANCE, Kind.BADGES)


@require_http_methods(_FORM)
def of_event(request: HttpRequest, event_id: int) -> HttpResponseBase:
    """Shows what can be printed for an event; each document has a button."""
    event = _seen(request, Event, event_id, "tickets.add_printout")
    chosen = request.POST.get("print", "")
    forms: dict[str, Form] = {
        "participation": ParticipationForm(request.POST if chosen == "participation" else None),
        "rank": RanksForm(request.POST if chosen == "rank" else None),
    }
    if chosen in SIMPLE:
        printout = printouts.order(kind=chosen, fest=event.fest, user=request.user, event=event)
        return redirect("admin:documents_printout", code=printout.code)
    if (form := forms.get(chosen)) and form.is_valid() and (done := _issue(request, event, chosen, form)):
        return done
    context = {
        "event": event,
        "eligible": certificates.eligible_counts(event),
        "waiting": event.registrations.waiting().count(),
        "participation_form": forms["participation"],
        "ranks_form": forms["rank"],
        "printouts": _recent(request, event=event),
    }
    return _page(request, "event", _("Print for %(event)s") % {"event": event.name}, **context)


def _issue(request: HttpRequest, event: Event, kind: str, form: Form) -> HttpResponseBase | None:
    """Issues the certificates and orders their file; returns None if the form has to show an error."""
    if not request.user.has_perm("tickets.add_certificate"):
        raise PermissionDenied
    user, deadline = request.user, Deadline()
    options: dict[str, Any] = {"kind": kind}
    try:
        if kind == Certificate.Kind.RANK:
            options["max_rank"] = form.cleaned_data["max_rank"]
            certificates.issue_ranks(event, max_rank=options["max_rank"], user=user, deadline=deadline)
        else:
            certificates.issue_participation(
                event, everybody=form.cleaned_data["everybody"], user=user, deadline=deadline
            )
    except UserFacingError as error:
        form.add_error(None, str(error.text))
        return None
    printout = printouts.order(
        kind=Kind.CERTIFICATES, fest=event.fest, user=request.user, event=event, options=options
    )
    return redirect("admin:documents_printout", code=printout.code)


@require_http_methods(_FORM)
def of_school(request: HttpRequest, school_id: int) -> HttpResponseBase:
    """Orders everything of a school in one ZIP; for owners, because it covers all events."""
    if not is_owner(request.user):
        raise PermissionDenied
    school = _seen(request, School, school_id, "tickets.add_printout")
    fest = printouts.shown_fest(request)
    if request.method == "POST":
        printout = printouts.order(kind=Kind.SCHOOL, fest=fest, user=request.user, school=school)
        return redirect("admin:documents_printout", code=printout.code)
    context = {
        "school": school,
        "tickets": Ticket.objects.live().filter(student__school=school, student__fest=fest).count(),
        "certificates": Certificate.objects.filter(
            student__school=school, student__fest=fest, revoked_at=None
        ).count(),
        "printouts": _recent(request, school=school),
    }
    return _page(request, "school", _("Print for %(school)s") % {"school": school.name}, **context)


@require_safe
def printout(request: HttpRequest, code: str) -> HttpResponseBase:
    """Shows the progress, refreshing itself, then the link to the file."""
    found = _printout(request, code)
    is_there, problem = jobs.is_there(found), jobs.problem_of(found)
    context = {"printout": found, "is_there": is_there, "problem": problem}
    response = _page(request, "printout", capfirst(str(found)), **context)
    if not is_there and not problem:
        response["Refresh"] = "3"
    return response


@require_safe
def download(request: HttpRequest, code: str) -> HttpResponseBase:
    """Sends the file; without one, redirects to the page that says why."""
    found = _printout(request, code)
    try:
        file = printouts.printout_path(found).open("rb")
    except FileNotFoundError:
        return redirect("admin:documents_printout", code=code)
    return FileResponse(file, filename=printouts.file_name(found), as_attachment=True)


def paths(site: admin.AdminSite) -> list[URLPattern]:
    """Returns the URL patterns below the list of printouts."""
    return [
        path("event/<int:event_id>/", site.admin_view(of_event), name="documents_event"),
        path("school/<int:school_id>/", site.admin_view(of_school), name="documents_school"),
        path("paper/<code:code>/", site.admin_view(printout), name="documents_printout"),
        path("paper/<code:code>/file/", site.admin_view(download), name="documents_file"),
    ]


def _seen(request: HttpRequest, model: Any, key: int, permission: str) -> Any:
    """Returns the row if the admin shows it to this user, who must be permitted to order documents."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    found = admin.site.get_model_admin(model).get_queryset(request).filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def _printout(request: HttpRequest, code: str) -> Printout:
    """Returns the printout if the admin shows its event to this user; those of schools are for owners."""
    if not request.user.has_perm("tickets.view_printout"):
        raise PermissionDenied
    found = Printout.objects.select_related("event", "school").filter(code=code).first()
    if found is None or not _may_see(request, found):
        raise Http404
    return found


def _may_see(request: HttpRequest, found: Printout) -> bool:
    if found.kind == Kind.SCHOOL:
        return is_owner(request.user)
    events = admin.site.get_model_admin(Event).get_queryset(request)
    return bool(events.filter(printouts=found).exists())


def _recent(request: HttpRequest, **of: Any) -> Any:
    """Returns the latest printouts of this event or school, the newest first."""
    if not request.user.has_perm("tickets.view_printout"):
        return Printout.objects.none()
    return Printout.objects.filter(**of).select_related("requested_by").order_by("-created_at", "-pk")[:20]


def _page(request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponseBase:
    owner = admin.site.get_model_admin(Printout)
    return staff_page(request, owner, f"admin/documents/{name}.html", title=title, **context)
